// What the server said, in words for a person.
import { Trouble } from './api.js'
import { app } from './app.js'
import { Say, p } from './ui.js'

export function explain(err) {
  if (!(err instanceof Trouble)) return err
  if (err.kind === 'offline') return new Say('没有网络，这一步需要网络。请到有信号的地方再试。', 'No network, which this step needs. Try again where there is a signal.')
  const w = app.words.problems[err.kind]
  return w ? new Say(`${w.zh}。${w.do_zh}`, `${w.en}. ${w.do_en}`) : new Say('服务器没有接受。', err.message)
}

const rests = (e, on) => e.problem?.errors?.some((x) => x.pointer?.startsWith('/data/behalf' + on))

// inTrouble are the batches of which something signed in another's place was not taken.
export const inTrouble = (events) => new Set(events.filter((e) => (e.state === 'held' || e.state === 'refused') && rests(e, '')).flatMap((e) => e.batches ?? []))

// advise says what to do about an event that was not taken.
export function advise(e, troubled) {
  if (rests(e, '/authorisation')) {
    return p('对方没有给过这样的授权、已收回，或不含这种废物。请与对方联系：授权若还在其手机里未发送，发出后本条自动收下；否则这几桶按纸质单补录，请找单位管理员。', 'They gave no such authorisation, took it back, or it does not cover this waste. Call them: if it is still unsent on their phone, this goes in once it is sent; else have the containers entered from a paper slip by your administrator.')
  }
  if (rests(e, '/confirmation')) return p('收运码的确认与所签的不符。请对方出示新码，重新确认、重新签。', 'The confirmation by code is of something else. Have a new code shown, confirm and sign again.')
  if (e.batches?.some((b) => troubled.has(b))) return p('同一桶的前一条还没有收下，先办那一条；本条已保存。', 'What was signed before of this container is not in yet: see to that first. This one is kept.')
  const own = ['wrong-stage', 'not-custodian'].includes(e.problem?.kind) && app.words.advice[e.type]
  if (own) return p(own.zh, own.en)
  const w = app.words.problems[e.problem?.kind]
  return w && p(w.do_zh, w.do_en)
}
