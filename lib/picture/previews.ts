import type { ExifTool } from 'exiftool-vendored'

// The largest first; a HEIC of an iPhone has none of them that is a JPEG.
const PREVIEWS = ['JpgFromRaw', 'PreviewImage', 'OtherImage', 'ThumbnailImage']
const HAS_THEM = /\.(hei[cf]|avif|dng|cr[23]|nef|nrw|arw|sr[2fw]|pef|erf|kdc|3fr|iiq|raf|rw2|orf)$/i

/** The pictures that HEIC and RAW hold of themselves, by exiftool, which starts with the first of these files. */
export function previews() {
  let exiftool: ExifTool | undefined
  async function tool(path: string) {
    if (!HAS_THEM.test(path) || path.includes('\n')) return
    const { ExifTool } = await import('exiftool-vendored')
    exiftool ??= new ExifTool({ maxProcs: 1 })
    return exiftool
  }
  return {
    /** What `use` makes of the largest preview of which it makes anything; null where there is none. */
    async first<T>(path: string, use: (jpeg: Buffer) => Promise<T | null>): Promise<T | null> {
      const found = await tool(path)
      for (const tag of found ? PREVIEWS : []) {
        const jpeg = await found?.extractBinaryTagToBuffer(tag as never, path).catch(() => null)
        const used = jpeg && (await use(jpeg))
        if (used) return used
      }
      return null
    },
    /** Pixels of the picture itself, which the first directory of a RAW does not tell. */
    async size(path: string): Promise<{ width?: number; height?: number }> {
      const tags = await (await tool(path))
        ?.read(path, { readArgs: ['-fast', '-ImageSize'] })
        .catch(() => null)
      const [, width, height] = /^(\d+)[x ](\d+)$/.exec(String(tags?.ImageSize)) ?? []
      return width && height ? { width: Number(width), height: Number(height) } : {}
    },
    end: async () => exiftool?.end(),
  }
}
