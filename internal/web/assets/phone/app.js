// The phone app: what it holds, how it moves between pages, and when it sends.
import { clock, postEvents } from './api.js'
import { randomBytes, signerTime, uuid7 } from './bytes.js'
import { openDB } from './db.js'
import { keepAll, kept, keptWords } from './kept.js'
import { Queue, count } from './queue.js'
import { due, rotate } from './rotate.js'
import { sign } from './sign.js'
import { pull } from './sync.js'
import { putBack, typed } from './typed.js'
import { apply, lasting } from './world.js'
import { Say, act, h, note, p, plain, two } from './ui.js'

const every = 15_000 // ms between tries while something waits

export const app = {
  db: null,
  queue: null,
  words: null,
  key: null, // of this device; null: not enrolled
  me: null, // {party, person, site, role, names…}
  signedIn: null, // null: not asked yet
  newer: false, // another version of the app is ready
  lasting: null, // whether the browser promised not to clear what is kept; null: it was not asked

  id: () => uuid7(Date.now(), randomBytes(10)),
  at: () => signerTime(new Date()),

  // sign makes an event certain: signed, and kept with what it does to bags. Sending follows.
  // about is what a page wants to find by it later.
  async sign(payload, bags, about) {
    if (!app.key) throw new Say('本机还没有登记：请在首页登记，再签。', 'This phone is not enrolled: enrol it from the home page, then sign.')
    if (app.key.valid_to && Date.parse(app.key.valid_to) < Date.now()) throw new Say('本机的密钥已过期：请向管理员要新的登记码，重新登记。以前签的都在。', 'This phone’s key has expired: ask your administrator for a new code and enrol again. What was signed is kept.')
    if ((await app.db.get('meta', 'revoked')) === app.key.kid) throw new Say('本机已被挂失或吊销，签了也不会被收下。请向管理员要新的登记码，重新登记；以前签的都在。', 'This phone was reported lost or revoked: what it signs is not taken. Ask your administrator for a new code and enrol again; what was signed before is kept.')
    askAboutClock()
    const jws = await sign(app.key, payload)
    const after = bags.map((b) => apply(b, payload))
    await app.queue.add({ id: payload.id, kid: app.key.kid, jws, type: payload.type, at: payload.at, batches: bags.map((b) => b.id), ...(about ? { about } : {}) }, after)
    flush().then(() => location.hash.startsWith('#label/') && show()) // what the server knows has a printed label too
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

// flush sends in the background: what goes wrong there is tried again, and nothing is lost by it.
const flush = () => app.queue.flush().catch((err) => console.info('not sent now:', err.message))

const at = (id) => document.getElementById(id)

// clockWords says how far this phone's clock is from the server's; null while it is near enough.
export function clockWords(off = clock.off) {
  if (off === null || Math.abs(off) < clock.near) return null
  return [`手机时间${off > 0 ? '快' : '慢'}了 ${lasting(off)}（时:分）。请在手机设置里把时间改为自动。`, `This phone’s clock is ${off > 0 ? 'ahead' : 'behind'} by ${lasting(off)} (h:min). Set it to automatic in the settings.`]
}

let clockAsked = false // a wrong clock is asked about once: who cannot set it may sign all the same

function askAboutClock() {
  const wrong = clockWords()
  if (!wrong || clockAsked) return
  clockAsked = true
  throw new Say(`${wrong[0]}签的时间会写错。改好再签；改不了，再按一次照签。`, `${wrong[1]} What you sign would bear a wrong time. Set it, or press again to sign all the same.`)
}

// changed shows what came of a change of the queue, in this tab and in others.
async function changed() {
  others?.postMessage('changed')
  await top()
}

// top shows who this is and what is not yet sent.
export async function top() {
  const n = count(await app.queue.list())
  const open = n.waiting + n.held
  at('top').replaceChildren(
    h(
      'div',
      {},
      h('span', {}, app.me?.siteName ?? (app.key ? app.key.device : '联单 Liandan')),
      navigator.onLine ? '' : h('span.off', {}, two('无网络', 'offline')),
      h('a', { href: '#queue', id: 'unsent' }, n.refused ? h('strong', {}, two(`退回 (${n.refused})`, 'refused')) : '', h('span', {}, two(`未发送 (${open})`, `not yet sent (${open})`))),
    ),
  )
}

// keptLine says whether the app is on this phone whole; it is written anew as that changes.
export const keptLine = () => h('p.hint', { id: 'kept', role: 'status', 'data-state': kept.state }, two(...keptWords()))
const sayKept = () => at('kept')?.replaceWith(keptLine())

const bar = () => [
  ['', '首页', 'Home'],
  ...(app.me?.orgRoles?.includes('authority') ? [['inspect', '检查', 'Inspect']] : [['scan', '扫码', 'Scan'], ['bags', '在管', 'Held']]),
  ['queue', '发送', 'Sent'],
]

let pages = {} // by the first word of their address
let leave = null // what the page at hand must do when it is left
let shown = null // the address of the page at hand, once it is up
let turns = 0 // pages begun: a slow one does not take the place of one that was asked for later

// show draws the page of the address.
export const show = () => draw({})

// redraw draws the page at hand again, with what was typed into it.
export const redraw = () => draw({ again: true })

// busy says that somebody is typing, or reads what went wrong: the page stays as it is then.
const busy = () => (at('page').contains(document.activeElement) && /^(input|select|textarea)$/.test(document.activeElement.localName)) || at('page').querySelector('.trouble')

// draw puts a page up; quietly is a page that is drawn again because there is news, and gives way
// to whoever began to type meanwhile.
async function draw({ again = false, quietly = false }) {
  const [name, ...rest] = location.hash.slice(1).split(/[/=]/)
  if (!quietly) {
    leave?.(again)
    leave = null
  }
  const turn = ++turns
  const page = pages[name] ?? pages['']
  let made
  try {
    made = await page(decodeURIComponent(rest.join('/')))
  } catch (err) {
    if (!err.zh) console.error(err) // what is said to the person is no defect
    const said = plain(err, ['请返回首页再试。', String(err.message)])
    made = { body: [p('出错了', 'Something went wrong', 'h1'), note('bad', p(said.zh, said.en)), err.again && act('再打开', 'Open again', () => location.reload()), h('a.big', { href: '#' }, two('首页', 'Home'))] }
  }
  const late = turn !== turns || (quietly && busy())
  if (late) made?.leave?.()
  if (!made || late) return // it went elsewhere
  const before = again && typed(at('page'), document.activeElement)
  leave?.()
  leave = made.leave
  shown = location.hash
  at('page').replaceChildren(...made.body.flat(9).filter(Boolean))
  at('bar').replaceChildren(...bar().map(([to, zh, en]) => h('a', { href: '#' + to, 'aria-current': to === name && 'page' }, h('span', {}, zh), h('span', { lang: 'en' }, en))))
  if (before) putBack(at('page'), before)?.focus({ preventScroll: true })
  else {
    at('page').focus({ preventScroll: true }) // before anybody can type
    scrollTo(0, 0)
  }
  await top()
}

// go opens a page, anew if it is the one at hand.
export function go(to) {
  if (location.hash === '#' + to) return show()
  location.hash = to
}

// These pages show how things stand, and are drawn again when that changes.
const standing = ['queue', 'bags', '', 'trip', 'sent', 'gate', 'stock', 'outcome', 'answers']
let stale = false // there is news for the page at hand, and somebody is typing into it

// refresh draws the page at hand again where it shows how things stand: at once, or when whoever
// is typing into it has done so.
async function refresh() {
  await top()
  if (shown !== location.hash || !standing.includes(location.hash.slice(1).split(/[/=]/)[0])) return
  stale = Boolean(busy())
  if (!stale) await draw({ again: true, quietly: true })
}

async function send() {
  if ((await app.queue.due()).length) {
    await flush()
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

// others are the pages of the app in other tabs: one phone, one store.
const others = globalThis.BroadcastChannel && new BroadcastChannel('liandan-phone')
others?.unref?.() // a test's process ends all the same

const keepWhole = () => keepAll(navigator.serviceWorker, sayKept)

async function watchWorker() {
  if (!navigator.serviceWorker) return keepWhole()
  const r = await navigator.serviceWorker.register(document.body.dataset.worker, { scope: '/m/' })
  r.addEventListener('updatefound', () => {
    app.newer = Boolean(navigator.serviceWorker.controller)
  })
  await keepWhole()
}

async function begin(byName) {
  pages = byName
  app.db = await openDB(() => document.body.prepend(note('bad', p('本机的记录被清除，或本应用在另一页换了新版。请关掉本页再打开。', 'What this phone kept was cleared, or a newer version runs in another page. Close this page and open the app again.'))))
  app.queue = new Queue({ db: app.db, post: postEvents, changed })
  app.key = (await app.db.get('meta', 'key')) ?? null
  app.me = (await app.db.get('meta', 'me')) ?? null
  app.words = await fetch(new URL('words.json', import.meta.url)).then((r) => r.json()).catch(() => {
    throw new Say('本机缺应用的文件（可能被浏览器清理了）。请到有网络的地方再打开；已签的都在。', 'Files of the app are missing here, cleared by the browser perhaps. Open it again where there is network; what is signed is safe.')
  })
  addEventListener('hashchange', show)
  at('page').addEventListener('focusout', () => stale && setTimeout(refresh))
  others?.addEventListener('message', refresh)
  await show()
  watchWorker().catch((err) => {
    console.warn('no offline start:', err.message)
    kept.state = 'none'
    sayKept()
  })
  navigator.storage?.persist?.().then((yes) => { app.lasting = yes }).catch(() => {})
  addEventListener('online', () => send().then(look).then(renew))
  addEventListener('offline', top)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && send())
  setInterval(send, every)
  setInterval(() => navigator.onLine && kept.state === 'failed' && keepWhole(), every)
  await send()
  if (navigator.onLine) await look()
  await renew()
}

// start begins with its pages, which use the app and so cannot be imported here.
export const start = (byName) =>
  begin(byName).catch((err) => {
    console.error(err)
    const said = err.zh ? err : new Say('打不开：浏览器不许在本机保存（无痕窗口、存储已满，或被设置禁止）。请用普通窗口打开，或腾出空间；已签的都在。', `Cannot open: the browser keeps nothing here (a private window, no room left, or its settings). Use a normal window or make room; what is signed is safe. ${err.message}`)
    at('page').replaceChildren(p('打不开', 'Cannot open', 'h1'), note('bad', p(said.zh, said.en)), act('再打开', 'Open again', () => location.reload()))
})
