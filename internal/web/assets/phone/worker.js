// The service worker of the phone app: keeps one version of its files, so that it opens
// without network. It touches nothing but them: what is signed is the page's business, and
// answers of the server are never kept here.
'use strict'

const cacheName = 'liandan-phone-{{version}}'
const files = ["{{files}}"]

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(cacheName).then((c) => c.addAll(files.map((f) => new Request(f, f.startsWith('/m/a/') ? {} : { cache: 'no-cache' })))))
})

// Older versions go once no page uses them: a new worker takes over only then.
self.addEventListener('activate', (e) => {
  e.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith('liandan-phone-') && n !== cacheName).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin) return
  const path = url.pathname === '/m' ? '/m/' : url.pathname
  if (!files.includes(path)) return
  e.respondWith(caches.open(cacheName).then((c) => c.match(path)).then((kept) => kept ?? fetch(e.request)))
})
