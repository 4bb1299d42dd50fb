import { count } from '../progress.ts'
import { PAGES } from './answers.ts'

const DAY_MS = 86_400_000
// Takeout's one schedule: every two months for a year.
const RUNS_A_YEAR = 6
const SHORTEST_GAP_DAYS = 45
const LONGEST_GAP_DAYS = 70

/** When an export was made, ms since 1970, by the stamp in its name; undefined where it has none. */
export function madeAt(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? []
  if (!year) return
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}

/**
 * What has to be said of a series of exports, or undefined: the newest has grown old, or it was the last that its schedule
 * brings. There is no way to ask Takeout; the stamps of what came are all that is known.
 */
export function scheduleWarning(names: string[], now = Date.now()): string | undefined {
  const times = names
    .map(madeAt)
    .filter((time) => time !== undefined)
    .sort((a, b) => b - a)
  const [newest] = times
  if (newest === undefined) return
  const age = Math.floor((now - newest) / DAY_MS)
  if (age > LONGEST_GAP_DAYS) {
    return `the newest Takeout is ${count(age, 'day')} old: what came to Google Photos since is not here. Its schedule has run out or was never made: open ${PAGES.takeout}, choose Google Photos alone, "Add to Drive", "Export every 2 months for 1 year"`
  }
  let runs = 1
  for (let at = 1; at < times.length; at++) {
    const gap = ((times[at - 1] as number) - (times[at] as number)) / DAY_MS
    if (gap < SHORTEST_GAP_DAYS) continue
    if (gap > LONGEST_GAP_DAYS) break
    runs++
  }
  if (runs >= RUNS_A_YEAR && runs % RUNS_A_YEAR === 0) {
    return `the newest Takeout was the last of its schedule's year (${runs} came): open ${PAGES.takeout} and order the next year`
  }
}
