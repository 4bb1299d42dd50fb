import fc from 'fast-check'
import { expect, test } from 'vitest'
import { remembered } from '../lib/takeout/remembered.ts'
import type { ExportFile } from '../lib/takeout/takeout.ts'
import { albumFile, library, media, NOON, shot, sidecar } from './sandbox/export-files.ts'

const YEAR = 'Photos from 2021'

/** One of each thing that makes an export hard; the property lays the files into parts at will. */
const hard: ExportFile[] = [
  ...shot(`${YEAR}/a.jpg`, {
    description: 'hello',
    place: [1, 2],
    people: ['Ann'],
    favorite: true,
    modified: 5,
  }),
  media(`${YEAR}/a-edited.jpg`),
  ...shot(
    'Trip/a.jpg',
    { description: 'hello', place: [1, 2], people: ['Ann'], favorite: true, modified: 5 },
    { bytes: 'small', size: 900, head: { width: 4, height: 3 } },
  ),
  ...shot(`${YEAR}/live.HEIC`, { taken: NOON + 60 }),
  media(`${YEAR}/live.MOV`),
  ...shot(`${YEAR}/x.jpg`, { taken: NOON + 90 }),
  media(`${YEAR}/x(1).jpg`),
  sidecar('Trip/live.HEIC', { taken: NOON + 60 }),
  sidecar('Trip/gone.jpg', { taken: NOON + 61 }),
  albumFile(
    'Trip',
    { title: 'Trip/2021', description: 'By boat', date: 7 },
    { comments: ['Ann: hi'] },
  ),
  albumFile('1 year ago'),
  ...shot('1 year ago/x.jpg', { taken: NOON + 90 }, { bytes: `${YEAR}/x.jpg` }),
  media(`${YEAR}/bare.jpg`),
  ...shot(`${YEAR}/scan`, { title: 'scan', taken: NOON - 1e9 }),
  ...shot('Trash/t.jpg', { trashed: true, taken: NOON + 2 }),
  ...shot(`${YEAR}/twice.jpg`, { taken: NOON + 3, description: 'old' }, { bytes: 'twice' }),
  ...shot(
    'Best/twice.jpg',
    { taken: NOON + 3, description: 'new', modified: 9 },
    { bytes: 'twice' },
  ),
  albumFile('Best'),
  albumFile(YEAR),
  media(`${YEAR}/empty.jpg`, { size: 0 }),
  media(`${YEAR}/shut.jpg`, { problem: 'encrypted' }),
  media(`${YEAR}/note.txt`),
  { ...media(`${YEAR}/bad.json`), json: { kind: 'broken', why: 'no JSON' } },
  { ...media('Talk/metadata.json'), json: { kind: 'album', title: '', conversation: true } },
  { ...media('print-orders.json'), json: { kind: 'account' } },
]

const names = ['one', 'two', 'three']
const world = fc.record({
  parts: fc.array(fc.constantFrom(...names), { minLength: hard.length, maxLength: hard.length }),
  gone: fc.subarray(names, { minLength: 1 }),
  separate: fc.boolean(),
})

test('with parts remembered the library is the same as with all of them', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ parts, gone, separate }) => {
      const exports: Record<string, string> = separate
        ? {
            one: 'takeout-20250101T000000Z',
            two: 'takeout-20260101T000000Z',
            three: 'takeout-20250101T000000Z',
          }
        : {}
      const files = () => hard.map((file, n) => ({ ...file, part: parts[n] as string }))
      const all = await library(files(), { exports })
      const state = structuredClone({
        photos: { ...all.photos },
        albums: { ...all.albums },
        leftovers: { ...all.leftovers },
      })
      const left = files().filter(({ part }) => !gone.includes(part))
      const again = await library([...left, ...remembered(new Set(gone), state)], {
        exports,
        old: state,
      })
      expect({ ...again.photos }).toEqual(state.photos)
      expect({ ...again.albums }).toEqual(state.albums)
      expect({ ...again.leftovers }).toEqual(state.leftovers)
    }),
    { numRuns: 150 },
  )
})

test('a sidecar that came first meets its media in a later part, and the other way round', async () => {
  const [picture, json] = shot(`${YEAR}/a.jpg`, { description: 'hello' })
  for (const [first, second] of [
    [picture, json],
    [json, picture],
  ] as [ExportFile, ExportFile][]) {
    const before = await library([{ ...first, part: 'one' }])
    const known = remembered(new Set(['one']), before)
    const { photos, leftovers } = await library([...known, { ...second, part: 'two' }], {
      old: before,
    })
    expect(Object.values(photos)).toMatchObject([{ title: 'a.jpg', description: 'hello' }])
    expect(Object.keys(leftovers)).toHaveLength(0)
  }
})
