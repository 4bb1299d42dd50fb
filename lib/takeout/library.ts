import type { Album, Photo } from '../state/records.ts'
import { type Account, openAccount } from './account.ts'
import { type Heads, settleDoubts } from './doubts.ts'
import { type Media, readFolders } from './exported.ts'
import { headOf, idsOf, joinMedia, keyOf } from './joining.ts'
import { albumsOf } from './members.ts'
import { markClusters, photoOf } from './photos.ts'
import { mainOf } from './roles.ts'
import { joinSizes, type Looks } from './sizes.ts'
import type { ExportFile } from './takeout.ts'

export type Library = Account & {
  photos: Record<string, Photo>
  albums: Record<string, Album>
}

/**
 * From the files of all parts to photos, albums and what is in neither: design section 5, rules 1 to 9. `exportOf` gives a
 * part's export; `waiting` holds exports of which a part is known to be missing; `old` is what the state holds, so that a
 * photo and an album keep their ids; `heads` reads the heads of files, and `looks` decodes them, where only that can tell.
 */
export async function assemble(
  files: ExportFile[],
  {
    exportOf,
    waiting = new Set(),
    old = { photos: {}, albums: {} },
    heads = async () => {},
    looks = async () => new Map(),
    memories = false,
    comments = false,
  }: {
    exportOf: (part: string) => string
    waiting?: Set<string>
    old?: { photos: Record<string, Photo>; albums: Record<string, Album> }
    heads?: Heads
    looks?: Looks
    /** Memories folders are albums, too. */
    memories?: boolean
    /** Comments go into the album's description. */
    comments?: boolean
  },
): Promise<Library> {
  const account = openAccount()
  const folders = readFolders(files, exportOf, account)
  await settleDoubts(folders, heads, account, waiting)
  const joined = joinMedia(folders.flatMap(({ media }) => media))
  const groups = await joinSizes(joined, heads, looks)
  const sized: ExportFile[] = []
  for (const group of groups.values()) if (group.length > 1) sized.push(...differentSizes(group))
  await heads(sized)

  const ids = idsOf(groups, mainOf, old.photos)
  const photos: Record<string, Photo> = Object.create(null)
  const all: Photo[] = []
  for (const [head, group] of groups) {
    const id = ids.get(head) as string
    const waits = waiting.size > 0 && group.some((one) => waiting.has(one.export))
    const photo = photoOf(id, group, account, waits)
    photos[id] = photo
    all.push(photo)
  }
  markClusters(all)
  const idOf = (one: Media) => ids.get(headOf(one)) as string
  const albums = albumsOf(folders, photos, idOf, old.albums, { memories, comments }, account)
  return { photos, albums, ...account }
}

/** Originals of one photo whose bytes differ: how many pixels they have tells which one stays. */
function differentSizes(group: Media[]): ExportFile[] {
  const originals = group.filter((one) => !one.of && one.pair.role === 'original')
  const byBytes = new Map(originals.map((one) => [keyOf(one), one.file]))
  return byBytes.size > 1 ? originals.map(({ file }) => file) : []
}
