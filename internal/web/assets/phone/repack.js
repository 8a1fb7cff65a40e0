// Packing over: a damaged bag or drum into a sound one, several into one, one into several. Each
// new container has a label of its own, and not a gram more than was taken out.
import { app, go, redraw } from './app.js'
import { kg, newLabel, randomBytes } from './bytes.js'
import { containerOf } from './container.js'
import * as moves from './moves.js'
import { scanner } from './scan.js'
import { nameOf, weightField } from './step.js'
import { Say, act, choices, field, h, link, note, p, pick, two } from './ui.js'
import { stepsFor } from './world.js'

const most = 40 // containers of one event

const mayBe = (b) => !b.gone && (b.grams ?? 0) > 0 && stepsFor(b, app.me).some((s) => s.type === 'batch.repacked')

function whyNot(b, list) {
  if (list.some((x) => x.id === b.id)) return ['这一件已在单子里。', 'It is on the list already.']
  if (b.custodian !== app.me.party) return ['这一件不在本单位手里。', 'It is not in your organisation’s hands.']
  if (!mayBe(b)) return ['这一件现在不能重新包装：已交出、在路上或已用完。', 'It may not be packed over now: handed over, on the road, or used up.']
  if (list.length && b.code !== list[0].code) return [`废物代码不同（${b.code ?? '?'}），不能装在一起。`, `It is of another code (${b.code ?? '?'}) and must not be mixed.`]
  if (list.length && b.site !== list[0].site) return ['这一件在另一个场所。', 'It is at another site.']
  return null
}

function childRow(n, grams, parent) {
  const weight = weightField(grams, `新容器 ${n}`, `New container ${n}`)
  const packaging = pick('包装', 'Container', app.words.packagings.map((f) => ({ value: f.code, zh: f.zh, en: f.en })), parent.packaging ?? 'bag')
  packaging.input.classList.add('packaging')
  const number = field('容器编号（有才填）', 'Number of the container, if any', { maxlength: 64 })
  return {
    row: h('div.card', { 'data-child': String(n) }, weight.row, packaging.row, number.row),
    read: () => ({ grams: weight.read(), packaging: packaging.value(), container: number.input.value.trim() }),
  }
}

// taken parts what the new containers hold over the old ones: all of several, or some of one.
export function taken(parents, total) {
  const all = parents.reduce((n, b) => n + b.grams, 0)
  if (total > all) return { error: 'more', by: total - all }
  if (total < all && parents.length > 1) return { error: 'less', by: all - total }
  return { grams: parents.length === 1 ? [total] : parents.map((b) => b.grams), rest: all - total }
}

let childRows = 1 // as many as were asked for: a page that is drawn again has them again

async function repackPage(asked) {
  const all = await app.db.all('bags')
  const listed = ((await app.db.get('meta', 'repacking')) ?? []).map((id) => all.find((b) => b.id === id)).filter((b) => b && mayBe(b))
  const wanted = all.find((b) => b.id === asked)
  if (wanted && mayBe(wanted) && !listed.includes(wanted)) { // another one begins anew
    listed.splice(0, listed.length, wanted)
    childRows = 1
  }
  const keep = (list) => app.remember('repacking', list.map((b) => b.id))
  if (wanted) await keep(listed)
  const again = () => { // the list as it is kept, and what was typed into it
    if (location.hash !== '#repack') history.replaceState(null, '', '#repack')
    return redraw()
  }
  let s = null // the camera starts when it is asked for
  const begin = () => scanner(async (text) => {
    const b = await containerOf(text)
    const no = whyNot(b, listed)
    if (no) throw new Say(...no)
    await keep([...listed, b])
    await again()
  })
  const head = p('重新包装', 'Pack over', 'h1')
  if (listed.length === 0) {
    s = begin()
    return { leave: s.leave, body: [head, p('扫破损的袋、桶，或要合装、分装的容器。', 'Scan the damaged bag or drum, or what is to be merged or split.', 'p.hint'), s.body] }
  }
  const sum = listed.reduce((n, b) => n + b.grams, 0)
  const rows = Array.from({ length: childRows }, (_, i) => childRow(i + 1, i ? undefined : sum, listed[0]))
  const list = h('div', {}, rows.map((r) => r.row))
  const rest = choices('老容器里剩下的', 'What is left in the old one', [
    { value: 'stays', zh: '还在老容器里', en: 'stays in it' },
    { value: 'gone', zh: '洒了、漏了', en: 'was spilled' },
  ], 'stays')
  rest.row.hidden = listed.length > 1
  return {
    leave: (same) => s?.leave(same),
    body: [
      head,
      h('h2', {}, two(`老容器 ${listed.length} 件 · ${kg(sum)} kg`, 'old')),
      h('ul.list', {}, listed.map((b) => h('li.card', { 'data-batch': b.id }, h('p', {}, nameOf(b), ' ', b.code ?? '', ' ', h('span.num', {}, `${kg(b.grams)} kg`)),
        h('button', { type: 'button', onclick: async () => { await keep(listed.filter((x) => x !== b)); await again() } }, two('移出', 'Take out'))))),
      h('div', { id: 'repackscan' }, act('再加一件老容器：扫标签', 'Another old one: scan its label', (b) => {
        s = begin()
        b.replaceWith(...s.body)
      }, 'button')),
      h('h2', {}, two('新容器', 'new')),
      list,
      act('再加一件', 'Another container', () => {
        rows.push(childRow(++childRows, undefined, listed[0]))
        list.append(rows.at(-1).row)
      }, 'button'),
      rest.row,
      act('重新包装，签名出标签', 'Pack over, sign and make the labels', async () => {
        const children = rows.map((r) => ({ id: app.id(), label: newLabel(randomBytes(26)), code: listed[0].code, form: listed[0].form ?? 'S', packages: 1, ...r.read() }))
        if (!listed[0].code) throw new Say('本机不知道废物代码：请登录、联网后再扫这一件。', 'This phone does not know the waste code: sign in with network and scan it again.')
        if (children.length > most || listed.length > most) throw new Say(`一次最多 ${most} 件。`, `At most ${most} at a time.`)
        const out = taken(listed, children.reduce((n, c) => n + c.grams, 0))
        if (out.error === 'more') throw new Say(`新容器比老容器重 ${kg(out.by)} kg：重新包装不能多出重量，请核对。`, `The new containers are ${kg(out.by)} kg heavier: packing over adds nothing. Check the weights.`)
        if (out.error === 'less') throw new Say(`少了 ${kg(out.by)} kg：几件合装要全部装完；洒了的先报告事故。`, `${kg(out.by)} kg are missing: several are merged whole; report a spill first.`)
        if (out.rest && rest.value() === 'gone') throw new Say(`洒漏的 ${kg(out.rest)} kg 要先报告事故（首页“报告事故”），再回来重新包装。`, `Report the ${kg(out.rest)} kg that were spilled first (home page, “report an incident”), then pack over.`)
        await signRepacking(listed.map((b, i) => ({ ...b, grams: out.grams[i] })), children)
        await keep([])
        childRows = 1
        go('labels/' + children.map((c) => c.id).join(','))
      }),
      link('#mishap/' + listed[0].id, '报告事故', 'Report an incident', 'a.big.danger'),
    ],
  }
}

// signRepacking takes the parents' grams out of them into the children.
async function signRepacking(parents, children) {
  const kept = await Promise.all(parents.map((b) => app.db.get('bags', b.id)))
  const stays = { stage: parents[0].stage, department: parents[0].department, name: parents[0].name, room: parents[0].room, closed: parents.map((b) => b.closed).filter(Boolean).sort()[0] }
  await app.sign(moves.repacked(app.me, app.at(), app.id(), parents, { children }), [...kept, ...children.map((c) => ({ id: c.id, ...stays }))])
}

export const repack = { repack: repackPage }
