import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faults, noteText, recorded, tally } from '../../assets/phone/sheet.js'

const uuid = (n) => `019ca000-0000-7000-8000-${String(n).padStart(12, '0')}`
const me = { party: uuid(1), site: uuid(2), person: uuid(3) }
const sheet = { name: 'SAMPLE', version: '1', class: 'generator', total: 10, pass: 8, basic: 6, accident: 2, items: [{ no: 1, max: 2, veto: true }, { no: 2, max: 3 }, { no: 3, max: 5 }] }
const full = { id: uuid(9), site: uuid(5), answers: { 1: { points: 2 }, 2: { points: 3 }, 3: { points: 5 } } }

test('a running total, and no verdict while items are missing', () => {
  assert.deepEqual(tally(sheet, {}), { total: 0, points: 0, most: 10, answered: 0, of: 3, veto: false, pass: 8, basic: 6, verdict: null })
  assert.equal(tally(sheet, { answers: { 2: { points: 3 } } }).verdict, null)
  assert.equal(tally(sheet, { answers: { 1: { points: 1 } } }).verdict, 'fail') // vetoed: the rest cannot save it
  assert.equal(tally(sheet, full).verdict, 'pass')
  assert.equal(tally(sheet, { ...full, accidents: 1 }).verdict, 'pass')
  assert.equal(tally(sheet, { ...full, accidents: 2 }).verdict, 'basic')
  assert.equal(tally(sheet, { ...full, accidents: 3 }).verdict, 'fail')
  assert.equal(tally(sheet, { ...full, major: 1 }).verdict, 'fail')
  const t = tally(sheet, { answers: { 1: { points: 2 }, 2: { na: true }, 3: { points: 3 } } })
  assert.deepEqual([t.most, t.pass, t.basic, t.points, t.verdict], [7, 6, 5, 5, 'basic'])
})

// The server's own judgement of many inspections, written by the Go test that runs this one.
test('the same verdict as the server', { skip: !existsSync(process.env.LIANDAN_VERDICTS ?? '') }, () => {
  const { sheets, cases } = JSON.parse(readFileSync(process.env.LIANDAN_VERDICTS, 'utf8'))
  for (const c of cases) {
    const t = tally(sheets[c.sheet], c)
    assert.deepEqual([t.verdict, t.points, t.total], [c.verdict, c.points, c.total], JSON.stringify(c))
  }
  assert.ok(cases.length >= 500)
})

const codes = (d, s = sheet, known = true) => faults(d, s, me, known).map((f) => f.at)

test('everything that is wrong is said at once', () => {
  assert.deepEqual(codes(full), [])
  assert.deepEqual(codes(full, sheet, undefined), [])
  assert.deepEqual(codes({ ...full, site: 'x' }, null), ['site', 'sheet'])
  assert.deepEqual(codes(full, sheet, false), ['site'])
  assert.deepEqual(codes({ ...full, party: me.party }), ['site'])
  assert.deepEqual(
    codes({ ...full, answers: { 2: { points: 4 }, 3: { points: 1.5 } }, accidents: 101, major: -1, note: 'x'.repeat(401), with: [me.person] }),
    ['item-1', 'item-2', 'item-3', 'accidents', 'major', 'note', 'with'])
  assert.deepEqual(codes({ ...full, answers: { 1: { na: true }, 2: { na: true }, 3: { na: true } } }), ['item-1'])
  assert.deepEqual(codes({ ...full, note: 'a\u202eb' }), ['note'])
  assert.deepEqual(codes({ ...full, with: Array.from({ length: 9 }, (_, i) => uuid(20 + i)) }), ['with'])
  for (const f of faults({}, sheet, me, true)) assert.ok(f.zh && f.en)
})

test('the event says the points and nothing that was not filled in', () => {
  const at = '2026-03-02T08:30:00.000+08:00'
  assert.deepEqual(recorded(me, at, { ...full, first: '', note: ' ' }, sheet), {
    v: 1, id: uuid(9), type: 'inspection.recorded', at, ...me,
    data: { inspected: uuid(5), class: 'generator', sheet: 'SAMPLE', version: '1', items: [{ no: 1, points: 2 }, { no: 2, points: 3 }, { no: 3, points: 5 }], total: 10 },
  })
  const again = recorded(me, at, { ...full, first: uuid(8), answers: { ...full.answers, 2: { na: true } }, accidents: 1, major: 2, note: '台账\n 缺页 ', with: [uuid(4)] }, sheet)
  assert.deepEqual(again.refs, [uuid(8)])
  assert.deepEqual(again.data.items[1], { no: 2 })
  assert.deepEqual([again.data.total, again.data.accidents, again.data.major_accidents, again.data.note, again.data.with], [7, 1, 2, '台账；缺页', [uuid(4)]])
  assert.equal(noteText('a\r\n\n b '), 'a；b')
})
