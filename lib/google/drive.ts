import { readdir, rm } from 'node:fs/promises'
import { dataFolder } from '../stage.ts'
import type { Part } from '../state/records.ts'
import { SCOPES, type SignedIn, signedIn } from './google.ts'
import { GoogleRefused, patiently, troubleOf } from './http.ts'

export type DrivePart = Omit<Part, 'entries'> & {
  drive: NonNullable<Part['drive']>
  created: number
}

/** An export in Drive: `whole` when all its parts are there, else `why` not; `isComing` when Google may still be at it. */
export type DriveExport = {
  name: string
  parts: DrivePart[]
  whole: boolean
  why: string
  isComing: boolean
}

// Names, not types: Drive calls a Takeout's parts by half a dozen MIME types.
const PART_NAME = /^(takeout-\d{8}T\d{6}Z)((?:-\d+)?)-(\d{3,})\.(zip|tgz|tar\.gz)$/i
const QUERY = "name contains 'takeout-' and trashed = false and 'me' in owners"
const FIELDS = 'id,name,size,md5Checksum,createdTime,modifiedTime,ownedByMe,trashed'

/**
 * The exports that Takeout laid into the signed-in person's own Drive, the oldest first. There is no mark on the last
 * part, so an export counts as whole when its numbers have no hole and nothing was added to it for `settleMs`; what a
 * person picked by hand need not wait. Throws Fail where nobody is signed in, or where Google refuses.
 */
export async function exportsInDrive(settleMs: number, now = Date.now()): Promise<DriveExport[]> {
  const session = await signedIn('drive')
  const byHand = session.grant.scope.split(' ').includes(SCOPES.byHand)
  const listed = await list(session)
  const seen = new Set(listed.map(({ id }) => id))
  const others = (session.grant.picked ?? []).filter((id) => !seen.has(id))
  for (const id of others) listed.push(...(await one(session, id)))

  await forgetOthers(new Set(listed.map(({ id }) => id ?? '')))
  const jobs = new Map<string, Map<string, DrivePart>>()
  for (const file of listed) {
    const part = partOf(file)
    if (!part) continue
    const job = part.name.replace(/-\d+\.[a-z.]+$/i, '').toLowerCase()
    const parts = jobs.get(job) ?? new Map<string, DrivePart>()
    jobs.set(job, parts)
    // A part that lies there twice was delivered again: the later one counts.
    const twin = parts.get(part.name.toLowerCase())
    if (!twin || twin.created < part.created) parts.set(part.name.toLowerCase(), part)
  }
  return [...jobs.values()]
    .map((named) => {
      const parts = [...named.values()].sort((a, b) => Number(a.number) - Number(b.number))
      const missing = missingOf(parts)
      const age = now - Math.max(...parts.map(({ created }) => created))
      const isComing = !byHand && age < settleMs
      const why =
        missing.length > 0
          ? `part ${missing.join(', ')} is not in Drive`
          : isComing
            ? `its last part came ${Math.max(0, Math.round(age / 60_000))} min ago, and more may follow`
            : ''
      return { name: parts[0]?.export ?? '', parts, whole: why === '', why, isComing }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function missingOf(parts: DrivePart[]) {
  const numbers = new Set(parts.map(({ number }) => Number(number)))
  const all = Array.from({ length: Math.max(...numbers) }, (_, at) => at + 1)
  return all.filter((number) => !numbers.has(number))
}

async function list({ drive, grant }: SignedIn): Promise<DriveFile[]> {
  const files: DriveFile[] = []
  let pageToken: string | undefined
  do {
    const { data } = await call(grant.scope, () =>
      drive().files.list(
        {
          q: QUERY,
          fields: `nextPageToken,files(${FIELDS})`,
          pageSize: 1000,
          orderBy: 'createdTime',
          ...(pageToken && { pageToken }),
        },
        QUIETLY,
      ),
    )
    files.push(...(data.files ?? []))
    pageToken = data.nextPageToken ?? undefined
  } while (pageToken)
  return files
}

async function one({ drive, grant }: SignedIn, fileId: string): Promise<DriveFile[]> {
  try {
    const { data } = await call(grant.scope, () =>
      drive().files.get({ fileId, fields: FIELDS }, QUIETLY),
    )
    return data.trashed || data.ownedByMe === false ? [] : [data]
  } catch (error) {
    if (error instanceof GoogleRefused && error.error.status === 404) return []
    throw error
  }
}

/** Lets go of the directories of files that are no longer there. */
async function forgetOthers(ids: Set<string>) {
  const folder = `${dataFolder}/drive`
  for (const name of await readdir(folder).catch(() => [])) {
    const [, id] = /^([\w-]+)-\w+\.directory(\.new)?$/.exec(name) ?? []
    if (id && !ids.has(id)) await rm(`${folder}/${name}`, { force: true })
  }
}

// One layer of tries, ours; and a sign-in is shown to no other address.
const QUIETLY = { retry: false, redirect: 'error' } as const

function call<T>(scope: string, work: () => Promise<T>): Promise<T> {
  return patiently(() =>
    work().catch((error) => {
      throw troubleOf(error, { purpose: 'drive', scope })
    }),
  )
}

type DriveFile = {
  id?: string | null
  name?: string | null
  size?: string | null
  md5Checksum?: string | null
  createdTime?: string | null
  modifiedTime?: string | null
  ownedByMe?: boolean | null
  trashed?: boolean | null
}

function partOf({ id, name, size, md5Checksum, createdTime, modifiedTime, ownedByMe }: DriveFile) {
  const [, stamp, , number, kind] = PART_NAME.exec(name ?? '') ?? []
  // The id becomes a file name: nothing else may stand in it.
  if (!stamp || !id || !/^[\w-]+$/.test(id) || ownedByMe === false) return
  const part: DrivePart = {
    export: stamp,
    number: Number(number),
    kind: kind?.toLowerCase() === 'zip' ? 'zip' : 'tgz',
    name: name as string,
    path: `drive:${id}`,
    size: Number(size),
    modified: Date.parse(modifiedTime ?? '') || 0,
    created: Date.parse(createdTime ?? '') || 0,
    drive: { id, checksum: md5Checksum ?? '' },
  }
  return part
}
