// Incidents: a spill, a loss, a fire, a bag that somebody found. Whoever sees it reports it, from
// any phone of the trade, in one tap from home; the report goes to the district with the rest.
import { app, go, show } from './app.js'
import { gramsOf, kg, signerTime } from './bytes.js'
import { containerOf } from './container.js'
import * as moves from './moves.js'
import { scanner } from './scan.js'
import { nameOf, weightField } from './step.js'
import { Say, act, choices, field, h, note, p, two, words } from './ui.js'

const most = 40 // batches of one event

// here is what stays of a report while bags are scanned: a reload loses nothing that was typed.
const draft = async () => (await app.db.get('meta', 'mishap')) ?? {}

const local = (date) => signerTime(date).slice(0, 16)

// whenOf reads the time of the incident; one that has not been yet is none.
export function whenOf(text, now) {
  if (!text) return { at: now }
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return { error: 'form' }
  if (at > now) return local(at) === local(now) ? { at: now } : { error: 'future' }
  return now - at > 30 * 86_400_000 ? { error: 'old' } : { at }
}

const whyTime = {
  form: ['时间写法不对。', 'Not a time.'],
  future: ['发生时间还没有到，请改正。', 'That time has not come yet: mend it.'],
  old: ['三十天以前的事，请到单位的电脑上办理。', 'More than thirty days ago: report it from a desk.'],
}

function batchRow(b, gone, drop) {
  const mine = b.custodian === app.me.party && (b.grams ?? 0) > 0
  const w = weightField(gone, '没了多少（没少就空着）', 'How much is gone; empty: none')
  w.input.classList.add('gone')
  return {
    row: h('li.card', { 'data-batch': b.id }, h('p', {}, nameOf(b), ' ', words(app.words.stages[b.stage]), ' ', h('span.num', {}, `${kg(b.grams ?? 0)} kg`)),
      mine ? w.row : p('不在本单位手里：只写明相关，不减重量。', 'Not in your hands: named as concerned, no grams are taken off.', 'p.hint'),
      h('button', { type: 'button', onclick: drop }, two('移出', 'Take out'))),
    typed: () => [b.id, gramsOf(w.input.value).grams],
    read: () => {
      if (!mine || !w.input.value.trim()) return { id: b.id, head: b.head }
      const grams = w.read()
      if (grams > b.grams) {
        w.input.focus()
        throw new Say(`只有 ${kg(b.grams)} kg，不会没了 ${kg(grams)} kg。`, `There are only ${kg(b.grams)} kg; ${kg(grams)} kg cannot be gone.`)
      }
      return { id: b.id, head: b.head, grams }
    },
  }
}

async function mishapPage(given) {
  const kept = await draft()
  const ids = kept.ids ?? []
  if (given && !ids.includes(given)) ids.push(given)
  const bags = (await Promise.all(ids.map((id) => app.db.get('bags', id)))).filter(Boolean)
  const kind = choices('出了什么事', 'What happened', app.words.incidents.map((k) => ({ value: k.code, zh: k.zh, en: k.en })), kept.kind ?? 'spill')
  const place = field('在哪里', 'Where', { id: 'mishapplace', value: kept.place ?? '', maxlength: 200 })
  const when = field('什么时候', 'When', { id: 'mishaptime', type: 'datetime-local', value: kept.when ?? local(new Date()) })
  const measures = field('已经采取的措施', 'What was done at once', { id: 'measures', value: kept.measures ?? '', maxlength: 500, list: 'measureslist' })
  const told = field('已告知的主管部门', 'Authority that was told', { id: 'toldwhom', value: kept.told ?? '', maxlength: 200, placeholder: '生态环境局、卫健委 …' })
  const code = field('废物代码（不知道就空着）', 'Waste code, if known', { id: 'mishapcode', value: kept.code ?? '', maxlength: 10, placeholder: '841-001-01' })
  const rows = bags.map((b) => batchRow(b, kept.gone?.[b.id], async () => keep(bags.filter((x) => x !== b))))
  const typed = () => ({ kind: kind.value(), place: place.input.value, when: when.input.value, measures: measures.input.value, told: told.input.value, code: code.input.value, gone: Object.fromEntries(rows.map((r) => r.typed())) })
  const keep = async (list) => {
    await app.remember('mishap', { ...typed(), ids: list.map((b) => b.id) })
    go('mishap')
  }
  let s = null // the camera starts when it is asked for
  const begin = () => scanner(async (text) => {
    const b = await containerOf(text, {
      noLabel: ['这不是标签码。没有标签也可以报：下面写明即可。', 'This is not the code of a label. Without one, say it in words below.'],
      unknown: ['本机不认识这一件，看不到内容。请在“措施”里写上标签上的码，照样可以报。', 'This phone does not know it. Write the code into the measures; the report can be signed all the same.'],
    })
    if (bags.some((x) => x.id === b.id)) throw new Say('这一件已在报告里。', 'It is in the report already.')
    await keep([...bags, b])
  })
  return {
    leave: () => s?.leave(),
    body: [
      p('报告事故', 'Report an incident', 'h1'),
      note('', p('先救人、先隔离，再报告。', 'People first, then keep others away, then report.'), h('p', {}, app.words.contacts.map((c) => [h('a.call', { href: 'tel:' + c.number }, two(`${c.number} ${c.zh}`, c.en)), ' ']))),
      kind.row, place.row, when.row,
      h('datalist', { id: 'measureslist' }, ['围堵、吸附、清理', '隔离现场、疏散人员', '封存监控、寻找', '设警戒线、派人看守', '灭火、降温'].map((x) => h('option', { value: x }))),
      measures.row, told.row,
      p('没有告知主管部门也先报；区县监管会看到报告，并看到还没有告知。', 'Report even if no authority was told yet; the district sees the report and that none was told.', 'p.hint'),
      h('h2', {}, two(`涉及的容器 ${bags.length} 件`, `Containers concerned: ${bags.length}`)),
      h('ul.list', {}, rows.map((r) => r.row)),
      h('div', { id: 'mishapscan' }, act('扫容器上的标签', 'Scan a container’s label', (b) => {
        s = begin()
        b.replaceWith(...s.body)
      }, 'button')),
      bags.length === 0 && code.row,
      act('报告，签名', 'Report, sign', async () => {
        const f = { kind: kind.value(), place: place.input.value.trim(), measures: measures.input.value.trim(), told: told.input.value.trim(), code: bags.length ? '' : code.input.value.normalize('NFKC').trim() }
        if (!f.place) throw new Say('请写明在哪里。', 'Say where.')
        if (!f.measures) throw new Say('请写明已经采取的措施；还没有就写“无”。', 'Say what was done; write “none” if nothing was.')
        if (f.code && !/^\d{3}-\d{3}-\d{2}$/.test(f.code)) throw new Say('废物代码写法不对，如 841-001-01；不知道就空着。', 'Not a waste code, such as 841-001-01; leave it empty if you do not know.')
        const time = whenOf(when.input.value, new Date())
        if (time.error) throw new Say(...whyTime[time.error])
        const lines = rows.map((r) => r.read())
        if (lines.length > most) throw new Say(`一次最多 ${most} 件。`, `At most ${most} at a time.`)
        if (f.kind === 'found' && lines.some((l) => l.grams)) throw new Say('“发现”的没有减少重量：请把“没了多少”空着。', 'What is found is not gone: leave the weight empty.')
        const e = moves.mishap(app.me, signerTime(time.at), app.id(), lines, f)
        await app.sign(e, await Promise.all(lines.map((l) => app.db.get('bags', l.id))))
        await app.db.drop('meta', 'mishap')
        go('reported/' + e.id)
      }),
    ],
  }
}

// reportedPage says what became of a report.
async function reportedPage(id) {
  const e = await app.db.get('events', id)
  const sent = e?.state === 'sent'
  return {
    body: [
      p('事故报告', 'Incident report', 'h1'),
      e && note(sent ? 'good' : '', sent ? p(`已送达（№ ${e.seq}）。区县监管现在就能看到。`, 'Delivered. The district can see it now.') : p('已签名，存在本机；一有网络就发出，发出后区县监管能看到。紧急情况请同时打电话。', 'Signed and kept here; it goes out as soon as there is network, and the district sees it then. In an emergency call as well.')),
      h('p', {}, app.words.contacts.map((c) => [h('a.call', { href: 'tel:' + c.number }, two(`${c.number} ${c.zh}`, c.en)), ' '])),
      act('刷新', 'Refresh', show, 'button'),
      h('a.big.main', { href: '#' }, two('首页', 'Home')),
    ],
  }
}

export const mishap = { mishap: mishapPage, reported: reportedPage }
