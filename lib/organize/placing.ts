import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathKey, safeName } from '../folders/paths.ts'
import { sameBytes } from '../folders/same.ts'
import type { Entry } from '../folders/walking.ts'
import { isLeftDraft } from '../folders/writing.ts'
import { mediaKind, splitName } from '../pairing/media.ts'
import { readFileHead } from '../picture/file-head.ts'
import type { Head } from '../picture/picture.ts'
import { filesOf, type Unit } from './units.ts'
import { whenTaken } from './when.ts'

/** Where a file of a unit goes. `there`: the same bytes have that name already; `differs`: other bytes do, of a sidecar. */
export type Target = { entry: Entry; to: string; is: 'free' | 'there' | 'differs' }

/**
 * What the folders of the gallery hold, read when they are first asked for: by name as a disk sees it that does not tell
 * capitals. What a killed run was writing is swept out where `sweeps`.
 */
export function openGallery({ sweeps }: { sweeps: boolean }) {
  /** Folder -> key of a name -> where its bytes are, which in a dry run is still the inbox. */
  const folders = new Map<string, Map<string, string>>()
  const bases = new Map<string, Map<string, Set<string>>>()

  function namesIn(folder: string) {
    const known = folders.get(folder)
    if (known) return known
    const names = new Map<string, string>()
    folders.set(folder, names)
    bases.set(folder, new Map())
    for (const name of list(folder)) {
      if (!isLeftDraft(name)) enter(join(folder, name), join(folder, name))
      else if (sweeps) rmSync(join(folder, name), { force: true })
    }
    return names
  }

  function enter(path: string, bytesAt: string) {
    const folder = dirname(path)
    const key = pathKey(basename(path))
    folders.get(folder)?.set(key, bytesAt)
    const byBase = bases.get(folder)
    const base = splitName(key).base
    byBase?.set(base, (byBase.get(base) ?? new Set()).add(key))
  }

  /** Takes the names; the bytes of each are read at its source until they are there. */
  function take(targets: Target[]) {
    for (const { to, entry } of targets) {
      namesIn(dirname(to))
      enter(to, entry.path)
    }
  }

  /**
   * The targets of a unit in `folder`, with `stem` for the name of its main file: numbered `-2`, `-3`, … all alike, until each
   * of its names is free or has the same bytes, and no other photo of that stem is there that it could be taken for a half of.
   */
  async function place(
    unit: Unit,
    folder: string,
    stem: string,
    lowers = false,
  ): Promise<Target[]> {
    for (let number = 1; ; number++) {
      const targets = await tryStem(unit, folder, number === 1 ? stem : `${stem}-${number}`, lowers)
      if (targets) return targets
    }
  }

  /** The same for one stem; undefined where it does not fit. */
  async function tryStem(unit: Unit, folder: string, stem: string, lowers = false) {
    const targets: Target[] = []
    const taken = new Set<string>()
    for (const entry of filesOf(unit)) {
      const name = nameAt(stem, entry, unit.main, lowers)
      const to = join(folder, taken.has(pathKey(name)) ? safeName(`${stem}-${entry.name}`) : name)
      taken.add(pathKey(basename(to)))
      const there = namesIn(folder).get(pathKey(basename(to)))
      const isSame = there !== undefined && (await isSameFile(entry, there))
      targets.push({ entry, to, is: there === undefined ? 'free' : isSame ? 'there' : 'differs' })
    }
    const media = targets.slice(0, unit.media.length)
    if (media.some(({ is }) => is === 'differs')) return
    const isNew = media.every(({ is }) => is === 'free')
    // A sidecar that its owner changed since stays as it is, beside its photo.
    if (isNew && targets.some(({ is }) => is === 'differs')) return
    return (await hasStranger(unit, folder, stem, taken, lowers)) ? undefined : targets
  }

  async function hasStranger(
    unit: Unit,
    folder: string,
    stem: string,
    own: Set<string>,
    byTime: boolean,
  ) {
    const names = bases.get(folder)?.get(pathKey(stem)) ?? []
    for (const key of names) {
      if (own.has(key) || !mediaKind(key)) continue
      const at = folders.get(folder)?.get(key)
      if (at !== undefined && !(await isOfOne(unit.main, at, byTime))) return true
    }
    return false
  }

  return {
    place,
    tryStem,
    take,
    has: (path: string) => namesIn(dirname(path)).has(pathKey(basename(path))),
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return []
  }
}

/** A member's name: the stem in place of the main file's, so that what belonged together by name still does. */
function nameAt(stem: string, { name }: Entry, main: Entry, lowers: boolean) {
  const { base } = splitName(main.name)
  const rest = name.slice(base.length)
  if (name.slice(0, base.length).toLowerCase() === base.toLowerCase())
    return safeName(stem + (lowers ? rest.toLowerCase() : rest))
  return safeName(stem === safeName(base) ? name : `${stem}-${name}`)
}

async function isSameFile(entry: Entry, path: string): Promise<boolean> {
  return sameBytes(entry.path, path).catch((error) => {
    // Its owner has just removed it, or a folder has that name.
    if (['ENOENT', 'EISDIR'].includes(error.code)) return false
    throw error
  })
}

// Halves of a live photo have times of their own.
const TOGETHER_MS = 3000

/**
 * Whether a file there is another half or rendering of this photo, by Apple's id, else by the time; where names are made of the
 * time that tells nothing.
 */
async function isOfOne(main: Entry, there: string, isNamedByTime: boolean): Promise<boolean> {
  const none = (): Head => ({})
  const one = await readFileHead(main.path, main.name).catch(none)
  const other = await readFileHead(there, basename(there)).catch(none)
  if (one.contentId && other.contentId) return one.contentId === other.contentId
  if (isNamedByTime) return false
  const [a, b] = [
    whenTaken({ name: main.name, head: one }),
    whenTaken({ name: basename(there), head: other }),
  ]
  if (!a || !b) return false
  return Math.abs(Date.parse(`${a.local}Z`) - Date.parse(`${b.local}Z`)) <= TOGETHER_MS
}
