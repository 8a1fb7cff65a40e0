// The device's key. It is made here by WebCrypto, cannot be taken out, and signs here: the
// server never sees it. Ed25519 where the browser has it, else P-256.
import { b64u, sha256, utf8 } from './bytes.js'

const ed25519 = { name: 'Ed25519' }
const p256 = { name: 'ECDSA', namedCurve: 'P-256' }

// makeKey gives {keys, alg, jwk, kid}; keys is a CryptoKeyPair that IndexedDB can keep.
export async function makeKey(subtle = crypto.subtle) {
  let keys
  let alg = 'EdDSA'
  try {
    keys = await subtle.generateKey(ed25519, false, ['sign', 'verify'])
  } catch {
    alg = 'ES256'
    keys = await subtle.generateKey(p256, false, ['sign', 'verify'])
  }
  const { kty, crv, x, y } = await subtle.exportKey('jwk', keys.publicKey)
  const jwk = y ? { kty, crv, x, y } : { kty, crv, x }
  return { keys, alg, jwk, kid: await thumbprint(jwk) }
}

// thumbprint is RFC 7638: the required members in lexical order, no spaces.
export async function thumbprint({ kty, crv, x, y }) {
  return b64u(await sha256(utf8(JSON.stringify(y ? { crv, kty, x, y } : { crv, kty, x }))))
}

// sign makes a compact JWS. The protected header has alg, kid and typ and nothing else.
export async function sign(key, payload, typ = 'liandan-event', subtle = crypto.subtle) {
  const head = b64u(utf8(JSON.stringify({ alg: key.alg, kid: key.kid, typ })))
  const input = head + '.' + b64u(utf8(JSON.stringify(payload)))
  const how = key.alg === 'EdDSA' ? ed25519 : { name: 'ECDSA', hash: 'SHA-256' }
  return input + '.' + b64u(new Uint8Array(await subtle.sign(how, key.keys.privateKey, utf8(input))))
}
