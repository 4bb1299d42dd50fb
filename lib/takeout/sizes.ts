import { push } from '../pairing/folder.ts'
import { looksAgree } from '../picture/looks.ts'
import type { Heads } from './doubts.ts'
import type { Media } from './exported.ts'
import { format, headOf, join, keyOf } from './joining.ts'
import { CLUSTER } from './photos.ts'
import { mainOf } from './roles.ts'
import type { ExportFile } from './takeout.ts'

/** Decodes pictures: what each looks like, null where it cannot be told; those that cannot be read now are not in it. */
export type Looks = (files: ExportFile[]) => Promise<Map<ExportFile, Buffer | null>>

/**
 * Joins the groups that are one photo in several sizes where no link of Google's says so (design section 5, rule 2): the
 * same title, second and aspect, both originals, and pictures that agree when decoded. Whatever cannot be shown stays
 * apart. What was found is kept in the files' heads, so that a later run decodes nothing again.
 */
export async function joinSizes(
  groups: Map<Media, Media[]>,
  heads: Heads,
  looks: Looks,
): Promise<Map<Media, Media[]>> {
  const sets = alikeByWord([...groups.values()])
  if (sets.length === 0) return groups
  await heads(sets.flat().map(({ file }) => file))
  const alike = sets.flatMap(byAspect).filter((set) => set.length > 1)
  const undecided = alike.filter((set) => set.some(({ file }) => !file.head?.picture))
  const seen = await looks(undecided.flatMap((set) => set.map(({ file }) => file)))
  for (const set of undecided) decide(set, seen)
  for (const set of alike) {
    const firsts = new Map<string, Media>()
    for (const one of set) {
      const picture = one.file.head?.picture
      if (picture === undefined) continue
      const first = firsts.get(picture)
      if (first) join(one, first)
      else firsts.set(picture, one)
    }
  }
  return Map.groupBy([...groups.values()].flat(), headOf)
}

/** The best original of each of several groups that share title and second; not where that second is shared by many. */
function alikeByWord(groups: Media[][]): Media[][] {
  const firsts = new Map<number, Media>()
  const shared = new Map<number, Media[]>()
  for (const group of groups) {
    const main = mainOf(group)
    const taken = main.sidecar?.json.facts.taken
    if (taken === undefined) continue
    const first = firsts.get(taken)
    if (!first) firsts.set(taken, main)
    else if (shared.has(taken)) push(shared, taken, main)
    else shared.set(taken, [first, main])
  }
  return [...shared.values()]
    .map((inSecond) => inSecond.filter(isSurePicture))
    .filter((inSecond) => inSecond.length < CLUSTER)
    .flatMap((inSecond) => [
      ...Map.groupBy(inSecond, ({ sidecar }) =>
        sidecar?.json.facts.title?.normalize('NFC'),
      ).values(),
    ])
    .filter((set) => set.length > 1)
}

function isSurePicture({ name, pair, sidecar, trusted }: Media) {
  const sure = pair.role === 'original' && (pair.certain || trusted)
  return sure && sidecar?.json.facts.title && format(name) === 'image'
}

/** Those whose sides have one ratio, but for what rounding to whole pixels does to a small one; a turned one has them swapped. */
function byAspect(set: Media[]): Media[][] {
  const sets: Media[][] = []
  for (const one of set) {
    const ratio = ratioOf(one)
    if (ratio === null) continue
    const known = sets.find(
      ([first]) => Math.abs((ratioOf(first as Media) as number) - ratio) < 0.01,
    )
    if (known) known.push(one)
    else sets.push([one])
  }
  return sets
}

function ratioOf({ file: { head } }: Media): number | null {
  const { width, height } = head ?? {}
  return width && height ? Math.min(width, height) / Math.max(width, height) : null
}

/** Names the picture that each file shows: those that agree by the first of them. */
function decide(set: Media[], seen: Map<ExportFile, Buffer | null>) {
  const different: Media[] = []
  for (const one of set.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const mine = seen.get(one.file)
    if (mine === undefined || !one.file.head) continue
    const same = different.find(({ file }) => {
      const other = seen.get(file)
      return mine && other && looksAgree(mine, other)
    })
    one.file.head.picture = same?.file.head?.picture ?? keyOf(one)
    if (!same) different.push(one)
  }
}
