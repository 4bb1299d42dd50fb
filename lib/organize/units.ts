import type { Entry } from '../folders/walking.ts'
import { halfOrNot } from '../pairing/halves.ts'
import { isLitter, mediaKind, splitName } from '../pairing/media.ts'
import { pairFolder } from '../pairing/pairing.ts'
import type { Head } from '../picture/picture.ts'
import type { Facts } from '../state/records.ts'

/** What travels as one: a picture or movie, its other halves and renderings, and all sidecars of these. */
export type Unit = {
  /** The one whose time and name count. */
  main: Entry
  /** Media, the main one first. */
  media: Entry[]
  sidecars: Entry[]
  /** Of the sidecars, the one that is XMP, and what Google's JSON says. */
  xmp?: Entry
  facts?: Facts
}
export const filesOf = ({ media, sidecars }: Unit): Entry[] => [...media, ...sidecars]

/** What was read of a JSON: null where it is no photo's sidecar. */
export type Json = { entry: Entry; facts: Facts | null }

/** Knows heads of files; each is read once, and an unreadable one is an empty one. */
export type Heads = (entry: Entry) => Promise<Head>

const SIDECARS = new Set(['.xmp', '.aae', '.thm'])
const extensionOf = (name: string) => splitName(name).extension.toLowerCase()
const baseOf = (name: string) => splitName(name).base.toLowerCase()

/** A JSON may be Google's sidecar: what it says has to be read first. */
export const isJson = ({ name }: Entry) => extensionOf(name) === '.json'

/**
 * The units of one folder, and its other files with the reason why they are in none. Halves of a live photo are told as in
 * a Takeout: by name, then by the ids in their heads or a length that a half can have. A RAW and its JPEG, an original and
 * its edit, are one where their names and clocks agree.
 */
export async function unitsOf(
  files: Entry[],
  jsons: Json[],
  heads: Heads,
): Promise<{ units: Unit[]; others: { entry: Entry; why: string }[] }> {
  const media: Entry[] = []
  const beside: Entry[] = []
  const others: { entry: Entry; why: string }[] = []
  for (const entry of files) {
    if (isJson(entry)) continue
    if (SIDECARS.has(extensionOf(entry.name))) beside.push(entry)
    else if (await isMedia(entry, heads)) media.push(entry)
    else others.push({ entry, why: 'no picture or movie' })
  }
  const byName = new Map(media.map((entry) => [entry.name, entry]))
  const googles = new Map<string, { entry: Entry; facts: Facts }>()
  for (const { entry, facts } of jsons) {
    if (facts) googles.set(entry.name, { entry, facts })
    else others.push({ entry, why: 'a JSON that is no sidecar' })
  }
  const { pairs, orphans } = pairFolder(
    media,
    [...googles.values()].map(({ entry: { name }, facts: { title, taken } }) => ({
      name,
      ...(title !== undefined && { title }),
      ...(taken !== undefined && { taken }),
    })),
  )
  for (const name of orphans)
    others.push({ entry: googles.get(name)?.entry as Entry, why: 'a sidecar without its picture' })

  // 1. Whose each file is; a chain, of an edit of a half, ends at the first.
  const mainOf = new Map<Entry, Entry>()
  for (const { media: name, role, of } of pairs) {
    const [entry, first] = [byName.get(name) as Entry, byName.get(of ?? '')]
    if (first && (role === 'edited' || (await isHalf(entry, first, heads))))
      mainOf.set(entry, first)
  }
  await joinKin(media, mainOf, heads)
  const units = new Map<Entry, Unit>()
  for (const entry of media)
    if (!mainOf.has(entry)) units.set(entry, { main: entry, media: [entry], sidecars: [] })
  const unitOf = (entry: Entry): Unit => {
    const main = mainOf.get(entry)
    return main ? unitOf(main) : (units.get(entry) as Unit)
  }
  for (const entry of mainOf.keys()) unitOf(entry).media.push(entry)

  // 2. What lies beside them.
  for (const { media: name, sidecar } of pairs) {
    const google = googles.get(sidecar ?? '')
    const unit = unitOf(byName.get(name) as Entry)
    if (!google || unit.sidecars.includes(google.entry)) continue
    unit.sidecars.push(google.entry)
    unit.facts ??= google.facts
  }
  const owners = ownersOf(media)
  for (const entry of beside) {
    const owner = owners(entry)
    if (!owner) {
      others.push({ entry, why: 'a sidecar without its picture' })
      continue
    }
    const unit = unitOf(owner)
    unit.sidecars.push(entry)
    if (extensionOf(entry.name) === '.xmp' && (owner === unit.main || !unit.xmp)) unit.xmp = entry
  }
  return { units: [...units.values()], others }
}

async function isMedia(entry: Entry, heads: Heads) {
  if (isLitter(entry.name)) return false
  const kind = mediaKind(entry.name)
  return kind === 'unknown' ? (await heads(entry)).type !== undefined : kind !== null
}

async function isHalf(half: Entry, still: Entry, heads: Heads) {
  const [a, b] = [await heads(half), await heads(still)]
  return typeof halfOrNot({ size: half.size, head: a }, { size: still.size, head: b }) === 'string'
}

/** Pictures of one name and one clock: a RAW and its JPEG, what an iPhone calls IMG_E1234 beside IMG_1234. */
async function joinKin(media: Entry[], mainOf: Map<Entry, Entry>, heads: Heads) {
  const stills = media.filter((one) => !mainOf.has(one) && mediaKind(one.name) === 'image')
  for (const kin of Map.groupBy(stills, ({ name }) => kinName(name)).values()) {
    if (kin.length < 2) continue
    const clocks = await Promise.all(kin.map(async (one) => (await heads(one)).local))
    const main = kin.findIndex(({ name }) => kinName(name) === baseOf(name))
    for (const [at, one] of kin.entries())
      if (main >= 0 && at !== main && clocks[at] && clocks[at] === clocks[main])
        mainOf.set(one, kin[main] as Entry)
  }
}

function kinName(name: string) {
  return baseOf(name).replace(/^img_[eo](\d{4})$/, 'img_$1')
}

/** Finds the media of a sidecar: `x.jpg.xmp` is that file's, `x.xmp` the picture's that is called so, the RAW's first. */
function ownersOf(media: Entry[]) {
  const whole = new Map(media.map((entry) => [entry.name.toLowerCase(), entry]))
  const byBase = Map.groupBy(media, ({ name }) => kinName(name))
  const rank = ({ name }: Entry) =>
    mediaKind(name) !== 'image' ? 2 : /^\.(jpe?g|hei[cf]|png)$/.test(extensionOf(name)) ? 1 : 0
  return ({ name }: Entry) => {
    const base = baseOf(name)
    const kin = byBase.get(kinName(name)) ?? []
    return whole.get(base) ?? kin.toSorted((a, b) => rank(a) - rank(b))[0]
  }
}
