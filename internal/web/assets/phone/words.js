// What the server said, in words for a person.
import { Trouble } from './api.js'
import { app } from './app.js'
import { Say } from './ui.js'

export function explain(err) {
  if (!(err instanceof Trouble)) return err
  if (err.kind === 'offline') return new Say('没有网络，这一步需要网络。请到有信号的地方再试。', 'No network, which this step needs. Try again where there is a signal.')
  const w = app.words.problems[err.kind]
  return w ? new Say(`${w.zh}。${w.do_zh}`, `${w.en}. ${w.do_en}`) : new Say('服务器没有接受。', err.message)
}
