// As much of ISO/IEC 18004 as it takes to read a clean code of bytes in versions 1 to 10: what a phone would see.
const LEVELS = 'MLHQ'
const ECC: Record<string, number[]> = {
  L: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18],
  M: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26],
  Q: [13, 22, 18, 26, 18, 24, 18, 22, 20, 24],
  H: [17, 28, 22, 16, 22, 28, 26, 26, 24, 28],
}
const BLOCKS: Record<string, number[]> = {
  L: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4],
  M: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5],
  Q: [1, 1, 2, 2, 4, 4, 6, 6, 8, 8],
  H: [1, 1, 2, 4, 4, 4, 5, 6, 8, 8],
}
const MASKS: ((x: number, y: number) => number)[] = [
  (x, y) => (x + y) % 2,
  (_, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
]

/** The text of a QR code that stands in half blocks (light ones are drawn) among other lines. Throws where there is none. */
export function readQr(shown: string): string {
  const lines = shown
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's colours
    .replace(/\x1b\[[\d;]*m/g, '')
    .split(/\r?\n/)
    .filter((line) => /^[█▀▄ ]{21,}$/.test(line))
  const rows = lines.flatMap((line) => [
    [...line].map((sign) => sign === ' ' || sign === '▄'),
    [...line].map((sign) => sign === ' ' || sign === '▀'),
  ])
  const border = rows[0]?.length ? (rows.find((row) => row.includes(true))?.indexOf(true) ?? 0) : 0
  const size = (rows[0]?.length ?? 0) - 2 * border
  const version = (size - 17) / 4
  if (!Number.isInteger(version) || version < 1 || version > 10)
    throw new Error(`there is no QR code in:\n${shown}`)
  const dark = (x: number, y: number) => Number(rows[y + border]?.[x + border] ?? false)

  const formatAt = [
    ...[0, 1, 2, 3, 4, 5, 7, 8].map((y) => [8, y]),
    ...[7, 5, 4, 3, 2, 1, 0].map((x) => [x, 8]),
  ] as [number, number][]
  const format = formatAt.reduce((bits, [x, y], at) => bits | (dark(x, y) << at), 0) ^ 0x5412
  const level = LEVELS[format >> 13] as string
  const mask = MASKS[(format >> 10) & 7] as (x: number, y: number) => number

  // Codewords, from the right in columns of two, up and down; what is pattern is passed over.
  const aligned = version === 1 ? [] : alignment(version, size)
  const isData = (x: number, y: number) =>
    !(
      (x < 9 && (y < 9 || y >= size - 8)) ||
      (y < 9 && x >= size - 8) ||
      x === 6 ||
      y === 6 ||
      (version >= 7 && ((y < 6 && x >= size - 11) || (x < 6 && y >= size - 11))) ||
      aligned.some(([ax, ay]) => Math.abs(x - ax) <= 2 && Math.abs(y - ay) <= 2)
    )
  const bits: number[] = []
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const isUp = ((right + 1) & 2) === 0
    for (let step = 0; step < size; step++) {
      const y = isUp ? size - 1 - step : step
      for (const x of [right, right - 1])
        if (isData(x, y)) bits.push(dark(x, y) ^ Number(mask(x, y) === 0))
    }
  }
  const words = Array.from({ length: Math.floor(bits.length / 8) }, (_, at) =>
    bits.slice(at * 8, at * 8 + 8).reduce((word, bit) => word * 2 + bit, 0),
  )

  // Blocks take turns; the later ones may be one word longer.
  const many = BLOCKS[level]?.[version - 1] as number
  const length = Math.floor(words.length / many)
  const short = length - (ECC[level]?.[version - 1] as number)
  const firstLong = many - (words.length % many)
  const blocks: number[][] = Array.from({ length: many }, () => [])
  let at = 0
  for (let n = 0; n <= short; n++)
    for (const [which, block] of blocks.entries())
      if (n < short || which >= firstLong) block.push(words[at++] as number)
  const data = blocks.flat()
  const bit = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => from + n).reduce(
      (value, n) => value * 2 + (((data[n >> 3] as number) >> (7 - (n & 7))) & 1),
      0,
    )
  if (bit(0, 4) !== 4) throw new Error(`mode ${bit(0, 4)} is not read here`)
  const lengthBits = version < 10 ? 8 : 16
  const bytes = Array.from({ length: bit(4, lengthBits) }, (_, n) => bit(4 + lengthBits + n * 8, 8))
  return Buffer.from(bytes).toString()
}

function alignment(version: number, size: number) {
  const many = Math.floor(version / 7) + 2
  const step = Math.ceil((size - 13) / (many * 2 - 2)) * 2
  const at = [6]
  for (let n = 0; n < many - 1; n++) at.splice(1, 0, size - 7 - n * step)
  const isFinder = (x: number, y: number) =>
    (x === 6 && y === 6) || (x === 6 && y === size - 7) || (x === size - 7 && y === 6)
  return at
    .flatMap((x) => at.map((y) => [x, y] as [number, number]))
    .filter(([x, y]) => !isFinder(x, y))
}
