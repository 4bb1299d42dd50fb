import { dirname, join } from 'node:path'
import { troubleText } from '../errno.ts'
import { syncFolders } from '../folders/writing.ts'
import { count, terms } from '../progress.ts'
import { print, say } from '../stage.ts'
import { bringBack, filesOf, rmEmpty, runsIn, TRASH } from './trash.ts'

/**
 * Brings back what a run took out of these trees, the newest one where none is named. Gives how many files could not be
 * brought back; a dry run prints where they would go.
 */
export async function undo(
  roots: string[],
  {
    run = roots.flatMap(runsIn).sort().at(-1),
    dryRun,
  }: { run?: string | undefined; dryRun: boolean },
): Promise<number> {
  const files = run === undefined ? [] : roots.flatMap((root) => filesOf(root, run))
  if (run === undefined || files.length === 0) {
    say('nothing to bring back')
    return 0
  }
  if (dryRun) {
    await print(files.map(({ to }) => to))
    say(`would bring back ${count(files.length, 'file')} of the run ${run}`)
    return 0
  }
  let [back, taken, failed] = [0, 0, 0]
  for (const { trash, to } of files) {
    try {
      if (await bringBack(trash, to)) back++
      else {
        taken++
        say(`${to}: something else has that name now: it stays in ${dirname(trash)}`)
      }
    } catch (error) {
      failed++
      say(`${to}: ${troubleText(error)}`)
    }
  }
  for (const root of roots) {
    const own = files.filter((file) => file.root === root)
    await syncFolders(new Set(own.map(({ to }) => dirname(to))), root)
    for (const top of new Set(own.map(({ top }) => top))) rmEmpty(join(top, TRASH, run))
  }
  const rows = terms([
    [back, 'back'],
    [taken, 'left in the trash'],
    [failed, 'failed'],
  ])
  say(`${count(files.length, 'file')} of the run ${run} = ${rows}`)
  return taken + failed
}
