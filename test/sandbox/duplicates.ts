import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Immich, immich } from '../../lib/immich/immich.ts'
import { type Exif, withExif } from './exif.ts'
import type { startImmich } from './immich.ts'
import { landscape } from './landscape.ts'
import { world } from './run.ts'

/** One picture of a library, as it is sent. */
export type Sent = {
  name: string
  /** Width and height in pixels. */
  size?: [number, number]
  exif?: Exif
  /** More bytes at its end, so that two of one size differ. */
  tail?: string
  bytes?: Buffer
  favorite?: boolean
  visibility?: 'archive'
  livePhotoVideoId?: string
  sidecar?: string
}
export type Library = Awaited<ReturnType<typeof library>>

/** Fills a library through the server's own calls, and looks at it: for the stand-in and a real server alike. */
export async function library(server: { url: string; key: string }, pause = 60) {
  const client: Immich = await immich(server)
  const ids = new Map<string, string>()

  async function add({ name, size = [60, 40], exif = {}, tail = '', bytes, ...more }: Sent) {
    const [width, height] = size
    const picture = withExif(Buffer.from(landscape({ seed: 7, width, height })), exif)
    const body = bytes ?? Buffer.concat([picture, Buffer.from(tail)])
    const at = '2024-06-01T10:00:00.000Z'
    const { favorite, visibility, livePhotoVideoId, sidecar } = more
    const { id } = await client.upload({
      name,
      size: body.length,
      body,
      ...(sidecar && { sidecar }),
      fields: {
        fileCreatedAt: at,
        fileModifiedAt: at,
        ...(favorite && { isFavorite: true }),
        ...(visibility && { visibility }),
        ...(livePhotoVideoId && { livePhotoVideoId }),
      },
    })
    ids.set(name, id)
    return id
  }

  /** Puts those of these names into one group of duplicates. */
  async function group(key: string, ...names: string[]) {
    await settled()
    await client.setDuplicate(
      names.map((name) => ids.get(name) as string),
      key,
    )
    await settled()
  }

  /** Waits until nothing has moved any asset for a while. */
  async function settled() {
    const state = async () => {
      const all: string[] = []
      for await (const page of client.searchAssets())
        all.push(...page.map((one) => `${one.id} ${one.updatedAt} ${one.exifInfo?.modifyDate}`))
      return all.sort().join('\n')
    }
    for (let last = '', still = 0, tries = 0; tries < 200; tries++) {
      const now = await state()
      still = now === last ? still + 1 : 0
      // What no server can read stays unread.
      if (still >= (now.includes(' null') ? 4 : 1)) return
      last = now
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
    throw new Error('The library never comes to rest')
  }

  /** All that the server shows of its library but ids and what moves by itself: everything by the names of its files. */
  async function everything() {
    await settled()
    const assets: Record<string, unknown> = {}
    const nameOf = new Map<string, string>()
    for await (const page of client.searchAssets())
      for (const { id, originalFileName } of page) nameOf.set(id, originalFileName)
    const named = (list: (string | undefined)[]) =>
      list.flatMap((id) => nameOf.get(id ?? '') ?? []).sort()
    for (const [id, name] of nameOf) {
      const raw = await client.asset(id)
      const exif = raw.exifInfo
      const faces = await client.faces(id)
      assets[name] = {
        checksum: raw.checksum,
        type: raw.type,
        taken: raw.fileCreatedAt,
        local: raw.localDateTime,
        favorite: raw.isFavorite,
        visibility: raw.visibility,
        trashed: raw.isTrashed,
        live: nameOf.get(raw.livePhotoVideoId ?? ''),
        duplicate: raw.duplicateId,
        size: [raw.width, raw.height],
        exif: exif && {
          dateTimeOriginal: exif.dateTimeOriginal && Date.parse(exif.dateTimeOriginal),
          // A file without a zone is read as UTC, and by no call can it be made to be without one again.
          zone: exif.timeZone ?? 'UTC+0',
          place: exif.latitude === 0 ? null : [exif.latitude, exif.longitude],
          description: exif.description ?? '',
          rating: exif.rating,
          camera: [exif.make, exif.model],
        },
        tags: raw.tags?.map(({ value }) => value).sort(),
        faces: faces.map(({ id: _, person, ...box }) => ({ ...box, person: person?.id })),
      }
    }
    const albums: Record<string, string[]> = {}
    for (const { id, albumName } of await client.albums()) {
      const members: string[] = []
      for await (const page of client.albumAssets(id)) members.push(...page)
      albums[albumName] = named(members)
    }
    const stacks = (await client.stacks()).map((stack) => ({
      top: nameOf.get(stack.primaryAssetId),
      members: named(stack.assets.map(({ id }) => id)),
    }))
    const links = (await client.sharedLinks()).map(({ assets }) =>
      named(assets.map(({ id }) => id)),
    )
    return { assets, albums, stacks, links: links.map((members) => members.join()).sort() }
  }

  /** Makes an end of what lies in the trash. */
  async function emptyTrash() {
    const trashed = async () => {
      const all: string[] = []
      for await (const page of client.searchAssets())
        all.push(...page.filter(({ isTrashed }) => isTrashed).map(({ id }) => id))
      return all
    }
    const all = await trashed()
    if (all.length > 0) await client.trash(all, { force: true })
    // Deleted for good is, to a real server, a job that it comes to.
    const isThere = (id: string) =>
      client.asset(id).then(
        () => true,
        () => false,
      )
    for (const id of all)
      while (await isThere(id)) await new Promise((resolve) => setTimeout(resolve, pause))
  }

  return { client, ids, add, group, settled, everything, emptyTrash }
}

/** Key of a group, from a few letters. */
export function keyOf(text: string) {
  const hex = createHash('sha1').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A folder of its own to run stages in, a stand-in server beside it that keeps its files, and its library. */
export async function dupesWorld(
  server: Parameters<typeof startImmich>[0] = {},
  more: Parameters<typeof world>[0] = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'immich-'))
  const w = await world({ ...more, server: { folder, ...server } })
  const end = async () => {
    await w.end()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...w, lib: await library(w.server), url: w.server.url, end }
}
