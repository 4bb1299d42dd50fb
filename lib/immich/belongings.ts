import type { ServerVersion } from './address.ts'
import type { Connection } from './http.ts'
import type { RawAsset } from './raw.ts'

/** Where a person is in a picture: corners in pixels of a picture of this width and height. */
export type RawFace = {
  id: string
  imageWidth: number
  imageHeight: number
  boundingBoxX1: number
  boundingBoxY1: number
  boundingBoxX2: number
  boundingBoxY2: number
  person: { id: string } | null
}
type Stack = { id: string; primaryAssetId: string; assets: RawAsset[] }
type Kept = { albums?: boolean; favorite?: boolean; sharedLinks?: boolean; stack?: boolean }

/** The calls about what an asset belongs to: albums, stack, shared links, people, group of duplicates. */
export function belongings({ request }: Connection, version: ServerVersion) {
  /** Ids of the albums that it is in, own and shared. */
  async function albumsOf(assetId: string): Promise<string[]> {
    const ask = (query: Record<string, string | boolean>) =>
      request<{ id: string }[]>('GET', '/albums', { query: { assetId, ...query } })
    // v2 leaves those of other people out.
    const all = [...(await ask({})), ...(version.major < 3 ? await ask({ shared: true }) : [])]
    return [...new Set(all.map(({ id }) => id))]
  }

  /**
   * Gives an asset the albums, the favourite, the stack and the shared links of another, which keeps them; not those that
   * `kept` says false of. The favourite is overwritten, a second stack is merged.
   */
  async function copyTo(target: string, source: string, kept: Kept = {}): Promise<void> {
    const { stack = true } = kept
    const rest = () => copyTo(target, source, { ...kept, stack: false })
    // A stack that both are in already would be merged into itself, which makes an end of it.
    if (stack && (await areInOneStack(target, source))) return rest()
    await request('PUT', '/assets/copy', {
      json: { sourceId: source, targetId: target, ...kept, sidecar: false },
      settle: async () => {
        if (!stack || !(await areInOneStack(target, source))) return undefined
        await rest()
        return true
      },
    })
  }

  /** As far as assets tell: of a stack whose others are archived they do not. */
  async function areInOneStack(...ids: [string, string]) {
    const [one, other] = await Promise.all(
      ids.map((id) => request<RawAsset>('GET', `/assets/${id}`)),
    )
    return Boolean(one?.stack) && one?.stack?.id === other?.stack?.id
  }

  const faces = (id: string) => request<RawFace[]>('GET', '/faces', { query: { id } })
  const createFace = (face: {
    assetId: string
    personId: string
    imageWidth: number
    imageHeight: number
    x: number
    y: number
    width: number
    height: number
  }) => request('POST', '/faces', { json: face })
  const deleteFace = (id: string) => request('DELETE', `/faces/${id}`, { json: { force: true } })

  const stacks = () => request<Stack[]>('GET', '/stacks')
  /** The stack that has this asset on top. */
  const stackUnder = async (primaryAssetId: string) =>
    (await request<Stack[]>('GET', '/stacks', { query: { primaryAssetId } }))[0]
  /** The first is the one on top. */
  const createStack = (assetIds: string[]) =>
    request<Stack>('POST', '/stacks', { json: { assetIds } })
  const putOnTop = (stack: string, primaryAssetId: string) =>
    request('PUT', `/stacks/${stack}`, { json: { primaryAssetId } })
  /** Not the one on top. */
  const leaveStack = (stack: string, asset: string) =>
    request('DELETE', `/stacks/${stack}/assets/${asset}`)
  const dissolveStack = (stack: string) => request('DELETE', '/stacks', { json: { ids: [stack] } })

  /** Those to single assets, with all of them but the trashed; their list shows one of each. */
  async function sharedLinks() {
    type Link = { id: string; type: 'ALBUM' | 'INDIVIDUAL'; assets: { id: string }[] }
    const links = await request<Link[]>('GET', '/shared-links')
    const single = links.filter(({ type }) => type === 'INDIVIDUAL')
    return Promise.all(single.map(({ id }) => request<Link>('GET', `/shared-links/${id}`)))
  }
  const leaveLink = (link: string, assetIds: string[]) =>
    request('DELETE', `/shared-links/${link}/assets`, { json: { assetIds } })

  /** Says that these are duplicates of one another, or of none. */
  const setDuplicate = (ids: string[], duplicateId: string | null) =>
    request('PUT', '/assets', { json: { ids, duplicateId } })
  /** The server's own way: it merges into the one that is kept, and trashes the rest at once. */
  const resolve = (duplicateId: string, keepAssetIds: string[], trashAssetIds: string[]) =>
    request<{ success: boolean; error?: string; errorMessage?: string }[]>(
      'POST',
      '/duplicates/resolve',
      { json: { groups: [{ duplicateId, keepAssetIds, trashAssetIds }] } },
    )

  return {
    albumsOf,
    copyTo,
    faces,
    createFace,
    deleteFace,
    stacks,
    stackUnder,
    createStack,
    putOnTop,
    leaveStack,
    dissolveStack,
    sharedLinks,
    leaveLink,
    setDuplicate,
    resolve,
  }
}
