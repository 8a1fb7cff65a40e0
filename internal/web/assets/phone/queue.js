// What was signed and is on its way. An event is kept before anything else happens to it,
// goes out with its very bytes as often as it takes, and is never deleted: the server knows
// an event by its id and answers the same bytes with the first receipt, so that sending
// again after a lost connection changes nothing.
import { hex, sha256, utf8 } from './bytes.js'

export const WAITING = 'waiting' // not yet sent, or not known to have arrived
export const SENT = 'sent' // recorded; seq is its place in the log
export const HELD = 'held' // kept by the server until what it waits for arrives
export const REFUSED = 'refused' // the server said no; problem says why

const atOnce = 100 // events of one upload
const askAgain = 60_000 // ms between questions about what is held

// leafHash is what an entry is called by the next event of its batch (RFC 6962).
export async function leafHash(entry) {
  const e = utf8(entry)
  const b = new Uint8Array(e.length + 1)
  b.set(e, 1)
  return hex(await sha256(b))
}

// outcome reads one line of the server's answer.
export function outcome({ status, receipt, problem }) {
  if (status === 200 || status === 201) return { state: SENT, seq: receipt.seq, recorded: receipt.recorded_at, problem: null }
  if (status === 409 && problem?.retained) return { state: HELD, problem }
  if (status === 429 || status >= 500) return { state: WAITING, problem }
  return { state: REFUSED, problem }
}

export class Queue {
  // db as db.js gives it; post(body) answers {ok, status, lines} and throws when there is no
  // network; now gives ms; changed is told after every change.
  constructor({ db, post, now = Date.now, changed = () => {} }) {
    Object.assign(this, { db, post, now, changed })
    this.flushing = null
    this.trouble = null
  }

  // add keeps a signed event, with what it does to bags, in one transaction.
  async add(event, bags = []) {
    const kept = { state: WAITING, tries: 0, asked: 0, problem: null, ...event, made: this.now() }
    await this.db.write(['events', 'bags'], (store) => {
      store('events').add(kept) // an id is signed once
      for (const b of bags) store('bags').put(b)
    })
    await this.changed()
    return kept
  }

  async list() {
    return (await this.db.all('events')).sort((a, b) => a.made - b.made || (a.id < b.id ? -1 : 1))
  }

  // due is what is to be sent; with all, what was asked about a moment ago too.
  async due(all = false) {
    const now = this.now()
    return (await this.list()).filter((e) => e.state === WAITING || (e.state === HELD && (all || now - e.asked >= askAgain)))
  }

  // again puts a refused event back: what stood in its way may be gone.
  async again(id) {
    const e = await this.db.get('events', id)
    if (e && e.state !== SENT) await this.db.put('events', { ...e, state: WAITING, problem: null, asked: 0 })
    await this.changed()
  }

  // flush sends what is due. Calls while one is at work share it.
  flush(all = false) {
    this.flushing ??= this.send(all).finally(() => {
      this.flushing = null
    })
    return this.flushing
  }

  async send(all) {
    this.trouble = null
    const due = await this.due(all)
    for (let i = 0; i < due.length; i += atOnce) {
      const part = due.slice(i, i + atOnce)
      let answer
      try {
        answer = await this.post(part.map((e) => e.jws).join('\n') + '\n')
      } catch {
        this.trouble = { kind: 'offline' }
        break
      }
      if (!answer.ok) {
        this.trouble = { kind: answer.problem?.kind ?? 'unavailable', status: answer.status, problem: answer.problem }
        break
      }
      await this.settle(part, answer.lines)
      await this.changed() // of many, some are through
      if (answer.lines.length < part.length) break // the answer was cut: the rest is asked again
    }
    await this.changed()
    return this.trouble
  }

  // settle writes down what the server said of each line.
  async settle(part, lines) {
    const heads = []
    const kept = await Promise.all(part.map((e) => this.db.get('events', e.id)))
    for (const line of lines) {
      const e = kept[line.line - 1]
      if (!e || e.state === SENT) continue
      Object.assign(e, outcome(line), { tries: e.tries + 1, asked: this.now() })
      if (line.receipt) heads.push([e.batches, line.receipt.seq, await leafHash(line.receipt.entry)])
    }
    const bags = new Map()
    for (const [ids, seq, head] of heads) {
      for (const id of ids ?? []) {
        const b = bags.get(id) ?? (await this.db.get('bags', id))
        if (b && !(b.seq > seq)) bags.set(id, { ...b, head, seq })
      }
    }
    await this.db.write(['events', 'bags'], (store) => {
      for (const e of kept) if (e) store('events').put(e)
      for (const b of bags.values()) store('bags').put(b)
    })
  }
}

// count is what the header shows.
export function count(events) {
  const n = { waiting: 0, held: 0, refused: 0, sent: 0 }
  for (const e of events) if (!e.noted) n[e.state]++
  return n
}
