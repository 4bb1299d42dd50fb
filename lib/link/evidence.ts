import { createHash } from 'node:crypto'
import { bodies } from '../archive/archive.ts'
import { HEAD_BYTES, readHead } from '../picture/picture.ts'
import { Fail } from '../stage.ts'
import type { Link, Part, Photo, PhotoFile } from '../state/records.ts'
import { type AssetIndex, type Bytes, sameName, sameSize } from './matching.ts'

/** A file to read: `whole` where an asset has its size, so that only the bytes decide; else its head alone. */
export type Doubt = { id: string; file: PhotoFile; whole: boolean }

/** The photos' files that have to be read before they can be matched, by part and path. */
export function doubts(
  ids: string[],
  photos: Record<string, Photo>,
  links: Record<string, Link>,
  parts: Record<string, Part>,
  index: AssetIndex,
): Map<string, Map<string, Doubt>> {
  const wanted = new Map<string, Map<string, Doubt>>()
  for (const id of ids) {
    const photo = photos[id] as Photo
    const [main] = photo.files
    const file = photo.files.find(
      ({ part, size, crc }) =>
        parts[part] && parts[part].kind !== 'picked' && size === main?.size && crc === main.crc,
    )
    if (!file) continue
    const whole = !links[id]?.sha1 && sameSize(photo, index).length > 0
    if (!whole && sameName(photo, index).length === 0) continue
    const inPart = wanted.get(file.part) ?? new Map()
    wanted.set(file.part, inPart.set(file.path, { id, file, whole }))
  }
  return wanted
}

/** How many bytes of it are read. */
export const bytesOf = ({ file, whole }: Doubt) =>
  whole ? file.size : Math.min(file.size, HEAD_BYTES)

/** Reads them, each once. Of what cannot be read `problem` is told, and the others go on; `reading` of each piece. */
export async function* readDoubts(
  part: Part,
  wanted: Map<string, Doubt>,
  problem: (message: string) => void,
  reading: (bytes: number, id: string) => void,
): AsyncGenerator<[id: string, bytes: Bytes]> {
  const files = [...wanted.values()].map(({ file }) => file)
  try {
    for await (const { path, open } of bodies(part, files)) {
      const { id, whole } = wanted.get(path) as Doubt
      try {
        yield [id, await read(open(), path, whole, (bytes) => reading(bytes, id))]
      } catch (error) {
        if (!(error instanceof Fail)) throw error
        problem(error.message)
      }
    }
  } catch (error) {
    if (!(error instanceof Fail)) throw error
    problem(error.message)
  }
}

async function read(
  chunks: AsyncGenerator<Buffer>,
  path: string,
  whole: boolean,
  reading: (bytes: number) => void,
): Promise<Bytes> {
  const hash = createHash('sha1')
  let head = Buffer.alloc(0)
  for await (const chunk of chunks) {
    reading(chunk.length)
    if (head.length < HEAD_BYTES)
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
    if (whole) hash.update(chunk)
    else if (head.length >= HEAD_BYTES) break
  }
  const { width, height } = await readHead(head, path)
  return {
    ...(whole && { sha1: hash.digest('hex') }),
    ...(width && { width }),
    ...(height && { height }),
  }
}
