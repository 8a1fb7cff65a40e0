// Enrolment: a one-time code is traded for a challenge, which the new key signs. The key is
// kept before the server hears of it, so that no crash leaves a key enrolled and lost.
import { Trouble, ask, postJSON } from './api.js'
import { makeKey, sign } from './sign.js'

export async function enrol(db, code) {
  const key = await makeKey()
  const { challenge } = await postJSON('/v1/enrolments/challenge', { code, jwk: key.jwk })
  const jws = await sign(key, { challenge }, 'liandan-enrolment')
  await db.put('meta', { ...key, jws }, 'pending')
  return complete(db)
}

// complete hands in the signed challenge; after a lost connection it does so again.
export async function complete(db) {
  const pending = await db.get('meta', 'pending')
  if (!pending) return null
  const { jws, ...key } = pending
  let told
  try {
    told = await ask('/v1/keys', { method: 'POST', type: 'application/jose', body: jws })
  } catch (err) {
    if (err instanceof Trouble && err.problem) await db.drop('meta', 'pending') // refused: another code is needed
    throw err
  }
  const kept = { ...key, party: told.party, person: told.person, device: told.device, valid_from: told.valid_from, valid_to: told.valid_to }
  await db.write(['meta'], (store) => {
    store('meta').put(kept, 'key')
    store('meta').delete('pending')
  })
  return kept
}
