import { filesOf } from '../organize/units.ts'
import type { Decided } from '../state/records.ts'
import type { Photo } from './finding.ts'
import { type Alike, areAsTheyWere, goesFor, keyOf, saidOf, seen, shownOf } from './report.ts'
import type { Pair } from './trash.ts'

/** What was accepted of pictures that look alike; how many groups were left, wait for a word, or are no longer as they were. */
export type Reviewed = {
  accepted: { keep: Photo[]; go: Photo[] }[]
  left: number
  open: number
  changed: number
}

/** Takes the decisions of `review` about these groups, as far as every file of them still is what the person saw. */
export function reviewed(
  groups: Alike[][],
  photos: Photo[],
  decisions: Readonly<Record<string, Decided>>,
): Reviewed {
  const known = new Map(photos.map((photo) => [photo.path, photo]))
  const all: Reviewed = { accepted: [], left: 0, open: 0, changed: 0 }
  for (const group of groups) {
    const decided = saidOf(group, decisions[keyOf(group)])
    const stays = group.find(({ path }) => path === decided?.winner)
    const now = group.map((one) => asItWas(one, known.get(one.path)))
    if (now.includes(undefined)) all.changed++
    else if (!decided) all.open++
    else if (!decided.accept || !stays) all.left++
    else {
      const goes = new Set(goesFor(stays, group).map(({ path }) => path))
      const isGoing = ({ path, reference }: Photo) => goes.has(path) && !reference
      const members = now as Photo[]
      const stay = members.filter((one) => !isGoing(one))
      // The one that was chosen first: the others are compared with it.
      all.accepted.push({
        keep: stay.toSorted(
          (a, b) => Number(b.path === stays.path) - Number(a.path === stays.path),
        ),
        go: members.filter(isGoing),
      })
    }
  }
  return all
}

/** The photo, where it has the very files of the report. */
function asItWas(one: Alike, photo: Photo | undefined) {
  if (!photo) return
  const [was, is] = [one, { files: filesOf(photo.unit).map(seen) }].map((each) => shownOf([each]))
  return was?.join('\0') === is?.join('\0') ? photo : undefined
}

/** All files of the one that goes; or why it has to stay. */
export async function pairsAlike(goes: Photo, stays: Photo): Promise<Pair[] | string> {
  const [from, to] = [filesOf(goes.unit), filesOf(stays.unit)]
  if (!(await areAsTheyWere([...from, ...to].map(seen))))
    return 'it, or the one that stays, changed'
  return from.map((entry) => ({ goes: entry, stays: stays.unit.main }))
}
