import { basename } from 'node:path'
import { mediaKind } from '../pairing/media.ts'
import { number } from '../progress.ts'
import type { Leftover } from '../state/records.ts'
import type { Library } from './library.ts'
import type { ExportFile } from './takeout.ts'

/** What became of one file: a line of `index-gphotos --explain`. */
export type Row = {
  role:
    | 'original'
    | 'edited'
    | 'motion'
    | 'copy'
    | 'sidecar'
    | 'album'
    | 'account'
    | 'ignored'
    | 'broken'
  sidecar: string | null
  of: string | null
  photo: string | null
  certain: boolean
  why: string
}

/** Where every file of an export is: in exactly one row, and in a leftover where no photo holds it. */
export type Account = {
  rows: Map<ExportFile, Row>
  leftovers: Record<string, Leftover>
}

export function openAccount(): Account {
  return { rows: new Map(), leftovers: Object.create(null) }
}

export function enter({ rows }: Account, file: ExportFile, row: Partial<Row> & Pick<Row, 'role'>) {
  const { role, sidecar = null, of = null, photo = null, certain = true, why = '' } = row
  rows.set(file, { sidecar, of, photo, certain, why, role })
}

/** Lists a file that is in no photo, or whose words did not fit in, with all that a later run may need of it. */
export function leave({ leftovers }: Account, file: ExportFile, why: string, broken = false) {
  const { part, path, size, crc, json, comments } = file
  const album = json?.kind === 'album' && !json.conversation && json
  leftovers[leftoverKey(file)] = {
    part,
    path,
    why,
    size,
    crc,
    ...(json?.kind === 'photo' && { facts: json.facts }),
    ...(album && {
      album: {
        title: album.title,
        ...(album.description && { description: album.description }),
        ...(album.date !== undefined && { date: album.date }),
      },
    }),
    ...(broken && { broken }),
    ...(comments && { comments }),
  }
}

/** Both: a file that is in no photo. */
export function drop(account: Account, file: ExportFile, role: Row['role'], why: string) {
  enter(account, file, { role, why })
  leave(account, file, why, role === 'broken')
}

export function leftoverKey({ part, path }: { part: string; path: string }) {
  return `${part}:${path}`
}

/** The account in lines whose numbers add up: every file of every part is in exactly one term of the first. */
export function accountLines({ rows, leftovers, photos, albums }: Library): string[] {
  const terms = [...roleCounts(rows)].map(([role, many]) => `${number(many)} ${role}`)
  const reasons = leftCounts(leftovers)
  const memories = Object.values(albums).filter(({ leftOut }) => leftOut).length
  const all = Object.values(photos)
  const namesakes = repeated(all, ({ title }) => title)
  const sameNameAndTime = repeated(namesakes, ({ title, taken }) => `${title}\0${taken}`).length
  const guessed = tallyOf(all, ({ takenFrom }) => takenFrom ?? 'sidecar')
  const notes: [number | undefined, string][] = [
    [memories, 'memories left out of the albums (--memories brings them)'],
    [sameNameAndTime, 'photos share name and time with another of other bytes: all arrive'],
    [guessed.get('cluster'), 'share one time with many, so a file that knows its own wins'],
    [
      (guessed.get('name') ?? 0) + (guessed.get('year') ?? 0),
      'without a sidecar: their own date, else a guess',
    ],
  ]
  return [
    `${number(rows.size)} files${terms.length > 0 ? ` = ${terms.join(' + ')}` : ''}`,
    ...[...reasons].map(([why, many]) => `  ${number(many)} left: ${why}`),
    ...notes.flatMap(([many, what]) => (many ? [`  ${number(many)} ${what}`] : [])),
  ]
}

/** How many files are left, by reason. */
export function leftCounts(leftovers: Account['leftovers']): Map<string, number> {
  return tallyOf(Object.values(leftovers), ({ why }) => why)
}

/** How many of them are pictures or films that came broken: what is damaged of the export but its sidecars. */
export function damagedMedia(leftovers: Account['leftovers']): number {
  const isMedia = ({ broken, path }: Leftover) => broken && mediaKind(basename(path)) !== null
  return Object.values(leftovers).filter(isMedia).length
}

export function roleCounts(rows: Account['rows']): Map<string, number> {
  return tallyOf(rows.values(), ({ role }) => role)
}

/** How many of each, the most frequent first. */
function tallyOf<T>(all: Iterable<T>, nameOf: (one: T) => string): Map<string, number> {
  return new Map([...countsOf(all, nameOf)].sort(([, a], [, b]) => b - a))
}

/** Those that share their name with another. */
function repeated<T>(all: T[], nameOf: (one: T) => string): T[] {
  const counts = countsOf(all, nameOf)
  return counts.size === all.length ? [] : all.filter((one) => counts.get(nameOf(one)) !== 1)
}

function countsOf<T>(all: Iterable<T>, nameOf: (one: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) {
    const name = nameOf(one)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
