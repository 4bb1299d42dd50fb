import type { Decided, Duplicate } from '../state/records.ts'
import { classOf, type Member } from './deciding.ts'
import { kindsApart } from './kinds.ts'

/** What is to be done about a group: give up the losers for the winner, or make one stack of all. */
export type Choice = { winner: string; losers: string[]; stack: boolean; isPersons: boolean }

/** `waits` says why nothing is to be done about it. A person's word on the group counts before one on its class. */
export function choiceOf(
  key: string,
  group: Duplicate,
  decisions: Record<string, Decided>,
): Choice | { waits: string } {
  const { assets, review } = group
  const decided = decisions[key] ?? decisions[`class:${classOf(assets, group)}`]
  if (decided && !decided.accept) return { waits: 'to be left as they are' }
  if (!decided && review.length > 0) return { waits: 'to be looked at' }
  const winner = decided?.winner ?? group.winner
  const best = assets[winner]
  if (!best || best.library) return { waits: 'whose chosen one is no member' }
  const own = Object.keys(assets).filter((id) => id !== winner && !assets[id]?.library)
  const alike = own.filter((id) => kindsApart(best, assets[id] as Member) === null)
  const isOwn = winner === group.winner
  const losers = decided?.stack ? own : isOwn ? group.losers : alike
  if (losers.length === 0) return { waits: 'with nothing to give up' }
  return { winner, losers, stack: Boolean(decided?.stack), isPersons: decided !== undefined }
}
