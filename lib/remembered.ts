import type { Album, Facts, Leftover, Part, Photo } from './state.ts'
import type { ExportFile } from './takeout.ts'

/**
 * The files of parts that are gone from the disk, as the state remembers them: what `assemble` needs so that a later
 * part finds their photos, their sidecars and their albums. The reverse of `assemble`.
 */
export function remembered(
  gone: Set<string>,
  state: {
    parts: Record<string, Part>
    photos: Record<string, Photo>
    albums: Record<string, Album>
    leftovers: Record<string, Leftover>
  },
): ExportFile[] {
  if (gone.size === 0) return []
  const files: ExportFile[] = []
  const sidecars = new Set<string>()
  for (const photo of Object.values(state.photos)) {
    const json = { kind: 'photo', facts: factsOf(photo) } as const
    for (const { part, path, size, crc, sidecar } of photo.files) {
      if (!gone.has(part)) continue
      files.push({ part, path, size, crc })
      if (!sidecar || sidecars.has(`${part}:${sidecar}`)) continue
      sidecars.add(`${part}:${sidecar}`)
      files.push({ part, path: sidecar, size: 1, crc: null, json })
    }
  }
  for (const { part, path, why, size, crc, facts } of Object.values(state.leftovers)) {
    if (!gone.has(part)) continue
    const json = facts ? { json: { kind: 'photo', facts } as const } : { problem: why }
    const media = crc !== null && !facts
    files.push({ part, path, size, crc, ...(!media && json) })
  }
  for (const { file, title, description, date } of Object.values(state.albums)) {
    if (!file || !gone.has(file.part)) continue
    const json = {
      kind: 'album',
      title,
      ...(description && { description }),
      ...(date && { date }),
    } as const
    files.push({ part: file.part, path: file.path, size: 1, crc: null, json })
  }
  return files
}

function factsOf(photo: Photo): Facts {
  const { title, taken, takenFrom, known, place, description, people, url } = photo
  return {
    title,
    ...(taken !== null && !takenFrom && { taken }),
    ...(known !== undefined && { modified: known }),
    ...(place && { place }),
    ...(description && { description }),
    ...(people && { people }),
    ...(url && { url }),
    ...(photo.favorite && { favorite: true }),
    ...(photo.archived && { archived: true }),
    ...(photo.trashed && { trashed: true }),
    ...(photo.partner && { partner: true }),
  }
}
