// Choosing an organisation by name: those worked with last, those with whom the register has an
// agreement, and anybody else by typing a part of the name, which needs network.
import { app } from './app.js'
import { partners } from './sync.js'
import { Say, choices, field, h, note, p, two } from './ui.js'
import { explain } from './words.js'

const shownAtOnce = 6

// order puts those worked with last first, then those with an agreement, then the rest. Pure.
export function order(list, recent, role) {
  const seen = new Map(list.map((x) => [x.id, x]))
  const of = (x) => (recent.indexOf(x.id) >= 0 ? recent.indexOf(x.id) : recent.length + (x.agreed ? 0 : 1))
  return [...seen.values()].filter((x) => !role || x.roles.some((r) => role.includes(r))).sort((a, b) => of(a) - of(b))
}

// picker is a list of names with a search below it; value() is the chosen partner. known are
// those that the phone knows by itself. A choice made anew is a change event of row.
export async function picker(zh, en, { role, recent = [], known = [], id = 'partner' } = {}) {
  const told = await partners(app).catch(() => [])
  let list = order([...known, ...told], recent, role)
  let chosen = null
  const box = h('div', {})
  const said = h('div', { role: 'status' })
  const why = (x) => (x.id === app.me.party ? ['本单位', 'our own'] : recent.includes(x.id) ? ['最近用过', 'used before'] : x.agreed ? ['登记有协议', 'an agreement is registered'] : ['', ''])
  const draw = () => {
    chosen = choices(zh, en, list.slice(0, shownAtOnce).map((x) => ({ value: x.id, zh: x.name + (why(x)[0] ? `（${why(x)[0]}）` : ''), en: why(x)[1] })), list[0]?.id)
    box.replaceChildren(list.length ? chosen.row : p('没有可选的，请在下面输入名称查找。', 'There is none to choose; search by name below.', 'p.hint'))
    box.dispatchEvent(new Event('change', { bubbles: true }))
  }
  draw()
  const search = field(`查找${zh}（名称的一部分）`, `Search: ${en.toLowerCase()}`, { id: id + 'search', maxlength: 100, enterkeyhint: 'search' })
  const find = async () => {
    said.replaceChildren()
    const words = search.input.value.trim()
    if (!words) return
    try {
      if (!navigator.onLine) throw new Say('没有网络，只能从上面选。', 'No network: choose from the list above.')
      list = order(await partners(app, words), recent, role)
      draw()
    } catch (err) {
      const e = explain(err)
      said.replaceChildren(note('bad', p(e.zh ?? '没有找到。', e.en ?? e.message)))
    }
  }
  search.input.addEventListener('keydown', (e) => e.key === 'Enter' && find())
  return {
    row: h('div.picker', {}, box, search.row, h('button', { type: 'button', onclick: find }, two('查找', 'Search')), said),
    value: () => list.find((x) => x.id === chosen.value()) ?? null,
  }
}
