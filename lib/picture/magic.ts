import { extname } from 'node:path'

// RAW files are TIFF by their first bytes; which kind only the name tells.
export const RAW = new Set([
  'dng',
  'cr2',
  'nef',
  'nrw',
  'arw',
  'sr2',
  'srf',
  'pef',
  'srw',
  'erf',
  'kdc',
  '3fr',
  'iiq',
])

const BRANDS: [RegExp, string][] = [
  [/^qt {2}/, 'mov'],
  [/^avi[fs]/, 'avif'],
  [/^(hei[cxms]|hev[cxms])/, 'heic'],
  [/^(mif1|msf1)/, 'heif'],
  [/^crx /, 'cr3'],
  [/^3g[p2]/, '3gp'],
  [/^M4V/, 'm4v'],
]

const MAGIC: [offset: number, bytes: string, type: string][] = [
  [0, '\xff\xd8\xff', 'jpg'],
  [0, '\x89PNG\r\n\x1a\n', 'png'],
  [0, 'GIF8', 'gif'],
  [8, 'WEBP', 'webp'],
  [8, 'AVI ', 'avi'],
  [0, 'II*\0', 'tiff'],
  [0, 'MM\0*', 'tiff'],
  [0, 'IIU\0', 'rw2'],
  [0, 'IIRO', 'orf'],
  [0, 'IIRS', 'orf'],
  [0, 'FUJIFILMCCD-RAW', 'raf'],
  [0, '8BPS', 'psd'],
  [0, '\xff\x0a', 'jxl'],
  [0, '\0\0\0\x0cJXL ', 'jxl'],
  [0, '\0\0\0\x0cjP  ', 'jp2'],
  [0, '\x1a\x45\xdf\xa3', 'mkv'],
  [0, '\0\0\x01\xba', 'mpg'],
  [0, '\0\0\x01\xb3', 'mpg'],
  [0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'wmv'],
  // QuickTime before it had a file type box.
  [4, 'moov', 'mov'],
  [4, 'mdat', 'mov'],
  [4, 'wide', 'mov'],
  [4, 'pnot', 'mov'],
  [0, 'BM', 'bmp'],
]

/**
 * The real type of a media file by its first bytes (64 will do), as a lower-case extension. `name`
 * only tells apart what the bytes do not.
 */
export function typeOf(head: Buffer, name: string): string | undefined {
  const start = head.toString('latin1', 0, 256)
  if (start.startsWith('ftyp', 4)) return brandOf(start)
  const type = MAGIC.find(([offset, bytes]) => start.startsWith(bytes, offset))?.[2]
  const named = extname(name).slice(1).toLowerCase()
  if (type === 'tiff' && RAW.has(named)) return named
  if (type === 'mkv' && named === 'webm') return named
  return type
}

function brandOf(start: string) {
  const brand = start.slice(8, 12)
  const type = BRANDS.find(([pattern]) => pattern.test(brand))?.[1]
  if (type !== 'heif') return type ?? 'mp4'
  // A general still brand: which coding is inside stands among the compatible ones.
  const compatible = start.slice(16, 64)
  if (/hei[cxms]/.test(compatible)) return 'heic'
  return compatible.includes('avif') ? 'avif' : 'heif'
}
