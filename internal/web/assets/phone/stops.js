// The stops of a trip: their line, one stop with the ways to collect there, and the guard of
// the vehicle's limit.
import { app } from './app.js'
import { kg } from './bytes.js'
import { leaveAt } from './leaves.js'
import { byCode, line, over, statesOf, sum } from './load.js'
import { Say, h, link, note, p, pieces, plural, two } from './ui.js'

const ns = 'http://www.w3.org/2000/svg'

// loaded are the bags on this vehicle.
export const loaded = async () => (await app.db.all('bags')).filter((b) => b.stage === 'in_transit' && b.custodian === app.me.party && !b.gone)

// waiting are the manifests of this carrier that nobody collected yet.
export async function waiting(trip) {
  const bags = await app.db.all('bags')
  return ((await app.db.get('meta', 'manifests')) ?? [])
    .filter((m) => m.carrier === app.me.party && m.next?.some((s) => s.type === 'transport.collected'))
    .filter((m) => !m.lines.some((l) => bags.some((b) => b.id === l.batch && b.local && b.stage === 'in_transit')))
    .map((m) => ({ ...m, skipped: trip?.skipped?.[m.id] }))
}

// visited are the places at which this phone loaded on a trip.
export const visited = async (trip) => new Set((await app.db.all('bags')).filter((b) => b.trip === trip.id && b.from).map((b) => b.from))

const stateWords = { done: ['已收', 'done'], next: ['下一站', 'next'], skipped: ['已跳过', 'skipped'], waiting: ['待收', 'to come'] }
const marks = { done: '✓', skipped: '×' }

// lineOf draws the stops in their order; the list below says the same in words.
export function lineOf(states) {
  const dots = line(states)
  const e = (tag, attributes, text) => {
    const x = document.createElementNS(ns, tag)
    for (const [k, v] of Object.entries(attributes)) x.setAttribute(k, v)
    if (text) x.textContent = text
    return x
  }
  const count = (s) => states.filter((x) => x === s).length
  const svg = e('svg', { class: 'line', viewBox: `0 0 320 ${dots.length ? dots.at(-1).y + 28 : 0}`, role: 'img', 'aria-label': `路线：共 ${states.length} 站，已收 ${count('done')}，跳过 ${count('skipped')} · ${plural(states.length, 'stop')}, ${count('done')} done, ${count('skipped')} skipped` })
  svg.append(e('polyline', { points: dots.map((d) => `${d.x},${d.y}`).join(' ') }))
  dots.forEach((d, i) => svg.append(e('circle', { class: d.state, cx: d.x, cy: d.y, r: 17 }), e('text', { class: d.state, x: d.x, y: d.y + 6 }, marks[d.state] ?? String(i + 1))))
  return svg
}

// planned are the stops of the plan, as a line and as a list in their order.
export async function planned(plan, trip, name) {
  const states = statesOf(plan.stops, trip.skipped, await visited(trip))
  return [
    h('h2', {}, two(`计划 ${plan.stops.length} 站`, `${plural(plan.stops.length, 'stop')} planned`)),
    lineOf(states),
    h('ol.list', {}, plan.stops.map((s, i) => h('li.card', { 'data-site': s.site, 'data-state': states[i] },
      h('p', {}, h('strong', {}, `${i + 1}. `, name(s.site))),
      h('p', {}, states[i] === 'skipped' && trip.skipped[s.site] ? two(`已跳过：${trip.skipped[s.site]}`, 'skipped') : states[i] === 'done' && s.grams ? two(`已收 ${kg(s.grams)} kg`, 'done') : two(...stateWords[states[i]])),
      states[i] !== 'done' && states[i] !== 'skipped' && [link('#at/' + s.site, '到站', 'At the stop', states[i] === 'next' ? 'a.big.main' : 'a'), ' ', link('#skip/' + s.site, '跳过', 'Skip', 'a')]))),
  ]
}

// totals is what is on board, by waste code, and the room that is left.
export function totals(on, limit, names) {
  const all = sum(on)
  const left = limit ? limit - all : null
  const row = (head, cell, attributes = {}) => h('tr', {}, h('th', { scope: 'row' }, head), h('td.num', attributes, cell))
  return [
    h('table', {}, h('tbody', {},
      row(two('车上', 'on board'), pieces(on.length, '袋', 'bag', undefined, ` · ${kg(all)} kg`), { id: 'onboard' }),
      on.length > 0 && byCode(on).map((c) => row([h('span.nowrap', {}, c.code || '—'), names[c.code] ? ` ${names[c.code]}` : ''], pieces(c.bags, '件', 'container', undefined, ` · ${kg(c.grams)} kg`), { 'data-code': c.code })),
      left !== null && row(two('余量', 'room left'), left < 0 ? two(`超载 ${kg(-left)} kg`, 'over the limit') : `${kg(left)} kg`, { id: 'room' }))),
    left !== null && left < 0 && note('bad', p('超过核定载重，不要再装。', 'Over the load limit: load no more.')),
    left === null && p('登记册里没有这辆车的载重，余量算不出。', 'The register has no load limit of this vehicle, so the room left is not known.', 'p.hint'),
  ]
}

// overload guards the limit of a vehicle before something is signed: what would pass it is
// said, and goes through only when the driver says so on purpose.
export async function overload(trip) {
  const aboard = sum(await loaded())
  const agreed = h('input', { type: 'checkbox', id: 'overload' })
  const said = h('p', {})
  const row = h('div.note.bad', { hidden: true, role: 'alert' }, said, h('label.check', {}, agreed, h('span', {}, two('我知道超载，仍要装', 'I know; load it all the same'))))
  return {
    row,
    check: (grams) => {
      const much = over(trip?.limit, aboard, grams)
      row.hidden = much === 0
      if (much === 0) return
      said.replaceChildren(...two(`装上后超过核定载重 ${kg(much)} 千克（车上 ${kg(aboard)}，本次 ${kg(grams)}，核定 ${kg(trip.limit)}）。`, `With this the vehicle is ${kg(much)} kg over its limit of ${kg(trip.limit)}.`))
      if (!agreed.checked) throw new Say('超载：少装，或勾选后再签。', 'Overload: load less, or tick the box and sign again.')
    },
  }
}

// atPage is one stop: the ways to collect there that work now.
async function atPage(site) {
  const trip = await app.db.get('meta', 'trip')
  const names = (await app.db.get('meta', 'names')) ?? {}
  const sheets = (await waiting(trip)).filter((m) => m.consignor_site === site)
  const leave = leaveAt((await app.db.get('meta', 'leaves'))?.items, site, Date.now())
  const net = navigator.onLine && app.signedIn === true
  return {
    body: [
      h('h1', {}, names[site] ?? '…' + site.slice(-8)),
      sheets.map((m) => link('#stop/' + m.id, `装车：已开联单 ${m.lines.length} 袋`, `Load: a manifest of ${plural(m.lines.length, 'bag')} waits`, 'a.big.main')),
      leave && link(`#pickup/${site}/leave`, `凭授权代签（${leave.codes.length} 种代码）`, `Sign in its place, by its authorisation (${plural(leave.codes.length, 'code')})`, 'a.big.main'),
      link('#scan', '扫对方手机上的交接码', 'Scan the hand-over code on their phone', leave ? 'a.big' : 'a.big.main'),
      net && link('#scan', '扫对方屏幕上的收运码', 'Scan the one-time code on their screen', 'a.big'),
      !net && note('', p('没有网络或没有登录：一次性收运码现在不能用。交接码和授权代签照常。', 'No network or not signed in: one-time codes cannot be used now. Hand-over codes and authorisations can.')),
      !leave && p('本机不知道这里给过本单位在有效期内的授权。', 'This phone knows of no authorisation in force here for your organisation.', 'p.hint'),
      link('#skip/' + site, '收不了：跳过', 'Cannot collect: skip', 'a.big'),
      link('#trip', '回到行程', 'Back to the trip', 'a.big'),
    ],
  }
}

export const stops = { at: atPage }
