// Whether the whole app is on this phone. The worker keeps what the first page needs when it is
// installed; the rest it keeps when the page asks, once the phone is idle, and says how far it is.

// kept is how that stands: of so many files so many are here; state is unknown, keeping, ready,
// failed (tried again by itself) or none (a browser that keeps nothing).
export const kept = { state: 'unknown', here: 0, of: 0 }

export const keptWords = () => ({
  unknown: ['正在看本机存了什么…', 'Looking what is on this phone…'],
  keeping: [`正在存到本机 ${kept.here}/${kept.of}，请先保持联网`, 'Keeping the app on this phone: stay online'],
  ready: ['可离线使用', 'Ready for offline'],
  failed: ['还不能离线使用：请保持联网，会自动再试', 'Not ready for offline: stay online, it is tried again'],
  none: ['这个浏览器不能离线使用：每次打开都要网络', 'This browser cannot work offline: each opening needs network'],
})[kept.state]

// heard takes what the worker says.
export function heard(told) {
  Object.assign(kept, { here: told.here, of: told.of, state: told.here >= told.of ? 'ready' : told.failed ? 'failed' : 'keeping' })
}

const idle = () => new Promise((done) => (globalThis.requestIdleCallback ? requestIdleCallback(done, { timeout: 3000 }) : setTimeout(done, 500)))

// keepAll has the worker keep what is missing; changed is told of every step. It asks again
// whenever it is called, which mends what a browser threw away too.
export async function keepAll(container, changed) {
  if (!container) {
    kept.state = 'none'
    return changed()
  }
  container.onmessage = (e) => {
    if (!e.data?.of) return
    heard(e.data)
    changed()
  }
  const { active } = await container.ready
  await idle()
  active.postMessage('keep')
}
