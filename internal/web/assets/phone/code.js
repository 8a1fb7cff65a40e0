// QR codes on the screen, drawn by the phone itself: labels and hand-overs need no network.
import encodeQR from './qr/index.js'

const ns = 'http://www.w3.org/2000/svg'

// modules is a code's squares with a quiet zone of four around it (ISO/IEC 18004).
export const modules = (text, ecc = 'medium') => encodeQR(text, 'raw', { ecc, border: 4 })

export function drawing(text, name, ecc) {
  const rows = modules(text, ecc)
  const n = rows.length
  const e = (tag, attributes) => {
    const x = document.createElementNS(ns, tag)
    for (const [k, v] of Object.entries(attributes)) x.setAttribute(k, v)
    return x
  }
  let path = ''
  rows.forEach((row, y) => row.forEach((dark, x) => dark && (path += `M${x} ${y}h1v1h-1z`)))
  const svg = e('svg', { class: 'qr', viewBox: `0 0 ${n} ${n}`, role: 'img', 'aria-label': name, 'shape-rendering': 'crispEdges', width: n * 8, height: n * 8 })
  svg.append(e('rect', { width: n, height: n, fill: '#fff' }), e('path', { d: path, fill: '#000' }))
  return svg
}
