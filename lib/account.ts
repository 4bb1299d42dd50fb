import type { Leftover } from './state.ts'
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
  rows.set(file, { sidecar: null, of: null, photo: null, certain: true, why: '', ...row })
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

/** How many of each, the most frequent first. */
export function tallyOf(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map([...counts].sort(([, a], [, b]) => b - a))
}
