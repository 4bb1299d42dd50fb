import type { PhotoFile } from '../state/records.ts'
import { type Account, enter } from './account.ts'
import type { Media } from './exported.ts'
import { keyOf } from './joining.ts'
import { stampOf } from './parts.ts'

/** What a file is within its photo. */
type Role = 'original' | 'edited' | 'motion'

/** The file that a photo is sent as. */
export function mainOf(group: Media[]): Media {
  return byWorth(group)[0] as Media
}

/**
 * Originals before what belongs to them, the most pixels first, then bytes, and the year folder's before an album's copy.
 * Where no original is left an edited copy takes its place.
 */
export function byWorth(group: Media[]): Media[] {
  if (group.length === 1) return group
  const roles = rolesOf(group)
  const rank = (one: Media) => ['original', 'edited', 'motion'].indexOf(roles.get(one) as Role)
  const sized = group.every((one) => rank(one) > 0 || one.file.head?.width)
  const pixels = ({ file: { head } }: Media) =>
    sized ? (head?.width ?? 0) * (head?.height ?? 0) : 0
  const inYear = ({ kind }: Media) => Number(kind === 'year')
  return group.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      pixels(b) - pixels(a) ||
      b.file.size - a.file.size ||
      inYear(b) - inYear(a) ||
      (a.file.path < b.file.path ? -1 : a.file.path > b.file.path ? 1 : 0) ||
      (a.file.part < b.file.part ? -1 : 1),
  )
}

/** An album may hold an edited copy or a motion half without its original: there only its bytes tell what it is. */
function rolesOf(group: Media[]): Map<Media, Role> {
  const known = new Map(
    group.flatMap((one) => (one.of ? [[keyOf(one), one.pair.role] as const] : [])),
  )
  return new Map(group.map((one) => [one, known.get(keyOf(one)) ?? one.pair.role]))
}

/** Edited copies of one name that the newest export to have one no longer has: the photo was edited again in between. */
function olderEdits(group: Media[]): Set<Media> {
  const edits = group.filter(({ pair }) => pair.role === 'edited')
  if (edits.length < 2) return new Set()
  const last = new Map<string, string>()
  const note = (key: string, stamp: string) => {
    if (stamp >= (last.get(key) ?? '')) last.set(key, stamp)
  }
  const ownKey = (one: Media) => `${one.name}/${keyOf(one)}`
  for (const one of edits) for (const key of [one.name, ownKey(one)]) note(key, stampOf(one.export))
  const isOlder = (one: Media) => (last.get(ownKey(one)) ?? '') < (last.get(one.name) ?? '')
  return new Set(edits.filter(isOlder))
}

/** The files of a photo, the best first, each with its role; enters them into the account. */
export function filesOf(id: string, ordered: Media[], account: Account): PhotoFile[] {
  const main = ordered[0] as Media
  // As are most photos.
  if (ordered.length === 1) return [fileOf(id, main, main.pair, main.of, account)]
  const roles = rolesOf(ordered)
  const isMain = (one: Media) => keyOf(one) === keyOf(main)
  // What belongs to a smaller size of the photo is a smaller size of what belongs to the photo.
  const own = new Set(ordered.flatMap((one) => (one.of && isMain(one.of) ? [roles.get(one)] : [])))
  const older = olderEdits(ordered)
  const seen = new Set<string>()
  return ordered.map((one) => {
    const { pair } = one
    const kind = roles.get(one) as Role
    const key = keyOf(one)
    const again = seen.has(key)
    const smaller =
      one !== main &&
      (kind === 'original' ||
        (kind === 'motion' && seen.has('motion')) ||
        (one.of !== undefined && !isMain(one.of) && own.has(kind)))
    seen.add(key).add(kind)
    const role = again || smaller || older.has(one) ? 'copy' : kind
    const why = again
      ? 'same bytes'
      : older.has(one)
        ? 'an older edit'
        : smaller
          ? 'another size'
          : pair.why
    const of = one.of ?? (role === 'copy' ? main : undefined)
    return fileOf(id, one, { role, certain: pair.certain, why }, of, account)
  })
}

type Place = Pick<PhotoFile, 'role' | 'why'> & { certain: boolean }

function fileOf(
  id: string,
  { file, sidecar }: Media,
  { role, certain, why }: Place,
  of: Media | undefined,
  account: Account,
): PhotoFile {
  enter(account, file, {
    role,
    sidecar: sidecar?.path ?? null,
    of: of?.file.path ?? null,
    photo: id,
    certain,
    why,
  })
  const { part, path, size, crc, head } = file
  const own: Omit<PhotoFile, 'why'> = { part, path, size, crc, role }
  if (sidecar) own.sidecar = sidecar.path
  if (sidecar && sidecar.part !== part) own.sidecarPart = sidecar.part
  if (head) own.head = head
  if (!certain) own.uncertain = true
  return Object.assign(own, { why })
}
