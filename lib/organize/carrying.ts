import { createReadStream } from 'node:fs'
import { link, lstat, mkdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { sameBytes } from '../folders/same.ts'
import type { Entry } from '../folders/walking.ts'
import { draft, drop, place } from '../folders/writing.ts'
import { doing } from '../spent.ts'
import { Fail } from '../stage.ts'

export type How = 'copy' | 'link' | 'move'

/**
 * Gives a file its second name or its copy at `to`, whole or not at all and never over another. `taken`: something else got
 * that name meanwhile. `changed`: it is still being written. What is moved stays in the inbox until `let go`.
 */
export async function carry(
  entry: Entry,
  to: string,
  how: How,
): Promise<'done' | 'taken' | 'changed'> {
  if (how !== 'copy') {
    const linked = await linkTo(entry.path, to)
    if (linked === true) return 'done'
    if (linked === 'EEXIST') return 'taken'
    if (how === 'link')
      throw new Fail(
        `Cannot link ${entry.path}: the gallery lies on another disk, or that cannot link: leave --link out`,
      )
  }
  const over = doing('reading')
  try {
    const highWaterMark = Math.min(Math.max(entry.size, 1 << 12), 1 << 20)
    const bytes = createReadStream(entry.path, { highWaterMark })
    const whole = await draft(dirname(to), basename(to), bytes, { modified: entry.modified / 1000 })
    const now = await lstat(entry.path)
    if (!isAsItWas(entry, now) || whole.size !== entry.size) {
      await drop(whole)
      return 'changed'
    }
    // Before the inbox may lose it, what was written is read again.
    if (how === 'move' && !(await sameBytes(entry.path, whole.path))) {
      await drop(whole)
      return 'changed'
    }
    if (await place(whole.path, to)) return 'done'
    await drop(whole)
    return 'taken'
  } finally {
    over()
  }
}

async function linkTo(path: string, to: string): Promise<true | string> {
  try {
    await mkdir(dirname(to), { recursive: true })
    await link(path, to)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ''
  }
}

/**
 * Whether a file may go out of the inbox: it is as it was when it was looked at, and what lies in the gallery is not the
 * very same entry, reached by another way.
 */
export async function isKept(entry: Entry, to: string): Promise<boolean> {
  const [from, there] = await Promise.all(
    [lstat(entry.path), lstat(to)].map((one) => one.catch(() => null)),
  )
  if (!from || !there || !isAsItWas(entry, from) || there.size !== entry.size) return false
  return from.ino !== there.ino || from.dev !== there.dev || there.nlink > 1
}

const isAsItWas = ({ size, modified }: Entry, now: { size: number; mtimeMs: number }) =>
  now.size === size && now.mtimeMs === modified
