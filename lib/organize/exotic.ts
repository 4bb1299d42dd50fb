import type { ExifTool } from 'exiftool-vendored'
import type { Head } from '../picture/picture.ts'

// What our own reader knows well enough to say that there is no time in it.
const KNOWN = /^(jpg|png|gif|webp|bmp|heic|heif|avif|jxl|mp4|mov|m4v|3gp)$/
const TAGS = [
  'DateTimeOriginal',
  'CreateDate',
  'MediaCreateDate',
  'CreationDate',
  'OffsetTimeOriginal',
]

let exiftool: ExifTool | undefined

/** Whether exiftool may know more: RAW, AVI, Matroska and the like. */
export const isExotic = ({ type }: Head) => !KNOWN.test(type ?? '')

/** What exiftool says of the time in a file; nothing where it is not there or cannot read it. */
export async function exoticTime(path: string, head: Head): Promise<Head> {
  // Its names are lines of a command file.
  if (path.includes('\n')) return head
  try {
    exiftool ??= await start()
    const tags = await exiftool.readRaw(path, {
      readArgs: ['-fast', ...TAGS.map((tag) => `-${tag}`)],
    })
    for (const tag of TAGS.slice(0, -1)) {
      const found = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?/.exec(
        String(tags[tag as keyof typeof tags]),
      )
      if (!found || found[1] === '0000') continue
      const local = `${found[1]}-${found[2]}-${found[3]}T${found[4]}`
      if (found[5] === 'Z') return { ...head, instant: Date.parse(`${local}Z`) / 1000 }
      return { ...head, local, ...(found[5] && { offset: found[5] }) }
    }
  } catch {
    // Perl is not there, or the file is beyond it: the name may still tell.
  }
  return head
}

async function start() {
  const { ExifTool } = await import('exiftool-vendored')
  return new ExifTool({ maxProcs: 1 })
}

/** Ends the process of exiftool, if one was begun. */
export const endExiftool = () => exiftool?.end()
