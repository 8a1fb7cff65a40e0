// A small source that has no way to sign: its one-time code confirms what the collector weighed,
// and the collector signs in its place (data.behalf). The source shows the code here too.
import { postJSON } from './api.js'
import { app, go } from './app.js'
import { b64u, newLabel, randomBytes, unb64u, uuidBytes, uuidText } from './bytes.js'
import { drawing } from './code.js'
import * as events from './events.js'
import { weightField } from './step.js'
import { Say, act, choices, field, h, note, p, two } from './ui.js'
import { explain } from './words.js'

const sourceForm = /^([A-Za-z0-9_-]{43})(\d{6})?$/

// sourceCode is what the source's screen shows: its place, its organisation and its digits.
export function sourceCode(site, party, digits = '') {
  const b = new Uint8Array(32)
  b.set(uuidBytes(site))
  b.set(uuidBytes(party), 16)
  return b64u(b) + digits
}

// readSource reads one; null when it is none.
export function readSource(code) {
  const m = sourceForm.exec(code)
  if (!m) return null
  const b = unb64u(m[1])
  return { site: uuidText(b.subarray(0, 16)), party: uuidText(b.subarray(16)), digits: m[2] ?? '' }
}

const words = async (work) => {
  try {
    return await work()
  } catch (err) {
    if (err.kind === 'conflict') throw new Say('收运码不对、已用过或已过期。请对方出示新码。', 'The digits are wrong, used or too old. Have a new code shown.')
    throw explain(err)
  }
}

// The source's side: six digits that hold for a quarter of an hour.
async function stopCodePage() {
  const shown = h('div', { role: 'status' })
  return {
    body: [
      p('出示收运码', 'Show a pick-up code', 'h1'),
      p('看清收运人称的重量，再出示。出示即表示同意；收运人凭它代为签名。', 'See what was weighed before you show it: showing it agrees to it, and the collector signs in your place.'),
      shown,
      act('出示新码（15 分钟有效）', 'Show a new code (15 minutes)', async () => {
        const told = await words(() => postJSON(`/v1/sites/${app.me.site}/stop-codes`, undefined, app.csrf))
        shown.replaceChildren(h('p.code.digits', { id: 'digits' }, told.code), drawing(`${location.origin}/m/#source=${sourceCode(app.me.site, app.me.party, told.code)}`, '收运码 pick-up code'))
      }),
    ],
  }
}

function drum(n) {
  const code = field(`第 ${n} 桶：废物代码`, `Container ${n}: waste code`, { placeholder: '900-214-08', value: n === 1 ? '' : document.querySelector('input.wastecode')?.value ?? '', maxlength: 10 })
  code.input.classList.add('wastecode')
  const weight = weightField()
  const form = choices('形态', 'Form', [{ value: 'L', zh: '液态', en: 'liquid' }, { value: 'S', zh: '固态', en: 'solid' }, { value: 'SS', zh: '半固态', en: 'semi-solid' }], 'L')
  const packaging = choices('包装', 'Container', [{ value: 'drum_steel', zh: '钢桶', en: 'steel drum' }, { value: 'drum_plastic', zh: '塑料桶', en: 'plastic drum' }, { value: 'bag', zh: '袋', en: 'bag' }, { value: 'box', zh: '箱', en: 'box' }], 'drum_steel')
  return {
    row: h('div.card', { 'data-drum': String(n) }, code.row, weight.row, form.row, packaging.row),
    read: () => {
      const c = code.input.value.normalize('NFKC').trim()
      if (!/^\d{3}-\d{3}-\d{2}$/.test(c)) throw new Say('废物代码写法不对，如 900-214-08。', 'Not a waste code: write 900-214-08.')
      return { code: c, grams: weight.read(), form: form.value(), packaging: packaging.value() }
    },
  }
}

// The collector's side. Without network there is no confirmation: then the source's standing
// authorisation or a paper slip, which are not signed here.
async function pickupPage(given) {
  const source = readSource(given)
  if (!source) return { body: [p('小源收运', 'Pick-up at a small source', 'h1'), p('请扫产生单位屏幕上的收运码（“扫码”）。', 'Scan the code on the source’s screen.'), h('a.big.main', { href: '#scan' }, two('扫码', 'Scan'))] }
  const names = (await app.db.get('meta', 'names')) ?? {}
  const trip = await app.db.get('meta', 'trip')
  if (!trip) return { body: [p('小源收运', 'Pick-up at a small source', 'h1'), note('', p('请先开始行程，再扫码。', 'Begin a trip first, then scan.')), h('a.big.main', { href: '#trip' }, two('行程', 'Trip'))] }
  const drums = [drum(1)]
  const list = h('div', {}, drums[0].row)
  const digits = field('六位收运码', 'Six digits', { id: 'stopdigits', inputmode: 'numeric', value: source.digits, maxlength: 6 })
  return {
    body: [
      p('小源收运', 'Pick-up at a small source', 'h1'),
      h('p', {}, names[source.site] ?? '…' + source.site.slice(-8)),
      list,
      act('再加一桶', 'Another container', () => {
        drums.push(drum(drums.length + 1))
        list.append(drums.at(-1).row)
      }, 'button'),
      digits.row,
      act('确认、装车，签名', 'Confirm, load, sign', async () => {
        const lines = drums.map((d) => ({ id: app.id(), label: newLabel(randomBytes(26)), ...d.read() }))
        if (!/^\d{6}$/.test(digits.input.value.trim())) throw new Say('请填写六位收运码。', 'Enter the six digits.')
        const told = await words(() => postJSON('/v1/confirmations', { site: source.site, person: app.me.person, code: digits.input.value.trim(), trip: trip.id, lines: lines.map((l) => ({ batch: l.id, code: l.code, grams: l.grams })) }, app.csrf))
        await signPickup(source, trip, lines, told.confirmation)
        go('trip')
      }),
    ],
  }
}

// signPickup signs the chain of a stop: each container, one manifest to the own depot, loading.
export async function signPickup(source, trip, lines, confirmation) {
  const behalf = { party: source.party, confirmation }
  const there = { ...app.me, site: source.site }
  const manifest = app.id()
  const bags = lines.map((l) => ({ id: l.id, grams: l.grams, packages: 1 }))
  for (const l of lines) {
    await app.sign(events.generated(there, app.at(), app.id(), { ...l, batch: l.id, department: '', behalf }), [{ id: l.id, packages: 1 }])
  }
  const out = events.issued(there, app.at(), app.id(), bags, { manifest, profile: 'small-source', carrier: app.me.party, consignee: app.me.party, consignee_site: app.me.site, behalf })
  await app.sign(out, await kept(bags))
  await app.sign(events.collected(app.me, app.at(), app.id(), bags, { manifest, refs: [out.id], vehicle: trip.vehicle, measured: 'weighed', trip: trip.id }), await kept(bags))
}

const kept = (bags) => Promise.all(bags.map(async (b) => ({ ...(await app.db.get('bags', b.id)), ...b })))

export const pickup = { stopcode: stopCodePage, pickup: pickupPage }
