import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanned } from '../../assets/phone/bytes.js'
import * as events from '../../assets/phone/events.js'
import { whenOf } from '../../assets/phone/mishap.js'
import * as moves from '../../assets/phone/moves.js'
import { readTaker, takerCode } from '../../assets/phone/relay.js'
import { apply, handOver, readHandOver, stepsFor, takes } from '../../assets/phone/world.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const first = { party: uuid(20), site: uuid(21), person: uuid(22) }
const depot = { party: uuid(25), site: uuid(26), person: uuid(27) }
const last = { party: uuid(23), site: uuid(24), person: uuid(28) }
const at = '2026-03-02T08:30:00.000+08:00'
const ctx = (n) => ({ manifest: uuid(30), refs: [uuid(n)] })

test('who takes over is read from their screen, a depot with its place', () => {
  assert.deepEqual(readTaker(takerCode(last.party)), { to: last.party, site: undefined, name: '' })
  const code = takerCode(depot.party, depot.site, '样例收集库（SAMPLE）')
  assert.deepEqual(readTaker(code), { to: depot.party, site: depot.site, name: '样例收集库（SAMPLE）' })
  assert.equal(readTaker(takerCode(last.party, undefined, '名'.repeat(99))).name, '名'.repeat(30))
  assert.equal(readTaker(takerCode(last.party, undefined, 'a\u202eb\n')).name, 'ab')
  assert.deepEqual(scanned('https://x.test/m/#to=' + code), { kind: 'to', code })
  for (const bad of ['', 'AA', code.slice(0, 40), code + 'A'.repeat(200), takerCode(last.party).slice(0, -1) + '_w', '!!']) assert.equal(readTaker(bad), null, bad)
})

test('from a vehicle to a depot to another vehicle, and on', () => {
  let bag = apply({ id: uuid(11), grams: 900, stage: 'issued' }, events.collected(first, at, uuid(16), [{ id: uuid(11), grams: 900 }], { ...ctx(15), vehicle: 'x' }))
  assert.deepEqual(stepsFor(bag, first).map((s) => s.type), ['transport.delivered', 'transport.handed_over'])
  const given = moves.handedOn(first, at, uuid(17), [bag], { ...ctx(16), to: depot.party, site: depot.site, reservation: '' })
  assert.deepEqual(given.data, { to: depot.party, to_site: depot.site })
  bag = apply(bag, given)
  assert.deepEqual(stepsFor(bag, depot).map((s) => [s.type, s.refs]), [['batch.received', uuid(17)]])
  const told = readHandOver(handOver(given, () => bag)[0])
  assert.deepEqual([told.type, told.event, told.manifest, takes[told.type]], ['depot', uuid(17), uuid(30), 'batch.received'])
  bag = apply(bag, events.received(depot, at, uuid(18), [bag], [uuid(17)], { place: '中转棚' }))
  assert.deepEqual([bag.stage, bag.custodian, bag.manifest], ['at_point', depot.party, uuid(30)])
  const on = moves.handedOn(depot, at, uuid(19), [bag], { ...ctx(18), to: last.party })
  assert.equal(readHandOver(handOver(on, () => bag)[0]).type, 'transport.handed_over')
  bag = apply(bag, on)
  assert.equal(stepsFor(bag, last)[0].type, 'transport.collected')
  assert.deepEqual(stepsFor(bag, depot).map((s) => s.type), ['transport.handed_over'], 'to somebody else, as nobody came')
})

test('what was refused goes back to the consignor', () => {
  const bag = { id: uuid(11), grams: 900, stage: 'refused', custodian: first.party, consignor: uuid(1), manifest: uuid(30), next: [{ type: 'transport.returned', party: first.party, refs: uuid(17) }] }
  assert.equal(stepsFor(bag, first)[0].type, 'transport.returned')
  const e = moves.returned(first, at, uuid(18), [bag], { ...ctx(17), vehicle: '冀F00001' })
  const there = apply(bag, e)
  assert.deepEqual([there.stage, stepsFor(there, { party: uuid(1) })[0].type], ['returned', 'batch.received'])
  assert.equal(takes[readHandOver(handOver(e, () => bag)[0]).type], 'batch.received')
  assert.equal(apply(there, events.received({ party: uuid(1), site: uuid(2) }, at, uuid(19), [there], [uuid(18)])).manifest, undefined)
})

test('an incident takes what is gone, and names what is only concerned', () => {
  const e = moves.mishap(first, at, uuid(40), [{ id: uuid(11), head: 'ab', grams: 300 }, { id: uuid(12) }], { kind: 'spill', place: '路口', measures: '吸附', code: '', told: '' })
  assert.deepEqual(e.batches, [{ id: uuid(11), seen: 'ab', grams: 300 }, { id: uuid(12), seen: null }])
  assert.deepEqual(e.data, { kind: 'spill', place: '路口', measures: '吸附' })
  assert.deepEqual([apply({ id: uuid(11), stage: 'in_transit', grams: 900 }, e)].map((b) => [b.stage, b.grams]), [['in_transit', 600]])
  assert.equal(apply({ id: uuid(11), stage: 'in_transit', grams: 300 }, e).stage, 'lost')
  assert.deepEqual([apply({ id: uuid(12), stage: 'stored', grams: 5 }, e)].map((b) => [b.stage, b.grams]), [['stored', 5]])
  assert.ok(!('batches' in moves.mishap(first, at, uuid(41), [], { kind: 'found', place: 'x', measures: '无', code: '900-249-08' })), 'where no batch is known there is no line')
})

test('when it happened', () => {
  const now = new Date('2026-03-02T08:30:40')
  assert.equal(whenOf('', now).at, now)
  assert.equal(whenOf('2026-03-02T08:30', now).at.getMinutes(), 30)
  assert.equal(whenOf('2026-03-02T08:31', now).error, 'future')
  assert.equal(whenOf('2026-01-01T08:31', now).error, 'old')
  assert.equal(whenOf('yesterday', now).error, 'form')
})
