import { html, raw } from 'hono/html'
import { number } from '../progress.ts'
import type { Both } from './account.ts'

const HEIGHT = 190
const TOP = 14
const BASE = 160
const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `2023-07` -> `Jul 2023` */
export function monthName(month: string) {
  const [year = '', of = '1'] = month.split('-')
  return `${NAMES[Number(of) - 1]} ${year}`
}

/**
 * Photos per month as bars: the whole bar is Google, the filled part is there, what is owed has a mark below the line. Drawn in
 * percentages of whatever width there is, so that letters keep their shape.
 */
export function monthChart(months: (Both & { month: string })[], there: string) {
  if (months.length === 0) return html``
  const most = Math.max(...months.map(({ google }) => google))
  const step = 100 / spanOf(months)
  // A bar of one month in thirty years is still to be seen.
  const width = percent(step * (months.length > 120 ? 1 : 0.82))
  const tall = (many: number) => (many === 0 ? 0 : Math.max(2, (many / most) * (BASE - TOP)))
  const bars = months.map((one, at) => {
    if (one.google === 0) return ''
    const x = percent(at * step)
    const rect = (kind: string, y: number, height: number) =>
      `<rect class="${kind}" x="${x}" width="${width}" y="${y.toFixed(1)}" height="${height.toFixed(1)}"/>`
    const all = tall(one.google)
    const in_ = one.there === one.google ? all : Math.min(all, tall(one.there))
    return `<g><title>${monthName(one.month)}: ${said(one, there)}</title>${rect('hit', 0, BASE)}${rect('google', BASE - all, all)}${rect('there', BASE - in_, in_)}${one.owed ? rect('owed', BASE + 3, 5) : ''}</g>`
  })
  return html`<svg class="chart" height="${HEIGHT}" width="100%" role="img" aria-labelledby="chart-title chart-text">
<title id="chart-title">Photos per month, Google beside ${there}</title>
<desc id="chart-text">The same numbers stand in the table below the chart.</desc>
${raw(grid(most))}${raw(bars.join(''))}${raw(years(months))}</svg>`
}

// A lone photo of a clock that was never set is not to press all others together.
const FAR_MONTHS = 120
const FEW = 0.01

/** The months that are worth drawing, and how many photos lie far before and after them. */
export function core<M extends Both>(months: M[]): { drawn: M[]; before: number; after: number } {
  const few = months.reduce((sum, { google }) => sum + google, 0) * FEW
  const start = islandEnd(months, few)
  const end = months.length - islandEnd(months.toReversed(), few)
  const sum = (some: M[]) => some.reduce((total, { google }) => total + google, 0)
  return {
    drawn: months.slice(start, end),
    before: sum(months.slice(0, start)),
    after: sum(months.slice(end)),
  }
}

/** Where the rest begins behind a few photos and many empty months; 0 where there is no such gap. */
function islandEnd(months: Both[], few: number): number {
  let found = 0
  let seen = 0
  let empty = 0
  for (const [at, { google }] of months.entries()) {
    if (google > 0 && empty >= FAR_MONTHS) found = at
    empty = google > 0 ? 0 : empty + 1
    seen += google
    if (seen > few) break
  }
  return found
}

/** What a month has, in words. */
export function said({ google, there: many, left, owed }: Both, there: string) {
  const rest = [left > 0 && `${number(left)} left out`, owed > 0 && `${number(owed)} owed`].filter(
    Boolean,
  )
  return `${number(google)} in Google, ${number(many)} in ${there}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`
}

function grid(most: number) {
  const lines = most > 1 ? [most, Math.round(most / 2)] : [most]
  return `${lines
    .map((many) => {
      const y = (BASE - (many / most) * (BASE - TOP)).toFixed(1)
      return `<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="scale" x="0" y="${Number(y) - 3}">${number(many)}</text>`
    })
    .join('')}<line class="axis" x1="0" x2="100%" y1="${BASE}" y2="${BASE}"/>`
}

// A year at least: one month alone would be a wall.
const spanOf = (months: unknown[]) => Math.max(12, months.length)

/** Where years begin; at most eight have their number, so that it is read on a phone. */
function years(months: { month: string }[]) {
  const begins = months.flatMap(({ month }, at) =>
    month.endsWith('-01') || at === 0 ? [{ month, at }] : [],
  )
  const every = Math.ceil(begins.length / 8)
  const span = spanOf(months)
  return begins
    .filter((_, at) => at % every === 0)
    .map(({ month, at }) => {
      const x = percent((at * 100) / span)
      const line = `<line class="axis" x1="${x}" x2="${x}" y1="${BASE}" y2="${BASE + 12}"/>`
      // The last one stays inside, where it does not run into the one before.
      const isLast = at / span > 0.93
      if (isLast && begins.length > 1 && (every * 12) / span < 0.25) return line
      return `${line}<text class="year" x="${x}" y="${BASE + 26}"${isLast ? ' text-anchor="end"' : ''}>${month.slice(0, 4)}</text>`
    })
    .join('')
}

const LEAST = 0.008
/** One bar that is the whole, in parts that add up. */
export function shareBar(parts: [kind: string, many: number, what: string][]) {
  const all = parts.reduce((sum, [, many]) => sum + many, 0)
  // One of a hundred thousand is to be seen, too: the large ones make room for it.
  const weights = parts.map(([, many]) => (many === 0 ? 0 : Math.max(many / all, LEAST)))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  let x = 0
  const rects = parts.map(([kind, many, what], at) => {
    if (many === 0) return ''
    const width = ((weights[at] as number) / whole) * 100
    const from = x
    x += width
    return `<rect class="${kind}" x="${percent(from)}" width="${percent(width)}" y="0" height="14"><title>${number(many)} ${what}</title></rect>`
  })
  return html`<svg class="share" height="14" width="100%" role="img" aria-label="${parts
    .filter(([, many]) => many > 0)
    .map(([, many, what]) => `${number(many)} ${what}`)
    .join(', ')}">${raw(rects.join(''))}</svg>`
}

function percent(value: number) {
  return `${Number(value.toFixed(3))}%`
}
