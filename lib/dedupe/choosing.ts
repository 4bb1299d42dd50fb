/**
 * Czkawka's words for what goes out of a group of equals. AEO: all except the oldest, OO: the oldest one, and so N for newest,
 * B for biggest, S for smallest. HARD: all become hard links of the oldest.
 */
export const METHODS = ['AEO', 'AEN', 'OO', 'ON', 'AEB', 'AES', 'OB', 'OS', 'HARD'] as const
export type Method = (typeof METHODS)[number]

/** A member of a group; `modified` in ms. `reference`: it lies in a folder that is never touched. */
export type Member = { path: string; modified: number; size: number; reference: boolean }

/**
 * What of a group stays and what goes; the first that stays is the one that the others are compared with. Where any is a
 * reference all that are none go, whatever the method. A tie is broken by the age, then the path, so that it is always the same.
 */
export function choose<One extends Member>(
  group: One[],
  method: Method,
): { keep: One[]; go: One[] } {
  const references = group.filter(({ reference }) => reference)
  if (references.length > 0)
    return { keep: inOrder(references), go: inOrder(group.filter((one) => !one.reference)) }
  const isBySize = /[BS]$/.test(method)
  const sorted = inOrder(group)
  // A stable sort: of one size the oldest comes first.
  if (isBySize) sorted.sort((a, b) => a.size - b.size)
  const isLast = /[NB]$/.test(method)
  const one = (isLast ? sorted.at(-1) : sorted[0]) as One
  const others = sorted.filter((other) => other !== one)
  return /^(AE|HARD)/.test(method) ? { keep: [one], go: others } : { keep: others, go: [one] }
}

function inOrder<One extends Member>(group: One[]): One[] {
  return group.toSorted((a, b) => a.modified - b.modified || (a.path < b.path ? -1 : 1))
}
