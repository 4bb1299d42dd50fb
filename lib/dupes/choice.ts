import { number } from '../progress.ts'
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

/** Every group that is left to do, and how many wait for what. What dupes-restore brought back is its owner's wish, unless `again`. */
export function leftToDo(
  duplicates: Record<string, Duplicate>,
  decisions: Record<string, Decided>,
  again: boolean,
) {
  const todo: [key: string, choice: Choice][] = []
  const waiting = new Map<string, number>()
  for (const [key, group] of Object.entries(duplicates)) {
    const { restored, stacked, trashed } = group.steps ?? {}
    if (!restored && (stacked || trashed)) continue
    const isMeant = again || !restored || (decisions[key]?.at ?? '') > restored
    const choice = isMeant ? choiceOf(key, group, decisions) : { waits: 'brought back before' }
    if ('waits' in choice) waiting.set(choice.waits, (waiting.get(choice.waits) ?? 0) + 1)
    else todo.push([key, begunAs(group) ?? choice])
  }
  const waits = [...waiting].map(([why, many]) => `${number(many)} ${why}`).join(', ')
  return { todo, waits }
}

/** What was begun is ended as it was begun, whatever was said since. */
function begunAs({ steps }: Duplicate): Choice | undefined {
  if (!steps?.gave || steps.restored) return undefined
  return { winner: steps.winner, losers: steps.losers, stack: false, isPersons: true }
}
