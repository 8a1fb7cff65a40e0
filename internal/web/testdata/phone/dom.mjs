// As much of a browser's document as the app's pages use, for tests of the pages without a browser.

class Node {
  constructor(name) {
    Object.assign(this, { localName: name.toLowerCase(), childNodes: [], parent: null, attributes: new Map(), heard: new Map(), style: {}, hidden: false, disabled: false, own: {} })
    this.classList = {
      add: (c) => this.setAttribute('class', [...this.classes(), c].join(' ')),
      contains: (c) => this.classes().includes(c),
      toggle: (c, on) => this.setAttribute('class', [...this.classes().filter((x) => x !== c), ...(on ? [c] : [])].join(' ')),
    }
    this.dataset = new Proxy({}, {
      get: (_, k) => this.getAttribute('data-' + String(k)) ?? undefined,
      set: (_, k, v) => (this.setAttribute('data-' + k, v), true),
      deleteProperty: (_, k) => this.attributes.delete('data-' + k) || true,
      ownKeys: () => [...this.attributes.keys()].filter((k) => k.startsWith('data-')).map((k) => k.slice(5)),
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    })
  }
  classes() { return (this.getAttribute('class') ?? '').split(' ').filter(Boolean) }
  get className() { return this.getAttribute('class') ?? '' }
  set className(c) { this.setAttribute('class', c) }
  get id() { return this.getAttribute('id') ?? '' }
  set id(v) { this.setAttribute('id', v) }
  set htmlFor(v) { this.setAttribute('for', v) }
  get type() { return this.getAttribute('type') ?? (this.localName === 'input' ? 'text' : '') }
  setAttribute(k, v) { this.attributes.set(k, String(v)); if (k === 'hidden') this.hidden = true }
  getAttribute(k) { return this.attributes.get(k) ?? null }
  get children() { return this.childNodes.filter((c) => c instanceof Node) }
  get parentElement() { return this.parent }
  get lastChild() { return this.childNodes.at(-1) ?? null }
  get previousElementSibling() { const all = this.parent?.children ?? []; return all[all.indexOf(this) - 1] ?? null }
  append(...kids) { for (const k of kids) this.insertBefore(k, null) }
  prepend(...kids) { kids.reverse().forEach((k) => this.insertBefore(k, this.childNodes[0] ?? null)) }
  insertBefore(kid, before) {
    if (kid instanceof Node) { kid.remove(); kid.parent = this } else kid = String(kid)
    const i = before ? this.childNodes.indexOf(before) : this.childNodes.length
    this.childNodes.splice(i, 0, kid)
  }
  remove() { if (this.parent) { this.parent.childNodes.splice(this.parent.childNodes.indexOf(this), 1); this.parent = null } }
  before(kid) { this.parent.insertBefore(kid, this) }
  replaceWith(...kids) { const at = this.parent; for (const k of kids) at.insertBefore(k, this); this.remove() }
  replaceChildren(...kids) { for (const k of [...this.children]) k.parent = null; this.childNodes = []; this.append(...kids) }
  get textContent() { return this.childNodes.map((c) => (c instanceof Node ? c.textContent : c)).join('') }
  get defaultValue() { return this.getAttribute('value') ?? '' }
  get defaultChecked() { return this.attributes.has('checked') }
  get defaultSelected() { return this.attributes.has('selected') }
  get options() { return this.querySelectorAll('option') }
  get selectedIndex() { return this.options.findIndex((o) => (o.getAttribute('value') ?? '') === this.value) }
  get value() {
    if (this.own.value !== undefined) return this.own.value
    if (this.localName === 'select') return (this.options.find((o) => o.defaultSelected) ?? this.options[0])?.getAttribute('value') ?? ''
    return this.defaultValue
  }
  set value(v) { this.own.value = String(v) }
  get checked() { return this.own.checked ?? this.defaultChecked }
  set checked(v) {
    if (v && this.type === 'radio') for (const x of this.root().querySelectorAll('input')) if (x.getAttribute('name') === this.getAttribute('name')) x.own.checked = false
    this.own.checked = v
  }
  root() { let x = this; while (x.parent) x = x.parent; return x }
  get isConnected() { return this.root() === document.body }
  contains(x) { for (; x; x = x.parent) if (x === this) return true; return false }
  all() { return this.children.flatMap((c) => [c, ...c.all()]) }
  matches(selector) { return selector.split(',').some((s) => fits(this, s.trim())) }
  closest(selector) { for (let x = this; x; x = x.parent) if (x.matches(selector)) return x; return null }
  querySelectorAll(selector) { return this.all().filter((x) => x.matches(selector)) }
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null }
  addEventListener(type, f) { this.heard.set(type, [...(this.heard.get(type) ?? []), f]) }
  dispatchEvent(e) { e.target ??= this; for (let x = this; x; x = x.parent) for (const f of x.heard.get(e.type) ?? []) f(e) }
  async click() { await Promise.all((this.heard.get('click') ?? []).map((f) => f({ target: this, preventDefault() {} }))) }
  focus() { document.activeElement = this }
  blur() { document.activeElement = null }
  scrollIntoView() {}
  select() {}
}

// fits knows a tag, #id, .class, [attribute] and [attribute=value], with descendants by a space.
function fits(x, selector) {
  const parts = selector.split(/\s+(?![^[]*\])/)
  const last = parts.pop()
  const ok = [...last.matchAll(/([a-z0-9*-]+)|#([\w-]+)|\.([\w-]+)|\[([\w-]+)(?:="?([^\]"]*)"?)?\]|:(checked)/gi)].every(([, tag, id, cls, attribute, value, pseudo]) =>
    tag ? tag === '*' || x.localName === tag : id ? x.id === id : cls ? x.classes().includes(cls) : pseudo ? x.checked : value === undefined ? x.attributes.has(attribute) : x.getAttribute(attribute) === value)
  if (!ok || parts.length === 0) return ok
  for (let up = x.parent; up; up = up.parent) if (fits(up, parts.join(' '))) return true
  return false
}

const body = new Node('body')
export const document = { body, activeElement: null, createElement: (n) => new Node(n), createElementNS: (_, n) => new Node(n), querySelectorAll: (s) => body.querySelectorAll(s), querySelector: (s) => body.querySelector(s), getElementById: (id) => body.querySelectorAll('*').find((x) => x.id === id) ?? null }
class Happening {
  constructor(type) { this.type = type }
}

// browser puts the document in the place of a browser's, with the app's frame in it.
export function browser() {
  Object.assign(globalThis, { document, Event: Happening, scrollTo() {}, location: { hash: '', host: 'pages.sample.test', origin: 'https://pages.sample.test', pathname: '/m/' }, history: { replaceState: (_, __, to) => { location.hash = to } }, addEventListener() {} })
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true, writable: true })
  for (const [tag, id] of [['header', 'top'], ['main', 'page'], ['nav', 'bar']]) {
    const x = document.createElement(tag)
    x.id = id
    body.append(x)
  }
  return document.getElementById('page')
}

// memory is a database as db.js gives it; each transaction holds whole or not at all. full makes
// it refuse to write, as a phone without room does.
export function memory(kept = {}) {
  const stores = { events: new Map(), bags: new Map(), meta: new Map(), ...kept }
  const db = {
    stores, full: false,
    async write(names, work) {
      if (db.full) throw Object.assign(new Error('no room'), { name: 'QuotaExceededError' })
      const next = Object.fromEntries(names.map((n) => [n, new Map(stores[n])]))
      work((n) => ({ put: (v, k = v.id) => next[n].set(k, structuredClone(v)), add: (v) => next[n].set(v.id, structuredClone(v)), delete: (k) => next[n].delete(k) }))
      Object.assign(stores, next)
    },
    async get(n, k) { return structuredClone(stores[n].get(k)) },
    async all(n) { return structuredClone([...stores[n].values()]) },
    async keys(n) { return [...stores[n].keys()] },
    async byLabel(label) { return structuredClone([...stores.bags.values()].find((b) => b.label === label)) },
    async put(n, v, k) { await db.write([n], (s) => s(n).put(v, k)) },
    async drop(n, k) { await db.write([n], (s) => s(n).delete(k)) },
  }
  return db
}

export const tap = async (root, says) => {
  const b = root.querySelectorAll('button').find((x) => x.textContent.includes(says))
  if (!b) throw new Error(`nothing to tap that says ${says}: ${root.textContent}`)
  await b.click()
}

export const type = (field, text) => {
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
}
