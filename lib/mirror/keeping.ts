import { dirname, join } from 'node:path'
import { inGroups } from '../folders/writing.ts'
import type { Mirrored } from '../state/records.ts'
import type { OpenState } from '../state/state.ts'

/** The records of photos while their files are written: each goes into the state once its names are on disk. */
export function keeper(state: OpenState<'mirrored'>, root: string) {
  const fresh = new Map<string, Mirrored>()
  const groups = inGroups(root)
  return {
    /** As it is by now, on disk or not. */
    of: (id: string): Mirrored | undefined => fresh.get(id) ?? state.data.mirrored[id],
    keep(id: string, record: Mirrored): Promise<void> {
      fresh.set(id, record)
      const folders = record.files?.map(({ path }) => dirname(join(root, path))) ?? []
      return groups.add(folders, () => state.put('mirrored', id, record))
    },
    settle: groups.settle,
  }
}
