import { dirname } from 'node:path'
import { stillThere } from '../archive/archive.ts'
import { troubleText } from '../errno.ts'
import { Interrupted, Refused } from '../immich/refusal.ts'
import { number } from '../progress.ts'
import { Fail, hint, say, stage } from '../stage.ts'
import { Unreadable } from './reading.ts'

// Lines of one kind; the rest is counted.
export const SHOWN = 20
// Photos in a row that the server refuses with the same words: it is no photo's fault. Each refusal may leave a file there.
const ALIKE = 25

/** A file could not be written where it belongs, by an error of the disk; others can. */
export class Unwritable extends Error {
  constructor(cause: NodeJS.ErrnoException) {
    super(`${dirname(cause.path ?? '.')}: ${troubleText(cause)}`, { cause })
  }
}

/** The record of an item keeps what it was, how it failed, and how often. */
type Failing = { at: string; sending?: true; failed?: string; tries?: number }

/**
 * One item's failure is counted, told and recorded, and the run goes on; what would fail every item is thrown and ends it.
 * Throws Fail, too, where one photo after the other is refused alike.
 */
export function failures<Item extends Failing>({
  nameOf,
  before,
  record,
}: {
  nameOf(id: string): string | undefined
  before(id: string): Item | undefined
  record(id: string, item: Item): void
}) {
  const failed = new Set<string>()
  let told = 0
  let alike = { message: '', times: 0 }

  async function counting(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      alike = { message: '', times: 0 }
    } catch (error) {
      if (!isOfItem(error)) throw error
      // Of an archive that is gone no photo can be read: that ends its reading, one broken file does not.
      if (error instanceof Unreadable) await stillThere(error.part)
      failed.add(id)
      if (++told <= SHOWN) say(`${nameOf(id)}: ${error.message}`)
      const { sending: _, tries = 0, ...rest } = before(id) ?? ({} as Item)
      // What the disk has against one file is in the owner's hand: it is tried whenever they run it.
      const counts = Number(!(error instanceof Interrupted || error instanceof Unwritable))
      const at = new Date().toISOString()
      record(id, { ...rest, at, failed: error.message, tries: tries + counts } as Item)
      stopWhereAlike(error)
    }
  }

  /** One photo after the other refused alike: the server's disk is full, or it no longer takes what we send. */
  function stopWhereAlike(error: Error) {
    // A limit of the proxy meets the big ones, and they may lie side by side.
    if (!(error instanceof Refused) || error.status === 0 || error.status === 413) return
    const { message } = error
    alike = { message, times: alike.message === message ? alike.times + 1 : 1 }
    if (alike.times < ALIKE) return
    throw new Fail(
      `Cannot go on: ${ALIKE} in a row failed alike: ${message}: look into Immich's log (is its disk full?), then run again`,
    )
  }

  /** What is to be said of them at the end. */
  function tell() {
    if (told > SHOWN) say(`and ${number(told - SHOWN)} more that failed`)
    if (failed.size > 0)
      say(
        `run ${hint(stage)} again to retry what failed; ${hint('status', '--list failed')} shows it`,
      )
  }

  return { failed, counting, tell }
}

const isOfItem = (error: unknown): error is Error =>
  error instanceof Refused || error instanceof Unreadable || error instanceof Unwritable
