// Pages of a small source: lets its collector sign in its place, takes that back, sees what was
// signed in its place, and closes a container itself.
import { ask } from './api.js'
import { app, go, show } from './app.js'
import { chinaDay, chinaEnd, kg, newLabel, randomBytes, signerTime } from './bytes.js'
import * as events from './events.js'
import { lastDay } from './leaves.js'
import { picker } from './partners.js'
import { drum } from './pickup.js'
import { Say, act, field, h, link, note, p, two, when } from './ui.js'

const codeForm = /^\d{3}-\d{3}-\d{2}$/

// codesOf reads waste codes as typed, with anything between them.
export function codesOf(text) {
  const all = text.normalize('NFKC').split(/[^0-9-]+/).filter(Boolean)
  if (all.length === 0 || !all.every((c) => codeForm.test(c))) throw new Say('废物代码写法不对，如 900-214-08，多个用空格隔开。', 'Not waste codes: write 900-214-08, with spaces between several.')
  return [...new Set(all)]
}

// given is what this place has given, as the server has it or as it was when there was network.
async function given() {
  const kept = (await app.db.get('meta', 'given')) ?? []
  if (!navigator.onLine || app.signedIn !== true) return kept
  try {
    const told = await ask(`/v1/sites/${app.me.site}/source?year=${chinaDay(Date.now()).slice(0, 4)}`)
    await app.remember('given', told.authorisations)
    return told.authorisations
  } catch {
    return kept
  }
}

async function leavePage() {
  const names = (await app.db.get('meta', 'names')) ?? {}
  const sent = await app.queue.list()
  const taken = new Set(sent.filter((e) => e.type === 'authorisation.withdrawn').map((e) => e.about))
  const list = (await given()).filter((a) => Date.parse(a.until) > Date.now())
  const mine = sent.filter((e) => e.type === 'authorisation.given' && e.state !== 'refused' && !list.some((a) => a.event === e.id)).map((e) => ({ event: e.id, ...e.about, in_force: true }))
  const who = await picker('收集单位', 'Collector', { role: ['collector'], recent: [...mine, ...list].map((a) => a.to) })
  const last = [...mine, ...list].at(-1)
  const codes = field('哪些废物代码', 'Which waste codes', { id: 'leavecodes', value: last?.codes.join(' ') ?? '', placeholder: '900-214-08 900-249-08', maxlength: 600 })
  const until = field('到哪一天（含）', 'Until, that day included', { id: 'leaveuntil', type: 'date', value: chinaDay(Date.now() + 365 * 86_400_000) })
  return {
    body: [
      p('授权收集单位代签', 'Let a collector sign for us', 'h1'),
      p('授权后，收集单位可在本场所替本单位签“产生”和“交出”，不用您在手机上操作。每次代签都写明是代签，您在这里看得到，也随时可以收回。', 'The collector may then sign generation and hand-over at this place for you. Each such signature says so; you see them here and may take the leave back at any time.'),
      h('ul.list', {}, [...mine, ...list].map((a) => h('li.card', { 'data-leave': a.event },
        h('p', {}, h('strong', {}, names[a.to] ?? a.name ?? '…' + a.to.slice(-8))),
        h('p', {}, a.codes.join(' '), ' · ', two(`至 ${lastDay(a.until)}`, `until ${lastDay(a.until)}`)),
        taken.has(a.event) ? h('p', {}, two('已收回', 'taken back'))
          : !a.in_force && Date.parse(a.from) <= Date.now() ? h('p', {}, two('已收回', 'taken back'))
            : act('收回授权，签名', 'Take it back, sign', async () => {
              await app.sign(events.withdrawn(app.me, app.at(), app.id(), { authorisation: a.event }), [], a.event)
              await show()
            }, 'button.danger')))),
      h('h2', {}, two('给新的授权', 'Give one')),
      who.row, codes.row, until.row,
      act('授权，签名', 'Give it, sign', async () => {
        const to = who.value()
        if (!to) throw new Say('请选收集单位。', 'Choose the collector.')
        const end = chinaEnd(until.input.value)
        if (!(end > Date.now())) throw new Say('日期已过，请改。', 'That day is over.')
        const f = { to: to.id, from: app.at(), until: signerTime(new Date(end)), codes: codesOf(codes.input.value) }
        await app.remember('names', { ...((await app.db.get('meta', 'names')) ?? {}), [to.id]: to.name })
        await app.sign(events.authorised(app.me, app.at(), app.id(), f), [], f)
        await show()
      }),
    ],
  }
}

// behalfPage tells what a collector signed in this place's own.
async function behalfPage() {
  const names = (await app.db.get('meta', 'names')) ?? {}
  const bags = (await app.db.all('bags')).filter((b) => b.behalf && b.generator === app.me.party).sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1))
  return {
    body: [
      p('替本单位签的', 'Signed in our place', 'h1'),
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id },
        h('p', {}, h('strong', {}, b.code), ' ', names[b.code] ?? '', ' · ', h('span.num', {}, kg(b.grams ?? 0) + ' kg')),
        h('p', {}, b.behalf === 'by-code' ? two('凭一次性收运码', 'by a one-time code') : two('凭长期授权', 'by a standing authorisation'), b.at ? ' · ' + when(b.at) : ''),
        h('p', {}, names[b.custodian] ?? '')))),
      bags.length === 0 && p('还没有。', 'None yet.'),
      p('不对？请联系收集单位更正，或收回授权。收回只管以后，已签的要由双方更正。', 'Something is wrong? Ask the collector to correct it, or take the leave back: that holds from then on, what is signed is corrected by both.', 'p.hint'),
      link('#leave', '授权代签', 'Leave to sign', 'a.big'),
    ],
  }
}

// drumPage closes a container of a place that is no hospital.
async function drumPage() {
  const names = (await app.db.get('meta', 'names')) ?? {}
  const last = (await app.db.get('meta', 'lastDrum')) ?? {}
  const d = drum(1, undefined, names, last.code)
  return {
    body: [
      p('装桶', 'Close a container', 'h1'),
      d.row,
      act('签名并出标签', 'Sign and make the label', async () => {
        if (!app.me?.site) throw new Say('请先在首页选择场所。', 'Choose the place on the home page first.')
        const f = d.read()
        const bag = { id: app.id() }
        await app.sign(events.generated(app.me, app.at(), app.id(), { ...f, batch: bag.id, label: newLabel(randomBytes(26)) }), [bag])
        await app.remember('lastDrum', { code: f.code })
        go('label/' + bag.id)
      }),
      note('', p('装好后：交给收集单位时用“批量交接 → 出库交承运人”，对方扫本机的交接码，两边都可以没有网络。', 'Then: Hand over many → to the carrier; they scan the code on this phone. Neither needs network.')),
    ],
  }
}

export const grant = { leave: leavePage, behalf: behalfPage, drum: drumPage }
