// What Immich takes, by extension.
const images =
  '3fr ari arw avif bmp cap cin cr2 cr3 crw dcr dng erf fff gif heic heif hif iiq insp jp2 jpe jpeg jpg jxl k25 kdc mrw nef nrw orf ori pef png psd raf raw rw2 rwl sr2 srf srw svg tif tiff webp x3f'
// The last three are halves of Pixel motion photos: MP4 under another name.
const videos =
  '3gp 3gpp avi flv insv m2t m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf vob webm wmv mp mv cover'
// Seen in exports or left by the systems that unpacked them, and never a picture.
const others =
  'json html htm csv txt xml xmp pdf db ini log zip tgz gz tar rar 7z md vcf ics mbox doc docx xls xlsx thm aae lnk url part crdownload'

const kinds = new Map<string, 'image' | 'video' | null>([
  ...images.split(' ').map((extension) => [extension, 'image'] as const),
  ...videos.split(' ').map((extension) => [extension, 'video'] as const),
  ...others.split(' ').map((extension) => [extension, null] as const),
])
const litter = new Set([
  '.ds_store',
  'thumbs.db',
  'desktop.ini',
  'icon\r',
  '.picasa.ini',
  '.nomedia',
])

// Every file of an export is asked about, and few names are as short.
const LONGEST_LITTER = Math.max(...[...litter].map((name) => name.length))

/**
 * What a file is by its name. `unknown`: no extension that anybody knows, so it is media only if a sidecar, a still
 * beside it or its first bytes say so. null: never media (JSON, documents, litter).
 */
export function mediaKind(name: string): 'image' | 'video' | 'unknown' | null {
  if (isLitter(name)) return null
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
  const known = kinds.get(extension)
  if (known !== undefined) return known
  // Pixel's `.MP~2`; and a collision's number behind a half's name, `.MP(1)`.
  const kind = kinds.get(extension.replace(/\(\d{1,9}\)$/, '').replace(/^(mp|mv)~\d{1,9}$/, '$1'))
  return kind === undefined ? 'unknown' : kind
}

/** Left by an operating system or an unpacker, no part of the export. Takes a name or a path. */
export function isLitter(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return (
    name === '' ||
    name.startsWith('._') ||
    (name.length <= LONGEST_LITTER && litter.has(name.toLowerCase())) ||
    (path.includes('__MACOSX') && path.split('/', 64).includes('__MACOSX'))
  )
}

/** Base and extension (with its dot), at the last dot; a name that begins with its only dot has no extension. */
export function splitName(name: string): { base: string; extension: string } {
  const dot = name.lastIndexOf('.')
  return dot > 0
    ? { base: name.slice(0, dot), extension: name.slice(dot) }
    : { base: name, extension: '' }
}
