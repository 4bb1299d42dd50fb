import { onBeforeLine, say } from './stage.ts'

const EVERY_MS = process.stderr.isTTY ? 200 : 5000

/**
 * How far a long stage is: one line that overwrites itself on a terminal, a plain line every five seconds elsewhere.
 * `total` counts items (undefined: nobody knows), `totalBytes` (where bytes flow) gives the rate and the time left. Call
 * `end` before the last line of the stage.
 */
export function progress(
  total: number | undefined,
  unit: string,
  { quiet = false, totalBytes = 0 } = {},
) {
  const started = performance.now()
  let last = started
  let done = 0
  let bytes = 0
  let shown = false
  const clear = () => {
    if (shown) process.stderr.write('\r\x1b[2K')
    shown = false
  }
  if (process.stderr.isTTY) onBeforeLine(clear)
  return {
    /** One more item is done; or, with `items` 0, so many more bytes of one. */
    tick({ items = 1, sent = 0, now = '' } = {}) {
      done += items
      bytes += sent
      if (quiet || performance.now() - last < EVERY_MS) return
      last = performance.now()
      const seconds = (last - started) / 1000
      const share = totalBytes ? bytes / totalBytes : done / (total ?? 0)
      const left = total && share > 0 ? `, ${duration(seconds / share - seconds)} left` : ''
      const rate = totalBytes ? `${size(bytes / seconds)}/s` : `${number(done / seconds)}/s`
      const of = total === undefined ? '' : ` of ${number(total)}`
      const line = `${number(done)}${of} ${unit}, ${rate}${left}`
      if (!process.stderr.isTTY) return say(line)
      const room = (process.stderr.columns || 80) - 1
      process.stderr.write(`\r\x1b[2K${`${line}  ${now}`.slice(0, room)}`)
      shown = true
    },
    end() {
      clear()
      onBeforeLine(() => {})
    },
  }
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
