import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Lost } from '../archive/archive.ts'
import { whenInterrupted } from '../interrupt.ts'
import { splitName } from '../pairing/media.ts'
import { dataFolder, Fail, hint, say } from '../stage.ts'
import type { Part, Photo } from '../state/records.ts'
import type { Wanted } from '../transfer/whereabouts.ts'
import { askGoogle, GoogleRefused } from './http.ts'
import { type Picked, picker } from './picker.ts'
import { showPage } from './show-page.ts'

/** What one visit to Google's page brought: a part, and its photos by their keys. */
export type Choice = { id: string; part: Part; photos: Record<string, Photo> }

/** Lets a person pick photos on a page of Google's, and lists them. Their bytes stay there until transfer wants them. */
export async function pick({ browser }: { browser: boolean }): Promise<Choice> {
  const { open, untilPicked, items, close } = await picker()
  const session = await open()
  const end = () => close(session.id)
  // Google allows a person so many open choices only, and each lives for a week.
  const goesOn = whenInterrupted(end)
  const id = shortHash(session.id)
  const photos: Record<string, Photo> = {}
  try {
    await showPage(session.address, {
      browser,
      what: 'open this link with the account that has the photos, pick them and click "Done"',
      // Only a tab of this machine can be closed by Google.
      here: `${session.address}/autoclose`,
    })
    await untilPicked(session)
    for await (const item of items(session.id)) {
      if (item.problem) say(`${item.name}: ${item.problem}`)
      else photos[`picked-${shortHash(item.id)}`] = photoOf(item, id, session.ends)
    }
    if (Object.keys(photos).length === 0) await end()
  } catch (error) {
    await end().catch(() => {})
    throw error
  } finally {
    goesOn()
  }
  // It stands for the choice as long as that is open.
  await mkdir(`${dataFolder}/picked/${id}`, { recursive: true, mode: 0o700 })
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

function photoOf(
  { id, name, kind, taken, width, height }: Picked,
  part: string,
  until?: number,
): Photo {
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
      ...(until && { until }),
    },
  }
}

/** What could be fetched of a choice: `here`, out of `folder`; by `refused` not, each with the reason; `ended` by all of the rest. */
export type Fetched = {
  folder: Part
  here: Wanted[]
  refused: Map<Wanted, string>
  ended?: Lost
}

/**
 * Fetches picked photos into data/picked/, since nobody tells their sizes beforehand; what is there from a run that was cut
 * off stays, and can be sent though Google has ended the choice meanwhile.
 */
export async function fetchPicked(part: Part, wanted: Wanted[]): Promise<Fetched> {
  const path = folderOf(part)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const sizeOf = async ({ from }: Wanted) =>
    (await stat(`${path}/${from.path}`).catch(() => null))?.size
  const missing = new Map<string, Wanted>()
  for (const one of wanted) if ((await sizeOf(one)) === undefined) missing.set(one.from.path, one)
  const refused = new Map<Wanted, string>()
  let ended: Lost | undefined
  try {
    if (missing.size > 0) await fetchAll(part, path, missing, refused)
  } catch (error) {
    if (!(error instanceof Fail)) throw error
    ended = new Lost(error.message, { cause: error })
  }
  const here: Wanted[] = []
  for (const one of wanted) {
    const size = await sizeOf(one)
    if (size !== undefined) here.push({ ...one, from: { ...one.from, size } })
    else if (!ended && !refused.has(one))
      refused.set(one, `it is not among what was picked any more: ${PICK_AGAIN}`)
  }
  return { folder: { ...part, kind: 'folder', path }, here, refused, ...(ended && { ended }) }
}

const PICK_AGAIN = `${hint('index-gphotos', '--pick')} and pick it again`

async function fetchAll(
  part: Part,
  folder: string,
  missing: Map<string, Wanted>,
  refused: Map<Wanted, string>,
) {
  const { items, ask } = await picker()
  for await (const item of items(sessionOf(part))) {
    const { path } = photoOf(item, '').files[0] as { path: string }
    const one = missing.get(path)
    if (!one) continue
    missing.delete(path)
    const temporary = `${folder}/${path}.part`
    try {
      const { headers } = await askGoogle(item.address, { ...ask, into: temporary })
      const { size } = await stat(temporary)
      const type = String(headers['content-type'] ?? '')
      if (size === 0 || /^text\//.test(type))
        refused.set(one, `Google sent no picture of it (${size} bytes of ${type || 'nothing'})`)
      else await rename(temporary, `${folder}/${path}`)
    } catch (error) {
      if (!(error instanceof GoogleRefused)) throw error
      refused.set(one, error.message)
    }
    if (missing.size === 0) return
  }
}

/**
 * Ends the choices at Google of which nothing is left to fetch, and removes what was fetched of them. `isOver` tells of a
 * photo whether it has arrived, or never will.
 */
export async function finishPicked(
  parts: Record<string, Part>,
  photos: Record<string, Photo>,
  isOver: (id: string) => boolean,
) {
  const open: string[] = await readdir(`${dataFolder}/picked`).catch(() => [])
  const owing = new Set(
    Object.entries(photos)
      .filter(([id, { picked }]) => picked && !isOver(id))
      .map(([, { files }]) => files[0]?.part),
  )
  for (const [id, part] of Object.entries(parts)) {
    if (part.kind !== 'picked' || !open.includes(basename(folderOf(part))) || owing.has(id))
      continue
    try {
      const { close } = await picker()
      await close(sessionOf(part))
    } catch (error) {
      // It ends by itself after a week.
      if (!(error instanceof Fail)) throw error
    }
    await rm(folderOf(part), { recursive: true, force: true })
  }
}

const folderOf = (part: Part) => `${dataFolder}/picked/${shortHash(sessionOf(part))}`
const sessionOf = ({ path }: Part) => path.slice('picker:'.length)

function shortHash(text: string) {
  return createHash('sha1').update(text).digest('hex').slice(0, 10)
}
