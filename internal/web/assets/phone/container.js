// A container by what was scanned or typed of it.
import { app } from './app.js'
import { scanned } from './bytes.js'
import { find } from './sync.js'
import { Say } from './ui.js'

// containerOf finds the container of a label; what is none, and what nobody here knows, is said in
// the words of the page that asks.
export async function containerOf(text, {
  noLabel = ['这不是标签码。', 'This is not the code of a label.'],
  unknown = ['本机不认识这一件：请登录后再扫。不归本单位的看不到。', 'This phone does not know it: sign in and scan again. What is not yours is not shown.'],
} = {}) {
  const c = scanned(text)
  if (c.kind !== 'label') throw new Say(...noLabel)
  const found = await find(app, c.code)
  if (!found) throw new Say(...unknown)
  return found
}
