// Handing a load on: to the next carrier, or to a depot on the way (Order 23 art. 17). The taker's
// phone shows who they are; the giver signs and shows the hand-over code; the taker signs. Neither
// needs network. And the way back of what was refused.
import { app, go } from './app.js'
import { b64u, kg, unb64u, utf8, uuidBytes, uuidText } from './bytes.js'
import { drawing } from './code.js'
import * as moves from './moves.js'
import { mineToGive, toReturn } from './offers.js'
import { lines, nameOf, signStep } from './step.js'
import { Say, act, choices, field, h, link, note, p, two } from './ui.js'

const longestName = 90 // bytes

// takerCode is what whoever takes a load over shows: version, organisation, the place where it
// is a depot that takes it (else zeros), and what they call themselves, for the giver to read.
export function takerCode(party, site, name = '') {
  let text = utf8(name)
  while (text.length > longestName) text = utf8((name = name.slice(0, -1)))
  const b = new Uint8Array(33 + text.length)
  b[0] = 1
  b.set(uuidBytes(party), 1)
  if (site) b.set(uuidBytes(site), 17)
  b.set(text, 33)
  return b64u(b)
}

// readTaker reads one; null when it is none.
export function readTaker(code) {
  let b
  try {
    b = unb64u(code)
  } catch {
    return null
  }
  if (b.length < 33 || b.length > 33 + longestName || b[0] !== 1) return null
  const site = b.subarray(17, 33)
  try {
    const name = new TextDecoder('utf-8', { fatal: true }).decode(b.subarray(33))
    return { to: uuidText(b.subarray(1, 17)), site: site.some((x) => x) ? uuidText(site) : undefined, name: name.replace(/[\p{C}]/gu, '') }
  } catch {
    return null
  }
}

// takerPage shows who takes over.
async function takerPage() {
  const way = choices('谁来接', 'Who takes it', [{ value: 'vehicle', zh: '本单位的车', en: 'a vehicle of ours' }, { value: 'depot', zh: '这个站点（暂存）', en: 'this place, for a while' }], app.me.role === 'driver' || !app.me.orgRoles?.some((r) => r === 'collector' || r === 'operator') ? 'vehicle' : 'depot')
  const shown = h('div', { role: 'status', id: 'takercode' })
  const draw = () => {
    const depot = way.value() === 'depot'
    const code = takerCode(app.me.party, depot ? app.me.site : undefined, depot ? app.me.siteName : app.me.partyName)
    shown.replaceChildren(h('p', {}, app.me.partyName ?? '', depot ? ` · ${app.me.siteName}` : ''), drawing(`${location.origin}/m/#to=${code}`, '接车码 taker’s code'))
  }
  way.row.addEventListener('change', draw)
  draw()
  return {
    body: [
      p('接车码', 'My code for taking over', 'h1'),
      shown,
      p('请交出的司机扫。对方签名后会出示交接码，再用本机“扫码”装车或接收。', 'Have the other driver scan it. They sign and show a hand-over code; scan that to load or receive.'),
      way.row,
      link('#scan', '扫对方的交接码', 'Scan their hand-over code', 'a.big.main'),
    ],
  }
}

async function relayPage(code) {
  const told = code ? readTaker(code) : null
  const bags = (await app.db.all('bags')).filter(mineToGive)
  const names = (await app.db.get('meta', 'names')) ?? {}
  const before = (await app.db.get('meta', 'takers')) ?? []
  const head = p('转交', 'Hand on', 'h1')
  if (code && !told) return { body: [head, note('bad', p('这个接车码读不懂，请对方重新出示。', 'The code cannot be read: have it shown again.')), link('#scan', '扫码', 'Scan', 'a.big.main')] }
  if (bags.length === 0) return { body: [head, note('', p('没有可以转交的：车上、中转站里都没有。', 'There is nothing to hand on.')), link('#trip', '行程', 'Trip', 'a.big.main')] }
  const takers = [...(told ? [told] : []), ...before.filter((t) => t.to !== told?.to || t.site !== told?.site)]
  if (takers.length === 0) return { body: [head, p('请接手的人在手机上打开“出示接车码”，再扫。', 'Have whoever takes over open “show my code” on their phone, and scan it.'), link('#scan', '扫接车码', 'Scan their code', 'a.big.main')] }
  const name = (t) => names[t.site ?? t.to] ?? (t.name || '…' + (t.site ?? t.to).slice(-8)) // what the register says first
  const to = choices('交给谁', 'To whom', takers.map((t, i) => ({ value: String(i), zh: name(t), en: t.site ? '站点 depot' : '车 vehicle' })), '0')
  const chosen = new Map(bags.map((b) => [b.id, true]))
  const doubt = field('保留意见（有才写）', 'Reservation, if any', { id: 'reservation', maxlength: 200 })
  return {
    body: [
      h('h1', {}, two(`转交 ${bags.length} 件`, `Hand on ${bags.length}`)),
      to.row,
      link('#scan', '扫另一个接车码', 'Scan another code'),
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id }, h('label.check', {},
        h('input', { type: 'checkbox', checked: true, onchange: (e) => chosen.set(b.id, e.target.checked) }),
        h('span', {}, nameOf(b), ' ', h('span.num', {}, kg(b.grams ?? 0) + ' kg')))))),
      doubt.row,
      act('转交，签名', 'Hand on, sign', async () => {
        const taker = takers[Number(to.value())]
        const list = bags.filter((b) => chosen.get(b.id))
        if (list.length === 0) throw new Say('一件也没有选。', 'None is chosen.')
        if (taker.to === app.me.party && !taker.site && list.some((b) => b.stage === 'in_transit')) throw new Say('对方是本单位的车：同一承运人换车不用转交，卸货时写新车牌即可。', 'That is a vehicle of your own organisation: a carrier that changes vehicles hands nothing over; give the new plate when you unload.')
        const signed = await signStep('transport.handed_over', list, { to: taker.to, site: taker.site, reservation: doubt.input.value.trim() })
        await app.remember('takers', [taker, ...before.filter((t) => t.to !== taker.to || t.site !== taker.site)].slice(0, 5))
        go('give/' + signed.map((e) => e.id).join(','))
      }),
    ],
  }
}

// returnPage is at the consignor's gate, with what was refused.
async function returnPage() {
  const bags = (await app.db.all('bags')).filter(toReturn)
  if (bags.length === 0) return { body: [p('退运', 'Take back', 'h1'), note('', p('车上没有被拒收的。', 'Nothing refused is on board.')), link('#trip', '行程', 'Trip', 'a.big.main')] }
  const trip = await app.db.get('meta', 'trip')
  const plate = field('车牌', 'Plate', { id: 'returnplate', value: trip?.vehicle ?? '', maxlength: 16 })
  const list = lines(bags)
  return {
    body: [
      h('h1', {}, two(`退运 ${bags.length} 件`, `Take back ${bags.length}`)),
      p('到移出人门口再签。移出人扫交接码收回。', 'Sign at the consignor’s gate. They scan the hand-over code to take it back.', 'p.hint'),
      list.row, plate.row,
      act('已送回，签名', 'Brought back, sign', async () => {
        const signed = await signStep('transport.returned', list.read(), { vehicle: plate.input.value.trim().toUpperCase() })
        go('give/' + signed.map((e) => e.id).join(','))
      }),
    ],
  }
}


export const relay = { taker: takerPage, to: relayPage, relay: relayPage, return: returnPage }
