import { type Body, bodies, Gone, Lost, openPart, stillThere } from '../archive/archive.ts'
import { pool } from '../pool.ts'
import { count, number, size } from '../progress.ts'
import { Fail, say } from '../stage.ts'
import type { Part } from '../state/records.ts'
import { SHOWN } from './failures.ts'
import { Unreadable } from './reading.ts'
import { asTheyCome, byPhoto, type Group, type Wanted } from './whereabouts.ts'

export type Route = {
  /** Photos on their way at once. */
  workers: number
  send(group: Group): Promise<void>
  /** Runs work for one photo, whose failure ends nothing but that. */
  counting(id: string, work: () => Promise<void>): Promise<void>
  /** Photos that a killed run was sending: where a file can be read only once, the server is asked for it in a pass before. */
  doubtful?: { is(id: string): boolean; lookFor(wanted: Wanted, body: Body): Promise<void> }
}

/** Sends what is wanted out of each part, one part after the other. What cannot be read of one is told, and the rest goes over. */
export async function sendParts(
  parts: Record<string, Part>,
  places: Map<string, Wanted[]>,
  route: Route,
): Promise<void> {
  tellDrive(parts, places)
  const missing = new Set<string>()
  for (const id of places.keys())
    await stillThere(parts[id] as Part).catch((error) => error instanceof Gone && missing.add(id))
  const told = new Set<string>()
  for (const [part, files] of places) {
    try {
      await sendFrom(parts[part] as Part, files, route)
    } catch (error) {
      // Gone to begin with it is told, and the rest goes over; what goes away meanwhile took its disk along.
      if (!(error instanceof Lost) || (error instanceof Gone && !missing.has(part))) throw error
      // What befalls all of a Drive is told once.
      if (!told.has(error.message) && told.add(error.message).size <= SHOWN) say(error.message)
    }
  }
  if (told.size > SHOWN) say(`and ${number(told.size - SHOWN)} more parts that cannot be read`)
}

async function sendFrom(part: Part, files: Wanted[], route: Route): Promise<void> {
  const { workers, send, counting } = route
  if (part.kind === 'picked') {
    const { fetchPicked } = await import('../google/picked.ts')
    const { folder, here, refused, ended } = await fetchPicked(part, files)
    for (const [{ id }, why] of refused)
      await counting(id, () => Promise.reject(new Unreadable(part, new Fail(why))))
    if (here.length > 0) await sendFrom(folder, here, route)
    if (ended) throw ended
    return
  }
  const from = files.map(({ from }) => from)
  if (part.kind === 'tgz') {
    await lookThrough(part, files, route)
    return pool(asTheyCome(bodies(part, from), files), workers, send)
  }
  const opened = await openPart(part)
  await pool(byPhoto(opened.bodies(from), files), workers, send).finally(() => opened.close())
}

/** What a killed run was sending out of a tgz, and can be read once in a pass only, is looked for in a pass of its own. */
async function lookThrough(part: Part, files: Wanted[], { doubtful, counting }: Route) {
  const wanted = files.filter(({ id }) => doubtful?.is(id))
  if (!doubtful || wanted.length === 0) return
  const byPath = new Map(wanted.map((one) => [one.from.path, one]))
  const from = wanted.map(({ from }) => from)
  for await (const body of bodies(part, from)) {
    const wanted = byPath.get(body.path) as Wanted
    if (body.once) await counting(wanted.id, () => doubtful.lookFor(wanted, body))
  }
}

function tellDrive(parts: Record<string, Part>, places: Map<string, Wanted[]>) {
  const far = [...places].filter(([part]) => parts[part]?.drive).flatMap(([, files]) => files)
  if (far.length === 0) return
  const bytes = far.reduce((sum, { from }) => sum + from.size, 0)
  say(`${count(far.length, 'file')}, ${size(bytes)}, come out of Google Drive`)
}
