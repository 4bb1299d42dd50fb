import type { Seen } from '../state/records.ts'

// Apple's halves last 3.5 s at most, Samsung's are longer; above these it is a video in its own right.
const LONG_SECONDS = 10
export const LONG_BYTES = 30e6

type File = { size: number; head?: Pick<Seen, 'contentId' | 'seconds'> | undefined }

/**
 * What a video that has a still's name is, by the heads of the two (design section 5, rule 4): its motion half for sure, or
 * so far as anything tells, or none, and why not.
 */
export function halfOrNot(half: File, still: File): 'sure' | 'likely' | { not: string } {
  const [a, b] = [half.head?.contentId, still.head?.contentId]
  if (a && b) return a === b ? 'sure' : { not: 'the ids of the two halves differ' }
  const seconds = half.head?.seconds
  const isLong = seconds !== undefined ? seconds > LONG_SECONDS : half.size > LONG_BYTES
  return isLong ? { not: 'too long for a motion half' } : 'likely'
}
