import type { Duplicate } from '../state/records.ts'

/** What dupes-execute has begun is not decided anew, and what it did is kept. */
export function isBegun({ steps }: Duplicate) {
  const { restored, gave, stacked } = steps ?? {}
  return !restored && (gave !== undefined || stacked !== undefined)
}

/**
 * The groups as they are to be kept: those that were begun as they were, the others as they were found now. `at` moves only
 * where a group looks otherwise than before.
 */
export function keptOf(
  before: Record<string, Duplicate>,
  found: Map<string, Duplicate>,
): Map<string, Duplicate> {
  const kept = new Map(Object.entries(before).filter(([, group]) => isBegun(group)))
  for (const [key, group] of found) {
    let place = key
    // What is done is done, and its winner may have got another like it since.
    for (let known = before[place]; known?.steps?.trashed && isBegun(known); known = before[place])
      place += `~${group.assets[group.winner]?.sha1.slice(0, 8)}`
    const known = before[place]
    if (known && isBegun(known)) continue
    const { steps } = known ?? {}
    const now = steps?.restored ? { ...group, steps } : group
    kept.set(place, known && isSame(known, now) ? known : now)
  }
  return kept
}

function isSame({ at: _, ...one }: Duplicate, { at: __, ...other }: Duplicate) {
  return JSON.stringify(one) === JSON.stringify(other)
}
