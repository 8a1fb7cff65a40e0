// To whom a load goes and where to: the ways of the last loads first, then any carrier and
// consignee by name. Ids are typed only where neither the phone nor the network knows a name.
import { app } from './app.js'
import { isUUID } from './bytes.js'
import { picker } from './partners.js'
import { Say, choices, field, h, p, two } from './ui.js'

const medical = (code) => /^8[34]1-00\d-01$/.test(code ?? '')

// profileOf is the kind of manifest for waste codes on a way; from are the roles of who hands
// over. null: the codes cannot go on one manifest. Pure.
export function profileOf(codes, way, from = []) {
  const some = codes.some(medical)
  if (some && !codes.every(medical)) return null
  if (some) return 'medical'
  if (way.profile && way.profile !== 'medical') return way.profile
  const first = way.collects && !from.some((r) => r === 'collector' || r === 'operator') // a small source's hand-over
  if (way.collects && codes.every((c) => c === '900-052-31')) return 'battery'
  return first && !codes.some((c) => /-(01|15)$/.test(c ?? '')) ? 'small-source' : 'hazardous'
}

// counted are the profiles that want packages counted; a container is one.
export const counted = (profile) => profile === 'small-source' || profile === 'battery'

// manifestOf completes a way for bags: its profile, and the bags as that wants them.
export function manifestOf(bags, way) {
  const profile = profileOf(bags.map((b) => b.code), way, app.me.orgRoles)
  if (!profile) throw new Say('医疗废物与其他废物要分开开联单，请分两次交。', 'Medical and other waste go on separate manifests: hand them over one after the other.')
  return { profile, bags: counted(profile) ? bags.map((b) => ({ ...b, packages: b.packages ?? 1 })) : bags }
}

// withCount counts a container of anything but medical waste as one package, where nobody counted.
export const withCount = (bags) => bags.map((b) => (b.packages || !b.code || medical(b.code) ? b : { ...b, packages: 1 }))

// used are the partners of the ways of the last loads, in that part of a way.
function used(ways, names, part, role) {
  const out = new Map()
  for (const w of ways) {
    const x = out.get(w[part]) ?? { id: w[part], name: names[w[part]] ?? '…' + w[part].slice(-8), roles: [role], sites: [] }
    if (part === 'consignee' && !x.sites.some((s) => s.id === w.consignee_site)) x.sites.push({ id: w.consignee_site, name: names[w.consignee_site] ?? '…' + w.consignee_site.slice(-8) })
    out.set(w[part], x)
  }
  return [...out.values()]
}

// wayForm asks for the way: {rows, read()}.
export async function wayForm() {
  const ways = (await app.db.get('meta', 'ways')) ?? []
  const names = (await app.db.get('meta', 'names')) ?? {}
  const name = (id) => names[id] ?? '…' + id.slice(-8)
  const way = choices('交给谁、送到哪里', 'To whom, and where to', [
    ...ways.map((w, i) => ({ value: String(i), zh: `${name(w.carrier)} → ${name(w.consignee)}`, en: names[w.consignee_site] ?? '' })),
    { value: 'new', zh: '另一条路线', en: 'another way' },
  ], ways.length ? '0' : 'new')
  const another = ways.length ? null : await anotherWay(ways, names)
  const box = h('div', {}, another?.row)
  let made = another
  const change = async () => {
    if (way.value() === 'new' && !made) {
      made = await anotherWay(ways, names)
      box.append(made.row)
    }
    box.hidden = way.value() !== 'new'
  }
  way.row.addEventListener('change', change)
  return {
    rows: [ways.length > 0 && way.row, box],
    read: async () => (ways.length && way.value() !== 'new' ? { ...ways[Number(way.value())] } : made.read()),
  }
}

async function anotherWay(ways, names) {
  const carrier = await picker('承运人', 'Carrier', { role: ['carrier'], recent: ways.map((w) => w.carrier), known: used(ways, names, 'carrier', 'carrier'), id: 'carrier' })
  const consignee = await picker('接受人', 'Consignee', { role: ['operator', 'collector'], recent: ways.map((w) => w.consignee), known: used(ways, names, 'consignee', 'operator'), id: 'consignee' })
  const place = h('div', { id: 'consigneesite' })
  let site = null
  const sites = () => {
    const list = consignee.value()?.sites ?? []
    site = list.length ? choices('送到', 'Place', list.map((s) => ({ value: s.id, zh: s.name, en: '' })), list[0].id) : null
    place.replaceChildren(...(site ? [site.row] : []))
  }
  consignee.row.addEventListener('change', sites)
  sites()
  const id = (zh, en) => field(zh, en, { spellcheck: 'false', placeholder: '00000000-0000-0000-0000-000000000000' })
  const typed = [id('承运人编号', 'Carrier’s id'), id('接受人编号', 'Consignee’s id'), id('接受场所编号', 'Consignee’s site id')]
  return {
    row: h('div', {}, carrier.row, consignee.row, place, h('details', {}, h('summary', {}, two('查不到名称？填编号', 'No name to be found? Type the ids')), typed.map((t) => t.row))),
    read: async () => {
      const ids = typed.map((t) => t.input.value.trim())
      if (ids.some(Boolean)) {
        if (!ids.every(isUUID)) throw new Say('编号写法不对，请从本单位的登记资料复制。', 'Not an id: copy it from your organisation’s register.')
        return { carrier: ids[0], consignee: ids[1], consignee_site: ids[2] }
      }
      const [by, to] = [carrier.value(), consignee.value()]
      if (!by) throw new Say('请选承运人。', 'Choose the carrier.')
      if (!to || !site) throw new Say('请选接受人和送到的场所。', 'Choose the consignee and its place.')
      const s = to.sites.find((x) => x.id === site.value())
      await app.remember('names', { ...((await app.db.get('meta', 'names')) ?? {}), [by.id]: by.name, [to.id]: to.name, [s.id]: s.name })
      const way = { carrier: by.id, consignee: to.id, consignee_site: s.id, collects: to.roles.includes('collector') && !to.roles.includes('operator') }
      await app.remember('ways', [{ ...way, profile: undefined }, ...ways.filter((w) => w.carrier !== by.id || w.consignee_site !== s.id)].slice(0, 6))
      return way
    },
  }
}
