import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { crc32, deflateRawSync } from 'node:zlib'
import { landscape, random } from './landscape.ts'

/**
 * Writes an export of many tiny but whole JPEG pictures (about 1 KB, all different) with their sidecars,
 * for load: year folders 2005 to 2024, and every tenth picture in one of `albums` albums as well.
 */
export async function bulkTakeout(
  target: string,
  { items, parts = 1, albums = 10, stamp = '20260115T101500Z', seed = 1 } = {} as {
    items: number
    parts?: number
    albums?: number
    stamp?: string
    seed?: number
  },
): Promise<{ paths: string[]; media: number; sidecars: number; photos: number }> {
  await mkdir(target, { recursive: true })
  const next = random(seed)
  const base = landscape({ seed, width: 16, height: 12 }, 30)
  const paths: string[] = []
  let copies = 0
  for (let part = 1; part <= parts; part++) {
    const path = join(target, `takeout-${stamp}-3-${String(part).padStart(3, '0')}.zip`)
    paths.push(path)
    const zip = zipWriter(path)
    if (part === 1) {
      for (let n = 0; n < albums; n++) {
        zip.add(
          `Takeout/Google Photos/Album ${n}/metadata.json`,
          json({ title: `Album ${n}` }),
          true,
        )
      }
    }
    for (let n = part - 1; n < items; n += parts) {
      const taken = 1_104_537_600 + Math.floor((n / items) * 631_152_000) // 2005 to 2024
      const name = `IMG_${String(n).padStart(7, '0')}.jpg`
      const media = commented(base, `${n} ${'.'.repeat(next() * 200)}`)
      const place = { latitude: next() * 120 - 60, longitude: next() * 300 - 150, altitude: 0 }
      const sidecar = sidecarOf(name, taken, place, `AF1Qip${base64(next, 38)}`)
      const folders = [`Photos from ${new Date(taken * 1000).getUTCFullYear()}`]
      if (albums > 0 && n % 10 === 0) {
        folders.push(`Album ${(n / 10) % albums}`)
        copies++
      }
      for (const folder of folders) {
        zip.add(`Takeout/Google Photos/${folder}/${name}`, media, false)
        zip.add(`Takeout/Google Photos/${folder}/${name}.supplemental-metadata.json`, sidecar, true)
      }
      await zip.room()
    }
    await zip.end()
  }
  return { paths, media: items + copies, sidecars: items + copies, photos: items }
}

/** With all that Google writes into nearly every one, since its length is what reading it costs. */
function sidecarOf(title: string, taken: number, place: object, id: string) {
  const time = (seconds: number) => ({
    timestamp: String(seconds),
    formatted: `${DATES.format(seconds * 1000)} UTC`,
  })
  const spot = { ...place, latitudeSpan: 0, longitudeSpan: 0 }
  return json({
    title,
    description: '',
    imageViews: '3',
    creationTime: time(taken + 3600),
    photoTakenTime: time(taken),
    geoData: spot,
    geoDataExif: spot,
    url: `https://photos.google.com/photo/${id}`,
    googlePhotosOrigin: {
      mobileUpload: { deviceFolder: { localFolderName: 'Camera' }, deviceType: 'ANDROID_PHONE' },
    },
  })
}

const DATES = new Intl.DateTimeFormat('en-US', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
})

const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
function base64(next: () => number, length: number) {
  let text = ''
  for (let n = 0; n < length; n++) text += SIGNS[Math.floor(next() * 64)]
  return text
}

const json = (value: object) => Buffer.from(JSON.stringify(value, null, 2))

/** The JPEG with a comment as its first segment, so that its bytes are its own. */
function commented(jpeg: Buffer, comment: string) {
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 0])
  head.writeUInt16BE(comment.length + 2, 4)
  return Buffer.concat([head, Buffer.from(comment), jpeg.subarray(2)])
}

/** A zip writer for many small entries; yazl takes a stream and some turns of the loop for each. */
function zipWriter(path: string) {
  const out = createWriteStream(path, { highWaterMark: 4 << 20 })
  const directory: Buffer[] = []
  let rows: Buffer[] = []
  let waiting: Buffer[] = []
  let count = 0
  let offset = 0
  let free = true
  const flush = () => {
    free = out.write(Buffer.concat(waiting))
    // Kept as few large pieces: millions of small buffers would weigh more than what they hold.
    directory.push(Buffer.concat(rows))
    waiting = []
    rows = []
  }
  return {
    add(name: string, data: Buffer, deflate: boolean) {
      const packed = deflate ? deflateRawSync(data) : data
      const title = Buffer.from(name)
      const local = Buffer.allocUnsafe(30).fill(0)
      local.writeUInt32LE(0x04034b50)
      local.writeUInt16LE(20, 4)
      local.writeUInt16LE(0x800, 6)
      local.writeUInt16LE(deflate ? 8 : 0, 8)
      local.writeUInt32LE(0x5c2f51e0, 10) // 15 January 2026, 10:15
      local.writeUInt32LE(crc32(data), 14)
      local.writeUInt32LE(packed.length, 18)
      local.writeUInt32LE(data.length, 22)
      local.writeUInt16LE(title.length, 26)
      const far = offset >= 0xffffffff
      const entry = Buffer.allocUnsafe(46).fill(0)
      entry.writeUInt32LE(0x02014b50)
      entry.writeUInt16LE(45, 4)
      local.copy(entry, 6, 4, 30)
      entry.writeUInt16LE(far ? 12 : 0, 30)
      entry.writeUInt32LE(far ? 0xffffffff : offset, 42)
      rows.push(entry, title)
      if (far) {
        const extra = Buffer.alloc(12)
        extra.writeUInt16LE(1)
        extra.writeUInt16LE(8, 2)
        extra.writeBigUInt64LE(BigInt(offset), 4)
        rows.push(extra)
      }
      waiting.push(local, title, packed)
      count++
      offset += local.length + title.length + packed.length
      if (waiting.length > 1500) flush()
    },
    /** Waits where the disk is behind. */
    async room() {
      if (!free) await once(out, 'drain')
      free = true
    },
    async end() {
      flush()
      const size = directory.reduce((sum, piece) => sum + piece.length, 0)
      const tail = Buffer.alloc(56 + 20 + 22)
      tail.writeUInt32LE(0x06064b50)
      tail.writeBigUInt64LE(44n, 4)
      tail.writeUInt16LE(45, 12)
      tail.writeUInt16LE(45, 14)
      tail.writeBigUInt64LE(BigInt(count), 24)
      tail.writeBigUInt64LE(BigInt(count), 32)
      tail.writeBigUInt64LE(BigInt(size), 40)
      tail.writeBigUInt64LE(BigInt(offset), 48)
      tail.writeUInt32LE(0x07064b50, 56)
      tail.writeBigUInt64LE(BigInt(offset + size), 64)
      tail.writeUInt32LE(1, 72)
      tail.writeUInt32LE(0x06054b50, 76)
      tail.writeUInt16LE(Math.min(count, 0xffff), 84)
      tail.writeUInt16LE(Math.min(count, 0xffff), 86)
      tail.writeUInt32LE(Math.min(size, 0xffffffff), 88)
      tail.writeUInt32LE(Math.min(offset, 0xffffffff), 92)
      for (const piece of directory) if (!out.write(piece)) await once(out, 'drain')
      out.end(tail)
      await finished(out)
    },
  }
}
