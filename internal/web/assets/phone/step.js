// One step with one bag or many: the form that asks for what the step needs, pre-filled, and
// the signing of it.
import { app } from './app.js'
import { gramsOf, kg } from './bytes.js'
import * as events from './events.js'
import * as moves from './moves.js'
import { scaleButton } from './readscale.js'
import { manifestOf as manifestFor, wayForm, withCount } from './ways.js'
import { Say, check, choices, field, h, two, words } from './ui.js'
import { stepsFor } from './world.js'

export const stepWords = {
  'batch.released': ['交出', 'Hand over'],
  'batch.received': ['接收', 'Take over'],
  'batch.stored': ['入暂存间', 'Put into store'],
  'manifest.issued': ['出库交承运人', 'Hand out to the carrier'],
  'transport.collected': ['装车', 'Load'],
  'transport.delivered': ['卸车', 'Unload'],
  'transport.handed_over': ['转交', 'Hand on'],
  'transport.returned': ['退运', 'Take back'],
  'manifest.accepted': ['验收', 'Weigh and accept'],
  'manifest.refused': ['拒收', 'Refuse'],
  'batch.repacked': ['重新包装', 'Pack over'],
  'batch.treated': ['利用处置', 'Treat'],
  'outcome.reported': ['告知移出人结果', 'Report the outcome'],
}

// ownPages are the pages of steps that ask for more than a weight and a few fields, by type: the
// page, and what it is given of a bag.
const verdict = ['check', (b) => `${b.manifest}/${b.id}`]
export const ownPages = {
  'manifest.accepted': verdict,
  'manifest.refused': verdict,
  'batch.treated': ['treat', (b) => b.id],
  'outcome.reported': ['outcome', () => ''],
  'batch.repacked': ['repack', (b) => b.id],
  'transport.handed_over': ['relay', () => ''],
  'transport.returned': ['return', () => ''],
}

const why = {
  empty: ['请填写重量。', 'Enter the weight.'],
  form: ['重量写法不对，请写公斤数，如 12.5。', 'Not a weight: write kilograms, such as 12.5.'],
  fine: ['重量最多三位小数（到克）。', 'At most three decimals (to the gram).'],
  zero: ['重量不能为零。', 'The weight cannot be zero.'],
  much: ['重量太大，请核对。', 'Too heavy: check it.'],
}

// weightField asks for kilograms; a scale that types like a keyboard fills it in.
export function weightField(grams, zh = '重量', en = 'Weight') {
  const f = field(zh, en, { inputmode: 'decimal', value: grams ? kg(grams) : '', enterkeyhint: 'next' }, 'kg')
  f.input.classList.add('weight')
  f.input.addEventListener('focus', () => f.input.select())
  f.input.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return // a scale ends its reading so
    e.preventDefault()
    const all = [...document.querySelectorAll('input.weight')]
    const next = all[all.indexOf(f.input) + 1]
    next ? next.focus() : f.input.blur()
  })
  f.peek = () => gramsOf(f.input.value).grams
  const scale = scaleButton(f.input)
  if (scale) {
    f.input.parentElement.append(scale.button)
    f.row.append(scale.trouble)
  }
  f.read = () => {
    const { grams: g, error } = gramsOf(f.input.value)
    f.input.setAttribute('aria-invalid', String(Boolean(error)))
    if (error) {
      f.input.focus()
      throw new Say(...why[error])
    }
    return g
  }
  return f
}

export const nameOf = (bag) => [
  bag.department ? bag.department + ' ' : '',
  h('span.code', {}, bag.label ? bag.label.slice(0, 8) + '…' : bag.id.slice(-8)),
]

// lines are the bags of a step, each with its weight.
export function lines(bags, drop) {
  const rows = bags.map((bag) => {
    const w = weightField(bag.grams, `${bag.department ?? ''} ${bag.label ? bag.label.slice(0, 8) : bag.id.slice(-8)}`, '')
    return { bag, w, row: h('li.card', { 'data-batch': bag.id }, words(app.words.stages[bag.stage]), w.row, drop && h('button', { type: 'button', onclick: () => drop(bag) }, two('移出', 'Take out'))) }
  })
  return { row: h('ul.list', {}, rows.map((r) => r.row)), read: () => rows.map((r) => ({ ...r.bag, grams: r.w.read() })), peek: () => rows.map((r) => ({ ...r.bag, grams: gramsOf(r.w.input.value).grams ?? r.bag.grams })) }
}

const remembered = async (name) => (await app.db.get('meta', 'last'))?.[name] ?? ''

async function keepLast(values) {
  await app.remember('last', { ...(await app.db.get('meta', 'last')), ...values })
}

// formOf is what a step asks beside the weights: {rows, read()}.
export async function formOf(type) {
  switch (type) {
    case 'batch.received': {
      const place = field('接收地点（转运车、暂存间）', 'Where to (cart, store)', { value: await remembered('cart'), maxlength: 64 })
      return { rows: [place.row], read: async () => {
        await keepLast({ cart: place.input.value.trim() })
        return { place: place.input.value.trim() }
      } }
    }
    case 'batch.stored': {
      const place = field('暂存间', 'Store', { value: (await remembered('store')) || (app.me?.orgRoles?.includes('medical') === false ? await remembered('plantStore') : '医疗废物暂存间'), maxlength: 64 })
      const warm = field('温度（知道才填）', 'Temperature, if known', { inputmode: 'text' }, '°C')
      return { rows: [place.row, warm.row], read: async () => {
        const temperature = events.temperature(warm.input.value)
        if (temperature === null) throw new Say('温度写法不对，如 4.5 或 -2。', 'Not a temperature: write 4.5 or -2.')
        if (!place.input.value.trim()) throw new Say('请填写暂存间。', 'Enter the store.')
        await keepLast({ store: place.input.value.trim() })
        return { place: place.input.value.trim(), temperature }
      } }
    }
    case 'manifest.issued':
      return wayForm()
    case 'transport.collected': {
      const trip = await app.db.get('meta', 'trip')
      const plate = field('车牌', 'Plate', { value: trip?.vehicle ?? (await remembered('vehicle')), maxlength: 16, autocapitalize: 'characters' })
      const weighed = check('本次已过秤', 'weighed here', true)
      return { rows: [plate.row, weighed.row], read: async () => {
        const vehicle = plate.input.value.trim().toUpperCase()
        if (!vehicle) throw new Say('请填写车牌。', 'Enter the plate.')
        await keepLast({ vehicle })
        return { vehicle, measured: weighed.on() ? 'weighed' : undefined, trip: trip?.id }
      } }
    }
    case 'transport.delivered': {
      const trip = await app.db.get('meta', 'trip')
      const plate = field('车牌', 'Plate', { value: trip?.vehicle ?? (await remembered('vehicle')), maxlength: 16, autocapitalize: 'characters' })
      return { rows: [plate.row], read: async () => {
        if (!plate.input.value.trim()) throw new Say('请填写车牌。', 'Enter the plate.')
        return { vehicle: plate.input.value.trim().toUpperCase(), trip: trip?.id }
      } }
    }
  }
  return { rows: [], read: async () => ({}) }
}

// still stops a step that somebody did meanwhile, in another tab or from another phone: what was
// drawn is not what is any more.
export async function still(bags, type) {
  for (const b of bags) {
    const now = await app.db.get('bags', b.id)
    if (now && !stepsFor(now, app.me).some((s) => s.type === type)) throw new Say('这一步刚才已经办了（在另一页，或由同事）。请返回首页，再看一次。', 'This was done just now, in another page or by a colleague. Go to the home page and look again.')
  }
}

const most = 100 // batches of one event

const by = (list, key) => {
  const out = new Map()
  for (const x of list) out.set(key(x), [...(out.get(key(x)) ?? []), x])
  return [...out.values()]
}

const next = (bag, type) => bag.next?.find((s) => s.type === type)
const refsOf = (bags, type) => [...new Set(bags.map((b) => next(b, type)?.refs).filter(Boolean))]

// signStep signs one step for bags, in as many events as the format needs, and gives them.
export async function signStep(type, bags, f) {
  if (bags.length === 0) throw new Say('还没有袋子：先扫袋上的标签。', 'There is no bag yet: scan a label first.')
  const me = app.me
  const out = []
  const put = async (payload, part) => out.push(await app.sign(payload, part))
  const room = (part) => (part.every((b) => b.room && b.room === part[0].room && b.site === me.site) ? part[0].room : undefined)
  const manifestOf = (b) => next(b, type)?.manifest ?? b.manifest
  const groups = type.startsWith('transport.') ? by(bags, manifestOf) : [bags]
  for (const group of groups) {
    for (let i = 0; i < group.length; i += most) {
      const part = group.slice(i, i + most)
      const [at, id] = [app.at(), app.id()]
      switch (type) {
        case 'batch.released':
          await put(events.released(me, at, id, part, { from: room(part) }), part)
          break
        case 'batch.received':
          await put(events.received(me, at, id, part, refsOf(part, type), f), part)
          break
        case 'batch.stored':
          await put(events.stored(me, at, id, part, f), part)
          break
        case 'manifest.issued':
          {
            const { profile, bags: lines } = manifestFor(part, f)
            await put(events.issued(me, at, id, lines, { ...f, profile, manifest: app.id(), from: room(part) }), lines)
          }
          break
        case 'transport.collected':
          await put(events.collected(me, at, id, withCount(part), { ...f, manifest: manifestOf(part[0]), refs: refsOf(part, type) }), part)
          break
        case 'transport.handed_over':
          await put(moves.handedOn(me, at, id, part, { ...f, manifest: manifestOf(part[0]), refs: refsOf(part, type) }), part)
          break
        case 'transport.returned':
          await put(moves.returned(me, at, id, part, { ...f, manifest: manifestOf(part[0]), refs: refsOf(part, type) }), part)
          break
        case 'transport.delivered':
          await put(events.delivered(me, at, id, part, { ...f, manifest: manifestOf(part[0]), refs: refsOf(part, type) }), part)
          break
      }
    }
  }
  return out
}
