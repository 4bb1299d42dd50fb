import type { Changes, Immich } from '../immich/immich.ts'
import type { Check, Transfer, Want } from '../state/records.ts'
import { samePlace, withOffset } from '../time.ts'
import { differsOf, isGone, piecesOf } from './checking.ts'

// A server that loses a field twice will not keep it.
const MAX_REPAIRS = 2

/**
 * What of the found differences may be given again. Design section 5, rule 11: only what we gave, only where the server
 * holds nothing or the file's own value, and never what was right once (then its owner changed it), unless `restore` asks
 * for what the owner emptied.
 */
export function repairable(
  { at, want = {}, own = {}, repaired = 0 }: Transfer,
  check: Check | undefined,
  restore = false,
): Want {
  const mend: Want = {}
  if (!check?.differs || check.at < at || check.differs.asset) return mend
  if (check.changed ? !restore : repaired >= MAX_REPAIRS) return mend
  const take = (field: keyof Want, falseStart = false) => {
    const [is] = check.differs?.[field] ?? []
    const isEmpty = is === null || is === '' || (Array.isArray(is) && is.length === 0)
    if (is !== undefined && (isEmpty || (falseStart && !check.changed)))
      Object.assign(mend, { [field]: want[field] })
  }
  const is = (field: keyof Want) => check.differs?.[field]?.[0]
  take('description', is('description') === own.description)
  take('place', samePlace(is('place') as never, own.place))
  // Another instant or wall clock is the file's own where the clock is the one that the file has.
  const clock = is('local') ?? is('instant')
  const isOwn = own.local !== undefined && String(clock).startsWith(own.local)
  take('instant', isOwn)
  take('local', isOwn)
  take('favorite')
  take('visibility', is('visibility') === 'timeline')
  take('live')
  take('stack')
  take('tags', true)
  return mend
}

/** The same for every asset of a photo, by its name as in `piecesOf`: those of which something can be given again. */
export function mendable(
  transfer: Transfer,
  check: Check | undefined,
  restore = false,
): Map<string, Want> {
  const mends = new Map<string, Want>()
  if (!check?.differs) return mends
  const { at, repaired = 0 } = transfer
  for (const [name, piece] of piecesOf(transfer)) {
    const differs = differsOf(check.differs, name)
    const mend = repairable({ ...piece, at, repaired }, { ...check, differs }, restore)
    // One that is gone cannot be put on a stack.
    if (isGone(check.differs)) delete mend.stack
    if (Object.keys(mend).length > 0) mends.set(name, mend)
  }
  return mends
}

/** Gives it again. */
export async function repair(
  server: Immich,
  transfer: Transfer,
  mends: Map<string, Want>,
): Promise<Transfer> {
  const pieces = piecesOf(transfer)
  for (const [name, mend] of mends) await giveAgain(server, pieces.get(name) as Transfer, mend)
  return { ...transfer, at: new Date().toISOString(), repaired: (transfer.repaired ?? 0) + 1 }
}

/** With one update, so that its own jobs do not race on the server. */
async function giveAgain(server: Immich, { asset, want = {} }: Transfer, mend: Want) {
  const { description, place, favorite, visibility, live, stack, tags } = mend
  const instant = place || mend.instant || mend.local ? want.instant : undefined
  const changes: Changes = {
    ...(description && { description }),
    ...(place && { latitude: place[0], longitude: place[1] }),
    // With a place the server reads a date without a zone anew: both go together.
    ...(instant && {
      dateTimeOriginal: withOffset(Date.parse(instant) / 1000, { local: want.local }),
    }),
    ...(favorite && { isFavorite: true }),
    ...(visibility && { visibility }),
    ...(live && { livePhotoVideoId: live }),
  }
  if (Object.keys(changes).length > 0) await server.updateAsset(asset as string, changes)
  if (stack) await server.createStack(stack)
  if (tags) await server.tagAssets(tags, [asset as string])
}
