// Talking to the server. Sending what is signed needs no sign-in; looking things up does.

// clock is how many milliseconds this phone's clock was ahead of the server's when it last
// answered; null: not known. Within near it is right enough.
export const clock = { off: null, near: 300_000 }

function readClock(r) {
  const there = Date.parse(r.headers?.get('date') ?? '')
  if (!Number.isNaN(there)) clock.off = Date.now() - there
}

// postEvents sends signed events, one a line, and reads the answer line by line.
export async function postEvents(body) {
  const r = await fetch('/v1/events', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body, credentials: 'omit', cache: 'no-store' })
  readClock(r)
  const text = await r.text().catch(() => '') // what arrived of a cut answer is not known then
  if (!r.ok) return { ok: false, status: r.status, lines: [], problem: parse(text) }
  return { ok: true, status: r.status, lines: text.split('\n').map(parse).filter((l) => l?.line) }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// Trouble is a refusal of the server, or that there was no way to it (kind offline).
export class Trouble extends Error {
  constructor(kind, problem) {
    super(problem?.detail ?? kind)
    Object.assign(this, { kind, problem })
  }
}

export async function ask(path, { method = 'GET', type, body, csrf, signed } = {}) {
  let r
  const headers = {}
  if (type) headers['content-type'] = type
  if (signed) headers.authorization = 'Liandan ' + signed
  if (csrf) headers['x-csrf-token'] = csrf
  try {
    r = await fetch(path, { method, headers, body, redirect: 'manual', cache: 'no-store' })
  } catch {
    throw new Trouble('offline')
  }
  readClock(r)
  if (r.type === 'opaqueredirect') throw new Trouble('unauthorized') // to the page for signing in
  const text = await r.text()
  const value = parse(text)
  if (!r.ok) throw new Trouble(value?.kind ?? { 401: 'unauthorized', 404: 'not-found' }[r.status] ?? 'unavailable', value)
  return value
}

export const postJSON = (path, value, csrf) => ask(path, { method: 'POST', type: value && 'application/json', body: value && JSON.stringify(value), csrf })

const query = (o) => new URLSearchParams(Object.entries(o).filter(([, v]) => v !== undefined && v !== '')).toString()

// walk reads a list to its end, or so many pages.
export async function walk(path, asked, pages = 5) {
  const out = []
  let cursor
  for (let i = 0; i < pages; i++) {
    const page = await ask(`${path}?${query({ ...asked, cursor })}`)
    out.push(...page.items)
    cursor = page.next_cursor
    if (!cursor) break
  }
  return out
}

export const who = (ids = []) => ask('/m/who' + (ids.length ? '?' + ids.map((i) => 'id=' + encodeURIComponent(i)).join('&') : ''))
export const batch = (id) => ask('/v1/batches/' + id)
export const manifest = (id) => ask('/v1/manifests/' + id)
export const newLabelOf = (id, csrf) => ask(`/v1/batches/${id}/labels`, { method: 'POST', csrf })
