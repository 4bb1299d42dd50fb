import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import type { Source } from '../archive/source.ts'
import { dataFolder, Fail, hint, say } from '../stage.ts'
import type { Part } from '../state/records.ts'
import { spend } from './drive-meter.ts'
import { signedIn } from './google.ts'
import { addressOf } from './hosts.ts'
import { askGoogle, GoogleRefused } from './http.ts'

type InDrive = Pick<Part, 'name' | 'size'> & { drive: NonNullable<Part['drive']> }
type Segment = { at: number; bytes: Buffer }

const kib = 1024
// A look at a header is nearly always followed by a read of what comes behind it.
const PROBE_BYTES = 64
const AHEAD_BYTES = 64 * kib
const RECENT = 16

const troubles = new Map<string, Fail>()
// A sign-in that has ended or a quota that is used up would be met again with every part, after minutes of trying.
let ofAll: { trouble: Fail; signIn: string } | undefined

/** What ended the reading of this part, or of all, if anything did: none of its photos can be had then. */
export function driveTrouble(part: Pick<Part, 'drive'>): Fail | undefined {
  return part.drive && (troubles.get(part.drive.id) ?? ofAll?.trouble)
}

/**
 * A file in Drive as a source of bytes, by HTTP Range. What lies behind the start of a zip's directory is kept on disk,
 * beside the state: the next stage that opens the part asks Google for its pictures only. `read` throws Fail when the
 * file is gone, was exchanged, or when Google gives no more today.
 */
export async function driveSource(part: InDrive): Promise<Source> {
  const { token, grant } = await signedIn('drive')
  // Somebody has signed in since.
  if (ofAll?.signIn !== grant.refresh_token) ofAll = undefined
  const { id, checksum } = part.drive
  const { name, size } = part
  const keptFile = `${dataFolder}/drive/${id}-${checksum.replace(/\W/g, '').slice(0, 12) || size}.directory`
  const tail = await readFile(keptFile).catch(() => undefined)
  // What lies in the directory, and the last few short reads before it.
  const kept: Segment[] = []
  let recent: Segment[] = []
  let keepFrom = size
  if (tail && tail.length <= size) {
    keepFrom = size - tail.length
    kept.push({ at: keepFrom, bytes: tail })
  }
  const keptBefore = keepFrom
  let abuse = ''

  async function read(offset: number, length: number): Promise<Buffer> {
    const end = offset + length
    if (offset < 0 || end > size)
      throw new Fail(`Cannot read "${name}": it has no bytes from ${offset} to ${end}`)
    try {
      if (ofAll) throw ofAll.trouble
      // What is held now is held for this read, even if others push it out meanwhile.
      const have = held()
      const holes = missing(have, offset, end)
      const fresh = await Promise.all(
        holes.map(async ([from, to]) => ({ at: from, bytes: await fetchRange(from, to) })),
      )
      for (const segment of fresh) remember(segment)
      const [only] = fresh
      if (only?.at === offset && only.bytes.length === length) return only.bytes
      return assembled([...have, ...fresh], offset, length)
    } catch (error) {
      const fail = error instanceof Fail ? error : undefined
      if (fail) troubles.set(id, fail)
      throw error
    }
  }

  /** What of a range is not held, each hole as [from, to). */
  function missing(segments: Segment[], from: number, to: number) {
    const holes: [number, number][] = []
    let at = from
    for (const { at: start, bytes } of segments) {
      if (start + bytes.length <= at) continue
      if (start >= to) break
      if (start > at) holes.push([at, start])
      at = start + bytes.length
    }
    if (at < to) holes.push([at, to])
    const [last] = holes.slice(-1)
    if (last && to - from <= PROBE_BYTES && last[1] === to) {
      const next = segments.find(({ at }) => at >= to)?.at ?? size
      last[1] = Math.min(next, last[0] + AHEAD_BYTES)
    }
    return holes
  }

  function remember(segment: Segment) {
    if (segment.at >= keepFrom) kept.push(segment)
    else if (segment.bytes.length <= AHEAD_BYTES) recent = [...recent.slice(1 - RECENT), segment]
  }

  function held() {
    return [...kept, ...recent].sort((a, b) => a.at - b.at)
  }

  function assembled(segments: Segment[], offset: number, length: number) {
    const result = Buffer.allocUnsafe(length)
    for (const { at, bytes } of segments) {
      const from = Math.max(offset, at)
      const to = Math.min(offset + length, at + bytes.length)
      if (from < to) bytes.copy(result, from - offset, from - at, to - at)
    }
    return result
  }

  async function fetchRange(from: number, to: number): Promise<Buffer> {
    spend(to - from)
    const asked = abuse
    const url = `${addressOf('drive')}/drive/v3/files/${id}?alt=media${abuse}`
    try {
      const { status, headers, bytes } = await askGoogle(url, {
        headers: { range: `bytes=${from}-${to - 1}` },
        token,
        purpose: 'drive',
        scope: grant.scope,
        // An error's text may be longer than a short range.
        max: Math.max(to - from, AHEAD_BYTES),
      }).catch((error) => {
        if (error instanceof Fail) ofAll = { trouble: error, signIn: grant.refresh_token }
        throw error
      })
      const said = String(headers['content-range'] ?? '')
      if (status !== 206 || said !== `bytes ${from}-${to - 1}/${size}`) {
        throw exchanged(said || `status ${status}`)
      }
      return bytes
    } catch (error) {
      if (!(error instanceof GoogleRefused)) throw error
      const { status, reason } = error.error
      if (reason === 'downloadQuotaExceeded') {
        throw new Fail(
          `Cannot read more of "${name}" today: Google gave it out too often (${reason}): run again tomorrow, it goes on where it stopped`,
          { exitCode: 3 },
        )
      }
      if (reason === 'cannotDownloadAbusiveFile' && !asked) {
        // It is the person's own archive, and nothing in it is run.
        if (!abuse)
          say(
            `${name}: Google's virus scan warns of this archive; it is your own, and is read all the same`,
          )
        abuse = '&acknowledgeAbuse=true'
        return fetchRange(from, to)
      }
      if (status === 416) throw exchanged(`it has no bytes from ${from} on`)
      if (status === 404) {
        throw new Fail(
          `Cannot read "${name}": it is no longer in Drive, and photos in it are still owed: bring it back from Drive's bin, or name a copy on disk as TAKEOUT`,
        )
      }
      throw new Fail(`Cannot read "${name}" in Drive: ${error.message}: run again later`, {
        cause: error,
      })
    }
  }

  function exchanged(found: string) {
    return new Fail(
      `Cannot read "${name}" in Drive: it is not what it was (${found}): ${hint('index-gphotos', '--drive')} looks again`,
    )
  }

  async function close() {
    if (keepFrom === keptBefore || missing(held(), keepFrom, size).length > 0) return
    const bytes = assembled(held(), keepFrom, size - keepFrom)
    try {
      await mkdir(`${dataFolder}/drive`, { recursive: true, mode: 0o700 })
      await writeFile(`${keptFile}.new`, bytes, { mode: 0o600 })
      await rename(`${keptFile}.new`, keptFile)
    } catch {
      // Losing it costs a second reading of the directory, no more.
    }
  }

  return {
    name,
    size,
    read,
    close,
    // At home a request costs about as long as so many bytes, with some of them on their way at once.
    gap: 128 * kib,
    piece: 4 * kib * kib,
    keepFrom: (offset) => {
      if (offset >= keepFrom) return
      keepFrom = offset
      kept.push(...recent.filter(({ at }) => at >= offset))
      recent = recent.filter(({ at }) => at < offset)
    },
  }
}
