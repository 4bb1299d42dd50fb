import { webAddress } from '../immich/address.ts'
import { stampOf } from '../takeout/parts.ts'
import { accountOf, monthsOf, type Told } from './account.ts'
import { groupsOf } from './groups.ts'
import { nextStep } from './next.ts'
import { partsOf } from './parts.ts'
import { albumsOf, mergedOf, timesOf } from './sides.ts'
import { verdict } from './verdict.ts'

export type Report = ReturnType<typeof reportOf>

/** All that the page, the tables and the JSON show, from the state alone. */
export function reportOf(data: Told) {
  const known = accountOf(data)
  const { lines, numbers, files } = known
  const server = webAddress(String(data.runs['index-immich']?.url))
  const library = data.runs.mirror?.library
  const safe = verdict(numbers)
  const { runs, decisions, photos } = data
  const stamps = Object.values(data.parts).map(({ export: name }) => stampOf(name))
  return {
    made: new Date().toISOString(),
    /** When the newest export was made, as in its name: what came to Google after it is not known here. */
    asOf: stamps.sort().at(-1) ?? '',
    server,
    there: numbers.there,
    ...(typeof library === 'string' && { library }),
    verdict: safe,
    next: nextStep({ runs, decisions, photos: Object.keys(photos).length }, numbers, safe),
    photos: { rows: numbers.photos, reasons: known.counts, proven: numbers.proven },
    files,
    ...monthsOf(lines.values()),
    albums: albumsOf(data, known, server),
    groups: groupsOf(data, known, server),
    merged: mergedOf(data),
    parts: partsOf(data, lines, numbers.noMoreParts ? new Map() : numbers.missing, known.rules),
    ...timesOf(data),
  }
}
