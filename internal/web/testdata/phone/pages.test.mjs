import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { webcrypto } from 'node:crypto'
import { before, beforeEach, test } from 'node:test'
import { browser, memory, tap, type } from './dom.mjs'

globalThis.crypto ??= webcrypto
const page = browser()
const { app, clockWords, show, start } = await import('../../assets/phone/app.js')
const { clock } = await import('../../assets/phone/api.js')
const { Queue } = await import('../../assets/phone/queue.js')
const { makeKey } = await import('../../assets/phone/sign.js')
const { later, rooms } = await import('../../assets/phone/later.js')
const { lastDay } = await import('../../assets/phone/leaves.js')
const { quarterOf } = await import('../../assets/phone/fairdraw.js')
const { byName } = await import('../../assets/phone/pages.js')
const { when } = await import('../../assets/phone/ui.js')
const { tellAll } = await import('../../assets/phone/whole.js')

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const plant = { party: uuid(1), site: uuid(2), person: uuid(3), role: 'facility_operator', orgRoles: ['operator'], siteName: '样例厂 SAMPLE', roleZH: '经营单位操作员', roleEN: 'facility operator' }
const said = () => page.textContent
const events = () => [...app.db.stores.events.values()].map((e) => JSON.parse(Buffer.from(e.jws.split('.')[1], 'base64url')))
const open = async (hash) => {
  location.hash = hash
  await show()
}

let key
before(async () => {
  key = { ...(await makeKey()), party: uuid(1), person: uuid(3), device: '样例手机 SAMPLE' }
  globalThis.fetch = async () => ({ json: async () => ({}), ok: false, status: 401, text: async () => '', headers: new Map() })
  Object.assign(globalThis, { setInterval: () => 0 })
  globalThis.indexedDB = { open: () => { const asked = {}; setTimeout(() => { asked.error = new Error('private'); asked.onerror() }); return asked } }
  document.addEventListener = () => {}
  await start(byName)
})

beforeEach(() => {
  app.db = memory()
  app.queue = new Queue({ db: app.db, post: async () => { throw new TypeError('no network') } })
  app.key = key
  app.me = { ...plant }
  app.signedIn = true
  clock.off = null
  app.words = words
})

// The words of the server as the pages of these tests read them.
const term = (zh, en) => ({ zh, en })
const words = {
  stages: new Proxy({}, { get: () => term('状态', 'stage') }), types: new Proxy({}, { get: () => term('一步', 'step') }), problems: {}, advice: {}, mendable: {}, classes: [], dwell: null,
  tolerances: [{ profile: '', permille: 10, estimate_permille: 100, grams: 20, source: '样例 SAMPLE' }], reasons: [term('破损', 'broken'), term('其他', 'other')],
  methods: [{ code: 'D10', zh: '焚烧', en: 'incineration' }, { code: 'Y10', zh: '焚烧', en: 'incineration' }], forms: [{ code: 'S', zh: '固态', en: 'solid' }], packagings: [{ code: 'bag', zh: '袋', en: 'bag' }], residues: [],
}

const bag = (n, more = {}) => ({ id: uuid(n), label: undefined, code: '841-001-01', grams: 2500, stage: 'accepted', custodian: plant.party, site: plant.site, next: [{ type: 'batch.treated', party: plant.party }], ...more })
const keep = (...bags) => app.db.write(['bags'], (s) => bags.forEach((b) => s('bags').put(b)))
const arrived = (n, sheet, more = {}) => bag(n, { stage: 'delivered', custodian: uuid(9), site: '', manifest: sheet, vehicle: '冀F00001', carrier: uuid(9), consignor: uuid(8), next: ['manifest.accepted', 'manifest.refused'].map((t) => ({ type: t, party: plant.party, refs: uuid(700 + n) })), ...more })
const row = (n) => page.querySelector(`[data-batch="${uuid(n)}"]`)
const weight = (n) => row(n).querySelector('input.weight')

test('a browser that keeps nothing is told of in plain words', () => {
  assert.match(said(), /打不开.*无痕窗口.*private window/)
})

test('every page that loads later is in its module, and none loads with the first page', async () => {
  for (const [load, name, pages] of rooms) {
    const m = await load()
    assert.deepEqual(Object.keys(m[name]).sort(), [...pages].sort(), name)
  }
  assert.deepEqual(Object.keys(byName).sort(), ['', 'device', 'enrol', 'queue', ...Object.keys(later)].sort())
  const text = (f) => readFileSync(new URL('../../assets/phone/' + f, import.meta.url), 'utf8')
  const first = new Set(['start.js'])
  for (const f of first) for (const [, x] of text(f).matchAll(/^(?:import|export) (?:[^'()]*? from )?'\.\/([^']+)'/gm)) first.add(x)
  for (const f of ['ward.js', 'gate.js', 'treat.js', 'inspect.js', 'step.js', 'qr/index.js', 'code.js']) assert.ok(!first.has(f), f)
})

test('the home page names role and place in Chinese first', async () => {
  await open('')
  assert.equal(page.querySelector('.role').textContent, '经营单位操作员 facility operator')
  assert.equal(page.querySelector('h1').textContent, '样例厂 SAMPLE')
})

test('a trip of five one-bag manifests is accepted with one tap, an event each', async () => {
  await keep(...[11, 12, 13, 14, 15].map((n) => arrived(n, uuid(30 + n))))
  await open('#gate')
  assert.match(said(), /本车全部 5 单一起验收/)
  await open(`#load/${uuid(9)}/冀F00001`)
  assert.equal(page.querySelectorAll('[data-signs]').length, 5, 'each is shown before it is signed')
  assert.match(page.querySelector('[data-signs]').textContent, /缺 1 件重量.*1 weight missing/)
  for (const n of [11, 12, 13, 14]) type(weight(n), '2.5')
  await tap(page, '本车全部接受')
  assert.match(said(), /还有 1 件没有重量.*1 weight missing/)
  assert.equal(events().length, 0, 'nothing is signed while a weight is missing')
  type(weight(15), '6')
  await tap(page, '本车全部接受')
  assert.match(said(), /重一倍以上/)
  assert.equal(events().length, 0)
  type(weight(15), '2.4')
  assert.match(page.querySelector(`[data-signs="${uuid(45)}"]`).textContent, /1 件 · 2.4 kg.*−0.1 kg/)
  await tap(page, '本车全部接受')
  const signed = events()
  assert.deepEqual(signed.map((e) => [e.type, e.manifest, e.batches.length, e.batches[0].grams, e.refs[0]]), [11, 12, 13, 14, 15].map((n) => ['manifest.accepted', uuid(30 + n), 1, n === 15 ? 2400 : 2500, uuid(700 + n)]))
  assert.equal(location.hash, 'stock')
})

test('what is partly different is taken out of the set and handled alone', async () => {
  await keep(arrived(11, uuid(41)), arrived(12, uuid(42)), arrived(13, uuid(43), { vehicle: '冀F00002' }))
  await open(`#load/${uuid(9)}/冀F00001`)
  assert.equal(page.querySelectorAll('[data-signs]').length, 2, 'of this vehicle alone')
  type(weight(11), '2.45')
  await tap(page.querySelector(`[data-manifest="${uuid(42)}"]`), '这一单另办')
  assert.equal(weight(11).value, '2.45', 'what was typed stays')
  await tap(page, '照交来的重量填上')
  assert.equal(weight(11).value, '2.45', 'what was weighed is not overwritten')
  await tap(page, '本车全部接受')
  assert.deepEqual(events().map((e) => [e.manifest, e.batches[0].grams]), [[uuid(41), 2450]])
  assert.equal(location.hash, 'check/' + uuid(42))
})

test('a phone without room signs what it can keep, says so, and does not sign twice', async () => {
  await keep(arrived(11, uuid(41)), arrived(12, uuid(42)))
  await open(`#load/${uuid(9)}/冀F00001`)
  await tap(page, '照交来的重量填上')
  const write = app.db.write
  let writes = 0
  app.db.write = async (names, work) => {
    if (names.includes('events') && ++writes === 2) throw Object.assign(new Error('x'), { name: 'QuotaExceededError' })
    return write(names, work)
  }
  await tap(page, '本车全部接受')
  assert.match(said(), /手机存储已满，没有存上，也没有签.*No room is left/)
  assert.deepEqual(events().map((e) => e.manifest), [uuid(41)])
  assert.equal(page.querySelectorAll('[data-signs]').length, 1)
  await tap(page, '本车全部接受')
  assert.deepEqual(events().map((e) => e.manifest), [uuid(41), uuid(42)])
})

test('what would be signed of each paper', () => {
  assert.deepEqual(tellAll([{ id: 'a', lines: [{ grams: 5, weighed: 4 }, { grams: 5 }] }, { id: 'b', lines: [{ weighed: 7 }] }]),
    [{ id: 'a', pieces: 2, missing: 1, grams: 4, differs: -1 }, { id: 'b', pieces: 1, missing: 0, grams: 7, differs: 0 }])
})

test('weights typed on the treatment page outlive another container', async () => {
  await keep(bag(11), bag(12))
  await app.remember('treating', [uuid(11)])
  await open('#treat')
  type(weight(11), '1.25')
  page.querySelectorAll('input[value="kept"]')[0].checked = true
  page.querySelectorAll('input[value="kept"]')[0].dispatchEvent(new Event('change', { bubbles: true }))
  await tap(page, '再加一件残渣')
  type(page.querySelector('[data-residue="2"] input.weight'), '0.4')
  type(page.querySelector('#facility'), '样例炉 SAMPLE')
  type(page.querySelector('#method'), 'Y10')
  await tap(page, '加入在库全部 1 件')
  assert.deepEqual([weight(11).value, weight(12).value, page.querySelector('#facility').value, page.querySelector('#method').value, page.querySelector('[data-residue="2"] input.weight').value], ['1.25', '2.5', '样例炉 SAMPLE', 'Y10', '0.4'])
  assert.equal(page.querySelector('input[value="kept"]').checked, true)
})

test('the outcome page is drawn again without losing what was typed', async () => {
  const treated = (n, sheet) => bag(n, { stage: 'treated', grams: 0, manifest: sheet, next: [{ type: 'outcome.reported', party: plant.party, refs: uuid(800 + n) }] })
  await keep(treated(11, uuid(41)), treated(12, uuid(42)))
  await open('#outcome')
  type(page.querySelector(`[data-manifest="${uuid(41)}"] input.result`), '样例：已焚烧 SAMPLE')
  await keep(treated(13, uuid(43)))
  await tap(page.querySelector(`[data-manifest="${uuid(42)}"]`), '告知移出人')
  assert.deepEqual([page.querySelectorAll('[data-manifest]').length, page.querySelector(`[data-manifest="${uuid(41)}"] input.result`).value], [2, '样例：已焚烧 SAMPLE'])
  assert.deepEqual(events().map((e) => [e.type, e.manifest]), [['outcome.reported', uuid(42)]])
  await tap(page, '以上 2 单全部告知')
  assert.deepEqual(events().map((e) => [e.manifest, e.data.result]), [[uuid(42), '处置完成'], [uuid(41), '样例：已焚烧 SAMPLE'], [uuid(43), '处置完成']])
  assert.match(said(), /没有等着告知的/)
})

test('a wrong clock is said, and asked about once', async () => {
  assert.equal(clockWords(4 * 60_000), null)
  assert.match(clockWords(-3 * 3_600_000 - 120_000)[0], /慢了 3:02/)
  clock.off = 2 * 3_600_000
  await open('')
  assert.match(said(), /手机时间快了 2:00.*Set it to automatic/)
  await assert.rejects(app.sign({ id: uuid(1), type: 'x' }, []), (err) => /改不了，再按一次照签/.test(err.zh))
  await app.sign({ id: uuid(1), type: 'x', at: 'now' }, [])
  assert.equal(events().length, 1)
})

test('a revoked phone signs no more, and keeps what it signed', async () => {
  await app.sign({ id: uuid(1), type: 'x', at: 'now' }, [])
  await app.remember('revoked', key.kid)
  await assert.rejects(app.sign({ id: uuid(2), type: 'x', at: 'now' }, []), (err) => /挂失或吊销.*以前签的都在/.test(err.zh))
  assert.equal(events().length, 1)
})

test('what another tab signed is not signed again', async () => {
  await keep(arrived(11, uuid(41)))
  await open('#check/' + uuid(41))
  await keep(bag(11, { manifest: uuid(41) })) // accepted meanwhile
  await tap(page, '签名')
  assert.match(said(), /刚才已经办了.*done just now/)
  assert.equal(events().length, 0)
})

test('a bag on the list keeps the weight that was typed when another is scanned', async () => {
  app.me = { ...plant, role: 'site_staff', orgRoles: ['medical'] }
  const own = (n) => bag(n, { stage: 'generated', next: [{ type: 'batch.released', party: plant.party }] })
  await keep(own(11), own(12))
  await app.remember('basket', { 'batch.released': [uuid(11)] })
  await open('#many/batch.released')
  type(weight(11), '1.111')
  await tap(page, '加入本机全部 1 袋')
  assert.deepEqual([weight(11).value, weight(12).value], ['1.111', '2.5'])
})

// lame finds what is said in one language alone. Names and what was typed are data: here they say SAMPLE.
const lame = () => page.querySelectorAll('p, h1, h2, h3, label, legend, button, li, th, td, a').filter((e) => !e.children.some((c) => /^(p|ul|table|label|div|a|li|button)$/.test(c.localName)))
  .map((e) => e.textContent.trim()).filter((t) => /\p{Script=Han}/u.test(t) !== /[A-Za-z]{2,}/.test(t.replace(/\bkg\b/g, '')) && !t.startsWith('EdDSA'))

test('every sentence is in both languages', async () => {
  const driver = { ...plant, role: 'driver', orgRoles: ['carrier'] }
  const nurse = { ...plant, role: 'site_staff', orgRoles: ['medical'] }
  app.words = { ...words, classes: [{ code: '841-001-01', zh: '感染性', en: 'infectious' }], packaging: words.packagings, incidents: [{ code: 'spill', zh: '洒漏', en: 'spill' }], contacts: [{ number: '12369', zh: '环保热线', en: 'environment' }],
    dwell: { stages: ['generated', 'stored', 'accepted'], categories: ['HW01'], limit_ms: 172_800_000, bands: [{ band: 'x', remaining_ms: 1e15, zh: '已超时', en: 'over', colour: '#000' }] } }
  const names = { names: { [uuid(8)]: '样例医院 SAMPLE', [uuid(9)]: '样例车队 SAMPLE' } }
  const set = async (me, ...bags) => {
    app.me = me
    app.db = memory()
    app.queue.db = app.db
    await app.remember('names', names.names)
    await app.remember('trip', { id: uuid(60), vehicle: '冀F00001 SAMPLE', limit: 1000, skipped: {} })
    await keep(...bags)
    await app.db.put('events', { id: uuid(90), type: 'batch.released', at: '2026-11-27T08:00:00Z', made: 1, state: 'refused', batches: [uuid(1), uuid(2)], problem: { kind: 'x', errors: [{ pointer: '/batches/0/grams', detail: 'must be less', detail_zh: '重量：超出范围。' }] } })
    await app.db.put('events', { id: uuid(91), type: 'batch.released', at: '2026-11-27T08:00:00Z', made: 2, state: 'held', batches: [uuid(1)] })
  }
  const old = { closed: '2026-11-20T00:00:00Z', department: '内科 SAMPLE' }
  const visits = [
    [nurse, [bag(11, { ...old, stage: 'generated', next: [{ type: 'batch.released', party: plant.party }] })], ['', 'queue', 'device', 'bag', 'bags', 'act/' + uuid(11), 'many', 'many/batch.released', 'many/batch.stored', 'mishap/' + uuid(11), 'label/' + uuid(11), 'repack', 'leave', 'behalf', 'drum', 'answers', 'mend/x', 'give/x']],
    [plant, [arrived(12, uuid(41)), arrived(13, uuid(42)), bag(14, old), bag(15, { stage: 'treated', grams: 0, manifest: uuid(43), next: [{ type: 'outcome.reported', party: plant.party, refs: uuid(1) }] })], ['', 'gate', 'check/' + uuid(41), 'check/x', `load/${uuid(9)}/冀F00001`, 'load/x', 'stock', 'put', 'treat', 'outcome', 'manifest/x', 'scan']],
    [driver, [bag(16, { stage: 'in_transit', custodian: plant.party, loaded: 2_000_000, grams: 2_000_000, manifest: uuid(44), next: [{ type: 'transport.delivered', party: plant.party, refs: uuid(1) }, { type: 'transport.handed_over', party: plant.party, refs: uuid(1) }] })], ['', 'trip', 'unload', 'relay', 'return', 'taker', 'to/x', 'at/' + uuid(2), 'skip/' + uuid(2), 'pickup/' + uuid(2), 'take/x', 'reported/x']],
  ]
  for (const [me, bags, pages] of visits) {
    for (const at of pages) {
      await set(me, ...bags)
      await open('#' + at)
      assert.deepEqual(lame(), [], `${me.role} ${at}`)
      assert.doesNotMatch(said(), /undefined|\(s\)|出错了/, `${me.role} ${at}`)
    }
  }
})

test('a hand-over that this phone did not sign has no code, and says so', async () => {
  app.me = { ...plant, role: 'site_staff', orgRoles: ['medical'] }
  app.db = memory()
  await open('#give/' + uuid(99))
  assert.match(said(), /没有可出示的码/)
  assert.equal(page.querySelector('svg'), null)
})

test('sharps go into their box by themselves', async () => {
  app.me = { ...plant, role: 'site_staff', orgRoles: ['medical'] }
  const of = (code, zh) => ({ code, zh, en: zh })
  app.words = { ...words, classes: [of('841-001-01', '感染性'), of('841-002-01', '损伤性')], packaging: [of('bag', '袋'), of('sharps_box', '利器盒')] }
  await open('#bag')
  const choose = (v) => {
    const x = page.querySelector(`input[value="${v}"]`)
    x.checked = true
    x.dispatchEvent(new Event('change', { bubbles: true }))
  }
  choose('841-002-01')
  type(page.querySelector('#department'), '内科 SAMPLE')
  type(page.querySelector('#weight'), '0.5')
  await tap(page, '签名并出标签')
  assert.deepEqual([events()[0].data.code, events()[0].data.packaging], ['841-002-01', 'sharps_box'])
  await open('#bag')
  choose('841-001-01')
  assert.equal(page.querySelector('input[value="bag"]').checked, true)
})

test('to give up what waits at the server is asked about once, and keeps the bytes', async () => {
  await app.db.put('events', { id: uuid(91), type: 'batch.released', at: '2026-11-27T08:00:00Z', made: 2, state: 'held', jws: 'a.b.c', batches: [uuid(1)] })
  globalThis.navigator.onLine = false
  await open('#queue')
  await tap(page, '不等了')
  assert.match(said(), /不能撤回.*press again/)
  assert.equal((await app.db.get('events', uuid(91))).state, 'held')
  await tap(page, '不等了')
  const e = await app.db.get('events', uuid(91))
  assert.deepEqual([e.state, e.noted, e.jws], ['refused', true, 'a.b.c'])
  globalThis.navigator.onLine = true
})

test('days are those of China, wherever the phone believes itself to be', () => {
  assert.equal(lastDay('2026-11-28T00:00:00.000+08:00'), '2026-11-27')
  assert.equal(lastDay('2026-11-27T16:00:00.001Z'), '2026-11-28')
  assert.equal(when('2026-11-27T16:05:00.000Z'), '11-28 00:05')
  assert.equal(quarterOf(new Date('2026-09-30T16:30:00Z')), '2026-Q4')
})
