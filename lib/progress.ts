import { styleText } from 'node:util'
import { liveLines } from './live.ts'
import { harmless, say, stage } from './stage.ts'

// Without a height nothing can be drawn over: a serial line, or a terminal of another program.
const isTerminal = process.stderr.isTTY && process.stderr.rows !== 0 && process.env.TERM !== 'dumb'
const EVERY_MS = isTerminal ? 100 : 5000
const BAR = 24

/**
 * How far a long stage is: two lines that are drawn over on a terminal, a plain line every five seconds elsewhere.
 * `total` counts items (undefined: nobody knows), `totalBytes` (where bytes flow) gives the rate and the time left. Call
 * `end` before the last line of the stage.
 */
export function progress(
  total: number | undefined,
  unit: string,
  { quiet = false, totalBytes = 0 } = {},
) {
  const started = performance.now()
  const live = isTerminal && !quiet ? liveLines() : undefined
  let last = started
  let done = 0
  let bytes = 0
  let file = ''
  return {
    /** One more item is done; or, with `items` 0, so many more bytes of one. */
    tick({ items = 1, sent = 0, now = '' } = {}) {
      done += items
      bytes += sent
      file = now || file
      if (quiet || performance.now() - last < EVERY_MS) return
      last = performance.now()
      const seconds = (last - started) / 1000
      const share = Math.min(1, totalBytes ? bytes / totalBytes : done / (total ?? 0))
      const left = total && share > 0 ? `${duration(seconds / share - seconds)} left` : ''
      const many = `${number(done)}${total === undefined ? '' : ` of ${number(total)}`} ${unit}`
      const whole = totalBytes ? ` of ${size(totalBytes)}` : ''
      const rate = bytes
        ? `${size(bytes)}${whole}, ${size(bytes / seconds)}/s`
        : pace(done / seconds)
      if (live) live.show(drawn(total ? share : undefined, [many, left], [rate, file]))
      else say([many, rate, left].filter(Boolean).join(', '))
    },
    end() {
      live?.end()
    },
  }
}

/** Two lines: a bar where there is room for it, and the count; then the rate and what is being done right now. */
function drawn(share: number | undefined, first: string[], second: string[]): string[] {
  const told = `${stage}: ${first.filter(Boolean).join(', ')}`
  const shade = (colour: 'cyan' | 'dim', text: string) =>
    styleText(colour, text, { stream: process.stderr })
  // A name comes from anywhere, even with line breaks.
  const lower = harmless(`  ${second.filter(Boolean).join('  ')}`.replace(/\s/g, ' '))
  const full = Math.floor((share ?? 0) * BAR)
  const bar = `${shade('cyan', '█'.repeat(full))}${shade('dim', '░'.repeat(BAR - full))}`
  const percent = `${Math.floor((share ?? 0) * 100)}%`.padStart(4)
  const hasRoom = told.length + BAR + 8 < (process.stderr.columns || 80)
  const upper = share !== undefined && hasRoom ? `${bar} ${percent}  ${told}` : told
  return [upper, shade('dim', lower)]
}

/** Where less than one a second is done, how many a minute. */
function pace(perSecond: number) {
  return perSecond >= 1 ? `${number(perSecond)}/s` : `${number(perSecond * 60)}/min`
}

/** 1234567 -> `1,234,567` */
export function number(value: number) {
  return Math.round(value).toLocaleString('en-US')
}

/** `1 photo`, `2,345 photos` */
export function count(value: number, one: string, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`
}

/** The terms of a sum, `40 right + 2 differ`: those that are zero left out, but for the first. */
export function terms(rows: [many: number, what: string][], joint = ' + ') {
  const told = rows.filter(([many], at) => many > 0 || at === 0)
  return told.map(([many, what]) => `${number(many)} ${what}`).join(joint)
}

/** Bytes as people read them: `12.3 MB`. */
export function size(bytes: number) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let step = 0
  let value = bytes
  // What would be rounded to 1000 is 1 of the next.
  for (; value >= 999.5 && step < units.length - 1; step++) value /= 1000
  return `${value >= 99.95 || step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}

/** Seconds as people read them: `2 h 5 min`, `41 s`. */
export function duration(seconds: number) {
  const minutes = Math.round(seconds / 60)
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
