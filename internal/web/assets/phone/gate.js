// Pages of the gate of whoever receives waste (接受人: plants, and collectors at their depot): what
// comes, the verdict on one manifest, or on all of a trip.
import { app, go, look, show } from './app.js'
import * as moves from './moves.js'
import { atGate, coming, known, receives } from './offers.js'
import { fresh } from './plant.js'
import { nameOf, still } from './step.js'
import { sheetOf } from './sync.js'
import { Say, act, h, link, note, p, pieces, plural, two, words } from './ui.js'
import { scaleFields, tellTolerance, toleranceOf, verdictLine } from './verdict.js'
import { nothing, tripOf, trips, weight, wholePage } from './whole.js'

const many = 40 // lines of one event: 16 KiB hold them with reasons and hashes

function by(list, key) {
  const out = new Map()
  for (const x of list) out.set(key(x), [...(out.get(key(x)) ?? []), x])
  return out
}

// sheets are the manifests that this phone keeps, by id.
const sheets = async () => new Map(((await app.db.get('meta', 'manifests')) ?? []).map((m) => [m.id, m]))

const named = (names, id) => (id ? names[id] ?? '…' + id.slice(-8) : '')

async function gatePage() {
  fresh()
  const [bags, kept, names] = [await known(), await sheets(), (await app.db.get('meta', 'names')) ?? {}]
  const card = (id, list, here, one) => {
    const m = kept.get(id)
    const b = list[0]
    return h('li.card', { 'data-manifest': id ?? '', 'data-at': here ? 'gate' : 'way' },
      h('p', {}, h('strong', {}, named(names, m?.consignor_site) || named(names, m?.consignor ?? b.consignor)), ' ', m?.number ?? ''),
      h('p', {}, weight(list)),
      h('p', {}, two('车 ', 'vehicle '), m?.vehicle ?? b.vehicle ?? '', ' ', named(names, m?.carrier ?? b.carrier)),
      here && link('#check/' + id, one ? '只验这一单' : '验收', one ? 'Only this one' : 'Weigh and accept', one ? 'a.big' : 'a.big.main'))
  }
  const here = trips(bags.filter(atGate), kept)
  const papers = [...here.values()].reduce((n, x) => n + x.length, 0)
  const way = by(bags.filter(coming), (b) => b.manifest)
  return {
    body: [
      p('到货', 'Arrivals', 'h1'),
      link('#scan', '扫联单、标签或司机的交货码', 'Scan a manifest, a label or the driver’s code', 'a.big.main'),
      h('h2', {}, two(`门口 ${papers} 单`, `${papers} at the gate`)),
      h('ul.list', {}, [...here].map(([trip, list]) => [
        list.length > 1 && h('li', {}, link('#load/' + trip, `本车全部 ${list.length} 单一起验收`, `Accept all ${list.length} of this trip`, 'a.big.main')),
        list.map(([id, bags]) => card(id, bags, true, list.length > 1))])),
      papers === 0 && p('门口没有等着验收的。', 'Nothing waits at the gate.'),
      h('h2', {}, two(`在路上 ${way.size} 单`, `${way.size} on the way`)),
      h('ul.list', {}, [...way].map(([id, list]) => card(id, list, false))),
      way.size === 0 && p('没有在路上的。', 'Nothing is on its way.'),
      app.signedIn === false && note('', p('没有登录：只看得到扫过的。', 'Not signed in: only what was scanned is listed.'), link('/signin?next=/m/%23gate', '登录', 'Sign in', 'a.big')),
      act('刷新', 'Refresh', async () => {
        await look()
        await show()
      }, 'button'),
    ],
  }
}

// why says what is the matter with a manifest of which nothing can be accepted.
function why(list, id) {
  const mine = list.filter((b) => b.manifest === id)
  if (mine.length === 0) return ['本机没有这张联单。请登录后再扫，或请司机出示“交货码”。', 'This phone does not know the manifest. Sign in and scan again, or have the driver show the delivery code.']
  if (mine.some(coming)) return ['承运人还没有签“送达”。请司机先卸车签名，或出示“交货码”。', 'The carrier has not signed the delivery yet. Have the driver sign it, or show the delivery code.']
  if (mine.some((b) => b.custodian === app.me.party && ['accepted', 'stored', 'treated', 'reported'].includes(b.stage))) return ['已经验收过了。', 'It was accepted already.']
  if (mine.some((b) => b.stage === 'refused')) return ['已经拒收，等承运人退运。', 'It was refused; the carrier is to take it back.']
  return ['这张联单不是送到本单位的。', 'The manifest is not consigned to your organisation.']
}

async function checkPage(given) {
  const [id, only] = given.split('/')
  const all = await known()
  const here = all.filter((b) => b.manifest === id && atGate(b))
  const bags = only ? here.filter((b) => b.id === only) : here
  const m = (await sheets()).get(id)
  if (bags.length === 0) {
    const [zh, en] = why(all, id)
    return { body: [p('验收', 'Weigh and accept', 'h1'), note('', p(zh, en)), link('#gate', '到货', 'Arrivals', 'a.big.main'), link('#stock', '库存', 'Stock')] }
  }
  const names = (await app.db.get('meta', 'names')) ?? {}
  const tolerance = toleranceOf(m?.profile, bags[0].code)
  const rows = bags.map((b) => verdictLine(b, tolerance))
  const scale = await scaleFields()
  const trip = tripOf(m, bags[0])
  const others = trips(all.filter(atGate), await sheets()).get(trip)?.length ?? 0
  return {
    body: [
      h('h1', {}, two(`验收 ${bags.length} 件`, `Weigh and accept ${bags.length}`)),
      h('p', {}, two('来自 ', 'from '), named(names, m?.consignor_site ?? bags[0].consignor), ' ', m?.number ?? '', ' · ', m?.vehicle ?? bags[0].vehicle ?? ''),
      tellTolerance(tolerance),
      h('ul.list', {}, rows.map((r) => r.row)),
      scale.rows,
      act('签名', 'Sign', async () => {
        const lines = rows.map((r) => r.read()).filter(Boolean)
        await still(lines, 'manifest.accepted')
        if (lines.length === 0) throw new Say('每件都选了“稍后再办”，没有可签的。', 'Every line is left for later: there is nothing to sign.')
        await signVerdicts(id, lines, await scale.read())
        go(lines.length < here.length ? 'check/' + id : 'stock')
      }),
      others > 1 && link('#load/' + trip, `本车全部 ${others} 单一起验收`, `Accept all ${others} of this trip`),
      only && here.length > 1 && link('#check/' + id, `整单 ${here.length} 件`, `All ${here.length} of the manifest`),
      bags.some((b) => b.scanned && b.seq === undefined) && act('不是本单位的，移出本机', 'Not ours: take it off this phone', async () => {
        await app.db.write(['bags'], (store) => {
          for (const b of bags) store('bags').put({ ...b, gone: true })
        })
        go('gate')
      }, 'button'),
    ],
  }
}

// loadPage is all of a trip at once; given is its carrier and vehicle.
async function loadPage(given) {
  const kept = await sheets()
  const papers = trips((await known()).filter(atGate), kept).get(given)
  if (!papers) return nothing()
  const names = (await app.db.get('meta', 'names')) ?? {}
  return wholePage(papers, kept, {
    name: (id, bags) => named(names, kept.get(id)?.consignor_site) || named(names, kept.get(id)?.consignor ?? bags[0].consignor) || '…' + id.slice(-8),
    number: (id) => kept.get(id)?.number ?? '',
    sign: signVerdicts,
  })
}

// signVerdicts signs what is accepted and what is refused, each in events of a bounded size.
export async function signVerdicts(manifest, lines, f) {
  const refsOf = (part) => [...new Set(part.map((b) => b.next?.find((s) => s.type === 'manifest.accepted')?.refs).filter(Boolean))]
  for (const [make, list] of [[moves.accepted, lines.filter((l) => l.verdict !== 'none')], [moves.refused, lines.filter((l) => l.verdict === 'none')]]) {
    for (let i = 0; i < list.length; i += many) {
      const part = list.slice(i, i + many).map((l) => (l.verdict === 'part' ? { ...l, rest: app.id() } : l))
      const kept = await Promise.all(part.map((l) => app.db.get('bags', l.id)))
      const rests = part.filter((l) => l.rest).map((l) => ({ id: l.rest, code: l.code, name: l.name, custodian: l.custodian, consignor: l.consignor, consignee: l.consignee }))
      await app.sign(make(app.me, app.at(), app.id(), part, { ...f, manifest, refs: refsOf(part) }), [...kept, ...rests])
    }
  }
}

// sheetPage is what comes next with a manifest that was scanned, by its id or its number.
async function sheetPage(given) {
  const m = await sheetOf(app, given)
  if (!m) {
    return { body: [p('联单', 'Manifest', 'h1'), note('bad', p('本机不认识这张联单：请登录后再扫，或请对方出示交接码。不归本单位的看不到。', 'This phone does not know the manifest: sign in and scan again, or have the hand-over code shown. What is not yours is not shown.')), link('#scan', '扫码', 'Scan', 'a.big.main')] }
  }
  const bags = (await known()).filter((b) => b.manifest === m.id)
  if (bags.some(atGate)) return checkPage(m.id)
  if (m.carrier === app.me.party && m.next?.some((s) => s.type === 'transport.collected')) return void go('stop/' + m.id)
  const next = m.next?.[0]
  return {
    body: [
      h('h1', {}, two('联单', 'Manifest'), ' ', m.number ?? m.provisional_number ?? ''),
      h('p', {}, words(app.words.stages[m.stage]), ' · ', pieces(m.lines.length)),
      next && h('p', {}, two('下一步：', 'Next: '), words(app.words.types[next.type])),
      m.consignee === app.me.party && receives() && note('', p(...why(bags.map((b) => ({ ...b })), m.id))),
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id }, h('p', {}, nameOf(b), ' ', words(app.words.stages[b.stage])), link('#act/' + b.id, '下一步', 'Next', 'a')))),
      link('#gate', '到货', 'Arrivals', 'a.big.main'),
    ],
  }
}

export const gate = { gate: gatePage, check: checkPage, load: loadPage, manifest: sheetPage }
