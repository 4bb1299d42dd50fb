import { plainPath } from '../folders/named.ts'
import { Fail } from '../stage.ts'
import type { Program } from './program.ts'
import { rclone } from './rclone.ts'
import { restic } from './restic.ts'
import { rsync } from './rsync.ts'

/** Where a copy goes; `local`: a folder of this machine. */
export type Target = { text: string; to: string; program: Program; local: boolean }

/** The targets in a setting, with spaces between; one that holds a space stands in quotes. Throws Fail for what is none. */
export function targetsIn(text: string): Target[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
  return words
    .map(([, a, b, c]) => a ?? b ?? c ?? '')
    .filter(Boolean)
    .map(targetOf)
}

/** One target, whole. */
export function targetOf(text: string): Target {
  const [, kind, to = ''] = /^(restic|rclone):(.+)$/s.exec(text) ?? []
  if (kind === 'restic') return { text, to, program: restic, local: false }
  if (kind === 'rclone') {
    // What a run replaces is kept beside the copy, so the copy needs a folder of its own.
    if (!/^[^:]+:.*[^/]/s.test(to))
      throw cannot(text, `name a folder in it, as in ${text.replace(/:?\/?$/, ':')}photos`)
    return { text, to: to.replace(/\/+$/, ''), program: rclone, local: false }
  }
  if (text.startsWith('-')) throw cannot(text, 'that is no place: name a folder or user@host:/path')
  const isFar = /^[^/]+:/.test(text)
  return { text, to: isFar ? text : plainPath(text), program: rsync, local: !isFar }
}

const cannot = (text: string, why: string) =>
  new Fail(`Cannot back up to ${text}: ${why}`, { exitCode: 2 })
