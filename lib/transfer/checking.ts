import type { Asset, AssetAlbum, Check, Transfer, Want } from '../state/records.ts'
import { samePlace } from '../time.ts'

export type Differs = NonNullable<Check['differs']>

/**
 * What the server holds of an asset against what its transfer gave it: only those fields, each with [there, wanted].
 * `more` is what no listing of assets tells; without it those fields are passed over.
 */
export function assetDiffers(
  { asset, want = {} }: Transfer,
  there: Asset | undefined,
  more?: { stack: string[] | undefined; tags: string[] },
): Differs {
  if (!there) return { asset: [null, asset] }
  if (there.trashed && !want.trashed) return { asset: ['in the trash', asset] }
  const differs: Differs = {}
  const compare = (field: keyof Want, is: unknown, same: boolean) => {
    if (want[field] !== undefined && !same) differs[field] = [is ?? null, want[field]]
  }
  compare('name', there.name, there.name === want.name)
  compare('sha1', there.sha1, there.sha1 === want.sha1)
  compare('instant', there.taken, sameSecond(there.taken, want.instant))
  compare('local', there.local, there.local.slice(0, 19) === want.local)
  compare('place', there.place, samePlace(there.place, want.place))
  compare('description', there.description, sameText(there.description, want.description))
  compare('favorite', there.favorite, there.favorite === want.favorite)
  compare('visibility', there.visibility, there.visibility === want.visibility)
  compare('live', there.live, there.live === want.live)
  compare('trashed', there.trashed, there.trashed === want.trashed)
  if (!more) return differs
  const { stack, tags } = more
  compare('stack', stack, stack?.[0] === want.stack?.[0] && sameSet(stack, want.stack))
  const lacking = want.tags?.filter((tag) => !tags.includes(tag)) ?? []
  if (lacking.length > 0) differs.tags = [tags, want.tags]
  return differs
}

/** Every asset that a photo sent, as a transfer of its own: the main one under '', the others under their names. */
export function piecesOf(transfer: Transfer): Map<string, Transfer> {
  const { others = {}, gave = {}, at } = transfer
  const pieces = new Map([['', transfer]])
  for (const [key, given] of Object.entries(gave)) {
    const asset = others[key]
    const name = given.want?.name ?? key
    if (asset !== undefined) pieces.set(pieces.has(name) ? key : name, { at, asset, ...given })
  }
  return pieces
}

/** How all of them differ, as one. */
export function joined(pieces: Iterable<[name: string, Differs]>): Differs {
  const all: Differs = Object.fromEntries(
    [...pieces].flatMap(([name, differs]) =>
      Object.entries(differs).map(([field, values]) => [named(name, field), values]),
    ),
  )
  // A picture that holds its motion half in itself keeps that one: the server takes it out, and deletes the other.
  const [live, wanted] = all.live ?? []
  const half = Object.keys(all).find(
    (field) => field.endsWith(': asset') && all[field]?.[0] === null && all[field]?.[1] === wanted,
  )
  if (!live || !half) return all
  const { live: _, [half]: __, ...rest } = all
  return rest
}

/** The part of it that one of them has. */
export function differsOf(differs: Differs, name: string): Differs {
  const start = named(name, '')
  return Object.fromEntries(
    Object.entries(differs).flatMap(([field, values]) => {
      const own = name === '' ? !field.includes(': ') : field.startsWith(start)
      return own ? [[field.slice(start.length), values]] : []
    }),
  )
}

const named = (name: string, field: string) => (name === '' ? field : `${name}: ${field}`)

/** An asset of it is gone, or in the trash. */
export function isGone(differs: Differs): boolean {
  return Object.keys(differs).some((field) => field === 'asset' || field.endsWith(': asset'))
}

/** The same of an album. `assetOf` tells the asset of a photo that was put into it. */
export function albumDiffers(
  { album, want = {}, added = [] }: Transfer,
  there: Pick<AssetAlbum, 'title' | 'description' | 'assets'> | undefined,
  assetOf: (photo: string) => string | undefined,
): Differs {
  if (!there) return { asset: [null, album] }
  const differs: Differs = {}
  const { title, description = '' } = there
  if (want.title && title !== want.title) differs.title = [title, want.title]
  if (want.description && !sameText(description, want.description))
    differs.description = [description, want.description]
  const members = new Set(there.assets)
  const missing = added.filter((photo) => !members.has(assetOf(photo) ?? ''))
  if (missing.length > 0) differs.photos = [added.length - missing.length, added.length]
  return differs
}

/** Two ISO instants, whatever they say below a second. */
export function sameSecond(a: string, b: string | undefined): boolean {
  return secondOf(a) === secondOf(b ?? '')
}

/** UTC seconds of an instant. */
export function secondOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000)
}

/** A server cuts the ends off, writes line ends its own way, and rewrites a text that is a number (`1.50` to `1.5`). */
export function sameText(a = '', b = '') {
  if (a === b) return true
  const plain = (text: string) => text.normalize('NFC').replace(/\r\n?/g, '\n').trim()
  if (plain(a) === plain(b)) return true
  return plain(a) !== '' && Number(plain(a)) === Number(plain(b))
}

function sameSet(a: string[] = [], b: string[] = []) {
  return a.length === b.length && a.every((id) => b.includes(id))
}
