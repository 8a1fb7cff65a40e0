// Pages of whoever drives: today's trip as a list, stop by stop, unloading, totals.
import { app, go, show } from './app.js'
import { change, gramsOf, kg } from './bytes.js'
import * as events from './events.js'
import { differences, statesOf, sum } from './load.js'
import { relayLinks } from './offers.js'
import { formOf, lines, signStep } from './step.js'
import { loaded, overload, planned, stops, totals, visited, waiting } from './stops.js'
import { Say, act, field, h, link, note, p, plural, two, words } from './ui.js'

// deliveryCode leads to the code of what was unloaded last, for a consignee without network.
async function deliveryCode() {
  const last = await app.db.get('meta', 'unloaded')
  return last?.events && Date.now() - Date.parse(last.at) < 86_400_000 && link('#give/' + last.events.join(','), '出示交货码（接受人扫）', 'Show the delivery code (the consignee scans it)')
}

async function tripPage() {
  const trip = await app.db.get('meta', 'trip')
  const plan = await app.db.get('meta', 'plan')
  if (!trip) {
    const plate = field('车牌', 'Plate', { id: 'plate', maxlength: 16, autocapitalize: 'characters' })
    const capacity = field('核定载重（知道才填）', 'Load limit, if known', { inputmode: 'decimal' }, 'kg')
    return {
      body: [
        p('开始行程', 'Begin a trip', 'h1'),
        plan && act(`今日车次 ${plan.vehicle}，${plan.stops.length} 站`, `Today’s trip: ${plan.vehicle}, ${plural(plan.stops.length, 'stop')}`, async () => {
          await app.remember('trip', { id: plan.trip, vehicle: plan.vehicle, limit: plan.capacity_grams, begun: app.at(), skipped: {} })
          await show()
        }),
        plate.row,
        capacity.row,
        act('开始', 'Begin', async () => {
          const vehicle = plate.input.value.trim().toUpperCase()
          if (!vehicle) throw new Say('请填写车牌。', 'Enter the plate.')
          const limit = capacity.input.value.trim() ? gramsOf(capacity.input.value) : {}
          if (limit.error) throw new Say('载重写法不对，如 1500。', 'Not a weight: write 1500.')
          await app.remember('trip', { id: app.id(), vehicle, limit: limit.grams, begun: app.at(), skipped: {} })
          await show()
        }),
      ],
    }
  }
  const names = (await app.db.get('meta', 'names')) ?? {}
  const name = (id) => names[id] ?? (id ? '…' + id.slice(-8) : '')
  const [on, papers] = [await loaded(), await waiting(trip)]
  const unloaded = await app.db.get('meta', 'unloaded')
  let ended = false // what was asked about once is meant
  return {
    body: [
      h('h1', {}, two('行程', 'Trip'), ' ', trip.vehicle),
      totals(on, trip.limit, names),
      unloaded?.trip === trip.id && on.length === 0 && unloadedNote(unloaded),
      link('#scan', '扫交接码或标签', 'Scan a hand-over code or label', 'a.big.main'),
      plan?.trip === trip.id && (await planned(plan, trip, name)),
      papers.length > 0 && h('h2', {}, two(`已开联单，待收 ${papers.length} 份`, `${plural(papers.length, 'manifest')} to collect`)),
      h('ol.list', {}, papers.map((m) => h('li.card', { 'data-manifest': m.id },
        h('p', {}, h('strong', {}, name(m.consignor_site)), ' ', name(m.consignor)),
        h('p', {}, `${m.lines.length} 袋 · `, h('span.num', {}, kg(m.lines.reduce((n, l) => n + (l.issued_grams), 0)) + ' kg'), ' ', h('span', { lang: 'en' }, plural(m.lines.length, 'bag'))),
        m.skipped ? h('p', {}, two('已跳过：', 'skipped: '), m.skipped) : '',
        link('#stop/' + m.id, '到站', 'At the stop', 'a')))),
      on.length > 0 && link('#unload', `到站卸车 ${on.length} 袋`, `Unload ${on.length} at the depot`, 'a.big.main'),
      await deliveryCode(),
      await relayLinks(),
      act('结束行程', 'End the trip', async () => {
        if (on.length) throw new Say('车上还有袋子，请先卸车。', 'There are bags on board: unload first.')
        const left = plan?.trip === trip.id ? statesOf(plan.stops, trip.skipped, await visited(trip)).filter((s) => s === 'next' || s === 'waiting').length : 0
        if (left && !ended) {
          ended = true
          throw new Say(`还有 ${left} 站没有收，也没有跳过。确实结束，再按一次。`, `${plural(left, 'stop')} neither collected nor skipped. To end the trip all the same, press again.`)
        }
        await app.db.drop('meta', 'trip')
        go('')
      }, 'button'),
    ],
  }
}

// unloadedNote says what was unloaded, against what was loaded.
function unloadedNote(u) {
  const d = u.differences
  return note(d.lines.length ? 'bad' : 'good', p(`已卸 ${u.bags} 袋，装 ${kg(d.loaded)} kg，卸 ${kg(d.unloaded)} kg。`, `${u.bags} unloaded: ${kg(d.loaded)} kg loaded, ${kg(d.unloaded)} kg unloaded.`), differing(d))
}

// differing names every bag whose weight is another than when it was loaded.
const differing = (d) => [
  d.lines.length > 0 && h('ul', {}, d.lines.map((l) => h('li', {}, h('span.code', {}, l.label ? l.label.slice(0, 8) + '…' : l.id.slice(-8)), ` ${l.code ?? ''} ${kg(l.from)} → ${kg(l.to)} kg（${change(l.to - l.from)}）`))),
  d.lines.length === 0 && p('与装车时一致。', 'As loaded.'),
]

// skip passes a stop by, with the reason, signed.
async function skipPage(site) {
  const trip = await app.db.get('meta', 'trip')
  if (!trip) return tripPage()
  const names = (await app.db.get('meta', 'names')) ?? {}
  const reason = field('跳过的原因', 'Reason for skipping', { id: 'reason', maxlength: 200 })
  return {
    body: [
      p('跳过这一站', 'Skip this stop', 'h1'),
      h('p', {}, names[site] ?? '…' + site.slice(-8)),
      reason.row,
      act('跳过，签名', 'Skip, sign', async () => {
        const why = reason.input.value.trim()
        if (!why) throw new Say('请写明原因。', 'Give the reason.')
        await app.sign(events.skipped(app.me, app.at(), app.id(), { trip: trip.id, stop: site, reason: why }), [])
        await app.remember('trip', { ...trip, skipped: { ...trip.skipped, [site]: why } })
        go('trip')
      }),
    ],
  }
}

async function stopPage(id) {
  const trip = await app.db.get('meta', 'trip')
  const m = ((await app.db.get('meta', 'manifests')) ?? []).find((x) => x.id === id)
  if (!trip || !m) return tripPage()
  const step = m.next.find((s) => s.type === 'transport.collected')
  const bags = []
  for (const l of m.lines) {
    const b = await app.db.get('bags', l.batch)
    bags.push({ ...b, id: l.batch, grams: l.issued_grams, packages: l.packages, stage: 'issued', manifest: m.id, code: l.code, from: m.consignor_site, next: [{ ...step, manifest: m.id }] })
  }
  const form = await formOf('transport.collected')
  const list = lines(bags)
  const guard = await overload(trip)
  const reason = field('跳过的原因', 'Reason for skipping', { id: 'reason', maxlength: 200 })
  return {
    body: [
      h('h1', {}, two(`装车 ${bags.length} 袋`, `Load ${bags.length}`)),
      h('p', {}, words(app.words.stages[m.stage])),
      list.row,
      form.rows,
      guard.row,
      act('装车，签名', 'Load, sign', async () => {
        const read = list.read()
        guard.check(sum(read))
        await signStep('transport.collected', read, await form.read())
        go('trip')
      }),
      h('h2', {}, two('收不了？', 'Cannot collect?')),
      reason.row,
      act('跳过这一站，签名', 'Skip this stop, sign', async () => {
        const why = reason.input.value.trim()
        if (!why) throw new Say('请写明原因。', 'Give the reason.')
        await app.sign(events.skipped(app.me, app.at(), app.id(), { trip: trip.id, stop: m.consignor_site, reason: why }), [])
        await app.remember('trip', { ...trip, skipped: { ...trip.skipped, [m.id]: why } })
        go('trip')
      }, 'button'),
    ],
  }
}

async function unloadPage() {
  const on = await loaded()
  if (on.length === 0) return tripPage()
  const trip = await app.db.get('meta', 'trip')
  const form = await formOf('transport.delivered')
  const list = lines(on)
  const sums = h('div', { id: 'sums', role: 'status' })
  // look compares while weights are typed; what cannot be read yet counts as it was loaded.
  const look = () => {
    const read = list.peek()
    const d = differences(on, read)
    sums.replaceChildren(h('table', {}, h('tbody', {},
      h('tr', {}, h('th', { scope: 'row' }, two('装车时', 'as loaded')), h('td.num', {}, kg(d.loaded) + ' kg')),
      h('tr', {}, h('th', { scope: 'row' }, two('现在', 'now')), h('td.num', {}, kg(d.unloaded) + ' kg')),
      d.loaded !== d.unloaded && h('tr', {}, h('th', { scope: 'row' }, two('差异', 'difference')), h('td.num', {}, change(d.unloaded - d.loaded) + ' kg')))), ...differing(d).filter(Boolean))
  }
  list.row.addEventListener('input', look)
  look()
  return {
    body: [
      h('h1', {}, two(`卸车 ${on.length} 袋`, `Unload ${on.length}`)),
      p('到接受单位门口再签。重量改动会记作差异。', 'Sign at the consignee’s gate. A changed weight is recorded as a difference.', 'p.hint'),
      list.row,
      sums,
      form.rows,
      act('卸车，签名', 'Unload, sign', async () => {
        const bags = list.read()
        const signed = await signStep('transport.delivered', bags, await form.read())
        await app.remember('unloaded', { trip: trip?.id, bags: bags.length, grams: sum(bags), differences: differences(on, bags), at: app.at(), events: signed.map((e) => e.id) })
        go('trip')
      }),
    ],
  }
}

export const carry = { trip: tripPage, stop: stopPage, skip: skipPage, unload: unloadPage, ...stops }
