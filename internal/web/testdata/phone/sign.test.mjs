import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { unb64u, utf8 } from '../../assets/phone/bytes.js'
import { makeKey, sign, thumbprint } from '../../assets/phone/sign.js'

globalThis.crypto ??= webcrypto // Node 18 keeps it in a drawer

const without = { ...Object.fromEntries(['exportKey', 'sign', 'verify'].map((n) => [n, crypto.subtle[n].bind(crypto.subtle)])),
  generateKey: (how, ...rest) => (how.name === 'Ed25519' ? Promise.reject(new Error('NotSupportedError')) : crypto.subtle.generateKey(how, ...rest)) }

for (const [name, subtle, alg] of [['Ed25519', crypto.subtle, 'EdDSA'], ['P-256 where there is no Ed25519', without, 'ES256']]) {
  test(name, async () => {
    const key = await makeKey(subtle)
    assert.equal(key.alg, alg)
    await assert.rejects(crypto.subtle.exportKey('jwk', key.keys.privateKey))
    const jws = await sign(key, { 量: '内科', n: 1 }, 'liandan-event', subtle)
    const [head, body, signature] = jws.split('.')
    assert.deepEqual(JSON.parse(new TextDecoder().decode(unb64u(head))), { alg, kid: key.kid, typ: 'liandan-event' })
    assert.deepEqual(JSON.parse(new TextDecoder().decode(unb64u(body))), { 量: '内科', n: 1 })
    const how = alg === 'EdDSA' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: 'SHA-256' }
    assert.ok(await crypto.subtle.verify(how, key.keys.publicKey, unb64u(signature), utf8(head + '.' + body)))
    assert.ok(!(await crypto.subtle.verify(how, key.keys.publicKey, unb64u(signature), utf8(head + '.' + body + 'x'))))
  })
}

test('the thumbprint is that of RFC 8037 appendix A.3', async () => {
  assert.equal(await thumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})
