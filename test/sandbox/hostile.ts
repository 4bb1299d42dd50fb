import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { bytesOf } from './takeout.ts'

/** One entry of a zip that may lie: what is not given is true. */
export type Raw = {
  path: string | Buffer
  data: Buffer
  /** What the directory says of it. */
  size?: number
  crc?: number
  encrypted?: true
  stored?: true
  /** Unix mode with its type, like 0o120777 of a link. */
  mode?: number
  /** As it is packed, where that is known. */
  packed?: Buffer
  /** Written into the directory only, over the entry before. */
  over?: true
}

/** Writes a zip entry by entry, without asking whether that makes sense. */
export function writeRawZip(path: string, entries: Raw[]) {
  const pieces: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  let last = 0
  for (const {
    path,
    data,
    size = data.length,
    crc = crc32(data),
    encrypted,
    stored,
    mode = 0o100644,
    over,
    packed = stored ? data : deflateRawSync(data),
  } of entries) {
    const name = Buffer.from(path)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(20, 4)
    local.writeUInt16LE(0x800 | (encrypted ? 1 : 0), 6)
    local.writeUInt16LE(stored ? 0 : 8, 8)
    local.writeUInt32LE(crc, 14)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(size, 22)
    local.writeUInt16LE(name.length, 26)
    const row = Buffer.alloc(46)
    row.writeUInt32LE(0x02014b50)
    row.writeUInt16LE(0x0314, 4)
    local.copy(row, 6, 4, 30)
    row.writeUInt32LE((mode << 16) >>> 0, 38)
    row.writeUInt32LE(over ? last : offset, 42)
    directory.push(row, name)
    if (over) continue
    pieces.push(local, name, packed)
    last = offset
    offset += 30 + name.length + packed.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(offset, 16)
  writeFileSync(path, Buffer.concat([...pieces, listed, end]))
}

const product = 'Takeout/Google Photos'
const year = `${product}/Photos from 2021`
const taken = 1_614_592_800
const text = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
/** A small picture that is like no other. */
const picture = (n: number) =>
  bytesOf({ folder: '', name: `${n}.jpg`, seed: n, size: [32, 24], exif: null })
const sidecarOf = (title: string, more: object = {}) => ({
  title,
  photoTakenTime: { timestamp: String(taken) },
  url: `https://photos.google.com/photo/${encodeURIComponent(title.slice(0, 50))}`,
  ...more,
})

/** Titles of photos and of albums that mean something to a shell, a page, a path, JavaScript or a terminal. */
export const TITLES = [
  '__proto__',
  'constructor',
  'toString',
  '../../x',
  '/etc/passwd',
  '..\\..\\x',
  '<script>alert(1)</script>',
  'a\nb',
  '\u001b[2J\u001b]0;x\u0007',
  'CON',
  '%00',
  '$(touch x)',
  "'; drop table assets; --",
  '\u202egpj.exe',
  'e\u0301te\u0301', // decomposed
  'x'.repeat(5000),
]

/** A zip of one good photo for each title, of an album for each, and of all that a zip can do to harm. */
export function writeHostileZip(folder: string) {
  const entries: Raw[] = []
  const good: Buffer[] = []
  const put = (n: number, name: string, sidecar: unknown, where = year) => {
    good.push(picture(n))
    entries.push({ path: `${where}/${name}`, data: picture(n), stored: true })
    entries.push({ path: `${where}/${name}.supplemental-metadata.json`, data: text(sidecar) })
  }
  for (const [n, title] of TITLES.entries()) {
    put(n, `IMG_${n}.jpg`, sidecarOf(`${title}.jpg`))
    const album = `${product}/Album ${n}`
    entries.push({ path: `${album}/metadata.json`, data: text({ title, description: title }) })
    entries.push({ path: `${album}/IMG_${n}.jpg`, data: picture(n), stored: true })
    entries.push({
      path: `${album}/IMG_${n}.jpg.supplemental-metadata.json`,
      data: text(sidecarOf(`${title}.jpg`)),
    })
  }
  // Names that a Mac has unpacked and packed again.
  put(100, 'Zu\u0308rich.jpg', sidecarOf('Z\u00fcrich.jpg'))
  put(
    101,
    'proto.jpg',
    `{"__proto__":{"polluted":true},${JSON.stringify(sidecarOf('proto.jpg')).slice(1)}`,
  )
  put(
    102,
    'strings.jpg',
    sidecarOf('strings.jpg', {
      photoTakenTime: { timestamp: taken },
      geoData: { latitude: '1', longitude: 'x' },
    }),
  )
  put(103, 'huge.jpg', sidecarOf('huge.jpg', { description: 'd'.repeat(2_000_000) }))
  put(
    104,
    'late.jpg',
    sidecarOf('late.jpg', { photoTakenTime: { timestamp: '99999999999999999999' } }),
  )
  put(
    105,
    'people.jpg',
    sidecarOf('people.jpg', {
      people: [{ name: '__proto__' }, { name: 'a/b' }, { name: '\n' }, 5, null],
    }),
  )
  put(
    106,
    'wrong.jpg',
    sidecarOf('wrong.jpg', { title: { toString: 'x' }, favorited: 'yes', people: {} }),
  )
  put(107, 'list.jpg', '[[[[]]]]')
  put(108, 'deep.jpg', '['.repeat(200_000) + ']'.repeat(200_000))
  put(109, 'bytes.jpg', JSON.stringify(sidecarOf('bytes.jpg')).replace('bytes', '\ufffd'))
  const bad = (n: number, path: string | Buffer, more: Partial<Raw> = {}) =>
    entries.push({ path, data: picture(n), stored: true, ...more })
  bad(200, '../../../evil.jpg')
  bad(201, `${year}/../../../../evil.jpg`)
  bad(202, '/tmp/evil.jpg')
  bad(203, 'C:\\evil.jpg')
  bad(204, `${year}/null\0.jpg`)
  bad(205, `${year}/link.jpg`, { mode: 0o120777, data: text('/etc/passwd') })
  bad(206, `${year}/secret.jpg`, { encrypted: true })
  bad(207, `${year}/crc.jpg`, { crc: 1 })
  const title = '\u001b[2J\u202ecrc.jpg'
  entries.push({
    path: `${year}/crc.jpg.supplemental-metadata.json`,
    data: text(sidecarOf(title)),
  })
  bad(208, `${year}/short.jpg`, { stored: undefined, size: 10 })
  bad(209, `${year}/long.jpg`, { stored: undefined, size: 4_000_000_000 })
  bad(210, `${year}/twice.jpg`)
  good.push(picture(211))
  bad(211, `${year}/twice.jpg`)
  // Of two that share their bytes one stays.
  good.push(picture(212))
  bad(212, `${year}/under.jpg`)
  bad(212, `${year}/over.jpg`, { over: true })
  bad(213, `${year}/empty.jpg`, { data: Buffer.alloc(0) })
  // Bombs: a sidecar that tells its size, one that does not, and a picture.
  const data = Buffer.alloc(150_000_000)
  const zeros = { data, packed: deflateRawSync(data), crc: crc32(data) }
  entries.push({ path: `${year}/bomb.jpg.supplemental-metadata.json`, ...zeros })
  entries.push({ path: `${year}/mine.jpg.supplemental-metadata.json`, ...zeros, size: 1000 })
  entries.push({ path: `${year}/bomb.jpg`, ...zeros, size: 1000 })
  const path = join(folder, 'takeout-20260115T101500Z-3-001.zip')
  writeRawZip(path, entries)
  return { path, good, entries: entries.length }
}

/** A copy of `bytes` with some of them changed, cut out, doubled or put elsewhere. */
export function mutated(bytes: Buffer, next: () => number): Buffer {
  const at = (length: number) => Math.floor(next() * length)
  let result = Buffer.from(bytes)
  for (let times = 1 + at(4); times > 0; times--) {
    const from = next() < 0.5 ? at(result.length) : Math.max(0, result.length - at(3000))
    const length = 1 + at(40)
    const kind = at(6)
    if (kind <= 2)
      for (let n = from; n < Math.min(from + length, result.length); n++) result[n] = at(256)
    else if (kind === 3) result = result.subarray(0, from)
    else if (kind === 4)
      result = Buffer.concat([result.subarray(0, from), result.subarray(from + length)])
    else
      result = Buffer.concat([
        result.subarray(0, from),
        result.subarray(at(result.length), from + length),
        result.subarray(from),
      ])
  }
  return result
}
