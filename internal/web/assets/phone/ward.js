// Pages of the ward, the corridor and the store: close a bag and its label, one step after a
// scan, many bags at once, what is held with a clock each.
import { newLabelOf } from './api.js'
import { app, go, redraw, show } from './app.js'
import { groups, kg, newLabel, randomBytes, scanned, unb64u } from './bytes.js'
import { drawing } from './code.js'
import { containerOf } from './container.js'
import * as events from './events.js'
import { later } from './later.js'
import { asked } from './offers.js'
import { scanner } from './scan.js'
import { sum } from './load.js'
import { overload } from './stops.js'
import { formOf, lines, nameOf, ownPages, signStep, stepWords, still, weightField } from './step.js'
import { Say, act, check, choices, field, h, link, note, overdue, p, plural, two, when, words } from './ui.js'
import { categoryOf, clockOf, handOver, lasting, readHandOver, stageGiven, stepsFor, takes } from './world.js'

async function bagPage() {
  const last = (await app.db.get('meta', 'lastBag')) ?? {}
  const department = field('科室', 'Department', { id: 'department', value: last.department ?? '', maxlength: 64 })
  const code = choices('类别', 'Class', app.words.classes.map((c) => ({ value: c.code, zh: c.zh, en: c.en })), last.code ?? '841-001-01')
  const packaging = choices('包装', 'Container', app.words.packaging.map((c) => ({ value: c.code, zh: c.zh, en: c.en })), last.packaging ?? 'bag')
  // Sharps go into a box for sharps: who chooses them need not choose it too.
  code.row.addEventListener('change', () => {
    const box = code.value() === '841-002-01' ? 'sharps_box' : packaging.value() === 'sharps_box' ? 'bag' : packaging.value()
    packaging.row.querySelector(`input[value="${box}"]`).checked = true
  })
  const isolation = check('隔离病区：双层袋', 'isolation: double bag')
  const weight = weightField()
  weight.input.id = 'weight'
  weight.row.querySelector('label').htmlFor = 'weight'
  const estimated = check('没有秤，估算', 'no scale, estimated')
  return {
    body: [
      p('封袋', 'Close a bag', 'h1'),
      department.row,
      weight.row,
      estimated.row,
      code.row,
      packaging.row,
      isolation.row,
      act('签名并出标签', 'Sign and make the label', async () => {
        const f = { department: department.input.value.trim(), code: code.value(), packaging: packaging.value() }
        if (!f.department) throw new Say('请填写科室。', 'Enter the department.')
        if (!app.me?.site) throw new Say('请先在首页选择场所。', 'Choose the place on the home page first.')
        const bag = { id: app.id() }
        const e = events.generated(app.me, app.at(), app.id(), { ...f, batch: bag.id, label: newLabel(randomBytes(26)), grams: weight.read(), estimated: estimated.on(), isolation: isolation.on() })
        await app.remember('lastBag', f)
        await app.sign(e, [bag])
        go('label/' + bag.id)
      }, 'button.main.stays'),
    ],
  }
}

const classOf = (code) => app.words.classes.find((c) => c.code === code)

// labelCard is a container's label as the phone prints it.
function labelCard(bag, id = 'token') {
  const c = classOf(bag.code)
  return h(
    'section.card.label',
    { 'data-batch': bag.id },
    drawing(`${location.origin}/q/${bag.label}`, '二维码 QR ' + bag.label),
    h('p.code.token', { id }, groups(bag.label)),
    h('p', {}, h('strong', {}, categoryOf(bag.code) === 'HW01' ? two('医疗废物', 'medical waste') : two('危险废物', 'hazardous waste')), ' ', bag.code, c && [' ', two(c.zh, c.en)]),
    h('p', {}, app.me.partyName ?? '', ' ', app.me.siteName ?? '', ' ', bag.department ?? ''),
    h('p', {}, h('span.num', {}, kg(bag.grams) + ' kg'), ' ', bag.closed && when(bag.closed)),
  )
}

async function labelPage(id) {
  const bag = await app.db.get('bags', id)
  if (!bag) return lost()
  const begun = bag.stage === 'generated' && (await app.queue.list()).find((e) => e.type === 'batch.generated' && e.batches?.includes(id))
  return {
    body: [
      p('标签', 'Label', 'h1'),
      bag.label
        ? labelCard(bag)
        : note('', p('这一袋没有在用的标签。', 'This bag has no label in force.')),
      bag.label && act('打印', 'Print', () => window.print(), 'button.main'),
      link('#act/' + bag.id, '下一步', 'Next step', 'a.big'),
      link('#bag', '再封一袋', 'Close another bag', 'a.big'),
      begun && link('#mend/' + begun.id, '写错了？改正', 'Something wrong? Mend it', 'a.big'),
      app.signedIn && bag.seq !== undefined && [
        bag.label && link('/print/labels?batch=' + bag.id, '打印正式标签（A4、PDF）', 'Print the full label (page, PDF)', 'a.big'),
        act('换发标签（旧的作废）', 'New label (the old one is withdrawn)', async () => {
          const l = await newLabelOf(bag.id, app.csrf)
          await app.db.put('bags', { ...bag, label: l.label })
          await show()
        }, 'button'),
      ],
    ],
  }
}

const lost = () => ({ body: [p('本机没有这一袋', 'This phone does not know the bag', 'h1'), link('#scan', '扫码', 'Scan', 'a.big.main')] })

// known turns what was scanned into a bag, or says why not.
const known = (text) => containerOf(text, {
  noLabel: ['这不是袋上的标签码。', 'This is not the code of a bag’s label.'],
  unknown: ['本机不认识这一袋：请扫交出人手机上的“交接码”，或登录后再扫。', 'This phone does not know the bag: scan the hand-over code on the giver’s phone, or sign in and scan again.'],
})

async function scanPage() {
  const s = scanner(async (text) => {
    const c = scanned(text)
    if (c.kind === 'enrol') return go('enrol=' + c.code)
    if (c.kind === 'source') return go('pickup/' + c.code)
    if (c.kind === 'to') return go('to/' + c.code)
    if (c.kind === 'take') return go('take/' + c.code)
    if (c.kind === 'manifest' || c.kind === 'number') return go('manifest/' + c.code)
    go('act/' + (await known(text)).id)
  })
  return { leave: s.leave, body: [p('扫码', 'Scan', 'h1'), p('袋上的标签，或对方手机上的交接码。', 'A bag’s label, or the hand-over code on another phone.', 'p.hint'), s.body] }
}

function bagCard(bag, now) {
  const clock = clockOf(bag, app.words.dwell, now)
  const c = classOf(bag.code)
  const card = h(
    'li.card',
    { 'data-batch': bag.id, 'data-band': clock?.band },
    clock && h('div.left', {}, overdue(clock.left < 0, lasting(clock.left)), h('br', {}), two(clock.zh, clock.en)),
    h('p', {}, nameOf(bag)),
    h('p', {}, words(app.words.stages[bag.stage]), bag.room ? ` · ${bag.room}` : ''),
    h('p', {}, c ? two(c.zh, c.en) : bag.code, ' · ', h('span.num', {}, kg(bag.grams ?? 0) + ' kg')),
    link('#act/' + bag.id, '下一步', 'Next', 'a'),
    ' ',
    bag.label && link('#label/' + bag.id, '标签', 'Label', 'a'),
  )
  if (clock) {
    card.classList.add('clock')
    card.style.borderLeftColor = clock.colour
  }
  return card
}

async function bagsPage() {
  const now = Date.now()
  const all = (await app.db.all('bags')).filter((b) => !b.gone && b.stage && (!b.custodian || b.custodian === app.me.party) && !['refused', 'returned', 'delivered', 'accepted', 'treated', 'reported', 'repacked', 'lost'].includes(b.stage))
  const due = (b) => clockOf(b, app.words.dwell, now)?.due ?? Infinity
  all.sort((a, b) => due(a) - due(b))
  return {
    body: [
      h('h1', {}, two(`在管 ${all.length} 袋`, `${all.length} held`)),
      app.words.dwell && p('剩余时间自封袋起算，48 小时内应交出。先到期的在前。', 'Time left since closing; to be handed on within 48 hours. The most urgent first.', 'p.hint'),
      h('ul.list', {}, all.map((b) => bagCard(b, now))),
      all.length === 0 && p('没有在管的袋子。', 'No bag is held.'),
    ],
  }
}

// done leads on after a step: giving shows the hand-over code.
function done(type, signed) {
  if (type === 'batch.released' || type === 'manifest.issued') return go('give/' + signed.map((e) => e.id).join(','))
  go('bags')
}

async function actPage(given) {
  const [id, chosen] = given.split('/')
  const bag = await app.db.get('bags', id)
  if (!bag) return lost()
  const steps = stepsFor(bag, app.me ?? {})
  const step = steps.find((s) => s.type === chosen) ?? steps[0]
  const waits = asked(bag, app.me?.party, Date.now()).length > 0
  const head = [waits && link('#answers', '有更正等本单位答复', 'A correction waits for your answer', 'a.big.danger'), h('h1', {}, nameOf(bag)), h('p', {}, words(app.words.stages[bag.stage]), ' · ', words(classOf(bag.code)), classOf(bag.code) ? '' : bag.code ?? '', ' · ', h('span.num', {}, kg(bag.grams ?? 0) + ' kg'))]
  if (!step) {
    const other = bag.next?.[0]
    return { body: [head, note('', other ? h('p', {}, two('下一步由别人办：', 'The next step is somebody else’s: '), words(app.words.types[other.type])) : p('这一袋没有下一步了。', 'There is nothing more to do.')), bag.label && link('#label/' + id, '标签', 'Label'), link('#scan', '扫下一袋', 'Scan the next', 'a.big.main')] }
  }
  const own = ownPages[step.type]
  if (own) return later[own[0]](own[1](bag))
  const [zh, en] = stepWords[step.type]
  const form = await formOf(step.type)
  const weight = weightField(bag.grams)
  const guard = await overload(step.type === 'transport.collected' ? await app.db.get('meta', 'trip') : null)
  return {
    body: [
      head,
      h('h2', {}, two(zh, en)),
      weight.row,
      form.rows,
      guard.row,
      act(`${zh}，签名`, `${en}, sign`, async () => {
        const read = [{ ...bag, grams: weight.read() }]
        guard.check(sum(read))
        await still(read, step.type)
        done(step.type, await signStep(step.type, read, await form.read()))
      }),
      steps.length > 1 && h('h2', {}, two('其他', 'Other')),
      steps.filter((s) => s !== step).map((s) => link(`#act/${id}/${s.type}`, ...stepWords[s.type])),
      bag.label && link('#label/' + id, '标签', 'Label'),
      link('#mishap/' + id, '这一件出了事故', 'Report an incident with it', 'a.big.danger'),
    ],
  }
}

// many: a step, then bags by scanning until it is signed. The basket outlives a reload.
async function manyPage(type) {
  if (!stepWords[type]) {
    return { body: [p('批量交接', 'Hand over many', 'h1'), ['batch.released', 'batch.stored', 'manifest.issued'].map((t) => link('#many/' + t, ...stepWords[t], 'a.big.main')), p('接收：扫对方手机上的交接码。', 'To take over, scan the hand-over code on the other phone.', 'p.hint'), link('#scan', '扫码', 'Scan')] }
  }
  const basket = (await app.db.get('meta', 'basket')) ?? {}
  const ids = basket[type] ?? []
  const bags = []
  for (const id of ids) {
    const b = await app.db.get('bags', id)
    if (b && stepsFor(b, app.me).some((s) => s.type === type)) bags.push(b)
  }
  const keep = (list) => app.remember('basket', { ...basket, [type]: list })
  const form = await formOf(type)
  const list = lines(bags, async (bag) => {
    await keep(ids.filter((x) => x !== bag.id))
    await redraw()
  })
  const s = scanner(async (text) => {
    const bag = await known(text)
    if (!stepsFor(bag, app.me).some((x) => x.type === type)) throw new Say('这一袋现在不能办这一步。用“扫码”扫它，看下一步该办什么。', 'This step may not come now for this bag. Scan it under “Scan” to see what may.')
    if (bags.some((b) => b.id === bag.id)) throw new Say('这一袋已在单子里。', 'The bag is on the list already.')
    await keep([...bags.map((b) => b.id), bag.id])
    await redraw()
  })
  const [zh, en] = stepWords[type]
  const held = (await app.db.all('bags')).filter((b) => !b.gone && !bags.some((x) => x.id === b.id) && stepsFor(b, app.me).some((x) => x.type === type) && (type === 'manifest.issued' || b.stage !== 'stored'))
  return {
    leave: s.leave,
    body: [
      h('h1', {}, two(`${zh}：${bags.length} 袋`, `${en}: ${bags.length}`)),
      s.body,
      held.length > 0 && act(`加入本机全部 ${held.length} 袋`, `Add all ${held.length} that this phone knows`, async () => {
        await keep([...bags, ...held].map((b) => b.id))
        await redraw()
      }, 'button'),
      list.row,
      bags.length > 0 && [form.rows, act(`${zh} ${bags.length} 袋，签名`, `${en} ${bags.length}, sign`, async () => {
        const read = list.read()
        await still(read, type)
        const signed = await signStep(type, read, await form.read())
        await keep([])
        done(type, signed)
      })],
    ],
  }
}

// give shows the hand-over code of what was signed, for the taker's phone.
async function givePage(ids) {
  const codes = []
  const bags = new Map((await app.db.all('bags')).map((b) => [b.id, b]))
  for (const id of ids.split(',')) {
    const e = await app.db.get('events', id)
    if (e) codes.push(...handOver(JSON.parse(new TextDecoder().decode(unb64u(e.jws.split('.')[1]))), (b) => bags.get(b)))
  }
  if (!codes.length) return { body: [p('交接码', 'Hand-over code', 'h1'), note('bad', p('本机没有签过这次交接，没有可出示的码。', 'This phone signed no such hand-over: there is no code to show.')), link('#many/batch.released', '批量交接', 'Hand over many', 'a.big.main'), link('#', '首页', 'Home')] }
  return {
    body: [
      p('交接码', 'Hand-over code', 'h1'),
      p('请接手的人用手机“扫码”。两边都可以没有网络。', 'Whoever takes over scans this with the app. Neither phone needs network.'),
      codes.map((c, i) => [codes.length > 1 && h('h2', {}, `${i + 1} / ${codes.length}`), drawing(`${location.origin}/m/#take=${c}`, '交接码 hand-over code', 'low')]),
      link('#many/batch.released', '再交一批', 'Hand over more'),
      link('#', '首页', 'Home', 'a.big.main'),
    ],
  }
}

// take is the other side: what the giver named, weighed or confirmed, signed as taken over.
async function takePage(code) {
  const told = readHandOver(code)
  if (!told) return { body: [p('交接码', 'Hand-over code', 'h1'), note('bad', p('这个交接码读不懂，请对方重新显示，再扫一次。', 'The code cannot be read. Have it shown again and scan it once more.')), link('#scan', '扫码', 'Scan', 'a.big.main')] }
  if (told.type === 'transport.delivered') return arrived(told)
  const type = takes[told.type]
  const bags = []
  for (const l of told.lines) {
    const b = await app.db.get('bags', l.id)
    const next = [{ type, party: app.me?.party, refs: told.event, manifest: told.manifest }]
    bags.push({ ...l, ...b, grams: l.grams || b?.grams, stage: stageGiven(told.type), manifest: told.manifest ?? b?.manifest, from: told.site, next })
  }
  const [zh, en] = stepWords[type]
  const form = await formOf(type)
  const list = lines(bags)
  const guard = await overload(type === 'transport.collected' ? await app.db.get('meta', 'trip') : null)
  return {
    body: [
      h('h1', {}, two(`${zh} ${bags.length} 袋`, `${en} ${bags.length}`)),
      list.row,
      form.rows,
      guard.row,
      act(`${zh}，签名`, `${en}, sign`, async () => {
        const read = list.read()
        guard.check(sum(read))
        await signStep(type, read, await form.read())
        go(type === 'transport.collected' ? 'trip' : 'bags')
      }),
    ],
  }
}

// arrived is a driver's delivery code at the gate: what was unloaded waits for the consignee's word.
async function arrived(told) {
  const bags = []
  for (const l of told.lines) {
    const b = await app.db.get('bags', l.id)
    if (b?.stage && !['issued', 'in_transit', 'handed_over', 'at_point', 'delivered'].includes(b.stage)) continue // it has gone on
    const next = ['manifest.accepted', 'manifest.refused'].map((type) => ({ type, party: app.me?.party, refs: told.event }))
    bags.push({ ...l, ...b, code: b?.code ?? l.code, grams: l.grams || b?.grams, stage: 'delivered', manifest: told.manifest, gone: false, local: true, scanned: true, next })
  }
  await app.db.write(['bags'], (store) => {
    for (const b of bags) store('bags').put(b)
  })
  go('check/' + told.manifest)
}

// labels are several at once: the containers that one step began.
async function labelsPage(ids) {
  const bags = (await Promise.all(ids.split(',').map((id) => app.db.get('bags', id)))).filter(Boolean)
  if (bags.length === 0) return lost()
  return {
    body: [
      h('h1', {}, two(`标签 ${bags.length} 张`, plural(bags.length, 'label'))),
      bags.map((b, i) => labelCard(b, `token${i}`)),
      act('打印', 'Print', () => window.print(), 'button.main'),
      app.signedIn && bags.every((b) => b.seq !== undefined) && link('/print/labels?' + bags.map((b) => 'batch=' + b.id).join('&'), '打印正式标签（A4、PDF）', 'Print the full labels (page, PDF)', 'a.big'),
      link('#', '首页', 'Home', 'a.big'),
    ],
  }
}

export const ward = { bag: bagPage, label: labelPage, labels: labelsPage, scan: scanPage, bags: bagsPage, act: actPage, many: manyPage, give: givePage, take: takePage }
