import { push } from '../pairing/folder.ts'
import { mediaKind } from '../pairing/media.ts'
import { type Pair, pairFolder } from '../pairing/pairing.ts'
import type { Facts } from '../state/records.ts'
import { type Account, drop, enter, leave } from './account.ts'
import { type FolderKind, folderKinds, type Placed, placeFiles } from './export.ts'
import { stampOf } from './parts.ts'
import type { ExportFile } from './takeout.ts'

export type Sidecar = ExportFile & { json: { kind: 'photo'; facts: Facts } }

/** One media file with what its folder says of it. */
export type Media = Placed & {
  export: string
  kind: FolderKind
  pair: Pair
  /** The file that the pair's sidecar name stands for. */
  sidecar?: Sidecar
  /** Of an uncertain pair: another fact agrees with it. */
  trusted?: boolean
  /** Of an edited copy or a motion half: what it belongs to. */
  of?: Media
  /** Photos are groups of media: this is the way to the group's head. */
  head?: Media
  /** Of its bytes, worked out once. */
  key?: string
}

/** One folder of one export, all parts together. */
export type Folder = {
  export: string
  folder: string
  kind: FolderKind
  media: Media[]
  /** Sidecars without their media here. */
  orphans: Sidecar[]
  /** Those of them that fit several. */
  refused: Set<Sidecar>
  /** More than one where parts repeat it; they say the same. */
  albumFiles: ExportFile[]
}

/** The folders of all exports, the oldest export first. What is neither photo, sidecar nor album goes to the account. */
export function readFolders(
  files: ExportFile[],
  exportOf: (part: string) => string,
  account: Account,
): Folder[] {
  const exports = [...Map.groupBy(files, (file) => exportOf(file.part))]
  const age = ([name]: [string, unknown]) => `${stampOf(name)} ${name}`
  return exports
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))
    .flatMap(([name, inExport]) => {
      const { placed, outside } = placeFiles(inExport)
      for (const { file, why } of outside) {
        if (file.problem) drop(account, file, 'broken', file.problem)
        else drop(account, file, why === 'account' ? 'account' : 'ignored', why)
      }
      const sorted = new Map<string, Sorted>()
      for (const [folder, inFolder] of Map.groupBy(placed, ({ folder }) => folder))
        sorted.set(folder, sort(inFolder, account))
      const kinds = folderKinds(new Map([...sorted].map(([folder, s]) => [folder, signsOf(s)])))
      return [...sorted].map(([folder, inFolder]) =>
        readFolder({ export: name, folder, kind: kinds.get(folder) ?? 'other' }, inFolder, account),
      )
    })
}

type Sorted = {
  media: Placed[]
  sidecars: Map<string, Sidecar[]>
  albumFiles: ExportFile[]
  conversation: boolean
}

function sort(inFolder: Placed[], account: Account): Sorted {
  const sorted: Sorted = { media: [], sidecars: new Map(), albumFiles: [], conversation: false }
  for (const one of inFolder) {
    const { file, name } = one
    const { json, problem } = file
    if (problem) drop(account, file, 'broken', problem)
    else if (json?.kind === 'photo') push(sorted.sidecars, name, file as Sidecar)
    else if (json?.kind === 'album' && !json.conversation) sorted.albumFiles.push(file)
    else if (json?.kind === 'album') {
      sorted.conversation = true
      drop(account, file, 'account', 'a conversation')
    } else if (json?.kind === 'broken')
      drop(account, file, 'broken', `unreadable sidecar: ${json.why}`)
    else if (json) drop(account, file, 'account', 'account')
    else if (!mediaKind(name)) drop(account, file, 'ignored', NO_MEDIA)
    else if (file.size === 0) drop(account, file, 'broken', 'empty file')
    else sorted.media.push(one)
  }
  return sorted
}

const NO_MEDIA = 'neither a photo nor a video'

function signsOf({ sidecars, albumFiles, conversation }: Sorted) {
  const years = new Map<number, number>()
  const all = [...sidecars.values()].flat()
  for (const { json } of all) {
    if (json.facts.taken === undefined) continue
    const year = new Date(json.facts.taken * 1000).getUTCFullYear()
    years.set(year, (years.get(year) ?? 0) + 1)
  }
  const trashed = all.length > 0 && all.every(({ json }) => json.facts.trashed)
  return { albumFile: albumFiles.length > 0, conversation, trashed, years }
}

function readFolder(
  at: Pick<Folder, 'export' | 'folder' | 'kind'>,
  { media, sidecars, albumFiles }: Sorted,
  account: Account,
): Folder {
  for (const file of albumFiles) enter(account, file, { role: 'album', why: 'album file' })
  const byName = Map.groupBy(media, ({ name }) => name)
  const { pairs, orphans, refused } = pairFolder(
    [...byName].map(([name, [first]]) => ({ name, size: first?.file.size, crc: first?.file.crc })),
    [...sidecars].map(([name, all]) => {
      const { title, taken } = newest(all).json.facts
      return { name, ...(title !== undefined && { title }), ...(taken !== undefined && { taken }) }
    }),
  )
  const all: Media[] = []
  for (const pair of pairs) {
    const same = byName.get(pair.media) ?? []
    // Without an extension that anybody knows only its sidecar, or a still beside it, makes a file a photo.
    if (!pair.sidecar && !pair.of && mediaKind(pair.media) === 'unknown') {
      for (const { file } of same) drop(account, file, 'ignored', NO_MEDIA)
      continue
    }
    // One name in two parts: usually one file twice, and where it is not, both have the same right to the sidecar.
    const named = (pair.sidecar !== null && sidecars.get(pair.sidecar)) || []
    const sidecar = named.length > 0 ? newest(named) : undefined
    for (const { file, name } of same) {
      const entry: Media = { file, name, export: at.export, folder: at.folder, kind: at.kind, pair }
      if (sidecar) entry.sidecar = sidecar
      all.push(entry)
    }
    // Of a sidecar that two parts hold the newer one speaks, and the other is known as the same.
    for (const file of named) {
      const again = file !== sidecar && 'the same sidecar again, or an older one'
      const of = same[0]?.file.path ?? null
      enter(account, file, { role: 'sidecar', of, certain: pair.certain, why: again || pair.why })
      if (again) leave(account, file, again)
    }
  }
  const halves = all.filter(({ pair }) => pair.of !== null)
  const first = new Map<string, Media>()
  for (const entry of halves.length > 0 ? all : [])
    if (!first.has(entry.name)) first.set(entry.name, entry)
  for (const entry of halves) {
    const of = first.get(entry.pair.of as string)
    if (of) entry.of = of
  }
  return {
    ...at,
    media: all,
    orphans: orphans.flatMap((name) => sidecars.get(name) ?? []),
    refused: new Set(refused.flatMap((name) => sidecars.get(name) ?? [])),
    albumFiles,
  }
}

function newest(all: Sidecar[]): Sidecar {
  return all.reduce((a, b) => ((b.json.facts.modified ?? 0) > (a.json.facts.modified ?? 0) ? b : a))
}
