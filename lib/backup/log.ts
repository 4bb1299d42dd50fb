import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Counts } from './program.ts'
import type { Measure } from './source.ts'

type About = { at: string; source: string; to: string; seconds: number; error?: string }
/** A copy that was made: what the source held and what the program did; `some` files or all may have failed. */
export type Copy = About & {
  what: 'copy'
  end: 'good' | 'some' | 'bad'
  toMount?: string
} & Measure &
  Counts
export type Check = About & {
  what: 'check'
  end: 'good' | 'bad'
  checked: number
  differ: number
  missing: number
}
/** A line of the log: one target of one run. */
export type Line = Copy | Check

/**
 * The log is what backup remembers. It is appended to, a line at a time and not kept in the state, so that a copy that takes
 * days holds up no other stage.
 */
export function readLog(file: string): Line[] {
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(lineOf)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Torn by a kill, or a person's own note: none of ours. */
function lineOf(text: string): Line[] {
  try {
    return [JSON.parse(text) as Line]
  } catch {
    return []
  }
}

export function addLine(file: string, line: Line) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // A kill may have torn the last one.
  const isTorn = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, 'utf8'))
  appendFileSync(file, `${isTorn ? '\n' : ''}${JSON.stringify(line)}\n`, { mode: 0o600 })
}

/** The last good copy of a source at a place. */
export function lastCopy(log: Line[], source: string, to: string): Copy | undefined {
  const isIt = (line: Line): line is Copy => line.what === 'copy' && line.end === 'good'
  return log.filter((line) => line.source === source && line.to === to).findLast(isIt)
}

/** When a check last found all of it right. */
export function lastCheck(log: Line[], source: string, to: string): string | undefined {
  const of = log.filter((line) => line.source === source && line.to === to)
  return of.findLast(({ what, end }) => what === 'check' && end === 'good')?.at
}
