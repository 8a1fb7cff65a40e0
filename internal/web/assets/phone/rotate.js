// Renewing this phone's key: a new one is made here, the old one signs that the new one takes its
// place, and the new one proves itself. What the old key signed stays valid; it ends a week later.
// The new key is kept before the server hears of it, so that no crash leaves it in force and lost.
import { Trouble, ask } from './api.js'
import { signerTime } from './bytes.js'
import { hello } from './hello.js'
import { makeKey, sign } from './sign.js'

const day = 86_400_000
const early = 14 * day // before its end a key is renewed by itself

// daysLeft is how many whole days a key still signs; Infinity for one without an end.
export const daysLeft = (key, now) => (key?.valid_to ? Math.floor((Date.parse(key.valid_to) - now) / day) : Infinity)

// due says whether a key is to be renewed now: its end is near, and it is not over yet, for
// then it can hand over to none. One that was made for a short time is renewed in its last third.
export function due(key, now) {
  if (!key?.valid_to) return false
  const end = Date.parse(key.valid_to)
  const life = key.valid_from ? end - Date.parse(key.valid_from) : Infinity
  return now < end && end - now < Math.min(early, life / 3)
}

// handOver is what the old key signs, at that time by this phone's clock.
export async function handOver(old, next, at, subtle = crypto.subtle) {
  const proof = await sign(next, { challenge: old.kid }, 'liandan-enrolment', subtle)
  return sign(old, { jwk: next.jwk, proof, at }, 'liandan-rotation', subtle)
}

// final are the answers after which this new key will never be in force.
const final = ['key-revoked', 'key-expired', 'unknown-key', 'bad-signature', 'enrolment-refused', 'conflict']

let working = null

// rotate gives the key that is in force afterwards. Throws Trouble: offline and the like leave
// everything as it was, and another try goes on with the same new key. Calls while one is at
// work share it.
export function rotate(db, old) {
  working ??= replace(db, old).finally(() => {
    working = null
  })
  return working
}

async function replace(db, old) {
  const next = (await db.get('meta', 'nextKey')) ?? (await makeKey())
  await db.put('meta', next, 'nextKey')
  let told
  try {
    told = await ask('/v1/keys/rotation', { method: 'POST', type: 'application/jose', body: await handOver(old, next, signerTime(new Date())) })
  } catch (err) {
    told = await answered(err, next)
    if (!told) {
      if (final.includes(err.kind)) await db.drop('meta', 'nextKey')
      throw err
    }
  }
  const kept = { ...next, party: old.party, person: old.person, device: old.device, valid_from: told.valid_from, valid_to: told.valid_to }
  await db.write(['meta'], (store) => {
    store('meta').put(kept, 'key')
    store('meta').delete('nextKey')
  })
  return kept
}

// answered finds out whether a hand-over whose answer was lost had gone through: the server knows
// the new key then.
async function answered(err, next) {
  if (!(err instanceof Trouble) || err.kind !== 'conflict') return null
  return hello(next).catch(() => null)
}
