import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { size as asSize } from '../progress.ts'
import { dataFolder, Fail, hint, stage } from '../stage.ts'

// Google's quotas begin anew at midnight in California.
const today = () => new Date().toLocaleDateString('sv', { timeZone: 'America/Los_Angeles' })
const folder = () => `${dataFolder}/drive`
const file = () => `${folder()}/bytes-today.json`
const WRITE_EVERY = 64 * 1024 * 1024

let limit = process.env.MAX_BYTES_PER_DAY
  ? bytesIn('MAX_BYTES_PER_DAY', process.env.MAX_BYTES_PER_DAY)
  : Number.POSITIVE_INFINITY
let spent: { day: string; bytes: number } | undefined
let unwritten = 0
/** Bytes that this run has read out of Drive. */
export const read = { bytes: 0, requests: 0 }

/** How many bytes may be read out of Drive in a day, by all runs together. */
export function limitDrive(bytesPerDay: number): void {
  limit = bytesPerDay
}

/** Asks for so many bytes before they are read. Throws Fail (exit 3) when the day's are used up. */
export function spend(bytes: number): void {
  const now = ledger()
  if (now.bytes + bytes > limit) {
    throw new Fail(
      `Cannot read more from Drive today: ${asSize(now.bytes)} of ${asSize(limit)} (--max-bytes-per-day) are used: run ${hint(stage)} again tomorrow, it goes on where it stopped`,
      { exitCode: 3 },
    )
  }
  now.bytes += bytes
  read.bytes += bytes
  read.requests++
  unwritten += bytes
  if (unwritten > WRITE_EVERY) write()
}

function ledger() {
  if (!spent) {
    spent = { day: today(), bytes: 0 }
    try {
      spent = JSON.parse(readFileSync(file(), 'utf8'))
    } catch {}
    process.once('exit', write)
  }
  if (spent?.day !== today()) spent = { day: today(), bytes: 0 }
  return spent
}

function write() {
  if (unwritten === 0) return
  unwritten = 0
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 })
    writeFileSync(`${file()}.new`, JSON.stringify(spent))
    renameSync(`${file()}.new`, file())
  } catch {
    // A count that is lost costs nothing but its own accuracy.
  }
}

/** `100GB`, `500 MB`, `2TB` or plain bytes. Throws a usage Fail otherwise. */
export function bytesIn(flag: string, text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text.trim()) ?? []
  if (!digits || Number(digits) <= 0)
    throw new Fail(`Cannot read ${flag}: "${text}" is no size: give one like 100GB`, {
      exitCode: 2,
    })
  return Math.round(Number(digits) * 1000 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
}
