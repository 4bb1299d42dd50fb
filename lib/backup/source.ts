import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Entry, walk } from '../folders/walking.ts'
import { number } from '../progress.ts'

/** What a source holds; hidden and tool folders do not count. `mount`: the folder where its disk is mounted. */
export type Measure = { files: number; bytes: number; mount: string }

/** Goes through the source once; `each` gets every file. */
export function measure(source: string, each: (entry: Entry) => void = () => {}): Measure {
  let [files, bytes] = [0, 0]
  for (const folder of walk(source, () => {}))
    for (const entry of folder.files) {
      files++
      bytes += entry.size
      each(entry)
    }
  return { files, bytes, mount: mountOf(source) }
}

/** The folder where the disk of a path is mounted. */
export function mountOf(path: string): string {
  const { dev } = statSync(path)
  for (let at = path; ; at = dirname(at))
    if (dirname(at) === at || statSync(dirname(at)).dev !== dev) return at
}

/** Whether a disk that was mounted there is so no more. */
export const isUnmounted = (now: string, before: string) => now !== before && before.startsWith(now)

// More than a tenth gone at once is rather an accident than tidying up.
const SHRINK = 0.9

/** Why a source is not to be copied over what the last good copy was made of; undefined where nothing speaks against it. */
export function whyNot(
  now: Measure,
  last: Measure | undefined,
  shrinks = false,
): string | undefined {
  if (last && isUnmounted(now.mount, last.mount))
    return `the disk that was mounted at ${last.mount} is not there: mount it`
  if (now.files === 0) return 'it holds no pictures: is its disk mounted?'
  if (!last || shrinks) return
  for (const unit of ['files', 'bytes'] as const)
    if (now[unit] < last[unit] * SHRINK)
      return `it shrank from ${number(last[unit])} to ${number(now[unit])} ${unit}: say --yes-it-shrank if that is right`
}
