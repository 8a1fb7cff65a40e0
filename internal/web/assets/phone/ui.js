// Building pages: no markup from strings, so that nothing that was scanned or sent can be
// anything but text. Chinese first, English beside.

export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.')
  const e = document.createElement(tag)
  if (classes.length) e.className = classes.join(' ')
  for (const [k, v] of Object.entries(attributes)) {
    if (v === undefined || v === false || v === null) continue
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v)
    else e.setAttribute(k, v === true ? '' : v)
  }
  e.append(...children.flat(9).filter((c) => c !== undefined && c !== null && c !== false))
  return e
}

// two is a sentence in both languages.
export const two = (zh, en) => [zh, ' ', h('span', { lang: 'en' }, en)]

// plural is a number with its English word: 1 label, 2 labels.
export const plural = (n, one, many = one + 's') => `${n} ${n === 1 ? one : many}`

// pieces counts things in both languages: 3 件 3 containers.
export const pieces = (n, zh = '件', one = 'container', many = undefined, more = '') => two(`${n} ${zh}${more}`, plural(n, one, many))

// overdue is a time left, or by how much it is over.
export const overdue = (late, shown) => h('span.num', {}, late ? ['超 ', h('span', { lang: 'en' }, 'over '), shown] : shown)

export const words = (t) => (t ? two(t.zh, t.en) : [])

export const p = (zh, en, name = 'p') => h(name, {}, two(zh, en))

export const note = (kind, ...children) => h('div.note.' + kind, { role: kind === 'bad' ? 'alert' : 'status' }, children)

export const link = (to, zh, en, name = 'a.big') => h(name, { href: to }, two(zh, en))

// What a browser says when it cannot keep something, in words for a person.
const kept = {
  QuotaExceededError: ['手机存储已满，没有存上，也没有签。请删些照片或应用，再按一次；以前签的都在。', 'No room is left on this phone: nothing was kept or signed. Delete some pictures or apps and press again; what was signed before is safe.'],
  InvalidStateError: ['本机的记录被清除，或本应用在另一页换了新版，没有存上。请关掉本页再打开。', 'What this phone kept was cleared, or a newer version runs in another page; nothing was kept. Close this page and open the app again.'],
  UnknownError: ['手机没有存上，也没有签。请再按一次；还不行，请重启手机。', 'The phone did not keep it: nothing was signed. Press again; if that fails, restart the phone.'],
}

// plain turns whatever went wrong into a sentence in both languages that says what to do.
export function plain(err, other = ['这一步没有做成，请再试。', `This did not work: ${err?.message ?? err}`]) {
  if (err?.zh) return err
  return new Say(...(kept[err?.name] ?? other))
}

// act is a button whose work runs once at a time; what goes wrong is shown above it.
export function act(zh, en, work, name = 'button.main') {
  const b = h(name, { type: 'button' }, two(zh, en))
  b.addEventListener('click', async () => {
    if (b.disabled) return
    b.disabled = true
    b.previousElementSibling?.classList.contains('trouble') && b.previousElementSibling.remove()
    const slow = setTimeout(() => b.replaceChildren(...two('正在办，请稍等…', 'Working, please wait…')), 600)
    try {
      await work(b)
    } catch (err) {
      const said = plain(err)
      const t = note('bad', p(said.zh, said.en))
      t.classList.add('trouble')
      b.before(t)
      t.scrollIntoView({ block: 'center' })
    } finally {
      clearTimeout(slow)
      b.replaceChildren(...two(zh, en))
      b.disabled = false
    }
  })
  return b
}

// Say is what stops a step, in both languages.
export class Say extends Error {
  constructor(zh, en) {
    super(en)
    Object.assign(this, { zh, en })
  }
}

let fieldNumber = 0

export function field(zh, en, attributes = {}, behind) {
  const id = attributes.id ?? `f${fieldNumber++}`
  const input = h('input', { id, autocomplete: 'off', ...attributes })
  const row = behind ? h('div.with', {}, input, h('span', {}, behind)) : input
  return { row: h('div', {}, h('label', { for: id }, two(zh, en)), row), input }
}

// choices is one of a few, as large buttons; value() is the chosen one.
export function choices(zh, en, options, chosen) {
  const name = `c${fieldNumber++}`
  const box = h(
    'fieldset.choices',
    {},
    h('legend', {}, two(zh, en)),
    options.map((o) => h('label', {}, h('input', { type: 'radio', name, value: o.value, checked: o.value === chosen }), h('span', {}, two(o.zh, o.en)))),
  )
  return { row: box, value: () => box.querySelector(':checked')?.value ?? '' }
}

// pick is one of many, in a list that the phone itself opens.
export function pick(zh, en, options, chosen, id = `f${fieldNumber++}`) {
  const input = h('select', { id }, options.map((o) => h('option', { value: o.value, selected: o.value === chosen }, `${o.zh} ${o.en}`)))
  return { row: h('div', {}, h('label', { for: id }, two(zh, en)), input), input, value: () => input.value }
}

export function check(zh, en, on = false) {
  const input = h('input', { type: 'checkbox', checked: on })
  return { row: h('label.check', {}, input, h('span', {}, two(zh, en))), on: () => input.checked }
}

// when writes a moment as a clock in China shows it: 11-27 17:05.
export const when = (at) => new Date(new Date(at).getTime() + 8 * 3_600_000).toISOString().slice(5, 16).replace('T', ' ')
