import { type Body, bodies } from '../archive/archive.ts'
import { looksOf } from '../picture/looks.ts'
import { HEAD_BYTES, readHead } from '../picture/picture.ts'
import { doing } from '../spent.ts'
import { Fail } from '../stage.ts'
import type { Part, Seen } from '../state/records.ts'
import type { Heads } from './doubts.ts'
import type { Looks } from './sizes.ts'
import type { ExportFile } from './takeout.ts'

/** Reads heads out of the parts that are there; each file's once, and a tgz through once for all of them. */
export function headsOf(parts: Map<string, Part>): Heads {
  return async (files) => {
    const unread = files.filter(({ head }) => !head)
    await eachOf(parts, unread, async (file, open) => {
      file.head = await seen(await bytesOf(open(), HEAD_BYTES), file.path)
    })
  }
}

// A picture above this is a scan or a panorama, which nobody keeps twice.
const MAX_PICTURE_BYTES = 100e6

/** Decodes pictures out of the parts that are there, one at a time. */
export function looksIn(parts: Map<string, Part>): Looks {
  return async (files) => {
    const looks = new Map<ExportFile, Buffer | null>()
    const fitting = files.filter(({ size }) => size <= MAX_PICTURE_BYTES)
    await eachOf(parts, fitting, async (file, open) => {
      looks.set(file, await looksOf(await bytesOf(open(), MAX_PICTURE_BYTES)))
    })
    return looks
  }
}

/** What cannot be read now is passed over: it is told when its bytes are needed. */
async function eachOf(
  parts: Map<string, Part>,
  files: ExportFile[],
  take: (file: ExportFile, open: Body['open']) => Promise<void>,
) {
  const there = new Set(files.filter(({ part }) => parts.has(part)))
  for (const [part, inPart] of Map.groupBy(there, (file) => file.part)) {
    const byPath = new Map(inPart.map((file) => [file.path, file]))
    const wanted = inPart.map((file) => ({ ...file, role: 'original' as const, why: '' }))
    const over = doing('reading')
    try {
      for await (const { path, open } of bodies(parts.get(part) as Part, wanted))
        await take(byPath.get(path) as ExportFile, open)
    } catch (error) {
      if (!(error instanceof Fail)) throw error
    } finally {
      over()
    }
  }
}

/** The first `most` bytes, or more; fewer where the stream breaks off. */
async function bytesOf(stream: AsyncGenerator<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= most) break
    }
  } catch (error) {
    if (!(error instanceof Fail) && !(error as NodeJS.ErrnoException).code) throw error
  }
  return Buffer.concat(chunks)
}

async function seen(bytes: Buffer, path: string): Promise<Seen> {
  const { width, height, local, seconds, contentId } = await readHead(bytes, path)
  return {
    ...(width && height && { width, height }),
    ...(local && { local }),
    ...(seconds !== undefined && { seconds }),
    ...(contentId && { contentId }),
  }
}
