import { basename } from 'node:path'
import { mediaKind } from '../pairing/media.ts'
import type { Leftover } from '../state/records.ts'
import { PICK_ENDED } from '../takeout/reasons.ts'
import { remarksOf } from '../transfer/remarks.ts'
import type { accountOf, Line, Told } from './account.ts'
import { isOfOtherBytes } from './parts.ts'
import { type Reason, reasonOf, WEIGHTS } from './reasons.ts'

/** One thing that did not fit: a photo, a file or an album. `immich`: the page of what it is there, or of all that it could be. */
export type Item = { name: string; path?: string; why?: string; google?: string; immich?: string[] }
export type Group = Reason & { key: string; items: Item[] }

/** What did not fit, by reason, what weighs most first. `server` is the address of Immich's pages. */
export function groupsOf(
  data: Told,
  { lines, numbers }: ReturnType<typeof accountOf>,
  server: string,
): Group[] {
  const groups = new Map<string, Group>()
  const enter = (key: string, item: Item, reason = key) => {
    const group = groups.get(key) ?? { key, ...reasonOf(reason, numbers.there), items: [] }
    groups.set(key, group)
    group.items.push(item)
  }
  const { links, transfers, checks, leftovers, albums, albumLinks, runs } = data
  const seen = { assets: data.assets, indexed: runs['index-immich']?.at ?? '' }
  for (const [id, line] of lines) {
    const { photo, stands, proof } = line
    const item = itemOf(line, server, links[id]?.candidates)
    const key = keyOf(line)
    const says = stands.why !== key && stands.why !== 'none'
    if (key) enter(key, { ...item, ...(says && { why: inWords(stands.why) }) })
    if (isOfOtherBytes(line)) enter(stands.why, item)
    if (proof === 'unverified') enter('unverified', item)
    if (proof === 'differs' || proof === 'changed')
      enter(proof, { ...item, why: inWords(Object.keys(checks[id]?.differs ?? {}).join(', ')) })
    if (proof === 'gone') enter('gone from the server', item)
    if (photo.takenFrom === 'name' || photo.takenFrom === 'year') enter('guessed', item)
    for (const { why, fields } of remarksOf(photo, links[id], transfers[id], seen))
      enter(why, { ...item, ...(fields && { why: inWords(fields.join(', ')) }) })
  }
  for (const left of Object.values(leftovers)) {
    const reason = leftReason(left)
    enter(reason, leftItem(left, reason))
  }
  for (const [id, { how, candidates = [] }] of Object.entries(albumLinks)) {
    if (how !== 'several' && how !== 'shared' && how !== 'gone from the server') continue
    if (albums[id])
      enter(`album: ${how}`, { name: albums[id].title, ...pages(server, 'albums', candidates) })
  }
  for (const { title, leftOut } of Object.values(albums))
    if (leftOut) enter(leftOut, { name: title })
  const rank = ({ weight }: Group) => WEIGHTS.indexOf(weight)
  return [...groups.values()].sort((a, b) => rank(a) - rank(b) || b.items.length - a.items.length)
}

// The fields of an asset as people call them.
const FIELDS: Record<string, string> = {
  instant: 'time',
  local: 'local time',
  live: 'live half',
  favorite: 'favourite',
}

/** A list of fields, or any other words as they are. */
function inWords(why: string): string {
  return [...new Set(why.split(', ').map((word) => FIELDS[word] ?? word))].join(', ')
}

/** Under which reason a photo is listed for where it stands; undefined where all is well. */
function keyOf({ row, stands: { is, why } }: Line): string | undefined {
  if (row === 'transferred' || row === 'linked') return undefined
  if (why === PICK_ENDED || row === 'left out' || row === 'removed' || is === 'undecided')
    return why
  return is
}

function itemOf({ photo, asset }: Line, server: string, candidates: string[] = []): Item {
  const google = googlePage(photo.url)
  const path = photo.files[0]?.path
  return {
    name: photo.title,
    ...(path !== undefined && { path }),
    ...(google && { google }),
    ...pages(server, 'photos', asset ? [asset] : candidates),
  }
}

/** Where they are to be seen in Immich, where its address is known. */
function pages(server: string, kind: 'photos' | 'albums', ids: string[]): { immich?: string[] } {
  if (!server || ids.length === 0) return {}
  return { immich: ids.map((id) => `${server}/${kind}/${encodeURIComponent(id)}`) }
}

function leftItem({ path, why, facts }: Leftover, reason: string): Item {
  const google = googlePage(facts?.url)
  return {
    name: basename(path),
    path,
    ...(why !== reason && { why }),
    ...(google && { google }),
  }
}

function leftReason({ why, path, broken }: Leftover): string {
  if (why.startsWith('unreadable sidecar')) return 'unreadable sidecar'
  return broken && mediaKind(basename(path)) !== null ? 'damaged' : why
}

/** A page of Google Photos, and nothing else that a stranger's sidecar may hold. */
export function googlePage(url: string | undefined): string | undefined {
  return url && /^https:\/\/photos\.google\.com\/[\w\-./?=&%]*$/.test(url) ? url : undefined
}
