import { accountOf } from '../../lib/report/account.ts'
import type {
  Album,
  Asset,
  AssetAlbum,
  Check,
  Link,
  Part,
  Photo,
  Run,
  State,
  Transfer,
} from '../../lib/state/records.ts'
import { openState } from '../../lib/state/state.ts'

const FIRST_YEAR = 2004
const LAST_YEAR = 2026
const SENT = '2026-10-02T08:00:00.000Z'
const CHECKED = '2026-10-03T08:00:00.000Z'
const STAMP = 'takeout-20260920T080000Z'
const PARTS = 24

/** What stands otherwise than sent and verified: every so many-th photo, by its number. */
export const oddOnes = {
  trashed: (n: number) => n % 400 === 7,
  toSend: (n: number) => n % 7000 === 11,
  failed: (n: number) => n % 50_000 === 13,
  linked: (n: number) => n % 9 === 2,
  differs: (n: number) => n % 3000 === 17,
  guessed: (n: number) => n % 1500 === 19,
}

/**
 * Writes the state of a library of so many photos, as a life leaves one: more each year, more in summer and at the end of the
 * year, and months without any. Mostly sent and verified.
 */
export async function writeBigState(file: string, many: number) {
  const all = collections(many)
  const names = Object.keys(all) as (keyof typeof all)[]
  const state = await openState(file, { write: names, stage: 'generator' })
  for (const name of names) state.replace(name, all[name])
  // What transfer and verify leave for status.
  const { counts: account, numbers } = accountOf({
    ...state.data,
    duplicates: {},
    decisions: {},
    mirrored: {},
  })
  const { proven } = numbers
  state.put('runs', 'transfer', { ...(all.runs.transfer as Run), account, proven })
  const counts = { right: proven.right, differ: proven.differs, changed: 0, gone: 0, waiting: 0 }
  state.put('runs', 'verify', { ...(all.runs.verify as Run), ...counts, mendable: 0, proven })
  await state.save()
}

function collections(many: number) {
  const times = timesOf(many)
  const photos: State['photos'] = {}
  const assets: State['assets'] = {}
  const links: State['links'] = {}
  const transfers: State['transfers'] = {}
  const checks: State['checks'] = {}
  for (let n = 0; n < many; n++) {
    const id = idOf(n)
    photos[id] = photo(n, times[n] as number)
    const link: Link = oddOnes.linked(n)
      ? { asset: uuid(n), how: 'checksum' }
      : { asset: null, how: 'none' }
    links[id] = link
    if (oddOnes.trashed(n) || oddOnes.toSend(n)) continue
    transfers[id] = transfer(n)
    if (oddOnes.failed(n)) continue
    assets[uuid(n)] = asset(n, times[n] as number)
    checks[id] = check(n)
  }
  const parts = Object.fromEntries(Array.from({ length: PARTS }, (_, n) => part(n, many)))
  for (const { files } of Object.values(photos))
    for (const { part, sidecar } of files) (parts[part] as Part).entries += sidecar ? 2 : 1
  const { albums, assetAlbums, albumLinks } = inAlbums(many)
  for (const [id, { photos }] of Object.entries(albums))
    transfers[id] = { album: albumLinks[id]?.album as string, at: SENT, added: photos, want: {} }
  const all: Omit<State, 'duplicates' | 'decisions' | 'mirrored' | 'organized'> = {
    parts,
    photos,
    albums,
    leftovers: {},
    assets,
    assetAlbums,
    links,
    albumLinks,
    transfers,
    checks,
    runs: {
      'index-gphotos': {
        stage: 'index-gphotos',
        at: '2026-10-01T08:00:00.000Z',
        seconds: 9,
        left: {},
      },
      'index-immich': {
        stage: 'index-immich',
        at: '2026-10-01T09:00:00.000Z',
        seconds: 31,
        url: 'http://127.0.0.1:2283/api',
      },
      link: { stage: 'link', at: '2026-10-01T10:00:00.000Z', seconds: 4 },
      transfer: { stage: 'transfer', at: SENT, seconds: 52_000, bytes: many * 2_400_000 },
      verify: { stage: 'verify', at: CHECKED, seconds: 600 },
    },
  }
  return all
}

/** UTC seconds, spread over the months as many photos as each has. */
function timesOf(many: number) {
  const months = Array.from({ length: (LAST_YEAR - FIRST_YEAR + 1) * 12 - 3 }, (_, at) => {
    const [year, month] = [Math.floor(at / 12), at % 12]
    const isNone = (year === 1 && month > 7) || (year === 7 && month < 5) || at % 37 === 20
    const season = [4, 3, 4, 5, 7, 8, 12, 14, 7, 6, 4, 10][month] as number
    return isNone ? 0 : season * (1 + year ** 1.4) * (0.5 + ((at * 7919) % 100) / 100)
  })
  const all = months.reduce((sum, weight) => sum + weight, 0)
  const times: number[] = []
  let owed = 0
  for (const [at, weight] of months.entries()) {
    owed += (weight / all) * many
    const start = Date.UTC(FIRST_YEAR, at) / 1000
    for (let n = 0; owed >= 1; n++, owed--) times.push(start + ((n * 7919) % 2_400_000))
  }
  while (times.length < many) times.push(Date.UTC(LAST_YEAR, 7) / 1000)
  return times
}

function photo(n: number, taken: number): Photo {
  const name = n % 7 === 0 ? `IMG_${n}.HEIC` : `PXL_${n}.jpg`
  const folder = `Takeout/Google Photos/Photos from ${new Date(taken * 1000).getUTCFullYear()}`
  const file = { part: partId(n % PARTS), size: sizeOf(n), crc: hex(n, 8) }
  return {
    title: name,
    kind: 'image',
    taken,
    ...(oddOnes.guessed(n) && { takenFrom: 'name' as const }),
    files: [
      {
        ...file,
        path: `${folder}/${name}`,
        role: 'original',
        ...(!oddOnes.guessed(n) && { sidecar: `${folder}/${name}.supplemental-metadata.json` }),
        why: 'whole name',
      },
      ...(n % 4 === 0
        ? [
            {
              ...file,
              path: `Takeout/Google Photos/Trip ${n % 500}/${name}`,
              role: 'copy',
              why: 'same bytes',
            } as const,
          ]
        : []),
    ],
    url: `https://photos.google.com/photo/AF1QipN${hex(n, 36)}`,
    ...(oddOnes.trashed(n) && { trashed: true as const }),
  }
}

function asset(n: number, taken: number): Asset {
  const at = new Date(taken * 1000).toISOString()
  return {
    name: `PXL_${n}.jpg`,
    sha1: hex(n, 40),
    size: sizeOf(n),
    kind: 'image',
    taken: at,
    local: at,
    visibility: 'timeline',
    updated: SENT,
  }
}

function transfer(n: number): Transfer {
  if (oddOnes.failed(n)) return { at: SENT, failed: 'its checksum is wrong', tries: 3 }
  const one: Transfer = {
    asset: uuid(n),
    sha1: hex(n, 40),
    main: `${hex(n, 8)}-${sizeOf(n)}`,
    at: SENT,
    want: {},
  }
  return oddOnes.linked(n) ? { ...one, had: true } : { ...one, size: sizeOf(n) }
}

function check(n: number): Check {
  if (!oddOnes.differs(n)) return { at: CHECKED, ok: true }
  return { at: CHECKED, differs: { local: ['2024-07-01T12:00:00.000Z', '2024-07-01T19:00:00'] } }
}

function inAlbums(many: number) {
  const albums: Record<string, Album> = {}
  const assetAlbums: Record<string, AssetAlbum> = {}
  const albumLinks: State['albumLinks'] = {}
  for (let a = 0; a < many / 250; a++) {
    const members = Array.from({ length: 20 + ((a * 37) % 200) }, (_, n) => a * 250 + n)
    const there = members.filter(
      (n) => n < many && !oddOnes.trashed(n) && !oddOnes.toSend(n) && !oddOnes.failed(n),
    )
    const photos = members.filter((n) => n < many).map(idOf)
    albums[`album-${a}`] = { title: `Trip ${a}`, folder: `Trip ${a}`, export: STAMP, photos }
    albumLinks[`album-${a}`] = { album: `a-${a}`, how: 'made' }
    assetAlbums[`a-${a}`] = {
      title: `Trip ${a}`,
      updated: CHECKED,
      count: there.length,
      assets: there.map(uuid),
      seen: CHECKED,
    }
  }
  return { albums, assetAlbums, albumLinks }
}

function part(n: number, many: number): [string, Part] {
  const name = `${STAMP}-3-${String(n + 1).padStart(3, '0')}.zip`
  const inDrive = n >= PARTS - 4
  return [
    partId(n),
    {
      export: STAMP,
      number: n + 1,
      kind: 'zip',
      name,
      path: inDrive ? `drive:${n}` : `/photos/${name}`,
      ...(inDrive && { drive: { id: String(n), checksum: hex(n, 32) } }),
      size: Math.round((many / PARTS) * 2_400_000),
      modified: Date.UTC(2026, 8, 20),
      entries: 0,
    },
  ]
}

const hex = (n: number, digits: number) =>
  ((n + 1) * 2_654_435_761).toString(16).padStart(digits, 'c0ffee9b').slice(-digits)
const uuid = (n: number) => `${hex(n, 8)}-ca8b-4067-b59d-${hex(n, 12)}`
const sizeOf = (n: number) => 2_000_000 + (n % 900_000)
const partId = (n: number) => `3f9a1c${String(n).padStart(2, '0')}`

function idOf(n: number) {
  return `${hex(n, 8)}-${sizeOf(n)}-${n}`
}
