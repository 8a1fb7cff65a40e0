// Answering a correction that somebody else proposed of an entry that this organisation relied on.
import { app, go, redraw } from './app.js'
import { kg } from './bytes.js'
import { fieldWords, isMass } from './mend.js'
import * as moves from './moves.js'
import { byCorrection, corrected } from './offers.js'
import { nameOf } from './step.js'
import { Say, act, field, h, link, note, p, two, when } from './ui.js'

const said = (name, value) => (value === null ? '—' : isMass(name) ? `${kg(value)} kg` : String(value))

function card({ c, bags }, names) {
  const reason = field('不同意的原因', 'Why not', { maxlength: 200 })
  reason.input.classList.add('whynot')
  const sign = async (make) => {
    await app.sign(make(app.me, app.at(), app.id(), c, bags, reason.input.value.trim()), bags)
    if (location.hash === '#answers') await redraw()
    else go('answers')
  }
  return h('li.card', { 'data-correction': c.id },
    h('p', {}, h('strong', {}, names[c.by] ?? '…' + c.by.slice(-8)), ' ', two('提议更正', 'proposes a correction'), ' · ', when(c.at)),
    h('p', {}, bags.map((b) => [nameOf(b), ' '])),
    h('table', {}, h('tbody', {}, c.changes.map((x) => {
      const name = x.pointer.split('/').at(-1)
      const [zh, en] = fieldWords[name] ?? [x.pointer, '']
      return h('tr', {}, h('th', { scope: 'row' }, two(zh, en)), h('td', {}, h('del', {}, said(name, x.old)), ' → ', h('ins', {}, said(name, x.new))))
    }))),
    h('p', {}, two('原因：', 'because: '), c.reason),
    h('p.hint', {}, two(`请在 ${when(c.until)} 前答复；不答复则不算。`, 'No answer by then: it does not count.')),
    act('同意，签名', 'Agree, sign', () => sign(moves.agreed)),
    reason.row,
    act('不同意，签名', 'Decline, sign', () => {
      if (!reason.input.value.trim()) throw new Say('请写明为什么不同意。', 'Say why you do not agree.')
      return sign(moves.declined)
    }, 'button'))
}

async function answersPage() {
  const list = byCorrection(await corrected(), app.me?.party, Date.now())
  const names = (await app.db.get('meta', 'names')) ?? {}
  return {
    body: [
      p('等本单位答复的更正', 'Corrections to answer', 'h1'),
      h('ul.list', {}, list.map((x) => card(x, names))),
      list.length === 0 && note('', p('没有等着答复的。不在本机清单里的，扫它的标签再看。', 'None waits. If it is not among what this phone lists, scan its label.')),
      link('#', '首页', 'Home', 'a.big.main'),
    ],
  }
}

export const answer = { answers: answersPage }
