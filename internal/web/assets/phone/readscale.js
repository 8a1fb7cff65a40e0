// The button beside a weight: reads a scale on a serial port (Web Serial) or by Bluetooth, where
// the browser has it. A scale that types like a keyboard needs none of this.
import { app } from './app.js'
import { kg } from './bytes.js'
import { Lines, Steady, reading, weightMeasurement } from './scale.js'
import { Say, act, choices, h, link, note, p, two } from './ui.js'

const patience = 15_000 // ms that a reading may take
const speeds = [9600, 1200, 2400, 4800, 19200]

const errors = {
  range: ['秤超量程或未就绪。', 'The scale is out of range or not ready.'],
  negative: ['秤上是负数：请清零、去皮后再称。', 'The scale shows less than nothing: zero it and weigh again.'],
  fine: ['秤的读数细于一克，读不了。', 'The scale reads finer than a gram.'],
  much: ['读数太大，请核对。', 'Too heavy: check it.'],
  unit: ['秤的单位不是千克或克，请在秤上改。', 'The scale’s unit is neither kg nor g: change it on the scale.'],
  garbled: ['读数校验不符，请检查连线和波特率。', 'The reading is garbled: check the cable and the speed.'],
}

const ways = () => [navigator.serial && 'serial', navigator.bluetooth && 'bluetooth'].filter(Boolean)

const settings = async () => {
  const kept = (await app.db.get('meta', 'scale')) ?? {}
  return { by: ways().includes(kept.by) ? kept.by : ways()[0], speed: kept.speed ?? speeds[0] }
}

// nobody says that no scale was chosen, in words.
function nobody(err) {
  if (err.name === 'NotFoundError') return new Say('没有选秤。', 'No scale was chosen.')
  if (err.name === 'SecurityError' || err.name === 'NotAllowedError') return new Say('浏览器不许用秤的接口。请在网站设置里允许，或用键盘输入。', 'The browser does not allow it: allow it in the site’s settings, or type the weight.')
  if (err.name === 'NetworkError' || err.name === 'InvalidStateError') return new Say('连不上秤：可能被别的程序占用，或已断开。', 'No connection to the scale: another program has it, or it is unplugged.')
  return err
}

const late = (seen) => new Say(...(seen?.error ? errors[seen.error] : seen ? ['秤一直不稳，没有取数。请放稳再读。', 'The scale never came to rest; nothing was taken.'] : ['秤没有送来读数。请检查连线，或在“本机 → 秤”里改波特率。', 'The scale sent no reading: check the cable, or the speed under This phone, Scale.']))

async function bySerial(speed, heard) {
  const port = (await navigator.serial.getPorts())[0] ?? (await navigator.serial.requestPort())
  await port.open({ baudRate: speed })
  const reader = port.readable.getReader()
  const timer = setTimeout(() => reader.cancel().catch(() => {}), patience)
  const [lines, steady, text] = [new Lines(), new Steady(), new TextDecoder('latin1')]
  let seen = null
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) throw late(seen)
      for (const l of lines.take(text.decode(value, { stream: true }))) {
        const r = reading(l)
        if (r) heard((seen = r))
        const grams = steady.take(r)
        if (grams !== null) return grams
      }
    }
  } finally {
    clearTimeout(timer)
    reader.releaseLock()
    await port.close().catch(() => {})
  }
}

async function byBluetooth(heard) {
  const scale = await navigator.bluetooth.requestDevice({ filters: [{ services: ['weight_scale'] }] })
  const server = await scale.gatt.connect()
  try {
    const service = await server.getPrimaryService('weight_scale') // 0x181D
    const figures = await service.getCharacteristic('weight_measurement') // 0x2A9D
    const steady = new Steady()
    let seen = null
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(late(seen)), patience)
      figures.addEventListener('characteristicvaluechanged', (e) => {
        const r = weightMeasurement(e.target.value)
        if (r) heard((seen = r))
        const grams = steady.take(r)
        if (grams === null) return
        clearTimeout(timer)
        resolve(grams)
      })
      figures.startNotifications().catch(reject)
    })
  } finally {
    scale.gatt.disconnect()
  }
}

let busy = false

// readScale waits for one stable reading, in grams; heard is told of every one before.
export async function readScale(heard = () => {}) {
  if (busy) throw new Say('正在读另一格，请稍等。', 'Another field is being read: wait a moment.')
  busy = true
  try {
    const { by, speed } = await settings()
    return await (by === 'serial' ? bySerial(speed, heard) : byBluetooth(heard))
  } catch (err) {
    throw nobody(err)
  } finally {
    busy = false
  }
}

// scaleButton fills a weight's field; null where the browser has no way to a scale.
export function scaleButton(input) {
  if (ways().length === 0) return null
  const said = h('span', { role: 'status' }, two('读秤', 'scale'))
  const row = h('button.scale', { type: 'button' }, said)
  const trouble = h('div', {})
  row.addEventListener('click', async () => {
    if (row.disabled) return
    row.disabled = true
    trouble.replaceChildren()
    said.replaceChildren(...two('等稳…', 'wait…'))
    try {
      const grams = await readScale((r) => r.grams !== undefined && said.replaceChildren(kg(r.grams) + '…'))
      input.value = kg(grams)
      input.dispatchEvent(new Event('input', { bubbles: true }))
    } catch (err) {
      trouble.replaceChildren(note('bad', err.zh ? p(err.zh, err.en) : p('没有读到秤，请用键盘输入。', `No reading: type the weight. ${err.message}`)))
    } finally {
      row.disabled = false
      said.replaceChildren(...two('读秤', 'scale'))
    }
  })
  return { button: row, trouble }
}

// scalePage chooses how the scale is reached, and tries it.
async function scalePage() {
  const head = p('秤', 'Scale', 'h1')
  if (ways().length === 0) return { body: [head, note('', p('这个浏览器没有串口和蓝牙接口。可用“键盘口”的秤：读数像键盘一样打进重量格。', 'This browser reaches no serial port and no Bluetooth. A scale that types like a keyboard works: put the cursor into the weight.'))] }
  const now = await settings()
  const by = choices('接口', 'By', [{ value: 'serial', zh: '串口（USB 线）', en: 'serial port' }, { value: 'bluetooth', zh: '蓝牙', en: 'Bluetooth' }].filter((x) => ways().includes(x.value)), now.by)
  const speed = choices('波特率（串口）', 'Speed (serial)', speeds.map((s) => ({ value: String(s), zh: String(s), en: '' })), String(now.speed))
  const shown = h('p.digits', { role: 'status', id: 'reading' })
  const keep = () => app.remember('scale', { by: by.value(), speed: Number(speed.value()) })
  return {
    body: [
      head, by.row, speed.row,
      p('只取稳定的读数；不说是否稳定的秤，连续三次相同才取。', 'Only readings at rest are taken; of a scale that does not say, three alike in a row.', 'p.hint'),
      shown,
      act('保存并试读', 'Keep, and try it', async () => {
        await keep()
        shown.replaceChildren(kg(await readScale((r) => r.grams !== undefined && shown.replaceChildren(kg(r.grams) + '…'))) + ' kg')
      }),
      ways().includes('serial') && act('换一台秤', 'Another scale', async () => {
        await keep()
        for (const port of await navigator.serial.getPorts()) await port.forget?.()
        await navigator.serial.requestPort().catch((err) => { throw nobody(err) })
      }, 'button'),
      link('#device', '本机', 'This phone'),
    ],
  }
}

export const scales = { scale: scalePage }
