import type { Asset, Link, Photo, PhotoFile, Transfer } from '../state/records.ts'

/** What becomes of an edited copy: on top of its original, beside it, left out, or in its place. */
export const EDITED = ['stack', 'both', 'original', 'edited'] as const
export type Edited = (typeof EDITED)[number]

/** The photo with only those of its files that are wanted: what is to be sent first comes first. */
export function shaped(photo: Photo, edited: Edited): Photo {
  const [copy] = photo.files.filter(({ role }) => role === 'edited')
  if (!copy || edited === 'stack' || edited === 'both') return photo
  const rest = photo.files.filter(({ role }) => role !== 'edited')
  if (edited === 'original') return { ...photo, files: rest }
  const motion = rest.filter(({ role }) => role === 'motion')
  return { ...photo, files: [{ ...copy, role: 'original' }, ...motion] }
}

/** The files that go over, in the order in which they should: a still names its motion half, so that goes first. */
export function filesToSend(photo: Photo): PhotoFile[] {
  const [main, ...rest] = photo.files as [PhotoFile, ...PhotoFile[]]
  const of = (role: PhotoFile['role']) => rest.filter((file) => file.role === role)
  return [...of('motion'), main, ...of('edited')]
}

/**
 * Tells a file from the others of its photo: its bytes, or its place and size where these were never read. Of two with one place
 * in two unpacked exports, as of an edited copy that was edited again, the sizes differ: else both were read.
 */
export function fileKey({ path, size, crc }: PhotoFile): string {
  return crc === null ? `${size} ${path}` : `${crc}-${size}`
}

/** By what a transfer knows one of its files: that the index has read it since makes it no other file. */
export function keyIn(transfer: Transfer | undefined, file: PhotoFile): string {
  const key = fileKey(file)
  const { bytes } = transfer ?? {}
  if (!bytes || file.crc === null) return key
  return Object.keys(bytes).find((before) => bytes[before] === key) ?? key
}

/** What of it has not arrived. */
export function filesLeft(photo: Photo, transfer: Transfer | undefined): PhotoFile[] {
  return filesToSend(photo).filter((file) =>
    file === photo.files[0]
      ? !transfer?.asset || hasBetter(photo, transfer)
      : !transfer?.others?.[keyIn(transfer, file)],
  )
}

/** A later part or export brought the original of an edited copy that was sent for it, or one of more pixels. */
export function hasBetter({ files }: Photo, transfer: Transfer | undefined): boolean {
  const [best] = files
  const { main, asset } = transfer ?? {}
  if (!asset || !main || !best || main === keyIn(transfer, best)) return false
  const sent = files.find((file) => keyIn(transfer, file) === main)
  if (sent?.role !== 'copy') return sent?.role === 'edited'
  const pixels = ({ head }: PhotoFile) => (head?.width ?? 0) * (head?.height ?? 0)
  return pixels(best) > pixels(sent) && pixels(sent) > 0
}

/** The transfer of a photo whose link says that the server has it: nothing is done yet, but its bytes need not go. */
export function linkedStart(photo: Photo, link: Link, asset: Asset | undefined): Transfer {
  const motion = photo.files.find(({ role }) => role === 'motion')
  return {
    asset: link.asset as string,
    ...(link.sha1 && { sha1: link.sha1 }),
    at: new Date().toISOString(),
    had: true,
    want: {},
    ...(motion && asset?.live && { others: { [fileKey(motion)]: asset.live } }),
  }
}

/** The motion half's asset, once it is known. */
export function motionOf(photo: Photo, transfer: Transfer): string | undefined {
  const motion = photo.files.find(({ role }) => role === 'motion')
  return motion && transfer.others?.[keyIn(transfer, motion)]
}
