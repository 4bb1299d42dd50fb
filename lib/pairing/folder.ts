import { mediaKind, splitName } from './media.ts'
import {
  cutToTheLimit,
  type Reading,
  readMediaName,
  readSidecarName,
  type Spelling,
} from './naming.ts'

export type FolderFile = { name: string; size?: number; crc?: string | null }
/** A JSON that is a photo's sidecar by its content. `taken` in UTC seconds. */
export type FolderSidecar = { name: string; title?: string; taken?: number }
/**
 * What belongs to one media file. `of`: the original of an edited copy (null where it is missing), the still of a motion
 * half. `certain` false: the evidence is indirect or speaks for two photos. `why`: the rule, in a few stable words.
 */
export type Pair = {
  media: string
  sidecar: string | null
  role: 'original' | 'edited' | 'motion'
  of: string | null
  certain: boolean
  why: string
}

/** `free`: no media has it, and none was refused over it. `contested`: it fits several. */
export type Sidecar = {
  file: FolderSidecar
  readings: Reading[]
  free: boolean
  contested: boolean
}
/** A sidecar, how its name was read, and the reading of the media name that it fits. */
export type Hit = { sidecar: Sidecar; reading: Reading; spelling: Spelling }
export type Media = {
  files: FolderFile[]
  /** The name in NFC: zips hold that, what macOS unpacked is NFD. */
  key: string
  kind: 'image' | 'video' | 'unknown'
  /** The reading with a number first. */
  spellings: Spelling[]
  /** `number`: of its collision, as the sidecar's name has it. */
  own: { sidecar: Sidecar; number?: string; certain: boolean; why: string } | null
  contested: boolean
}
export type Folder = {
  media: Media[]
  sidecars: Sidecar[]
  byKey: Map<string, Media>
  /** Stills and videos by kind and name without the extension, the number still in it: `image/IMG_1(1)`. */
  byBase: Map<string, Media[]>
  byTarget: Map<string, { sidecar: Sidecar; reading: Reading }[]>
  /** Titles of the sidecars whose stem may be the beginning of a longer name, whatever their number. */
  byStem: Map<string, Stem>
}
export type Stem = { titles: string[]; shared: Map<string, boolean> }

/** Both sides of a folder, found by name from either. */
export function readFolder(files: FolderFile[], jsons: FolderSidecar[]): Folder {
  const media = byName(files).map(({ key, same }): Media => {
    const { plain, numbered } = readMediaName(key)
    const kind = mediaKind(key) ?? 'unknown'
    const spellings = numbered ? [numbered, plain] : [plain]
    return { files: same, key, kind, spellings, own: null, contested: false }
  })
  const sidecars = byName(jsons).map(({ key, same: [file] }): Sidecar => {
    return {
      file: file as FolderSidecar,
      readings: readSidecarName(key),
      free: true,
      contested: false,
    }
  })
  const byTarget: Folder['byTarget'] = new Map()
  for (const sidecar of sidecars) {
    for (const reading of sidecar.readings) push(byTarget, target(reading), { sidecar, reading })
  }
  // Few folders have an edited copy, a video or names so long that anybody asks.
  let byKey: Folder['byKey'] | undefined
  let byBase: Folder['byBase'] | undefined
  let byStem: Folder['byStem'] | undefined
  return {
    media,
    sidecars,
    byTarget,
    get byKey() {
      byKey ??= new Map(media.map((one) => [one.key, one]))
      return byKey
    },
    get byBase() {
      byBase ??= basesOf(media)
      return byBase
    },
    get byStem() {
      byStem ??= stemsOf(sidecars)
      return byStem
    },
  }
}

function basesOf(media: Media[]): Folder['byBase'] {
  const byBase: Folder['byBase'] = new Map()
  for (const one of media) {
    const { base, extension } = splitName(one.key)
    if (one.kind !== 'unknown' && /^\.\w+$/.test(extension))
      push(byBase, `${one.kind}/${base}`, one)
  }
  return byBase
}

function stemsOf(sidecars: Sidecar[]): Folder['byStem'] {
  const byStem: Folder['byStem'] = new Map()
  for (const { file, readings } of sidecars) {
    if (file.title === undefined) continue
    for (const { name } of readings.filter((r) => r.form === 'v1' && cutToTheLimit(r))) {
      const stem: Stem = byStem.get(name) ?? { titles: [], shared: new Map() }
      stem.titles.push(file.title)
      byStem.set(name, stem)
    }
  }
  return byStem
}

/** Grouped by name in NFC, sorted. */
function byName<File extends { name: string }>(files: File[]): { key: string; same: File[] }[] {
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  const keyed = files.map((file) => ({ key: file.name.normalize('NFC'), file }))
  keyed.sort((a, b) => order(a.key, b.key) || order(a.file.name, b.file.name))
  const groups: { key: string; same: File[] }[] = []
  for (const { key, file } of keyed) {
    const last = groups.at(-1)
    if (last?.key === key) last.same.push(file)
    else groups.push({ key, same: [file] })
  }
  return groups
}

export function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value) {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}

/** Free sidecars that name a spelling exactly. */
export function named({ byTarget }: Folder, spelling: Spelling, forms: Reading['form'][]): Hit[] {
  const hits: Hit[] = []
  for (const { sidecar, reading } of byTarget.get(target(spelling)) ?? [])
    if (sidecar.free && forms.includes(reading.form)) hits.push({ sidecar, reading, spelling })
  return hits
}

/** No name of a file holds a slash. */
export function target({ name, number }: Spelling): string {
  return number === '' ? name : `${number}/${name}`
}
