// Standing authorisations as the phone carries them, and by what right a collector may sign in
// a small source's place. Pure; the intake judges every event by the time that it names.

import { chinaDay } from './bytes.js'

// leaveAt is the authorisation of a place that is in force: of several the one with the most
// codes, then the one that lasts longest; null for none.
export function leaveAt(list, site, now) {
  const holds = (list ?? []).filter((a) => a.site === site && Date.parse(a.from) <= now && now < Date.parse(a.until))
  return holds.sort((a, b) => b.codes.length - a.codes.length || Date.parse(b.until) - Date.parse(a.until))[0] ?? null
}

// rights lists the ways to sign in a source's place now, the better evidence first. The
// one-time code is none without network: what the server says of it goes into what is signed.
export function rights({ leave, party, online, signedIn }) {
  return [leave && 'leave', party && online && signedIn === true && 'code'].filter(Boolean)
}

// uncovered is the first code that an authorisation does not cover; undefined for none.
export const uncovered = (leave, codes) => codes.find((c) => !leave.codes.includes(c))

// lastDay is the last day in China of what ends at a moment that is not included.
export const lastDay = (until) => chinaDay(Date.parse(until) - 1)
