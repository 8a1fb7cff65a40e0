// All of a trip at the gate: one weighing list over its manifests, and one tap that signs an
// acceptance of each. Whatever is not to be accepted whole is taken out and handled alone.
import { go } from './app.js'
import { change, kg } from './bytes.js'
import { sum } from './load.js'
import { compare } from './moves.js'
import { nameOf, still, weightField } from './step.js'
import { Say, act, h, link, note, p, pieces, plural, two } from './ui.js'
import { said, scaleFields, tellTolerance, toleranceOf } from './verdict.js'

// tripOf is what a load came by: its carrier and vehicle, as far as they are known here.
export const tripOf = (m, b) => `${m?.carrier ?? b.carrier ?? '-'}/${m?.vehicle ?? b.vehicle ?? '-'}`

// trips gathers the manifests at the gate by trip: [trip, [[manifest, containers]…]].
export function trips(here, sheets) {
  const papers = new Map()
  for (const b of here) papers.set(b.manifest, [...(papers.get(b.manifest) ?? []), b])
  const out = new Map()
  for (const [id, list] of papers) {
    const trip = tripOf(sheets.get(id), list[0])
    out.set(trip, [...(out.get(trip) ?? []), [id, list]])
  }
  return out
}

// tellAll is what would be signed of a set of papers: of each how many containers, how many
// grams, what that differs by, and how many weights are missing. Pure.
export const tellAll = (papers) => papers.map(({ id, lines }) => ({
  id,
  pieces: lines.length,
  missing: lines.filter((l) => !l.weighed).length,
  grams: lines.reduce((n, l) => n + (l.weighed ?? 0), 0),
  differs: lines.reduce((n, l) => n + (l.weighed ? l.weighed - (l.grams ?? l.weighed) : 0), 0),
}))

// weight is how many containers, and how heavy.
export const weight = (bags) => pieces(bags.length, '件', 'container', undefined, ` · ${kg(sum(bags))} kg`)

// line asks for one container's weight; nothing is filled in that nobody weighed or said.
function line(bag, tolerance, changed) {
  const weight = weightField(undefined, '实称', 'Weighed here')
  const difference = h('p.difference', { 'aria-live': 'polite' })
  weight.input.addEventListener('input', () => {
    difference.replaceChildren()
    const now = weight.peek()
    if (now && bag.grams) {
      const c = compare(bag.grams, now, tolerance, bag.measured === 'estimated')
      difference.dataset.within = String(c.within)
      difference.append(...said(c, tolerance))
    }
    changed()
  })
  let asked = 0 // a weight that was asked about once is meant
  return {
    bag,
    peek: () => ({ grams: bag.grams, weighed: weight.peek() }),
    fill: () => {
      if (weight.input.value.trim() || !bag.grams) return
      weight.input.value = kg(bag.grams)
      weight.input.dispatchEvent(new Event('input', { bubbles: true }))
    },
    read: () => {
      const now = weight.read()
      if (bag.grams && now > 2 * bag.grams && asked !== now) {
        asked = now
        weight.input.focus()
        throw new Say(`实称 ${kg(now)} kg，比交来的 ${kg(bag.grams)} kg 重一倍以上。请核对；确实如此，再按一次。`, `${kg(now)} kg is more than twice the ${kg(bag.grams)} kg handed over. Check it; if it is so, press again.`)
      }
      return { ...bag, grams: now, verdict: 'whole' }
    },
    row: h('div', { 'data-batch': bag.id }, h('p', {}, nameOf(bag), ' ', bag.code ?? '', ' · ', h('span.num', {}, `交来 ${kg(bag.grams ?? 0)} kg`), ' ', h('span', { lang: 'en' }, 'handed over')), weight.row, difference),
  }
}

// wholePage is the list of a trip. papers is [[manifest, containers]…]; sign signs the acceptance
// of one; name and number say which manifest it is.
export async function wholePage(papers, sheets, { name, number, sign }) {
  const scale = await scaleFields()
  const sums = h('div', { id: 'signs', role: 'status' })
  const list = h('ul.list', {})
  const sets = papers.map(([id, bags]) => {
    const tolerance = toleranceOf(sheets.get(id)?.profile, bags[0].code)
    const rows = bags.map((b) => line(b, tolerance, () => tell()))
    const out = act('这一单另办', 'Handle this one alone', () => {
      alone.push(id)
      drop(id)
    }, 'button')
    return { id, rows, row: h('li.card', { 'data-manifest': id }, h('p', {}, h('strong', {}, name(id, bags)), ' ', number(id), ' · ', pieces(bags.length)), rows.map((r) => r.row), out) }
  })
  const alone = []
  const drop = (id) => {
    const i = sets.findIndex((s) => s.id === id)
    sets.splice(i, 1)[0].row.remove()
    tell()
  }
  const told = () => tellAll(sets.map((s) => ({ id: s.id, lines: s.rows.map((r) => r.peek()) })))
  const tell = () => {
    const all = told()
    sums.replaceChildren(
      h('h2', {}, two(`将签 ${all.length} 单，每单一条“接受”`, `Signs ${plural(all.length, 'acceptance')}, one a manifest`)),
      h('table', {}, h('tbody', {}, all.map((t, i) => h('tr', { 'data-signs': t.id },
        h('th', { scope: 'row' }, name(t.id, sets[i].rows.map((r) => r.bag)), ' ', number(t.id)),
        h('td.num', {}, t.missing ? two(`缺 ${t.missing} 件重量`, `${plural(t.missing, 'weight')} missing`) : [pieces(t.pieces, '件', 'container', undefined, ` · ${kg(t.grams)} kg`), ' ', t.differs !== 0 && change(t.differs) + ' kg']))))))
  }
  const button = () => act(`本车全部接受，签名`, `Accept all of this trip, sign`, async () => {
    if (sets.length === 0) throw new Say('这一车的联单都已移出，没有可签的。', 'Every manifest was taken out: there is nothing to sign.')
    const missing = told().reduce((n, t) => n + t.missing, 0)
    if (missing) {
      list.querySelectorAll('input.weight').forEach((x) => x.setAttribute('aria-invalid', String(!x.value.trim())))
      list.querySelector('input[aria-invalid=true]')?.focus()
      throw new Say(`还有 ${missing} 件没有重量：称了再签，或按“照交来的重量填上”。`, `${plural(missing, 'weight')} missing: weigh first, or fill in what was handed over.`)
    }
    const read = sets.map((s) => ({ id: s.id, lines: s.rows.map((r) => r.read()) }))
    const f = await scale.read()
    for (const { lines } of read) await still(lines, 'manifest.accepted')
    for (const { id, lines } of read) {
      await sign(id, lines, f)
      drop(id) // what is signed is not signed again, should the next one fail
    }
    go(alone.length ? 'check/' + alone[0] : 'stock')
  })
  list.append(...sets.map((s) => s.row))
  tell()
  const bags = papers.flatMap(([, b]) => b)
  const kinds = [...new Set(papers.map(([id, b]) => toleranceOf(sheets.get(id)?.profile, b[0].code)))]
  return {
    body: [
      h('h1', {}, two(`本车全部 ${papers.length} 单`, `All ${plural(papers.length, 'manifest')} of this trip`)),
      h('p', {}, weight(bags)),
      kinds.map(tellTolerance),
      p('逐件填实称重量。有拒收、部分接受的，先按“这一单另办”。', 'Enter what each weighs here. Take out what is refused or accepted in part.', 'p.hint'),
      act('照交来的重量填上（没填的）', 'Fill in as handed over, where empty', () => sets.forEach((s) => s.rows.forEach((r) => r.fill())), 'button'),
      list,
      scale.rows,
      sums,
      button(),
      link('#gate', '到货', 'Arrivals'),
    ],
  }
}

// nothing says that no load of that trip waits.
export const nothing = () => ({ body: [p('本车全部', 'All of this trip', 'h1'), note('', p('这一车没有等着验收的了。', 'Nothing of this trip waits any more.')), link('#gate', '到货', 'Arrivals', 'a.big.main'), link('#stock', '库存', 'Stock')] })
