// What the phone carries along from the server, so that it can work without network: who is
// signed in, the bags and manifests that wait for them. Only what changed is read again.
import { ask, batch, manifest, walk, who } from './api.js'
import { chinaDay } from './bytes.js'
import { hello } from './hello.js'
import { inspects, pullDrawn, pullSheets } from './inspections.js'
import { fromView } from './world.js'

const atATime = 4

async function each(list, work) {
  const rest = [...list]
  await Promise.all(Array.from({ length: Math.min(atATime, rest.length) }, async () => {
    for (let x = rest.shift(); x !== undefined; x = rest.shift()) await work(x)
  }))
}

// post chooses the appointment that this phone works under: of the key's organisation, and of
// its person if it names one.
export function choosePost(posts, key) {
  const own = posts.filter((x) => x.party.id === key?.party)
  const staff = ['site_staff', 'facility_operator', 'porter', 'driver', 'organisation_administrator']
  return own.sort((a, b) => (b.person === key.person) - (a.person === key.person) || staff.indexOf(a.role) - staff.indexOf(b.role))[0] ?? null
}

// pull reads what is new; true when anything changed. Throws Trouble.
export async function pull(app) {
  if (app.key && app.me && !app.me.orgRoles) await hello(app.key).then(({ roles }) => app.setMe({ orgRoles: roles })).catch(() => {}) // enrolled before it was told
  if (inspects(app)) await pullSheets(app)
  const told = await who()
  app.signedIn = true
  app.csrf = told.csrf
  if (inspects(app)) {
    await pullDrawn(app)
    return true
  }
  const post = choosePost(told.posts, app.key)
  if (!app.key || !post) return true
  const site = post.sites.find((s) => s.id === app.me?.site) ?? post.sites[0]
  await app.setMe({
    party: app.key.party, person: app.key.person, partyName: post.party.name, orgRoles: post.roles,
    role: post.role, roleZH: post.role_zh, roleEN: post.role_en,
    sites: post.sites, site: site?.id, siteName: site?.name,
  })
  await pullBags(app)
  await pullManifests(app)
  await pullPlan(app)
  await pullLeaves(app)
  if (['site_staff', 'facility_operator'].includes(app.me.role) && app.me.site) await partners(app) // to choose from without network
  return true
}

// filter is what a role may list: staff their site, a porter or driver what they handle.
function filter(me) {
  const own = me.role === 'porter' || me.role === 'driver'
  return { party: me.party, site: own ? undefined : me.site, person: own ? me.person : undefined }
}

async function unsent(app) {
  const open = new Set()
  for (const e of await app.queue.list()) if (e.state === 'waiting' || e.state === 'held') for (const id of e.batches ?? []) open.add(id)
  return open
}

// ofItem is what the list says of a batch beside its view: who sent it, whose it becomes, and the
// nearest time by which somebody must do something about it.
function ofItem(x) {
  const due = x.duties?.filter((d) => !d.met_at).sort((a, b) => (a.due_before < b.due_before ? -1 : 1))[0]
  return { consignor: x.consignor, carrier: x.carrier, consignee: x.consignee, due: due ? { at: due.due_before, zh: due.zh, en: due.en, source: due.source } : null }
}

// movedOn are the bags that stand in nobody's list any more. What was signed here or came to be
// known while the lists were read may be newer than they are: only what was settled before, and
// is as it was, counts. before is the seq of those, by id.
export const movedOn = (before, now, listed) => now.filter((b) => before.has(b.id) && before.get(b.id) === b.seq && !listed.has(b.id))

async function settled(app) {
  const open = await unsent(app)
  return new Map((await app.db.all('bags')).filter((b) => b.seq !== undefined && !open.has(b.id)).map((b) => [b.id, b.seq]))
}

// pullBags reads the lists of this person, and keeps what they say of each bag.
export async function pullBags(app) {
  const before = await settled(app)
  const [waiting, moving] = [await walk('/v1/worklist', { list: 'waiting', kind: 'batch', ...filter(app.me), limit: 200 }), await walk('/v1/worklist', { list: 'moving', kind: 'batch', ...filter(app.me), limit: 200 })]
  const listed = new Map([...waiting, ...moving].map((x) => [x.id, x]))
  const known = new Map((await app.db.all('bags')).map((b) => [b.id, b]))
  const open = await unsent(app)
  const changed = (x, old) => !old || old.seq !== x.seq || old.local || old.gone
  await each([...listed.values()].filter((x) => changed(x, known.get(x.id))), async (x) => {
    if (open.has(x.id)) return // what was signed here is newer
    const b = fromView(await batch(x.id))
    const { loaded, from, trip, at, seq } = known.get(x.id) ?? {}
    const now = await app.db.get('bags', x.id)
    if (now?.at !== at || now?.seq !== seq) return // signed here meanwhile
    await app.db.put('bags', { loaded, from, trip, ...b, closed: x.began_at, ...ofItem(x) })
  })
  const spoken = (await app.db.all('bags')).filter((b) => b.behalf && !b.gone)
  await learnNames(app, spoken.flatMap((b) => [b.code, b.custodian]).filter(Boolean))
  const still = await unsent(app)
  const gone = movedOn(before, (await app.db.all('bags')).filter((b) => !b.gone && !still.has(b.id)), listed)
  if (gone.length) {
    await app.db.write(['bags'], (store) => {
      for (const b of gone) store('bags').put({ ...b, gone: true })
    })
  }
}

// pullManifests keeps what waits for this organisation as carrier, and the ways on which this
// site sent its last loads, to fill in the next.
async function pullManifests(app) {
  const asked = { kind: 'manifest', ...filter(app.me), limit: 200 }
  const items = [...(await walk('/v1/worklist', { list: 'waiting', ...asked })), ...(await walk('/v1/worklist', { list: 'moving', ...asked }))]
  const kept = new Map(((await app.db.get('meta', 'manifests')) ?? []).map((m) => [m.id, m]))
  const out = []
  await each(items, async (x) => {
    const old = kept.get(x.id)
    out.push(old?.seq === x.seq ? old : { ...(await manifest(x.id)), seq: x.seq })
  })
  await app.remember('manifests', out)
  const mine = out.filter((m) => m.consignor === app.me.party)
  const last = mine.length ? mine : await lastSent(app)
  if (last.length) {
    const ways = new Map()
    for (const m of last) ways.set([m.carrier, m.consignee, m.consignee_site, m.profile].join(), { carrier: m.carrier, consignee: m.consignee, consignee_site: m.consignee_site, profile: m.profile, method: m.method })
    await app.remember('ways', [...ways.values()])
  }
  const ids = new Set(out.flatMap((m) => [m.consignor, m.consignor_site, m.carrier, m.consignee, m.consignee_site]).concat(last.flatMap((m) => [m.carrier, m.consignee, m.consignee_site])).filter(Boolean))
  await learnNames(app, [...ids])
}

// learnNames asks for what the register calls ids, and the catalogue codes, so many at a time.
async function learnNames(app, ids) {
  const names = (await app.db.get('meta', 'names')) ?? {}
  const asked = [...new Set(ids)].filter((id) => !names[id]).slice(0, 200)
  for (let i = 0; i < asked.length; i += 50) Object.assign(names, (await who(asked.slice(i, i + 50))).names)
  if (asked.length) await app.remember('names', names)
}

// pullLeaves keeps the standing authorisations under which a driver may sign at its stops, so
// that it may without network; those of today's stops are named first.
async function pullLeaves(app) {
  if (app.me.role !== 'driver') return
  const told = await ask('/v1/authorisations?collector=' + app.me.party).catch((err) => {
    if (!foreign(err)) throw err
    return null
  })
  if (!told) return
  await app.remember('leaves', told)
  const stops = ((await app.db.get('meta', 'plan'))?.stops ?? []).map((s) => s.site)
  const items = [...told.items].sort((a, b) => stops.includes(b.site) - stops.includes(a.site))
  await learnNames(app, items.flatMap((a) => [a.site, ...a.codes]))
}

// foreign says that what was asked is not for this person.
const foreign = (err) => err.kind === 'forbidden' || err.kind === 'not-found'

// pullPlan keeps the driver's own trip of today, as it was planned and as signed events leave it.
async function pullPlan(app) {
  if (app.me.role !== 'driver') return
  const today = chinaDay(Date.now())
  const found = await walk('/v1/trips', { collector: app.me.party, person: app.me.person, from: today, to: today }, 1).catch((err) => {
    if (!foreign(err)) throw err // what the phone has stays
    return [] // not a collector's driver
  })
  const plan = found.find((t) => t.status !== 'cancelled' && t.stops.some((s) => s.status === 'waiting')) ?? null
  await app.remember('plan', plan)
  await learnNames(app, plan?.stops.map((s) => s.site) ?? [])
}

async function lastSent(app) {
  if (app.me.role === 'driver' || app.me.role === 'porter') return []
  const found = await walk('/v1/search', { kind: 'manifest', ...filter(app.me), limit: 5 }, 1)
  return Promise.all(found.filter((x) => x.consignor === app.me.party).map((x) => manifest(x.id)))
}

// sheetOf finds a manifest by its id or its national number: what the phone keeps, else the server;
// null where it is unknown or not theirs to see.
export async function sheetOf(app, given) {
  const kept = (await app.db.get('meta', 'manifests')) ?? []
  const m = kept.find((x) => x.id === given || x.number === given)
  if (!navigator.onLine || app.signedIn === false || !app.me) return m ?? null
  try {
    const id = m?.id ?? (given.length === 14 ? (await walk('/v1/search', { kind: 'manifest', ...filter(app.me), number: given, limit: 1 }, 1))[0]?.id : given)
    return id ? await manifest(id) : null
  } catch {
    return m ?? null
  }
}

// find looks a label up: what the phone knows first, else the server; null where it is unknown
// or not theirs to see.
export async function find(app, label) {
  const kept = await app.db.byLabel(label)
  const open = kept && (await unsent(app)).has(kept.id)
  if (!navigator.onLine || app.signedIn === false || !app.me || open) return kept ?? null
  try {
    const found = await walk('/v1/search', { kind: 'batch', ...filter(app.me), label, limit: 1 }, 1)
    if (found.length === 0) return kept ?? null
    const b = { ...fromView(await batch(found[0].id)), label, closed: found[0].began_at, ...ofItem(found[0]) }
    await app.db.put('bags', b)
    return b
  } catch {
    return kept ?? null
  }
}

const lately = 300_000 // ms for which what was read is not asked again
let read = 0 // when

// partners asks the server, and keeps those with an agreement for the time without network.
export async function partners(app, words = '') {
  const kept = (await app.db.get('meta', 'partners')) ?? []
  if (!words && (!navigator.onLine || app.signedIn !== true || Date.now() - read < lately)) return kept
  const told = await ask('/m/partners?' + new URLSearchParams({ site: app.me.site, q: words }))
  if (!words) {
    read = Date.now()
    await app.remember('partners', told.partners)
  }
  return told.partners
}
