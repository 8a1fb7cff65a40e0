// The store of whoever receives waste: what is in stock and how long it may lie there.
import { app, go, look } from './app.js'
import { kg } from './bytes.js'
import { sum } from './load.js'
import { inStock, known, toPut, toTreat } from './offers.js'
import { nameOf, signStep } from './step.js'
import { Say, act, field, h, link, overdue, p, pieces, two, words } from './ui.js'
import { clockOf, lasting } from './world.js'

function by(list, key) {
  const out = new Map()
  for (const x of list) out.set(key(x), [...(out.get(key(x)) ?? []), x])
  return out
}

let looked = 0
// fresh looks for what is new, once in a while; the page is drawn again when something is.
export function fresh() {
  if (!navigator.onLine || app.signedIn === false || Date.now() - looked < 30_000) return
  looked = Date.now()
  look()
}

// clock is how long a container may still lie here: the nearest duty, or the clock of medical waste.
function clock(b, now) {
  if (b.due) {
    const left = Date.parse(b.due.at) - now
    return { left, zh: b.due.zh, en: b.due.en, late: left < 0 }
  }
  const c = clockOf(b, app.words.dwell, now)
  return c && { left: c.left, zh: c.zh, en: c.en, late: c.left < 0 }
}

const days = (ms) => (Math.abs(ms) < 172_800_000 ? lasting(ms) : `${Math.floor(Math.abs(ms) / 86_400_000)} 天 d`)

async function stockPage() {
  fresh()
  const now = Date.now()
  const bags = (await known()).filter(inStock).map((b) => ({ b, c: clock(b, now) }))
  bags.sort((x, y) => (x.c?.left ?? Infinity) - (y.c?.left ?? Infinity))
  const codes = [...by(bags, ({ b }) => b.code)].sort()
  const put = bags.filter(({ b }) => toPut(b)).length
  return {
    body: [
      h('h1', {}, two(`库存 ${bags.length} 件`, `${bags.length} in stock`), ' ', h('span.num', { id: 'stockgrams' }, `${kg(sum(bags.map(({ b }) => b)))} kg`)),
      put > 0 && link('#put', `入库 ${put} 件`, `Put ${put} into store`, 'a.big.main'),
      bags.some(({ b }) => toTreat(b)) && link('#treat', '利用处置', 'Treat', 'a.big.main'),
      h('table', {}, h('tbody', {}, codes.map(([code, list]) => h('tr', {}, h('th', { scope: 'row' }, h('span.nowrap', {}, code ?? '—'), ' ', list[0].b.name ?? ''), h('td.num', {}, pieces(list.length, '件', 'container', undefined, ` · ${kg(sum(list.map(({ b }) => b)))} kg`)))))),
      h('ul.list', {}, bags.map(({ b, c }) => h('li.card', { 'data-batch': b.id, 'data-late': c?.late },
        c && h('div.left', {}, overdue(c.late, days(c.left)), h('br', {}), two(c.zh, c.en)),
        h('p', {}, nameOf(b)),
        h('p', {}, words(app.words.stages[b.stage]), b.room ? ` · ${b.room}` : ''),
        h('p', {}, b.code ?? '', ' · ', h('span.num', {}, kg(b.grams) + ' kg')),
        link('#act/' + b.id, '下一步', 'Next', 'a')))),
      bags.length === 0 && p('没有库存。', 'Nothing is in stock.'),
    ],
  }
}

async function putPage() {
  const bags = (await known()).filter(toPut)
  if (bags.length === 0) return stockPage()
  const chosen = new Map(bags.map((b) => [b.id, true]))
  const last = (await app.db.get('meta', 'last')) ?? {}
  const place = field('库房、货位', 'Store, place', { id: 'place', value: last.plantStore ?? '', maxlength: 64 })
  return {
    body: [
      h('h1', {}, two(`入库 ${bags.length} 件`, `Put ${bags.length} into store`)),
      place.row,
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id }, h('label.check', {},
        h('input', { type: 'checkbox', checked: true, onchange: (e) => chosen.set(b.id, e.target.checked) }),
        h('span', {}, nameOf(b), ' ', b.code ?? '', ' ', h('span.num', {}, kg(b.grams) + ' kg')))))),
      act('入库，签名', 'Put into store, sign', async () => {
        const room = place.input.value.trim()
        const list = bags.filter((b) => chosen.get(b.id))
        if (!room) throw new Say('请填写库房或货位。', 'Enter the store or place.')
        if (list.length === 0) throw new Say('一件也没有选。', 'None is chosen.')
        await app.remember('last', { ...last, plantStore: room })
        await signStep('batch.stored', list, { place: room })
        go('stock')
      }),
    ],
  }
}

export const plant = { stock: stockPage, put: putPage }
