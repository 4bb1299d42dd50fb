import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'

/**
 * The files and folders that a setting names: one, a glob, or several in one text, as in `a.zip takeout (1).zip`, where the
 * longest run of words that leads somewhere counts. `~` is the home folder. `lost`: the first word that leads nowhere.
 */
export async function pathsIn(text: string): Promise<{ paths: string[]; lost?: string }> {
  const whole = await expandOne(text)
  if (whole.length > 0) return { paths: whole }
  const words = text.split(/\s+/).filter((word) => word !== '')
  const paths: string[] = []
  for (let from = 0; from < words.length; ) {
    let to = words.length
    let hit: string[] = []
    for (; to > from; to--) {
      hit = await expandOne(words.slice(from, to).join(' '))
      if (hit.length > 0) break
    }
    if (hit.length === 0) return { paths, lost: words[from] as string }
    paths.push(...hit)
    from = to
  }
  return { paths }
}

async function expandOne(text: string): Promise<string[]> {
  if (text.trim() === '') return []
  const path = plainPath(text)
  if (await stat(path).catch(() => null)) return [path]
  if (!/[*?[{]/.test(path)) return []
  const { glob } = await import('zx')
  // Brackets and parentheses of a name like "takeout (1).zip" are no pattern here.
  return (await glob(path.replace(/[()]/g, '\\$&'), { onlyFiles: false })).sort()
}

/** One path as a person writes it, whole: quotes around it dropped, `~` spelled out. */
export function plainPath(text: string): string {
  return resolve(
    text
      .trim()
      .replace(/^(['"])(.*)\1$/, '$2')
      .replace(/^~(?=\/|$)/, homedir()),
  )
}
