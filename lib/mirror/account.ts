import { provenInFolders } from '../report/verdict.ts'
import type { Mirrored } from '../state/records.ts'
import type { Rules } from '../transfer/standing.ts'
import type { mirrorPlan } from './plan.ts'

/**
 * What status and report tell of the whole library: where each photo stands, by which rules, and how many are proven to be
 * there. `readAgain`: when all bytes on disk were last read; `indexed`: when the index was made that it is of.
 */
export function accountOf(
  whole: ReturnType<typeof mirrorPlan>,
  mirrored: Readonly<Record<string, Mirrored>>,
  { rules, readAgain, indexed }: { rules: Rules; readAgain: string | undefined; indexed: string },
) {
  const there = whole.those('mirrored', 'to renew')
  return {
    account: whole.counts,
    resting: whole.tired.length,
    rules,
    indexed,
    ...(readAgain && { readAgain }),
    proven: provenInFolders(there, mirrored, readAgain),
  }
}
