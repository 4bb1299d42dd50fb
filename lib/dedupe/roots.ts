import { realpathSync, statSync } from 'node:fs'
import { sep } from 'node:path'
import { pathsIn } from '../folders/named.ts'
import { Fail } from '../stage.ts'

/** The folders that these texts name, as real paths. Throws Fail where one is not there. */
export async function foldersOf(texts: string[]): Promise<string[]> {
  const all: string[] = []
  for (const text of texts) {
    const { paths, lost } = await pathsIn(text)
    all.push(...realFolders(lost === undefined ? paths : [lost]))
  }
  return all
}

export function realFolders(paths: string[]): string[] {
  const wrong = paths.find((path) => !statSync(path, { throwIfNoEntry: false })?.isDirectory())
  if (wrong !== undefined)
    throw new Fail(`Cannot look for duplicates in ${wrong}: there is no such folder`)
  return paths.map((path) => realpathSync(path))
}

/** Each folder once, and none that lies inside another. */
export function apart(folders: string[]): string[] {
  return [...new Set(folders)].filter(
    (one, _, all) => !all.some((other) => other !== one && one.startsWith(other + sep)),
  )
}
