import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as b from '../../assets/phone/bytes.js'

test('weights are whole grams, by text and never by a float', () => {
  for (const [text, grams] of [['12.5', 12500], ['0.001', 1], ['1', 1000], ['1.005', 1005], ['8.2', 8200], ['0.29', 290], ['１２．５', 12500], [' 3.500 kg ', 3500], ['2公斤', 2000],
    ['250 g', 250], ['250克', 250], ['ST,GS,+  1.25kg', 1250], ['4.1000', 4100], ['1000000', 1_000_000_000]]) {
    assert.deepEqual(b.gramsOf(text), { grams }, text)
  }
  for (const [text, error] of [['', 'empty'], ['  ', 'empty'], ['0', 'zero'], ['0.000', 'zero'], ['1.2345', 'fine'], ['1.5g', 'fine'], ['-1', 'form'], ['1,250', 'form'], ['1e3', 'form'],
    ['3斤', 'form'], ['abc', 'form'], ['1.2.3', 'form'], ['1000001', 'much'], ['NaN', 'form'], ['0x10', 'form']]) {
    assert.deepEqual(b.gramsOf(text), { error }, text)
  }
  for (let g = 1; g < 200_000; g += 37) assert.equal(b.gramsOf(b.kg(g)).grams, g)
})

test('a UUID of version 7 carries its milliseconds', () => {
  const id = b.uuid7(1772438400123, new Uint8Array(10).fill(255))
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-b[0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(parseInt(id.replaceAll('-', '').slice(0, 12), 16), 1772438400123)
  assert.equal(b.uuidText(b.uuidBytes(id)), id)
})

test('labels read as meant, and a changed character is found', () => {
  const label = b.newLabel(Uint8Array.from({ length: 26 }, (_, i) => (i * 7) % 32))
  assert.equal(b.readLabel(b.groups(label).toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l')), label)
  for (let i = 0; i < label.length; i++) {
    for (const c of 'AZ09*$=~U') if (c !== label[i]) assert.equal(b.readLabel(label.slice(0, i) + c + label.slice(i + 1)), null)
  }
  assert.equal(b.labelText(b.labelBytes(label)), label)
  assert.equal(b.readLabel('0123456789ABCDEFGHJKMNPQRS9'), '0123456789ABCDEFGHJKMNPQRS9') // of the contract's example
})

test('what was scanned', () => {
  const label = '0123456789ABCDEFGHJKMNPQRS9'
  assert.deepEqual(b.scanned('https://liandan.sample.test/q/' + label), { kind: 'label', code: label })
  assert.deepEqual(b.scanned(' 0123 4567 89ab cdef ghjk mnpq rs9 '), { kind: 'label', code: label })
  assert.deepEqual(b.scanned('http://x/m/#enrol=ABC12$'), { kind: 'enrol', code: 'ABC12$' })
  assert.deepEqual(b.scanned('http://x/m/#take=AQEB'), { kind: 'take', code: 'AQEB' })
  for (const other of ['', 'https://evil.test/', 'javascript:alert(1)', 'https://x/q/%', label.slice(1), '<script>', 'http://x/m/#take=<b>']) assert.equal(b.scanned(other).kind, 'other', other)
})

test('the signer’s time has milliseconds and its offset', () => {
  const at = new Date(1772438400005)
  const text = b.signerTime(at)
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.005[+-]\d\d:\d\d$/)
  assert.equal(Date.parse(text), at.getTime())
})

test('the day in China begins eight hours before that of Greenwich', () => {
  assert.equal(b.chinaDay(Date.parse('2026-11-27T15:59:59.999Z')), '2026-11-27')
  assert.equal(b.chinaDay(Date.parse('2026-11-27T16:00:00Z')), '2026-11-28')
})
