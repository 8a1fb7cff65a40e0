import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import vm from 'node:vm'
import { heard, keepAll, kept, keptWords } from '../../assets/phone/kept.js'

const source = readFileSync(new URL('../../assets/phone/worker.js', import.meta.url), 'utf8')
const first = ['/m/', '/m/a/V/start.js']
const files = [...first, '/m/a/V/gate.js', '/m/a/V/treat.js', '/m/a/V/ward.js']

// net is the server: it can be away, or lack a file.
const net = () => ({ away: false, asked: [], lacks: new Set() })

// phone is a browser's caches, which outlive versions and restarts of the worker.
function phone(n) {
  const stores = new Map()
  const get = async (path) => {
    n.asked.push(path)
    if (n.away || n.lacks.has(path)) throw new TypeError('Failed to fetch')
    return new Response(path)
  }
  const path = (r) => new URL(r.url ?? r, 'https://x.test').pathname
  const open = async (name) => {
    if (!stores.has(name)) stores.set(name, new Map())
    const c = stores.get(name)
    return {
      addAll: async (rs) => { const all = await Promise.all(rs.map(async (r) => [path(r), await get(path(r))])); for (const [k, v] of all) c.set(k, v) },
      add: async (r) => c.set(path(r), await get(path(r))),
      put: async (k, v) => c.set(path(k), v),
      match: async (k) => c.get(path(k))?.clone(),
      keys: async () => [...c.keys()].map((k) => ({ url: 'https://x.test' + k })),
    }
  }
  return { stores, get, caches: { open, keys: async () => [...stores.keys()], delete: async (k) => stores.delete(k) } }
}

function worker(p, version = 'V') {
  const heardOf = {}
  const told = []
  let skipped = false
  const self = { addEventListener: (type, f) => { heardOf[type] = f }, skipWaiting: async () => { skipped = true }, clients: { claim: async () => {}, matchAll: async () => [{ postMessage: (m) => told.push(m) }] } }
  const text = source.replace('["{{first}}"]', JSON.stringify(first)).replace('["{{files}}"]', JSON.stringify(files)).replaceAll('{{version}}', version)
  vm.runInNewContext(text, { self, caches: p.caches, location: { origin: 'https://x.test' }, URL, Response, Promise, Set, Request: class { constructor(url) { this.url = 'https://x.test' + url } }, fetch: async (r) => p.get(new URL(r.url).pathname) })
  const run = async (type, e = {}) => {
    let work
    heardOf[type]({ ...e, waitUntil: (w) => { work = w }, respondWith: (w) => { work = w } })
    return work
  }
  return { run, told, skipped: () => skipped, open: (at) => run('fetch', { request: { method: 'GET', url: 'https://x.test' + at } }) }
}

test('a first visit keeps what the first page needs, and all of it when the phone is idle', async () => {
  const n = net()
  const p = phone(n)
  const w = worker(p)
  await w.run('install')
  assert.deepEqual(n.asked, first, 'no more than the first page needs')
  await w.run('activate')
  await w.run('message', { data: 'other' })
  assert.equal(n.asked.length, 2)
  await w.run('message', { data: 'keep' })
  assert.deepEqual({ ...w.told.at(-1) }, { here: 5, of: 5, failed: false })
  n.away = true
  for (const f of files) assert.equal(await (await w.open(f)).text(), f, f + ' without network')
  assert.equal(await w.open('/v1/events'), undefined, 'what is not the app’s is none of its business')
  const asked = n.asked.length
  await worker(p).run('message', { data: 'keep' })
  assert.equal(n.asked.length, asked, 'what is here is not fetched again')
})

test('what was cut off, or thrown away by the browser, is fetched when asked again', async () => {
  const n = net()
  const p = phone(n)
  const w = worker(p)
  await w.run('install')
  n.lacks.add('/m/a/V/treat.js')
  await w.run('message', { data: 'keep' })
  assert.deepEqual({ ...w.told.at(-1) }, { here: 3, of: 5, failed: true })
  n.lacks.clear()
  await w.run('message', { data: 'keep' })
  assert.deepEqual({ ...w.told.at(-1) }, { here: 5, of: 5, failed: false })
  p.stores.get('liandan-phone-V').delete('/m/a/V/gate.js')
  await w.run('message', { data: 'keep' })
  assert.equal(await (await w.open('/m/a/V/gate.js')).text(), '/m/a/V/gate.js')
})

test('a later version is kept whole before it takes over, for the phone may be without network then', async () => {
  const n = net()
  const p = phone(n)
  const old = worker(p, 'U')
  await old.run('install')
  await old.run('message', { data: 'keep' })
  n.lacks.add('/m/a/V/ward.js')
  await assert.rejects(worker(p).run('install'), /fetch/, 'in part it does not become the app')
  n.lacks.clear()
  const w = worker(p)
  await w.run('install')
  assert.equal(w.skipped(), false, 'it waits until no page uses the old one')
  n.away = true
  assert.equal(await (await w.open('/m/a/V/ward.js')).text(), '/m/a/V/ward.js')
  await w.run('activate')
  assert.deepEqual([...p.stores.keys()], ['liandan-phone-V'])
})

test('an old version that was never whole gives way at once', async () => {
  const p = phone(net())
  await worker(p, 'U').run('install')
  const w = worker(p)
  await w.run('install')
  assert.equal(w.skipped(), true)
})

test('the app says when it can be used without network', async () => {
  const container = { ready: Promise.resolve({ active: { postMessage: (m) => container.asked.push(m) } }), asked: [] }
  let drawn = 0
  await keepAll(container, () => drawn++)
  assert.deepEqual(container.asked, ['keep'])
  container.onmessage({ data: { here: 2, of: 5, failed: false } })
  assert.deepEqual([kept.state, keptWords()[0]], ['keeping', '正在存到本机 2/5，请先保持联网'])
  heard({ here: 3, of: 5, failed: true })
  assert.equal(kept.state, 'failed')
  container.onmessage({ data: { here: 5, of: 5, failed: false } })
  assert.deepEqual([keptWords(), drawn], [['可离线使用', 'Ready for offline'], 2])
  await keepAll(undefined, () => {})
  assert.match(keptWords()[0], /不能离线使用/)
})
