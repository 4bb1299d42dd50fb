import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { createInterface } from 'node:readline'
import { inflateRawSync } from 'node:zlib'
import { Agent, request } from 'undici'

// The least work that a figure could cost, as plain loops without checks: what the stages are measured against.
const [what, ...paths] = process.argv.slice(2)
if (what === 'index') for (const path of paths) indexed(path)
if (what === 'lines') for (const path of paths) await lines(path)
if (what === 'copy') for (const path of paths) copied(path, String(process.env.INTO))
if (what === 'post') await posted(Number(process.env.WORKERS), String(process.env.SINK), paths)

type Entry = { name: string; size: number; packed: number; method: number; offset: number }

function* directory(fd: number): Generator<Entry> {
  const { size } = fstatSync(fd)
  const tail = Buffer.alloc(Math.min(size, 65_557))
  readSync(fd, tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf(Buffer.from('504b0506', 'hex'))
  let length = tail.readUInt32LE(end + 12)
  let start = tail.readUInt32LE(end + 16)
  if (start === 0xffffffff || length === 0xffffffff || tail.readUInt16LE(end + 10) === 0xffff) {
    const at = Number(tail.readBigUInt64LE(end - 20 + 8)) - (size - tail.length)
    length = Number(tail.readBigUInt64LE(at + 40))
    start = Number(tail.readBigUInt64LE(at + 48))
  }
  const bytes = Buffer.alloc(length)
  readSync(fd, bytes, 0, length, start)
  for (let at = 0; at < length; ) {
    const nameLength = bytes.readUInt16LE(at + 28)
    const extra = at + 46 + nameLength
    const extraLength = bytes.readUInt16LE(at + 30)
    let offset = bytes.readUInt32LE(at + 42)
    let size = bytes.readUInt32LE(at + 24)
    let packed = bytes.readUInt32LE(at + 20)
    let field = extra
    // Other fields may stand before that of zip64.
    while (field < extra + extraLength && bytes.readUInt16LE(field) !== 1)
      field += 4 + bytes.readUInt16LE(field + 2)
    field += 4
    const big = () => {
      field += 8
      return Number(bytes.readBigUInt64LE(field - 8))
    }
    if (size === 0xffffffff) size = big()
    if (packed === 0xffffffff) packed = big()
    if (offset === 0xffffffff) offset = big()
    yield {
      name: bytes.toString('utf8', at + 46, extra),
      method: bytes.readUInt16LE(at + 10),
      size,
      packed,
      offset,
    }
    at = extra + extraLength + bytes.readUInt16LE(at + 32)
  }
}

function dataAt(fd: number, { offset }: Entry) {
  const header = Buffer.alloc(30)
  readSync(fd, header, 0, 30, offset)
  return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function indexed(path: string) {
  const fd = openSync(path, 'r')
  let known = 0
  for (const entry of directory(fd)) {
    if (!entry.name.endsWith('.json')) continue
    const packed = Buffer.alloc(entry.packed)
    readSync(fd, packed, 0, packed.length, dataAt(fd, entry))
    const text = entry.method === 8 ? inflateRawSync(packed) : packed
    if (JSON.parse(text.toString()).title) known++
  }
  closeSync(fd)
  console.log(known)
}

/** Every picture into one folder a hundred, and nothing else. With SYNC each is on disk before the next. */
function copied(path: string, into: string) {
  const fd = openSync(path, 'r')
  let many = 0
  for (const entry of directory(fd)) {
    if (entry.name.endsWith('.json')) continue
    const packed = Buffer.alloc(entry.packed)
    readSync(fd, packed, 0, packed.length, dataAt(fd, entry))
    const folder = `${into}/${Math.floor(many++ / 100)}`
    if (many % 100 === 1) mkdirSync(folder, { recursive: true })
    const file = openSync(
      `${folder}/${many}-${entry.name.slice(entry.name.lastIndexOf('/') + 1)}`,
      'w',
    )
    writeSync(file, entry.method === 8 ? inflateRawSync(packed) : packed)
    if (process.env.SYNC) fsyncSync(file)
    closeSync(file)
  }
  closeSync(fd)
}

async function lines(path: string) {
  let records = 0
  for await (const line of createInterface(createReadStream(path))) {
    const colon = line.indexOf('":{')
    if (colon < 0 || line.endsWith('":{') || line.startsWith('"saved"')) continue
    JSON.parse(line.slice(colon + 2, line.endsWith(',') ? -1 : undefined))
    records++
  }
  console.log(records)
}

async function posted(workers: number, url: string, paths: string[]) {
  const dispatcher = new Agent()
  for (const path of paths) {
    const fd = openSync(path, 'r')
    const rest = directory(fd)
    const worker = async () => {
      for (const entry of rest) {
        if (entry.name.endsWith('.json')) continue
        const from = dataAt(fd, entry)
        const form = (end: string) =>
          Buffer.from(
            `--x${end}\r\ncontent-disposition: form-data; name="assetData"; filename="a.jpg"\r\n\r\n`,
          )
        const [head, tail] = [form(''), Buffer.from('\r\n--x--\r\n')]
        async function* body() {
          yield head
          for (let at = 0; at < entry.size; at += 1 << 20) {
            const chunk = Buffer.allocUnsafe(Math.min(1 << 20, entry.size - at))
            readSync(fd, chunk, 0, chunk.length, from + at)
            yield chunk
          }
          yield tail
        }
        const answer = await request(`${url}/api/assets`, {
          dispatcher,
          method: 'POST',
          headers: {
            'content-type': 'multipart/form-data; boundary=x',
            'content-length': String(head.length + entry.size + tail.length),
          },
          body: body() as never,
        })
        await answer.body.dump()
      }
    }
    await Promise.all(Array.from({ length: workers }, worker))
    closeSync(fd)
  }
}
