/** Pixels a side: enough to see a crop or a caption, and no more than JPEG's own noise leaves alone. */
const SIDE = 32

/**
 * What a picture looks like: its colours on a grid of 32 x 32, upright, sRGB, three bytes a cell. Null where it cannot be
 * decoded (HEIC, RAW, damaged, or sharp has no build for this machine): then nothing can be said of it.
 */
export async function looksOf(picture: Buffer): Promise<Buffer | null> {
  try {
    const { default: sharp } = await import('sharp')
    return await sharp(picture)
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      // Shrinking while a JPEG is unpacked is faster, but a picture and its half then differ by more than an edit does.
      .resize(SIDE, SIDE, { fit: 'fill', kernel: 'mitchell', fastShrinkOnLoad: false })
      .raw()
      .toBuffer()
  } catch {
    return null
  }
}

// Measured on landscapes that were made a half to a third of the size by three kernels and saved again as JPEG or WebP of
// quality 60 to 80: a mean difference of 0.9, 7 in a cell, and 0.7 between the means of a channel at most; screenshots
// mostly stay apart. 3 % more light moves a channel's mean by 1.4, a border cut off by 2 % some cell by 22.
const MEAN = 1.5
const CELL = 18
const SHIFT = 1
// A blank page looks like any other.
const CONTRAST = 8

/**
 * Tells whether two looks are of one picture, resized or saved again, and not of an edit of it. Stricter than a perceptual
 * hash, whose bits are the same for a picture and its brighter copy.
 */
export function looksAgree(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length || contrastOf(a) < CONTRAST) return false
  const shift = [0, 0, 0]
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (Math.abs(difference) > CELL) return false
    sum += Math.abs(difference)
    shift[i % 3] = (shift[i % 3] as number) + difference
  }
  const cells = a.length / 3
  return sum <= MEAN * a.length && shift.every((all) => Math.abs(all) <= SHIFT * cells)
}

/** Standard deviation of all values. */
function contrastOf(looks: Buffer) {
  let [sum, squares] = [0, 0]
  for (const value of looks) {
    sum += value
    squares += value * value
  }
  return Math.sqrt(squares / looks.length - (sum / looks.length) ** 2)
}
