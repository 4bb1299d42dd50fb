import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { draft, putOver } from '../folders/writing.ts'
import type { Album, Photo } from '../state/records.ts'

/**
 * Writes album.json into the album's folder `own`: what Google says of it, and its members (`wanted`: photo -> paths of its
 * files). One that its owner changed is merged into. `before` and after: SHA-1 of what is wholly ours.
 */
export async function describeAlbum(
  own: string,
  id: string,
  { albums, photos }: { albums: Record<string, Album>; photos: Record<string, Photo> },
  wanted: Map<string, string[]>,
  before: string | undefined,
): Promise<string | undefined> {
  const { title, description, date } = albums[id] as Album
  const members = [...wanted].map(([photo, paths]) => ({
    path: `../../${paths[0]}`,
    ...(paths.length > 1 && { with: paths.slice(1).map((path) => basename(path)) }),
    title: photos[photo]?.title,
    ...(photos[photo]?.description && { caption: photos[photo]?.description }),
  }))
  const now = {
    title,
    ...(description && { description }),
    ...(date !== undefined && { date: new Date(date * 1000).toISOString() }),
    photos: members,
  }
  const path = join(own, 'album.json')
  const text = (made: object) => Buffer.from(`${JSON.stringify(made, null, 1)}\n`)
  const there = await readFile(path).catch(() => undefined)
  if (there?.equals(text(now))) return sha1Of(there)
  if (!there || sha1Of(there) === before) {
    const made = await draft(own, 'album.json', [text(now)])
    await putOver(made, path)
    return made.sha1
  }
  const theirs = parsed(String(there))
  if (!theirs) return before
  const ours = new Set(members.map((one) => one.path))
  const more = [theirs.photos ?? []].flat().filter((one) => !ours.has(one?.path ?? ''))
  const merged = text({ ...now, ...theirs, photos: [...members, ...more] })
  if (!there.equals(merged)) await putOver(await draft(own, 'album.json', [merged]), path)
  return before
}

const sha1Of = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

function parsed(text: string): { photos?: { path?: string }[] } | undefined {
  try {
    const found = JSON.parse(text)
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : undefined
  } catch {
    return undefined
  }
}
