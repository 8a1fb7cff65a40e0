import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaveAt, rights, uncovered } from '../../assets/phone/leaves.js'
import { byCode, differences, line, over, statesOf, sum } from '../../assets/phone/load.js'

const leave = (x) => ({ event: 'e1', party: 'p', site: 's', from: '2026-03-01T00:00:00.000Z', until: '2026-04-01T00:00:00.000Z', codes: ['900-214-08'], ...x })

test('which authorisation holds at a place', () => {
  const now = Date.parse('2026-03-10T00:00:00.000Z')
  assert.equal(leaveAt(undefined, 's', now), null)
  assert.equal(leaveAt([leave({ site: 'x' }), leave({ from: '2026-03-11T00:00:00.000Z' }), leave({ until: '2026-03-10T00:00:00.000Z' })], 's', now), null)
  assert.equal(leaveAt([leave(), leave({ event: 'e2', codes: ['900-214-08', '900-249-08'] })], 's', now).event, 'e2')
  assert.equal(leaveAt([leave(), leave({ event: 'e3', until: '2026-05-01T00:00:00.000Z' })], 's', now).event, 'e3')
  assert.equal(leaveAt([leave()], 's', Date.parse(leave().from)).event, 'e1', 'from its first moment')
  assert.equal(uncovered(leave(), ['900-214-08']), undefined)
  assert.equal(uncovered(leave(), ['900-214-08', '900-249-08']), '900-249-08')
})

test('by what right a collector may sign now', () => {
  assert.deepEqual(rights({ leave: leave(), party: 'p', online: false, signedIn: true }), ['leave'])
  assert.deepEqual(rights({ leave: leave(), party: 'p', online: true, signedIn: true }), ['leave', 'code'])
  assert.deepEqual(rights({ leave: null, party: 'p', online: true, signedIn: null }), [], 'not known to be signed in')
  assert.deepEqual(rights({ leave: null, party: undefined, online: true, signedIn: true }), [], 'whose place it is nobody said')
  assert.deepEqual(rights({ leave: null, party: 'p', online: false, signedIn: true }), [], 'a code needs the network')
})

test('what is on board', () => {
  const bags = [{ id: 'a', code: '900-214-08', grams: 18000 }, { id: 'b', code: '900-249-08', grams: 20500, packages: 2 }, { id: 'c', code: '900-214-08', grams: 1 }, { id: 'd' }]
  assert.equal(sum(bags), 38501)
  assert.deepEqual(byCode(bags), [{ code: '900-249-08', bags: 2, grams: 20500 }, { code: '900-214-08', bags: 2, grams: 18001 }, { code: '', bags: 1, grams: 0 }])
  assert.equal(over(undefined, 9e9, 1), 0)
  assert.equal(over(1000, 400, 600), 0)
  assert.equal(over(1000, 400, 601), 1)
})

test('differences are named, and the sums are whole grams', () => {
  const loaded = [{ id: 'a', loaded: 18000, grams: 18000, label: 'L', code: 'c' }, { id: 'b', grams: 500 }]
  assert.deepEqual(differences(loaded, [{ id: 'a', grams: 17900, label: 'L', code: 'c' }, { id: 'b', grams: 500 }]), { loaded: 18500, unloaded: 18400, lines: [{ id: 'a', label: 'L', code: 'c', from: 18000, to: 17900 }] })
  assert.deepEqual(differences(loaded, loaded).lines, [])
})

test('the line of a trip', () => {
  const stops = [{ site: 'a', status: 'collected' }, { site: 'b', status: 'waiting' }, { site: 'c', status: 'waiting' }, { site: 'd', status: 'waiting' }, { site: 'e', status: 'skipped' }]
  assert.deepEqual(statesOf(stops, { b: '无人' }, new Set()), ['done', 'skipped', 'next', 'waiting', 'skipped'])
  assert.deepEqual(statesOf(stops, {}, new Set(['b', 'c', 'd'])), ['done', 'done', 'done', 'done', 'skipped'])
  const dots = line(Array(8).fill('waiting'), 300, 6)
  assert.deepEqual(dots.map((d) => [d.x, d.y]).slice(4), [[225, 28], [275, 28], [275, 84], [225, 84]], 'the second row runs back')
  assert.deepEqual(line([]), [])
})
