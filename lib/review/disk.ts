import { createReadStream } from 'node:fs'
import { areAsTheyWere, type Seen } from '../dedupe/report.ts'
import { previews } from '../picture/previews.ts'
import { asJpeg, extension, type Shown, TYPES } from './pictures.ts'

// Pixels a side. `large` is the picture's own, or as large as a browser is given one that it does not know itself.
const PIXELS = { thumbnail: 320, preview: 1440, large: 8192 }

/** Pictures of files on disk, HEIC and RAW by the previews in them. */
export function diskPictures() {
  const inside = previews()

  async function picture(file: Seen, size: keyof typeof PIXELS): Promise<Shown> {
    if (!(await areAsTheyWere([file]))) return { none: 'It is no longer as it was looked at' }
    const kind = extension(file.path)
    const type = TYPES[kind]
    const asItIs = () => ({ type: type as string, bytes: createReadStream(file.path) })
    if (type && size === 'large') return asItIs()
    const jpeg = (bytes: string | Buffer) => asJpeg(bytes, PIXELS[size])
    const made = (await jpeg(file.path)) ?? (await inside.first(file.path, jpeg))
    return made ?? (type ? asItIs() : { none: `No browser shows ${kind.toUpperCase()}` })
  }

  return { picture, close: () => inside.end() }
}
