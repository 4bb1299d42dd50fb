import { expect, test } from 'vitest'
import { chooser } from '../lib/choose.ts'
import type { Photo } from '../lib/state/records.ts'
import { leaveOut } from '../lib/takeout/unchosen.ts'
import { albumFile, albumsByTitle, library, shot } from './sandbox/export-files.ts'

process.env.TIME_ZONE = 'Europe/Berlin'
const utc = (text: string) => Date.parse(`${text}Z`) / 1000
const at = (text: string): Photo => {
  return { title: 'a.jpg', kind: 'image', taken: utc(text), files: [] }
}

test.each([
  ['2021', '2020-12-31T23:30:00', true],
  ['2021', '2021-12-31T23:30:00', false],
  ['2021-06', '2021-06-30T21:59:59', true],
  ['2021-06', '2021-06-30T22:00:00', false],
  ['2021-06-01', '2021-06-01T12:00:00', true],
  ['2012-01:2012-06', '2012-06-30T12:00:00', true],
  ['2012-01:2012-06', '2012-07-01T12:00:00', false],
  ['2012:', '2030-01-01T12:00:00', true],
  [':2012', '1955-01-01T12:00:00', true],
  [':2012', '2013-01-01T12:00:00', false],
])('--dates %s takes %s: %s', (dates, taken, wanted) => {
  expect(chooser({ dates }).photo(at(taken), [])).toBe(wanted)
})

test.each(['', '2012-13', '2012-01:2012-02:2012-03', 'May', '2013:2012', '12'])(
  '--dates "%s" is refused',
  (dates) => {
    expect(() => chooser({ dates })).toThrow('Cannot read --dates')
  },
)

test.each([
  [{ albums: ['Trip*'] }, ['Trip to Rome'], true],
  [{ albums: ['trip*'] }, ['TRIP'], true],
  [{ albums: ['Trip*'] }, ['A Trip'], false],
  [{ albums: ['Trip*'] }, [], false],
  [{ albums: ['Trip*', 'Home'] }, ['Home'], true],
  [{ albums: ['a.c'] }, ['abc'], false],
  [{ albums: ['a?c'] }, ['abc'], true],
  [{ 'not-albums': ['Work*'] }, ['Work', 'Trip'], false],
  [{ 'not-albums': ['Work*'] }, [], true],
  [{ albums: ['Café'] }, ['Café'], true],
])('%o of an album %o: %s', (given, titles, wanted) => {
  expect(chooser(given).photo(at('2021-06-01T12:00:00'), titles)).toBe(wanted)
})

test('what is not chosen becomes leftovers with all that a later run needs', async () => {
  const found = await library([
    ...shot('Trip/a.jpg'),
    ...shot('Work/b.jpg'),
    albumFile('Trip'),
    albumFile('Work'),
  ])
  expect(leaveOut(found, chooser({ albums: ['Trip'] }))).toBe(1)
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'] })
  const left = Object.values(found.leftovers)
  expect(left.map(({ path }) => path.replace('Takeout/Google Photos/', '')).sort()).toEqual([
    'Work/b.jpg',
    'Work/b.jpg.supplemental-metadata.json',
    'Work/metadata.json',
  ])
  expect(new Set(left.map(({ why }) => why))).toEqual(new Set(['not chosen']))
  expect(left.find(({ facts }) => facts)?.facts?.title).toBe('b.jpg')
  expect(left.find(({ album }) => album)?.album?.title).toBe('Work')
})
