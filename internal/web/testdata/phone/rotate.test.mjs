import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { unb64u } from '../../assets/phone/bytes.js'
import { daysLeft, due, handOver, rotate } from '../../assets/phone/rotate.js'
import { makeKey } from '../../assets/phone/sign.js'

globalThis.crypto ??= webcrypto
globalThis.location = { host: 'pages.sample.test' }

const now = Date.parse('2026-03-02T00:00:00.000Z')
const ends = (days, life) => ({ valid_to: new Date(now + days * 86_400_000).toISOString(), ...(life ? { valid_from: new Date(now + (days - life) * 86_400_000).toISOString() } : {}) })

test('a key is renewed in time, and not when it is over', () => {
  assert.deepEqual([due(null, now), due({}, now), due(ends(30), now), due(ends(13), now), due(ends(0.01), now), due(ends(0), now), due(ends(-1), now)], [false, false, false, true, true, false, false])
  assert.deepEqual([due(ends(11, 30), now), due(ends(9, 30), now)], [false, true], 'a short one in its last third')
  assert.deepEqual([daysLeft({}, now), daysLeft(ends(2.5), now), daysLeft(ends(-0.5), now)], [Infinity, 2, -1])
})

const told = (jws) => JSON.parse(new TextDecoder().decode(unb64u(jws.split('.')[1])))
const head = (jws) => JSON.parse(new TextDecoder().decode(unb64u(jws.split('.')[0])))

test('the old key signs for the new one, which proves itself', async () => {
  const [old, next] = [await makeKey(), await makeKey()]
  const jws = await handOver(old, next, '2026-03-02T08:00:00.000+08:00')
  assert.deepEqual(head(jws), { alg: old.alg, kid: old.kid, typ: 'liandan-rotation' })
  const { jwk, proof, at } = told(jws)
  assert.deepEqual([jwk, at], [next.jwk, '2026-03-02T08:00:00.000+08:00'])
  assert.deepEqual([head(proof), told(proof)], [{ alg: next.alg, kid: next.kid, typ: 'liandan-enrolment' }, { challenge: old.kid }])
})

// store is the phone's, in memory.
function store() {
  const kept = new Map()
  return {
    kept,
    get: async (_, k) => kept.get(k),
    put: async (_, v, k) => void kept.set(k, v),
    drop: async (_, k) => void kept.delete(k),
    write: async (_, work) => work(() => ({ put: (v, k) => kept.set(k, v), delete: (k) => kept.delete(k) })),
  }
}

const answer = (status, body) => ({ ok: status < 300, status, type: 'basic', text: async () => JSON.stringify(body) })

test('a lost answer loses no key', async () => {
  const [db, old] = [store(), { ...(await makeKey()), party: 'p', person: 'q', device: '样例 SAMPLE' }]
  const asked = []
  globalThis.fetch = async (path, { body, headers }) => {
    asked.push([path, body && told(body).jwk.x])
    if (asked.length === 1) throw new TypeError('cut') // done there, and never heard of here
    return path === '/m/hello' && headers.authorization ? answer(200, { valid_from: '2026-03-02T00:00:00.000Z', valid_to: '2027-03-02T00:00:00.000Z' }) : answer(409, { kind: 'conflict' })
  }
  await assert.rejects(rotate(db, old), (err) => err.kind === 'offline')
  const waiting = db.kept.get('nextKey')
  assert.ok(waiting && !db.kept.get('key'), 'the old key goes on, the new one is kept')
  const key = await rotate(db, old)
  assert.deepEqual([key.kid, key.party, key.person, key.device, key.valid_to], [waiting.kid, 'p', 'q', '样例 SAMPLE', '2027-03-02T00:00:00.000Z'])
  assert.deepEqual([db.kept.get('key').kid, db.kept.has('nextKey')], [key.kid, false])
  assert.equal(asked[0][1], asked[1][1], 'the same new key')
})

test('refused for good, and only for now', async () => {
  const [db, old] = [store(), await makeKey()]
  for (const [status, kind, stays] of [[503, 'unavailable', true], [422, 'invalid-request', true], [403, 'key-revoked', false]]) {
    globalThis.fetch = async () => answer(status, { kind })
    await assert.rejects(rotate(db, old), (err) => err.kind === kind)
    assert.equal(db.kept.has('nextKey'), stays, kind)
    assert.ok(!db.kept.has('key'))
  }
  // Another device has the successor: this one's new key is unknown there.
  globalThis.fetch = async (path) => (path === '/m/hello' ? answer(401, { kind: 'unauthorized' }) : answer(409, { kind: 'conflict' }))
  await assert.rejects(rotate(db, old), (err) => err.kind === 'conflict')
  assert.ok(!db.kept.has('nextKey'))
})
