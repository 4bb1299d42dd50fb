/** Pixels a side that a hash is made of, and of the slow waves in them that count. */
const SIDE = 32
const WAVES = 8
// Below this all pixels are nearly one: a blank page is like any other.
const CONTRAST = 4

/** 64 bits of how a picture looks, as two numbers of 32: the same for other sizes and codings of it, near for small edits. */
export type Looks = [number, number]

/** Cosines of the waves, by wave and pixel. */
const COSINES = Array.from({ length: WAVES }, (_, wave) =>
  Array.from({ length: SIDE }, (_, at) => Math.cos(((2 * at + 1) * wave * Math.PI) / (2 * SIDE))),
)

/**
 * The perceptual hash of a picture's bytes, upright; null where nothing can be told: it cannot be decoded, or is nearly of one
 * colour. `picture` is a path or the bytes.
 */
export async function looksLike(picture: string | Buffer): Promise<Looks | null> {
  try {
    const { default: sharp } = await import('sharp')
    const grey = await sharp(picture)
      .autoOrient()
      .flatten({ background: '#fff' })
      .greyscale()
      .resize(SIDE, SIDE, { fit: 'fill' })
      .raw()
      .toBuffer()
    return hashOf(grey)
  } catch {
    return null
  }
}

/** The bits tell which slow waves are stronger than their median. */
function hashOf(grey: Buffer): Looks | null {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length
  const spread = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length
  if (Math.sqrt(spread) < CONTRAST) return null
  const rows = Array.from({ length: SIDE }, (_, y) =>
    COSINES.map((cosines) => cosines.reduce((sum, c, x) => sum + c * (grey[y * SIDE + x] ?? 0), 0)),
  )
  const waves = COSINES.flatMap((cosines) =>
    COSINES.map((_, wave) => cosines.reduce((sum, c, y) => sum + c * (rows[y]?.[wave] ?? 0), 0)),
  )
  // The first is the mean, which says nothing of the picture.
  const median = waves.slice(1).toSorted((a, b) => a - b)[31] ?? 0
  const bits = (from: number) =>
    waves.slice(from, from + 32).reduce((all, wave, at) => all | (wave > median ? 1 << at : 0), 0)
  return [bits(0) >>> 0, bits(32) >>> 0]
}

/** How many of the bits differ. */
export function distance(a: Looks, b: Looks): number {
  return ones(a[0] ^ b[0]) + ones(a[1] ^ b[1])
}

function ones(bits: number) {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/**
 * Groups of items whose looks differ by `most` bits at most, each from one other of its group. Two such hashes agree in one of
 * `most` + 1 pieces, so that only those are compared: a hundred thousand take seconds.
 */
export function groupsAlike<Item>(items: { item: Item; looks: Looks }[], most: number): Item[][] {
  const parent = items.map((_, at) => at)
  const root = (at: number): number => {
    let top = at
    while (parent[top] !== top) top = parent[top] as number
    parent[at] = top
    return top
  }
  for (const piece of pieces(most + 1)) {
    const same = Map.groupBy(items.keys(), (at) => piece(items[at]?.looks as Looks))
    for (const [first, ...rest] of same.values()) {
      const near = [first as number]
      for (const at of rest) {
        for (const other of near) {
          if (root(at) === root(other)) continue
          if (distance(items[at]?.looks as Looks, items[other]?.looks as Looks) <= most)
            parent[root(at)] = root(other)
        }
        near.push(at)
      }
    }
  }
  const groups = Map.groupBy(items.keys(), root)
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.map((at) => items[at]?.item as Item))
}

/** Cuts 64 bits into so many pieces; each gives its part of a hash as a key. */
function pieces(many: number) {
  return Array.from({ length: many }, (_, n) => {
    const [from, to] = [Math.floor((n * 64) / many), Math.floor(((n + 1) * 64) / many)]
    const mask = ((1n << BigInt(to - from)) - 1n) << BigInt(from)
    const [low, high] = [Number(mask & 0xffffffffn), Number(mask >> 32n)]
    return (looks: Looks) => `${(looks[0] & low) >>> 0} ${(looks[1] & high) >>> 0}`
  })
}
