import assert from 'node:assert/strict'
import { test } from 'node:test'
import { announced, earlier, faults, listHash, listText, quarterOf, readIDs } from '../../assets/phone/fairdraw.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const me = { party: uuid(1), site: uuid(2), person: uuid(3) }
const good = { period: '2026-Q4', sites: [uuid(5), uuid(6)], people: [uuid(7), uuid(8)], wrong: [], drawSites: 1, drawPeople: 2, size: 150, round: 1, reason: '', list: 'a'.repeat(64) }

test('the order in which a list comes changes nothing', async () => {
  assert.equal(listText([uuid(6), uuid(5)], [uuid(8), uuid(7)]), `{"sites":["${uuid(5)}","${uuid(6)}"],"people":["${uuid(7)}","${uuid(8)}"]}`)
  assert.equal(await listHash([uuid(6), uuid(5)], [uuid(7)]), await listHash([uuid(5), uuid(6)], [uuid(7)]))
  assert.match(await listHash([uuid(5)], [uuid(7)]), /^[0-9a-f]{64}$/)
})

test('ids as they are pasted', () => {
  assert.deepEqual(readIDs(`${uuid(1)}\n ${uuid(1).toUpperCase()}，x;${uuid(2)}`), { ids: [uuid(1), uuid(2)], wrong: ['x'], twice: 1 })
  assert.deepEqual(readIDs(undefined), { ids: [], wrong: [], twice: 0 })
})

test('what was drawn before', () => {
  const draws = [{ party: me.party, period: '2026-Q4', list: 'x', round: 1 }, { party: me.party, period: '2026-Q3', list: good.list, round: 4 }, { party: uuid(99), period: '2026-Q4', list: good.list, round: 9 }]
  assert.equal(earlier(draws, me.party, '2026-Q4', good.list).round, 5)
  assert.equal(earlier(draws, me.party, '2026-Q4', 'y').round, 2)
  assert.deepEqual(earlier(draws, me.party, '2027-Q1', 'y'), { before: [], round: 1 })
  assert.equal(quarterOf(new Date(2026, 10, 27)), '2026-Q4')
  assert.equal(quarterOf(new Date(2026, 2, 31)), '2026-Q1')
})

test('everything that is wrong is said at once', () => {
  const at = (f, size = 100) => faults({ ...good, ...f }, { size }).map((x) => x.at)
  assert.deepEqual(at({}), [])
  assert.deepEqual(at({ round: 2, reason: '漏列' }), [])
  assert.deepEqual(at({ period: '', sites: [], people: [], wrong: ['x'], drawSites: NaN, drawPeople: 3, round: 2 }, 149), ['period', 'kinds', 'people', 'people', 'draw-sites', 'draw-people', 'ahead', 'reason'])
  assert.deepEqual(at({ drawSites: 3, drawPeople: 0 }), ['draw-sites', 'draw-people'])
  assert.deepEqual(at({ size: 101 }), ['ahead'])
  assert.deepEqual(at({ round: 101, reason: 'x'.repeat(201) }), ['period', 'reason'])
  assert.deepEqual(at({ round: 2, reason: 'a\nb' }), ['reason'])
  assert.deepEqual(at({ period: 'x'.repeat(33) }), ['period'])
})

test('the event', () => {
  const at = '2026-03-02T08:30:00.000+08:00'
  const data = { period: '2026-Q4', list: good.list, sites: 2, people: 2, draw_sites: 1, draw_people: 2, size: 150, round: 1 }
  assert.deepEqual(announced(me, at, uuid(9), { ...good, reason: 'not said in the first round' }), { v: 1, id: uuid(9), type: 'sample.drawn', at, ...me, data })
  assert.deepEqual(announced(me, at, uuid(9), { ...good, round: 2, reason: ' 漏列 ' }).data, { ...data, round: 2, reason: '漏列' })
})
