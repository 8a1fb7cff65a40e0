// Readings of a scale, as whole grams by their decimal text: the usual lines of serial
// indicators, and the Weight Measurement of Bluetooth (GATT 0x2A9D). Pure.

const mostGrams = 1_000_000_000 // of one batch, as the intake has it
const longest = 64 // characters of a line; what is longer is noise
const alike = 3 // equal readings in a row that make one stable, where the scale does not say

const places = { kg: 3, g: 0, t: 6 }

// grams reads digits and a unit by text alone; an error says why it cannot.
function grams(sign, whole, decimals, unit) {
  const fine = decimals.replace(/0+$/, '')
  if (fine.length > places[unit]) return { error: 'fine' }
  const n = BigInt(whole + fine.padEnd(places[unit], '0'))
  if (n > BigInt(mostGrams)) return { error: 'much' }
  if (sign === '-' && n > 0n) return { error: 'negative' }
  return { grams: Number(n) }
}

// header says what a line tells before its figures: stable, unstable, nothing, or that there
// is no weight. null is a line of something else.
function header(text) {
  const t = text.trim().toUpperCase()
  if (t === '') return {}
  const list = /^(ST|US|OL|OF|UL)(?:\s*,\s*(?:GS|NT|TR|G|N|GROSS|NET))?\s*,?$/.exec(t)
  if (list) return list[1] === 'ST' ? { stable: true } : list[1] === 'US' ? { stable: false } : { error: 'range' }
  const sics = /^(?:S|SI|W)\s+([SD])$/.exec(t) // MT-SICS: S S is stable, S D is not
  if (sics) return { stable: sics[1] === 'S' }
  if (/^(GS|NT|G|N|GROSS|NET|WT|W)[,:]?$/.test(t)) return {}
  return null
}

// frame reads the continuous output of Chinese indicators (XK3190, mode 0), between STX and ETX:
// sign, six digits, the number of decimals, and the exclusive or of them all as two hex digits.
// It is in kilograms and says nothing of rest.
function frame(text) {
  const m = /^([+-])(\d{6})([0-4])([0-9A-F]{2})$/.exec(text)
  if (!m) return null
  let sum = 0
  for (const c of text.slice(0, 8)) sum ^= c.charCodeAt(0)
  if (sum !== parseInt(m[4], 16)) return { error: 'garbled' }
  const point = 6 - Number(m[3])
  return grams(m[1], m[2].slice(0, point), m[2].slice(point), 'kg')
}

// reading is what a line says: {grams, stable} with stable undefined where it does not say, or
// {error}: range, negative, fine, much, unit, garbled. null is no reading. A line without a
// unit is none: a number alone may be anything.
export function reading(line) {
  if (typeof line !== 'string' || line.length > longest) return null
  const framed = frame(line)
  if (framed) return framed
  if (!/^[ -~]*$/.test(line)) return null
  if (/^\s*S\s+[+-I]\s*$/i.test(line)) return { error: 'range' }
  const m = /^([A-Za-z ,:]*?)\s*([+-]?)\s*(\d{1,9})(?:\.(\d{1,6}))?\s*([A-Za-z]{1,3})\s*[GNT]?\s*$/.exec(line)
  if (!m) {
    const only = header(line) ?? header(line.replace(/[+-]?[\s\d.]*[A-Za-z]{0,2}\s*$/, ''))
    return only?.error ? { error: only.error } : null
  }
  const [, before, sign, whole, decimals = '', unit] = m
  const said = header(before)
  if (!said) return null
  if (said.error) return { error: said.error }
  if (!(unit.toLowerCase() in places)) return { error: 'unit' }
  const out = grams(sign, whole, decimals, unit.toLowerCase())
  return out.error || said.stable === undefined ? out : { ...out, stable: said.stable }
}

// Lines cuts what a port sends into lines, at CR, LF, STX and ETX; what has no end is noise.
export class Lines {
  rest = ''
  take(chunk) {
    const parts = (this.rest + chunk).split(/[\r\n\x02\x03]+/)
    this.rest = parts.pop().slice(-longest)
    return parts.filter((x) => x.trim() !== '')
  }
}

// Steady waits for rest: take(reading) gives the grams once they hold still, else null.
export class Steady {
  last = null
  times = 0
  take(r) {
    if (!r || r.error || r.stable === false) {
      this.times = 0
      this.last = null
      return null
    }
    if (r.grams === 0) return null // nothing lies on it
    if (r.stable) return r.grams
    this.times = r.grams === this.last ? this.times + 1 : 1
    this.last = r.grams
    return this.times >= alike ? r.grams : null
  }
}

// weightMeasurement reads the characteristic 0x2A9D: flags, then the weight in units of 5 g.
export function weightMeasurement(view) {
  if (view.byteLength < 3) return null
  if (view.getUint8(0) & 1) return { error: 'unit' } // pounds
  const n = view.getUint16(1, true)
  return n === 0xffff ? { error: 'range' } : { grams: n * 5, stable: true }
}
