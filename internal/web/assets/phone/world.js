// What the phone knows of bags and what may come next: a small fold of what was signed here
// over what the server last said. The server's own fold decides; this one fills in forms.
import { b64u, labelBytes, labelText, unb64u, uuidBytes, uuidText } from './bytes.js'

// acts are what this app signs of a bag, in the order in which the day has them.
export const acts = ['batch.released', 'batch.received', 'batch.stored', 'manifest.issued', 'transport.collected', 'transport.delivered',
  'transport.handed_over', 'transport.returned', 'manifest.accepted', 'manifest.refused', 'batch.treated', 'outcome.reported', 'batch.repacked']

// usual is the one thing that usually comes next in a stage; others are offered below it.
const usual = {
  generated: 'batch.released',
  released: 'batch.received',
  received: 'batch.stored',
  stored: 'manifest.issued',
  issued: 'transport.collected',
  handed_over: 'transport.collected',
  in_transit: 'transport.delivered',
  delivered: 'manifest.accepted',
  accepted: 'batch.stored',
  at_point: 'transport.handed_over',
  refused: 'transport.returned',
  returned: 'batch.received',
  treated: 'outcome.reported',
}

// treats are the organisations that may treat at all, by their roles in the register.
const treats = ['operator', 'medical', 'generator']
const mayTreat = (me) => !me.orgRoles || me.orgRoles.some((r) => treats.includes(r))

// stepsFor lists what somebody of a party may do with a bag, the usual thing first.
export function stepsFor(bag, me) {
  const mine = (bag.next ?? []).filter((s) => acts.includes(s.type) && (!s.party || s.party === me.party) && (s.type !== 'batch.treated' || mayTreat(me)))
  const first = bag.stage === 'stored' && mine.some((s) => s.type === 'batch.treated') ? 'batch.treated' : usual[bag.stage]
  return mine.sort((a, b) => (b.type === first) - (a.type === first) || acts.indexOf(a.type) - acts.indexOf(b.type))
}

const own = (party, ...types) => types.map((type) => ({ type, party }))

// inHouse is what may come next in a house; what came by a manifest may be treated there.
const inHouse = (b, party, ...types) => own(party, ...(b.manifest ? ['batch.treated'] : []), ...types, 'batch.repacked')

// apply is what an event that was signed here makes of a bag, for this phone's eyes.
export function apply(bag, e) {
  const b = { ...bag, at: e.at, local: true }
  const born = beginning(e, b)
  if (born) return born
  const line = e.batches?.find((x) => x.id === bag.id)
  if (line?.grams && !takesOut.includes(e.type)) b.grams = line.grams
  if (line?.packages) b.packages = line.packages
  switch (e.type) {
    case 'batch.generated':
      return {
        ...b,
        stage: 'generated',
        custodian: e.party,
        site: e.site,
        code: e.data.code,
        packaging: e.data.packaging,
        department: e.data.department,
        label: e.data.label,
        closed: e.at,
        next: own(e.party, 'batch.released', 'batch.stored', 'manifest.issued', 'batch.repacked'),
      }
    case 'batch.released':
      return { ...b, stage: 'released', next: [{ type: 'batch.received', party: e.party, refs: e.id }] }
    case 'batch.received':
      if (bag.stage === 'handed_over') return { ...b, stage: 'at_point', custodian: e.party, site: e.site, room: e.data.place ?? '', next: [onward(b, e.party, e.id)] }
      if (bag.stage === 'returned') b.manifest = undefined // it is off its manifest
      return { ...b, stage: 'received', custodian: e.party, site: e.site, room: e.data.place ?? '', next: inHouse(b, e.party, 'batch.stored', 'manifest.issued', 'batch.released') }
    case 'batch.stored':
      return { ...b, stage: 'stored', site: e.site, room: e.data.place, next: inHouse(b, e.party, 'manifest.issued', 'batch.released', 'batch.stored') }
    case 'manifest.issued':
      return { ...b, stage: 'issued', manifest: e.manifest, from: e.site, next: [{ type: 'transport.collected', party: e.data.carrier, refs: e.id, manifest: e.manifest }] }
    case 'transport.collected':
      return { ...b, stage: 'in_transit', custodian: e.party, site: '', loaded: b.grams, trip: e.trip, manifest: e.manifest, next: [{ type: 'transport.delivered', party: e.party, refs: e.id, manifest: e.manifest }, onward(b, e.party, e.id)] }
    case 'transport.handed_over':
      return { ...b, stage: 'handed_over', next: [{ type: e.data.to_site ? 'batch.received' : 'transport.collected', party: e.data.to, refs: e.id, manifest: e.manifest }, onward(b, e.party, e.id)] }
    case 'transport.returned':
      return { ...b, stage: 'returned', next: [{ type: 'batch.received', party: b.consignor ?? 'consignor', refs: e.id, manifest: e.manifest }] }
    case 'transport.delivered':
      return { ...b, stage: 'delivered', next: [] }
    case 'manifest.accepted':
      return { ...b, stage: 'accepted', custodian: e.party, site: e.site, due: null, next: own(e.party, 'batch.treated', 'manifest.issued', 'batch.stored', 'batch.released', 'batch.repacked') }
    case 'manifest.refused':
      return { ...b, stage: 'refused', next: takenBack(b, e) }
    case 'batch.treated':
      b.grams = Math.max(0, (bag.grams ?? 0) - line.grams)
      return b.grams ? b : { ...b, stage: 'treated', next: b.manifest ? [{ type: 'outcome.reported', party: e.party, refs: e.id }] : [] }
    case 'correction.agreed':
    case 'correction.declined':
      return { ...b, corrections: bag.corrections?.filter((c) => c.id !== e.refs[0]) }
    case 'batch.repacked':
      b.grams = Math.max(0, (bag.grams ?? 0) - line.grams)
      return b.grams ? b : { ...b, stage: 'repacked', next: [] }
    case 'incident.reported':
      b.grams = Math.max(0, (bag.grams ?? 0) - (line?.grams ?? 0))
      return line?.grams && b.grams === 0 ? { ...b, stage: 'lost', next: [] } : b
    case 'outcome.reported':
      return { ...b, stage: 'reported', next: [] }
  }
  return b
}

// onward is handing over to the next carrier or a depot: the batch stays on its manifest.
const onward = (b, party, refs) => ({ type: 'transport.handed_over', party, refs, manifest: b.manifest })

// takesOut are the types whose grams are taken out of a batch, not weighed.
const takesOut = ['batch.treated', 'batch.repacked', 'incident.reported']

// beginning is a batch that an event begins out of others: residue, or what was refused of a line.
function beginning(e, b) {
  const c = [...(e.data?.residues ?? []), ...(e.data?.children ?? [])].find((x) => x.id === b.id)
  if (c) {
    const over = e.type === 'batch.repacked' // it goes on where its parents were
    return { ...b, ...c, stage: (over && b.stage) || 'generated', custodian: e.party, site: e.site, closed: (over && b.closed) || e.at,
      next: own(e.party, ...(b.stage === 'accepted' ? ['batch.treated'] : []), 'batch.stored', 'manifest.issued', 'batch.released', 'batch.repacked') }
  }
  const of = e.batches?.find((x) => x.rest === b.id)
  if (!of) return null
  return { ...b, grams: of.refused_grams, stage: 'refused', manifest: e.manifest, next: takenBack(b, e) }
}

// takenBack is for the carrier, whom a scanned code does not name.
const takenBack = (b, e) => [{ type: 'transport.returned', party: b.custodian ?? 'carrier', refs: e.id, manifest: e.manifest }]

// fromView is a bag as the server's BatchView tells it.
export function fromView(v) {
  const keep = ({ id, label, stage, code, code_name_zh, grams, form, measured, packaging, department, room, custodian, site, manifest, vehicle, head, seq, packages }) => ({
    id, label, stage, code, name: code_name_zh || undefined, grams, form, measured, packaging, department, room, custodian, site, manifest, vehicle, head, seq, packages,
  })
  // Signed by a collector in this place's own: the place is told so on its phone.
  const behalf = v.findings?.find((f) => f.rule === 'by-authorisation' || f.rule === 'by-code')?.rule
  const open = (v.corrections ?? []).filter((c) => c.status === 'open') // somebody's answer may be waited for
  return { ...keep(v), ...(open.length ? { corrections: open } : {}), ...(behalf ? { behalf, generator: v.generator } : {}), next: v.next ?? [], at: v.last_at, local: false }
}

// clockOf is how a bag stands with its time, by the dated rule that came with the app; null
// where no clock runs.
export function clockOf(bag, dwell, now) {
  if (bag.manifest && ['generated', 'released', 'received', 'stored'].includes(bag.stage)) return null // accepted once: other rules bind
  if (!dwell || !bag.closed || !dwell.stages.includes(bag.stage) || !dwell.categories.some((c) => categoryOf(bag.code) === c)) return null
  const due = Date.parse(bag.closed) + dwell.limit_ms
  const left = due - now
  const band = dwell.bands.find((x) => left < x.remaining_ms || (x.remaining_ms > 0 && left === x.remaining_ms))
  return { due, left, ...band }
}

// categoryOf is the category of a code: HW01 of 841-001-01.
export const categoryOf = (code) => 'HW' + (code ?? '').slice(-2)

// lasting writes a time left: 5 h 20 min.
export function lasting(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  const h = Math.floor(minutes / 60)
  return `${h}:${String(minutes % 60).padStart(2, '0')}`
}

// A hand-over code carries from one phone's screen to another what the taker has to name: the
// giver's event and place, and the bags, with their labels and what their clocks need. It is no
// proof and needs no network: the signed events are. Bytes: version, kind, event 16, manifest 16,
// number of bags, place 16; of each bag id 16, grams 4, closed 4 (seconds), waste code 4 (its
// digits as a number), label 17. Version 1 had no place and one byte of medical class.
const codeVersion = 2
const kinds = { 1: 'batch.released', 2: 'manifest.issued', 3: 'transport.delivered', 4: 'transport.handed_over', 5: 'depot', 6: 'transport.returned' }
const kindOf = (e) => Number(Object.keys(kinds).find((k) => kinds[k] === (e.data?.to_site && e.type === 'transport.handed_over' ? 'depot' : e.type)) ?? 1)

// takes is what a code's reader signs.
export const takes = { 'batch.released': 'batch.received', 'manifest.issued': 'transport.collected', 'transport.delivered': 'manifest.accepted', 'transport.handed_over': 'transport.collected', depot: 'batch.received', 'transport.returned': 'batch.received' }
const stagesOf = { 'batch.released': 'released', 'manifest.issued': 'issued', 'transport.delivered': 'delivered', 'transport.handed_over': 'handed_over', depot: 'handed_over', 'transport.returned': 'returned' }
export const stageGiven = (type) => stagesOf[type]
const sizes = { 1: { head: 35, each: 42 }, 2: { head: 51, each: 45 } }
export const perCode = 10

const codeNumber = (code) => (/^\d{3}-\d{3}-\d{2}$/.test(code ?? '') ? Number(code.replaceAll('-', '')) : 0)
const codeText = (n) => (n ? String(n).padStart(8, '0').replace(/^(\d{3})(\d{3})(\d{2})$/, '$1-$2-$3') : undefined)

// handOver writes the codes of an event, so many bags in each; known finds a bag by its id.
export function handOver(e, known) {
  const { head, each } = sizes[codeVersion]
  const kind = kindOf(e)
  const out = []
  for (let i = 0; i < e.batches.length; i += perCode) {
    const part = e.batches.slice(i, i + perCode)
    const b = new Uint8Array(head + each * part.length)
    const view = new DataView(b.buffer)
    b.set([codeVersion, kind])
    b.set(uuidBytes(e.id), 2)
    if (e.manifest) b.set(uuidBytes(e.manifest), 18)
    b[34] = part.length
    if (e.site) b.set(uuidBytes(e.site), 35)
    part.forEach((x, n) => {
      const at = head + each * n
      const bag = known(x.id) ?? {}
      b.set(uuidBytes(x.id), at)
      view.setUint32(at + 16, x.grams ?? 0)
      view.setUint32(at + 20, bag.closed ? Math.floor(Date.parse(bag.closed) / 1000) : 0)
      view.setUint32(at + 24, codeNumber(bag.code))
      if (bag.label) b.set(labelBytes(bag.label), at + 28)
    })
    out.push(b64u(b))
  }
  return out
}

// readHandOver reads one, of either version; null when it is none.
export function readHandOver(code) {
  let b
  try {
    b = unb64u(code)
  } catch {
    return null
  }
  const size = sizes[b[0]]
  if (!size || !kinds[b[1]] || b[34] === 0 || b.length !== size.head + size.each * b[34]) return null
  const view = new DataView(b.buffer)
  const lines = []
  for (let at = size.head; at < b.length; at += size.each) {
    const closed = view.getUint32(at + 20)
    const old = b[0] === 1
    const number = b[at + 24]
    lines.push({
      id: uuidText(b.subarray(at, at + 16)),
      grams: view.getUint32(at + 16),
      closed: closed ? new Date(closed * 1000).toISOString() : undefined,
      code: old ? (number >= 1 && number <= 5 ? `841-00${number}-01` : undefined) : codeText(view.getUint32(at + 24)),
      label: labelText(b.subarray(at + (old ? 25 : 28), at + size.each)),
    })
  }
  const site = b[0] === 1 ? '' : uuidText(b.subarray(35, 51))
  return { type: kinds[b[1]], event: uuidText(b.subarray(2, 18)), manifest: b[1] === 1 ? undefined : uuidText(b.subarray(18, 34)), site: /[1-9a-f]/.test(site) ? site : undefined, lines }
}
