// Pages of whoever receives waste (接受人: plants, and collectors at their depot): what comes,
// the gate, the store.
import { app, go, look, show } from './app.js'
import { kg } from './bytes.js'
import * as moves from './moves.js'
import { nameOf, ownPages, signStep } from './step.js'
import { sheetOf } from './sync.js'
import { Say, act, field, h, link, note, p, two, words } from './ui.js'
import { scaleFields, tellTolerance, toleranceOf, verdictLine } from './verdict.js'
import { clockOf, lasting, stepsFor } from './world.js'

const many = 40 // lines of one event: 16 KiB hold them with reasons and hashes

// receives says whether this phone's organisation takes waste in.
export const receives = () => app.me?.role === 'facility_operator' || Boolean(app.me?.orgRoles?.some((r) => r === 'operator' || r === 'collector'))

const can = (b, type) => stepsFor(b, app.me).some((s) => s.type === type)
const known = async () => (await app.db.all('bags')).filter((b) => !b.gone)
const sum = (bags) => bags.reduce((n, b) => n + (b.grams ?? 0), 0)
const load = (bags) => two(`${bags.length} 件 · ${kg(sum(bags))} kg`, bags.length === 1 ? 'container' : 'containers')

function by(list, key) {
  const out = new Map()
  for (const x of list) out.set(key(x), [...(out.get(key(x)) ?? []), x])
  return out
}

// atGate waits for this organisation's word; coming is on its way to it.
const atGate = (b) => can(b, 'manifest.accepted')
const coming = (b) => b.consignee === app.me.party && ['in_transit', 'handed_over', 'at_point'].includes(b.stage)
const inStock = (b) => b.custodian === app.me.party && (b.grams ?? 0) > 0 && ['accepted', 'stored', 'received', 'generated'].includes(b.stage) && (!b.site || b.site === app.me.site)
const toPut = (b) => inStock(b) && b.stage === 'accepted' && can(b, 'batch.stored')
const toTreat = (b) => inStock(b) && can(b, 'batch.treated')
export const toReport = (b) => can(b, 'outcome.reported')

// plantHome is what the home page offers whoever receives waste.
export async function plantHome() {
  if (!receives()) return []
  const bags = await known()
  const n = (test) => bags.filter(test).length
  return [
    link('#gate', `到货：门口 ${n(atGate)} 件，在路上 ${n(coming)} 件`, `Arrivals: ${n(atGate)} at the gate, ${n(coming)} on the way`, 'a.big.main'),
    link('#stock', `库存 ${n(inStock)} 件`, `In stock: ${n(inStock)}`, 'a.big'),
    n(toTreat) > 0 && link('#treat', '利用处置', 'Treat', 'a.big'),
    n(toReport) > 0 && link('#outcome', `告知移出人结果 ${n(toReport)} 件`, `Report the outcome of ${n(toReport)}`, 'a.big'),
  ]
}

// sheets are the manifests that this phone keeps, by id.
const sheets = async () => new Map(((await app.db.get('meta', 'manifests')) ?? []).map((m) => [m.id, m]))

const named = (names, id) => (id ? names[id] ?? '…' + id.slice(-8) : '')

let looked = 0
// fresh looks for what is new, once in a while; the page is drawn again when something is.
function fresh() {
  if (!navigator.onLine || app.signedIn === false || Date.now() - looked < 30_000) return
  looked = Date.now()
  look()
}

async function gatePage() {
  fresh()
  const [bags, kept, names] = [await known(), await sheets(), (await app.db.get('meta', 'names')) ?? {}]
  const card = (id, list, here) => {
    const m = kept.get(id)
    const b = list[0]
    return h('li.card', { 'data-manifest': id ?? '', 'data-at': here ? 'gate' : 'way' },
      h('p', {}, h('strong', {}, named(names, m?.consignor_site) || named(names, m?.consignor ?? b.consignor)), ' ', m?.number ?? ''),
      h('p', {}, load(list)),
      h('p', {}, two('车 ', 'vehicle '), m?.vehicle ?? b.vehicle ?? '', ' ', named(names, m?.carrier ?? b.carrier)),
      here && link('#check/' + id, '验收', 'Weigh and accept', 'a.big.main'))
  }
  const here = by(bags.filter(atGate), (b) => b.manifest)
  const way = by(bags.filter(coming), (b) => b.manifest)
  return {
    body: [
      p('到货', 'Arrivals', 'h1'),
      link('#scan', '扫联单、标签或司机的交货码', 'Scan a manifest, a label or the driver’s code', 'a.big.main'),
      h('h2', {}, two(`门口 ${here.size} 单`, `${here.size} at the gate`)),
      h('ul.list', {}, [...here].map(([id, list]) => card(id, list, true))),
      here.size === 0 && p('门口没有等着验收的。', 'Nothing waits at the gate.'),
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
  return {
    body: [
      h('h1', {}, two(`验收 ${bags.length} 件`, `Weigh and accept ${bags.length}`)),
      h('p', {}, two('来自 ', 'from '), named(names, m?.consignor_site ?? bags[0].consignor), ' ', m?.number ?? '', ' · ', m?.vehicle ?? bags[0].vehicle ?? ''),
      tellTolerance(tolerance),
      h('ul.list', {}, rows.map((r) => r.row)),
      scale.rows,
      act('签名', 'Sign', async () => {
        const lines = rows.map((r) => r.read()).filter(Boolean)
        if (lines.length === 0) throw new Say('每件都选了“稍后再办”，没有可签的。', 'Every line is left for later: there is nothing to sign.')
        await signVerdicts(id, lines, await scale.read())
        go(lines.length < here.length ? 'check/' + id : 'stock')
      }),
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

// clock is how long a container may still lie here: the nearest duty, or the clock of medical waste.
function clock(b, now) {
  if (b.due) {
    const left = Date.parse(b.due.at) - now
    return { left, zh: b.due.zh, en: b.due.en, late: left < 0 }
  }
  const c = clockOf(b, app.words.dwell, now)
  return c && { left: c.left, zh: c.zh, en: c.en, late: c.left < 0 }
}

const days = (ms) => (Math.abs(ms) < 172_800_000 ? lasting(ms) : `${Math.floor(Math.abs(ms) / 86_400_000)} 天 d`)

async function stockPage() {
  fresh()
  const now = Date.now()
  const bags = (await known()).filter(inStock).map((b) => ({ b, c: clock(b, now) }))
  bags.sort((x, y) => (x.c?.left ?? Infinity) - (y.c?.left ?? Infinity))
  const codes = [...by(bags, ({ b }) => b.code)].sort()
  const put = bags.filter(({ b }) => toPut(b)).length
  return {
    body: [
      h('h1', {}, two(`库存 ${bags.length} 件`, `${bags.length} in stock`), ' ', h('span.num', { id: 'stockgrams' }, `${kg(sum(bags.map(({ b }) => b)))} kg`)),
      put > 0 && link('#put', `入库 ${put} 件`, `Put ${put} into store`, 'a.big.main'),
      bags.some(({ b }) => toTreat(b)) && link('#treat', '利用处置', 'Treat', 'a.big.main'),
      h('table', {}, h('tbody', {}, codes.map(([code, list]) => h('tr', {}, h('th', { scope: 'row' }, code ?? '—', ' ', list[0].b.name ?? ''), h('td.num', {}, `${list.length} 件 · ${kg(sum(list.map(({ b }) => b)))} kg`))))),
      h('ul.list', {}, bags.map(({ b, c }) => h('li.card', { 'data-batch': b.id, 'data-late': c?.late },
        c && h('div.left', {}, h('span.num', {}, (c.late ? '超 ' : '') + days(c.left)), h('br', {}), two(c.zh, c.en)),
        h('p', {}, nameOf(b)),
        h('p', {}, words(app.words.stages[b.stage]), b.room ? ` · ${b.room}` : ''),
        h('p', {}, b.code ?? '', ' · ', h('span.num', {}, kg(b.grams) + ' kg')),
        link('#act/' + b.id, '下一步', 'Next', 'a')))),
      bags.length === 0 && p('没有库存。', 'Nothing is in stock.'),
    ],
  }
}

async function putPage() {
  const bags = (await known()).filter(toPut)
  if (bags.length === 0) return stockPage()
  const chosen = new Map(bags.map((b) => [b.id, true]))
  const last = (await app.db.get('meta', 'last')) ?? {}
  const place = field('库房、货位', 'Store, place', { id: 'place', value: last.plantStore ?? '', maxlength: 64 })
  return {
    body: [
      h('h1', {}, two(`入库 ${bags.length} 件`, `Put ${bags.length} into store`)),
      place.row,
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id }, h('label.check', {},
        h('input', { type: 'checkbox', checked: true, onchange: (e) => chosen.set(b.id, e.target.checked) }),
        h('span', {}, nameOf(b), ' ', b.code ?? '', ' ', h('span.num', {}, kg(b.grams) + ' kg')))))),
      act('入库，签名', 'Put into store, sign', async () => {
        const room = place.input.value.trim()
        const list = bags.filter((b) => chosen.get(b.id))
        if (!room) throw new Say('请填写库房或货位。', 'Enter the store or place.')
        if (list.length === 0) throw new Say('一件也没有选。', 'None is chosen.')
        await app.remember('last', { ...last, plantStore: room })
        await signStep('batch.stored', list, { place: room })
        go('stock')
      }),
    ],
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
      h('p', {}, words(app.words.stages[m.stage]), ` · ${m.lines.length} 件`),
      next && h('p', {}, two('下一步：', 'Next: '), words(app.words.types[next.type])),
      m.consignee === app.me.party && receives() && note('', p(...why(bags.map((b) => ({ ...b })), m.id))),
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id }, h('p', {}, nameOf(b), ' ', words(app.words.stages[b.stage])), link('#act/' + b.id, '下一步', 'Next', 'a')))),
      link('#gate', '到货', 'Arrivals', 'a.big.main'),
    ],
  }
}

// A scanned batch that waits for its verdict, is to be treated or reported has a page of its own.
ownPages.set('manifest.accepted', (b) => checkPage(`${b.manifest}/${b.id}`))
ownPages.set('manifest.refused', (b) => checkPage(`${b.manifest}/${b.id}`))

export const plant = { gate: gatePage, check: checkPage, stock: stockPage, put: putPage, manifest: sheetPage }
