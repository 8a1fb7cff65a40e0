// An inspection sheet being filled in: what it comes to, and what is wrong with it. Pure. The
// rules are those of the server's package indicator, whose tests hold both against the same
// cases; the server's count is the one that stands.

// mostCompanions and mostNote are the bounds of the event.
export const mostCompanions = 8
export const mostNote = 400

const whole = (v) => Number.isInteger(v) && v >= 0

// tally adds up a sheet with answers by item number, {points} or {na: true}. points is after
// what accidents take off; total is the items' alone, as the event says it. verdict is pass,
// basic or fail, and null while items are missing, unless nothing can save it any more.
export function tally(sheet, { answers = {}, accidents = 0, major = 0 } = {}) {
  let [total, lost, answered, veto] = [0, 0, 0, major > 0]
  for (const it of sheet.items) {
    const a = answers[it.no]
    if (!a) continue
    answered++
    if (a.na) {
      lost += it.max
      continue
    }
    if (!whole(a.points)) continue
    total += a.points
    veto ||= Boolean(it.veto) && a.points < it.max
  }
  // What does not apply is taken out of total and thresholds alike, in whole points upward.
  const scale = (at) => Math.floor((at * (sheet.total - lost) + sheet.total - 1) / sheet.total)
  const [pass, basic] = [scale(sheet.pass), scale(sheet.basic)]
  const points = total - (accidents || 0) * sheet.accident
  const full = answered === sheet.items.length
  let verdict = null
  if (veto) verdict = 'fail'
  else if (full) verdict = points < basic ? 'fail' : points < pass ? 'basic' : 'pass'
  return { total, points, most: sheet.total - lost, answered, of: sheet.items.length, veto, pass, basic, verdict }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const forbidden = /[\u0000-\u001F\u007F\u202A-\u202E\u2066-\u2069]/

// noteText makes one line of what was typed on several.
export const noteText = (text) => (text ?? '').split(/[\r\n]+/).map((l) => l.trim()).filter(Boolean).join('；')

// faults lists everything that stops a draft from being signed: {at, zh, en}, where at names
// the place on the page. me is who signs; known says of the site what the register said:
// true, false, or undefined where it was not asked.
export function faults(draft, sheet, me, known) {
  const out = []
  const say = (at, zh, en) => out.push({ at, zh, en })
  if (!uuid.test(draft.site ?? '')) say('site', '场所编号不对。', 'The site is no id of a site.')
  else if (known === false) say('site', '登记册里没有这个场所，或不归您检查。', 'The register has no such site, or it is not yours to inspect.')
  else if (draft.party && draft.party === me.party) say('site', '不能检查本单位自己的场所。', 'Nobody inspects a site of their own organisation.')
  if (!sheet) {
    say('sheet', '还没有选检查表。', 'No sheet is chosen.')
    return out
  }
  let applies = false
  for (const it of sheet.items) {
    const a = draft.answers?.[it.no]
    const at = 'item-' + it.no
    if (!a) say(at, `第 ${it.no} 项没有填。`, `Item ${it.no} has no answer.`)
    else if (!a.na && !whole(a.points)) say(at, `第 ${it.no} 项不是整数分。`, `Item ${it.no} is no whole number of points.`)
    else if (!a.na && a.points > it.max) say(at, `第 ${it.no} 项超过满分 ${it.max}。`, `Item ${it.no} is above its maximum of ${it.max}.`)
    applies ||= !a?.na
  }
  if (!applies) say('item-' + sheet.items[0].no, '不能所有项都不适用。', 'Not every item can be inapplicable.')
  for (const [at, zh, en] of [['accidents', '污染事故次数', 'The number of accidents'], ['major', '重大事故次数', 'The number of major accidents']]) {
    const n = draft[at] ?? 0
    if (!whole(n) || n > 100) say(at, `${zh}应为 0 至 100 的整数。`, `${en} must be a whole number from 0 to 100.`)
  }
  const note = noteText(draft.note)
  if ([...note].length > mostNote) say('note', `备注最多 ${mostNote} 个字，现有 ${[...note].length}。`, `The note has ${[...note].length} characters; ${mostNote} at most.`)
  if (forbidden.test(note)) say('note', '备注里有不能用的控制字符。', 'The note has control characters.')
  const others = draft.with ?? []
  if (others.includes(me.person)) say('with', '同行人员里有您自己。', 'You are among your own companions.')
  if (others.length > mostCompanions) say('with', `同行人员最多 ${mostCompanions} 名。`, `At most ${mostCompanions} companions.`)
  return out
}

// recorded is the event of a draft without faults.
export function recorded(me, at, draft, sheet) {
  const t = tally(sheet, draft)
  const data = {
    inspected: draft.site,
    class: sheet.class,
    sheet: sheet.name,
    version: sheet.version,
    items: sheet.items.map(({ no }) => (draft.answers[no].na ? { no } : { no, points: draft.answers[no].points })),
    total: t.total,
  }
  if (draft.accidents > 0) data.accidents = draft.accidents
  if (draft.major > 0) data.major_accidents = draft.major
  if (noteText(draft.note)) data.note = noteText(draft.note)
  if (draft.with?.length) data.with = draft.with
  return { v: 1, id: draft.id, type: 'inspection.recorded', at, party: me.party, site: me.site, person: me.person, ...(draft.first ? { refs: [draft.first] } : {}), data }
}
