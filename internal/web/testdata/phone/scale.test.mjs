import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lines, Steady, reading, weightMeasurement } from '../../assets/phone/scale.js'

test('the usual lines of scales', () => {
  for (const [line, want] of [
    ['ST,GS,+  12.345kg', { grams: 12345, stable: true }],
    ['ST,NT,+00012.50 kg', { grams: 12500, stable: true }],
    ['US,GS,+  12.345kg', { grams: 12345, stable: false }],
    ['ST,GS,     875 g', { grams: 875, stable: true }],
    ['ST,GS,+ 0.0005t', { grams: 500, stable: true }],
    ['S S      12.345 kg', { grams: 12345, stable: true }],
    ['S D      12.3 kg', { grams: 12300, stable: false }],
    ['  12.5 kg', { grams: 12500 }],
    ['+0012.500kg G', { grams: 12500 }],
    ['GS: 7.25 KG', { grams: 7250 }],
    ['ST,GS,-   0.000kg', { grams: 0, stable: true }],
    ['ST,GS,+  12.3450kg', { grams: 12345, stable: true }],
    ['ST,GS,+1000000.000kg', { grams: 1000000000, stable: true }],
  ]) assert.deepEqual(reading(line), want, line)
})

test('what is not to be taken says why', () => {
  for (const [line, error] of [['OL,GS,+ 99.999kg', 'range'], ['OL', 'range'], ['S +', 'range'], ['S I', 'range'], ['ST,GS,-   1.250kg', 'negative'], ['ST,GS,+12.3456kg', 'fine'],
    ['ST,GS,+12.5g', 'fine'], ['ST,GS,+1000000.001kg', 'much'], ['ST,GS,+999999999t', 'much'], ['ST,GS,+12.5lb', 'unit'], ['ST,GS,+ 12.5 jin', 'unit']]) assert.deepEqual(reading(line), { error }, line)
})

test('hostile lines are no readings', () => {
  for (const line of ['', ' ', '12.5', 'ST,GS,+12.5', '1e5kg', 'NaN kg', 'Infinitykg', '0x12kg', '12,5kg', '１２.５kg', '12.5kg; drop', 'ST,GS,+12.5kgST,GS,+99kg', '12..5kg', '.5kg', '5.kg', '--5kg', '+-5kg', '12.5kg\u0000', '<b>12</b>kg',
    'XX,GS,+12.5kg', 'ST,XX,+12.5kg', 'kg', '+kg', '1'.repeat(100) + 'kg', ' '.repeat(70) + '1kg', '12.5 k g', 'ST,GS,+1 2.5kg', undefined, null, 12, {}]) assert.equal(reading(line), null, String(line))
})

test('frames of XK3190 indicators', () => {
  const framed = (body) => {
    let sum = 0
    for (const c of body) sum ^= c.charCodeAt(0)
    return body + sum.toString(16).toUpperCase().padStart(2, '0')
  }
  assert.deepEqual(reading(framed('+0123453')), { grams: 12345 })
  assert.deepEqual(reading(framed('+0000250')), { grams: 25000 })
  assert.deepEqual(reading(framed('-0000100')), { error: 'negative' })
  assert.deepEqual(reading(framed('+0123453').replace('12345', '12346')), { error: 'garbled' })
  assert.deepEqual(reading(framed('+0123454')), { error: 'fine' })
})

test('lines come in any pieces, and noise has an end', () => {
  const l = new Lines()
  assert.deepEqual(l.take('ST,GS,+ 1'), [])
  assert.deepEqual(l.take('2.345kg\r\nUS,'), ['ST,GS,+ 12.345kg'])
  assert.deepEqual(l.take('GS,+ 1.0kg\r'), ['US,GS,+ 1.0kg'])
  assert.deepEqual(l.take('\x02+0123453' + '1F\x03'), ['+01234531F'])
  assert.deepEqual(l.take('x'.repeat(100_000)), [])
  assert.equal(l.rest.length, 64)
})

test('only what is at rest is taken', () => {
  const s = new Steady()
  const take = (r) => s.take(r)
  assert.equal(take({ grams: 1, stable: false }), null)
  assert.equal(take({ grams: 0, stable: true }), null, 'nothing lies on it')
  assert.equal(take({ grams: 7, stable: true }), 7)
  assert.deepEqual([1, 1, 2, 2, 2].map((grams) => take({ grams })), [null, null, null, null, 2])
  assert.deepEqual([take({ grams: 5 }), take({ grams: 5 }), take({ grams: 5, stable: false }), take({ grams: 5 }), take(null), take({ error: 'range' })], [null, null, null, null, null, null])
})

test('Bluetooth: units of five grams, kilograms alone', () => {
  const view = (...b) => new DataView(Uint8Array.from(b).buffer)
  assert.deepEqual(weightMeasurement(view(0, 0x10, 0x27)), { grams: 50000, stable: true })
  assert.deepEqual(weightMeasurement(view(2, 1, 0, 9, 9)), { grams: 5, stable: true })
  assert.deepEqual(weightMeasurement(view(1, 1, 0)), { error: 'unit' })
  assert.deepEqual(weightMeasurement(view(0, 0xff, 0xff)), { error: 'range' })
  assert.equal(weightMeasurement(view(0, 1)), null)
})
