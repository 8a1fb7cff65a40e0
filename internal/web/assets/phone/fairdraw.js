// Announcing a draw for random inspection: the list in its canonical text, the round, what is
// wrong, the event. Pure. Who is drawn follows from the log later and is not computed here.
import { chinaDay, hex, isUUID, sha256, utf8 } from './bytes.js'

export const most = { sites: 20_000, people: 2_000, round: 100, reason: 200, period: 32 }

// listText is the canonical spelling whose SHA-256 freezes the list (package sampling).
export const listText = (sites, people) => JSON.stringify({ sites: [...sites].sort(), people: [...people].sort() })
export const listHash = async (sites, people) => hex(await sha256(utf8(listText(sites, people))))

// readIDs takes ids that were typed or pasted, one a line, each once.
export function readIDs(text) {
  const ids = (text ?? '').toLowerCase().split(/[\s,;，；]+/).filter(Boolean)
  return { ids: [...new Set(ids.filter(isUUID))], wrong: ids.filter((x) => !isUUID(x)), twice: ids.length - new Set(ids).size }
}

// quarterOf is the usual name of the period that a moment is in, in China.
export const quarterOf = (date) => {
  const [year, month] = chinaDay(date.getTime()).split('-').map(Number)
  return `${year}-Q${Math.floor((month - 1) / 3) + 1}`
}

// earlier are the draws of the same authority over the same period or list, which a new one has
// to follow; the round is one more than the last of theirs.
export function earlier(draws, party, period, list) {
  const before = draws.filter((d) => d.party === party && (d.period === period || d.list === list))
  return { before, round: 1 + before.reduce((n, d) => Math.max(n, d.round), 0) }
}

const whole = (n, from, to) => Number.isInteger(n) && n >= from && n <= to
const forbidden = /[\u0000-\u001F\u007F\u202A-\u202E\u2066-\u2069]/

// faults lists everything that stops an announcement: {at, zh, en}. size is the log's now.
export function faults(f, { size }) {
  const out = []
  const say = (at, zh, en) => out.push({ at, zh, en })
  if (!f.period || [...f.period].length > most.period || forbidden.test(f.period)) say('period', `请填写期间，最多 ${most.period} 个字。`, `Name the period, in ${most.period} characters at most.`)
  if (!whole(f.sites.length, 1, most.sites)) say('kinds', `名单应有 1 至 ${most.sites} 个场所，现有 ${f.sites.length} 个。`, `The list must have 1 to ${most.sites} sites; it has ${f.sites.length}.`)
  if (f.wrong.length) say('people', `检查人员编号写法不对：${f.wrong.slice(0, 3).join('、')}`, `Not an id of a person: ${f.wrong.slice(0, 3).join(', ')}`)
  if (!whole(f.people.length, 1, most.people)) say('people', `名单应有 1 至 ${most.people} 名检查人员。`, `The list must have 1 to ${most.people} inspectors.`)
  if (!whole(f.drawSites, 1, Math.max(1, f.sites.length))) say('draw-sites', `抽取场所数应为 1 至名单上的 ${f.sites.length}。`, `Draw from 1 to the ${f.sites.length} sites listed.`)
  if (!whole(f.drawPeople, 1, Math.max(1, f.people.length))) say('draw-people', `抽取人员数应为 1 至名单上的 ${f.people.length}。`, `Draw from 1 to the ${f.people.length} inspectors listed.`)
  if (!whole(f.size, size + 2, 2 ** 40)) say('ahead', `种子必须在将来：日志现有 ${size} 条，至少再过 2 条。`, `The seed must be in the future: the log has ${size} entries; two more at least.`)
  if (f.round > most.round) say('period', `同一期间最多抽 ${most.round} 次。`, `A period is drawn ${most.round} times at most.`)
  const reason = (f.reason ?? '').trim()
  if (f.round > 1 && !reason) say('reason', '这个期间或这份名单已抽过：请说明为什么重抽。', 'This period or list was drawn before: say why it is drawn again.')
  if ([...reason].length > most.reason || forbidden.test(reason)) say('reason', `理由最多 ${most.reason} 个字，一行。`, `The reason has ${most.reason} characters at most, on one line.`)
  return out
}

// announced is the event.
export function announced(me, at, id, f) {
  const data = { period: f.period, list: f.list, sites: f.sites.length, people: f.people.length, draw_sites: f.drawSites, draw_people: f.drawPeople, size: f.size, round: f.round }
  if (f.round > 1) data.reason = f.reason.trim()
  return { v: 1, id, type: 'sample.drawn', at, party: me.party, site: me.site, person: me.person, data }
}
