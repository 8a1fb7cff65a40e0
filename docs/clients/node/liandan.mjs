// A client for Liandan in plain Node, to be copied into a hospital's or facility's own software.
//
//   node liandan.mjs keygen device.jwk                     make a key; the private half never leaves this machine
//   node liandan.mjs enrol  SERVER CODE device.jwk         prove possession of the key with a one-time code
//   node liandan.mjs send   SERVER device.jwk < events     one JSON payload a line: sign, send, check each receipt
//
// Events without "id" or "at" get them here: id is a UUID of version 7, at is now.
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose'

const publicOf = ({ kty, crv, x, y }) => (y ? { kty, crv, x, y } : { kty, crv, x })

export async function makeKey(alg = 'EdDSA') {
  const { privateKey } = await generateKeyPair(alg, { crv: 'Ed25519', extractable: true })
  return exportJWK(privateKey)
}

// The protected header holds alg, kid and typ and nothing else; anything more is refused.
export async function sign(jwk, payload, typ = 'liandan-event') {
  const alg = jwk.crv === 'P-256' ? 'ES256' : 'EdDSA'
  const kid = await calculateJwkThumbprint(publicOf(jwk))
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg, kid, typ })
    .sign(await importJWK(jwk, alg))
}

export function uuid7(ms = Date.now()) {
  const b = randomBytes(16)
  b.writeUIntBE(ms, 0, 6)
  b[6] = (b[6] & 0x0f) | 0x70
  b[8] = (b[8] & 0x3f) | 0x80
  const h = b.toString('hex')
  return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join('-')
}

async function ask(url, type, body) {
  const r = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  const text = await r.text()
  if (!r.ok) throw new Error(`${url}: ${r.status} ${text}`)
  return JSON.parse(text)
}

export async function enrol(server, code, jwk) {
  const { challenge } = await ask(`${server}/v1/enrolments/challenge`, 'application/json', JSON.stringify({ code, jwk: publicOf(jwk) }))
  return ask(`${server}/v1/keys`, 'application/jose', await sign(jwk, { challenge }, 'liandan-enrolment'))
}

// send gives the server's answer to each line, in order. Sending the same bytes again is
// harmless: the answer is the first receipt (status 200). After a lost connection, send all again.
export async function send(server, lines) {
  const r = await fetch(`${server}/v1/events`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: lines.join('\n') + '\n' })
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`)
  return (await r.text()).trim().split('\n').map((l) => JSON.parse(l))
}

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest()

// checkReceipt verifies a receipt with the log's key alone: that our bytes are what the entry
// names, that the entry is in the tree (RFC 6962), and that the log signed the tree's head.
export function checkReceipt(receipt, jws, vkey) {
  if (JSON.parse(receipt.entry).hash !== sha256(jws).toString('hex')) throw new Error('the entry names other bytes')
  const [proof, note, signatures] = receipt.proof.split('\n\n')
  const lines = proof.split('\n')
  if (lines[0] !== 'c2sp.org/tlog-proof@v1') throw new Error('not a tlog-proof')
  const index = Number(lines[1].replace('index ', ''))
  const [, size, root] = note.split('\n')
  let hash = sha256(Buffer.from([0]), receipt.entry)
  let fn = index
  let sn = Number(size) - 1
  for (const line of lines.slice(2)) {
    const sibling = Buffer.from(line, 'base64')
    if (fn % 2 === 1 || fn === sn) {
      hash = sha256(Buffer.from([1]), sibling, hash)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else {
      hash = sha256(Buffer.from([1]), hash, sibling)
    }
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  if (sn !== 0 || hash.toString('base64') !== root) throw new Error('the entry is not in the tree')
  const [name, , ...key] = vkey.trim().split('+')
  const raw = Buffer.from(key.join('+'), 'base64').subarray(1)
  const pub = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
  const line = signatures.split('\n').find((s) => s.startsWith(`— ${name} `))
  const sig = line && Buffer.from(line.split(' ')[2], 'base64').subarray(4)
  if (!sig || !verify(null, Buffer.from(note + '\n'), pub, sig)) throw new Error('the checkpoint is not signed by the log')
}

// at with milliseconds and offset, as the event format asks.
const now = () => new Date().toISOString()

async function main([command, ...args]) {
  if (command === 'keygen') {
    const jwk = await makeKey(args[1])
    writeFileSync(args[0], JSON.stringify(jwk), { mode: 0o600, flag: 'wx' })
    console.log(JSON.stringify(publicOf(jwk)))
  } else if (command === 'enrol') {
    console.log(JSON.stringify(await enrol(args[0], args[1], JSON.parse(readFileSync(args[2], 'utf8')))))
  } else if (command === 'send') {
    const jwk = JSON.parse(readFileSync(args[1], 'utf8'))
    const vkey = await (await fetch(`${args[0]}/log/vkey`)).text()
    const payloads = readFileSync(0, 'utf8').split('\n').filter((l) => l.trim()).map((l) => JSON.parse(l))
    const signed = await Promise.all(payloads.map((p) => sign(jwk, { v: 1, id: uuid7(), at: now(), ...p })))
    const answers = await send(args[0], signed)
    answers.forEach((a, i) => {
      if (a.receipt) checkReceipt(a.receipt, signed[i], vkey)
      console.log(JSON.stringify({ line: a.line, status: a.status, seq: a.receipt?.seq, verified: Boolean(a.receipt), problem: a.problem?.kind, detail: a.problem?.detail }))
    })
    if (answers.some((a) => a.problem)) process.exitCode = 1
  } else {
    console.error('usage: node liandan.mjs keygen FILE | enrol SERVER CODE FILE | send SERVER FILE < payloads')
    process.exitCode = 2
  }
}

if (process.argv[1]?.endsWith('liandan.mjs')) await main(process.argv.slice(2))
