import { say } from './stage.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
// A terminal and the process above may both send the one Ctrl-C.
const SAME_MS = 300

/**
 * On SIGINT, SIGTERM or SIGHUP runs `last` once and ends the process with 130; a second signal, of any kind, ends it at
 * once. Gives the function that takes this back.
 */
export function onInterrupt(last: (signal: NodeJS.Signals) => Promise<void>): () => void {
  let first = 0
  const on = (signal: NodeJS.Signals) => {
    process.exitCode = 130
    const now = performance.now()
    if (first > 0) return now - first > SAME_MS ? process.exit() : undefined
    first = now
    // The terminal has written ^C there.
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
    void last(signal)
      .catch((error) => say((error as Error).message))
      .then(endElsewhere)
      .finally(() => process.exit())
  }
  for (const signal of SIGNALS) process.on(signal, on)
  return () => {
    for (const signal of SIGNALS) process.off(signal, on)
  }
}

// What has to be ended elsewhere, and how long that may take.
const elsewhere = new Set<() => Promise<unknown>>()
const ELSEWHERE_MS = 5000

/** Has `work` done before the process ends when a person interrupts it (five seconds at most); gives what calls that off. */
export function whenInterrupted(work: () => Promise<unknown>): () => void {
  elsewhere.add(work)
  return () => void elsewhere.delete(work)
}

async function endElsewhere() {
  const limit = new Promise((resolve) => setTimeout(resolve, ELSEWHERE_MS).unref())
  await Promise.race([Promise.allSettled([...elsewhere].map((work) => work())), limit])
}
