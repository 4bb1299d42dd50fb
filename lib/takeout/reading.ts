import { resolve } from 'node:path'
import { count } from '../progress.ts'
import { Fail, say } from '../stage.ts'
import type { Album, Leftover, Part, Photo } from '../state/records.ts'
import { hashEqualSizes, recall } from './known-bytes.ts'
import { idOfFolder } from './moved.ts'
import type { Found } from './parts.ts'
import { remembered } from './remembered.ts'
import { isGone, partsOf, type SourceFlags } from './sources.ts'
import { type ExportFile, type Reading, readPart } from './takeout.ts'

type Known = {
  parts: Record<string, Part>
  photos: Record<string, Photo>
  albums: Record<string, Album>
  leftovers: Record<string, Leftover>
}

/**
 * The parts of all sources, and what a person should see to `soon`. One that was given in an earlier run and is gone is
 * told and passed over; one that is `named` now has to be there: throws Fail.
 */
export async function findSources(
  sources: string[],
  named: string[],
  given: SourceFlags,
  known: Part[],
): Promise<{ found: Found[]; soon: string[] }> {
  const found: Found[] = []
  const soon: string[] = []
  // Drive last: what lies on disk is not read from there.
  for (const source of sources.toSorted(
    (a, b) => Number(a === 'drive:') - Number(b === 'drive:'),
  )) {
    try {
      const here = await partsOf(source, given, found, known)
      for (const path of here.passedOver)
        say(`${path}: passed over, it does not look like a Takeout`)
      if (here.found.length === 0) tellEmpty(source, known)
      found.push(...here.found)
      soon.push(...here.soon)
    } catch (error) {
      if (named.includes(source) || !(await isGone(source, error))) throw error
      say(`${source}: no longer there, what is known of it stays`)
    }
  }
  return { found: [...new Map(found.map((part) => [part.path, part])).values()], soon }
}

/** A folder that held parts and is empty now may be the place of a disk that is away. */
function tellEmpty(source: string, known: Part[]) {
  const there = known.filter(
    ({ path, drive }) => !drive && `${path}/`.startsWith(`${resolve(source)}/`),
  )
  if (there.length === 0) return
  say(
    `${source} is empty: what is known of the ${count(there.length, 'part')} there stays; if its disk is away, bring it back`,
  )
}

/** Tells whether a part is as it was when it was read last; `seen` are the stamps of that time. Of a folder nobody knows. */
export function isSeen(part: Found, seen: string[] = []): boolean {
  return part.kind !== 'folder' && seen.includes(stampOf(part))
}

// Drive dates a file anew when it is moved or renamed.
export const stampOf = ({ path, size, modified, drive }: Found) =>
  `${path} ${size} ${drive?.checksum || modified}`

/**
 * The files of all parts: of those that are there, and of those that are gone as the state remembers them. A part that
 * cannot be read is told and passed over; what the state knows of it stays.
 */
export async function readSources(
  found: Found[],
  seen: string[] | undefined,
  known: Known,
  tick: (part: Found) => void,
  reading: Reading,
): Promise<{
  files: ExportFile[]
  read: Map<string, Part>
  gone: Set<string>
  unreadable: Set<Found>
}> {
  const files: ExportFile[] = []
  const read = new Map<string, Part>()
  const unreadable = new Set<Found>()
  const told = new Set<string>()
  for (const part of found) {
    try {
      const { id, files: listed } = await readOne(part, seen, known, reading)
      const twin = read.get(id)
      if (twin) say(`${part.name}: the same as ${twin.name}, counted once`)
      else for (const file of listed) files.push(file)
      read.set(id, twin ?? { ...part, entries: listed.length })
    } catch (error) {
      if (!(error instanceof Fail)) throw error
      unreadable.add(part)
      // What befalls all of a Drive is told once.
      if (!told.has(error.message)) say(error.message)
      told.add(error.message)
    }
    tick(part)
  }
  const gone = new Set(Object.keys(known.parts).filter((id) => !read.has(id)))
  // What was picked lies in no archive.
  const archives = [...gone].filter((id) => known.parts[id]?.kind !== 'picked')
  for (const file of remembered(new Set(archives), known)) files.push(file)
  recall(files, known.photos)
  await hashEqualSizes(files, (part) => read.get(part)?.path, reading)
  return { files, read, gone, unreadable }
}

/** A tgz would have to be read through, and Drive be asked for every sidecar: what is known does where nothing changed. */
async function readOne(part: Found, seen: string[] | undefined, known: Known, reading: Reading) {
  const [id] = Object.entries(known.parts).find(([, { path }]) => path === part.path) ?? []
  const isKnown = id && isSeen(part, seen) && Object.keys(known.photos).length > 0
  if ((part.kind === 'tgz' || part.drive) && isKnown)
    return { id, files: remembered(new Set([id]), known) }
  const listed = await readPart(part, reading)
  if (part.kind !== 'folder') return listed
  const again = await idOfFolder(listed.id, listed.files, known.parts, known.photos)
  for (const file of listed.files) file.part = again
  return { id: again, files: listed.files }
}
