import { createHash } from 'node:crypto'
import type { Connection } from './http.ts'
import { type FilePart, multipart } from './multipart.ts'
import type { Known, RawAsset, Visibility } from './raw.ts'
import { Interrupted, Refused, Unanswered } from './refusal.ts'

export type Upload = {
  /** With its extension: that decides what Immich takes it for. */
  name: string
  /** Bytes; the body must give exactly as many. */
  size: number
  /** A function makes a fresh one for each attempt; an iterable that can be read once allows one attempt only. */
  body: Buffer | AsyncIterable<Buffer> | (() => AsyncIterable<Buffer>)
  /** XMP that the server reads with the file. */
  sidecar?: string
  fields: {
    /** ISO with Z or an offset. */
    fileCreatedAt: string
    fileModifiedAt: string
    isFavorite?: boolean
    visibility?: Visibility
    /** The video's asset, uploaded before; the server hides it. */
    livePhotoVideoId?: string
  }
  /** Hex, where known beforehand: then the server may answer without reading the body. */
  sha1?: string
}
export type Uploaded = {
  id: string
  /** A duplicate keeps its own sidecar, fields and place in the trash: ours were dropped. */
  status: 'created' | 'duplicate'
  /** Hex, of the bytes that were read; the one given where the server did not want them. */
  sha1: string
}

/** The name under which Immich 2.7 to 3.1 shows a file that `upload` sent as `name`. */
export function storedName(name: string) {
  return sentName(name).replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

// The server cuts off everything up to a slash of either kind, and with it the name.
const sentName = (name: string) => name.replace(/[/\\\0]/g, '_')

/**
 * Sends one file, as a stream. What the body throws breaks the request off, so that the server discards it, and comes out
 * as it is. After a broken connection the server is asked whether it has the bytes before they go again.
 */
export function uploader(
  { request, now }: Connection,
  {
    check,
    asset,
  }: { check: (sha1s: string[]) => Promise<Known[]>; asset: (id: string) => Promise<RawAsset> },
) {
  return async function upload({
    name,
    size,
    body,
    sidecar,
    fields,
    sha1,
  }: Upload): Promise<Uploaded> {
    if (size === 0) throw new Error(`"${name}" is empty`) // v2 would make an asset of it
    const since = now().getTime() - 2000
    let sent: string | undefined
    let isRead = false
    let unclear = false

    const texts = {
      // v2 wants both, v3 ignores them.
      deviceAssetId: `${name}-${size}`,
      deviceId: 'photoferry',
      ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    }
    const form = () => {
      if (isRead && typeof body !== 'function' && !Buffer.isBuffer(body)) throw new Interrupted()
      const files: Record<string, FilePart> = {}
      if (sidecar !== undefined) {
        const xmp = Buffer.from(sidecar)
        files.sidecarData = {
          name: `${sentName(name)}.xmp`,
          size: xmp.length,
          chunks: () => oneChunk(xmp),
        }
      }
      files.assetData = { name: sentName(name), size, chunks: () => hashed(open(body)) }
      return multipart(texts, files)
    }
    async function* hashed(chunks: AsyncIterable<Buffer>) {
      isRead = true
      const hash = createHash('sha1')
      let held: Buffer | undefined
      let length = 0
      // One chunk is held back, so that a body of the wrong length is broken off before the server has it whole.
      for await (const chunk of chunks) {
        if (held) yield held
        hash.update(chunk)
        length += chunk.length
        held = chunk
        if (length > size) throw new Error(`"${name}" has more than ${size} bytes`)
      }
      if (length < size) throw new Error(`"${name}" has ${length} bytes, not ${size}`)
      sent = hash.digest('hex')
      if (held) yield held
    }
    // Made by us a moment ago, though the answer to that was lost: the second answer says `duplicate`.
    const ours = async (id: string) => Date.parse((await asset(id)).createdAt) >= since
    // Where all else is answered it is this file that does not get through, and others may.
    const notThrough = async (error: Error) => {
      if (!(error.cause instanceof Unanswered)) throw error
      await request('GET', '/server/ping', { retries: 1 }).catch(() => {
        throw error
      })
      const why = 'a proxy before Immich may limit how long or how large an upload is'
      throw new Refused(0, `${error.cause.message}, each time: ${why}`)
    }
    const settle = async () => {
      unclear = true
      const known = sent ?? sha1
      const [answer] = known ? await check([known]) : []
      return answer?.assetId ? { id: answer.assetId, status: 'duplicate' as const } : undefined
    }

    const headers = sha1 ? { 'x-immich-checksum': sha1 } : undefined
    const answer = await request<{ id: string; status: 'created' | 'duplicate' }>(
      'POST',
      '/assets',
      { body: form, headers, settle },
    ).catch(notThrough)
    const status =
      answer.status === 'duplicate' && unclear && (await ours(answer.id))
        ? 'created'
        : answer.status
    return { id: answer.id, status, sha1: sent ?? sha1 ?? '' }
  }
}

function open(body: Upload['body']): AsyncIterable<Buffer> {
  if (Buffer.isBuffer(body)) return oneChunk(body)
  return typeof body === 'function' ? body() : body
}

async function* oneChunk(bytes: Buffer) {
  yield bytes
}
