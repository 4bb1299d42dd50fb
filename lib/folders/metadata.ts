import { rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { ExifTool } from 'exiftool-vendored'
import { xmp } from '../picture/xmp.ts'
import { doing } from '../spent.ts'
import { Fail } from '../stage.ts'
import {
  changesOf,
  type Is,
  movieTags,
  READ,
  type Said,
  saidIn,
  stillTags,
  type WriteTags,
  xmpTags,
} from './said.ts'
import { type Draft, draft, drop, lookAt, place, putOver, written } from './writing.ts'

/** How digiKam, darktable and Immich call the sidecar of a file. */
export const sidecarOf = (path: string) => `${path}.xmp`

/** SHA-1 of a sidecar that is wholly ours; `merged` where others have a share in it, `kept` where it could not be read. */
export type Sidecar = string

/**
 * Sees to it that the sidecar of a file says all this. One that others wrote or changed is merged into by exiftool: what
 * was empty is filled, what still is as we gave it `before` is renewed, all else stays. Never written over.
 */
export async function putSidecar(
  file: string,
  said: Said,
  before?: { said?: Said; sidecar?: Sidecar },
): Promise<Sidecar> {
  const path = sidecarOf(file)
  const made = await draft(dirname(path), basename(path), [
    Buffer.from(xmp(said, { forAll: true })),
  ])
  if (await place(made.path, path)) return made.sha1
  const there = await lookAt(path)
  // Its owner has just taken it away.
  if (!there) return putSidecar(file, said, before)
  if (there.sha1 === before?.sidecar) {
    await putOver(made, path)
    return made.sha1
  }
  await drop(made)
  if (there.sha1 === made.sha1) return made.sha1
  const tool = await exiftool()
  const is = await saidAt(tool, path).catch(() => undefined)
  if (!is) return 'kept'
  const tags = xmpTags(changesOf(said, before?.said ?? {}, is.said), is)
  if (Object.keys(tags).length === 0) return 'merged'
  const merged = await rewritten(tool, path, made.path, tags, []).catch(() => undefined)
  if (!merged) return 'kept'
  // Its owner may be at it at this moment.
  if ((await lookAt(path))?.sha1 === there.sha1) await putOver(merged, path)
  else await drop(merged)
  return 'merged'
}

const STILLS = new Set(['jpg', 'tiff', 'png', 'heic', 'heif', 'avif', 'webp', 'jxl'])
const MOVIES = new Set(['mp4', 'mov', 'm4v', '3gp'])

/** Whether metadata is written into files of this type; not into RAW files, which nobody should touch. */
export const isWritable = (type: string | undefined) =>
  STILLS.has(type ?? '') || MOVIES.has(type ?? '')

/**
 * A draft of a file with what is said written into it, beside `source`; its picture is the same, as exiftool's hash of the
 * image data tells. `before` is what we had written into it; without it the file is new, and what is said wins. The
 * file at `source` itself where nothing has to be changed; undefined where it cannot be written.
 */
export async function embedded(
  source: Draft,
  type: string,
  said: Said,
  { before, modified, name }: { before?: Said; modified?: number; name: string },
): Promise<Draft | undefined> {
  const tool = await exiftool()
  const over = doing('metadata')
  try {
    const is = await saidAt(tool, source.path)
    const change = changesOf(said, before ?? is.said, is.said)
    const tags = { ...xmpTags(change, is), ...(MOVIES.has(type) ? movieTags : stillTags)(change) }
    if (Object.keys(tags).length === 0) return source
    const target = `${dirname(source.path)}/.${name}.new.photoferry-part`
    const made = await rewritten(tool, source.path, target, tags, ['-api', 'QuickTimeUTC=1'])
    const [a, b] = [await pictureHash(tool, source.path), await pictureHash(tool, target)]
    if (a !== undefined && a === b) return await written(made.path, modified)
    await drop(made)
  } catch (error) {
    if (error instanceof Fail) throw error
  } finally {
    over()
  }
}

/** Whether two files show one picture, whatever is written around it. False where that cannot be told. */
export async function samePicture(a: string, b: string): Promise<boolean> {
  try {
    const tool = await exiftool()
    const hash = await pictureHash(tool, a)
    return hash !== undefined && hash === (await pictureHash(tool, b))
  } catch {
    return false
  }
}

let tool: Promise<ExifTool> | undefined

/** Started when it is first needed. Throws Fail where it does not run. */
function exiftool(): Promise<ExifTool> {
  tool ??= import('exiftool-vendored').then(async ({ ExifTool }) => {
    const made = new ExifTool({ maxProcs: 2, taskTimeoutMillis: 600_000, useMWG: false })
    await made.version().catch((error) => {
      throw new Fail(
        `Cannot merge metadata: exiftool does not run (${(error as Error).message.split('\n')[0]}): install perl, or use --metadata none`,
      )
    })
    return made
  })
  return tool
}

/** Ends exiftool, which else keeps the process alive. */
export async function endMetadata(): Promise<void> {
  await (await tool?.catch(() => undefined))?.end()
  tool = undefined
}

async function saidAt(tool: ExifTool, path: string): Promise<Is> {
  const readArgs = ['-G1', '-n', ...READ]
  return saidIn((await tool.readRaw(path, { readArgs })) as Record<string, unknown>)
}

/** A copy at `target` with these tags, on disk. */
async function rewritten(
  tool: ExifTool,
  source: string,
  target: string,
  tags: WriteTags,
  more: string[],
): Promise<Draft> {
  await rm(target, { force: true })
  const { created } = await tool.write(source, tags as never, {
    writeArgs: ['-o', target, ...more],
  })
  if (created !== 1) throw new Error(`exiftool made no copy of ${source}`)
  return written(target)
}

/** exiftool's hash of the picture alone, whatever stands around it. */
async function pictureHash(tool: ExifTool, path: string) {
  const readArgs = ['-api', 'RequestTags=ImageDataHash', '-ImageDataHash']
  const { ImageDataHash } = (await tool.readRaw(path, { readArgs })) as Record<string, string>
  return ImageDataHash
}
