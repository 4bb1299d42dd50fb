import { Fail, hint } from '../stage.ts'
import { Locked } from '../state/lock.ts'
import type { Decided, PhotoFile, Run } from '../state/records.ts'
import { openState } from '../state/state.ts'
import { alikeToDecide, readAlike } from './alike.ts'
import { groupsToDecide } from './groups.ts'
import type { Item, Kind, Overview, Standing, Status } from './items.ts'
import { isLeft, type Linked, pairsToDecide, readPairs } from './pairs.ts'

export type Review = Awaited<ReturnType<typeof openReview>>

/** Something has changed the state since the page was filled: it has to be looked at again. */
export class Changed extends Fail {}

/**
 * All that waits for a person's word, and the way to keep that word. Memory holds what is to be decided, not the library.
 * `server` is Immich's web address, for links to it ('' for none); `similar` the report of files that look alike.
 */
export async function openReview(path: string, { server = '', similar = '', dryRun = false } = {}) {
  // The kinds look into it: it is changed, never exchanged.
  const decisions: Record<string, Decided> = Object.create(null)
  let kindOf = new Map<string, Kind>()
  let kinds: Kind[] = []
  let linked: Pick<Linked, 'photos' | 'parts'> = { photos: {}, parts: {} }
  let runs = ''
  let isWritten = false
  let turn: Promise<unknown> = Promise.resolve()
  const undone: { key: string; before: Decided | undefined }[] = []

  async function load() {
    const { data } = await openState(path, {
      read: ['duplicates', 'decisions', 'links', 'runs'],
    })
    seen(data.decisions)
    runs = JSON.stringify(data.runs)
    const left = Object.keys(data.links).filter((id) => isLeft(id, data.links, decisions))
    const pairs = left.length > 0 ? await readPairs(path, left, data.links, decisions) : undefined
    linked = pairs ?? { photos: {}, parts: {} }
    const alike = similar ? await readAlike(similar) : []
    // What another stage leaves to a person comes in here as one more.
    kinds = [
      groupsToDecide(data, decisions, server),
      ...(pairs ? [pairsToDecide(pairs, decisions, server)] : []),
      alikeToDecide(alike, decisions),
    ]
    const keys = kinds.flatMap((kind) =>
      kind.classes.flatMap(({ key, keys }) =>
        [...keys, ...(key ? [key] : [])].map((one): [string, Kind] => [one, kind]),
      ),
    )
    kindOf = new Map(keys)
    undone.length = 0
  }

  function seen(now: Record<string, Decided>) {
    for (const key of Object.keys(decisions)) delete decisions[key]
    Object.assign(decisions, now)
  }

  function theKind(key: string): Kind {
    const kind = kindOf.get(key)
    if (!kind) throw new Fail(`Cannot find ${key}: it does not wait any more`)
    return kind
  }

  /** One decision (undefined takes it back), under the lock of the state; gives what was said before. */
  async function put(key: string, decided: Decided | undefined) {
    const kind = theKind(key)
    const kept = decided && kind.check(key, decided)
    if (dryRun) return keepHere(key, kept)
    const state = await openState(path, {
      read: ['runs'],
      write: ['decisions'],
      goOn: true,
    })
    try {
      if (JSON.stringify(state.data.runs) !== runs) throw changedBy(state.data.runs)
      const before = state.data.decisions[key]
      if (kept) state.put('decisions', key, kept)
      else state.remove('decisions', key)
      await state.flush()
      isWritten = true
      seen(state.data.decisions)
      return before
    } finally {
      await state.close()
    }
  }

  function keepHere(key: string, kept: Decided | undefined) {
    const before = decisions[key]
    if (kept) decisions[key] = kept
    else delete decisions[key]
    return before
  }

  /** One after the other, also from two windows: the lock is this process's own. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  function changedBy(now: Record<string, Run>) {
    const last = Object.values(now).reduce((a, b) => (b.at > a.at ? b : a))
    return new Changed(
      `Cannot keep this: \`${last.stage}\` has run since the page was opened: look at it again`,
    )
  }

  /** How these stand, and what was said of classes. */
  function standingOf(keys: string[]): Standing {
    const classes = kinds.flatMap(({ classes }) => classes)
    const standing = keys.map((key): [string, Status] => [key, theKind(key).status(key)])
    const said = classes.flatMap(({ key = '' }) =>
      decisions[key] ? [[key, decisions[key]] as const] : [],
    )
    const isThere = (kind: string) => classes.some((one) => one.kind === kind)
    const next = [
      ...(isThere('group') ? [hint('dupes-execute', '--dry-run --limit 20')] : []),
      ...(isThere('link') ? [hint('link')] : []),
      ...(isThere('alike') ? [hint('dedupe', '--reviewed --dry-run')] : []),
    ]
    return {
      standing: Object.fromEntries(standing),
      said: Object.fromEntries(said),
      next: next.map((one) => one.replaceAll('`', '')),
    }
  }

  /** The same of whatever a decision changes. */
  function standingAfter(key: string): Standing {
    const ofClass = theKind(key).classes.find((one) => one.key === key)
    return standingOf(ofClass?.keys ?? [key])
  }

  await load()
  return {
    load,
    overview(): Overview {
      const classes = kinds.flatMap(({ classes }) => classes)
      return { classes, ...standingOf(classes.flatMap(({ keys }) => keys)) }
    },
    items: (keys: string[]): Item[] => keys.map((key) => theKind(key).item(key)),
    /** Whether Immich has any of the pictures. */
    needsServer: () => kinds.some(({ assets }) => assets.size > 0),
    hasAsset: (id: string) => kinds.some(({ assets }) => assets.has(id)),
    /** The file on disk of one side; undefined for what is none of these. */
    seenAt: (key: string, side: string) => kindOf.get(key)?.files?.(key)[Number(side)],
    /** Where the picture of a photo is read: its original, or a copy of the same bytes where that can be had at once. */
    fileOf(key: string) {
      const files = linked.photos[key.replace(/^link:/, '')]?.files ?? []
      const same = files.filter(({ size, crc }) => size === files[0]?.size && crc === files[0]?.crc)
      const isQuick = ({ part }: PhotoFile) => /^(zip|folder)$/.test(linked.parts[part]?.kind ?? '')
      const file = same.find(isQuick) ?? same[0]
      const part = linked.parts[file?.part ?? '']
      return file && part && { file, part }
    },
    /** Keeps what a person says; nothing said takes back what was. */
    decide: (key: string, said: Partial<Decided> | undefined) =>
      inTurn(async () => {
        const at = new Date().toISOString()
        const before = await put(key, said && { ...said, accept: said.accept === true, at })
        undone.push({ key, before })
        return standingAfter(key)
      }),
    /** Makes one document of what was decided, as every stage leaves it; costs the document once. */
    async save() {
      if (!isWritten) return
      try {
        await (await openState(path, { write: ['decisions'] })).save()
      } catch (error) {
        // Whoever is writing now has made it.
        if (!(error instanceof Locked)) throw error
      }
    },
    /** Takes the last decision back; `key` undefined where there is none. */
    undo: (): Promise<Standing & { key?: string }> =>
      inTurn(async () => {
        const last = undone.at(-1)
        if (!last) return standingOf([])
        await put(last.key, last.before)
        undone.pop()
        return { key: last.key, ...standingAfter(last.key) }
      }),
  }
}
