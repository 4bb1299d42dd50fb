import { resolve } from 'node:path'
import { oneOf } from '../stage.ts'
import type { Run } from '../state/records.ts'
import { ALBUMS_AS, type As } from './albums.ts'
import { METADATA, type Tree } from './tree.ts'

/** How a library is kept; without `as` its albums are links where the disk has them. */
export type Ways = { path: string; metadata: Tree['metadata']; as?: As }

const DEFAULT: Ways = { path: 'YYYY/MM/DD', metadata: 'xmp' }

type Given = Partial<Record<'path' | 'metadata' | 'albums-as', string>> & { embed?: boolean }

/**
 * What was asked for, else what the last run did, so that a run without flags (of sync, of cron) goes on as the one before.
 * Throws a usage Fail for a word that is none.
 */
export function waysOf(given: Given, last: Run | undefined): Ways {
  const before = { ...DEFAULT, ...(last?.ways as Ways | undefined) }
  const metadata = given.embed ? 'embed' : given.metadata
  const as = given['albums-as'] ?? before.as
  return {
    path: given.path === undefined ? before.path : whole(given.path),
    metadata: oneOf('--metadata', metadata ?? before.metadata, METADATA),
    ...(as && { as: oneOf('--albums-as', as, ALBUMS_AS) }),
  }
}

/** A function's file is found from any folder. */
const whole = (path: string) => (/^\.{1,2}\/.*\.[cm]?[jt]s$/.test(path) ? resolve(path) : path)

/** The flags for what is not the default, as a person types them; '' where all is. */
export function spelledWays({ path, metadata, as }: Ways): string {
  return [
    path === DEFAULT.path ? '' : `--path '${path}'`,
    metadata === DEFAULT.metadata ? '' : `--metadata ${metadata}`,
    as === undefined ? '' : `--albums-as ${as}`,
  ]
    .filter(Boolean)
    .join(' ')
}
