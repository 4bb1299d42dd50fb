import { type Immich, Refused } from '../immich/immich.ts'
import type { Duplicate } from '../state/records.ts'
import { backUp } from './backup.ts'
import type { Choice } from './choice.ts'
import type { Member } from './deciding.ts'
import type { Thresholds } from './differences.ts'
import { giftsOf, isNothing } from './gifts.ts'
import { give, until } from './giving.ts'
import { assetOrNone, type LinksOf, type Look, lookAt, whyNot } from './looking.ts'
import type { Backup, Gifts, Steps } from './steps.ts'

export type Rules = {
  run: string
  folder: string
  me: string | undefined
  thresholds: Thresholds
  /** Delete for good. */
  force: boolean
  /** The server's own call may be used. */
  mayResolve: boolean
  links: LinksOf
}

/**
 * Gives up the losers of a group, step by step: whole copies of them first, then the winner gets what it lacks, the server is
 * seen to hold that, and only then they go to the trash. Each step is yielded before the next begins, to be put on
 * disk; called again with the last one, it goes on from there. Throws Refused where the group must stay as it is.
 */
export async function* giveUp(
  server: Immich,
  group: Duplicate,
  { winner, losers, isPersons }: Choice,
  { run, folder, me, thresholds, force, mayResolve, links }: Rules,
): AsyncGenerator<Steps> {
  const { failed: _, ...begun } = group.steps ?? { run, winner, losers }
  let steps: Steps = begun.gave && !begun.restored ? begun : { run, winner, losers }
  const looks = await lookAtAll(server, [winner, ...losers], links)
  if (steps.deleting && losers.every((id) => looks.get(id)?.raw.isTrashed ?? true)) {
    if (steps.resolved && steps.gave) await give(server, winner, steps.gave)
    yield { ...steps, trashed: new Date().toISOString() }
    return
  }
  const { deleting: __, resolved: ___, ...rest } = steps
  steps = rest
  const fresh = steps.gave === undefined
  const reason = whyNot(group, { winner, losers, isPersons }, looks, {
    me,
    thresholds,
    fresh,
  })
  if (reason) throw new Refused(0, reason)
  const there = looks as Map<string, Look>

  const backedUp: Record<string, Backup> = {}
  for (const id of losers) backedUp[id] = await backUp(server, folder, there.get(id) as Look)
  steps = { ...steps, folder, backedUp }
  yield steps

  const before = steps.before ?? (there.get(winner)?.member as Member)
  const gave = steps.gave ?? giftsOf(winner, losers, there)
  steps = { ...steps, before, gave }
  yield steps

  if (mayResolve && !force && canResolve(group, steps, gave)) {
    const key = groupIn(there.get(winner) as Look)
    yield { ...steps, resolved: true, deleting: new Date().toISOString() }
    const [answer] = key ? await server.resolve(key, [winner], losers).catch(none) : []
    if (answer?.success) {
      await give(server, winner, gave).catch(async (error) => {
        await server.restore(losers)
        throw error
      })
      const checked = new Date().toISOString()
      if (await areTrashed(server, losers)) {
        yield { ...steps, resolved: true, checked, deleting: checked, trashed: checked }
        return
      }
    }
  }

  await give(server, winner, gave)
  steps = { ...steps, checked: new Date().toISOString() }
  yield steps

  steps = { ...steps, deleting: new Date().toISOString(), ...(force && { forced: true }) }
  yield steps
  await server.trash(losers, { force })
  await until(() => areTrashed(server, losers))
  yield { ...steps, trashed: new Date().toISOString() }
}

/** Makes one stack of the winner, on top, and all others. */
export async function* stackUp(
  server: Immich,
  group: Duplicate,
  { winner, losers, isPersons }: Choice,
  { run, me, thresholds, links }: Rules,
): AsyncGenerator<Steps> {
  const looks = await lookAtAll(server, [winner, ...losers], links)
  const rules = { me, thresholds, fresh: false }
  const reason = whyNot(group, { winner, losers, isPersons }, looks, rules)
  if (reason) throw new Refused(0, reason)
  const all = [winner, ...losers]
  const { stack } = looks.get(winner) as Look
  const isDone = stack?.members[0] === winner && all.every((id) => stack.members.includes(id))
  const id = isDone ? stack.id : (await server.createStack(all)).id
  yield { run, winner, losers, stacked: id }
}

async function lookAtAll(server: Immich, ids: string[], links: LinksOf) {
  const looks = new Map<string, Look | undefined>()
  for (const id of ids) looks.set(id, await lookAt(server, id, links))
  return looks
}

/**
 * Immich's own call does the same with fewer requests: for a whole group of its own, where the winner lacks only what that
 * carries over (it leaves dates, people, stacks and shared links behind), and where it lacks anything at all.
 */
function canResolve(group: Duplicate, { winner, losers }: Steps, gave: Gifts): boolean {
  const { how, beside, untouched, assets } = group
  const carried = ['description', 'rating', 'isFavorite']
  const fits =
    gave.people.length + gave.links.length === 0 &&
    !gave.stack &&
    Object.keys(gave.changes).every((field) => carried.includes(field))
  const isWhole = Object.keys(assets).length === losers.length + 1 && winner in assets
  const own = how === 'immich' && beside.length + untouched.length === 0
  return own && isWhole && fits && !isNothing(gave)
}

const groupIn = ({ raw }: Look) => raw.duplicateId

/** It is an unstable call: where it is refused, step by step is the way. */
function none(error: unknown): never[] {
  if (error instanceof Refused) return []
  throw error
}

/** Or gone. */
async function areTrashed(server: Immich, ids: string[]) {
  const left = await Promise.all(ids.map((id) => assetOrNone(server, id)))
  return left.every((one) => one?.isTrashed ?? true)
}
