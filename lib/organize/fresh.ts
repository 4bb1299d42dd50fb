import { readFile } from 'node:fs/promises'
import type { Entry } from '../folders/walking.ts'
import { mediaKind, splitName } from '../pairing/media.ts'
import { readEdit } from '../pairing/naming.ts'
import { readJson } from '../pairing/sidecar.ts'
import { readFileHead } from '../picture/file-head.ts'
import type { Head } from '../picture/picture.ts'
import { pool } from '../pool.ts'
import { exoticTime, isExotic } from './exotic.ts'
import { filesOf, type Heads, isJson, type Json, type Unit, unitsOf } from './units.ts'
import { type When, whenTaken } from './when.ts'

export type Fresh = { units: Unit[]; others: { entry: Entry; why: string }[]; heads: Heads }

/**
 * The units of a folder that hold anything new, whole. What has nothing to do with the new is not looked at: a phone's folder
 * of 50,000 photos to which ten came costs ten.
 */
export async function freshUnits(
  files: Entry[],
  isDone: (entry: Entry) => boolean,
): Promise<Fresh> {
  const heads = headsOnDisk()
  const fresh = files.filter((entry) => !isDone(entry))
  if (fresh.length === 0) return { units: [], others: [], heads }
  // Google names a sidecar after what is left of its photo's name: there all have to be seen.
  const kin = new Set(fresh.map(kinOf))
  const near = files.some(isJson) ? files : files.filter((entry) => kin.has(kinOf(entry)))
  const jsons: Json[] = []
  await pool(near.filter(isJson), 8, async (entry) => {
    jsons.push(await jsonOf(entry))
  })
  const { units, others } = await unitsOf(near, jsons, heads)
  const isFresh = new Set(fresh)
  return {
    units: units.filter((unit) => filesOf(unit).some((one) => isFresh.has(one))),
    others: others.filter(({ entry }) => isFresh.has(entry)),
    heads,
  }
}

/** The same for all that can belong together by name, but for Google's sidecars. */
function kinOf({ name }: Entry) {
  const { base } = splitName(name)
  const plain = readEdit({ name: base, number: '' })?.base ?? base
  return plain
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/^img_[eo](\d{4})$/, 'img_$1')
}

async function jsonOf(entry: Entry): Promise<Json> {
  const json = readJson(await readFile(entry.path).catch(() => Buffer.alloc(0)))
  return { entry, facts: json.kind === 'photo' ? json.facts : null }
}

function headsOnDisk(): Heads {
  const known = new Map<string, Promise<Head>>()
  return ({ path, name }) => {
    const head = known.get(path) ?? readFileHead(path, name).catch(() => ({}))
    known.set(path, head)
    return head
  }
}

const MAX_XMP = 1 << 20

/** When the photo of a unit was taken: by its main file and its sidecars, else by another of its files. */
export async function timeOf(
  unit: Unit,
  heads: Heads,
  { mtime = false } = {},
): Promise<When | null> {
  const { main, media, xmp, facts } = unit
  const text =
    xmp && xmp.size <= MAX_XMP ? String(await readFile(xmp.path).catch(() => '')) : undefined
  const known = async (one: Entry) => ({
    name: one.name,
    head: await heads(one),
    ...(one === main && { xmp: text, facts }),
  })
  const own = await known(main)
  const when = whenTaken(own)
  if ((!when || when.from === 'name') && isExotic(own.head) && mediaKind(main.name) !== null) {
    const more = whenTaken({ ...own, head: await exoticTime(main.path, own.head) })
    if (more) return more
  }
  if (when) return when
  for (const one of media.slice(1)) {
    const other = whenTaken(await known(one))
    if (other) return other
  }
  return mtime ? whenTaken({ name: '', head: {}, modified: main.modified }) : null
}
