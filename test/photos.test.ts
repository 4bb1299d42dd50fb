import { basename } from 'node:path'
import { expect, test } from 'vitest'
import type { Seen } from '../lib/state/records.ts'
import type { Heads } from '../lib/takeout/doubts.ts'
import {
  albumFile,
  albumsByTitle,
  library,
  media,
  NOON,
  onlyPhoto,
  roles,
  shot,
  sidecar,
} from './sandbox/export-files.ts'

const YEAR = 'Photos from 2021'
/** Heads as a file would give them, by the end of its path; counts what was read. */
function heads(known: Record<string, Seen>, read: string[] = []): Heads {
  return async (files) => {
    for (const file of files) {
      const end = Object.keys(known).find((path) => file.path.endsWith(path))
      if (file.head || end === undefined) continue
      read.push(end)
      file.head = known[end] as Seen
    }
  }
}

test('identical bytes are one photo, in the albums of all copies', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`),
    ...shot('Trip/a.jpg', {}, { bytes: `${YEAR}/a.jpg` }),
    ...shot('Best/b.jpg', {}, { bytes: `${YEAR}/a.jpg` }),
    albumFile('Trip'),
    albumFile('Best'),
  ])
  expect(onlyPhoto(found).title).toBe('a.jpg')
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'], Best: ['a.jpg'] })
  expect(roles(found)).toEqual({
    [`${YEAR}/a.jpg`]: 'original',
    'Trip/a.jpg': 'copy',
    'Best/b.jpg': 'copy',
  })
})

test.each([
  ['the newer of two sidecars', { modified: 10 }, { modified: 20 }, 'second'],
  ['the newer, wherever it lies', { modified: 20 }, { modified: 10 }, 'first'],
  ['of two of one age that of the later export', {}, {}, 'second'],
])('of identical bytes %s speaks, and the other is listed', async (_, one, two, wanted) => {
  const found = await library(
    [
      ...shot(`${YEAR}/a.jpg`, { description: 'first', ...one }, { part: 'old', bytes: 'a' }),
      ...shot(`${YEAR}/a.jpg`, { description: 'second', ...two }, { part: 'new', bytes: 'a' }),
    ],
    { exports: { old: 'takeout-20250101T000000Z', new: 'takeout-20260101T000000Z' } },
  )
  expect(onlyPhoto(found).description).toBe(wanted)
  expect(Object.values(found.leftovers).map(({ why, facts }) => [why, facts?.description])).toEqual(
    [['a newer sidecar says otherwise', wanted === 'first' ? 'second' : 'first']],
  )
})

test('of one photo in several sizes the most pixels stay, then the most bytes, and heads are read for that only', async () => {
  const files = () => [
    ...shot(`${YEAR}/a.jpg`, {}, { size: 900, bytes: 'year' }),
    ...shot('Trip/a.jpg', {}, { size: 1000, bytes: 'trip' }),
    ...shot(`${YEAR}/other.jpg`),
    albumFile('Trip'),
  ]
  const read: string[] = []
  const pixels = {
    [`${YEAR}/a.jpg`]: { width: 40, height: 30 },
    'Trip/a.jpg': { width: 30, height: 20 },
    'other.jpg': {},
  }
  const found = await library(files(), { heads: heads(pixels, read) })
  expect(Object.keys(found.photos)).toHaveLength(2)
  expect(roles(found)).toMatchObject({ [`${YEAR}/a.jpg`]: 'original', 'Trip/a.jpg': 'copy' })
  expect(read.sort()).toEqual([`${YEAR}/a.jpg`, 'Trip/a.jpg'])
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'] })
  const blind = await library(files())
  expect(roles(blind)).toMatchObject({ [`${YEAR}/a.jpg`]: 'copy', 'Trip/a.jpg': 'original' })
})

test.each([
  ['different links', 'a.jpg', { url: 'https://photos.google.com/photo/other' }],
  ['no link', 'a.jpg', { url: '' }],
  ['a RAW and its picture', 'a.dng', { title: 'a.jpg' }],
  ['a video and its still', 'a.mp4', { title: 'a.jpg' }],
])('%s are no sizes of one photo', async (_, name, facts) => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`, {}, { bytes: 'one' }),
    ...shot(`Trip/${name}`, facts, { bytes: 'two' }),
  ])
  expect(Object.keys(found.photos)).toHaveLength(2)
})

test('one link in two exports is no proof of one photo', async () => {
  const found = await library(
    [
      ...shot(`${YEAR}/a.jpg`, {}, { part: 'one', bytes: 'one' }),
      ...shot(`${YEAR}/a.jpg`, {}, { part: 'two', bytes: 'two' }),
    ],
    { exports: { one: 'one', two: 'two' } },
  )
  expect(Object.keys(found.photos)).toHaveLength(2)
})

test('an edited copy comes beside its original, and an album that has only the copy shows the same photo', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`),
    media(`${YEAR}/a-edited.jpg`, { bytes: 'edit', size: 5000 }),
    media('Trip/a-edited.jpg', { bytes: 'edit', size: 5000 }),
    albumFile('Trip'),
  ])
  expect(onlyPhoto(found).files.map(({ role }) => role)).toEqual(['original', 'edited', 'copy'])
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'] })
})

// Parts are told apart by what they hold, so any of them may come first.
test.each([
  ['the same edit', ['edit', 'edit', 'edit'], ['a', 'b', 'c'], ['edit']],
  ['the same edit, the newest export first', ['edit', 'edit', 'edit'], ['c', 'b', 'a'], ['edit']],
  ['another edit in the last', ['edit', 'edit', 'again'], ['a', 'b', 'c'], ['again']],
  [
    'another edit in the last, which comes first',
    ['edit', 'edit', 'again'],
    ['c', 'b', 'a'],
    ['again'],
  ],
  ['an edit taken back in between', ['edit', 'again', 'edit'], ['b', 'a', 'c'], ['edit']],
])('of several exports with %s one edited copy stands', async (_, edits, parts, wanted) => {
  const exports = Object.fromEntries(parts.map((part, n) => [part, `takeout-202${n}0101T000000Z`]))
  const files = parts.flatMap((part, n) => [
    ...shot(`${YEAR}/a.jpg`, {}, { part, bytes: 'a' }),
    media(`${YEAR}/a-edited.jpg`, { part, bytes: edits[n] as string, size: 5000 }),
  ])
  const { files: found } = onlyPhoto(await library(files, { exports }))
  const crcs = (role: string) => found.filter((file) => file.role === role).map(({ crc }) => crc)
  expect(crcs('edited')).toEqual(wanted.map((bytes) => media('x.jpg', { bytes }).crc))
  expect(crcs('original')).toHaveLength(1)
})

test('an edited copy without its original is the photo, with what the sidecar says', async () => {
  const found = await library([media(`${YEAR}/a-edited.jpg`), sidecar(`${YEAR}/a.jpg`)])
  expect(onlyPhoto(found)).toMatchObject({ title: 'a.jpg', taken: NOON })
})

test('two photos that share an edited copy stay two', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`),
    media(`${YEAR}/a-edited.jpg`, { bytes: 'edit' }),
    ...shot(`${YEAR}/b.jpg`),
    media(`${YEAR}/b-edited.jpg`, { bytes: 'edit' }),
  ])
  expect(Object.keys(found.photos)).toHaveLength(2)
})

test('of a live photo in two sizes one half is sent', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.HEIC`, {}, { bytes: 'big', size: 900 }),
    media(`${YEAR}/a.MOV`, { bytes: 'big half' }),
    ...shot('Trip/a.HEIC', {}, { bytes: 'small', size: 800 }),
    media('Trip/a.MOV', { bytes: 'small half' }),
    albumFile('Trip'),
  ])
  expect(roles(found)).toEqual({
    [`${YEAR}/a.HEIC`]: 'original',
    [`${YEAR}/a.MOV`]: 'motion',
    'Trip/a.HEIC': 'copy',
    'Trip/a.MOV': 'copy',
  })
})

test.each([
  ['a.jpg', 'IMG 1: before/after?.jpg', 'IMG 1: before/after?.jpg'],
  ['a.jpg', 'Holiday', 'Holiday.jpg'],
  ['Day 21.12.jpg', 'Day 21.12', 'Day 21.12.jpg'],
  ['a.jpg', 'a.png', 'a.jpg'],
  ['a.JPG', 'a.jpg', 'a.jpg'],
  ['a.jpg', undefined, 'a.jpg'],
])('a file %s whose sidecar says %s is named %s', async (name, title, wanted) => {
  const path = `${YEAR}/${name}`
  const json = sidecar(path, { title: title ?? '' })
  const found = await library([media(path), json])
  expect(onlyPhoto(found).title).toBe(wanted)
})

const away = { exports: { one: 'takeout-20250101T000000Z', two: 'takeout-20260101T000000Z' } }
test.each([
  ['the flag', shot(`${YEAR}/a.jpg`, { trashed: true }), { trashed: true }],
  ['the folder', shot('Papierkorb/a.jpg'), { trashed: true }],
  [
    'a copy elsewhere that is not in the trash',
    [...shot('Trash/a.jpg', {}, { bytes: 'a' }), ...shot(`${YEAR}/a.jpg`, {}, { bytes: 'a' })],
    null,
  ],
  [
    'a newer export, where it is in the trash',
    [
      ...shot(`${YEAR}/a.jpg`, {}, { bytes: 'a' }),
      ...shot('Bin/a.jpg', {}, { bytes: 'a', part: 'two' }),
    ],
    { trashed: true },
  ],
  [
    'a newer export, where it is back from the trash',
    [
      ...shot('Bin/a.jpg', {}, { bytes: 'a' }),
      ...shot(`${YEAR}/a.jpg`, {}, { bytes: 'a', part: 'two' }),
    ],
    null,
  ],
  ['the archive folder', shot('Archiv/a.jpg'), { archived: true }],
  ['the archived flag', shot(`${YEAR}/a.jpg`, { archived: true }), { archived: true }],
  ['the locked folder', shot('Gesperrter Ordner/a.jpg'), { locked: true }],
  ['a partner', shot(`${YEAR}/a.jpg`, { partner: true }), { partner: true }],
  ['the failed videos', shot('Failed Videos/a.mp4'), { kind: 'video' }],
])('where a photo stands is told by %s', async (_, files, wanted) => {
  const photo = onlyPhoto(await library(files, away))
  if (wanted) expect(photo).toMatchObject(wanted)
  else expect(photo).not.toHaveProperty('trashed')
})

test.each([
  ['the place that Google shows', { place: [1, 2], placeExif: [3, 4] }, [1, 2]],
  ['else the one of the file', { placeExif: [3, 4] }, [3, 4]],
  ['else none', {}, undefined],
] as const)('a photo is where %s is', async (_, facts, wanted) => {
  const found = await library(shot(`${YEAR}/a.jpg`, facts as object))
  expect(onlyPhoto(found).place).toEqual(wanted)
})

test.each([
  ['IMG_20210304_101112.jpg', Date.UTC(2021, 2, 4, 10, 11, 12) / 1000, 'name'],
  ['a.jpg', Date.UTC(2021, 0, 1) / 1000, 'year'],
])('without a sidecar the time of %s is guessed', async (name, taken, takenFrom) => {
  process.env.TIME_ZONE = 'UTC'
  expect(onlyPhoto(await library([media(`${YEAR}/${name}`)]))).toMatchObject({ taken, takenFrom })
})

test('without a sidecar, a name and a year there is no time', async () => {
  expect(onlyPhoto(await library([media('Trash/a.jpg')])).taken).toBeNull()
})

test('one time of many photos is marked, so that a file that says otherwise wins', async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => shot(`${YEAR}/${n}.jpg`)).flat()
  const marks = async (count: number) =>
    Object.values((await library(many(count))).photos).map(({ takenFrom }) => takenFrom)
  expect(new Set(await marks(5))).toEqual(new Set(['cluster']))
  expect(new Set(await marks(4))).toEqual(new Set([undefined]))
})

test('media wait for their sidecar while a part of their export is missing, also where one is no more than likely', async () => {
  const files = [
    ...shot(`${YEAR}/a.jpg`, { title: 'A.jpg' }),
    media(`${YEAR}/b.jpg`),
    media(`${YEAR}/a(1).jpg`),
  ]
  const waits = async (waiting: string[]) =>
    Object.values((await library(files, { waiting: new Set(waiting) })).photos)
      .filter(({ waits }) => waits)
      .map(({ files, takenFrom }) => `${basename(files[0]?.path ?? '')} ${takenFrom}`)
      .sort()
  expect(await waits(['export'])).toEqual(['a(1).jpg year', 'b.jpg year'])
  expect(await waits(['another'])).toEqual([])
})

test('a photo keeps its id when its part was moved, a bigger size came, or it came again by its link alone', async () => {
  const first = await library(shot(`${YEAR}/a.jpg`, {}, { bytes: 'one' }))
  const [id] = Object.keys(first.photos)
  const moved = await library(shot(`${YEAR}/a.jpg`, {}, { bytes: 'one', part: 'moved' }), {
    old: first,
  })
  expect(Object.keys(moved.photos)).toEqual([id])
  const bigger = await library(
    [
      ...shot(`${YEAR}/a.jpg`, {}, { bytes: 'one' }),
      ...shot('Trip/a.jpg', {}, { bytes: 'two', size: 9000 }),
    ],
    { old: first },
  )
  expect(Object.keys(bigger.photos)).toEqual([id])
  expect(bigger.photos[id as string]?.files[0]?.size).toBe(9000)
  const again = await library(shot(`${YEAR}/a.jpg`, {}, { bytes: 'three' }), { old: first })
  expect(Object.keys(again.photos)).toEqual([id])
})

test('a file of a folder keeps its id when its bytes are read at last', async () => {
  const first = await library(shot(`${YEAR}/a.jpg`, {}, { crc: null }))
  const later = await library(shot(`${YEAR}/a.jpg`), { old: first })
  expect(Object.keys(later.photos)).toEqual(Object.keys(first.photos))
})

test('of two photos that are found to be one the older id stays, and two of one id get two', async () => {
  const apart = await library([
    ...shot(`${YEAR}/a.jpg`, { url: '' }, { bytes: 'one' }),
    ...shot('Trip/b.jpg', { url: '' }, { bytes: 'two', size: 9000 }),
  ])
  const [older] = Object.keys(apart.photos)
  const url = 'https://photos.google.com/photo/one'
  const joined = await library(
    [
      ...shot(`${YEAR}/a.jpg`, { url }, { bytes: 'one' }),
      ...shot('Trip/b.jpg', { url }, { bytes: 'two', size: 9000 }),
    ],
    { old: apart },
  )
  expect(Object.keys(joined.photos)).toEqual([older])
  const again = await library(
    [
      ...shot(`${YEAR}/a.jpg`, { url: '' }, { bytes: 'one' }),
      ...shot('Trip/b.jpg', { url: '' }, { bytes: 'two', size: 9000 }),
    ],
    { old: joined },
  )
  expect(Object.keys(again.photos)).toHaveLength(2)
  expect(Object.keys(again.photos)).toContain(older)
})
