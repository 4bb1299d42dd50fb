import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { pathsIn, plainPath } from '../folders/named.ts'
import { Fail, hint } from '../stage.ts'

/**
 * The gallery and the inboxes, as real paths, each once. Throws Fail where one is not there, or lies inside another: what is
 * sorted would be sorted again.
 */
export async function foldersOf(
  inboxes: string[],
  galleryText: string | undefined,
): Promise<{ inboxes: string[]; gallery: string }> {
  const example = hint('organize IMPORTS="~/Sync/Phone ~/Sync/PC" GALLERY="~/Photos"')
  if (inboxes.length === 0) throw new Fail(`Cannot organize: no inbox was named: run ${example}`)
  if (!galleryText) throw new Fail(`Cannot organize: no gallery was named: run ${example}`)
  const gallery = plainPath(galleryText)
  // Where a disk is not mounted, all would go to the one below.
  if (!isFolder(gallery))
    throw new Fail(
      `Cannot organize into ${gallery}: there is no such folder: mount its disk, or make it with mkdir`,
    )
  const paths: string[] = []
  for (const text of inboxes) {
    const { paths: found, lost } = await pathsIn(text)
    const wrong = lost ?? found.find((path) => !isFolder(path))
    if (wrong !== undefined)
      throw new Fail(`Cannot organize from ${wrong}: there is no such folder: check IMPORTS`)
    paths.push(...found)
  }
  const real = realpathSync(gallery)
  const all = [...new Set(paths.map((path) => realpathSync(path)))]
  for (const one of all)
    for (const other of [real, ...all]) {
      if (one === other && other !== real) continue
      if (isInside(one, other) || isInside(other, one))
        throw new Fail(
          `Cannot organize from ${one} into ${real}: ${one === other ? 'they are one folder' : 'one of the folders lies inside the other'}: name folders that lie apart`,
        )
    }
  return { inboxes: all, gallery: real }
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory()
const isInside = (path: string, folder: string) => `${path}${sep}`.startsWith(`${folder}${sep}`)

/** The folder that Syncthing keeps in step of which this is one or a part: then it passes deletions on. */
export function syncthingOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.stfolder'))) return at
    if (dirname(at) === at) return
  }
}
