// The phone app: what it holds, how it moves between pages, and when it sends.
import { postEvents } from './api.js'
import { randomBytes, signerTime, uuid7 } from './bytes.js'
import { openDB } from './db.js'
import { Queue, count } from './queue.js'
import { due, rotate } from './rotate.js'
import { sign } from './sign.js'
import { pull } from './sync.js'
import { apply } from './world.js'
import { Say, h, note, p } from './ui.js'

const every = 15_000 // ms between tries while something waits

export const app = {
  db: null,
  queue: null,
  words: null,
  key: null, // of this device; null: not enrolled
  me: null, // {party, person, site, role, names…}
  signedIn: null, // null: not asked yet
  newer: false, // another version of the app is ready

  id: () => uuid7(Date.now(), randomBytes(10)),
  at: () => signerTime(new Date()),

  // sign makes an event certain: signed, and kept with what it does to bags. Sending follows.
  // about is what a page wants to find by it later.
  async sign(payload, bags, about) {
    if (!app.key) throw new Say('本机还没有登记。', 'This phone is not enrolled.')
    if (app.key.valid_to && Date.parse(app.key.valid_to) < Date.now()) throw new Say('本机的密钥已过期，请重新登记。', 'This phone’s key has expired; enrol again.')
    const jws = await sign(app.key, payload)
    const after = bags.map((b) => apply(b, payload))
    await app.queue.add({ id: payload.id, kid: app.key.kid, jws, type: payload.type, at: payload.at, batches: bags.map((b) => b.id), ...(about ? { about } : {}) }, after)
    app.queue.flush().then(() => location.hash.startsWith('#label/') && show()) // what the server knows has a printed label too
    return payload
  },

  async remember(name, value) {
    await app.db.put('meta', value, name)
  },

  async setMe(me) {
    app.me = { ...app.me, ...me }
    await app.remember('me', app.me)
  },
}

const at = (id) => document.getElementById(id)

// top shows who this is and what is not yet sent.
export async function top() {
  const n = count(await app.queue.list())
  const open = n.waiting + n.held
  at('top').replaceChildren(
    h(
      'div',
      {},
      h('span', {}, app.me?.siteName ?? (app.key ? app.key.device : '联单 Liandan')),
      navigator.onLine ? '' : h('span.off', {}, '无网络 offline'),
      h('a', { href: '#queue', id: 'unsent' }, n.refused ? `退回 (${n.refused}) refused · ` : '', `未发送 (${open}) not yet sent (${open})`),
    ),
  )
}

const bar = () => [
  ['', '首页', 'Home'],
  ...(app.me?.orgRoles?.includes('authority') ? [['inspect', '检查', 'Inspect']] : [['scan', '扫码', 'Scan'], ['bags', '在管', 'Held']]),
  ['queue', '发送', 'Sent'],
]

let pages = {} // by the first word of their address
let leave = null // what the page at hand must do when it is left
let turns = 0 // pages begun: a slow one does not take the place of one that was asked for later

// typed tells what stands in the fields of the page at hand.
const typed = () => [...at('page').querySelectorAll('input, select, textarea')].map((x) => `${x.value} ${x.checked}`).join('\n')
let asDrawn = ''

// show draws the page of the address.
export const show = () => draw(false)

// draw leaves a page that is drawn again as it is when somebody has typed into it meanwhile.
async function draw(again) {
  const [name, ...rest] = location.hash.slice(1).split(/[/=]/)
  if (!again) {
    leave?.()
    leave = null
  }
  const turn = ++turns
  const page = pages[name] ?? pages['']
  let made
  try {
    made = await page(decodeURIComponent(rest.join('/')))
  } catch (err) {
    if (!err.zh) console.error(err) // what is said to the person is no defect
    made = { body: [p('出错了', 'Something went wrong', 'h1'), note('bad', p(err.zh ?? '请返回首页再试。', err.en ?? String(err.message)))] }
  }
  const late = turn !== turns || (again && typed() !== asDrawn)
  if (late) made?.leave?.()
  if (!made || late) return // it went elsewhere
  leave?.()
  leave = made.leave
  at('page').replaceChildren(...made.body.flat(9).filter(Boolean))
  asDrawn = typed()
  at('bar').replaceChildren(...bar().map(([to, zh, en]) => h('a', { href: '#' + to, 'aria-current': to === name && 'page' }, h('span', {}, zh), h('span', { lang: 'en' }, en))))
  at('page').focus({ preventScroll: true }) // before anybody can type
  scrollTo(0, 0)
  await top()
}

// go opens a page, anew if it is the one at hand.
export function go(to) {
  if (location.hash === '#' + to) return show()
  location.hash = to
}

// refresh draws the page at hand again where it only shows things, and nobody has typed into it.
async function refresh() {
  await top()
  if (typed() !== asDrawn) return
  const name = location.hash.slice(1).split(/[/=]/)[0]
  if (['queue', 'bags', '', 'trip', 'sent', 'gate', 'stock'].includes(name)) await draw(true)
}

async function send() {
  if ((await app.queue.due()).length) {
    await app.queue.flush()
    await refresh()
  }
}

export async function look() {
  const changed = await pull(app).catch((err) => {
    if (err.kind === 'unauthorized') app.signedIn = false
    return err.kind === 'unauthorized'
  })
  if (changed) await refresh()
}

// renew takes a new key in time, when there is network; what cannot be done now is tried again.
export async function renew() {
  if (!app.key || !navigator.onLine || !due(app.key, Date.now())) return
  try {
    app.key = await rotate(app.db, app.key)
    await refresh()
  } catch (err) {
    if (err.kind === 'key-revoked') await app.remember('revoked', app.key.kid)
    console.info('the key was not renewed:', err.message)
  }
}

async function watchWorker() {
  if (!navigator.serviceWorker) return
  const r = await navigator.serviceWorker.register(document.body.dataset.worker, { scope: '/m/' })
  r.addEventListener('updatefound', () => {
    app.newer = Boolean(navigator.serviceWorker.controller)
  })
}

async function begin(byName) {
  pages = byName
  app.db = await openDB()
  app.queue = new Queue({ db: app.db, post: postEvents, changed: top })
  app.key = (await app.db.get('meta', 'key')) ?? null
  app.me = (await app.db.get('meta', 'me')) ?? null
  app.words = await (await fetch(new URL('words.json', import.meta.url))).json()
  addEventListener('hashchange', show)
  await show()
  watchWorker().catch((err) => console.warn('no offline start:', err.message))
  navigator.storage?.persist?.().catch(() => {})
  addEventListener('online', () => send().then(look).then(renew))
  addEventListener('offline', top)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && send())
  setInterval(send, every)
  await send()
  if (navigator.onLine) await look()
  await renew()
}

// start begins with its pages, which use the app and so cannot be imported here.
export const start = (byName) =>
  begin(byName).catch((err) => {
    console.error(err)
    at('page').replaceChildren(note('bad', p('打不开：浏览器不许在本机保存（无痕模式？）。请用普通窗口打开。', `Cannot open: the browser keeps nothing here (private window?). ${err.message}`)))
})
