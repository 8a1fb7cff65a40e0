// Pages of an inspector: which site, the sheet item by item, the companions, what was signed.
import { ask, walk } from './api.js'
import { app, go, show } from './app.js'
import { chinaDay, isUUID, scanned } from './bytes.js'
import { drawing } from './code.js'
import { draftOf, drafts, dropDraft, keepDraft, lookUp, payloadOf, pullSheets, sheetsOf, signedHere } from './inspections.js'
import { readSource } from './pickup.js'
import { scanner } from './scan.js'
import { faults, mostNote, recorded, tally } from './sheet.js'
import { Say, act, choices, field, h, link, note, p, two, when } from './ui.js'
import { explain } from './words.js'

const verdictWords = (v) => ((w) => w && [w.zh, w.en])(app.words.verdicts[v])
const verdictOf = (v) => two(...(verdictWords(v) ?? ['—', String(v ?? '')]))
const inspectees = async () => (await app.db.get('meta', 'inspectees')) ?? {}
const colleagues = async () => (await app.db.get('meta', 'colleagues')) ?? []

// siteOf turns what was scanned or typed into a site's id: a site's code, a label on a drum, an id.
async function siteOf(text) {
  const t = text.trim()
  if (isUUID(t.toLowerCase())) return t.toLowerCase()
  const c = scanned(t)
  if (c.kind === 'source') {
    const s = readSource(c.code)
    if (s) return s.site
  }
  if (c.kind !== 'label') throw new Say('这不是场所码、标签码或场所编号。', 'This is no code of a site, no label and no id of a site.')
  let found
  try {
    found = await walk('/v1/search', { kind: 'batch', label: c.code, limit: 1 }, 1)
    if (found.length > 0) {
      const b = await ask('/v1/batches/' + found[0].id)
      return b.site || b.origin
    }
  } catch (err) {
    throw explain(err)
  }
  throw new Say('没有这个标签，或不归您查看。', 'There is no such label, or it is not yours to see.')
}

async function startPage() {
  const s = scanner(async (text) => go('inspect/' + (await siteOf(text))), { label: ['或输入标签码、场所编号', 'or type a label’s code or a site’s id'] })
  const known = await inspectees()
  const name = (id) => known[id]?.siteName ?? id
  const open = (await drafts(app)).filter((d) => d?.site)
  const drawn = (await app.db.get('meta', 'drawn')) ?? []
  const signed = await signedHere(app)
  const done = new Set(signed.map((x) => x.site))
  return {
    leave: s.leave,
    body: [
      p('检查', 'Inspect a site', 'h1'),
      open.length > 0 && [h('h2', {}, two('没填完的', 'Begun')), open.map((d) => link('#inspect/' + d.site, name(d.site), `${Object.keys(d.answers).length} 项已填 answered`, 'a.big.main'))],
      drawn.map((d) => [
        h('h2', {}, two(`${d.period} 抽中`, `drawn for ${d.period}`)),
        d.sites.map((id) => link('#inspect/' + id, name(id), [known[id]?.division?.zh, known[id]?.division?.en, done.has(id) && '· 本机已签 signed here'].filter(Boolean).join(' '), 'a.big')),
        d.others > 0 && p(`另有 ${d.others} 个场所在别的县区。`, `${d.others} more are in other districts.`, 'p.hint'),
      ]),
      drawn.length === 0 && p('还没有带下抽中的名单：登录并联网后自动带下。也可以直接扫码。', 'No drawn list is here yet: it comes when you are signed in with network. Or just scan.', 'p.hint'),
      h('h2', {}, two('扫场所码或容器标签', 'Scan a site’s code or a container’s label')),
      s.body,
      signed.length > 0 && [h('h2', {}, two('本机签过的', 'Signed here')), signed.slice(0, 20).map((x) => link('#inspected/' + x.event, `${name(x.site)} ${when(x.at)}`, '', 'a.big'))],
      link('#colleagues', '同行人员', 'Companions', 'a.big'),
    ],
  }
}

// points are the large buttons of an item; more than a few points are typed.
const fewPoints = 5

function itemCard(it, draft, changed) {
  const a = draft.answers[it.no]
  const set = (v) => {
    if (v) draft.answers[it.no] = v
    else delete draft.answers[it.no]
    card.classList.toggle('answered', Boolean(v))
    changed()
  }
  const name = 'i' + it.no
  const tile = (value, on, ...says) => h('label', {}, h('input', { type: 'radio', name, value, checked: on, onchange: () => {
    if (typed) typed.value = ''
    set(value === 'na' ? { na: true } : { points: Number(value) })
  } }), h('span', {}, says))
  let typed = null
  const few = it.max <= fewPoints
  if (!few) {
    typed = h('input.points', { id: 'points-' + it.no, inputmode: 'numeric', autocomplete: 'off', maxlength: 5, value: a && !a.na && a.points !== it.max ? String(a.points ?? a.text ?? '') : '', 'aria-label': `第 ${it.no} 项得分 points of item ${it.no}`, oninput: () => {
      card.querySelectorAll('input[type=radio]').forEach((x) => { x.checked = false })
      const t = typed.value.normalize('NFKC').trim()
      set(t === '' ? null : /^\d+$/.test(t) ? { points: Number(t) } : { text: t })
    } })
  }
  const card = h(
    'fieldset.card.item' + (a ? '.answered' : ''),
    { id: 'item-' + it.no, tabindex: '-1' },
    h('legend', {}, two(`第 ${it.no} 项`, `item ${it.no}`), ` · ${it.max} `, two('分', 'points'), it.veto && h('strong.veto', {}, two(' 否决项', 'veto'))),
    it.text && h('p', {}, it.text),
    h('div.tiles', {},
      few ? Array.from({ length: it.max + 1 }, (_, n) => tile(n, a && !a.na && a.points === n, String(n))) : [tile(it.max, a && a.points === it.max, two('满分', 'full')), typed],
      tile('na', a?.na, two('不适用', 'n/a'))),
  )
  return card
}

const countField = (id, zh, en, draft, changed) => {
  const f = field(zh, en, { id, inputmode: 'numeric', maxlength: 4, value: draft[id] ? String(draft[id]) : '' })
  f.input.addEventListener('input', () => {
    const t = f.input.value.normalize('NFKC').trim()
    draft[id] = t === '' ? 0 : /^\d+$/.test(t) ? Number(t) : -1
    changed()
  })
  return f
}

// companions asks who came along; their names stay on this device.
async function companions(draft, changed) {
  const people = (await colleagues()).filter((c) => c.id !== app.me.person)
  return h(
    'fieldset.card',
    { id: 'with', tabindex: '-1' },
    h('legend', {}, two('同行检查人员', 'Who inspects with you')),
    people.map((c) => h('label.check', {}, h('input', { type: 'checkbox', checked: draft.with.includes(c.id), onchange: (e) => {
      draft.with = e.target.checked ? [...draft.with, c.id] : draft.with.filter((x) => x !== c.id)
      changed()
    } }), h('span', {}, c.name || c.id))),
    p('执法检查通常不少于两人。', 'An inspection is usually made by two at least.', 'p.hint'),
    link('#colleagues/' + draft.site, '添加同行人员', 'Add a companion', 'a.big'),
  )
}

// before lists what this site was found to be earlier, to follow one of them up.
function before(draft, found, here, changed) {
  const all = [...here.map((x) => ({ ...x, verdict: undefined })), ...(found?.inspections ?? []).filter((x) => !here.some((y) => y.event === x.event))]
  if (all.length === 0 && !draft.first) return null
  const label = (x) => `${chinaDay(new Date(x.at).getTime()).slice(0, 4)}-${when(x.at)}`
  const c = choices('这次是复查吗？', 'Does this follow up an earlier inspection?', [
    { value: '', zh: '不是', en: 'no' },
    ...all.slice(0, 6).map((x) => ({ value: x.event, zh: `复查 ${label(x)}`, en: verdictWords(x.verdict)?.join(' ') ?? (x.state ? '本机签名 signed here' : '') })),
    ...(draft.first && !all.slice(0, 6).some((x) => x.event === draft.first) ? [{ value: draft.first, zh: '复查指定的检查', en: draft.first.slice(-8) }] : []),
  ], draft.first)
  c.row.addEventListener('change', () => {
    draft.first = c.value()
    changed()
  })
  return c.row
}

const chosenSheet = (sheets, draft) => (draft.sheet ? sheets.find((s) => s.name === draft.sheet.name && s.version === draft.sheet.version) ?? draft.sheet : null)

// formPage is a sheet being filled in; every answer is kept at once.
async function formPage(rest) {
  const [site, first] = rest.split('/')
  if (!site) return startPage()
  const stop = (zh, en) => ({ body: [p('检查表', 'Inspection sheet', 'h1'), note('bad', p(zh, en)), link('#', '首页', 'Home', 'a.big')] })
  if (!app.key || !app.me?.site) return stop('本机还没有登记，不能签检查记录。请先登记在主管部门名下。', 'This device is not enrolled and cannot sign. Enrol it for the authority first.')
  if (!app.me.orgRoles?.includes('authority')) return stop('本机登记的单位不是主管部门，不能签检查记录。', 'This device is enrolled for an organisation that is no authority; it cannot sign inspections.')
  if (!isUUID(site)) return stop('场所编号不对。', 'That is no id of a site.')
  let sheets = await sheetsOf(app)
  if (sheets.length === 0) sheets = await pullSheets(app).catch(() => [])
  const found = navigator.onLine ? await lookUp(app, site) : (await inspectees())[site]
  const draft = await draftOf(app, site, isUUID(first ?? '') ? first : '')
  const here = await signedHere(app, site)
  if (found) draft.party = found.party
  if (!draft.sheet) draft.sheet = sheets.find((s) => s.class === (found?.operator ? 'operator' : 'generator')) ?? sheets[0]
  const sheet = chosenSheet(sheets, draft)
  const later = sheet && !sheets.some((s) => s.name === sheet.name && s.version === sheet.version)

  const sums = h('div.tally', { role: 'status', id: 'tally' })
  let keeping = Promise.resolve()
  const keep = () => {
    keeping = keeping.then(() => keepDraft(app, draft))
    return keeping
  }
  const changed = () => {
    count()
    return keep()
  }
  const count = () => {
    if (!sheet) return
    const t = tally(sheet, draft)
    const shown = [
      h('span', {}, two(`已填 ${t.answered}/${t.of}`, 'answered')),
      h('strong.num', {}, `${t.points} / ${t.most}`),
      h('span', {}, two(`达标 ≥ ${t.pass}`, 'pass')),
      h('span.verdict.' + (t.verdict ?? 'open'), {}, t.verdict ? verdictOf(t.verdict) : two('未填完', 'not complete'), h('small', {}, two('（暂定）', 'provisional'))),
    ]
    if (t.answered < t.of) shown.push(h('button', { type: 'button', onclick: next }, two('下一未填', 'Next open')))
    sums.replaceChildren(...shown)
  }
  const next = () => {
    const it = sheet.items.find((x) => !draft.answers[x.no])
    if (it) reach('item-' + it.no)
  }
  const reach = (at) => {
    const e = document.getElementById(at)
    e?.scrollIntoView({ block: 'center' })
    ;(e?.querySelector('input') ?? e)?.focus({ preventScroll: true })
  }
  const wrong = h('div', { id: 'wrong' })
  const byClass = sheets.length > 1 || later ? choices('检查表', 'Sheet', [...sheets, ...(later ? [sheet] : [])].map((s) => ({ value: s.name + ' ' + s.version, zh: s.class === 'operator' ? '经营单位' : '产生单位', en: `${s.name} ${s.version}` })), sheet && sheet.name + ' ' + sheet.version) : null
  byClass?.row.addEventListener('change', async () => {
    draft.sheet = sheets.find((s) => s.name + ' ' + s.version === byClass.value()) ?? sheet
    draft.answers = {}
    await keep()
    await show()
  })
  const remark = h('textarea', { id: 'note', rows: 4, oninput: () => { draft.note = remark.value; keep() } })
  remark.value = draft.note
  count()
  const sign = async () => {
    await keeping
    const list = faults(draft, sheet, app.me, found === null ? false : found ? true : undefined)
    wrong.replaceChildren()
    if (list.length > 0) {
      wrong.append(note('bad', p(`还不能签名，有 ${list.length} 处要改：`, `It cannot be signed yet; ${list.length} to mend:`), h('ul.wrong', {}, list.map((f) => h('li', {}, h('button', { type: 'button', onclick: () => reach(f.at) }, two(f.zh, f.en)))))))
      wrong.scrollIntoView({ block: 'start' })
      return
    }
    await app.sign(recorded(app.me, app.at(), draft, sheet), [])
    await dropDraft(app, site)
    go('inspected/' + draft.id)
  }
  return {
    body: [
      h('h1', {}, two('检查表', 'Inspection sheet')),
      h('section.card', { id: 'site', tabindex: '-1' },
        h('p', {}, h('strong', {}, found?.siteName ?? site)),
        found && h('p', {}, found.partyName, ' · ', two(found.division?.zh ?? '', found.division?.en ?? '')),
        !found && p(found === null ? '登记册里没有这个场所，或不归您检查。' : '没有联网或没有登录：这个场所还没有与登记册核对，服务器收到后再核。', found === null ? 'The register has no such site, or it is not yours to inspect.' : 'No network or not signed in: the site was not checked against the register; the server checks it.', 'p.hint'),
      ),
      byClass?.row,
      !sheet && note('bad', p('本机还没有检查表，请联网后再打开一次。', 'No sheet is here yet: open this once with network.')),
      later && note('', p('这张表已有新版；没填完的仍按旧版。要换新版请在上面选。', 'A newer version is in force; what was begun keeps the old one. Choose above to change.')),
      sheet && [
        p(`${sheet.name} ${sheet.version} · 总分 ${sheet.total} · 达标 ${sheet.pass} · 基本达标 ${sheet.basic}`, `of ${sheet.total}; pass from ${sheet.pass}, basic from ${sheet.basic}`, 'p.hint'),
        sheet.items.some((it) => !it.text) && p('本版检查表没有录入各项文字，请对照纸质表的项号。', 'This version has no texts of its items: go by the numbers of the paper sheet.', 'p.hint'),
        before(draft, found, here, changed),
        h('div.sheet', {}, sheet.items.map((it) => itemCard(it, draft, changed))),
        countField('accidents', '当年污染事故次数', 'Pollution accidents of the year', draft, changed).row,
        countField('major', '重大或造成伤亡的事故次数', 'Major accidents, or such with casualties', draft, changed).row,
        await companions(draft, changed),
        h('label', { for: 'note' }, two(`备注（最多 ${mostNote} 字）`, 'Note')),
        remark,
        wrong,
        act('签名', 'Sign', sign, 'button.main'),
        act('放弃这张表', 'Throw this sheet away', async () => {
          if (!confirm('放弃已填的内容？ Throw away what was filled in?')) return
          await keeping
          await dropDraft(app, site)
          go('inspect')
        }, 'button.danger'),
        sums,
      ],
    ],
  }
}

// whyRefused says in Chinese what the intake minds of an inspection.
const whyRefused = (pointer) => (pointer === '/data/inspected' ? '登记册里当时没有这个场所，或它是本单位自己的。' : pointer?.startsWith('/data/with') ? '同行人员不对。' : pointer === '/site' ? '本机的办公场所不是本单位的。' : pointer === '/party' ? '本机的单位不是主管部门。' : '')

// signedPage is an inspection that this device signed.
async function signedPage(id) {
  const e = await app.db.get('events', id)
  if (e?.type !== 'inspection.recorded') throw new Say('本机没有签过这次检查。', 'This device did not sign that inspection.')
  const d = payloadOf(e)
  const sheet = (await sheetsOf(app)).find((s) => s.name === d.data.sheet && s.version === d.data.version)
  const t = sheet && tally(sheet, { answers: Object.fromEntries(d.data.items.map((x) => [x.no, x.points === undefined ? { na: true } : { points: x.points }])), accidents: d.data.accidents, major: d.data.major_accidents })
  const names = Object.fromEntries((await colleagues()).map((c) => [c.id, c.name]))
  const known = (await inspectees())[d.data.inspected]
  const states = { waiting: ['已签名，未发送', 'signed, not yet sent'], held: ['已到服务器', 'at the server'], refused: ['退回', 'refused'], sent: ['已入账', 'recorded'] }
  return {
    body: [
      p('检查记录', 'Inspection', 'h1'),
      h('section.card', {},
        h('p', {}, h('strong', {}, known?.siteName ?? d.data.inspected)),
        h('p', {}, `${d.data.sheet} ${d.data.version} · ${d.at.slice(0, 16).replace('T', ' ')}`),
        t && h('p', {}, h('strong.num', {}, `${t.points} / ${t.most} `), h('span.verdict.' + t.verdict, {}, verdictOf(t.verdict), h('small', {}, two('（暂定）', 'provisional')))),
        d.refs && p('复查：' + d.refs[0], 'follows up an earlier inspection'),
        d.data.with && h('p', {}, two('同行', 'with'), ' ', d.data.with.map((x) => names[x] || x).join('、')),
        d.data.note && h('p', {}, d.data.note),
        h('p', {}, h('span.state.' + e.state, {}, two(...states[e.state])), e.seq !== undefined && ` № ${e.seq}`)),
      e.state === 'refused' && [
        note('bad', p('服务器没有收这次检查，没有记录。', 'The server did not take this inspection; nothing is recorded.'), (e.problem?.errors ?? []).map((x) => p(whyRefused(x.pointer) || x.detail_zh || '内容有误。', `${x.detail} (${x.pointer})`))),
        act('照此重填再签', 'Fill in again from this', async () => {
          const answers = Object.fromEntries(d.data.items.map((x) => [x.no, x.points === undefined ? { na: true } : { points: x.points }]))
          await keepDraft(app, { id: app.id(), site: d.data.inspected, first: d.refs?.[0] ?? '', sheet, answers, accidents: d.data.accidents ?? 0, major: d.data.major_accidents ?? 0, with: d.data.with ?? [], note: d.data.note ?? '', begun: Date.now() })
          go('inspect/' + d.data.inspected)
        }),
      ],
      e.state === 'waiting' && p('没有网络也不会丢：联网后自动发出，只算一次。', 'Nothing is lost without network: it goes out by itself, once.', 'p.hint'),
      e.state !== 'refused' && link('#inspect/' + d.data.inspected + '/' + id, '复查这个场所', 'Inspect this site again', 'a.big'),
      link('#inspect', '下一个场所', 'Next site', 'a.big.main'),
      link('#queue', '未发送', 'Not yet sent', 'a.big'),
    ],
  }
}

// colleaguesPage keeps who comes along by their ids; names are for this device alone.
async function colleaguesPage(site) {
  const id = field('人员编号（扫对方手机上的码，或输入）', 'Id (scan their phone, or type)', { id: 'person', spellcheck: 'false', maxlength: 64 })
  const name = field('称呼（只存在本机，不签入记录）', 'Name (stays on this device, is not signed)', { id: 'name', maxlength: 40 })
  const s = scanner(async (text) => {
    const c = scanned(text)
    id.input.value = c.kind === 'person' ? c.code : text.trim()
  }, { label: ['', ''] })
  const list = await colleagues()
  return {
    leave: s.leave,
    body: [
      p('同行人员', 'Companions', 'h1'),
      app.me?.person && h('section.card', {}, p('请同事扫我的编号', 'My id, for a colleague to scan'), drawing(`${location.origin}/m/#person=${app.me.person}`, '我的编号 my id')),
      id.row,
      name.row,
      act('添加', 'Add', async () => {
        const v = id.input.value.trim().toLowerCase()
        if (!isUUID(v)) throw new Say('人员编号写法不对。', 'That is no id of a person.')
        if (v === app.me?.person) throw new Say('这是您自己的编号。', 'That is your own id.')
        await app.remember('colleagues', [...list.filter((c) => c.id !== v), { id: v, name: name.input.value.trim() }])
        if (site) {
          const draft = await draftOf(app, site)
          if (!draft.with.includes(v)) await keepDraft(app, { ...draft, with: [...draft.with, v] })
          return go('inspect/' + site)
        }
        await show()
      }),
      h('h2', {}, two('扫码', 'Scan')),
      s.body[0],
      s.body[1],
      list.map((c) => h('div.card', {}, h('p', {}, c.name || c.id), c.name && h('p.hint', {}, c.id), act('移除', 'Remove', async () => {
        await app.remember('colleagues', list.filter((x) => x.id !== c.id))
        await show()
      }, 'button'))),
      link(site ? '#inspect/' + site : '#inspect', '返回', 'Back', 'a.big'),
    ],
  }
}

export const inspect = { inspect: formPage, inspected: signedPage, colleagues: colleaguesPage }
