// Mending one's own entry. What was signed stays; a correction stands beside it with both values,
// and counts when everybody whom the field touches has agreed (Order 23 art. 29).
import { ask } from './api.js'
import { app, go } from './app.js'
import { kg, unb64u } from './bytes.js'
import * as moves from './moves.js'
import { sign } from './sign.js'
import { weightField } from './step.js'
import { Say, act, field, h, link, note, p, pick, plural, two, when, words } from './ui.js'
import { explain } from './words.js'

export const payloadOf = (e) => JSON.parse(new TextDecoder().decode(unb64u(e.jws.split('.')[1])))

// names of the fields that a phone can mend, in words.
export const fieldWords = {
  grams: ['重量', 'Weight'], refused_grams: ['拒收的重量', 'Weight refused'], residue_grams: ['残渣', 'Residue'], packages: ['件数', 'Containers'],
  reason: ['原因', 'Reason'], department: ['科室', 'Department'], place: ['地点、库房', 'Place'], vehicle: ['车牌', 'Plate'], permit: ['许可证号', 'Permit'],
  scale: ['衡器编号', 'Scale'], facility: ['设施', 'Facility'], result: ['结果', 'Result'], container: ['容器编号', 'Container'], name: ['名称', 'Name'],
  code: ['废物代码', 'Waste code'], packaging: ['包装', 'Container'], form: ['形态', 'Form'], method: ['利用处置方式', 'Method'], measured: ['怎样称的', 'How weighed'], number: ['联单编号', 'Manifest number'],
}

export const isMass = (name) => name === 'grams' || name.endsWith('_grams')

// mendable lists the fields of an event that may be mended: pointer, name, value and the batches
// that the field speaks of. allowed has * for the items of an array.
export function mendable(e, allowed) {
  const out = []
  const every = (e.batches ?? []).map((b) => b.id)
  for (const pointer of allowed) {
    const names = pointer.split('/').slice(1)
    const name = names.at(-1)
    if (!fieldWords[name]) continue
    if (names[0] === 'batches') {
      e.batches?.forEach((b, i) => name in b && out.push({ pointer: `/batches/${i}/${name}`, name, value: b[name], batches: [b.id] }))
    } else if (names.length === 2 && names[0] === 'data' && every.length) {
      if (e.data?.[name] !== undefined) out.push({ pointer, name, value: e.data[name], batches: every })
    }
  }
  return out
}

// standing puts what was mended since in the place of what was signed: corrections is the payloads
// of those that asked nobody, in order.
export function standing(fields, id, corrections) {
  const now = new Map()
  for (const c of corrections) if (c.refs[0] === id && c.data.parties.length === 0) for (const x of c.data.changes) now.set(x.pointer, x.new)
  return fields.map((f) => (now.has(f.pointer) ? { ...f, value: now.get(f.pointer) } : f))
}

// proposals groups what was changed by the batches that it speaks of: each is one event.
export function proposals(changes) {
  const out = new Map()
  for (const c of changes) {
    const key = c.batches.join()
    out.set(key, { batches: c.batches, changes: [...(out.get(key)?.changes ?? []), { pointer: c.pointer, old: c.value, new: c.now }] })
  }
  return [...out.values()]
}

// missing reads whom a dry run wants asked too.
export const missing = (errors) => errors.filter((x) => x.pointer === '/data/parties' && x.code === 'missing').map((x) => /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(x.detail)?.[0]).filter(Boolean)

// moved reads what a field says now, where another correction came first: by the place of the change.
export function moved(errors) {
  const out = []
  for (const x of errors) {
    const at = /^\/data\/changes\/(\d+)\/old$/.exec(x.pointer ?? '')
    const said = /the field says (.*)$/.exec(x.detail ?? '')
    if (!at || x.code !== 'changed' || !said) continue
    try {
      out.push([Number(at[1]), JSON.parse(said[1])])
    } catch {
      // not a value: the sentence is shown as it is
    }
  }
  return out
}

const listOf = (name) => ({ packaging: app.words.packagings, form: app.words.forms, method: app.words.methods, measured: [{ code: 'weighed', zh: '过秤', en: 'on a scale' }, { code: 'estimated', zh: '估算', en: 'estimated' }] })[name]

function input(f, many) {
  const [zh, en] = fieldWords[f.name]
  const label = many > 1 && f.pointer.startsWith('/batches/') ? `${zh}（…${f.batches[0].slice(-8)}）` : zh
  const list = listOf(f.name)
  if (isMass(f.name)) {
    const w = weightField(f.value || undefined, label, en)
    w.input.dataset.pointer = f.pointer
    return { row: w.row, read: () => (f.value === 0 && w.input.value.trim() === '' ? 0 : w.read()) }
  }
  if (list) {
    const c = pick(label, en, list.map((x) => ({ value: x.code, zh: x.zh, en: x.en })), f.value)
    c.input.dataset.pointer = f.pointer
    return { row: c.row, read: () => c.value() }
  }
  const t = field(label, en, { value: String(f.value), maxlength: 200 })
  t.input.dataset.pointer = f.pointer
  return {
    row: t.row,
    read: () => {
      const text = t.input.value.trim()
      if (f.name === 'packages') {
        if (!/^[1-9]\d{0,4}$/.test(text)) throw new Say('件数写法不对，请写整数。', 'Not a count: write a whole number.')
        return Number(text)
      }
      if (!text) throw new Say(`${zh}不能改成空的。`, `${en} cannot be emptied.`)
      return text
    },
  }
}

async function mendPage(id) {
  const kept = await app.db.get('events', id)
  const head = p('改正已签的记录', 'Mend what was signed', 'h1')
  if (!kept) return { body: [head, note('', p('本机没有这条记录：只能在签它的手机上改正，或到单位的电脑上办理。', 'This phone did not sign it: mend it on the one that did, or at a desk.'))] }
  const e = payloadOf(kept)
  const mended = (await app.queue.list()).filter((x) => x.type === 'correction.proposed' && x.state !== 'refused').map(payloadOf)
  const fields = standing(mendable(e, app.words.mendable[e.type] ?? []), e.id, mended)
  const about = [h('p', {}, words(app.words.types[e.type]), ' · ', when(e.at))]
  if (kept.state !== 'sent') return { body: [head, about, note('', p('还没有送达的不能改正：等它发出，或看“发送”页怎么办。', 'What has not arrived cannot be mended yet: wait until it is sent, or see the page of what was sent.')), link('#queue', '发送', 'Sent', 'a.big.main')] }
  if (fields.length === 0) return { body: [head, about, note('', p('这种记录里没有可以改正的内容；与别的记录相连，只能另做一步。', 'Nothing in such an entry can be mended: other facts hang on it. Another step must say it otherwise.')), link('#queue', '返回', 'Back', 'a.big.main')] }
  const inputs = fields.map((f) => ({ f, ...input(f, e.batches?.length ?? 0) }))
  const reason = field('为什么改', 'Why', { id: 'mendreason', maxlength: 200, list: 'mendreasons' })
  return {
    body: [
      head, about,
      p('原来的记录留着，改正写在旁边，新旧都看得见。别的单位也用到这一项的，要他们同意才算。', 'The entry stays; the correction stands beside it and both can be seen. Where others relied on the field, it counts when they agree.', 'p.hint'),
      inputs.map((i) => i.row),
      h('datalist', { id: 'mendreasons' }, ['看错秤', '输错数字', '选错一项'].map((x) => h('option', { value: x }))),
      reason.row,
      act('改正，签名', 'Mend, sign', async () => {
        const changed = inputs.map(({ f, read }) => ({ ...f, now: read() })).filter((c) => c.now !== c.value)
        if (changed.length === 0) throw new Say('没有改动。', 'Nothing was changed.')
        const why = reason.input.value.trim()
        if (!why) throw new Say('请写明为什么改。', 'Say why.')
        if (!navigator.onLine) throw new Say('改正要问过服务器谁须同意，请到有网络的地方再签。', 'Who must agree is asked of the server: sign it where there is network.')
        const asked = new Set()
        for (const x of proposals(changed)) for (const party of await propose(e, x, why)) asked.add(party)
        go(`mended/${asked.size}`)
      }),
    ],
  }
}

const days = 24 * 3600_000

// propose signs one correction, after a dry run has said who must agree.
async function propose(e, { batches, changes }, reason) {
  const parties = []
  const [at, id] = [app.at(), app.id()]
  const heads = await Promise.all(batches.map((b) => app.db.get('bags', b)))
  for (let i = 0; i < 8; i++) {
    const payload = moves.correction(app.me, at, id, e, heads.map((b, n) => ({ id: batches[n], head: b?.head })), { changes, parties, reason, until: new Date(Date.parse(at) + app.words.answer_within_days * days).toISOString() })
    const told = await ask('/v1/events/validate', { method: 'POST', type: 'application/jose', body: await sign(app.key, payload) }).catch((err) => {
      throw explain(err)
    })
    const more = missing(told.errors).filter((x) => !parties.includes(x))
    const others = moved(told.errors)
    for (const [n, value] of others) {
      if (changes[n].new === value) throw new Say('这一项已经改成这样了。', 'The field says so already.')
      changes[n].old = value
    }
    if (told.would === 'accept') {
      await app.sign(payload, heads.filter(Boolean))
      return parties
    }
    if (more.length === 0 && others.length === 0) {
      const w = app.words.problems[told.problem?.kind]
      throw new Say(`不能这样改：${w?.zh ?? ''}。${told.errors[0]?.detail_zh ?? ''}`, `It cannot be mended so: ${told.problem?.detail ?? told.errors[0]?.detail ?? ''}`)
    }
    parties.push(...more)
  }
  throw new Say('须同意的单位太多，请到单位的电脑上办理。', 'Too many must agree: do this at a desk.')
}

async function mendedPage(n) {
  const waits = Number(n) > 0
  return {
    body: [
      p('改正', 'Correction', 'h1'),
      note('good', waits ? p(`改正已签名，等 ${n} 家单位同意。他们同意前，原来的仍算数。`, `The correction is signed and waits for ${plural(Number(n), 'organisation')}. Until they agree the entry counts as it was.`) : p('改正已签名，即时算数。', 'The correction is signed and counts at once.')),
      link('#queue', '发送', 'Sent', 'a.big'),
      link('#', '首页', 'Home', 'a.big.main'),
    ],
  }
}

export const mend = { mend: mendPage, mended: mendedPage }
