// Pages of a draw for random inspection: announce one, and watch the log until it is drawn.
import { ask, walk, who } from './api.js'
import { app, go } from './app.js'
import { announced, earlier, faults, listHash, quarterOf, readIDs } from './fairdraw.js'
import { payloadOf } from './inspections.js'
import { Say, act, check, choices, field, h, link, note, p, two } from './ui.js'
import { explain } from './words.js'

// sizeNow is how many entries the public log has: the second line of its checkpoint.
async function sizeNow() {
  const r = await fetch('/log/checkpoint', { cache: 'no-store', credentials: 'omit' })
  return r.ok ? Number((await r.text()).split('\n')[1]) : 0
}

const signInFirst = () => ({ body: [p('公告抽取', 'Announce a draw', 'h1'), note('', p('名单来自登记册，请先登录并联网。', 'The list comes from the register: sign in, with network.')), link('/signin?next=/m/', '登录', 'Sign in', 'a.big.main'), link('#', '首页', 'Home', 'a.big')] })

const kindWords = { hospital: ['医院', 'hospital'], clinic: ['诊所', 'clinic'], factory: ['工厂', 'factory'], workshop: ['车间、维修点', 'workshop'], laboratory: ['实验室', 'laboratory'], depot: ['收集点', 'depot'], plant: ['处置利用设施', 'plant'], landfill: ['填埋场', 'landfill'], office: ['办公场所', 'office'] }

async function drawPage(division) {
  if (!app.me?.orgRoles?.includes('authority')) return { body: [p('公告抽取', 'Announce a draw', 'h1'), note('bad', p('本机登记的单位不是主管部门，不能公告抽取。', 'This device is enrolled for an organisation that is no authority; it cannot announce a draw.'))] }
  let told, draws
  try {
    ;[told, draws] = await Promise.all([ask(`/m/draw?party=${app.me.party}&division=${encodeURIComponent(division)}`), walk('/v1/draws', { limit: 200 }, 5)])
  } catch (err) {
    if (err.kind === 'unauthorized') return signInFirst()
    throw explain(err)
  }
  const names = Object.fromEntries(((await app.db.get('meta', 'colleagues')) ?? []).map((c) => [c.id, c.name]))
  const kept = (await app.db.get('meta', 'drawForm')) ?? {}
  const district = h('select', { id: 'district', onchange: async () => { await remember(); go('draw/' + district.value) } }, [{ code: '', zh: '全市', en: 'whole city' }, ...told.divisions].map((d) => h('option', { value: d.code, selected: d.code === division }, `${d.zh} ${d.en}`)))
  const kinds = [...new Set(told.sites.map((s) => s.kind))].sort()
  const boxes = kinds.map((k) => ({ kind: k, ...check(...(kindWords[k] ?? [k, k]), kept.kinds ? kept.kinds.includes(k) : k !== 'office') }))
  for (const b of boxes) b.row.append(h('span.num', {}, ` ${told.sites.filter((s) => s.kind === b.kind).length}`))
  const period = field('期间', 'Period', { id: 'period', maxlength: 32, value: kept.period ?? quarterOf(new Date()) })
  const number = (id, zh, en, value) => field(zh, en, { id, inputmode: 'numeric', maxlength: 6, value: String(value) })
  const drawSites = number('draw-sites', '抽几个场所', 'How many sites to draw', kept.drawSites ?? '')
  const drawPeople = number('draw-people', '抽几名检查人员', 'How many inspectors to draw', kept.drawPeople ?? 2)
  const people = h('textarea', { id: 'people', rows: 5, spellcheck: 'false' })
  people.value = kept.people ?? told.people.join('\n')
  const ahead = choices('种子：公告之后日志再过多少条', 'Seed: how many entries later', [['20', '20 条', '20 entries'], ['100', '100 条', '100'], ['1000', '1000 条', '1000']].map(([value, zh, en]) => ({ value, zh, en })), kept.ahead ?? '100')
  ahead.row.id = 'ahead'
  const reason = field('重抽理由（只在重抽时填）', 'Why again (only when drawn again)', { id: 'reason', maxlength: 200, value: '' })
  const listed = h('p', { role: 'status', id: 'listed' })
  const wrong = h('div', { id: 'wrong' })
  const chosen = () => told.sites.filter((s) => boxes.some((b) => b.kind === s.kind && b.on()))
  const count = () => listed.replaceChildren(...two(`名单：${chosen().length} 个场所，${readIDs(people.value).ids.length} 名检查人员`, `listed: ${chosen().length} sites, ${readIDs(people.value).ids.length} inspectors`))
  for (const b of boxes) b.row.addEventListener('change', count)
  people.addEventListener('input', count)
  count()
  const whole = (f) => (/^\d{1,6}$/.test(f.input.value.normalize('NFKC').trim()) ? Number(f.input.value.normalize('NFKC').trim()) : NaN)
  const remember = () => app.remember('drawForm', { period: period.input.value, drawSites: drawSites.input.value, drawPeople: drawPeople.input.value, people: people.value, ahead: ahead.value(), kinds: boxes.filter((b) => b.on()).map((b) => b.kind) })

  const announce = async () => {
    wrong.replaceChildren()
    await remember()
    const size = await sizeNow().catch(() => { throw new Say('没有网络，公告需要网络。', 'No network, which an announcement needs.') })
    const typed = readIDs(people.value)
    const f = { period: period.input.value.trim(), sites: chosen().map((s) => s.id), people: typed.ids, wrong: typed.wrong, drawSites: whole(drawSites), drawPeople: whole(drawPeople), size: size + Number(ahead.value()), reason: reason.input.value }
    f.list = await listHash(f.sites, f.people)
    Object.assign(f, earlier(draws, app.me.party, f.period, f.list))
    const list = faults(f, { size })
    if (list.length > 0) {
      wrong.append(note('bad', p(`还不能公告，有 ${list.length} 处要改：`, `It cannot be announced yet; ${list.length} to mend:`), h('ul.wrong', {}, list.map((x) => h('li', {}, h('button', { type: 'button', onclick: () => document.getElementById(x.at)?.scrollIntoView({ block: 'center' }) }, two(x.zh, x.en)))))))
      wrong.scrollIntoView({ block: 'start' })
      return
    }
    let told
    try {
      told = await ask('/v1/sample-lists', { method: 'POST', type: 'application/json', body: JSON.stringify({ hash: f.list, sites: f.sites, people: f.people }), csrf: app.csrf })
    } catch (err) {
      throw explain(err)
    }
    if (told.hash !== f.list) throw new Say('服务器封存的名单与本机的不同，没有公告。', 'The server froze another list than this one; nothing was announced.')
    const e = announced(app.me, app.at(), app.id(), f)
    await app.sign(e, [])
    await app.queue.flush()
    await app.db.drop('meta', 'drawForm')
    go('drawn/' + e.id)
  }
  return {
    body: [
      p('公告抽取', 'Announce a draw', 'h1'),
      p('先封存名单，再签名公告；抽中谁由日志将来某一条数的根决定，谁也不能预知或挑选。', 'The list is frozen, then the announcement is signed; who is drawn follows from the log’s root at a size that is yet to come: nobody can know or choose.', 'p.hint'),
      period.row,
      h('div', {}, h('label', { for: 'district' }, two('县区', 'District')), district),
      h('fieldset.card', { id: 'kinds', tabindex: '-1' }, h('legend', {}, two('场所类别', 'Kinds of sites')), boxes.map((b) => b.row), boxes.length === 0 && p('登记册里这里没有场所。', 'The register has no site here.')),
      h('details', {}, h('summary', {}, two('看名单', 'See the sites')), h('ul', {}, told.sites.slice(0, 200).map((s) => h('li', {}, s.name || s.id))), told.sites.length > 200 && p(`……共 ${told.sites.length} 个`, `… ${told.sites.length} in all`)),
      drawSites.row,
      h('label', { for: 'people' }, two('检查人员编号，一行一个', 'Ids of the inspectors, one a line')),
      people,
      Object.keys(names).length > 0 && p(readIDs(people.value).ids.map((x) => names[x]).filter(Boolean).join('、'), '', 'p.hint'),
      drawPeople.row,
      ahead.row,
      reason.row,
      listed,
      wrong,
      act('封存名单并签名公告', 'Freeze the list and sign', announce),
      link('/inspect/draws', '全部抽取', 'All draws', 'a.big'),
    ],
  }
}

const watchEvery = 5_000

// drawnPage is a draw that waits, or who was drawn.
async function drawnPage(event) {
  const box = h('div', {})
  const seen = {} // the announcement, once it was read: while its size is to come, only the log is asked
  let timer
  const look = async () => {
    const done = await fill(box, event, seen).catch((err) => {
      const said = explain(err)
      box.replaceChildren(note('bad', said.zh ? p(said.zh, said.en) : p('没有读到。', said.message)))
      return err.kind === 'not-found'
    })
    if (!done && timer !== null) timer = setTimeout(look, watchEvery)
  }
  await look()
  return {
    leave: () => {
      clearTimeout(timer)
      timer = null
    },
    body: [p('随机抽取', 'A draw', 'h1'), box, link('/inspect/draws/' + event, '抽取的网页（可保存文件离线重抽）', 'Its page (save the file to draw again offline)', 'a.big'), link('#draw', '再公告一次', 'Announce another', 'a.big'), link('#inspect', '去检查', 'Inspect', 'a.big')],
  }
}

// fill shows how a draw stands; true once nothing more will come.
async function fill(box, event, seen) {
  const kept = await app.db.get('events', event)
  if (kept?.state === 'refused') {
    const w = app.words.problems[kept.problem?.kind]
    box.replaceChildren(note('bad', p('公告没有被接受，没有抽取。', 'The announcement was not taken; nothing is drawn.'), w && p(w.zh, w.en), (kept.problem?.errors ?? []).map((x) => p(x.detail_zh ?? '', `${x.detail} (${x.pointer})`))))
    return true
  }
  if (kept && kept.state !== 'sent') {
    box.replaceChildren(note('', p('已签名，未发送：联网后自动发出。', 'Signed, not yet sent: it goes out when there is network.')))
    return false
  }
  const size = await sizeNow()
  const file = seen.file?.state === 'announced' && size < seen.said.size ? seen.file : await ask('/v1/draws/' + event)
  const said = payloadOf({ jws: file.announcement.jws }).data
  Object.assign(seen, { file, said })
  const facts = h('section.card', { id: 'announced' },
    h('p', {}, h('strong', {}, said.period), ' · ', two(`第 ${said.round} 次`, `round ${said.round}`)),
    h('p', {}, two(`${said.draw_sites} / ${said.sites} 个场所，${said.draw_people} / ${said.people} 名检查人员`, `${said.draw_sites} of ${said.sites} sites, ${said.draw_people} of ${said.people} inspectors`)),
    said.reason && h('p', {}, said.reason),
    h('p.hint', {}, two('名单', 'list'), ' ', h('span.code', {}, said.list)))
  if (file.state === 'announced') {
    box.replaceChildren(facts, note('', p(`等待种子：日志现有 ${size} 条，到 ${said.size} 条时抽取，还差 ${Math.max(0, said.size - size)} 条。`, `Waiting for the seed: the log has ${size} entries; at ${said.size} it is drawn, ${Math.max(0, said.size - size)} to go.`), h('progress', { max: said.size, value: size, 'aria-label': '进度 progress' })))
    return false
  }
  if (!file.drawn) {
    box.replaceChildren(facts, note('bad', p('名单没有提交，或与公告不符，抽不出来。', 'The list was not handed in, or is not the announced one: nothing can be drawn.')))
    return true
  }
  const names = {}
  for (let i = 0; i < file.drawn.sites.length && i < 240; i += 60) Object.assign(names, (await who(file.drawn.sites.slice(i, i + 60))).names)
  const mates = Object.fromEntries(((await app.db.get('meta', 'colleagues')) ?? []).map((c) => [c.id, c.name]))
  box.replaceChildren(facts, note('good', p('已抽出。', 'Drawn.')),
    h('h2', {}, two('抽中的场所', 'Sites drawn')), h('ol', { id: 'sites' }, file.drawn.sites.map((s) => h('li', {}, h('a', { href: '#inspect/' + s }, names[s] ?? s)))),
    h('h2', {}, two('抽中的检查人员', 'Inspectors drawn')), h('ol', { id: 'inspectors' }, file.drawn.people.map((x) => h('li', {}, mates[x] || x, x === app.me?.person && two('（我）', 'me')))),
    h('p.hint', {}, two('种子', 'seed'), ` ${file.seed.size} · `, h('span.code', {}, file.seed.root)))
  return true
}

export const draws = { draw: drawPage, drawn: drawnPage }
