import { createHash } from 'node:crypto'
import type { Body } from '../archive/archive.ts'
import { toAsset } from '../immich/assets.ts'
import type { Immich } from '../immich/immich.ts'
import { storedName, type Upload } from '../immich/upload.ts'
import { uploadName } from '../immich/upload-name.ts'
import type { Head } from '../picture/picture.ts'
import type { Asset, Photo, PhotoFile, Transfer, Want } from '../state/records.ts'
import { fileKey, filesToSend, keyIn, motionOf } from '../takeout/photo-files.ts'
import { arrival, completion } from './arrival.ts'
import { openBody, readable } from './reading.ts'

export type Sending = {
  server: Immich
  /** ISO: an asset of ours that is younger than this was made by a run that did not come to its end. */
  unfinishedSince: string
  /** Called after every file, and before a big one is sent (then it has to be on disk when it returns). */
  record(transfer: Transfer, big: boolean): Promise<void>
  sent(bytes: number): void
  /** Of a file that went over with such a run: it need not go again. */
  arrived(file: PhotoFile): Arrived | undefined
}

export type Arrived = { id: string; sha1: string; status: 'duplicate' }

// From this size on it pays to ask the server after a kill, before the file goes again.
const BIG_BYTES = 8 * 1024 * 1024

/**
 * Sends the given files of one photo, and gives the transfer as it then is. A live photo's video goes
 * first, so that the still can name it; where a stream had the still first, the link is owed. Throws Unreadable when the
 * bytes could not be read, Refused when the server does not take it, Fail when nothing more will go.
 */
export async function sendFiles(
  photo: Photo,
  files: { file: PhotoFile; body: Body }[],
  before: Transfer | undefined,
  sending: Sending,
): Promise<Transfer> {
  const { server, record, sent } = sending
  let transfer: Transfer = { ...before, at: new Date().toISOString() }
  delete transfer.failed
  delete transfer.again
  const order = filesToSend(photo)
  for (const { file, body } of files.toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file),
  )) {
    const isMain = file === photo.files[0]
    const { head, body: bytes, close, crc } = await openBody(body, sent, file.crc === null)
    const title = uploadName(photo, file, head.type)
    const { fields, sidecar, want } = arrival({ ...photo, title }, head)
    const live = isMain ? motionOf(photo, transfer) : undefined
    if (live) want.live = fields.livePhotoVideoId = live
    const isBig = body.size >= BIG_BYTES
    const arrived =
      sending.arrived(file) ||
      (isBig && before?.sending && !body.once && (await arrivedBefore(server, body)))
    if (isBig) await record({ ...transfer, sending: true }, true)
    const { id, sha1, status } =
      arrived ||
      (await server
        .upload({
          name: title,
          size: body.size,
          body: bytes,
          fields: file.role === 'motion' ? halfOf(photo, fields) : fields,
          ...(sidecar && file.role !== 'motion' && { sidecar }),
        })
        .finally(close))
    await close()
    transfer = { ...transfer, at: new Date().toISOString(), size: (transfer.size ?? 0) + body.size }
    delete transfer.sending
    if (crc() !== null)
      transfer.bytes = { ...transfer.bytes, [fileKey(file)]: fileKey({ ...file, crc: crc() }) }
    if (isMain) {
      transfer = { ...transfer, asset: id, main: fileKey(file), sha1, want: { ...want, sha1 } }
      if (before?.asset && before.asset !== id) transfer = inPlaceOf(before, photo, transfer)
      if (photo.taken !== null) transfer.taken = photo.taken
      if (sidecar || !want.instant) transfer.own = pick(head)
      if (photo.trashed) transfer = owing(transfer, 'trash')
      if (status === 'duplicate') transfer = await alreadyThere(photo, transfer, sending)
      if (motionOf(photo, transfer) && transfer.want?.live === undefined && !transfer.had)
        transfer = owing(transfer, 'live')
    } else {
      transfer.others = { ...transfer.others, [fileKey(file)]: id }
      const isOwn = status !== 'duplicate' || (await madeByUs(id, title, sending))
      if (isOwn) {
        const given = { want: wantOf(file, want, sha1), ...(sidecar && { own: pick(head) }) }
        transfer.gave = { ...transfer.gave, [fileKey(file)]: given }
      }
      if (file.role === 'edited') transfer = owing(transfer, 'stack')
      else if (transfer.asset) transfer = owing(transfer, 'live')
    }
    await record(transfer, false)
  }
  return transfer
}

/** After a kill a big file may have arrived whole, though its answer did not: reading it is cheaper than sending it. */
export async function arrivedBefore(server: Immich, body: Body): Promise<Arrived | undefined> {
  const hash = createHash('sha1')
  for await (const chunk of readable(body)) hash.update(chunk)
  const sha1 = hash.digest('hex')
  const [known] = await server.check([sha1])
  return known?.assetId ? { id: known.assetId, sha1, status: 'duplicate' } : undefined
}

/**
 * The server had the bytes: either a run of ours that was cut off sent them, with all that belongs to them, or they
 * came another way, and then only what is lacking is added.
 */
async function alreadyThere(
  photo: Photo,
  transfer: Transfer,
  { server, unfinishedSince }: Sending,
): Promise<Transfer> {
  const raw = await server.asset(transfer.asset as string)
  const { live, ...want } = transfer.want ?? {}
  if (raw.createdAt >= unfinishedSince && raw.originalFileName === want.name) {
    // A still that was there first did not take its motion half with the upload.
    return raw.livePhotoVideoId === live ? transfer : { ...transfer, want }
  }
  const { own: _, taken: __, owes, ...rest } = transfer
  const had = { ...rest, had: true as const, want: {} }
  if (raw.isTrashed) return had
  const added = await complete(server, photo, had, toAsset(raw))
  return live && !raw.livePhotoVideoId ? owing(added, 'live') : added
}

/** An edited copy or a motion half that was there: by a run of ours that was cut off, or it came another way. */
async function madeByUs(id: string, title: string, { server, unfinishedSince }: Sending) {
  const raw = await server.asset(id)
  return raw.createdAt >= unfinishedSince && raw.originalFileName === storedName(title)
}

/** Of a motion half only what it is, since all else is said of its still. */
function wantOf(file: PhotoFile, want: Want, sha1: string): Want {
  const { name } = want
  if (file.role === 'motion') return { ...(name && { name }), sha1, visibility: 'hidden' }
  return { ...want, sha1 }
}

/** Whether the asset that a photo was linked to by its bytes was made by a run of ours that was cut off. */
export async function isOurs(
  server: Immich,
  id: string,
  asset: Asset | undefined,
  unfinishedSince: string,
): Promise<boolean> {
  // None is younger than its last change: most are told without asking.
  if (!asset || asset.library || asset.updated < unfinishedSince) return false
  return (await server.asset(id)).createdAt >= unfinishedSince
}

/** Adds what an asset that was there before lacks of its photo: once, and never over what is there. */
export async function complete(
  server: Immich,
  photo: Photo,
  transfer: Transfer,
  asset: Asset,
): Promise<Transfer> {
  // What is said of an external library's file would be written beside that file.
  const lacking = asset.library ? undefined : completion(photo, asset)
  if (!lacking) return transfer
  await server.updateAsset(transfer.asset as string, lacking.changes)
  return { ...transfer, want: lacking.want }
}

/**
 * The server hides a motion half behind its still, unless it is archived: what is said of the photo is said of the still.
 * That of a locked one is never to be seen, since no key can link it later.
 */
function halfOf(
  photo: Photo,
  { fileCreatedAt, fileModifiedAt }: Upload['fields'],
): Upload['fields'] {
  return { fileCreatedAt, fileModifiedAt, ...(photo.locked && { visibility: 'hidden' }) }
}

function pick({ local, offset, place, description }: Head): Transfer['own'] {
  return {
    ...(local && { local }),
    ...(offset && { offset }),
    ...(place && { place }),
    ...(description && { description }),
  }
}

/** A better file takes the place of what was sent for the photo; an edited copy goes on top of it. */
function inPlaceOf({ asset = '', main = '' }: Transfer, photo: Photo, transfer: Transfer) {
  const better = owing({ ...transfer, before: [...(transfer.before ?? []), asset] }, 'albums')
  if (photo.files.find((file) => keyIn(transfer, file) === main)?.role !== 'edited') return better
  return owing({ ...better, others: { ...transfer.others, [main]: asset } }, 'stack')
}

function owing(transfer: Transfer, what: string): Transfer {
  return { ...transfer, owes: [...new Set([...(transfer.owes ?? []), what])] }
}
