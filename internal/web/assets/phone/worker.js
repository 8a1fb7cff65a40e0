// The service worker of the phone app: keeps one version of its files, so that it opens
// without network. It touches nothing but them: what is signed is the page's business, and
// answers of the server are never kept here.
//
// A first visit keeps what the first page needs, and the rest when the page asks for it. A later
// version is kept whole before it may take over, for the phone may be without network then.
'use strict'

const cacheName = 'liandan-phone-{{version}}'
const first = ["{{first}}"]
const files = ["{{files}}"]
const whole = '/m/whole' // marks a cache that has every file of its version

const asking = (f) => new Request(f, f.startsWith('/m/a/') ? {} : { cache: 'no-cache' })
const older = async () => (await caches.keys()).filter((n) => n.startsWith('liandan-phone-') && n !== cacheName)

async function install() {
  const c = await caches.open(cacheName)
  const before = await older()
  await c.addAll((before.length ? files : first).map(asking))
  if (!before.length) return
  await c.put(whole, new Response(''))
  // An older version that was never whole cannot open its other pages any more: this one may.
  const sound = await Promise.all(before.map(async (n) => (await caches.open(n)).match(whole)))
  if (!sound.some(Boolean)) await self.skipWaiting()
}

// keep fetches what is missing, one file after the other, and tells the page how far it is.
let keeping = null
function keep(tell) {
  keeping ??= fill(tell).finally(() => {
    keeping = null
  })
  return keeping
}

async function fill(tell) {
  const c = await caches.open(cacheName)
  const here = new Set((await c.keys()).map((r) => new URL(r.url).pathname))
  const missing = files.filter((f) => !here.has(f))
  let left = missing.length
  const say = (failed) => tell({ here: files.length - left, of: files.length, failed })
  try {
    for (const f of missing) {
      if (left % 8 === 0) await say(false)
      await c.add(asking(f))
      left--
    }
    if (!here.has(whole)) await c.put(whole, new Response(''))
    await say(false)
  } catch {
    await say(true) // no network, no room: what is kept stays, and the page asks again
  }
}

self.addEventListener('install', (e) => {
  e.waitUntil(install())
})

// Older versions go once no page uses them: a new worker takes over only then.
self.addEventListener('activate', (e) => {
  e.waitUntil(
    older()
      .then((names) => Promise.all(names.map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('message', (e) => {
  if (e.data !== 'keep') return
  e.waitUntil(keep(async (told) => {
    for (const page of await self.clients.matchAll({ includeUncontrolled: true })) page.postMessage(told)
  }))
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin) return
  const path = url.pathname === '/m' ? '/m/' : url.pathname
  if (!files.includes(path)) return
  e.respondWith(caches.open(cacheName).then((c) => c.match(path)).then((kept) => kept ?? fetch(e.request)))
})
