import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Body } from '../archive/archive.ts'
import { hex } from '../archive/directory.ts'
import { embedded, isWritable, putSidecar, samePicture } from '../folders/metadata.ts'
import { type Draft, draft, drop, holds, lookAt, place, putOver } from '../folders/writing.ts'
import { uploadName } from '../immich/upload-name.ts'
import { Fail } from '../stage.ts'
import type { Mirrored, MirroredFile, Photo, PhotoFile } from '../state/records.ts'
import { fileKey } from '../takeout/photo-files.ts'
import { openBody } from '../transfer/reading.ts'
import { seenOf } from './plan.ts'
import { belonging, type Homeless, move, namesFor, pieces, type Tree } from './tree.ts'

type Given = { file: PhotoFile; body: Body }
type Belonging = ReturnType<typeof belonging>
/** A file whose bytes are on disk, under no name yet. */
type Written = Homeless & {
  file: PhotoFile
  made: Draft
  own: Belonging
  bytes?: string
  was?: string
}

/**
 * Puts files of one photo into the library, and gives its record as it then is: each is written under a name that nobody
 * takes for a file, and named once all of them are on disk, so that the halves of a live photo and edited copies stay
 * together. What is there with the same bytes is taken for it. `lost` are keys of those that come again, to where they were.
 * Throws Unreadable when the bytes could not be read.
 */
export async function putFiles(
  tree: Tree,
  id: string,
  photo: Photo,
  given: Given[],
  before: Mirrored | undefined,
  { lost, sent }: { lost: Set<string> | undefined; sent(bytes: number): void },
): Promise<Mirrored> {
  const main = photo.files[0] as PhotoFile
  const old = before?.files ?? []
  const oldMain = old.find(({ key }) => key === before?.main)
  const isFirst = (one: Given) => Number(one.file === main)
  let folder = oldMain && dirname(oldMain.path)
  let stem = oldMain && pieces(oldMain.path).stem
  const made: Written[] = []
  try {
    for (const one of given.toSorted((a, b) => isFirst(b) - isFirst(a))) {
      const written = await write(tree, id, photo, one, folder, sent)
      made.push(written)
      // The photo itself tells where all of it lies; where a half of it comes first, that does so for the time being.
      if (folder === undefined || (written.isMain && !oldMain)) {
        folder = dirname(written.own.path)
        stem = pieces(written.own.path).stem
      }
    }
  } catch (error) {
    for (const one of made) await drop(one.made)
    throw error
  }
  const isBetter = made.some(({ isMain }) => isMain)
  const staying = old
    .filter(({ key }) => !made.some((one) => one.key === key))
    .map((file): Homeless & { there: string } => {
      const role = photo.files.find((one) => fileKey(one) === file.key)?.role ?? file.role
      const isMain = file.key === before?.main && !isBetter
      const { extension } = pieces(file.path)
      return { ...file, role, isMain, extension, there: file.path }
    })
  // What comes again comes to where it was.
  const files = new Map(old.map((file) => [file.key, file]))
  const isAgain = ({ key }: Written) => lost?.has(key) && files.has(key)
  for (const one of made.filter(isAgain))
    files.set(one.key, await comeAgain(tree, one, files.get(one.key) as MirroredFile))
  const fresh = made.filter((one) => !isAgain(one))
  if (fresh.length > 0) {
    const wanted = { folder: folder as string, stem: stem as string }
    const names = await namesFor(tree, id, wanted, [...staying, ...fresh])
    for (const one of staying) {
      const file = files.get(one.key) as MirroredFile
      const path = await move(tree.root, one.there, names.get(one) as string)
      files.set(one.key, { ...file, role: one.role, path })
    }
    for (const one of fresh) {
      const path = names.get(one) as string
      await name(tree, one, path)
      files.set(one.key, await finished(tree, one, path))
    }
  }
  const mainKey = isBetter ? fileKey(main) : before?.main
  return {
    at: new Date().toISOString(),
    files: [...files.values()].toSorted(
      (a, b) => Number(b.key === mainKey) - Number(a.key === mainKey),
    ),
    ...(mainKey !== undefined && { main: mainKey }),
    seen: seenOf(photo),
  }
}

/** Its bytes on disk, with what is said of it where that goes inside. */
async function write(
  tree: Tree,
  id: string,
  photo: Photo,
  { file, body }: Given,
  folder: string | undefined,
  sent: (bytes: number) => void,
): Promise<Written> {
  const { head, body: bytes, close, crc } = await openBody(body, sent, file.crc === null)
  const title = uploadName(photo, file, head.type)
  const own = belonging(tree, id, photo, title, head)
  const isMain = file === photo.files[0]
  const key = fileKey(file)
  const target = folder ?? dirname(own.path)
  // Another photo of that name may be written at this moment.
  const name = `${basename(own.path).slice(0, 40)}.${hex(crc32(`${id} ${key}`))}`
  const { modified } = own
  const chunks = typeof bytes === 'function' ? bytes() : bytes
  let made = await draft(join(tree.root, target), name, chunks, {
    ...(modified !== undefined && { modified }),
  }).finally(close)
  const known = crc() === null ? {} : { bytes: fileKey({ ...file, crc: crc() }) }
  let was: string | undefined
  if (tree.metadata === 'embed' && own.isNews && file.role !== 'motion') {
    const said = isWritable(head.type)
      ? await embedded(made, head.type as string, own.said, {
          ...(modified !== undefined && { modified }),
          name,
        })
      : undefined
    if (!said) tree.remark('could not take metadata inside: it lies beside them')
    else if (said !== made) {
      was = made.sha1
      await drop(made)
      made = said
    }
  }
  const { size, sha1 } = made
  const { extension } = pieces(own.path)
  return {
    key,
    role: file.role,
    isMain,
    extension,
    size,
    sha1,
    file,
    made,
    own,
    ...known,
    ...(was && { was }),
  }
}

/** Gives a file its name; one that was there with the same bytes is it. */
async function name({ root }: Tree, { made, sha1, size }: Written, path: string) {
  const target = join(root, path)
  if (await place(made.path, target)) return
  if (!(await holds(target, { size, sha1 })))
    throw new Fail(`Cannot write ${target}: another program made it just now: run again`)
  await drop(made)
}

/**
 * A file that is missing or damaged comes to where it was. What lies there is set aside under another name; unless it shows the
 * very picture, so that its owner wrote around that without touching its date: then it stays.
 */
async function comeAgain(tree: Tree, one: Written, before: MirroredFile): Promise<MirroredFile> {
  const { path } = before
  const target = join(tree.root, path)
  await mkdir(dirname(target), { recursive: true })
  const there = await lookAt(target)
  if (there && there.size > 0 && (await samePicture(one.made.path, target))) {
    await drop(one.made)
    tree.remark('only looked damaged: somebody wrote into it, and it stays')
    return { ...before, ...there }
  }
  if (there && there.size > 0) await setAside(tree.root, path)
  await putOver(one.made, target)
  return finished(tree, one, path, before)
}

async function setAside(root: string, path: string) {
  const { folder, stem, extension } = pieces(path)
  for (let number = 1; ; number++) {
    const name = `${stem}-damaged${number === 1 ? '' : number}${extension}`
    if (await place(join(root, path), join(root, folder, name))) return
  }
}

/** The record of a named file, with its sidecar where there is something to say that it does not say itself. */
async function finished(
  tree: Tree,
  { key, bytes, role, size, sha1, own, was }: Written,
  path: string,
  before?: MirroredFile,
): Promise<MirroredFile> {
  const file: MirroredFile = {
    path,
    size,
    sha1,
    key,
    ...(bytes && { bytes }),
    role,
    ...(was && { was }),
  }
  if (role === 'motion' || tree.metadata === 'none' || !own.isNews) return file
  if (was) return { ...file, said: own.said }
  const sidecar = await putSidecar(join(tree.root, path), own.said, before)
  if (sidecar === 'kept') tree.remark('had a sidecar that cannot be read: it stays as it is')
  return { ...file, said: own.said, sidecar }
}
