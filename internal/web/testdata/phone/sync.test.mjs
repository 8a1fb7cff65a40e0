import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pullBags } from '../../assets/phone/sync.js'
import { memory } from './dom.mjs'

const me = { role: 'driver', party: 'p', person: 'x' }

// serving answers the lists with these items, and a batch with its view; meanwhile is what happens
// on the phone between the question and the answer.
function serving(items, { meanwhile, views = {} } = {}) {
  globalThis.fetch = async (path) => {
    await meanwhile?.(path)
    const value = path.startsWith('/v1/batches/') ? views[path.slice(12)] : path.startsWith('/v1/worklist') ? { items: path.includes('list=moving') ? items : [] } : { names: {} }
    return { ok: true, status: 200, headers: new Map(), text: async () => JSON.stringify(value) }
  }
}

const phone = async (...bags) => {
  const app = { me, db: memory(), queue: { list: () => app.db.all('events') } }
  for (const b of bags) await app.db.put('bags', b)
  return app
}

test('what is signed and sent while the lists are read is not taken for gone', async () => {
  const app = await phone({ id: 'old', seq: 3, stage: 'in_transit' })
  let asked = 0
  serving([], { meanwhile: async (path) => {
    if (path.startsWith('/v1/worklist') && asked++ === 0) await app.db.put('bags', { id: 'new', seq: 9, local: true, stage: 'in_transit' }) // signed, sent and answered
  } })
  await pullBags(app)
  assert.equal((await app.db.get('bags', 'new')).gone, undefined)
  assert.equal((await app.db.get('bags', 'old')).gone, true, 'what is in no list has moved on')
})

test('a bag that was taken for gone is back when a list has it', async () => {
  const app = await phone({ id: 'a', seq: 9, gone: true })
  serving([{ id: 'a', seq: 9 }], { views: { a: { id: 'a', seq: 9, stage: 'in_transit', grams: 5 } } })
  await pullBags(app)
  const a = await app.db.get('bags', 'a')
  assert.equal(a.gone, undefined)
  assert.equal(a.stage, 'in_transit')
})

test('what is signed while a bag is read stays as it was signed', async () => {
  const app = await phone({ id: 'a', seq: 2, at: 't1', stage: 'stored' })
  serving([{ id: 'a', seq: 4 }], {
    views: { a: { id: 'a', seq: 4, stage: 'stored', last_at: 't0' } },
    meanwhile: async (path) => path.startsWith('/v1/batches/') && app.db.put('bags', { id: 'a', seq: 2, at: 't2', stage: 'released', local: true }),
  })
  await pullBags(app)
  assert.equal((await app.db.get('bags', 'a')).stage, 'released')
})
