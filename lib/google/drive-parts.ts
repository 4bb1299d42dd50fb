import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { freeAt } from '../folders/free.ts'
import { size as asSize, count } from '../progress.ts'
import { Fail, hint, say } from '../stage.ts'
import type { Found } from '../takeout/parts.ts'
import { type DrivePart, exportsInDrive } from './drive.ts'
import { driveSource } from './drive-source.ts'

const PIECE_BYTES = 16 * 1024 * 1024

/**
 * The parts of whole exports in Drive that are not on disk. `lacking` says what is left out and wants a person. A tgz can only be read as
 * a whole: it comes to disk, into `download`, or stays out. Throws Fail where Google cannot be asked.
 */
export async function partsInDrive({
  settleMs,
  download,
  isOnDisk,
}: {
  settleMs: number
  download?: string
  isOnDisk: (part: DrivePart) => boolean
}): Promise<{ found: Found[]; exports: string[]; lacking: string[] }> {
  const exports = await exportsInDrive(settleMs)
  const found: Found[] = []
  const lacking: string[] = []
  for (const { name, parts, whole, why, isComing } of exports) {
    if (!whole) {
      const said = `${name} in Drive: ${why}: left for a later run`
      if (isComing) say(said)
      else lacking.push(said)
      continue
    }
    const wanted = parts.filter((part) => !isOnDisk(part))
    const packed = wanted.filter(({ kind }) => kind === 'tgz')
    if (packed.length > 0 && !download) {
      const bytes = packed.reduce((sum, { size }) => sum + size, 0)
      lacking.push(
        `${name} in Drive: ${count(packed.length, 'part')} of it (${asSize(bytes)}) are .tgz, which cannot be read in pieces: order .zip next time, or take them to disk: ${hint('index-gphotos', '--drive --download FOLDER')}`,
      )
    }
    for (const { created: _, ...part } of wanted) {
      if (part.kind === 'zip') found.push(part)
      else if (download) found.push(await downloadPart(part, download))
    }
  }
  return { found, exports: exports.map(({ name }) => name), lacking }
}

/** Takes a whole part to disk, goes on where a run was cut off, and checks it by Google's MD5 before it counts. */
async function downloadPart(part: Omit<DrivePart, 'created'>, folder: string): Promise<Found> {
  const { drive, ...plain } = part
  const path = resolve(folder, part.name)
  const here = { ...plain, path, modified: 0 }
  const before = await stat(path).catch(() => null)
  if (before?.size === part.size) return { ...here, modified: Math.floor(before.mtimeMs) }
  await mkdir(folder, { recursive: true })
  const file = await open(`${path}.part`, 'a')
  try {
    let { size: at } = await file.stat()
    const free = await freeAt(folder)
    if (free < part.size - at) {
      throw new Fail(
        `Cannot download "${part.name}": ${folder} has ${asSize(free)} free, it needs ${asSize(part.size - at)}: name another folder`,
      )
    }
    say(`${part.name}: ${asSize(part.size - at)} to download into ${folder}`)
    const source = await driveSource(part)
    for (; at < part.size; at += PIECE_BYTES)
      await file.appendFile(await source.read(at, Math.min(PIECE_BYTES, part.size - at)))
    await file.sync()
  } finally {
    await file.close()
  }
  const hash = createHash('md5')
  for await (const chunk of createReadStream(`${path}.part`)) hash.update(chunk)
  if (drive.checksum && hash.digest('hex') !== drive.checksum) {
    await rename(`${path}.part`, `${path}.broken`)
    throw new Fail(
      `Cannot use "${part.name}": what was downloaded is not what Google has (kept as ${path}.broken): run again`,
    )
  }
  await rename(`${path}.part`, path)
  const { mtimeMs } = await stat(path)
  return { ...here, modified: Math.floor(mtimeMs) }
}
