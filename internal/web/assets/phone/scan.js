// Reading codes: the camera through the browser's own BarcodeDetector where it has one, else
// through a reader in JavaScript, which is only then loaded; a typed code always works.
import { act, field, h, note, p } from './ui.js'

const pause = 120 // ms between looks

async function reader() {
  if ('BarcodeDetector' in window) {
    try {
      if ((await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
        const d = new BarcodeDetector({ formats: ['qr_code'] })
        return async (video) => (await d.detect(video))[0]?.rawValue
      }
    } catch {
      // the page's own reader, then
    }
  }
  const { default: decodeQR } = await import('./qr/decode.js')
  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  return async (video) => {
    const scale = Math.min(1, 800 / Math.max(video.videoWidth, video.videoHeight))
    canvas.width = Math.round(video.videoWidth * scale)
    canvas.height = Math.round(video.videoHeight * scale)
    if (!canvas.width) return undefined
    pen.drawImage(video, 0, 0, canvas.width, canvas.height)
    try {
      return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height))
    } catch {
      return undefined // no code in sight
    }
  }
}

// A page that is drawn again after a scan takes the camera over as it runs, with the code that lies
// before it: to start it anew takes a second, twenty times a round. Left for good, it goes off at once.
let spare = null // {stream, last, lastAt, off}

function lend() {
  const s = spare
  clearTimeout(s?.off)
  spare = null
  return s?.stream.active ? s : null
}

const off = (stream) => stream.getTracks().forEach((t) => t.stop())

function putAside(s) {
  const other = lend()
  if (other && other.stream !== s.stream) off(other.stream)
  spare = { ...s, off: setTimeout(() => off(s.stream), 1000) }
}

// scanner is the camera and a field for typing; heard(text) is told of each code once. It
// gives {body, leave}: leave switches the camera off; leave(true) is for the same page drawn again.
export function scanner(heard, { label = ['或输入标签上的码', 'or type the code on the label'] } = {}) {
  let stream = null
  let running = true
  let last = ''
  let lastAt = 0
  const video = h('video', { muted: true, playsinline: true, 'aria-label': '相机 camera' })
  const lens = h('div', { role: 'status' }) // what the camera says, beside what is said of a code
  const said = h('div', { role: 'status' })

  const take = async (text) => {
    said.replaceChildren()
    try {
      await heard(text)
      if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(60)
    } catch (err) {
      said.replaceChildren(note('bad', err.zh ? p(err.zh, err.en) : p('没有读懂这个码。', err.message)))
    }
  }
  const watch = async () => {
    try {
      const lent = lend()
      if (lent) ({ stream, last, lastAt } = lent)
      else stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false })
      if (!running) return stop()
      video.srcObject = stream
      await video.play()
      const read = await reader()
      while (running) {
        const text = await read(video).catch(() => undefined)
        if (running && text && (text !== last || Date.now() - lastAt > 4000)) {
          last = text
          await take(text)
        }
        if (text) lastAt = Date.now()
        await new Promise((r) => setTimeout(r, pause))
      }
    } catch (err) {
      video.hidden = true // it may not stand on the page yet
      lens.replaceChildren(note('bad', err.zh ? p(err.zh, err.en) : p('没有用上相机。请在浏览器中允许相机，或在下面输入码。', 'No camera. Allow it in the browser, or type the code below.')))
    }
  }
  let again = false
  const stop = () => stream && (again ? putAside({ stream, last, lastAt }) : off(stream))

  const typed = field(label[0], label[1], { id: 'typed', autocapitalize: 'characters', enterkeyhint: 'go', spellcheck: 'false' })
  const send = async () => {
    const text = typed.input.value
    if (!text.trim()) return
    typed.input.value = ''
    await take(text)
  }
  typed.input.addEventListener('keydown', (e) => e.key === 'Enter' && send())
  watch()
  return {
    body: [video, h('div', {}, said, lens), typed.row, act('确定', 'OK', send, 'button')],
    leave: (same) => {
      running = false
      again = same === true
      stop()
    },
  }
}
