// Bytes, ids, labels, weights and times, as the event format writes them. Pure: randomness
// and the clock come in as arguments.

export const utf8 = (text) => new TextEncoder().encode(text)

export function b64u(bytes) {
  let s = ''
  for (const b of bytes) s += String.fromCharCode(b)
  return btoa(s).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function unb64u(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error('not base64url')
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

export function randomBytes(n) {
  return crypto.getRandomValues(new Uint8Array(n))
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

// uuid7 is a UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random ones.
export function uuid7(ms, random) {
  const b = new Uint8Array(16)
  for (let i = 0, left = ms; i < 6; i++, left = Math.floor(left / 256)) b[5 - i] = left % 256
  b.set(random.subarray(0, 10), 6)
  b[6] = (b[6] & 0x0f) | 0x70
  b[8] = (b[8] & 0x3f) | 0x80
  return uuidText(b)
}

export function uuidText(b) {
  const h = hex(b)
  return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join('-')
}

export const isUUID = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)

export function uuidBytes(text) {
  if (!isUUID(text)) throw new Error('not a UUID')
  return Uint8Array.from(text.replaceAll('-', '').match(/../g), (x) => parseInt(x, 16))
}

// Labels: 26 digits of Crockford's base 32 and a check symbol modulo 37 (package crockford).
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const checks = digits + '*~$=U'
const labelLength = 26

function check(code) {
  let sum = 0
  for (const c of code) sum = (sum * 32 + digits.indexOf(c)) % 37
  return checks[sum]
}

export function newLabel(random) {
  const code = Array.from(random.subarray(0, labelLength), (b) => digits[b & 31]).join('')
  return code + check(code)
}

// readLabel reads a label as a person means it; null when it is mistyped.
export function readLabel(text) {
  const s = text.toUpperCase().replaceAll(/[- ]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (s.length !== labelLength + 1) return null
  const code = s.slice(0, labelLength)
  for (const c of code) if (!digits.includes(c)) return null
  return check(code) === s[labelLength] ? s : null
}

// labelBytes packs a label's 130 bits into 17 bytes; labelText unpacks them, undefined for none.
export function labelBytes(label) {
  let n = 0n
  for (const c of label.slice(0, labelLength)) n = n * 32n + BigInt(digits.indexOf(c))
  const out = new Uint8Array(17)
  for (let i = 16; i >= 0; i--, n >>= 8n) out[i] = Number(n & 255n)
  return out
}

export function labelText(b) {
  let n = 0n
  for (const x of b) n = n * 256n + BigInt(x)
  if (n === 0n || n >> 130n) return undefined
  let code = ''
  for (let i = 0; i < labelLength; i++, n >>= 5n) code = digits[Number(n & 31n)] + code
  return code + check(code)
}

// groups cuts a code for reading aloud.
export const groups = (code, n = 4) => code.match(new RegExp(`.{1,${n}}`, 'g')).join(' ')

// scanned says what a code that was read or typed is: a label, a hand-over between phones,
// a small source's place, an enrolment, a person, a manifest (its page or its national number), or nothing of ours.
export function scanned(text) {
  const t = text.trim()
  const sheet = /\/inspect\/manifest\/([0-9a-f-]{36})$/.exec(t)
  if (sheet && isUUID(sheet[1])) return { kind: 'manifest', code: sheet[1] }
  if (/^20\d{12}$/.test(t)) return { kind: 'number', code: t }
  const fragment = /\/m\/#(take|enrol|source|person|to)=([A-Za-z0-9_~*$=-]+)$/.exec(t)
  if (fragment) return { kind: fragment[1], code: fragment[2] }
  const path = /^https?:\/\/[^/]+\/q\/([^/?#]+)$/.exec(t)
  let code = t
  if (path) {
    try {
      code = decodeURIComponent(path[1])
    } catch {
      return { kind: 'other' }
    }
  }
  const label = readLabel(code)
  return label ? { kind: 'label', code: label } : { kind: 'other' }
}

// The heaviest batch of one event, as the intake has it.
const mostGrams = 1_000_000_000

// gramsOf reads a weight as typed, or as a scale types it, in kilograms with at most three
// decimals, and gives whole grams; g or 克 behind it makes it grams. It never goes through a
// floating number. A bare 斤 is refused: it has meant 500 g and 600 g.
export function gramsOf(text) {
  const t = text.normalize('NFKC').trim().replace(/^[A-Za-z]{2},[A-Za-z]{2},/, '').replace(/^\+/, '').trim()
  if (t === '') return { error: 'empty' }
  const m = /^(\d{1,9})(?:\.(\d+))?\s*(kg|公斤|千克|g|克)?$/i.exec(t)
  if (!m) return { error: 'form' }
  const [, whole, decimals = '', unit = 'kg'] = m
  const inGrams = /^(g|克)$/i.test(unit)
  const fine = decimals.replace(/0+$/, '')
  if (fine.length > (inGrams ? 0 : 3)) return { error: 'fine' }
  const grams = Number(inGrams ? whole : whole + fine.padEnd(3, '0'))
  if (grams === 0) return { error: 'zero' }
  if (grams > mostGrams) return { error: 'much' }
  return { grams }
}

// kg writes grams for a person: 12500 is 12.5.
export function kg(grams) {
  const whole = Math.trunc(grams / 1000)
  const rest = String(grams % 1000).padStart(3, '0').replace(/0+$/, '')
  return rest ? `${whole}.${rest}` : String(whole)
}

// change is a difference in kilograms, with its sign.
export const change = (g) => (g < 0 ? '−' + kg(-g) : '+' + kg(g))

// signerTime writes a time as events have it: milliseconds and the offset, from Date's own.
export function signerTime(date) {
  const offset = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + offset * 60000).toISOString().slice(0, -1)
  const two = (n) => String(n).padStart(2, '0')
  const off = Math.abs(offset)
  return local + (offset < 0 ? '-' : '+') + two(Math.trunc(off / 60)) + ':' + two(off % 60)
}

// chinaDay is the day in China of a moment: trips are planned by it, wherever a phone believes itself to be.
export const chinaDay = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)

// chinaEnd is when a day in China is over: the first moment of the next. NaN for what is no day.
export const chinaEnd = (day) => Date.parse(day + 'T00:00:00+08:00') + 86_400_000
