import { expect, test } from 'vitest'
import type { ExportFile } from '../lib/takeout/takeout.ts'
import {
  albumFile,
  albumsByTitle,
  library,
  media,
  NOON,
  shot,
  sidecar,
} from './sandbox/export-files.ts'

const YEAR = 'Photos from 2021'
const exports = { one: 'takeout-20250101T000000Z', two: 'takeout-20260101T000000Z' }

test('members of which an album has only the sidecar are found by link, then by title and time, never by name', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`),
    ...shot(`${YEAR}/b.jpg`, { url: '' }),
    ...shot(`${YEAR}/c.jpg`),
    sidecar('Trip/a.jpg', {
      title: 'renamed.jpg',
      url: 'https://photos.google.com/photo/a.jpg1622548800',
    }),
    sidecar('Trip/b.jpg', { url: '' }),
    sidecar('Trip/c.jpg', { taken: NOON + 9, url: '' }),
    albumFile('Trip'),
  ])
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg', 'b.jpg'] })
  expect(Object.values(found.leftovers).map(({ path, why }) => `${path.slice(22)} ${why}`)).toEqual(
    [
      'Trip/a.jpg.supplemental-metadata.json its photo lies in another folder',
      'Trip/b.jpg.supplemental-metadata.json its photo lies in another folder',
      'Trip/c.jpg.supplemental-metadata.json its photo is not in the export',
    ],
  )
})

test('title and time of two photos make nobody a member', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.jpg`, { url: '' }, { bytes: 'one' }),
    ...shot('Photos from 2020/a.jpg', { url: '' }, { bytes: 'two' }),
    sidecar('Trip/a.jpg', { url: '' }),
    albumFile('Trip'),
  ])
  expect(albumsByTitle(found)).toEqual({ Trip: [] })
})

test('in one export the folder is the key: two of one title are two, an untitled one is called by its folder', async () => {
  const { albums } = await library([
    ...shot('Untitled/a.jpg'),
    ...shot('Untitled(1)/b.jpg'),
    ...shot('Nameless/c.jpg'),
    albumFile('Untitled', { title: 'Untitled' }),
    albumFile('Untitled(1)', { title: 'Untitled' }),
    albumFile('Nameless', { title: '' }),
  ])
  expect(Object.values(albums).map(({ title }) => title)).toEqual([
    'Untitled',
    'Untitled',
    'Nameless',
  ])
  expect(Object.keys(albums)).toHaveLength(3)
})

test('a folder of memories is listed and left out, unless it is asked for', async () => {
  const files = [...shot(`${YEAR}/a.jpg`), ...shot('2 years ago/a.jpg'), albumFile('2 years ago')]
  const left = async (memories: boolean) =>
    Object.values((await library(files, { memories })).albums).map(({ leftOut }) => leftOut)
  expect(await left(false)).toEqual(['memories'])
  expect(await left(true)).toEqual([undefined])
})

test('comments are kept in the account, and go into the description where asked', async () => {
  const files = [
    ...shot('Trip/a.jpg'),
    albumFile('Trip', { description: 'By boat' }, { comments: ['Ann: lovely', 'Bo likes this'] }),
  ]
  const plain = await library(files)
  expect(Object.values(plain.leftovers)).toMatchObject([
    { why: 'comments on an album', comments: ['Ann: lovely', 'Bo likes this'] },
  ])
  expect(Object.values(plain.albums)[0]?.description).toBe('By boat')
  const said = await library(files, { comments: true })
  expect(Object.values(said.albums)[0]?.description).toBe('By boat\nAnn: lovely\nBo likes this')
})

test('a conversation is no album', async () => {
  const { albums } = await library([
    ...shot('Ann and Bo/a.jpg'),
    ...shot(`${YEAR}/b.jpg`),
    albumFile('Ann and Bo', { title: '', conversation: true }),
  ])
  expect(albums).toEqual({})
})

const trip = (part: string, names: string[], album: object = {}, folder = 'Trip'): ExportFile[] => [
  ...names.flatMap((name) => shot(`${folder}/${name}`, {}, { part, bytes: name })),
  albumFile(folder, album, { part }),
]
test.each([
  ['the same title and a member', trip('two', ['a.jpg', 'z.jpg']), 1],
  ['another title and most members', trip('two', ['a.jpg', 'b.jpg', 'c.jpg'], {}, 'Journey'), 1],
  [
    'another title and one member of many',
    trip('two', ['a.jpg', 'x.jpg', 'y.jpg'], {}, 'Best of'),
    2,
  ],
  ['the same title and date, and no member', trip('two', ['x.jpg'], { date: 7 }), 1],
  ['the same title, another date, and no member', trip('two', ['x.jpg'], { date: 8 }), 2],
  [
    'the same title, twice, and no member',
    [
      ...trip('two', ['x.jpg'], { date: 7 }),
      ...trip('two', ['y.jpg'], { title: 'Trip', date: 7 }, 'Trip(1)'),
    ],
    2,
  ],
])('an album of another export is known again by %s', async (_, second, count) => {
  const first = trip('one', ['a.jpg', 'b.jpg', 'c.jpg'], { date: 7, description: 'By boat' })
  const before = await library(first, { exports })
  const { albums, photos } = await library([...first, ...second], { exports, old: before })
  expect(Object.keys(albums)).toHaveLength(count)
  expect(Object.keys(albums)).toContain(Object.keys(before.albums)[0])
  // What an incremental export does not hold was not removed.
  const kept = albums[Object.keys(before.albums)[0] as string]
  const titles = kept?.photos.map((id) => photos[id]?.title)
  expect(titles).toEqual(expect.arrayContaining(['a.jpg', 'b.jpg', 'c.jpg']))
  expect(kept?.description).toBe('By boat')
})

test('an album keeps its id when it comes again, under a new title, or both exports at once', async () => {
  const [first, second] = [
    trip('one', ['a.jpg', 'b.jpg']),
    trip('two', ['a.jpg', 'b.jpg', 'c.jpg'], { title: 'Tour' }),
  ]
  const before = await library(first, { exports })
  const together = await library([...second, ...first], { exports })
  const [id] = Object.keys(before.albums)
  expect(Object.keys(together.albums)).toEqual([id])
  expect(together.albums[id as string]).toMatchObject({ title: 'Tour', also: [{ title: 'Trip' }] })
  const again = await library([...first, ...second], { exports, old: together })
  expect({ ...again.albums }).toEqual({ ...together.albums })
})

test('an edit in an album folder makes its photo a member once', async () => {
  const found = await library([
    ...shot('Trip/a.jpg'),
    media('Trip/a-edited.jpg'),
    albumFile('Trip'),
  ])
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'] })
})

test('thousands of albums are known again, each looked at a few times', async () => {
  const files = Array.from({ length: 4000 }, (_, n) => [
    ...shot(`Album ${n}/${n}.jpg`),
    albumFile(`Album ${n}`),
  ]).flat()
  const before = await library(files)
  let looks = 0
  for (const album of Object.values(before.albums)) {
    const { photos } = album
    Object.defineProperty(album, 'photos', {
      get() {
        looks++
        return photos
      },
    })
  }
  const again = await library(files, { old: before })
  expect(Object.keys(again.albums)).toEqual(Object.keys(before.albums))
  expect(looks).toBeGreaterThan(0)
  expect(looks).toBeLessThan(10 * 4000)
})
