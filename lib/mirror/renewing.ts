import { open, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { embedded, putSidecar } from '../folders/metadata.ts'
import { drop, lookAt, putOver } from '../folders/writing.ts'
import { HEAD_BYTES, readHead } from '../picture/picture.ts'
import type { Mirrored, MirroredFile, Photo } from '../state/records.ts'
import { seenOf } from './plan.ts'
import { belonging, type Homeless, move, namesFor, pieces, type Tree } from './tree.ts'

/**
 * What Google says anew of a photo goes into its sidecars, or into its files where it was put there; and where its day is
 * another one, its files move. What is not where it was put is its owner's, and stays. Gives the record as it then is.
 */
export async function renew(
  tree: Tree,
  id: string,
  photo: Photo,
  before: Mirrored,
): Promise<Mirrored> {
  const { failed: _, tries: __, ...rest } = before
  const files = [...(before.files ?? [])]
  const after = () => ({ ...rest, files, at: new Date().toISOString(), seen: seenOf(photo) })
  let wanted: ReturnType<typeof belonging> | undefined
  for (const [n, file] of files.entries()) {
    const path = join(tree.root, file.path)
    if (file.role === 'motion' || !(await stat(path).catch(() => null))) continue
    const own = belonging(tree, id, photo, basename(path), await readHead(await headOf(path), path))
    if (file.key === before.main) wanted = own
    if (tree.metadata === 'none') continue
    if (file.was && tree.metadata === 'embed') files[n] = await said(file, path, own)
    else if (file.sidecar || own.isNews) {
      const sidecar = await putSidecar(path, own.said, file)
      files[n] = { ...file, said: own.said, sidecar }
    }
  }
  const main = files.find(({ key }) => key === before.main)
  if (!wanted || !main) return after()
  const { modified } = wanted
  const folder = dirname(wanted.path)
  if (folder !== dirname(main.path)) {
    const own = files.map((file): Homeless & { there: string } => {
      const { extension } = pieces(file.path)
      return { ...file, isMain: file === main, extension, there: file.path }
    })
    const names = await namesFor(tree, id, { folder, stem: pieces(wanted.path).stem }, own)
    for (const [n, one] of own.entries()) {
      const to = names.get(one) as string
      if (await move(tree.root, one.there, to))
        files[n] = { ...(files[n] as MirroredFile), path: to }
    }
  }
  if (modified !== undefined)
    for (const { path } of files) {
      const time = new Date(modified * 1000)
      await utimes(join(tree.root, path), time, time).catch(() => {})
    }
  return after()
}

async function said(file: MirroredFile, path: string, own: ReturnType<typeof belonging>) {
  const { type } = await readHead(await headOf(path), path)
  const there = await lookAt(path)
  if (!there || !type) return file
  const name = `${basename(path).slice(0, 60)}.renewed`
  const { modified } = own
  const made = await embedded({ path, ...there }, type, own.said, {
    before: file.said ?? {},
    name,
    ...(modified !== undefined && { modified }),
  })
  if (!made || made.path === path) return { ...file, said: own.said }
  // Its owner may be at it at this moment.
  if ((await lookAt(path))?.sha1 !== there.sha1) {
    await drop(made)
    return file
  }
  await putOver(made, path)
  return { ...file, said: own.said, size: made.size, sha1: made.sha1 }
}

async function headOf(path: string) {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
