import { relative } from 'node:path'
import type { Entry } from '../folders/walking.ts'
import type { Wanted } from './program.ts'

/**
 * Chooses what a check compares: all that came after the last check, and `sample` of the rest, each as likely as the other.
 * What changed after the last good copy began need not be in it: it is counted as `later`. Times in ms.
 */
export function chooser(source: string, copied: number, checked: number, sample: number) {
  const fresh: Wanted[] = []
  const some: Wanted[] = []
  let [seen, later] = [0, 0]
  return {
    see({ path, size, modified, changed }: Entry) {
      const wanted = { path: relative(source, path), size, modified }
      if (changed >= copied) later++
      else if (changed >= checked) fresh.push(wanted)
      else if (some.length < sample) some.push(wanted)
      else {
        const at = Math.floor(Math.random() * (seen + 1))
        if (at < sample) some[at] = wanted
      }
      if (changed < Math.min(copied, checked)) seen++
    },
    chosen: () => ({ files: [...fresh, ...some], fresh: fresh.length, later }),
  }
}
export type Chosen = ReturnType<ReturnType<typeof chooser>['chosen']>
