import { bodies } from '../archive/archive.ts'
import { HEAD_BYTES, readHead } from '../picture/picture.ts'
import { Fail } from '../stage.ts'
import type { Part, Seen } from '../state/state.ts'
import type { Heads } from './doubts.ts'
import type { ExportFile } from './takeout.ts'

/** Reads heads out of the parts that are there; each file's once, and a tgz through once for all of them. */
export function headsOf(parts: Map<string, Part>): Heads {
  return async (files) => {
    const unread = new Set(files.filter(({ head, part }) => !head && parts.has(part)))
    for (const [part, inPart] of Map.groupBy(unread, (file) => file.part)) {
      const byPath = new Map(inPart.map((file) => [file.path, file]))
      const wanted = inPart.map((file) => ({ ...file, role: 'original' as const, why: '' }))
      try {
        for await (const { path, open } of bodies(parts.get(part) as Part, wanted)) {
          const file = byPath.get(path) as ExportFile
          file.head = await seen(open(), path)
        }
      } catch (error) {
        // What cannot be read now is told when its bytes are needed.
        if (!(error instanceof Fail)) throw error
      }
    }
  }
}

async function seen(stream: AsyncGenerator<Buffer>, path: string): Promise<Seen> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= HEAD_BYTES) break
    }
  } catch (error) {
    if (!(error instanceof Fail) && !(error as NodeJS.ErrnoException).code) throw error
  }
  const { width, height, local, seconds, contentId } = await readHead(Buffer.concat(chunks), path)
  return {
    ...(width && height && { width, height }),
    ...(local && { local }),
    ...(seconds !== undefined && { seconds }),
    ...(contentId && { contentId }),
  }
}
