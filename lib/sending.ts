import { basename, extname } from 'node:path'
import type { Body } from './archive.ts'
import { arrival, completion } from './arrival.ts'
import { toAsset } from './assets.ts'
import type { Immich } from './immich.ts'
import { HEAD_BYTES, type Head, readHead } from './picture.ts'
import type { Photo, PhotoFile, Transfer } from './state.ts'

/** A file's bytes could not be read: it is told, and the others go on. */
export class Unreadable extends Error {}

export type Sending = {
  server: Immich
  /** ISO: an asset of ours that is younger than this was made by a run that did not come to its end. */
  unfinishedSince: string
  /** Called after every file, and before a big one is sent (then it has to be on disk when it returns). */
  record(transfer: Transfer, big: boolean): Promise<void>
  sent(bytes: number): void
}

// From this size on it pays to ask the server after a kill, before the file goes again.
const BIG_BYTES = 8 * 1024 * 1024

/** The files of a photo that go over: its original, edited copies and motion half, the motion first. */
export function filesToSend(photo: Photo): PhotoFile[] {
  const order = ['motion', 'original', 'edited']
  return photo.files
    .filter((file, at) => at === 0 || file.role === 'edited' || file.role === 'motion')
    .sort((a, b) => rank(photo, a, order) - rank(photo, b, order))
}

/** What of it has not arrived. */
export function filesLeft(photo: Photo, transfer: Transfer | undefined): PhotoFile[] {
  return filesToSend(photo).filter((file) =>
    file === photo.files[0] ? !transfer?.asset : !transfer?.others?.[file.path],
  )
}

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
  const order = filesToSend(photo)
  for (const { file, body } of files.toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file),
  )) {
    const isMain = file === photo.files[0]
    const opened = await open(body, sent)
    const title = fittingName(isMain ? photo.title : derivedName(photo, file), opened.head.type)
    const { fields, sidecar, want } = arrival({ ...photo, title }, opened.head)
    const live = isMain ? motionOf(photo, transfer) : undefined
    if (live) want.live = fields.livePhotoVideoId = live
    if (body.size >= BIG_BYTES) await record({ ...transfer, sending: true }, true)
    const { id, sha1, status } = await server.upload({
      name: title,
      size: body.size,
      body: opened.body,
      fields,
      // The server hides a motion half behind its still: what is said of the photo is said there.
      ...(sidecar && file.role !== 'motion' && { sidecar }),
    })
    transfer = { ...transfer, at: new Date().toISOString(), size: (transfer.size ?? 0) + body.size }
    delete transfer.sending
    if (isMain) {
      transfer = { ...transfer, asset: id, sha1, want: { ...want, sha1 } }
      if (status === 'duplicate') transfer = await alreadyThere(photo, transfer, sending)
      if (!live && motionOf(photo, transfer)) transfer = owing(transfer, 'live')
    } else {
      transfer.others = { ...transfer.others, [file.path]: id }
      if (file.role === 'edited') transfer = owing(transfer, 'stack')
      else if (transfer.asset) transfer = owing(transfer, 'live')
    }
    await record(transfer, false)
  }
  return transfer
}

/** The motion half's asset, once it is known. */
export function motionOf(photo: Photo, transfer: Transfer): string | undefined {
  const motion = photo.files.find(({ role }) => role === 'motion')
  return motion && transfer.others?.[motion.path]
}

/**
 * The server had the bytes: either a run of ours that was cut off sent them, with all that belongs to them, or they
 * came another way, and then only what is lacking is added.
 */
async function alreadyThere(
  photo: Photo,
  transfer: Transfer,
  { server, unfinishedSince }: Sending,
) {
  const raw = await server.asset(transfer.asset as string)
  if (raw.createdAt >= unfinishedSince && raw.originalFileName === transfer.want?.name)
    return transfer
  const lacking = raw.isTrashed ? undefined : completion(photo, toAsset(raw))
  if (lacking) await server.updateAsset(raw.id, lacking.changes)
  return { ...transfer, had: true as const, want: lacking?.want ?? {} }
}

function owing(transfer: Transfer, what: string): Transfer {
  return { ...transfer, owes: [...new Set([...(transfer.owes ?? []), what])] }
}

/** Reads the head of the stream, and gives a body that begins with it again; a second attempt opens a fresh stream. */
async function open(body: Body, sent: (bytes: number) => void) {
  const stream = counted(readable(body), sent)
  const first: Buffer[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const next = await stream.next()
    if (next.done) break
    first.push(next.value)
    length += next.value.length
  }
  const head: Head = await readHead(Buffer.concat(first), body.path)
  let opened = false
  async function* whole() {
    if (opened) return yield* counted(readable(body), sent)
    opened = true
    try {
      yield* first.splice(0)
      yield* stream
    } finally {
      await stream.return(undefined)
    }
  }
  // A tar has no way back: one attempt, and the next run tries again.
  return { head, body: body.once ? whole() : whole }
}

async function* readable(body: Body): AsyncGenerator<Buffer> {
  try {
    yield* body.open()
  } catch (error) {
    throw new Unreadable((error as Error).message, { cause: error })
  }
}

async function* counted(chunks: AsyncGenerator<Buffer>, sent: (bytes: number) => void) {
  for await (const chunk of chunks) {
    yield chunk
    sent(chunk.length)
  }
}

/** The photo's name for a file that has none of its own: an edited copy keeps its ending, a motion half its extension. */
function derivedName(photo: Photo, file: PhotoFile) {
  const name = basename(file.path)
  if (file.role === 'edited') return name
  const stem = photo.title.slice(0, photo.title.length - extname(photo.title).length) || photo.title
  const extension = /^\.(mp4|mov|m4v|3gp)$/i.test(extname(name)) ? extname(name) : '.mp4'
  return stem + extension
}

// Names that mean one format. A TIFF may be any kind of RAW, so it proves nothing against a name.
const FORMATS = [
  ['jpg', 'jpeg', 'jpe'],
  ['heic', 'heif', 'hif'],
  ['mp4', 'm4v', 'mov', '3gp', '3gpp', 'qt', 'insv', 'lrv'],
  ['png'],
  ['gif'],
  ['webp'],
  ['avif'],
  ['jxl'],
]

/** The name with the extension of what the first bytes show, where it claims another format: servers go by the name. */
export function fittingName(name: string, type: string | undefined): string {
  const real = FORMATS.find((names) => names.includes(type ?? ''))
  const claimed = extname(name).slice(1).toLowerCase()
  if (!real || real.includes(claimed)) return name
  const isKnown = FORMATS.some((names) => names.includes(claimed))
  return isKnown ? `${name.slice(0, -claimed.length)}${type}` : `${name}.${type}`
}

function rank(photo: Photo, file: PhotoFile, order: string[]) {
  return file === photo.files[0] ? 1 : order.indexOf(file.role)
}
