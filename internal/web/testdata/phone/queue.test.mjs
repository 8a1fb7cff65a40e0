import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { HELD, Queue, REFUSED, SENT, WAITING, count, leafHash } from '../../assets/phone/queue.js'

globalThis.crypto ??= webcrypto // Node 18 keeps it in a drawer

// memory is a database as db.js gives it; each transaction holds whole or not at all.
function memory() {
  const stores = { events: new Map(), bags: new Map(), meta: new Map() }
  return {
    stores,
    async write(names, work) {
      const next = Object.fromEntries(names.map((n) => [n, new Map(stores[n])]))
      work((n) => ({
        put: (v, k = v.id) => next[n].set(k, structuredClone(v)),
        add: (v) => {
          if (next[n].has(v.id)) throw new Error('ConstraintError')
          next[n].set(v.id, structuredClone(v))
        },
        delete: (k) => next[n].delete(k),
      }))
      Object.assign(stores, next)
    },
    async get(n, k) { return structuredClone(stores[n].get(k)) },
    async all(n) { return structuredClone([...stores[n].values()]) },
    async put(n, v, k) { await this.write([n], (s) => s(n).put(v, k)) },
  }
}

// server is a log that knows events by their bytes; it may be away, or cut its answers.
function server() {
  const s = { log: [], away: false, cut: 0, swallow: false, answers: {}, posts: 0 }
  s.post = async (body) => {
    s.posts++
    if (s.away) throw new TypeError('Failed to fetch')
    const lines = body.trim().split('\n').map((jws, i) => {
      const special = s.answers[jws]?.shift()
      if (special) return { line: i + 1, ...special }
      const met = s.log.indexOf(jws)
      if (met < 0) s.log.push(jws)
      const seq = met < 0 ? s.log.length - 1 : met
      return { line: i + 1, status: met < 0 ? 201 : 200, receipt: { seq, recorded_at: 'then', entry: JSON.stringify({ seq }) } }
    })
    if (s.swallow) throw new TypeError('the answer was lost')
    return { ok: true, status: 200, lines: s.cut ? lines.slice(0, s.cut) : lines }
  }
  return s
}

let clock = 1000
const event = (n, batches = []) => ({ id: 'e' + n, jws: 'jws' + n, type: 'batch.generated', at: 't', batches })
function world() {
  const [db, s] = [memory(), server()]
  return { db, s, q: new Queue({ db, post: s.post, now: () => clock++ }) }
}
const states = async (q) => Object.fromEntries((await q.list()).map((e) => [e.id, e.state]))

test('kept before it is sent, sent once the network is back, in the log once', async () => {
  const { db, s, q } = world()
  s.away = true
  await q.add(event(1))
  await q.add(event(2))
  assert.deepEqual(await q.flush(), { kind: 'offline' })
  assert.deepEqual(await states(q), { e1: WAITING, e2: WAITING })
  s.away = false
  const later = new Queue({ db, post: s.post, now: () => clock++ }) // the app was closed and opened
  assert.equal(await later.flush(), null)
  assert.deepEqual(await states(later), { e1: SENT, e2: SENT })
  assert.deepEqual(s.log, ['jws1', 'jws2'])
  await later.flush()
  assert.equal(s.posts, 2, 'what is sent is not sent again')
})

test('a lost answer is asked for again and adds nothing', async () => {
  const { s, q } = world()
  await q.add(event(1))
  s.swallow = true
  await q.flush()
  assert.deepEqual(await states(q), { e1: WAITING })
  assert.deepEqual(s.log, ['jws1'])
  s.swallow = false
  await q.flush()
  assert.deepEqual(await states(q), { e1: SENT })
  assert.deepEqual(s.log, ['jws1'])
})

test('an answer that was cut settles what it says and no more', async () => {
  const { s, q } = world()
  for (let i = 1; i <= 5; i++) await q.add(event(i))
  s.cut = 2
  await q.flush()
  assert.equal(count(await q.list()).sent, 2)
  s.cut = 0
  await q.flush()
  assert.deepEqual(count(await q.list()), { waiting: 0, held: 0, refused: 0, sent: 5 })
  assert.equal(s.log.length, 5)
})

test('many go in several uploads; calls at one time share one', async () => {
  const { s, q } = world()
  for (let i = 0; i < 230; i++) await q.add(event(i))
  await Promise.all([q.flush(), q.flush(), q.flush()])
  assert.equal(s.posts, 3)
  assert.equal(new Set(s.log).size, 230)
})

test('who presses Send now asks about what is held at once', async () => {
  const { s, q } = world()
  s.answers = { jws1: [{ status: 409, problem: { kind: 'seen-unknown', retained: true } }] }
  await q.add(event(1))
  await q.flush()
  await q.flush()
  assert.deepEqual(await states(q), { e1: HELD })
  await q.flush(true)
  assert.deepEqual(await states(q), { e1: SENT })
})

test('held, refused and overloaded are told apart', async () => {
  const { s, q } = world()
  s.answers = {
    jws1: [{ status: 409, problem: { kind: 'wrong-stage', retained: true } }],
    jws2: [{ status: 403, problem: { kind: 'key-revoked' } }],
    jws3: [{ status: 503, problem: { kind: 'unavailable' } }, { status: 429, problem: { kind: 'quota-exceeded' } }],
    jws4: [{ status: 409, problem: { kind: 'id-reused' } }],
  }
  for (let i = 1; i <= 5; i++) await q.add(event(i))
  await q.flush()
  assert.deepEqual(await states(q), { e1: HELD, e2: REFUSED, e3: WAITING, e4: REFUSED, e5: SENT })
  await q.flush()
  assert.deepEqual(await states(q), { e1: HELD, e2: REFUSED, e3: WAITING, e4: REFUSED, e5: SENT })
  clock += 60_000
  await q.flush() // what was held is in by now
  assert.deepEqual(await states(q), { e1: SENT, e2: REFUSED, e3: SENT, e4: REFUSED, e5: SENT })
  await q.again('e2')
  await q.flush()
  assert.equal((await states(q)).e2, SENT)
  assert.equal((await q.list()).length, 5, 'nothing signed is deleted')
})

test('an upload that is refused whole leaves everything waiting', async () => {
  const { q } = world()
  q.post = async () => ({ ok: false, status: 429, lines: [], problem: { kind: 'too-many-attempts', retry_after: 9 } })
  await q.add(event(1))
  assert.equal((await q.flush()).kind, 'too-many-attempts')
  assert.deepEqual(await states(q), { e1: WAITING })
})

test('an id is signed once', async () => {
  const { q } = world()
  await q.add(event(1))
  await assert.rejects(q.add({ ...event(1), jws: 'other' }))
  assert.equal((await q.list())[0].jws, 'jws1')
})

test('receipts give the next event what it has seen; an older one takes nothing back', async () => {
  const { db, s, q } = world()
  await q.add(event(1, ['b']), [{ id: 'b', stage: 'generated' }])
  await q.add(event(2, ['b']), [{ id: 'b', stage: 'released' }])
  await q.flush()
  const b = await db.get('bags', 'b')
  assert.equal(b.stage, 'released')
  assert.equal(b.seq, 1)
  assert.equal(b.head, await leafHash('{"seq":1}'))
  await db.put('bags', { ...b, seq: 7, head: 'newer' })
  s.log.unshift('x')
  await q.add(event(3, ['b']))
  await q.flush()
  assert.equal((await db.get('bags', 'b')).head, 'newer')
})

test('random networks: everything arrives once, whatever is cut', async () => {
  let seed = 7
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  for (let round = 0; round < 40; round++) {
    const { s, q } = world()
    let n = 0
    for (let step = 0; step < 30; step++) {
      s.away = random() < 0.3
      s.swallow = random() < 0.2
      s.cut = random() < 0.2 ? 1 + Math.floor(random() * 3) : 0
      if (random() < 0.5) await q.add(event(`${round}-${n++}`))
      await q.flush()
    }
    Object.assign(s, { away: false, swallow: false, cut: 0 })
    await q.flush()
    assert.deepEqual(count(await q.list()), { waiting: 0, held: 0, refused: 0, sent: n })
    assert.equal(s.log.length, n)
    assert.equal(new Set(s.log).size, n)
  }
})
