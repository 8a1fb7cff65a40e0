import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modules } from '../../assets/phone/code.js'
import decodeQR from '../../assets/phone/qr/decode.js'

test('what the app draws it can read', () => {
  for (const text of ['https://liandan.sample.test/q/0123456789ABCDEFGHJKMNPQRS9', 'http://127.0.0.1:8080/m/#take=' + 'AbC-_'.repeat(140)]) {
    const rows = modules(text, 'low')
    const scale = 4
    const n = rows.length * scale
    const data = new Uint8ClampedArray(n * n * 4).fill(255)
    for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) if (rows[Math.floor(y / scale)][Math.floor(x / scale)]) data.fill(0, (y * n + x) * 4, (y * n + x) * 4 + 3)
    assert.equal(decodeQR({ width: n, height: n, data }), text)
  }
})
