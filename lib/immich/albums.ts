import type { ServerVersion } from './address.ts'
import type { Connection } from './http.ts'
import type { RawAlbum } from './raw.ts'

type Added = { id: string; success: boolean; error?: string }

/** The calls about albums, alike for both versions. */
export function albumCalls({ request, now }: Connection, version: ServerVersion) {
  /** Every album that the key can see, own and shared. */
  async function albums(): Promise<RawAlbum[]> {
    type Given = Omit<RawAlbum, 'ownerId'> & {
      ownerId?: string
      albumUsers: { role: string; user: { id: string } }[]
    }
    const list = await request<Given[]>('GET', '/albums')
    // v2 lists the own ones alone, and v3 drops the unknown filter: asked of both, it answers the same.
    if (version.major < 3)
      list.push(...(await request<Given[]>('GET', '/albums', { query: { shared: true } })))
    const byId = new Map(list.map((album) => [album.id, album]))
    return [...byId.values()].map((album) => {
      const owner = album.albumUsers.find(({ role }) => role === 'owner')
      return { ...album, ownerId: album.ownerId ?? owner?.user.id ?? '' }
    })
  }

  /** Makes an album even where one of that name exists. `known` are the ids of those that are told apart already. */
  async function createAlbum(
    album: { albumName: string; description?: string; assetIds?: string[] },
    known = new Set<string | undefined>(),
  ) {
    const since = now().getTime() - 2000
    // After a lost answer it may be there: names are no keys, so only one made since then, and unknown, can be ours.
    const settle = async () =>
      (await albums()).find(
        ({ id, albumName, createdAt }) =>
          albumName === album.albumName && Date.parse(createdAt) >= since && !known.has(id),
      )
    return request<{ id: string; albumName: string }>('POST', '/albums', { json: album, settle })
  }
  const updateAlbum = (
    id: string,
    changes: {
      albumName?: string
      description?: string
      albumThumbnailAssetId?: string
      order?: 'asc' | 'desc'
    },
  ) =>
    // v2 knows PATCH only, and so does v3: albums never had a PUT.
    request<{ id: string }>('PATCH', `/albums/${id}`, { json: changes })

  /** One result per id, in order; `error: 'duplicate'` says that it was in the album already. */
  const addToAlbum = (id: string, assetIds: string[]) =>
    inBatches(assetIds, (ids) => request<Added[]>('PUT', `/albums/${id}/assets`, { json: { ids } }))
  const removeFromAlbum = (id: string, assetIds: string[]) =>
    inBatches(assetIds, (ids) =>
      request<Added[]>('DELETE', `/albums/${id}/assets`, { json: { ids } }),
    )

  return { albums, createAlbum, updateAlbum, addToAlbum, removeFromAlbum }
}

/** `items` in pieces of at most `size`. */
export function* batches<T>(items: T[], size: number) {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}

async function inBatches<T, R>(items: T[], call: (batch: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = []
  for (const batch of batches(items, 1000)) results.push(...(await call(batch)))
  return results
}
