import { count, number, progress } from '../progress.ts'
import { hint, jsonLine, print, say } from '../stage.ts'
import type { Photo } from './finding.ts'
import { type Report, writeReport } from './report.ts'
import { findAlike } from './similar.ts'

/** Looks for pictures that look alike, tells of them, and writes them down in `file`, if there is one, for `review`. */
export async function reportAlike(
  photos: Photo[],
  about: Omit<Report, 'groups'>,
  { file, json, quiet }: { file: string | undefined; json?: boolean; quiet?: boolean },
): Promise<void> {
  const shown = progress(photos.length, 'pictures', { ...(quiet && { quiet }) })
  const { groups, unseen } = await findAlike(photos, about.distance, (now) => shown.tick({ now }))
  shown.end()
  if (file) await writeReport(file, { ...about, groups })
  await print(json ? groups.map(jsonLine) : [])
  const many = groups.reduce((sum, group) => sum + group.length, 0)
  const where = file ? `: ${file}` : ''
  say(
    `${count(many, 'picture')} in ${count(groups.length, 'group')} look alike${where}; of ${number(unseen)} nothing can be told`,
  )
  if (groups.length > 0 && file) say(`${hint('review')} shows them side by side`)
}
