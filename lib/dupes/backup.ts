import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { safeName } from '../folders/paths.ts'
import { type Immich, Refused } from '../immich/immich.ts'
import { Fail } from '../stage.ts'
import type { Look } from './looking.ts'
import type { Backup } from './steps.ts'

/**
 * A whole copy of an asset in `folder`: the original, its motion half, and all that is known of it (asset.json). What is there
 * already is read again and not fetched. Throws Refused where the bytes are not those that the server names, and
 * Fail where the folder cannot take them.
 */
export async function backUp(server: Immich, folder: string, { raw, ...look }: Look) {
  const own = join(folder, raw.id)
  await writing(folder, () => mkdir(join(own, 'motion'), { recursive: true }))
  const file = join(raw.id, copyName(raw.originalFileName))
  const kept: Backup = { file, ...(await fetchWhole(server, folder, file, raw)) }
  if (raw.livePhotoVideoId) {
    const half = await server.asset(raw.livePhotoVideoId)
    const file = join(raw.id, 'motion', copyName(half.originalFileName))
    const { sha1, size } = await fetchWhole(server, folder, file, half)
    const { id: asset, originalFileName: name, fileCreatedAt, fileModifiedAt } = half
    kept.motion = { asset, file, sha1, size, name, fileCreatedAt, fileModifiedAt }
  }
  const facts = `${JSON.stringify({ asset: raw, ...look, backup: kept }, null, 1)}\n`
  await writing(folder, async () => {
    await writeFile(join(own, 'asset.json.part'), facts, { flush: true })
    await rename(join(own, 'asset.json.part'), join(own, 'asset.json'))
    await syncFolder(own)
  })
  return kept
}

/** The look at an asset that was kept with its backup. */
export async function factsOf(folder: string, id: string): Promise<Look> {
  const path = join(folder, id, 'asset.json')
  const text = await readFile(path, 'utf8').catch(({ code }) => {
    throw new Refused(0, `its backup cannot be read (${code} at ${path})`)
  })
  const { asset: raw, ...look } = JSON.parse(text)
  return { ...look, raw }
}

/** What is wrong with a backup, or null. */
export async function damageOf(folder: string, { motion, ...still }: Backup) {
  for (const { file, sha1 } of motion ? [still, motion] : [still]) {
    const found = await sha1Of(join(folder, file))
    if (found === undefined) return `${file} is missing from the backup`
    if (found.sha1 !== sha1) return `${file} in the backup is damaged`
  }
  return null
}

async function fetchWhole(
  server: Immich,
  folder: string,
  file: string,
  { id, checksum, originalFileName }: Look['raw'],
) {
  const wanted = Buffer.from(checksum, 'base64').toString('hex')
  const path = join(folder, file)
  const there = await sha1Of(path)
  if (there?.sha1 === wanted) return there
  const part = `${path}.part`
  const hash = createHash('sha1')
  let size = 0
  const output = await writing(folder, () => open(part, 'w'))
  try {
    for await (const chunk of server.original(id)) {
      hash.update(chunk)
      size += chunk.length
      await writing(folder, () => output.writeFile(chunk))
    }
    await writing(folder, () => output.sync())
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  } finally {
    await output.close()
  }
  const sha1 = hash.digest('hex')
  if (sha1 !== wanted) {
    await rm(part, { force: true })
    throw new Refused(0, `the download of "${originalFileName}" is not what Immich says it holds`)
  }
  await writing(folder, async () => {
    await rename(part, path)
    await syncFolder(dirname(path))
  })
  return { sha1, size }
}

async function sha1Of(path: string) {
  const hash = createHash('sha1')
  let size = 0
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk)
      size += chunk.length
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Refused(0, `its backup cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return { sha1: hash.digest('hex'), size }
}

/** What the folder refuses once it refuses for all. */
async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    const full = /^(ENOSPC|EDQUOT|EFBIG)$/.test(code)
    const found = full ? 'the disk is full' : code
    const next = full ? 'make room, and run again' : 'may it be written? --backup names another'
    throw new Fail(`Cannot back up to ${folder}: ${found}: ${next}`, { cause: error })
  }
}

async function syncFolder(path: string) {
  if (process.platform === 'win32') return
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** A safe name that is not that of the facts beside it. */
export function copyName(name: string): string {
  const safe = safeName(name)
  return /^asset(\.|$)/i.test(safe) ? `_${safe}` : safe
}
