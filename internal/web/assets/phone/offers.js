// What the home page and the trip offer, counted over what the phone knows. The pages that are
// offered load when they are first opened; these counts are there at once.
import { app } from './app.js'
import { link } from './ui.js'
import { stepsFor } from './world.js'

const can = (b, type) => stepsFor(b, app.me).some((s) => s.type === type)

// receives says whether this phone's organisation takes waste in.
export const receives = () => app.me?.role === 'facility_operator' || Boolean(app.me?.orgRoles?.some((r) => r === 'operator' || r === 'collector'))

// atGate waits for this organisation's word; coming is on its way to it.
export const atGate = (b) => can(b, 'manifest.accepted')
export const coming = (b) => b.consignee === app.me.party && ['in_transit', 'handed_over', 'at_point'].includes(b.stage)
export const inStock = (b) => b.custodian === app.me.party && (b.grams ?? 0) > 0 && ['accepted', 'stored', 'received', 'generated'].includes(b.stage) && (!b.site || b.site === app.me.site)
export const toPut = (b) => inStock(b) && b.stage === 'accepted' && can(b, 'batch.stored')
export const toTreat = (b) => inStock(b) && can(b, 'batch.treated')
export const toReport = (b) => can(b, 'outcome.reported')

// known are the bags that are not gone from this phone's lists.
export const known = async () => (await app.db.all('bags')).filter((b) => !b.gone)

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

// mineToGive may be handed on by this organisation: on its vehicle, in its transit store, or
// offered to somebody who did not come.
export const mineToGive = (b) => !b.gone && can(b, 'transport.handed_over')
export const toReturn = (b) => !b.gone && can(b, 'transport.returned')

// relayLinks is what the trip page offers beside unloading.
export async function relayLinks() {
  const bags = await app.db.all('bags')
  const n = (test) => bags.filter(test).length
  return [
    n(mineToGive) > 0 && link('#relay', `转交下一承运人或中转站 ${n(mineToGive)} 件`, `Hand ${n(mineToGive)} on to another carrier or a depot`),
    n(toReturn) > 0 && link('#return', `退运：送回移出人 ${n(toReturn)} 件`, `Take ${n(toReturn)} refused back to the consignor`, 'a.big.danger'),
    link('#taker', '我来接车：出示接车码', 'I take a load over: show my code'),
  ]
}

// asked lists the corrections of a bag that wait for an organisation's answer.
export const asked = (bag, party, now) => (bag.corrections ?? []).filter((c) => c.status === 'open' && c.parties.includes(party) && !c.agreed.includes(party) && Date.parse(c.until) > now)

// byCorrection gathers bags by the corrections that touch them: an answer names them all.
export function byCorrection(bags, party, now) {
  const out = new Map()
  for (const b of bags) for (const c of asked(b, party, now)) out.set(c.id, { c, bags: [...(out.get(c.id)?.bags ?? []), b] })
  return [...out.values()]
}

export const corrected = async () => (await app.db.all('bags')).filter((b) => b.corrections?.length)

export async function answersLink() {
  const n = byCorrection(await corrected(), app.me?.party, Date.now()).length
  return n > 0 && link('#answers', `有 ${n} 项更正等本单位答复`, n === 1 ? '1 correction waits for your answer' : `${n} corrections wait for your answer`, 'a.big.danger')
}

// mendLink is offered beside what was sent.
export const mendLink = (e) => e.state === 'sent' && app.words.mendable[e.type]?.length > 0 && link('#mend/' + e.id, '改正', 'Mend', 'a')
