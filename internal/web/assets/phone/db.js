// What the phone keeps, in IndexedDB: its key, what it signed, what it knows of bags.
//
// Stores: meta (any, by name), events (by id), bags (by batch id, found by label too).

const name = 'liandan-phone'
const version = 1

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

// openDB opens it; lost is told when the browser closes it: it was cleared, or another page has a
// newer version.
export async function openDB(lost = () => {}, factory = indexedDB) {
  const asked = factory.open(name, version)
  asked.onupgradeneeded = () => {
    const db = asked.result
    db.createObjectStore('meta')
    db.createObjectStore('events', { keyPath: 'id' })
    db.createObjectStore('bags', { keyPath: 'id' }).createIndex('label', 'label')
  }
  const db = await done(asked)
  db.onversionchange = () => {
    db.close()
    lost()
  }
  db.onclose = lost

  // write runs puts and deletes in one transaction that is on the disk when it resolves:
  // either all of them are there after a crash, or none.
  const write = (stores, work) =>
    new Promise((resolve, reject) => {
      const tx = db.transaction(stores, 'readwrite', { durability: 'strict' })
      tx.oncomplete = () => resolve()
      tx.onabort = tx.onerror = (e) => reject(tx.error ?? e.target?.error)
      work((store) => tx.objectStore(store))
    })
  const read = (store, ask) => done(ask(db.transaction(store).objectStore(store)))

  return {
    write,
    get: (store, key) => read(store, (s) => s.get(key)),
    keys: (store) => read(store, (s) => s.getAllKeys()),
    all: (store) => read(store, (s) => s.getAll()),
    byLabel: (label) => read('bags', (s) => s.index('label').get(label)),
    put: (store, value, key) => write([store], (s) => (key === undefined ? s(store).put(value) : s(store).put(value, key))),
    drop: (store, key) => write([store], (s) => s(store).delete(key)),
  }
}
