import assert from 'node:assert/strict'
import { test } from 'node:test'

// The modules of pages want a document when they are loaded, and nothing of it here.
globalThis.document = { getElementById: () => ({ replaceChildren() {} }), createElement: () => ({ append() {}, setAttribute() {}, addEventListener() {} }) }
globalThis.location = { hash: '', host: 'x', origin: 'x' }
globalThis.addEventListener = () => {}
globalThis.indexedDB = { open: () => ({}) }
const { counted, profileOf, withCount } = await import('../../assets/phone/ways.js')
const { order } = await import('../../assets/phone/partners.js')

test('the kind of manifest follows from the waste and the way', () => {
  const depot = { collects: true }
  assert.equal(profileOf(['841-001-01', '831-002-01'], depot), 'medical')
  assert.equal(profileOf(['841-001-01', '900-214-08'], {}), null, 'medical and other waste do not go together')
  assert.equal(profileOf(['900-214-08'], depot, ['generator']), 'small-source')
  assert.equal(profileOf(['900-214-08'], depot, ['collector', 'generator']), 'hazardous', 'from depot to depot')
  assert.equal(profileOf(['900-214-08'], {}), 'hazardous')
  assert.equal(profileOf(['900-052-31'], depot), 'battery')
  assert.equal(profileOf(['900-052-31', '900-214-08'], depot), 'small-source')
  assert.equal(profileOf(['267-001-15'], depot), 'hazardous', 'what small sources may not hand over so')
  assert.equal(profileOf(['900-214-08'], { profile: 'hazardous', collects: true }), 'hazardous', 'as the last load went')
  assert.equal(profileOf(['900-214-08'], { profile: 'medical' }), 'hazardous', 'not as the last load of other waste')
  assert.equal(profileOf([undefined], {}), 'hazardous')
  assert.deepEqual(['small-source', 'battery', 'medical', 'hazardous'].map(counted), [true, true, false, false])
  assert.deepEqual(withCount([{ code: '900-214-08' }, { code: '841-001-01' }, {}, { code: '900-214-08', packages: 3 }]).map((b) => b.packages), [1, undefined, undefined, 3])
})

test('worked with last, then an agreement, then the rest; each once', () => {
  const x = (id, agreed, ...roles) => ({ id, agreed, roles })
  const list = [x('c', false, 'carrier'), x('a', true, 'carrier', 'collector'), x('b', false, 'carrier'), x('o', true, 'operator'), x('b', false, 'carrier')]
  assert.deepEqual(order(list, ['b'], ['carrier']).map((p) => p.id), ['b', 'a', 'c'])
  assert.deepEqual(order(list, [], ['operator', 'collector']).map((p) => p.id), ['a', 'o'])
  assert.deepEqual(order(list, ['zz']).map((p) => p.id), ['a', 'o', 'c', 'b'])
})
