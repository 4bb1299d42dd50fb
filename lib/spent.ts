import { say } from './stage.ts'

/** What a stage's time goes into, beside its own work. */
type Doing =
  | 'reading'
  | 'sending'
  | 'waiting for the server'
  | 'writing'
  | 'metadata'
  | 'keeping the state'

// Less than this nobody asks about.
const SHORT_SECONDS = 5

/**
 * A clock of what is being done. `begin` gives what ends it; several may run at once, and then share the time that
 * passes, so that the pieces add up to the whole, however many files are on their way. Where nothing runs it is own
 * work. `now` in ms, from the start of the process.
 */
export function clock(now: () => number = () => performance.now()) {
  const spent = new Map<Doing | 'working', number>()
  const running = new Map<Doing, number>()
  let last = 0
  let all = 0
  const pass = () => {
    const [from, ms] = [last, now() - last]
    last = from + ms
    if (all === 0) add('working', ms)
    else for (const [what, many] of running) add(what, (ms * many) / all)
  }
  const add = (what: Doing | 'working', ms: number) => spent.set(what, (spent.get(what) ?? 0) + ms)
  const change = (what: Doing, by: number) => {
    pass()
    running.set(what, (running.get(what) ?? 0) + by)
    all += by
  }
  return {
    begin(what: Doing): () => void {
      change(what, 1)
      let isOver = false
      return () => {
        if (!isOver) change(what, -1)
        isOver = true
      }
    },
    /** `44.0 s = 38.2 s waiting for the server + 3.1 s reading + 2.7 s working`; undefined for a short run. */
    line(least = SHORT_SECONDS): string | undefined {
      pass()
      const pieces = [...spent]
        .map(([what, ms]) => ({ what, tenths: Math.round(ms / 100) }))
        .filter(({ tenths }) => tenths > 0)
        .sort((a, b) => b.tenths - a.tenths)
      const seconds = (tenths: number) => `${(tenths / 10).toFixed(1)} s`
      const total = pieces.reduce((sum, { tenths }) => sum + tenths, 0)
      if (total < least * 10) return undefined
      return `${seconds(total)} = ${pieces.map(({ what, tenths }) => `${seconds(tenths)} ${what}`).join(' + ')}`
    },
  }
}

const ours = clock()

/** Counts the time until what it gives is called (a second call does nothing) as this. */
export const doing = ours.begin

/** Tells where the time went, at the end of a stage that took more than a few seconds: people tune by it. */
export function tellTime({ quiet = false, verbose = false } = {}): void {
  const line = quiet && !verbose ? undefined : ours.line(verbose ? 0 : SHORT_SECONDS)
  if (line) say(line)
}
