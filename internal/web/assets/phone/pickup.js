// A small source that does not sign itself: the collector signs in its place (data.behalf),
// under the standing authorisation that the phone carries, which needs no network, or by the
// source's one-time code, which does. The source shows the code here too.
import { postJSON } from './api.js'
import { app, go } from './app.js'
import { b64u, groups, isUUID, kg, newLabel, randomBytes, unb64u, uuidBytes, uuidText } from './bytes.js'
import { drawing } from './code.js'
import * as events from './events.js'
import { lastDay, leaveAt, rights } from './leaves.js'
import { sum } from './load.js'
import { overload } from './stops.js'
import { weightField } from './step.js'
import { Say, act, choices, field, h, link, note, p, plural, two } from './ui.js'
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

// codeField asks for a waste code: one of the authorisation's, else typed.
function codeField(n, codes, names, before) {
  const last = before ?? document.querySelector('.wastecode')?.value ?? ''
  if (codes) {
    const id = `code${n}`
    const list = h('select.wastecode', { id }, codes.map((c) => h('option', { value: c, selected: c === last }, names[c] ? `${c} ${names[c]}` : c)))
    return { row: h('div', {}, h('label', { for: id }, two(`第 ${n} 桶：废物`, `Container ${n}: waste`)), list), read: () => list.value }
  }
  const f = field(`第 ${n} 桶：废物代码`, `Container ${n}: waste code`, { placeholder: '900-214-08', value: n === 1 ? before ?? '' : last, maxlength: 10 })
  f.input.classList.add('wastecode')
  return {
    row: f.row,
    read: () => {
      const c = f.input.value.normalize('NFKC').trim()
      if (!/^\d{3}-\d{3}-\d{2}$/.test(c)) throw new Say('废物代码写法不对，如 900-214-08。', 'Not a waste code: write 900-214-08.')
      return c
    },
  }
}

export function drum(n, codes, names = {}, before) {
  const code = codeField(n, codes, names, before)
  const weight = weightField()
  const form = choices('形态', 'Form', [{ value: 'L', zh: '液态', en: 'liquid' }, { value: 'S', zh: '固态', en: 'solid' }, { value: 'SS', zh: '半固态', en: 'semi-solid' }], 'L')
  const packaging = choices('包装', 'Container', [{ value: 'drum_steel', zh: '钢桶', en: 'steel drum' }, { value: 'drum_plastic', zh: '塑料桶', en: 'plastic drum' }, { value: 'bag', zh: '袋', en: 'bag' }, { value: 'box', zh: '箱', en: 'box' }], 'drum_steel')
  return {
    row: h('div.card', { 'data-drum': String(n) }, code.row, weight.row, form.row, packaging.row),
    read: () => ({ code: code.read(), grams: weight.read(), form: form.value(), packaging: packaging.value() }),
  }
}

const head = () => p('小源收运', 'Pick-up at a small source', 'h1')

// pickupPage is the collector's side; given is the source's code or the id of its place, and
// behind a / by which right.
async function pickupPage(given) {
  const [first, asked] = given.split('/')
  const source = readSource(first) ?? (isUUID(first) ? { site: first, digits: '' } : null)
  if (!source) return { body: [head(), p('请扫产生单位屏幕上的收运码（“扫码”）。', 'Scan the code on the source’s screen.'), link('#scan', '扫码', 'Scan', 'a.big.main')] }
  const names = (await app.db.get('meta', 'names')) ?? {}
  const trip = await app.db.get('meta', 'trip')
  if (!trip) return { body: [head(), note('', p('请先开始行程，再扫码。', 'Begin a trip first, then scan.')), link('#trip', '行程', 'Trip', 'a.big.main')] }
  const leave = leaveAt((await app.db.get('meta', 'leaves'))?.items, source.site, Date.now())
  source.party = leave?.party ?? source.party
  const can = rights({ leave, party: source.party, online: navigator.onLine, signedIn: app.signedIn })
  const by = can.includes(asked) ? asked : source.digits && can.includes('code') ? 'code' : can[0]
  const place = h('p', {}, h('strong', {}, names[source.site] ?? '…' + source.site.slice(-8)))
  if (!by) return { body: [head(), place, noRight(), link('#scan', '扫对方手机上的交接码', 'Scan the hand-over code on their phone', 'a.big.main')] }
  return { body: [head(), place, await (by === 'leave' ? byLeave(source, trip, leave, names) : byCode(source, trip)), can.filter((w) => w !== by).map((w) => link(`#pickup/${first}/${w}`, ...otherWay[w]))] }
}

const otherWay = { leave: ['改凭授权代签', 'By the authorisation instead'], code: ['改用六位收运码', 'By a six-digit code instead'] }

// noRight says which ways are left without network.
const noRight = () => note('bad',
  p('现在不能代签：', 'You cannot sign in its place now:'),
  p('一次性收运码要有网络并已登录：服务器的确认要写进所签的记录。', 'the one-time code needs network and sign-in, for the server’s confirmation goes into what is signed;'),
  p('本机也不知道这里给过本单位在有效期内的授权。', 'and this phone knows of no authorisation in force here for your organisation.'),
  p('请对方用自己的手机签并出示交接码（两边都可以没有网络），或先开纸质单、之后补录。', 'Have them sign on their own phone and show its hand-over code, which needs no network; or write a paper slip and have it entered later.'))

// drums is the list of containers with a button for another, and the guard of the vehicle's limit.
async function drums(trip, codes, names) {
  const all = [drum(1, codes, names)]
  const list = h('div', {}, all[0].row)
  const guard = await overload(trip)
  return {
    rows: [list, act('再加一桶', 'Another container', () => {
      all.push(drum(all.length + 1, codes, names))
      list.append(all.at(-1).row)
    }, 'button'), guard.row],
    read: () => {
      const lines = all.map((d) => ({ id: app.id(), label: newLabel(randomBytes(26)), ...d.read() }))
      guard.check(sum(lines))
      return lines
    },
  }
}

async function byLeave(source, trip, leave, names) {
  const list = await drums(trip, leave.codes, names)
  return [
    note('good', p(`凭授权代签，至 ${lastDay(leave.until)}。没有网络也可以。`, `By its authorisation, until ${lastDay(leave.until)}. Needs no network.`)),
    list.rows,
    p('请对方看清重量再签。签后对方的手机会看到本次代签。', 'Have the weights seen before you sign. Their phone will be told of it.', 'p.hint'),
    act('代签、装车', 'Sign in its place, load', async () => {
      go('told/' + (await signPickup(source, trip, list.read(), { authorisation: leave.event })))
    }),
  ]
}

async function byCode(source, trip) {
  const list = await drums(trip)
  const digits = field('六位收运码', 'Six digits', { id: 'stopdigits', inputmode: 'numeric', value: source.digits, maxlength: 6 })
  return [
    list.rows,
    digits.row,
    act('确认、装车，签名', 'Confirm, load, sign', async () => {
      const lines = list.read()
      if (!/^\d{6}$/.test(digits.input.value.trim())) throw new Say('请填写六位收运码。', 'Enter the six digits.')
      const told = await words(() => postJSON('/v1/confirmations', { site: source.site, person: app.me.person, code: digits.input.value.trim(), trip: trip.id, lines: lines.map((l) => ({ batch: l.id, code: l.code, grams: l.grams })) }, app.csrf))
      go('told/' + (await signPickup(source, trip, lines, { confirmation: told.confirmation })))
    }),
  ]
}

// toldPage shows the source what was signed in its place, and the labels to stick on.
async function toldPage(manifest) {
  const names = (await app.db.get('meta', 'names')) ?? {}
  const bags = (await app.db.all('bags')).filter((b) => b.manifest === manifest)
  return {
    body: [
      p('已代签、已装车', 'Signed in its place and loaded', 'h1'),
      h('p', {}, h('strong', {}, names[bags[0]?.from] ?? '')),
      p('请对方看一眼。不对的，现在就说。', 'Show this to them: what is wrong is to be said now.'),
      h('ul.list', {}, bags.map((b) => h('li.card', { 'data-batch': b.id },
        h('p', {}, h('strong', {}, b.code), ' ', names[b.code] ?? ''),
        h('p', {}, h('span.num', {}, kg(b.grams) + ' kg')),
        b.label && h('p.code', {}, groups(b.label)),
        link('#label/' + b.id, '标签', 'Label', 'a')))),
      h('p', {}, two('合计', 'In all'), ' ', h('span.num', { id: 'toldsum' }, `${bags.length} 桶 · ${kg(sum(bags))} kg`), ' ', h('span', { lang: 'en' }, plural(bags.length, 'container'))),
      link('#trip', '回到行程', 'Back to the trip', 'a.big.main'),
    ],
  }
}

// signPickup signs the chain of a stop: each container, one manifest to the own depot, loading.
// right is {authorisation} or {confirmation}. It gives the manifest's id.
export async function signPickup(source, trip, lines, right) {
  const behalf = { party: source.party, ...right }
  const there = { ...app.me, site: source.site }
  const manifest = app.id()
  const bags = lines.map((l) => ({ id: l.id, grams: l.grams, packages: 1 }))
  for (const l of lines) {
    await app.sign(events.generated(there, app.at(), app.id(), { ...l, batch: l.id, department: '', behalf }), [{ id: l.id, packages: 1 }])
  }
  const out = events.issued(there, app.at(), app.id(), bags, { manifest, profile: 'small-source', carrier: app.me.party, consignee: app.me.party, consignee_site: app.me.site, behalf })
  await app.sign(out, await kept(bags))
  await app.sign(events.collected(app.me, app.at(), app.id(), bags, { manifest, refs: [out.id], vehicle: trip.vehicle, measured: 'weighed', trip: trip.id }), await kept(bags))
  return manifest
}

const kept = (bags) => Promise.all(bags.map(async (b) => ({ ...(await app.db.get('bags', b.id)), ...b })))

export const pickup = { stopcode: stopCodePage, pickup: pickupPage, told: toldPage }
