import { number } from '../progress.ts'
import type { Decided, Duplicate } from '../state/records.ts'
import { classOf, type Member } from './deciding.ts'
import { isBegun } from './keeping.ts'
import { kindsApart } from './kinds.ts'

/** Why nothing is to be done about a group. */
export const WAITS = {
  look: 'to be looked at',
  changed: 'that changed since they were decided',
  left: 'to be left as they are',
  stranger: 'whose chosen one is no member',
  nothing: 'with nothing to give up',
  restored: 'brought back before',
  skipped: 'passed over by --skip-review',
} as const
export type Waits = { waits: (typeof WAITS)[keyof typeof WAITS] }

/** What is to be done about a group: give up the losers for the winner, or make one stack of all. */
export type Choice = { winner: string; losers: string[]; stack: boolean; isPersons: boolean }

/**
 * `waits` says why nothing is to be done about it. A person's word on the group counts before one on its class; what was
 * accepted before the group came to look as it does now was accepted of another.
 */
export function choiceOf(
  key: string,
  group: Duplicate,
  decisions: Record<string, Decided>,
): Choice | Waits {
  const { assets, review } = group
  const said = [decisions[key], decisions[`class:${classOf(assets, group)}`]].flatMap(
    (one) => one ?? [],
  )
  const decided = said.find(({ accept, at }) => !accept || at >= group.at)
  if (decided && !decided.accept) return { waits: WAITS.left }
  if (!decided && (review.length > 0 || said.some(({ winner, stack }) => winner || stack)))
    return { waits: said.length > 0 ? WAITS.changed : WAITS.look }
  const winner = decided?.winner ?? group.winner
  const best = Object.hasOwn(assets, winner) ? assets[winner] : undefined
  if (!best || best.library) return { waits: WAITS.stranger }
  const own = Object.keys(assets).filter((id) => id !== winner && !assets[id]?.library)
  const alike = own.filter((id) => kindsApart(best, assets[id] as Member) === null)
  const isOwn = winner === group.winner
  const losers = decided?.stack ? own : isOwn ? group.losers : alike
  if (losers.length === 0) return { waits: WAITS.nothing }
  return { winner, losers, stack: Boolean(decided?.stack), isPersons: decided !== undefined }
}

/** What is left to do about a group; undefined where all is done. What dupes-restore brought back is its owner's wish, unless `again`. */
export function leftFor(
  key: string,
  group: Duplicate,
  decisions: Record<string, Decided>,
  again = false,
): Choice | Waits | undefined {
  const { restored, stacked, trashed } = group.steps ?? {}
  if (!restored && (stacked || trashed)) return undefined
  if (restored && !again && (decisions[key]?.at ?? '') <= restored) return { waits: WAITS.restored }
  const choice = choiceOf(key, group, decisions)
  return 'waits' in choice ? choice : (begunAs(group) ?? choice)
}

/** Where the groups stand, for a person: what is done, what can be done, and what waits for what; adds up to all of them. */
export function accountOf(
  duplicates: Record<string, Duplicate>,
  decisions: Record<string, Decided>,
): Record<string, number> {
  const rows = Object.fromEntries(
    ['done', 'to be done', ...Object.values(WAITS)].map((row) => [row, 0]),
  )
  for (const [key, group] of Object.entries(duplicates)) {
    const left = leftFor(key, group, decisions)
    const row = !left ? 'done' : 'waits' in left ? left.waits : 'to be done'
    rows[row] = (rows[row] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(rows).filter(([, many]) => many > 0))
}

/**
 * Every group that is left to do, and how many wait for what. `again`: what was brought back, too; `skipReview`: only groups
 * against which nothing speaks, whatever a person said of the others; what was begun is ended.
 */
export function leftToDo(
  duplicates: Record<string, Duplicate>,
  decisions: Record<string, Decided>,
  { again = false, skipReview = false },
) {
  const todo: [key: string, choice: Choice][] = []
  const waiting = new Map<string, number>()
  for (const [key, group] of Object.entries(duplicates)) {
    const left = leftFor(key, group, decisions, again)
    if (!left) continue
    const isSkipped = skipReview && !('waits' in left) && group.review.length > 0 && !isBegun(group)
    const choice = isSkipped ? { waits: WAITS.skipped } : left
    if ('waits' in choice) waiting.set(choice.waits, (waiting.get(choice.waits) ?? 0) + 1)
    else todo.push([key, choice])
  }
  const waits = [...waiting].map(([why, many]) => `${number(many)} ${why}`).join(', ')
  return { todo, waits }
}

/** What was begun is ended as it was begun, whatever was said since. */
function begunAs({ steps }: Duplicate): Choice | undefined {
  if (!steps?.gave || steps.restored) return undefined
  return { winner: steps.winner, losers: steps.losers, stack: false, isPersons: true }
}
