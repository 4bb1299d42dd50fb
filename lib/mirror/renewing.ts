import { open, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { embedded, isWritable, putSidecar } from '../folders/metadata.ts'
import { drop, holds, lookAt, putOver } from '../folders/writing.ts'
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
    const there = await stat(path).catch(() => null)
    if (file.role === 'motion' || !there) continue
    const head = await readHead(await headOf(path), path)
    const own = belonging(tree, id, photo, basename(path), head)
    // Its date tells what Google said before: where that is the same, no other --path moves it.
    const isMoved = Math.abs(+there.mtime / 1000 - (own.modified ?? 0)) > 2
    if (file.key === before.main && isMoved && own.modified !== undefined) wanted = own
    if (tree.metadata === 'none') continue
    if (tree.metadata === 'embed' && !file.sidecar && isWritable(head.type))
      files[n] = await said(file, path, own, head.type as string)
    else if (file.sidecar || own.isNews) {
      const sidecar = await putSidecar(path, own.said, file)
      files[n] = { ...file, said: own.said, sidecar }
    }
  }
  const main = files.find(({ key }) => key === before.main)
  if (!main) return after()
  // Not where it was: a run that was killed may have moved it.
  const isAway = !(await stat(join(tree.root, main.path)).catch(() => null))
  if (isAway) wanted = belonging(tree, id, photo, basename(main.path), {})
  if (!wanted) return after()
  const { modified = 0 } = wanted
  const folder = dirname(wanted.path)
  if (folder !== dirname(main.path)) {
    const own = files.map((file): Homeless & { there: string } => {
      const { extension } = pieces(file.path)
      return { ...file, isMain: file === main, extension, there: file.path }
    })
    const names = await namesFor(tree, id, { folder, stem: pieces(wanted.path).stem }, own)
    if (isAway && !(await holds(join(tree.root, nameOf(names, main.key)), main))) return after()
    for (const [n, one] of own.entries()) {
      const path = await move(tree.root, one.there, names.get(one) as string)
      files[n] = { ...(files[n] as MirroredFile), path }
    }
  }
  const time = new Date(modified * 1000)
  for (const { path } of files) await utimes(join(tree.root, path), time, time).catch(() => {})
  return after()
}

const nameOf = (names: Map<Homeless, string>, key: string) =>
  [...names].find(([one]) => one.key === key)?.[1] as string

/** The news inside a file. Where nobody touched that, our word counts, whatever it says. */
async function said(
  file: MirroredFile,
  path: string,
  own: ReturnType<typeof belonging>,
  type: string,
): Promise<MirroredFile> {
  const there = await lookAt(path)
  if (!there) return file
  const { modified } = own
  const made = await embedded({ path, ...there }, type, own.said, {
    name: `${basename(path).slice(0, 60)}.renewed`,
    ...(modified !== undefined && { modified }),
    ...((file.said || there.sha1 !== file.sha1) && { before: file.said ?? {} }),
  })
  if (!made || made.path === path) return { ...file, said: own.said }
  // Its owner may be at it at this moment.
  if ((await lookAt(path))?.sha1 !== there.sha1) {
    await drop(made)
    return file
  }
  await putOver(made, path)
  const { size, sha1 } = made
  return { ...file, said: own.said, size, sha1, was: file.was ?? file.sha1 }
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
