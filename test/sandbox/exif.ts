import type { Place } from '../../lib/state/records.ts'

export type Exif = {
  /** Wall clock, `YYYY-MM-DDTHH:MM:SS`. */
  local?: string
  /** `+02:00`. */
  offset?: string
  place?: Place
  description?: string
  make?: string
  model?: string
  /** 1 to 8. */
  orientation?: number
  /** Apple's id of a live photo, the same in its movie. */
  contentId?: string
}

type Field = [tag: number, type: number, value: Buffer]
const [BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED] = [1, 2, 3, 4, 5, 7]
const SIZES: Record<number, number> = { [SHORT]: 2, [LONG]: 4, [RATIONAL]: 8 }

const ascii = (text: string) => Buffer.from(`${text}\0`, 'utf8')
const numbers = (bytes: 2 | 4, ...values: number[]) => {
  const made = Buffer.alloc(bytes * values.length)
  for (const [n, value] of values.entries()) made.writeUIntBE(value, n * bytes, bytes)
  return made
}

/** A TIFF directory, big-endian, whose values follow it; `at` is its own offset. */
function directory(at: number, fields: Field[]) {
  const table = Buffer.alloc(2 + fields.length * 12 + 4)
  table.writeUInt16BE(fields.length)
  const values: Buffer[] = []
  let next = at + table.length
  for (const [n, [tag, type, value]] of fields.sort(([a], [b]) => a - b).entries()) {
    const row = 2 + n * 12
    table.writeUInt16BE(tag, row)
    table.writeUInt16BE(type, row + 2)
    table.writeUInt32BE(value.length / (SIZES[type] ?? 1), row + 4)
    if (value.length <= 4) {
      value.copy(table, row + 8)
      continue
    }
    table.writeUInt32BE(next, row + 8)
    const even = value.length % 2 ? Buffer.concat([value, Buffer.alloc(1)]) : value
    values.push(even)
    next += even.length
  }
  return Buffer.concat([table, ...values])
}

function degrees(value: number) {
  const seconds = Math.round(Math.abs(value) * 3600 * 10_000)
  const [whole, rest] = [Math.floor(seconds / 36_000_000), seconds % 36_000_000]
  return numbers(4, whole, 1, Math.floor(rest / 600_000), 1, rest % 600_000, 10_000)
}

/** The TIFF block of an EXIF segment. */
function tiff(exif: Exif) {
  const main: Field[] = [
    [0x10f, ASCII, ascii(exif.make ?? 'Photoferry')],
    [0x110, ASCII, ascii(exif.model ?? 'Landscape 1')],
    [0x112, SHORT, numbers(2, exif.orientation ?? 1)],
    [0x8769, LONG, numbers(4, 0)],
  ]
  if (exif.description) main.push([0x10e, ASCII, ascii(exif.description)])
  if (exif.place) main.push([0x8825, LONG, numbers(4, 0)])

  const own: Field[] = [[0x9000, UNDEFINED, Buffer.from('0232')]]
  if (exif.local) {
    const clock = ascii(exif.local.replaceAll('-', ':').replace('T', ' '))
    own.push([0x9003, ASCII, clock], [0x9004, ASCII, clock])
  }
  if (exif.offset) own.push([0x9011, ASCII, ascii(exif.offset)])
  if (exif.contentId) {
    const head = Buffer.from('Apple iOS\0\0\x01MM', 'latin1')
    const note = directory(head.length, [[0x11, ASCII, ascii(exif.contentId)]])
    own.push([0x927c, UNDEFINED, Buffer.concat([head, note])])
  }

  const gps: Field[] = []
  if (exif.place) {
    const [latitude, longitude, altitude] = exif.place
    gps.push(
      [0, BYTE, Buffer.from([2, 3, 0, 0])],
      [1, ASCII, ascii(latitude < 0 ? 'S' : 'N')],
      [2, RATIONAL, degrees(latitude)],
      [3, ASCII, ascii(longitude < 0 ? 'W' : 'E')],
      [4, RATIONAL, degrees(longitude)],
    )
    if (altitude !== undefined) {
      gps.push(
        [5, BYTE, Buffer.from([altitude < 0 ? 1 : 0])],
        [6, RATIONAL, numbers(4, Math.round(Math.abs(altitude) * 100), 100)],
      )
    }
  }

  // The pointers are written once the size of what stands before them is known; it does not depend on them.
  const ownAt = 8 + directory(8, main).length
  const gpsAt = ownAt + directory(ownAt, own).length
  for (const field of main) {
    if (field[0] === 0x8769) field[2] = numbers(4, ownAt)
    if (field[0] === 0x8825) field[2] = numbers(4, gpsAt)
  }
  const head = Buffer.from('MM\0*\0\0\0\x08', 'latin1')
  const parts = [head, directory(8, main), directory(ownAt, own)]
  return Buffer.concat(gps.length > 0 ? [...parts, directory(gpsAt, gps)] : parts)
}

/** The JPEG with this EXIF as its first segment. */
export function withExif(jpeg: Buffer, exif: Exif): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff(exif)])
  const marker = Buffer.concat([Buffer.from([0xff, 0xe1]), numbers(2, body.length + 2), body])
  return Buffer.concat([jpeg.subarray(0, 2), marker, jpeg.subarray(2)])
}
