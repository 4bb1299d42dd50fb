import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import type { Entry } from '../folders/walking.ts'
import type { Organized } from '../state/records.ts'

type Known = Readonly<Record<string, Organized>>
type Put = (path: string, record: Organized) => void

/**
 * What is known of the files of the inboxes from earlier runs: a file counts while its size and time are as they were, its
 * place while it lies in this gallery. With `again` also only while it is still there.
 */
export function memoryOf(
  known: Known,
  put: Put,
  { gallery, again }: { gallery: string; again: boolean },
) {
  const recordOf = ({ path, size, modified }: Entry) => {
    const record = known[path]
    return record?.size === size && record.modified === modified ? record : undefined
  }
  const placeOf = (entry: Entry): string | undefined => {
    const to = recordOf(entry)?.to
    if (!to?.startsWith(gallery + sep)) return
    return again && !existsSync(to) ? undefined : to
  }
  return {
    /** Where it was put. */
    placeOf,
    /** What gave its time. */
    sourceOf: (entry: Entry) => recordOf(entry)?.from,
    /** Why it was left alone. */
    whyLeft: (entry: Entry) => recordOf(entry)?.why,
    keep: ({ path, size, modified }: Entry, to: string, from: string | undefined) =>
      put(path, { size, modified, to, ...(from && { from }) }),
    leave: ({ path, size, modified }: Entry, why: string) =>
      put(path, { size, modified, to: null, why }),
  }
}
