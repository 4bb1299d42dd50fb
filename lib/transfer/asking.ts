import { isExtracted, toAsset } from '../immich/assets.ts'
import { type Immich, type RawAsset, Refused } from '../immich/immich.ts'
import { pool } from '../pool.ts'
import type { Transfer } from '../state/records.ts'
import { albumDiffers, assetDiffers, type Differs, joined, piecesOf } from './checking.ts'

// Above this it is cheaper to list what was created lately than to ask for each.
const ASK_EACH = 200

/** What the server answers about transfers: how each differs from what it was given; undefined: it is still being read. */
export async function askServer(
  server: Immich,
  transfers: Record<string, Transfer>,
  ids: string[],
  answered: (id: string, differs: Differs | undefined) => void,
): Promise<void> {
  const photos = ids.filter((id) => transfers[id]?.asset)
  const pieces = new Map(photos.map((id) => [id, piecesOf(transfers[id] as Transfer)]))
  const all = [...pieces.values()].flatMap((of) => [...of.values()])
  const wants = all.map(({ want = {} }) => want)
  const stacks = wants.some(({ stack }) => stack) ? await listStacks(server) : new Map()
  const tagged = await listTags(server, new Set(wants.flatMap(({ tags }) => tags ?? [])))
  const recent = photos.length > ASK_EACH ? await listRecent(server, all) : new Map()
  const differsOf = async ({ asset = '', want = {}, sha1, ...piece }: Transfer) => {
    if (want.visibility === 'locked') {
      // Nothing but its checksum can be asked for.
      const sum = sha1 ?? want.sha1
      const [known] = sum ? await server.check([sum]) : []
      return known?.assetId === asset ? {} : { asset: [null, asset] as [unknown, unknown] }
    }
    const raw = recent.get(asset) ?? (await askFor(server, asset))
    if (raw && !raw.isTrashed && !isExtracted(raw)) return undefined
    const tags = [...tagged].filter(([, ids]) => ids.has(asset)).map(([tag]) => tag)
    const more = { stack: stacks.get(asset), tags }
    return assetDiffers({ ...piece, asset, want }, raw && toAsset(raw), more)
  }
  await pool(photos, 8, async (id) => {
    const found: [string, Differs][] = []
    for (const [name, piece] of pieces.get(id) ?? []) {
      const differs = await differsOf(piece)
      if (!differs) return answered(id, undefined)
      found.push([name, differs])
    }
    answered(id, joined(found))
  })
  const albums = ids.filter((id) => transfers[id]?.album)
  if (albums.length === 0) return
  const there = new Map((await server.albums()).map((album) => [album.id, album]))
  for (const id of albums) {
    const transfer = transfers[id] as Transfer
    const album = there.get(transfer.album as string)
    const assets: string[] = []
    if (album) for await (const page of server.albumAssets(album.id)) assets.push(...page)
    const { albumName: title = '', description = '' } = album ?? {}
    const found = album && { title, description, assets }
    answered(
      id,
      albumDiffers(transfer, found, (photo) => transfers[photo]?.asset),
    )
  }
}

/** What was created since the first of these transfers, in pages of a thousand. */
async function listRecent(server: Immich, sent: Transfer[]) {
  const first = sent.map(({ at }) => at).reduce((a, b) => (b < a ? b : a))
  const createdAfter = new Date(Date.parse(first) - 3_600_000).toISOString()
  const wanted = new Set(sent.map(({ asset }) => asset))
  const found = new Map<string, RawAsset>()
  for await (const page of server.searchAssets({ createdAfter })) {
    for (const raw of page) if (wanted.has(raw.id)) found.set(raw.id, raw)
  }
  return found
}

async function askFor(server: Immich, asset: string) {
  try {
    return await server.asset(asset)
  } catch (error) {
    // An id that is not there any more is answered with 400, like a stranger's.
    if (error instanceof Refused && [400, 404].includes(error.status)) return undefined
    throw error
  }
}

/** Every stacked asset with its whole pile, the one on top first. */
async function listStacks(server: Immich) {
  const stacks = new Map<string, string[]>()
  for (const { primaryAssetId, assets } of await server.stacks()) {
    const below = assets.map(({ id }) => id).filter((id) => id !== primaryAssetId)
    for (const { id } of assets) stacks.set(id, [primaryAssetId, ...below])
  }
  return stacks
}

/** The assets of each of these tags: there are fewer tags than assets that have some. */
async function listTags(server: Immich, wanted: Set<string>) {
  const found = new Map<string, Set<string>>()
  if (wanted.size === 0) return found
  for (const { id, value } of await server.request<{ id: string; value: string }[]>(
    'GET',
    '/tags',
  )) {
    if (!wanted.has(value)) continue
    const ids = new Set<string>()
    for await (const page of server.searchAssets({ tagIds: [id], withExif: false }))
      for (const asset of page) ids.add(asset.id)
    found.set(value, ids)
  }
  return found
}
