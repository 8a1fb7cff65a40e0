// What is on a vehicle, in whole grams: sums by waste code, what is left of its limit, and what
// the scale at the depot says otherwise. Pure.

export const sum = (bags) => bags.reduce((n, b) => n + (b.grams ?? 0), 0)

// byCode sums bags by their waste code: [{code, bags, grams}], the heaviest first.
export function byCode(bags) {
  const out = new Map()
  for (const b of bags) {
    const t = out.get(b.code ?? '') ?? { code: b.code ?? '', bags: 0, grams: 0 }
    out.set(t.code, { ...t, bags: t.bags + (b.packages ?? 1), grams: t.grams + (b.grams ?? 0) })
  }
  return [...out.values()].sort((a, b) => b.grams - a.grams || (a.code < b.code ? -1 : 1))
}

// over is by how many grams a limit is passed with more on board; 0 where it is not, or there is none.
export const over = (limit, aboard, more) => (limit ? Math.max(0, aboard + more - limit) : 0)

// differences holds what is unloaded against what was loaded: each bag whose weight is another,
// and the sums.
export function differences(loaded, weighed) {
  const before = new Map(loaded.map((b) => [b.id, b.loaded ?? b.grams ?? 0]))
  const lines = weighed
    .map((b) => ({ id: b.id, label: b.label, code: b.code, from: before.get(b.id) ?? 0, to: b.grams ?? 0 }))
    .filter((l) => l.from !== l.to)
  const loadedGrams = loaded.reduce((n, b) => n + (b.loaded ?? b.grams ?? 0), 0)
  return { loaded: loadedGrams, unloaded: sum(weighed), lines }
}

// line places the stops of a trip on a drawing so wide: [{x, y, state}], in rows of at most
// `most`, every second row running back, so that the line never jumps.
export function line(states, width = 320, most = 6) {
  const step = width / most
  return states.map((state, i) => {
    const row = Math.floor(i / most)
    const at = i % most
    return { x: step * ((row % 2 ? most - 1 - at : at) + 0.5), y: 28 + row * 56, state }
  })
}

// statesOf is how the stops of a plan stand: done, skipped, next (the first that waits) or waiting.
export function statesOf(stops, skipped = {}, visited = new Set()) {
  let first = true
  return stops.map((s) => {
    if (s.status === 'collected' || visited.has(s.site)) return 'done'
    if (s.status === 'skipped' || skipped[s.site]) return 'skipped'
    const state = first ? 'next' : 'waiting'
    first = false
    return state
  })
}
