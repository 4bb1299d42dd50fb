import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { extname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { check, type Major, Problem, type Rules } from './immich-check.ts'
import type { Asset, Db } from './immich-db.ts'
import { readXmp } from './immich-extract.ts'
import { type FormPart, readForm } from './immich-form.ts'
import { imageTypesOf, videoTypes } from './immich-json.ts'

const visibility = ['archive', 'timeline', 'hidden', 'locked']
const formRules = (major: Major): Rules => ({
  ...(major === 2 && {
    deviceAssetId: { kind: 'string', required: true },
    deviceId: { kind: 'string', required: true },
  }),
  fileCreatedAt: { kind: 'date', required: true },
  fileModifiedAt: { kind: 'date', required: true },
  duration: major === 2 ? { kind: 'string' } : { kind: 'int' },
  filename: { kind: 'string' },
  isFavorite: { kind: 'bool' },
  visibility: { kind: visibility },
  livePhotoVideoId: { kind: 'uuid' },
})
type Fields = {
  deviceAssetId?: string
  deviceId?: string
  fileCreatedAt: number
  fileModifiedAt: number
  filename?: string
  isFavorite?: boolean
  visibility?: Asset['visibility']
  livePhotoVideoId?: string
}
type Stored = { name: string; path: string | null; size: number; sha1: string; head: Buffer }

/** Takes one upload in; `folder` null keeps no originals. */
export async function receive(
  db: Db,
  major: Major,
  request: IncomingMessage,
  folder: string | null,
) {
  const early = request.headers['x-immich-checksum']
  if (typeof early === 'string') {
    const known = db.byChecksum(hex(early) ?? '')
    if (known) return { code: 200, answer: { status: 'duplicate', id: known.id } }
  }
  const texts: Record<string, string> = {}
  let file: Stored | undefined
  let sidecar: string | undefined
  const stores: Awaited<ReturnType<typeof storing>>[] = []
  try {
    await readForm(request, async (name, filename): Promise<FormPart> => {
      if (filename === undefined) {
        const chunks: Buffer[] = []
        return {
          write: (chunk) => chunks.push(chunk),
          end: () => {
            texts[name] = Buffer.concat(chunks).toString()
          },
        }
      }
      if (name !== 'assetData' && name !== 'sidecarData')
        throw new Problem(400, `Unexpected field - ${name}`)
      // The name that came as a text before stands for every file after it.
      const judged = texts.filename ?? filename
      const type = extname(judged).toLowerCase()
      const fits =
        name === 'sidecarData'
          ? type === '.xmp'
          : [...videoTypes, ...imageTypesOf(major)].includes(type)
      if (!fits) throw new Problem(400, `Unsupported file type ${judged}`)
      if (name === 'sidecarData') {
        const chunks: Buffer[] = []
        return {
          write: (chunk) => chunks.push(chunk),
          end: () => {
            sidecar = Buffer.concat(chunks).toString()
          },
        }
      }
      const store = await storing(filename, folder)
      stores.push(store)
      return {
        write: store.write,
        end: async () => {
          file = await store.end()
        },
      }
    })
    if (!file) throw new Problem(400, 'Field(s) assetData should not be empty')
    const fields = check(major, formRules(major), texts, 'text') as Fields
    if (major === 3 && file.size === 0) throw new Problem(400, 'File is empty')
    const result = take(db, file, fields, sidecar)
    if (result.code === 200) for (const store of stores) await store.drop()
    return { ...result, head: file.head }
  } catch (error) {
    for (const store of stores) await store.drop()
    throw error
  }
}

function take(db: Db, file: Stored, fields: Fields, sidecar: string | undefined) {
  const { livePhotoVideoId } = fields
  const video = livePhotoVideoId ? db.assets.get(livePhotoVideoId) : undefined
  if (livePhotoVideoId) checkVideo(video)
  const known = db.byChecksum(file.sha1)
  // The new video is hidden even where its still turns out to be there already.
  if (video) hide(db, video)
  if (known) return { code: 200, answer: { id: known.id, status: 'duplicate' } }
  const name = fields.filename ?? file.name
  const asset = db.add({
    deviceAssetId: fields.deviceAssetId ?? '',
    deviceId: fields.deviceId ?? '',
    type: videoTypes.includes(extname(name).toLowerCase()) ? 'VIDEO' : 'IMAGE',
    originalFileName: name,
    path: file.path,
    checksum: file.sha1,
    size: file.size,
    fileCreatedAt: fields.fileCreatedAt,
    fileModifiedAt: fields.fileModifiedAt,
    isFavorite: fields.isFavorite ?? false,
    visibility: fields.visibility ?? 'timeline',
    livePhotoVideoId: livePhotoVideoId ?? null,
    sidecar: sidecar === undefined ? null : readXmp(sidecar),
  })
  return { code: 201, answer: { id: asset.id, status: 'created' }, asset }
}

export function checkVideo(video: Asset | undefined) {
  if (!video) throw new Problem(400, 'Live photo video not found')
  if (video.type !== 'VIDEO') throw new Problem(400, 'Live photo video must be a video')
}

/** Only what lies in the timeline: an archived half stays where it is. */
export function hide(db: Db, video: Asset) {
  if (video.visibility !== 'timeline') return
  video.visibility = 'hidden'
  db.touch(video)
}

/** Hex of a SHA-1 given as hex or base64; undefined where it is neither. */
export function hex(checksum: string) {
  if (/^[0-9a-f]{40}$/i.test(checksum)) return checksum.toLowerCase()
  return checksum.length === 28 ? Buffer.from(checksum, 'base64').toString('hex') : undefined
}

async function storing(name: string, folder: string | null) {
  const hash = createHash('sha1')
  const head: Buffer[] = []
  let size = 0
  const path = folder && join(folder, `${randomUUID()}${extname(name).toLowerCase()}`)
  if (folder) await mkdir(folder, { recursive: true })
  const stream = path ? createWriteStream(path) : undefined
  return {
    path,
    write(chunk: Buffer) {
      hash.update(chunk)
      if (size < 262_144) head.push(Buffer.from(chunk))
      size += chunk.length
      if (!stream || stream.write(chunk)) return
      return new Promise<void>((resolve) => stream.once('drain', resolve))
    },
    async drop() {
      stream?.destroy()
      if (path) await rm(path, { force: true })
    },
    async end(): Promise<Stored> {
      if (stream) await finished(stream.end())
      return {
        name,
        path,
        size,
        sha1: hash.digest('hex'),
        head: Buffer.concat(head).subarray(0, 262_144),
      }
    },
  }
}
