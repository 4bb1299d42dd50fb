import { readFileSync, writeFileSync } from 'node:fs'

// Loaded into a measured process by --import: what it cost, written when it ends.
const began = performance.now()
process.on('exit', () => {
  if (!process.env.METER) return
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeFileSync(
    process.env.METER,
    JSON.stringify({
      seconds: (performance.now() - began) / 1000,
      cpu: (userCPUTime + systemCPUTime) / 1e6,
      peak: maxRSS * 1024,
      read: bytesRead(),
    }),
  )
})

/** Bytes that this process asked of files and sockets; Linux alone tells. */
function bytesRead() {
  try {
    return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}
