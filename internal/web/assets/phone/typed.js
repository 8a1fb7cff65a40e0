// What somebody typed into a page, put back after the page was drawn again: a container scanned
// or news from the server must cost nobody what they had weighed.

const fields = 'input, select, textarea'
const rows = '[data-batch],[data-manifest],[data-child],[data-residue],[data-drum],[data-correction]'

// nameOf is what a field is called from one drawing to the next: its own id, else the row that it
// stands in and how many fields of that row come before it. Ids that ui.js counted out are none.
function named(root) {
  const met = new Map()
  return [...root.querySelectorAll(fields)].map((field) => {
    if (field.id && !/^f\d+$/.test(field.id)) return [field, '#' + field.id]
    const at = []
    for (let row = field.closest(rows); row; row = row.parentElement?.closest(rows)) at.push(JSON.stringify({ ...row.dataset, late: undefined, band: undefined }))
    const key = at.join()
    met.set(key, (met.get(key) ?? 0) + 1)
    return [field, `${key} ${met.get(key)}`]
  })
}

const ticked = (field) => field.type === 'checkbox' || field.type === 'radio'
const chosen = (field) => [...field.options].findIndex((o) => o.defaultSelected)

// changed says whether a field holds something else than it was drawn with.
function changed(field) {
  if (field.localName === 'select') return field.selectedIndex !== Math.max(0, chosen(field))
  return ticked(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue
}

// typed remembers what was typed, and where somebody is typing.
export function typed(root, active) {
  const out = { fields: new Map(), at: null }
  for (const [field, name] of named(root)) {
    if (changed(field)) out.fields.set(name, ticked(field) ? field.checked : field.value)
    if (field === active) out.at = name
  }
  return out
}

// putBack writes it into the fields of the same names, which then do what typing would have done.
export function putBack(root, before) {
  let at = null
  for (const [field, name] of named(root)) {
    if (name === before.at) at = field
    if (!before.fields.has(name)) continue
    const value = before.fields.get(name)
    if (ticked(field)) field.checked = value
    else field.value = value
    field.dispatchEvent(new Event('input', { bubbles: true }))
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }
  return at
}
