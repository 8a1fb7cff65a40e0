// The payloads of a plant, of a further carrier and of whoever packs over or reports a mishap.
// Pure: ids, the time and who acts come in, as in events.js.
import { line, some, stamp } from './events.js'

// accepted takes each line whole or in part. A line is {…bag, grams, verdict, refused, reason,
// rest, packages}: grams is what is accepted, rest the new batch of what the carrier keeps.
export function accepted(me, at, id, lines, f) {
  return {
    ...stamp('manifest.accepted', me, at, id),
    manifest: f.manifest,
    batches: lines.map((l) => ({ ...line(l), verdict: l.verdict, ...(l.verdict === 'part' ? some({ refused_grams: l.refused, reason: l.reason, rest: l.rest }) : {}) })),
    refs: f.refs,
    data: some({ measured: f.measured, scale: f.scale }),
  }
}

export function refused(me, at, id, lines, f) {
  return {
    ...stamp('manifest.refused', me, at, id),
    manifest: f.manifest,
    batches: lines.map((l) => ({ ...line(l), reason: l.reason })),
    refs: f.refs,
    data: some({ measured: f.measured, scale: f.scale }),
  }
}

// treated takes grams out of each batch; residues are containers that begin here.
export function treated(me, at, id, lines, f) {
  return {
    ...stamp('batch.treated', me, at, id),
    batches: lines.map((l) => ({ id: l.id, seen: l.head ?? null, grams: l.grams, ...some({ residue_grams: l.residue || undefined }) })),
    data: some({ method: f.method, facility: f.facility, measured: f.measured, scale: f.scale, residues: f.residues?.length ? f.residues.map(child) : undefined }),
  }
}

export function reported(me, at, id, bags, f) {
  return { ...stamp('outcome.reported', me, at, id), manifest: f.manifest, batches: bags.map((b) => ({ id: b.id, seen: b.head ?? null })), refs: f.refs, data: { result: f.result } }
}

export const child = (c) => some({ id: c.id, grams: c.grams, code: c.code, form: c.form, packaging: c.packaging, packages: c.packages, container: c.container, label: c.label })

// mishap is an incident; a line's grams are gone, a line without is concerned. No line: nobody knows
// the batch.
export function mishap(me, at, id, lines, f) {
  return {
    ...stamp('incident.reported', me, at, id),
    ...(lines.length ? { batches: lines.map((l) => ({ id: l.id, seen: l.head ?? null, ...some({ grams: l.grams }) })) } : {}),
    data: some({ kind: f.kind, place: f.place, measures: f.measures, code: f.code, reported_to: f.told }),
  }
}

// handedOn offers a load to the next carrier, or to a depot where a site is named.
export function handedOn(me, at, id, bags, f) {
  return {
    ...stamp('transport.handed_over', me, at, id),
    manifest: f.manifest,
    ...some({ trip: f.trip }),
    batches: bags.map(line),
    refs: f.refs,
    data: some({ to: f.to, to_site: f.site, reservation: f.reservation }),
  }
}

export function returned(me, at, id, bags, f) {
  return { ...stamp('transport.returned', me, at, id), manifest: f.manifest, batches: bags.map(line), refs: f.refs, data: some({ vehicle: f.vehicle }) }
}

// repacked takes the parents' grams out of them into new containers, to the gram.
export function repacked(me, at, id, parents, f) {
  return { ...stamp('batch.repacked', me, at, id), batches: parents.map((b) => ({ id: b.id, seen: b.head ?? null, grams: b.grams })), data: { children: f.children.map(child) } }
}

// correction proposes other values for fields of an event; of is that event.
export function correction(me, at, id, of, bags, f) {
  return {
    ...stamp('correction.proposed', me, at, id),
    ...some({ manifest: of.manifest }),
    batches: bags.map((b) => ({ id: b.id, seen: b.head ?? null })),
    refs: [of.id],
    data: { changes: f.changes, parties: [...f.parties], until: f.until, reason: f.reason },
  }
}

// agreed and declined answer a correction, of all its batches.
const answering = (type) => (me, at, id, c, bags, text) => ({
  ...stamp(type, me, at, id),
  ...some({ manifest: c.manifest }),
  batches: bags.map((b) => ({ id: b.id, seen: b.head ?? null })),
  refs: [c.id],
  data: some(type === 'correction.agreed' ? { remark: text } : { reason: text }),
})
export const agreed = answering('correction.agreed')
export const declined = answering('correction.declined')

// shares parts a mass over lines by their grams: whole grams, never more than a line has, and
// together the mass itself. null where it is more than the lines have.
export function shares(total, grams) {
  const all = grams.reduce((n, g) => n + BigInt(g), 0n)
  if (BigInt(total) > all) return null
  const out = grams.map((g) => (all ? Number((BigInt(total) * BigInt(g)) / all) : 0))
  let left = total - out.reduce((n, g) => n + g, 0)
  for (let i = 0; left > 0; i = (i + 1) % out.length) {
    if (out[i] < grams[i]) {
      out[i]++
      left--
    }
  }
  return out
}

// compare says what a weighing differs from the one before by, and whether that is within the
// tolerance, as the rule on the server reckons it (package rule, Tolerance).
export function compare(before, now, tolerance, estimated) {
  const grams = now - before
  const permille = estimated ? tolerance.estimate_permille : tolerance.permille
  const limit = Math.max(tolerance.grams, Math.floor((before * permille) / 1000))
  return { grams, limit, permille, within: Math.abs(grams) <= limit }
}
