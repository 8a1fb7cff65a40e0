// One line at the gate: what the scale says against what was handed over, and the consignee's
// word on it.
import { app } from './app.js'
import { kg } from './bytes.js'
import { nameOf, weightField } from './step.js'
import { compare } from './moves.js'
import { Say, field, h, p, pick, two } from './ui.js'
import { categoryOf } from './world.js'

// toleranceOf is the datum that the rule on the server takes for this load.
export function toleranceOf(profile, code) {
  const name = profile ?? (categoryOf(code) === 'HW01' ? 'medical' : '')
  const all = app.words.tolerances
  return all.find((t) => t.profile === name) ?? all.find((t) => t.profile === '')
}

const percent = (permille) => `${permille / 10}%`

// said is a difference in words; the tolerance is shown as the datum that it is.
export function said(c, tolerance) {
  if (c.grams === 0) return two('与交来的一致。', 'As handed over.')
  const sign = c.grams > 0 ? '+' : '−'
  const size = kg(Math.abs(c.grams))
  const at = `${kg(c.limit)} kg（${percent(c.permille)}）`
  return c.within
    ? two(`差 ${sign}${size} kg，在容差 ${at} 内。`, `Difference ${sign}${size} kg, within the tolerance.`)
    : two(`差 ${sign}${size} kg，超出容差 ${at}：会记为差异，移出人和属地能看到。`, `Difference ${sign}${size} kg, beyond the tolerance: recorded as a difference for the consignor and the authority to see.`)
}

const reasonText = (r) => `${r.zh} ${r.en}`

// reasonFields asks for a reason from the list, and for words where the list has none.
export function reasonFields() {
  const list = pick('原因', 'Reason', app.words.reasons.map((r, i) => ({ value: String(i), zh: r.zh, en: r.en })), '0')
  list.input.classList.add('reason')
  const more = field('补充说明', 'In words', { maxlength: 120 })
  more.input.classList.add('words')
  const last = app.words.reasons.length - 1
  return {
    row: h('div', {}, list.row, more.row),
    read: () => {
      const i = Number(list.value())
      const text = more.input.value.trim()
      if (i === last && !text) {
        more.input.focus()
        throw new Say('选了“其他”，请写明原因。', 'You chose “other”: say why.')
      }
      if (i === last) return text
      return reasonText(app.words.reasons[i]) + (text ? `：${text}` : '')
    },
  }
}

// verdictLine is a line's row; read() gives null where the line is left for later.
export function verdictLine(bag, tolerance) {
  const weight = weightField(bag.grams, '实称', 'Weighed here')
  const difference = h('p.difference', { 'aria-live': 'polite' })
  const verdict = pick('结果', 'Result', [
    { value: 'whole', zh: '全部接受', en: 'accept' },
    { value: 'part', zh: '部分接受', en: 'accept in part' },
    { value: 'none', zh: '拒收', en: 'refuse' },
    { value: 'later', zh: '稍后再办', en: 'later' },
  ], 'whole')
  verdict.input.classList.add('verdict')
  const refused = weightField(undefined, '拒收的重量', 'Weight refused')
  refused.input.classList.add('refused')
  const packages = field('接受的件数（知道才填）', 'Containers accepted, if counted', { inputmode: 'numeric', maxlength: 6 })
  packages.input.classList.add('packages')
  const reason = reasonFields()
  const part = h('div', {}, refused.row, packages.row)
  const draw = () => {
    part.hidden = verdict.value() !== 'part'
    reason.row.hidden = !['part', 'none'].includes(verdict.value())
  }
  const differ = () => {
    difference.replaceChildren()
    delete difference.dataset.within
    const now = weight.peek()
    if (!now || !bag.grams) return
    const c = compare(bag.grams, now, tolerance, bag.measured === 'estimated')
    difference.dataset.within = String(c.within)
    difference.append(...said(c, tolerance).filter(Boolean))
  }
  verdict.input.addEventListener('change', draw)
  weight.input.addEventListener('input', differ)
  draw()
  differ()
  let asked = 0 // a weight that was asked about once is meant
  const read = () => {
    const v = verdict.value()
    if (v === 'later') return null
    const now = weight.read()
    if (bag.grams && now > 2 * bag.grams && asked !== now) {
      asked = now
      weight.input.focus()
      throw new Say(`实称 ${kg(now)} kg，比交来的 ${kg(bag.grams)} kg 重一倍以上。请核对；确实如此，再按一次。`, `${kg(now)} kg is more than twice the ${kg(bag.grams)} kg handed over. Check it; if it is so, press again.`)
    }
    if (v === 'whole') return { ...bag, grams: now, verdict: v }
    if (v === 'none') return { ...bag, grams: now, verdict: v, reason: reason.read() }
    const less = refused.read()
    if (less >= now) {
      refused.input.focus()
      throw new Say('拒收的重量不少于实称：全部不要请选“拒收”。', 'The weight refused is all there is: choose “refuse” for the whole line.')
    }
    const count = packages.input.value.trim()
    if (count && !/^[1-9]\d{0,4}$/.test(count)) throw new Say('件数写法不对，请写整数。', 'Not a count: write a whole number.')
    return { ...bag, grams: now - less, refused: less, verdict: v, packages: count ? Number(count) : undefined, reason: reason.read() }
  }
  const row = h('li.card', { 'data-batch': bag.id },
    h('p', {}, nameOf(bag)),
    h('p', {}, bag.code ?? '', bag.name ? ' ' + bag.name : '', ' · ', h('span.num', {}, `交来 ${kg(bag.grams ?? 0)} kg`), ' ', h('span', { lang: 'en' }, 'handed over')),
    weight.row, difference, verdict.row, part, reason.row)
  return { row, read }
}

// scaleFields asks how the weights are known.
export async function scaleFields() {
  const last = (await app.db.get('meta', 'last')) ?? {}
  const how = pick('怎样称的', 'How weighed', [{ value: 'weighed', zh: '过秤', en: 'on a scale' }, { value: 'estimated', zh: '估算', en: 'estimated' }], 'weighed')
  how.input.classList.add('measured')
  const scale = field('衡器编号（有就填）', 'Number of the scale, if any', { value: last.scale ?? '', maxlength: 32 })
  scale.input.classList.add('scale')
  return {
    rows: [how.row, scale.row],
    read: async () => {
      await app.remember('last', { ...(await app.db.get('meta', 'last')), scale: scale.input.value.trim() })
      return { measured: how.value(), scale: how.value() === 'weighed' ? scale.input.value.trim() : '' }
    },
  }
}

// tellTolerance is the datum with its source, once a page.
export const tellTolerance = (t) => p(`容差：两次称重 ${percent(t.permille)}；此前为估算时 ${percent(t.estimate_permille)}。来源：本系统自定，部令第 23 号第十二条没有给数。`, `Tolerance: ${percent(t.permille)} between two scales, ${percent(t.estimate_permille)} against an estimate. Source: ${t.source}.`, 'p.hint')
