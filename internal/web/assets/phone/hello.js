// Where this phone is used: the server tells a device that signs a fresh request of its own
// organisation and its places. There is no session in it and nothing of waste.
import { ask } from './api.js'
import { signerTime } from './bytes.js'
import { sign } from './sign.js'

export async function hello(key) {
  const jws = await sign(key, { at: signerTime(new Date()), host: location.host }, 'liandan-hello')
  return ask('/m/hello', { signed: jws })
}
