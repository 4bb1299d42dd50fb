import { unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Entry } from '../folders/walking.ts'
import { syncFolders } from '../folders/writing.ts'
import { say } from '../stage.ts'
import { carry, type How, isKept } from './carrying.ts'
import type { memoryOf } from './memory.ts'
import type { Target } from './placing.ts'
import type { tallyOf } from './tally.ts'

/** A photo with the places of its files; `from`: what gave its time. */
export type Job = { targets: Target[]; from: string | undefined }

export const SAYS_OTHERWISE = 'a sidecar that says otherwise in the gallery'

// Syncing a folder costs as much as writing a file: so many photos share it.
const TOGETHER = 32

/**
 * Brings photos into the gallery. A photo counts as brought once its names there last through a power cut; and what is moved
 * goes out of its inbox last of all, when the state on disk says where it is.
 */
export function bringer({
  gallery,
  how,
  memory,
  tally,
  flush,
  fail,
}: {
  gallery: string
  how: How
  memory: ReturnType<typeof memoryOf>
  tally: ReturnType<typeof tallyOf>
  flush(): Promise<void>
  /** Counts a file's trouble with all of its photo, or throws what would be every file's. */
  fail(entry: Entry, error: unknown, many: number): void
}) {
  let brought: Job[] = []

  /** True when all of a photo is in the gallery. */
  async function bring(job: Job): Promise<boolean> {
    const { length } = job.targets
    for (const { entry, to } of job.targets.filter(({ is }) => is === 'free')) {
      try {
        const came = await carry(entry, to, how)
        if (came === 'done') continue
        tally.add(came === 'changed' ? 'waits' : 'failed', length)
        if (came === 'taken') say(`${entry.path}: something else is called ${to} since: run again`)
      } catch (error) {
        fail(entry, error, length)
      }
      return false
    }
    brought.push(job)
    if (brought.length >= TOGETHER) await settle()
    return true
  }

  async function settle() {
    const targets = brought.flatMap(({ targets, from }) => targets.map((one) => ({ ...one, from })))
    brought = []
    await syncFolders(new Set(targets.map(({ to }) => dirname(to))), gallery)
    for (const { entry, to, is, from } of targets)
      if (is === 'differs') memory.leave(entry, SAYS_OTHERWISE)
      else memory.keep(entry, to, from)
    if (how !== 'move') return
    await flush()
    // The main file last: while it is there, a run that was killed knows what is left.
    for (const { entry, to, is } of targets.reverse())
      if (is !== 'differs' && (await isKept(entry, to))) await unlink(entry.path)
  }

  return { bring, settle }
}
