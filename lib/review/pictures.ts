import { Readable } from 'node:stream'
import { type Opened, openPart } from '../archive/archive.ts'
import { type Immich, Refused } from '../immich/immich.ts'
import { Fail } from '../stage.ts'
import type { Part, PhotoFile } from '../state/records.ts'

/** A picture on its way to the page; or why there is none, in a sentence. */
export type Shown = { type: string; bytes: AsyncIterable<Buffer> } | { none: string }

// What browsers show by themselves, by the names of files and as servers call it. No SVG: that can hold scripts.
export const TYPES: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
}
const SAFE = new Set(Object.values(TYPES))
const MOVIES = /^(mp4|mov|m4v|3gp|avi|mkv|mpg|wmv|webm|mts|m2ts)$/
// Larger ones take too much memory to be made smaller here.
const LARGEST = 80 << 20

/** The server's picture of an asset, as it was edited there. `large`: the file itself, where a browser shows it and the key may have it. */
export async function assetPicture(
  server: Immich,
  id: string,
  size: 'thumbnail' | 'preview' | 'large',
): Promise<Shown> {
  try {
    if (size === 'large') return (await original(server, id)) ?? assetPicture(server, id, 'preview')
    const { headers, chunks } = await server.picture(id, size)
    const type = String(headers['content-type']).split(';')[0]?.trim() ?? ''
    if (SAFE.has(type)) return { type, bytes: chunks }
    await chunks.return(undefined)
    return { none: 'Immich shows it in no way that a browser knows' }
  } catch (error) {
    if (error instanceof Refused) return { none: `Immich has no picture of it (${error.status})` }
    throw error
  }
}

async function original(server: Immich, id: string): Promise<Shown | undefined> {
  try {
    const { originalFileName, isEdited } = await server.asset(id)
    const type = TYPES[extension(originalFileName)]
    if (!type || isEdited) return undefined
    const bytes = server.original(id)
    // Whether the key may have it, the first chunk tells.
    const first = await bytes.next()
    return { type, bytes: from(first.value as Buffer, bytes) }
  } catch (error) {
    if (error instanceof Refused || error instanceof Fail) return undefined
    throw error
  }
}

async function* from(first: Buffer, rest: AsyncGenerator<Buffer>) {
  try {
    yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

/** A file of a Takeout, out of its archive. */
export function archivePictures() {
  // Two archives stay open: what is looked at lies together, and the directory of one is read once.
  const opened = new Map<string, Promise<Opened>>()

  async function partOf(part: Part) {
    const found = opened.get(part.path) ?? openPart(part)
    opened.delete(part.path)
    opened.set(part.path, found)
    found.catch(() => opened.delete(part.path))
    for (const [path, old] of [...opened].slice(0, -2)) {
      opened.delete(path)
      void old.then((one) => one.close()).catch(() => {})
    }
    return found
  }

  async function picture(part: Part, file: PhotoFile): Promise<Shown> {
    const kind = extension(file.path)
    if (MOVIES.test(kind)) return { none: 'It is a film' }
    if (part.kind === 'picked') return { none: 'It lies at Google until it is sent' }
    if (part.kind === 'tgz')
      return { none: 'It lies in a .tgz, which has to be read through to get at it' }
    const [body] = (await partOf(part)).bodies([file])
    if (!body) return { none: 'It is not in its archive any more' }
    const type = TYPES[kind]
    if (type) return { type, bytes: body.open() }
    if (file.size > LARGEST) return { none: `No browser shows ${kind.toUpperCase()}` }
    return (await smaller(body.open())) ?? { none: `No browser shows ${kind.toUpperCase()}` }
  }

  return {
    picture,
    async close() {
      await Promise.allSettled([...opened.values()].map(async (one) => (await one).close()))
    },
  }
}

/** As a JPEG of some 1440 pixels; undefined where sharp cannot read it (HEIC, most RAW). */
async function smaller(bytes: AsyncIterable<Buffer>): Promise<Shown | undefined> {
  try {
    const whole: Buffer[] = []
    for await (const chunk of bytes) whole.push(chunk)
    return (await asJpeg(Buffer.concat(whole), 1440)) ?? undefined
  } catch (error) {
    if (error instanceof Fail) throw error
    return undefined
  }
}

/** A picture, as its path or its bytes, upright and no larger than so many pixels a side; null where sharp cannot read it. */
export async function asJpeg(picture: string | Buffer, most: number): Promise<Shown | null> {
  try {
    const { default: sharp } = await import('sharp')
    const upright = sharp(picture).autoOrient()
    const jpeg = await upright
      .resize(most, most, { fit: 'inside', withoutEnlargement: true })
      .jpeg()
      .toBuffer()
    return { type: 'image/jpeg', bytes: Readable.from([jpeg]) }
  } catch {
    return null
  }
}

export const extension = (name: string) => /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
