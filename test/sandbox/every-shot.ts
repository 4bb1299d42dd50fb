import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Exif } from './exif.ts'
import { bytesOf, type Shot } from './takeout.ts'

/**
 * What must be on the server of a file. A field that is left out is as the shot has it: its title, its time, and of its
 * `facts` caption, place, flags and names. What is nowhere said must not be there.
 */
export type Arrives = {
  name: string
  /** UTC, and the wall clock shown: `2024-06-01T12:00:00`. null: nobody can know. */
  instant: string | null
  local: string | null
  /** As Immich calls it: `Europe/Berlin`, or `UTC+2` where no place tells. undefined: whatever it is. */
  zone: string | null | undefined
  place: [number, number] | null
  description: string
  favorite: boolean
  visibility: 'timeline' | 'archive' | 'hidden' | 'locked'
  trashed: boolean
  tags: string[]
  /** Titles, one for each album. */
  albums: string[]
  /** Name of what lies on top of its stack. */
  under: string | null
  /** The file that is its motion half. */
  live: string | null
}

/** Which of the exports a file lies in; by default the newest. */
export type ExportKey = 'days' | 'v1' | 'cut' | 'french' | 'unpacked' | 'older' | 'gap' | 'main'

/** `arrives`: what must come of this file; false: nothing by itself. */
export type Told = Shot & {
  export?: ExportKey
  arrives: Partial<Arrives> | false
  /** The bytes that the server has in the place of its own. */
  becomes?: Buffer
}

export const at = (utc: string) => Date.parse(`${utc}Z`) / 1000

/** A summer's second of its own for each name: many photos of one second would be taken for Google's guess. */
function secondOf(name: string) {
  const digest = createHash('sha1').update(name).digest().readUInt32BE()
  return at('2024-07-01T10:00:00') + (digest % 2_000_000)
}

/** A small picture in its year's folder with EXIF of Central European Summer Time that agrees, unless told otherwise. */
export function still(name: string, more: Partial<Told> & { utc?: string } = {}): Told {
  const { utc, ...rest } = more
  const taken = utc === undefined ? secondOf(name) : at(utc)
  const folder = `Photos from ${new Date(taken * 1000).getUTCFullYear()}`
  return { folder, name, taken, size: [48, 36], photo: name, arrives: {}, ...rest }
}

/** EXIF with these tags and no others. */
export const onlyExif = (exif: Exif): Exif => {
  return { local: undefined, offset: undefined, place: undefined, ...exif } as Exif
}

/** The same file in another folder: nothing more arrives of it. */
export const again = (folder: string, shot: Told, more: Partial<Told> = {}): Told => {
  return { ...shot, folder, arrives: false, ...more }
}

// Apple's id in both halves of the sample: a server joins what has the same one by itself.
const SAMPLE_ID = '7C1B4E0A-52D3-4F6B-9A41-0D6E2F8B3C55'

/**
 * A sample with bytes of its own, and still a file of its kind: what follows is nothing to its readers. The halves of a live
 * photo have one salt.
 */
export function sample(file: string, salt: string): Buffer {
  const bytes = readFileSync(join(import.meta.dirname, '../fixtures/samples', file))
  const id = createHash('sha1').update(salt).digest('hex').slice(0, 12).toUpperCase()
  const at = bytes.indexOf(SAMPLE_ID)
  if (at >= 0) bytes.write(id, at + SAMPLE_ID.length - 12, 'latin1')
  const text = Buffer.from(salt)
  if (!/\.(mp4|mov|heic)$/.test(file)) return Buffer.concat([bytes, text])
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + text.length)
  head.write('free', 4, 'latin1')
  return Buffer.concat([bytes, head, text])
}

/** The sample movie with this clock (UTC seconds) and length. */
export function movie(salt: string, { utc, seconds }: { utc?: string; seconds?: number } = {}) {
  const bytes = sample('motion.mp4', salt)
  // Version 0: flags, created, modified (since 1904), then of mvhd and mdhd timescale and duration.
  for (const box of ['mvhd', 'tkhd', 'mdhd']) {
    for (let from = bytes.indexOf(box); from >= 0; from = bytes.indexOf(box, from + 4)) {
      if (utc !== undefined) {
        const since1904 = at(utc) + 2_082_844_800
        bytes.writeUInt32BE(since1904, from + 8)
        bytes.writeUInt32BE(since1904, from + 12)
      }
      if (seconds !== undefined && box === 'mvhd')
        bytes.writeUInt32BE(seconds * bytes.readUInt32BE(from + 16), from + 20)
    }
  }
  return bytes
}

/** The JPEG with this movie behind it, as Pixels hold their motion half. */
export function withMovie(jpeg: Buffer, movie: Buffer): Buffer {
  const camera = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1"'
  const text = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ${camera} GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="${movie.length}"/></rdf:RDF></x:xmpmeta>`
  const body = Buffer.from(`http://ns.adobe.com/xap/1.0/\0${text}`)
  const marker = Buffer.from([0xff, 0xe1, 0, 0])
  marker.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), marker, body, jpeg.subarray(2), movie])
}

/** What arrives of a shot, whole. */
export function arrivalOf(shot: Told): Arrives {
  const { name, title = name, taken = 0, facts = {} } = shot
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19)
  const place = facts.place ? ([facts.place[0], facts.place[1]] as [number, number]) : null
  return {
    name: title,
    instant: iso(taken),
    local: iso(taken + 7200),
    zone: 'UTC+2',
    place,
    description: facts.description ?? '',
    favorite: facts.favorite ?? false,
    visibility: facts.archived ? 'archive' : 'timeline',
    trashed: facts.trashed ?? false,
    tags: [
      ...(facts.people ?? []).map((one) => `People/${one}`),
      ...(facts.partner ? ['From partner'] : []),
    ],
    albums: [],
    under: null,
    live: null,
    ...shot.arrives,
  }
}

/** Cut in the middle of its picture data, as a broken upload once left it. */
export const truncated = (shot: Shot) => bytesOf(shot).subarray(0, -600)
