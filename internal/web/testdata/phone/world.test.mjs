import assert from 'node:assert/strict'
import { test } from 'node:test'
import { b64u, newLabel } from '../../assets/phone/bytes.js'
import * as events from '../../assets/phone/events.js'
import { apply, clockOf, handOver, lasting, perCode, readHandOver, stepsFor } from '../../assets/phone/world.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const me = { party: uuid(1), site: uuid(2), person: uuid(3) }
const at = '2026-03-02T08:30:00.000+08:00'

test('the one thing that comes next, along a day', () => {
  const label = newLabel(new Uint8Array(26).fill(9))
  let e = events.generated(me, at, uuid(10), { batch: uuid(11), label, grams: 1250, code: '841-001-01', packaging: 'bag', department: '内科', isolation: false })
  assert.deepEqual(e.data, { code: '841-001-01', form: 'S', packaging: 'bag', measured: 'weighed', department: '内科', label })
  let bag = apply({ id: uuid(11) }, e)
  const next = () => stepsFor(bag, me)[0]?.type
  assert.equal(next(), 'batch.released')
  bag = apply(bag, events.released(me, at, uuid(12), [bag]))
  assert.equal(next(), 'batch.received')
  assert.equal(stepsFor(bag, me)[0].refs, uuid(12))
  bag = apply(bag, events.received(me, at, uuid(13), [bag], [uuid(12)], { place: '转运车' }))
  assert.equal(next(), 'batch.stored')
  bag = apply(bag, events.stored(me, at, uuid(14), [bag], { place: '暂存间', temperature: -5 }))
  assert.equal(next(), 'manifest.issued')
  const carrier = { party: uuid(20), site: uuid(21), person: uuid(22) }
  bag = apply(bag, events.issued(me, at, uuid(15), [bag], { manifest: uuid(30), profile: 'medical', carrier: carrier.party, consignee: uuid(40), consignee_site: uuid(41), from: '暂存间' }))
  assert.equal(next(), undefined, 'the carrier is next')
  assert.equal(stepsFor(bag, carrier)[0].type, 'transport.collected')
  bag = apply(bag, events.collected(carrier, at, uuid(16), [{ ...bag, grams: 1240 }], { manifest: uuid(30), refs: [uuid(15)], vehicle: '冀F00001', measured: 'weighed', trip: uuid(31) }))
  assert.equal(bag.grams, 1240)
  assert.deepEqual(stepsFor(bag, carrier).map((s) => [s.type, s.refs]), [['transport.delivered', uuid(16)], ['transport.handed_over', uuid(16)]])
  bag = apply(bag, events.delivered(carrier, at, uuid(17), [bag], { manifest: uuid(30), refs: [uuid(16)], vehicle: '冀F00001' }))
  assert.deepEqual(stepsFor(bag, carrier), [])
})

test('what was not said is not there', () => {
  const e = events.released(me, at, uuid(12), [{ id: uuid(11) }])
  assert.deepEqual(e.batches, [{ id: uuid(11), seen: null }])
  assert.deepEqual(e.data, {})
  assert.ok(!('trip' in events.collected(me, at, uuid(1), [], { manifest: uuid(2), refs: [], vehicle: 'x' })))
})

test('temperatures are tenths', () => {
  for (const [text, tenths] of [['', undefined], ['4', 40], ['4.5', 45], ['-2', -20], ['−0.5', -5], ['0', 0], ['-0', 0]]) assert.equal(events.temperature(text), tenths, text)
  for (const text of ['x', '4.55', '101', '-51', '1e1']) assert.equal(events.temperature(text), null, text)
})

test('the clock of a bag', () => {
  const dwell = { limit_ms: 172800000, categories: ['HW01'], stages: ['generated', 'stored'], bands: [{ band: 'exceeded', remaining_ms: 0 }, { band: 'urgent', remaining_ms: 21600000 }, { band: 'soon', remaining_ms: 86400000 }, { band: 'fresh', remaining_ms: 9e18 }] }
  const bag = { closed: '2026-03-02T00:00:00.000Z', stage: 'stored', code: '841-001-01' }
  const hour = 3600_000
  const band = (h) => clockOf(bag, dwell, Date.parse(bag.closed) + h * hour).band
  assert.deepEqual([0, 23.9, 24, 41.9, 42, 48, 48.1].map(band), ['fresh', 'fresh', 'soon', 'soon', 'urgent', 'urgent', 'exceeded'])
  assert.equal(clockOf({ ...bag, stage: 'accepted' }, dwell, 0), null)
  assert.equal(clockOf({ ...bag, code: '900-214-08' }, dwell, 0), null)
  assert.equal(clockOf({ ...bag, closed: undefined }, dwell, 0), null)
  assert.equal(lasting(-90 * 60_000), '1:30')
})

test('a hand-over code says what the giver’s event says, in as many codes as it takes', () => {
  const bags = Array.from({ length: perCode + 3 }, (_, i) => ({ id: uuid(100 + i), grams: 1000 + i, closed: '2026-03-02T00:30:00.000Z', code: i ? '900-214-08' : '841-002-01', label: newLabel(Uint8Array.from({ length: 26 }, (_, n) => (n * i) % 32)) }))
  const known = (id) => bags.find((b) => b.id === id)
  const codes = handOver(events.issued(me, at, uuid(15), bags, { manifest: uuid(30) }), known)
  assert.equal(codes.length, 2)
  const told = codes.map(readHandOver)
  assert.deepEqual(told.map((x) => [x.type, x.event, x.manifest, x.site]), Array(2).fill(['manifest.issued', uuid(15), uuid(30), uuid(2)]))
  assert.deepEqual(told.flatMap((x) => x.lines).slice(1), bags.slice(1), 'all of every bag')
  const [one] = handOver(events.released(me, at, uuid(12), [{ id: uuid(11) }]), () => undefined)
  assert.deepEqual(readHandOver(one), { type: 'batch.released', event: uuid(12), manifest: undefined, site: uuid(2), lines: [{ id: uuid(11), grams: 0, closed: undefined, code: undefined, label: undefined }] })
  // A phone that is a version behind still shows version 1.
  const old = new Uint8Array(35 + 42)
  old.set([1, 1])
  old[34] = 1
  old[35 + 24] = 3
  assert.deepEqual(readHandOver(b64u(old)).lines[0].code, '841-003-01')
  assert.equal(readHandOver(b64u(old)).site, undefined)
  for (const bad of ['', 'AQ', one.slice(4), one.slice(0, -4), one + 'AAAA', '!!', 'A'.repeat(200)]) assert.equal(readHandOver(bad), null, bad)
})
