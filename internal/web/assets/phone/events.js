// The payloads that this app signs. Pure: ids, the time and who acts come in.

// stamp is what every event has; me is {party, site, person}.
export function stamp(type, me, at, id) {
  return { v: 1, id, type, at, party: me.party, site: me.site, person: me.person }
}

export const line = (b) => {
  const out = { id: b.id, seen: b.head ?? null }
  if (b.grams) out.grams = b.grams
  if (b.packages) out.packages = b.packages
  return out
}

// some leaves out what is empty.
export const some = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== '' && v !== false))

export function generated(me, at, id, f) {
  return {
    ...stamp('batch.generated', me, at, id),
    batches: [{ id: f.batch, seen: null, grams: f.grams, ...(f.behalf ? { packages: 1 } : {}) }],
    data: some({ code: f.code, form: f.form ?? 'S', packaging: f.packaging, measured: f.estimated ? 'estimated' : 'weighed', scale: f.scale, department: f.department, label: f.label, isolation: f.isolation, layers: f.isolation ? 2 : undefined, behalf: f.behalf }),
  }
}

export function released(me, at, id, bags, f = {}) {
  return { ...stamp('batch.released', me, at, id), batches: bags.map(line), data: some({ to: f.to, from: f.from }) }
}

export function received(me, at, id, bags, refs, f = {}) {
  return { ...stamp('batch.received', me, at, id), batches: bags.map(line), refs, data: some({ place: f.place }) }
}

export function stored(me, at, id, bags, f) {
  return { ...stamp('batch.stored', me, at, id), batches: bags.map(line), data: some({ place: f.place, temperature_dc: f.temperature }) }
}

export function issued(me, at, id, bags, f) {
  return {
    ...stamp('manifest.issued', me, at, id),
    manifest: f.manifest,
    batches: bags.map(line),
    data: some({ profile: f.profile, carrier: f.carrier, consignee: f.consignee, consignee_site: f.consignee_site, method: f.method, from: f.from, behalf: f.behalf }),
  }
}

export function collected(me, at, id, bags, f) {
  return {
    ...stamp('transport.collected', me, at, id),
    manifest: f.manifest,
    ...some({ trip: f.trip }),
    batches: bags.map(line),
    refs: f.refs,
    data: some({ vehicle: f.vehicle, permit: f.permit, measured: f.measured, scale: f.scale }),
  }
}

export function delivered(me, at, id, bags, f) {
  return { ...stamp('transport.delivered', me, at, id), manifest: f.manifest, ...some({ trip: f.trip }), batches: bags.map(line), refs: f.refs, data: { vehicle: f.vehicle } }
}

export function skipped(me, at, id, f) {
  return { ...stamp('stop.skipped', me, at, id), trip: f.trip, data: { stop: f.stop, reason: f.reason } }
}

export function authorised(me, at, id, f) {
  return { ...stamp('authorisation.given', me, at, id), data: { to: f.to, from: f.from, until: f.until, codes: f.codes } }
}

export function withdrawn(me, at, id, f) {
  return { ...stamp('authorisation.withdrawn', me, at, id), data: some({ authorisation: f.authorisation, reason: f.reason }) }
}

// temperature reads degrees as typed into tenths, the event's unit; undefined for none, null
// for what cannot be read.
export function temperature(text) {
  const t = text.normalize('NFKC').trim().replace('−', '-')
  if (t === '') return undefined
  const m = /^(-?)(\d{1,3})(?:\.(\d))?$/.exec(t)
  if (!m) return null
  const tenths = Number(m[2] + (m[3] ?? '0')) * (m[1] ? -1 : 1) || 0
  return tenths < -500 || tenths > 1000 ? null : tenths
}
