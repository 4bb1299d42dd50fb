import { basename, extname } from 'node:path'
import type { Photo, PhotoFile } from '../state/records.ts'

/** The name under which a file of a photo goes over; `type` is what its first bytes show it to be. */
export function uploadName(photo: Photo, file: PhotoFile, type: string | undefined): string {
  return fittingName(file === photo.files[0] ? photo.title : derivedName(photo, file), type)
}

/** Only the main file has a title: an edited copy keeps its ending, a motion half its extension. */
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
