import { sep } from 'node:path'
import { type Entry, type PassedOver, walk } from '../folders/walking.ts'
import { freshUnits } from '../organize/fresh.ts'
import type { Unit } from '../organize/units.ts'
import type { Photo } from './finding.ts'

/** Every photo below these folders, with its halves and sidecars, and every other file by itself. */
export async function photosIn(
  roots: string[],
  references: string[],
  passedOver: PassedOver,
): Promise<Photo[]> {
  const photos: Photo[] = []
  for (const root of roots) {
    for (const { files } of walk(root, passedOver)) {
      const { units, others } = await freshUnits(files, () => false)
      // A sidecar without its picture says something that no other file does: it is no duplicate by itself.
      const rest = others.filter(({ why }) => !/sidecar/.test(why))
      for (const unit of [...units, ...rest.map(({ entry }) => alone(entry))])
        photos.push(photoOf(unit, root, references))
    }
  }
  return photos
}

const alone = (entry: Entry): Unit => ({ main: entry, media: [entry], sidecars: [] })

function photoOf(unit: Unit, root: string, references: string[]): Photo {
  const { path, modified } = unit.main
  const reference = references.some((folder) => path.startsWith(folder + sep))
  const size = unit.media.reduce((sum, entry) => sum + entry.size, 0)
  return { path, modified, size, reference, unit, root }
}
