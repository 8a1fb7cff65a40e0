// What an inspector's device carries along, so that a sheet can be filled in without network:
// the sheets in force, the sites drawn for inspection and what was found there before, drafts.
import { ask, walk } from './api.js'
import { randomBytes, uuid7 } from './bytes.js'

// inspects says whether this device is an authority's.
export const inspects = (app) => Boolean(app.me?.orgRoles?.includes('authority'))

// pullSheets needs no sign-in: the sheets are published rules.
export async function pullSheets(app) {
  const { sheets } = await ask('/m/sheets')
  await app.remember('sheets', sheets)
  return sheets
}

export const sheetsOf = async (app) => (await app.db.get('meta', 'sheets')) ?? []

// lookUp reads a site as the register has it, keeps it, and gives it: null where there is none
// that is theirs to inspect, undefined where nobody could be asked.
export async function lookUp(app, site) {
  const kept = (await app.db.get('meta', 'inspectees')) ?? {}
  try {
    const told = await ask('/m/inspected/' + site)
    const found = { ...kept[site], site, siteName: told.site.name, party: told.party.id, partyName: told.party.name, division: told.division, operator: told.operator, inspections: told.inspections, read: Date.now() }
    await app.remember('inspectees', { ...((await app.db.get('meta', 'inspectees')) ?? {}), [site]: found })
    return found
  } catch (err) {
    if (err.kind === 'not-found') return null
    return kept[site]
  }
}

const drawsBack = 3 // the newest draws whose sites are carried along
const sitesOf = 60 // of one draw

// pullDrawn reads who was drawn in the newest draws, and of each site that is new here what
// the register says.
export async function pullDrawn(app) {
  const draws = (await walk('/v1/draws', { limit: 20 }, 1)).filter((d) => d.state === 'drawn').slice(0, drawsBack)
  const known = (await app.db.get('meta', 'drawn')) ?? []
  const out = []
  for (const d of draws) {
    const old = known.find((x) => x.event === d.event)
    if (old) {
      out.push(old)
      continue
    }
    const { drawn } = await ask('/v1/draws/' + d.event)
    const sites = drawn?.sites?.slice(0, sitesOf) ?? []
    const mine = []
    for (const s of sites) if (await lookUp(app, s)) mine.push(s)
    out.push({ event: d.event, period: d.period, round: d.round, sites: mine, others: sites.length - mine.length, people: drawn?.people ?? [] })
  }
  await app.remember('drawn', out)
}

// Drafts are kept under a key of their own each. The id of the event is the draft's from the
// beginning: what was signed once cannot be signed again from a draft that a crash left.
const key = (site) => 'draft/' + site

export async function drafts(app) {
  const names = (await app.db.keys('meta')).filter((k) => String(k).startsWith('draft/'))
  return Promise.all(names.map((k) => app.db.get('meta', k)))
}

export async function draftOf(app, site, first) {
  const kept = await app.db.get('meta', key(site))
  if (kept && !(await app.db.get('events', kept.id))) return first ? { ...kept, first } : kept
  return { id: uuid7(Date.now(), randomBytes(10)), site, first: first ?? '', answers: {}, accidents: 0, major: 0, with: [], note: '', begun: Date.now() }
}

export const keepDraft = (app, draft) => app.remember(key(draft.site), { ...draft, kept: Date.now() })
export const dropDraft = (app, site) => app.db.drop('meta', key(site))

// signedHere are the inspections of a site that this device signed, the newest first: the log
// may not have them yet.
export async function signedHere(app, site) {
  const out = []
  for (const e of await app.queue.list()) {
    if (e.type !== 'inspection.recorded' || e.state === 'refused') continue
    const d = payloadOf(e)
    if (!site || d.data.inspected === site) out.unshift({ event: e.id, at: Date.parse(e.at), state: e.state, site: d.data.inspected, data: d.data, again: d.refs?.[0] })
  }
  return out
}

export function payloadOf(e) {
  const bytes = Uint8Array.from(atob(e.jws.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  return JSON.parse(new TextDecoder().decode(bytes))
}
