import { basename } from 'node:path'
import type { Arriving } from './every-takeout.ts'

export type Reached = { url: string; key: string }
// biome-ignore lint/suspicious/noExplicitAny: answers are what is compared
type Json = any

/** Calls the server by itself, so that nothing of the project judges what the project did. */
export async function ask(
  { url, key }: Reached,
  method: string,
  path: string,
  body?: object,
): Promise<Json> {
  const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

const VISIBILITIES = ['timeline', 'archive', 'hidden']

async function search(server: Reached, filter: object): Promise<Json[]> {
  const found: Json[] = []
  for (const visibility of VISIBILITIES) {
    for (let page: string | null = '1'; page; ) {
      const body = { ...filter, visibility, withDeleted: true, size: 1000, page: Number(page) }
      const { assets } = await ask(server, 'POST', '/search/metadata', body)
      found.push(...assets.items)
      page = assets.nextPage
    }
  }
  return found
}

/** All that a key can see of a server, each asset with its tags and its stack, each album with its members. */
export async function lookAt(server: Reached) {
  const ids = (await search(server, {})).map(({ id }) => id as string)
  const assets = new Map<string, Json>()
  for (let from = 0; from < ids.length; from += 20) {
    const some = ids.slice(from, from + 20)
    for (const one of await Promise.all(some.map((id) => ask(server, 'GET', `/assets/${id}`))))
      assets.set(one.id, one)
  }
  const albums: { id: string; title: string; description: string; assets: string[] }[] = []
  for (const { id, albumName, description } of await ask(server, 'GET', '/albums')) {
    const members = (await search(server, { albumIds: [id] })).map((one) => one.id)
    albums.push({ id, title: albumName, description, assets: members })
  }
  // Of an archived asset only this list tells the stack.
  const stacks = new Map<string, string>()
  for (const stack of await ask(server, 'GET', '/stacks'))
    for (const { id } of stack.assets) stacks.set(id, stack.primaryAssetId)
  const tags = new Set<string>()
  for (const { value } of await ask(server, 'GET', '/tags')) tags.add(value)
  return { assets, albums, stacks, tags }
}
export type Looked = Awaited<ReturnType<typeof lookAt>>

/** How what is there differs from what must be: nothing where all is right. */
export function differences(
  { assets, albums, stacks }: Looked,
  arrivals: Arriving[],
  wanted: { title: string; description: string }[],
): string[] {
  const found: string[] = []
  const bySha1 = new Map([...assets.values()].map((one) => [sha1Of(one), one]))
  const whatOf = new Map(arrivals.map(({ sha1, what }) => [sha1, basename(what)]))
  for (const one of arrivals) {
    const asset = bySha1.get(one.sha1)
    const tell = (field: string, is: unknown, want: unknown) => {
      if (JSON.stringify(is) !== JSON.stringify(want))
        found.push(`${one.what}: ${field} is ${JSON.stringify(is)}, not ${JSON.stringify(want)}`)
    }
    if (!asset) {
      found.push(`${one.what} is missing`)
      continue
    }
    const { exifInfo: exif = {}, livePhotoVideoId: live } = asset
    const top = stacks.get(asset.id)
    tell('name', asset.originalFileName, one.name)
    if (one.instant !== null) tell('instant', asset.fileCreatedAt.slice(0, 19), one.instant)
    if (one.local !== null) tell('wall clock', asset.localDateTime.slice(0, 19), one.local)
    if (one.zone !== undefined) tell('zone', exif.timeZone, one.zone)
    if (one.visibility !== 'hidden')
      tell('place', place(exif.latitude, exif.longitude), one.place && place(...one.place))
    tell('description', exif.description ?? '', one.description)
    tell('favourite', asset.isFavorite, one.favorite)
    tell('visibility', asset.visibility, one.visibility)
    tell('trash', asset.isTrashed, one.trashed)
    tell('tags', (asset.tags ?? []).map(({ value }: Json) => value).sort(), one.tags.toSorted())
    tell('stack', top ? assets.get(top)?.originalFileName : null, one.under)
    tell('motion half', live ? whatOf.get(sha1Of(assets.get(live))) : null, one.live)
    const of = albums.filter((album) => album.assets.includes(asset.id)).map(({ title }) => title)
    tell('albums', of.sort(), one.albums.toSorted())
  }
  for (const [sha1, { originalFileName }] of bySha1)
    if (!whatOf.has(sha1)) found.push(`${originalFileName} is there, and should not be`)
  const texts = (list: { title: string; description: string }[]) =>
    list.map(({ title, description }) => JSON.stringify([title, description])).sort()
  const [is, want] = [texts(albums), texts(wanted)]
  for (const one of want) if (take(is, one) === undefined) found.push(`album ${one} is missing`)
  for (const one of is) found.push(`album ${one} is there, and should not be`)
  return found
}

const sha1Of = ({ checksum }: { checksum: string }) =>
  Buffer.from(checksum, 'base64').toString('hex')

function take(list: string[], one: string) {
  const at = list.indexOf(one)
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

/** To about a metre: servers keep no more. */
function place(latitude: number | null | undefined, longitude?: number | null) {
  return latitude == null
    ? null
    : [latitude.toFixed(4), (longitude as number).toFixed(4)].map(Number)
}
