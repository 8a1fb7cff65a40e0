// Cuts a font down to what our papers need: GB 2312 (levels 1 and 2), Latin 1, and some marks. A collection gives its first font.
//   node font.cjs IN OUT      with the npm package subset-font where node finds it
"use strict";
const fs = require("fs");
const subsetFont = require("subset-font");

// first takes one font out of a TrueType collection: its tables, copied behind a directory of their own.
function first(b) {
  if (b.toString("latin1", 0, 4) !== "ttcf") return b;
  const at = b.readUInt32BE(12);
  const n = b.readUInt16BE(at + 4);
  const head = Buffer.from(b.subarray(at, at + 12 + 16 * n));
  const parts = [head];
  let length = head.length;
  for (let i = 0; i < n; i++) {
    const row = 12 + 16 * i;
    const offset = head.readUInt32BE(row + 8), size = head.readUInt32BE(row + 12);
    head.writeUInt32BE(length, row + 8);
    const padded = Buffer.alloc((size + 3) & ~3);
    b.copy(padded, 0, offset, offset + size);
    parts.push(padded);
    length += padded.length;
  }
  return Buffer.concat(parts);
}

const decode = new TextDecoder("gb2312");
let text = "—–…·•→←×≤≥✓☐☑℃㎡³①②③④⑤⑥⑦⑧⑨";
for (let row = 0xa1; row < 0xf8; row++) {
  for (let cell = 0xa1; cell < 0xff; cell++) {
    const c = decode.decode(Uint8Array.of(row, cell));
    if (c.length === 1 && c !== "\ufffd") text += c;
  }
}
for (let c = 0x20; c < 0x100; c++) text += String.fromCharCode(c);

subsetFont(first(fs.readFileSync(process.argv[2])), text, { targetFormat: "truetype" })
  .then((out) => fs.writeFileSync(process.argv[3], out));
