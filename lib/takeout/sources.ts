import { Fail, hint, say, wholeNumber } from '../stage.ts'
import type { Part } from '../state/records.ts'
import { albumParts, albumSource } from './album-parts.ts'
import { type Found, findParts } from './parts.ts'

export const sourceFlags = {
  drive: { type: 'boolean' },
  settle: { type: 'string', default: '2' },
  download: { type: 'string' },
  'max-bytes-per-day': { type: 'string' },
  album: { type: 'string', multiple: true },
  share: { type: 'string', multiple: true },
  pick: { type: 'boolean' },
  'no-browser': { type: 'boolean' },
} as const

export const sourceUsage = `  --drive                   also the Takeouts in your Google Drive, read in pieces (make auth ARGS="--google drive" first)
    --settle 2              an export counts when nothing was added to it for so many hours
    --download FOLDER       take .tgz parts to disk, which cannot be read in pieces
    --max-bytes-per-day 500GB   no more than these out of Drive, all stages together (MAX_BYTES_PER_DAY)
  --album 'Title=path'      an album by itself: the zip that "Download all" makes, or a folder of such; what is new in it is added
  --pick                    pick photos on a page of Google's: without their place, films transcoded (make auth ARGS="--google picker" first)
  --share URL               fragile: read the public page of a shared album, which Google may change at any time`

export type SourceFlags = {
  drive?: boolean
  settle?: string
  download?: string
  'max-bytes-per-day'?: string
  album?: string[]
  share?: string[]
}

/** Where photos come from beside TAKEOUT, as texts that are remembered. A shared album is fetched here: it becomes a folder. */
export async function otherSources(given: SourceFlags): Promise<string[]> {
  const limit = given['max-bytes-per-day']
  // The environment, since other stages read out of Drive, too.
  if (limit !== undefined) process.env.MAX_BYTES_PER_DAY = limit
  const albums = (given.album ?? []).map(albumSource)
  for (const link of given.share ?? []) {
    const { fetchShared } = await import('../google/share.ts')
    const { title, folder, pictures, fresh, gone } = await fetchShared(link)
    say(
      `"${title}" by its link: ${pictures} pictures, ${fresh} of them new${gone > 0 ? `; ${gone} that were taken out of it stay here` : ''}`,
    )
    albums.push({ title, path: folder })
  }
  return [
    ...albums.map(({ title, path }) => `album:${title}=${path}`),
    ...(given.drive ? ['drive:'] : []),
  ]
}

export type Places = {
  found: Found[]
  passedOver: string[]
  /** What a person should know, and see to soon. */
  soon: string[]
}

/**
 * The parts of one source. `near` are those of the sources before it, `known` those of the state: what lies on disk is not
 * read out of Drive. Throws Fail where it leads nowhere.
 */
export async function partsOf(
  source: string,
  given: SourceFlags,
  near: Found[],
  known: Part[],
): Promise<Places> {
  if (source.startsWith('album:')) {
    const { title, path } = albumSource(source.slice('album:'.length))
    return { found: await albumParts(title, path), passedOver: [], soon: [] }
  }
  if (source !== 'drive:') return { ...(await findParts([source])), soon: [] }
  const isOnDisk = (part: { name: string; size: number; kind: string }) =>
    [...near, ...(part.kind === 'tgz' ? known : [])].some(
      ({ name, size, drive }) => !drive && name === part.name && size === part.size,
    )
  const { partsInDrive } = await import('../google/drive-parts.ts')
  const { endingSoon } = await import('../google/google.ts')
  const { scheduleWarning } = await import('../google/schedule.ts')
  const settleMs = wholeNumber('--settle', given.settle ?? '2', 0) * 3_600_000
  const { found, exports, lacking } = await partsInDrive({
    settleMs,
    isOnDisk,
    ...(given.download && { download: given.download }),
  })
  const names = [...exports, ...known.map((part) => part.export)]
  return {
    found,
    passedOver: [],
    soon: [...lacking, ...(await endingSoon(['drive'])), scheduleWarning(names) ?? []].flat(),
  }
}

/** Whether a remembered source may be passed over: what is gone, or what nobody is signed in for any more. */
export async function isGone(source: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Fail)) return false
  if (source !== 'drive:') return true
  const { readTokens } = await import('../google/google.ts')
  return !(await readTokens()).grants.drive
}

/** No source at all. */
export function noSource() {
  return new Fail(
    `Cannot index: no Takeout was named: run ${hint('index-gphotos TAKEOUT="/path/to/the/zips"')} (README tells how to order one), or ${hint('index-gphotos', '--drive')}`,
  )
}
