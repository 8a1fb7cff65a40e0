// Pages of the treatment: what goes in by which method, what is left of it, and the outcome that
// is told to the consignor (Order 23 art. 12).
import { app, go, redraw } from './app.js'
import { kg, newLabel, randomBytes } from './bytes.js'
import { containerOf } from './container.js'
import * as moves from './moves.js'
import { toReport } from './offers.js'
import { scanner } from './scan.js'
import { nameOf, weightField } from './step.js'
import { Say, act, choices, field, h, link, note, p, pick, pieces, two } from './ui.js'
import { scaleFields } from './verdict.js'
import { stepsFor } from './world.js'

const most = 40 // lines of one event

const mayBe = (b) => !b.gone && b.site === app.me.site && (b.grams ?? 0) > 0 && stepsFor(b, app.me).some((s) => s.type === 'batch.treated')

// add takes a batch into the list of what is treated, or says why not.
function whyNot(b, list) {
  if (list.some((x) => x.id === b.id)) return ['这一件已在单子里。', 'It is on the list already.']
  if (b.custodian !== app.me.party) return ['这一件不在本单位手里。', 'It is not in your organisation’s hands.']
  if (b.stage === 'treated' || b.stage === 'reported') return ['这一件已经处置完了。', 'It was treated already.']
  if (b.stage === 'delivered') return ['这一件还没有验收，先验收。', 'It was not accepted yet: accept it first.']
  if (b.site !== app.me.site) return ['这一件在本单位另一个场所。', 'It is at another site of your organisation.']
  return mayBe(b) ? null : ['这一件现在不能处置。', 'It may not be treated now.']
}

function residueRow(n) {
  const code = field(`残渣 ${n}：废物代码`, `Residue ${n}: waste code`, { placeholder: '772-003-18', maxlength: 10, list: 'residuecodes' })
  code.input.classList.add('wastecode')
  const weight = weightField()
  const form = pick('形态', 'Form', app.words.forms.map((f) => ({ value: f.code, zh: f.zh, en: f.en })), 'S')
  const packaging = pick('包装', 'Container', app.words.packagings.map((f) => ({ value: f.code, zh: f.zh, en: f.en })), 'bag')
  return {
    row: h('div.card', { 'data-residue': String(n) }, code.row, weight.row, form.row, packaging.row),
    read: () => {
      const c = code.input.value.normalize('NFKC').trim()
      if (!/^\d{3}-\d{3}-\d{2}$/.test(c)) throw new Say('废物代码写法不对，如 772-003-18。', 'Not a waste code: write 772-003-18.')
      return { code: c, grams: weight.read(), form: form.value(), packaging: packaging.value() }
    },
  }
}

let residueRows = 1 // as many as were asked for: a page that is drawn again has them again

// residueFields asks what is left: nothing, a mass that leaves the chain, or containers.
function residueFields() {
  const how = choices('残渣', 'Residue', [
    { value: 'none', zh: '没有', en: 'none' },
    { value: 'mass', zh: '只称重（不再是危险废物）', en: 'weighed only (no hazardous waste any more)' },
    { value: 'kept', zh: '装成危险废物', en: 'packed as hazardous waste' },
  ], 'none')
  const mass = weightField(undefined, '残渣合计', 'Residue, all together')
  mass.input.classList.add('residuemass')
  const rows = Array.from({ length: residueRows }, (_, i) => residueRow(i + 1))
  const list = h('div', {}, h('datalist', { id: 'residuecodes' }, app.words.residues.map((r) => h('option', { value: r.code }, `${r.zh} ${r.en}`))), rows.map((r) => r.row), act('再加一件残渣', 'Another container of residue', () => {
    rows.push(residueRow(++residueRows))
    list.insertBefore(rows.at(-1).row, list.lastChild)
  }, 'button'))
  const draw = () => {
    mass.row.hidden = how.value() !== 'mass'
    list.hidden = how.value() !== 'kept'
  }
  how.row.addEventListener('change', draw)
  draw()
  return {
    row: h('div', {}, how.row, mass.row, list),
    read: () => {
      if (how.value() === 'none') return { total: 0, residues: [] }
      if (how.value() === 'mass') return { total: mass.read(), residues: [] }
      const residues = rows.map((r) => ({ id: app.id(), label: newLabel(randomBytes(26)), ...r.read() }))
      return { total: residues.reduce((n, r) => n + r.grams, 0), residues }
    },
  }
}

async function methodFields(bags) {
  const last = (await app.db.get('meta', 'last')) ?? {}
  const kept = (await app.db.get('meta', 'manifests')) ?? []
  const meant = kept.find((m) => m.id === bags[0]?.manifest)?.method
  const method = pick('利用处置方式', 'Method', app.words.methods.map((m) => ({ value: m.code, zh: `${m.code} ${m.zh}`, en: m.en })), meant ?? last.method ?? 'D10', 'method')
  const facility = field('设施（炉、柜、线）', 'Facility (furnace, autoclave, line)', { id: 'facility', value: last.facility ?? '', maxlength: 64 })
  return {
    rows: [meant && p(`联单上写的方式：${meant}`, `The manifest says ${meant}`, 'p.hint'), method.row, facility.row],
    read: async () => {
      const f = { method: method.value(), facility: facility.input.value.trim() }
      await app.remember('last', { ...(await app.db.get('meta', 'last')), ...f })
      return f
    },
  }
}

async function treatPage(asked) {
  const all = await app.db.all('bags')
  const listed = ((await app.db.get('meta', 'treating')) ?? []).map((id) => all.find((b) => b.id === id)).filter((b) => b && mayBe(b))
  const wanted = all.find((b) => b.id === asked)
  if (wanted && mayBe(wanted) && !listed.includes(wanted)) listed.push(wanted)
  const keep = (list) => app.remember('treating', list.map((b) => b.id))
  const again = () => { // the list as it is kept, and what was typed into it
    if (location.hash !== '#treat') history.replaceState(null, '', '#treat')
    return redraw()
  }
  if (wanted) await keep(listed)
  const others = all.filter((b) => mayBe(b) && !listed.includes(b))
  const s = scanner(async (text) => {
    const b = await containerOf(text)
    const no = whyNot(b, listed)
    if (no) throw new Say(...no)
    await keep([...listed, b])
    await redraw()
  })
  const rows = listed.map((b) => {
    const w = weightField(b.grams, `${b.code ?? ''} ${kg(b.grams)} kg`, 'goes in')
    const row = h('li.card', { 'data-batch': b.id }, h('p', {}, nameOf(b), b.room ? ` · ${b.room}` : ''), w.row,
      h('button', { type: 'button', onclick: async () => { await keep(listed.filter((x) => x !== b)); await again() } }, two('移出', 'Take out')))
    return { row, read: () => {
      const grams = w.read()
      if (grams > b.grams) {
        w.input.focus()
        throw new Say(`只有 ${kg(b.grams)} kg 在库，不能处置 ${kg(grams)} kg。`, `Only ${kg(b.grams)} kg are in stock; ${kg(grams)} kg cannot be treated.`)
      }
      return { ...b, grams }
    } }
  })
  const method = await methodFields(listed)
  const residue = residueFields()
  const scale = await scaleFields()
  return {
    leave: s.leave,
    body: [
      h('h1', {}, two(`利用处置：${listed.length} 件`, `Treat: ${listed.length}`)),
      s.body,
      others.length > 0 && act(`加入在库全部 ${others.length} 件`, `Add all ${others.length} in stock`, async () => {
        await keep([...listed, ...others])
        await again()
      }, 'button'),
      h('ul.list', {}, rows.map((r) => r.row)),
      listed.length > 0 && [method.rows, residue.row, scale.rows, act(`处置 ${listed.length} 件，签名`, `Treat ${listed.length}, sign`, async () => {
        const made = await signTreatment(rows.map((r) => r.read()), { ...(await method.read()), ...(await scale.read()) }, residue.read())
        await keep([])
        residueRows = 1
        go(made.length ? 'labels/' + made.join(',') : 'outcome')
      })],
      listed.length === 0 && p('扫要处置的桶、袋，或从库存加入。', 'Scan what is to be treated, or add it from stock.', 'p.hint'),
    ],
  }
}

// signTreatment signs one treatment and gives the batches of residue that it began.
export async function signTreatment(lines, f, { total, residues }) {
  if (lines.length > most) throw new Say(`一次最多 ${most} 件，请分几次签。`, `At most ${most} at a time: sign the rest after.`)
  const parts = moves.shares(total, lines.map((l) => l.grams))
  if (!parts) throw new Say('残渣比投入的还重，请核对。', 'The residue is heavier than what went in: check it.')
  const kept = await Promise.all(lines.map((l) => app.db.get('bags', l.id)))
  const payload = moves.treated(app.me, app.at(), app.id(), lines.map((l, i) => ({ ...l, residue: parts[i] })), { ...f, residues })
  await app.sign(payload, [...kept, ...residues.map((r) => ({ id: r.id }))])
  return residues.map((r) => r.id)
}

async function outcomePage() {
  const bags = (await app.db.all('bags')).filter((b) => !b.gone && toReport(b))
  const step = (b) => stepsFor(b, app.me).find((s) => s.type === 'outcome.reported')
  const groups = new Map()
  for (const b of bags) {
    const m = step(b).manifest ?? b.manifest
    groups.set(m, [...(groups.get(m) ?? []), b])
  }
  const sheets = (await app.db.get('meta', 'manifests')) ?? []
  const names = (await app.db.get('meta', 'names')) ?? {}
  const last = (await app.db.get('meta', 'last')) ?? {}
  const card = ([m, list]) => {
    const sheet = sheets.find((x) => x.id === m)
    const result = field('结果', 'Result', { value: last.result ?? '处置完成', maxlength: 64 })
    result.input.classList.add('result')
    const sign = async () => {
      const text = result.input.value.trim()
      if (!text) {
        result.input.focus()
        throw new Say('请写明结果。', 'Say what the result is.')
      }
      await app.remember('last', { ...(await app.db.get('meta', 'last')), result: text })
      const open = (await Promise.all(list.map((b) => app.db.get('bags', b.id)))).filter(toReport) // as they stand now, not as drawn
      for (let i = 0; i < open.length; i += most) {
        const part = open.slice(i, i + most)
        await app.sign(moves.reported(app.me, app.at(), app.id(), part, { manifest: m, refs: [...new Set(part.map((b) => step(b).refs))], result: text }), part)
      }
    }
    const row = h('li.card', { 'data-manifest': m },
      h('p', {}, h('strong', {}, names[sheet?.consignor_site] ?? names[sheet?.consignor] ?? ''), ' ', sheet?.number ?? '…' + m.slice(-8), ' · ', pieces(list.length)),
      result.row,
      act('告知移出人，签名', 'Report to the consignor, sign', async () => {
        await sign()
        await redraw()
      }))
    return { row, sign }
  }
  const cards = [...groups].map(card)
  return {
    body: [
      p('告知移出人结果', 'Report the outcome', 'h1'),
      h('ul.list', {}, cards.map((c) => c.row)),
      cards.length > 1 && act(`以上 ${cards.length} 单全部告知，签名`, `Report all ${cards.length}, sign`, async () => {
        for (const c of cards) await c.sign()
        await redraw()
      }),
      groups.size === 0 && note('', p('没有等着告知的。整件处置完才告知。', 'None waits. The outcome is reported when all of a container is treated.')),
      link('#stock', '库存', 'Stock', 'a.big.main'),
    ],
  }
}


export const treat = { treat: treatPage, outcome: outcomePage }
