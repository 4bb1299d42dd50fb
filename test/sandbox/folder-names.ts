// How Google spells the names of a folder: cut at the limit of its time, then numbered where two are alike.

const LIMITS = { v1: 51, cut: 51, full: Number.POSITIVE_INFINITY } as const
export type Era = keyof typeof LIMITS

/** One photo: its upload name, the words of its edited copies, the extension of its motion half, and what of it was lost. */
export type Item = {
  title: string
  edits: string[]
  half?: '.MP4' | '.MOV' | '.MP' | undefined
  lost?: 'media' | 'sidecar' | undefined
}
/** Each name with the item that it is of. */
export type Spelled = {
  media: Map<string, { item: number; role: 'original' | 'edited' | 'motion' }>
  sidecars: Map<string, number>
}

/** The names of a folder in the order in which its items are numbered. */
export function spellFolder(items: Item[], era: Era): Spelled {
  const media: Spelled['media'] = new Map()
  const sidecars: Spelled['sidecars'] = new Map()
  const lost = new Set<string>()
  for (const [item, { title, edits, half, lost: what }] of items.entries()) {
    const clean = title.normalize('NFC').replace(/[/\\:*?"<>|%&';]/g, '_')
    const [base, extension] = split(clean)
    const onDisk = extension || '.jpg'
    const name = cutTo(base, onDisk, era)
    const number = free(media, (n) => numbered(name, n))
    media.set(numbered(name, number), { item, role: 'original' })
    if (what === 'media') lost.add(numbered(name, number))
    const sidecar = sidecarStem(extension ? name : base, era)
    if (what !== 'sidecar') sidecars.set(`${sidecar}${number ? `(${number})` : ''}.json`, item)
    // A copy has its original's number, unless another has that place.
    const others = edits.map((word) => ['edited', cutTo(base + word, onDisk, era)] as const)
    const halves = half
      ? [['motion', half === '.MP' ? split(name)[0] : cutTo(base, half, era)] as const]
      : []
    for (const [role, other] of [...others, ...halves]) {
      const own = free(media, (n) => numbered(other, n), number)
      media.set(numbered(other, own), { item, role })
    }
  }
  for (const name of lost) media.delete(name)
  return { media, sidecars }
}

function sidecarStem(name: string, era: Era): string {
  if (era === 'v1') return name.slice(0, 46)
  const whole = `${name}.supplemental-metadata`
  return era === 'cut' ? whole.slice(0, 46) : whole
}

function cutTo(base: string, extension: string, era: Era): string {
  return base.slice(0, LIMITS[era] - extension.length) + extension
}

function numbered(name: string, number: number): string {
  const [base, extension] = split(name)
  return number ? `${base}(${number})${extension}` : name
}

function free(taken: Map<string, unknown>, nameOf: (n: number) => string, from = 0): number {
  let number = from
  while (taken.has(nameOf(number))) number++
  return number
}

function split(name: string): [base: string, extension: string] {
  const dot = /\.(jpe?g|heic|png|gif|mp4|mov|mp|webp)$/i.exec(name)
  return dot ? [name.slice(0, dot.index), dot[0]] : [name, '']
}
