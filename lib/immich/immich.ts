import { Fail } from '../stage.ts'
import { findServer, warnOfPlainHttp } from './address.ts'
import { albumCalls, batches } from './albums.ts'
import { belongings } from './belongings.ts'
import { connect } from './http.ts'
import type { Changes, Known, RawAsset } from './raw.ts'
import { Refused, Unanswered } from './refusal.ts'
import { uploader } from './upload.ts'
import { walker } from './walk.ts'

export type { Changes, Known, RawAlbum, RawAsset, RawExif, Visibility } from './raw.ts'
export { Interrupted, Refused } from './refusal.ts'

export type Immich = Awaited<ReturnType<typeof immich>>

/**
 * Talks to the Immich server at `url` (its web address or its API base) with an API key. Throws Fail when there is no
 * Immich, or one before 2.7; the key itself is first used by the first call (`keyInfo` is the one to begin with).
 */
export async function immich({
  url = process.env.IMMICH_URL,
  key = process.env.IMMICH_API_KEY,
}: {
  url?: string
  key?: string
} = {}) {
  if (!url) throw new Fail('Cannot talk to Immich: no IMMICH_URL: put its address into .env')
  if (!key) throw new Fail('Cannot talk to Immich: no IMMICH_API_KEY: put an API key into .env')
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new Fail(
      'Cannot talk to Immich: IMMICH_API_KEY has characters that no key has: copy it again',
    )
  }
  const { base, version } = await findServer(url)
  warnOfPlainHttp(base)
  const connection = connect(base, key)
  const { request, download, now } = connection
  const own = once(findOwner)
  const keyInfo = () =>
    request<{ id: string; name: string; permissions: string[] }>('GET', '/api-keys/me')

  /** Those of `needed` that the key lacks. */
  async function missingPermissions(needed: string[]) {
    const { permissions } = await keyInfo()
    return permissions.includes('all') ? [] : needed.filter((name) => !permissions.includes(name))
  }

  /** What the server can do and is set to; extensions with their dot. */
  async function facts() {
    const [features, config, media] = await Promise.all([
      request<{ trash: boolean; sidecar: boolean; duplicateDetection: boolean }>(
        'GET',
        '/server/features',
      ),
      request<{ trashDays: number; externalDomain: string }>('GET', '/server/config'),
      request<{ image: string[]; video: string[]; sidecar: string[] }>(
        'GET',
        '/server/media-types',
      ),
    ])
    return { version, features, config, media }
  }

  // A key without user.read still sees its own timeline, which holds nobody else's assets unless asked.
  async function findOwner(): Promise<string | undefined> {
    if ((await missingPermissions(['user.read'])).length === 0) {
      return (await request<{ id: string }>('GET', '/users/me')).id
    }
    for (const visibility of ['timeline', 'archive', 'hidden']) {
      for (const isTrashed of [false, true]) {
        const query = { visibility, isTrashed }
        const [bucket] = await request<Bucket[]>('GET', '/timeline/buckets', { query })
        if (!bucket) continue
        const { timeBucket } = bucket
        const answer = await request<BucketAssets>('GET', '/timeline/bucket', {
          query: { ...query, timeBucket },
        })
        if (answer.ownerId[0]) return answer.ownerId[0]
      }
    }
    return undefined
  }
  type Bucket = { timeBucket: string; count: number }
  type BucketAssets = { id: string[]; ownerId: string[] }

  /** Ids of every own asset that the key can see, trashed ones too, by the month: much cheaper than searching. */
  async function* ownIds(): AsyncGenerator<string[]> {
    for (const visibility of ['timeline', 'archive', 'hidden']) {
      for (const isTrashed of [false, true]) {
        const query = { visibility, isTrashed }
        for (const { timeBucket } of await request<Bucket[]>('GET', '/timeline/buckets', {
          query,
        })) {
          const answer = await request<BucketAssets>('GET', '/timeline/bucket', {
            query: { ...query, timeBucket },
          })
          yield answer.id
        }
      }
    }
  }

  /** How many assets a flat search would find, so far as its filter can be counted. */
  async function count({ withDeleted, ...filter }: Record<string, unknown>) {
    const total = async (json: object) =>
      (await request<{ total: number }>('POST', '/search/statistics', { json })).total
    // Counting knows no withDeleted, but any bound on the day of trashing turns to the trash alone.
    const trashed = withDeleted
      ? await total({ ...filter, trashedAfter: '1970-01-01T00:00:00.000Z' })
      : 0
    return (await total(filter)) + trashed
  }

  const asset = (id: string) => request<RawAsset>('GET', `/assets/${id}`)
  const updateAsset = (id: string, changes: Changes) =>
    request<RawAsset>('PUT', `/assets/${id}`, { json: changes })

  /** What the server knows of these SHA-1s (hex), in their order; sees the trash, but no external libraries. */
  async function check(sha1s: string[]): Promise<Known[]> {
    const known: Known[] = []
    for (const batch of batches(sha1s, 5000)) {
      const assets = batch.map((checksum, n) => ({ id: String(n), checksum }))
      const { results } = await request<{ results: Known[] }>('POST', '/assets/bulk-upload-check', {
        json: { assets },
      })
      known.push(...results)
    }
    return known
  }

  /** To the trash; `force` deletes for good, by a job that may take seconds. One unknown id refuses its whole batch. */
  async function trash(assetIds: string[], { force = false } = {}) {
    for (const ids of batches(assetIds, 1000))
      await request('DELETE', '/assets', { json: { ids, force } })
  }
  async function restore(assetIds: string[]) {
    for (const ids of batches(assetIds, 1000))
      await request('POST', '/trash/restore/assets', { json: { ids } })
  }

  /** Whole paths, `a/b/c`; one tag for each, made where missing. */
  const upsertTags = (tags: string[]) =>
    request<{ id: string; value: string }[]>('PUT', '/tags', { json: { tags } })
  /** Puts all of the tags (whole paths) on all of the assets, in one call: two calls for one asset would race. */
  async function tagAssets(tags: string[], assetIds: string[]) {
    const tagIds = (await upsertTags(tags)).map(({ id }) => id)
    await request('PUT', '/tags/assets', { json: { tagIds, assetIds } })
  }
  /** Takes tags (whole paths) off assets. */
  async function untagAssets(tags: string[], ids: string[]) {
    for (const { id } of await upsertTags(tags))
      await request('DELETE', `/tags/${id}/assets`, { json: { ids } })
  }
  const refreshMetadata = (assetIds: string[]) =>
    request('POST', '/assets/jobs', { json: { assetIds, name: 'refresh-metadata' } })

  /** A picture of an asset as the server shows it: small, or some 1440 pixels large. Refused until it has made it. */
  const picture = (id: string, size: 'thumbnail' | 'preview') =>
    download(`/assets/${id}/thumbnail`, { query: { size, edited: 'true' } })

  /**
   * The bytes of an original, from `from` to the end or to `to` (inclusive). A broken download goes on from where it was,
   * as long as it gets any further.
   */
  async function* original(id: string, { from = 0, to }: { from?: number; to?: number } = {}) {
    let at = from
    for (let stuck = 0; stuck < 4; stuck++) {
      const range = at > 0 || to !== undefined ? { range: `bytes=${at}-${to ?? ''}` } : undefined
      const { status, chunks } = await download(`/assets/${id}/original`, { headers: range })
      if (range && status !== 206) throw new Refused(status, 'it does not answer ranges')
      try {
        for await (const chunk of chunks) {
          at += chunk.length
          stuck = 0
          yield chunk
        }
        return
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error
      }
    }
    throw new Refused(0, `its download breaks off at byte ${at} every time`)
  }

  const { searchAssets, albumAssets } = walker(connection, own)
  return {
    ...albumCalls(connection, version),
    ...belongings(connection, version),
    url: base,
    version,
    request,
    now,
    facts,
    keyInfo,
    missingPermissions,
    me: own,
    searchAssets,
    albumAssets,
    ownIds,
    count,
    asset,
    updateAsset,
    check,
    upload: uploader(connection, { check, asset }),
    trash,
    restore,
    tagAssets,
    untagAssets,
    refreshMetadata,
    picture,
    original,
  }
}

/** `call`, made until it has given something. */
function once<T>(call: () => Promise<T>) {
  let made: Promise<T> | undefined
  return async () => {
    made ??= call()
    try {
      const value = await made
      if (value === undefined) made = undefined
      return value
    } catch (error) {
      made = undefined
      throw error
    }
  }
}
