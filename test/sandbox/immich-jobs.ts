import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { written } from './immich-assets.ts'
import type { Jobs } from './immich-call.ts'
import type { Major } from './immich-check.ts'
import type { Asset, Db } from './immich-db.ts'
import { apply, headOf, read, takeOutVideo, type ZoneAt } from './immich-extract.ts'

type Options = {
  delayMs: number
  zoneAt: ZoneAt
  /** The first bytes of what is not kept on disk, by asset. */
  heads: Map<string, Buffer>
  originals: string | null
}

/** The jobs that the server runs behind its calls, each `delayMs` after it was asked for. */
export function startJobs(db: Db, v: Major, { delayMs, zoneAt, heads, originals }: Options) {
  const pending = new Set<Promise<void>>()
  const later = (work: () => Promise<void> | void) => {
    const job = new Promise((resolve) => setTimeout(resolve, delayMs)).then(work)
    const done = job.catch((error) => console.error(error)).then(() => void pending.delete(done))
    pending.add(done)
  }
  const jobs: Jobs = {
    extract: (asset) =>
      later(async () => {
        if (!db.assets.has(asset.id)) return
        const head = asset.path
          ? await headOf(asset.path)
          : (heads.get(asset.id) ?? Buffer.alloc(0))
        const found = await read(head, asset)
        if (!db.assets.has(asset.id)) return
        apply(db, v, asset, found, zoneAt)
        const video = takeOutVideo(db, asset, head)
        if (!video) return
        const bytes = head.subarray(asset.size - video.size)
        if (originals) {
          video.path = join(originals, `${video.id}.mp4`)
          await writeFile(video.path, bytes)
        } else heads.set(video.id, bytes)
        jobs.extract(video)
      }),
    writeSidecar: (asset) =>
      later(() => {
        writeSidecar(asset)
        jobs.extract(asset)
      }),
    destroy: (asset) =>
      later(async () => {
        db.remove(asset.id)
        heads.delete(asset.id)
        if (asset.path && originals && asset.path.startsWith(originals)) {
          await rm(asset.path, { force: true })
        }
        // The video of a live photo goes with the last still that names it.
        const video = db.assets.get(asset.livePhotoVideoId ?? '')
        if (!video) return
        const named = [...db.assets.values()].some((one) => one.livePhotoVideoId === video.id)
        if (!named) jobs.destroy(video)
      }),
  }

  function writeSidecar(asset: Asset) {
    const { exif, locked } = asset
    const sidecar = { ...asset.sidecar }
    if (locked.includes('description')) {
      sidecar.description = unescaped(exif.description)
      sidecar.imageDescription = sidecar.description
    }
    if (locked.includes('latitude')) {
      Object.assign(sidecar, {
        latitude: exif.latitude ?? undefined,
        longitude: exif.longitude ?? undefined,
      })
    }
    if (locked.includes('dateTimeOriginal')) {
      const text = written.get(asset) ?? ''
      sidecar.date = /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`
    }
    if (locked.includes('rating')) sidecar.rating = exif.rating ?? 0
    if (locked.includes('tags'))
      sidecar.tags = asset.tagIds.flatMap((id) => db.tags.get(id)?.value ?? [])
    asset.sidecar = sidecar
    asset.locked = []
  }

  /** Waits until no job is left. */
  async function settled() {
    while (pending.size) await Promise.all(pending)
  }

  return { ...jobs, settled }
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name] ?? '')
