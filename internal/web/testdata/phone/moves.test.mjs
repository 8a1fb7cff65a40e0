import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanned } from '../../assets/phone/bytes.js'
import * as events from '../../assets/phone/events.js'
import * as moves from '../../assets/phone/moves.js'
import { apply, clockOf, handOver, readHandOver, stepsFor } from '../../assets/phone/world.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const plant = { party: uuid(1), site: uuid(2), person: uuid(3), orgRoles: ['operator'] }
const carrier = { party: uuid(20), site: uuid(21), person: uuid(22) }
const at = '2026-03-02T08:30:00.000+08:00'
const delivered = (n, grams) => ({ id: uuid(n), grams, code: '841-001-01', stage: 'delivered', custodian: carrier.party, manifest: uuid(30), head: 'ab'.repeat(32),
  next: [{ type: 'manifest.accepted', party: plant.party, refs: uuid(17) }, { type: 'manifest.refused', party: plant.party, refs: uuid(17) }] })

test('a load at the gate: whole, in part with a rest, refused; then stored, treated, reported', () => {
  const bags = [delivered(11, 2500), delivered(12, 800), delivered(13, 900)]
  assert.deepEqual(stepsFor(bags[0], plant).map((s) => s.type), ['manifest.accepted', 'manifest.refused'])
  assert.deepEqual(stepsFor(bags[0], carrier), [])
  const lines = [{ ...bags[0], grams: 2480, verdict: 'whole' }, { ...bags[1], grams: 500, refused: 300, verdict: 'part', reason: '渗漏', rest: uuid(40), packages: 1 }]
  const e = moves.accepted(plant, at, uuid(50), lines, { manifest: uuid(30), refs: [uuid(17)], measured: 'weighed', scale: '' })
  assert.deepEqual(e.batches, [
    { id: uuid(11), seen: 'ab'.repeat(32), grams: 2480, verdict: 'whole' },
    { id: uuid(12), seen: 'ab'.repeat(32), grams: 500, packages: 1, verdict: 'part', refused_grams: 300, reason: '渗漏', rest: uuid(40) },
  ])
  assert.deepEqual(e.data, { measured: 'weighed' })
  let bag = apply(bags[0], e)
  assert.deepEqual([bag.stage, bag.grams, bag.custodian, bag.site], ['accepted', 2480, plant.party, plant.site])
  assert.equal(stepsFor(bag, plant)[0].type, 'batch.stored')
  assert.ok(!stepsFor(bag, { ...plant, orgRoles: ['collector'] }).some((s) => s.type === 'batch.treated'), 'a collector treats nothing')
  const rest = apply({ id: uuid(40), custodian: carrier.party }, e)
  assert.deepEqual([rest.stage, rest.grams, rest.next[0].party, rest.next[0].type], ['refused', 300, carrier.party, 'transport.returned'])
  const no = moves.refused(plant, at, uuid(51), [{ ...bags[2], reason: '标签缺失' }], { manifest: uuid(30), refs: [uuid(17)], measured: 'weighed' })
  assert.equal(apply(bags[2], no).stage, 'refused')

  bag = apply(bag, events.stored(plant, at, uuid(52), [bag], { place: '一号库' }))
  assert.equal(stepsFor(bag, plant)[0].type, 'batch.treated', 'in a plant the next thing is the treatment')
  assert.equal(clockOf({ ...bag, closed: at }, { limit_ms: 1, categories: ['HW01'], stages: ['stored'], bands: [] }, 0), null, 'the two days are the hospital’s')
  const half = moves.treated(plant, at, uuid(53), [{ ...bag, grams: 1000, residue: 120 }], { method: 'D10', residues: [{ id: uuid(60), grams: 120, code: '772-003-18', form: 'S', packaging: 'bag', label: undefined }] })
  assert.deepEqual(half.batches, [{ id: uuid(11), seen: 'ab'.repeat(32), grams: 1000, residue_grams: 120 }])
  assert.deepEqual(half.data, { method: 'D10', residues: [{ id: uuid(60), grams: 120, code: '772-003-18', form: 'S', packaging: 'bag' }] })
  bag = apply(bag, half)
  assert.deepEqual([bag.stage, bag.grams], ['stored', 1480])
  const ash = apply({ id: uuid(60) }, half)
  assert.deepEqual([ash.stage, ash.grams, ash.code, ash.custodian], ['generated', 120, '772-003-18', plant.party])
  bag = apply(bag, moves.treated(plant, at, uuid(54), [{ ...bag, residue: 0 }], { method: 'D10', residues: [] }))
  assert.deepEqual([bag.stage, bag.grams, stepsFor(bag, plant)[0].refs], ['treated', 0, uuid(54)])
  assert.equal(apply(bag, moves.reported(plant, at, uuid(55), [bag], { manifest: uuid(30), refs: [uuid(54)], result: '处置完成' })).stage, 'reported')
})

test('residue is shared to the gram, and never more than went in', () => {
  assert.deepEqual(moves.shares(10, [1, 1, 1]), null)
  assert.deepEqual(moves.shares(3, [1, 1, 1]), [1, 1, 1])
  assert.deepEqual(moves.shares(0, [5]), [0])
  for (const [total, grams] of [[100, [333, 333, 334]], [7, [1, 1, 1_000_000_000]], [999_999_999, [1_000_000_000, 999_999_999]], [2, [1, 1, 1]]]) {
    const parts = moves.shares(total, grams)
    assert.equal(parts.reduce((n, g) => n + g, 0), total)
    parts.forEach((g, i) => assert.ok(g >= 0 && g <= grams[i], `${parts} of ${grams}`))
  }
})

test('a difference against the tolerance, rounded down as on the server', () => {
  const t = { permille: 10, grams: 0, estimate_permille: 200 }
  assert.deepEqual(moves.compare(2500, 2480, t), { grams: -20, limit: 25, permille: 10, within: true })
  assert.equal(moves.compare(2500, 2474, t).within, false)
  assert.equal(moves.compare(99, 100, t).within, false, 'the tenth of a gram is no gram')
  assert.equal(moves.compare(2500, 2100, t, true).within, true)
})

test('a manifest is read from its page and by its number', () => {
  assert.deepEqual(scanned(`https://x.test/inspect/manifest/${uuid(30)}`), { kind: 'manifest', code: uuid(30) })
  assert.deepEqual(scanned(' 20261306000123 '), { kind: 'number', code: '20261306000123' })
  for (const bad of ['https://x.test/inspect/manifest/1', '19991306000123', '2026130600012']) assert.equal(scanned(bad).kind, 'other', bad)
})

test('a driver’s delivery code says which load, and whose event the gate answers', () => {
  const e = events.delivered(carrier, at, uuid(17), [delivered(11, 2500)], { manifest: uuid(30), refs: [uuid(16)], vehicle: '冀F00001' })
  const [code] = handOver(e, () => delivered(11, 2500))
  const told = readHandOver(code)
  assert.deepEqual([told.type, told.event, told.manifest, told.lines[0].grams], ['transport.delivered', uuid(17), uuid(30), 2500])
})
