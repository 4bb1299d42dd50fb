import { createHash } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { lost } from '../archive/archive.ts'
import { splitName } from '../pairing/media.ts'
import { dataFolder, Fail, say } from '../stage.ts'
import type { Part, Photo } from '../state/state.ts'
import type { Wanted } from '../transfer/whereabouts.ts'
import { askGoogle, GoogleRefused } from './http.ts'
import { type Picked, picker } from './picker.ts'
import { showPage } from './show-page.ts'

/** What one visit to Google's page brought: a part, and its photos by their keys. */
export type Choice = { id: string; part: Part; photos: Record<string, Photo> }

/** Lets a person pick photos on a page of Google's, and lists them. Their bytes stay there until transfer wants them. */
export async function pick({ browser }: { browser: boolean }): Promise<Choice> {
  const { open, untilPicked, items } = await picker()
  const session = await open()
  await showPage(session.address, { browser, what: 'open this link, pick photos and click "Done"' })
  await untilPicked(session)
  const id = shortHash(session.id)
  const photos: Record<string, Photo> = {}
  for await (const item of items(session.id)) {
    if (item.problem) say(`${item.name}: ${item.problem}`)
    else photos[`picked-${shortHash(item.id)}`] = photoOf(item, id)
  }
  const now = Date.now()
  const part: Part = {
    export: 'picked',
    number: null,
    kind: 'picked',
    name: `picked ${new Date(now).toISOString().slice(0, 16).replace('T', ' ')}`,
    path: `picker:${session.id}`,
    size: 0,
    modified: now,
    entries: Object.keys(photos).length,
  }
  return { id, part, photos }
}

function photoOf({ id, name, kind, taken, width, height }: Picked, part: string): Photo {
  const { extension } = splitName(name)
  return {
    title: name,
    kind,
    taken,
    files: [
      {
        part,
        // As it is called on its way through data/picked/.
        path: `${shortHash(id)}${/^\.[A-Za-z0-9]{1,8}$/.test(extension) ? extension : ''}`,
        size: 0,
        crc: null,
        role: 'original',
        why: 'picked',
      },
    ],
    picked: {
      id,
      ...(width && height && { width, height }),
      lacks: kind === 'video' ? 'transcoded' : 'place',
    },
  }
}

/**
 * Fetches picked photos into data/picked/, since nobody tells their sizes beforehand; what is there from a run that was cut
 * off stays. Gives the part as the folder that it now is, and the files with their sizes.
 */
export async function fetchPicked(
  part: Part,
  wanted: Wanted[],
): Promise<{ part: Part; wanted: Wanted[] }> {
  const folder = folderOf(part)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const missing = new Set<string>()
  for (const { from } of wanted)
    if (!(await stat(`${folder}/${from.path}`).catch(() => null))) missing.add(from.path)
  if (missing.size > 0) await fetchAll(part, folder, missing).catch(lost)
  const sized = await Promise.all(
    wanted.map(async (one) => {
      const info = await stat(`${folder}/${one.from.path}`).catch(() => null)
      return { ...one, from: { ...one.from, size: info?.size ?? 0 } }
    }),
  )
  return { part: { ...part, kind: 'folder', path: folder }, wanted: sized }
}

async function fetchAll(part: Part, folder: string, missing: Set<string>) {
  const { items, ask } = await picker()
  for await (const item of items(sessionOf(part))) {
    const { path } = photoOf(item, '').files[0] as { path: string }
    if (!missing.delete(path)) continue
    try {
      await askGoogle(item.address, { ...ask, into: `${folder}/${path}.part` })
      await rename(`${folder}/${path}.part`, `${folder}/${path}`)
    } catch (error) {
      if (!(error instanceof GoogleRefused)) throw error
      say(`${item.name}: ${error.message}`)
    }
    if (missing.size === 0) return
  }
}

/** Ends the choice at Google, and removes what was fetched of it: all of it has arrived. */
export async function finishPicked(part: Part): Promise<void> {
  await rm(folderOf(part), { recursive: true, force: true })
  try {
    const { close } = await picker()
    await close(sessionOf(part))
  } catch (error) {
    // It ends by itself after a week.
    if (!(error instanceof Fail)) throw error
  }
}

const folderOf = (part: Part) => `${dataFolder}/picked/${shortHash(sessionOf(part))}`
const sessionOf = ({ path }: Part) => path.slice('picker:'.length)

function shortHash(text: string) {
  return createHash('sha1').update(text).digest('hex').slice(0, 10)
}
