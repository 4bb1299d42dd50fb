import { idOfFolder } from './moved.ts'
import { type Found, findParts } from './parts.ts'
import { remembered } from './remembered.ts'
import { Fail, say } from './stage.ts'
import type { Album, Leftover, Part, Photo } from './state.ts'
import { type ExportFile, hashEqualSizes, readPart, recall } from './takeout.ts'

type Known = {
  parts: Record<string, Part>
  photos: Record<string, Photo>
  albums: Record<string, Album>
  leftovers: Record<string, Leftover>
}

/**
 * The parts of all sources. One that was given in an earlier run and is gone is told and passed over; one that is `named`
 * now has to be there: throws Fail.
 */
export async function findSources(sources: string[], named: string[]): Promise<Found[]> {
  const found: Found[] = []
  for (const source of sources) {
    try {
      const here = await findParts([source])
      for (const path of here.passedOver)
        say(`${path}: passed over, it does not look like a Takeout`)
      found.push(...here.found)
    } catch (error) {
      if (!(error instanceof Fail) || named.includes(source)) throw error
      say(`${source}: no longer there, what is known of it stays`)
    }
  }
  return [...new Map(found.map((part) => [part.path, part])).values()]
}

/** Tells whether a part is as it was when it was read last; `seen` are the stamps of that time. Of a folder nobody knows. */
export function isSeen(part: Found, seen: string[] = []): boolean {
  return part.kind !== 'folder' && seen.includes(stampOf(part))
}

export const stampOf = ({ path, size, modified }: Found) => `${path} ${size} ${modified}`

/**
 * The files of all parts: of those that are there, and of those that are gone as the state remembers them. A part that
 * cannot be read is told and passed over; what the state knows of it stays.
 */
export async function readSources(
  found: Found[],
  seen: string[] | undefined,
  known: Known,
  tick: (part: Found) => void,
): Promise<{
  files: ExportFile[]
  read: Map<string, Part>
  gone: Set<string>
  unreadable: Set<Found>
}> {
  const files: ExportFile[] = []
  const read = new Map<string, Part>()
  const unreadable = new Set<Found>()
  for (const part of found) {
    try {
      const { id, files: listed } = await readOne(part, seen, known)
      const twin = read.get(id)
      if (twin) say(`${part.name}: the same as ${twin.name}, counted once`)
      else for (const file of listed) files.push(file)
      read.set(id, twin ?? { ...part, entries: listed.length })
    } catch (error) {
      if (!(error instanceof Fail)) throw error
      unreadable.add(part)
      say(error.message)
    }
    tick(part)
  }
  const gone = new Set(Object.keys(known.parts).filter((id) => !read.has(id)))
  for (const file of remembered(gone, known)) files.push(file)
  recall(files, known.photos)
  await hashEqualSizes(files, (part) => read.get(part)?.path)
  return { files, read, gone, unreadable }
}

/** A tgz would have to be read through: where it did not change, what is known of it does. */
async function readOne(part: Found, seen: string[] | undefined, known: Known) {
  const [id] = Object.entries(known.parts).find(([, { path }]) => path === part.path) ?? []
  const isKnown = id && isSeen(part, seen) && Object.keys(known.photos).length > 0
  if (part.kind === 'tgz' && isKnown) return { id, files: remembered(new Set([id]), known) }
  const listed = await readPart(part)
  if (part.kind !== 'folder') return listed
  const again = await idOfFolder(listed.id, listed.files, known.parts, known.photos)
  for (const file of listed.files) file.part = again
  return { id: again, files: listed.files }
}
