import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asked, byCorrection } from '../../assets/phone/offers.js'
import { mendable, missing, moved, proposals, standing } from '../../assets/phone/mend.js'
import * as moves from '../../assets/phone/moves.js'
import { taken } from '../../assets/phone/repack.js'
import { apply, stepsFor } from '../../assets/phone/world.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const me = { party: uuid(1), site: uuid(2), person: uuid(3) }
const at = '2026-03-02T08:30:00.000+08:00'

test('which fields of an entry may be mended, and of which batches they speak', () => {
  const e = { batches: [{ id: uuid(11), seen: null, grams: 5, packages: 1 }, { id: uuid(12), seen: null, grams: 6 }], data: { vehicle: '冀F00001', measured: 'weighed', behalf: { party: uuid(4) } } }
  const got = mendable(e, ['/batches/*/grams', '/batches/*/packages', '/data/vehicle', '/data/permit', '/data/behalf/party', '/data/unheard'])
  assert.deepEqual(got.map((f) => [f.pointer, f.value, f.batches.length]), [['/batches/0/grams', 5, 1], ['/batches/1/grams', 6, 1], ['/batches/0/packages', 1, 1], ['/data/vehicle', '冀F00001', 2]])
  assert.deepEqual(mendable({ data: { reason: 'x' } }, ['/data/reason']), [], 'what belongs to no batch is in no chain')
})

test('what was mended already is what stands; each load of batches has a correction of its own', () => {
  const fields = [{ pointer: '/batches/0/grams', value: 5, batches: [uuid(11)] }, { pointer: '/batches/0/packages', value: 1, batches: [uuid(11)] }, { pointer: '/data/vehicle', value: 'a', batches: [uuid(11), uuid(12)] }]
  const c = (refs, parties, to) => ({ refs: [refs], data: { parties, changes: [{ pointer: '/batches/0/grams', old: 5, new: to }] } })
  assert.equal(standing(fields, uuid(50), [c(uuid(50), [], 7), c(uuid(50), [uuid(9)], 8), c(uuid(51), [], 9)])[0].value, 7)
  const out = proposals(fields.map((f) => ({ ...f, now: 'n' })))
  assert.deepEqual(out.map((x) => [x.batches.length, x.changes.map((y) => y.old)]), [[1, [5, 1]], [2, ['a']]])
  const e = moves.correction(me, at, uuid(60), { id: uuid(50), manifest: uuid(30) }, [{ id: uuid(11), head: 'ab' }], { changes: out[0].changes, parties: [], reason: '看错', until: at })
  assert.deepEqual([e.manifest, e.refs, e.batches, e.data.parties], [uuid(30), [uuid(50)], [{ id: uuid(11), seen: 'ab' }], []])
  assert.ok(!('manifest' in moves.correction(me, at, uuid(60), { id: uuid(50) }, [], { changes: [], parties: [], reason: 'x', until: at })))
})

test('what a dry run says is read', () => {
  const errors = [{ pointer: '/data/parties', code: 'missing', detail: `must name party ${uuid(9)}` }, { pointer: '/data/changes/1/old', code: 'changed', detail: 'the field says 1250' },
    { pointer: '/data/changes/0/old', code: 'changed', detail: 'the field says "冀F"' }, { pointer: '/data/changes/2/old', code: 'changed', detail: 'the field says {' }, { code: 'x', detail: 'y' }]
  assert.deepEqual(missing(errors), [uuid(9)])
  assert.deepEqual(moved(errors), [[1, 1250], [0, '冀F']])
})

test('packing over neither adds nor loses', () => {
  const two = [{ grams: 3 }, { grams: 4 }]
  assert.deepEqual(taken(two, 7), { grams: [3, 4], rest: 0 })
  assert.deepEqual(taken(two, 8), { error: 'more', by: 1 })
  assert.deepEqual(taken(two, 6), { error: 'less', by: 1 })
  assert.deepEqual(taken([{ grams: 5 }], 2), { grams: [2], rest: 3 })
  const parent = { id: uuid(11), grams: 5, stage: 'stored', code: '841-001-01', custodian: me.party, closed: '2026-03-01T00:00:00Z' }
  const e = moves.repacked(me, at, uuid(70), [{ ...parent, grams: 2 }], { children: [{ id: uuid(80), grams: 2, code: '841-001-01', form: 'S', packaging: 'bag', packages: 1, container: '' }] })
  assert.deepEqual(e.data.children, [{ id: uuid(80), grams: 2, code: '841-001-01', form: 'S', packaging: 'bag', packages: 1 }])
  const left = apply(parent, e)
  assert.deepEqual([left.stage, left.grams], ['stored', 3])
  assert.equal(apply({ ...parent, grams: 2 }, e).stage, 'repacked')
  const born = apply({ id: uuid(80), stage: 'stored', closed: parent.closed }, e)
  assert.deepEqual([born.stage, born.grams, born.closed, born.custodian], ['stored', 2, parent.closed, me.party], 'its clock goes on')
  assert.ok(stepsFor(born, me).some((s) => s.type === 'batch.repacked'))
})

test('which corrections wait for whose answer', () => {
  const c = { id: uuid(90), status: 'open', parties: [uuid(1), uuid(2)], agreed: [uuid(2)], until: '2026-03-10T00:00:00Z', manifest: uuid(30) }
  const bags = [{ id: uuid(11), corrections: [c] }, { id: uuid(12), head: 'ab', corrections: [c, { ...c, id: uuid(91), status: 'declined' }] }, { id: uuid(13) }]
  const now = Date.parse('2026-03-02T00:00:00Z')
  assert.deepEqual(byCorrection(bags, uuid(1), now).map((x) => [x.c.id, x.bags.length]), [[uuid(90), 2]])
  assert.deepEqual([asked(bags[0], uuid(2), now), asked(bags[0], uuid(3), now), asked(bags[0], uuid(1), now + 30 * 86_400_000)], [[], [], []])
  const e = moves.agreed(me, at, uuid(95), c, bags.slice(0, 2), '')
  assert.deepEqual([e.type, e.manifest, e.refs, e.batches, e.data], ['correction.agreed', uuid(30), [uuid(90)], [{ id: uuid(11), seen: null }, { id: uuid(12), seen: 'ab' }], {}])
  assert.deepEqual(moves.declined(me, at, uuid(96), c, bags.slice(0, 1), '数不对').data, { reason: '数不对' })
  assert.deepEqual(apply(bags[0], e).corrections, [])
})
