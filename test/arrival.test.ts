import { describe, expect, test } from 'vitest'
import type { Head } from '../lib/picture/picture.ts'
import type { Photo, Place } from '../lib/state/records.ts'
import { samePlace } from '../lib/time.ts'
import { arrival, completion, GUESSED_TAG } from '../lib/transfer/arrival.ts'

process.env.TIME_ZONE = 'Europe/Berlin'
const NOON = Date.UTC(2021, 5, 1, 12) / 1000
const TOKYO: Place = [35.68, 139.76]

const photo = (more: Partial<Photo> = {}): Photo => {
  return { title: 'a.jpg', kind: 'image', taken: NOON, files: [], ...more }
}
const dateIn = (sidecar: string | undefined) =>
  /DateTimeOriginal>([^<]+)</.exec(sidecar ?? '')?.[1] ?? null

describe('the time', () => {
  // photo, head -> the date in the sidecar (null: none; undefined: no sidecar), the instant and the wall clock to ask for
  test.each<[string, Partial<Photo>, Head, string | null | undefined, string?, string?]>([
    [
      'is the file\u2019s own where that agrees',
      {},
      { local: '2021-06-01T14:00:00', offset: '+02:00' },
      undefined,
      '12:00',
      '14:00',
    ],
    [
      'of a file without an offset, but with a place',
      {},
      { local: '2021-06-01T21:00:00', place: TOKYO },
      undefined,
      '12:00',
      '21:00',
    ],
    [
      'of a file whose place makes it another instant',
      {},
      { local: '2021-06-01T14:00:00', place: TOKYO },
      '2021-06-01T21:00:00+09:00',
      '12:00',
      '21:00',
    ],
    [
      'of a file that names no zone',
      {},
      { local: '2021-06-01T14:00:00' },
      '2021-06-01T14:00:00+02:00',
      '12:00',
      '14:00',
    ],
    [
      'that the user corrected',
      {},
      { local: '2004-01-01T00:00:00', offset: '+02:00' },
      '2021-06-01T14:00:00+02:00',
      '12:00',
      '14:00',
    ],
    ['of a file without one, at home', {}, {}, '2021-06-01T14:00:00+02:00', '12:00', '14:00'],
    [
      'of a file without one, at its place',
      { place: TOKYO },
      {},
      '2021-06-01T21:00:00+09:00',
      '12:00',
      '21:00',
    ],
    [
      'goes with a place, which would break it',
      { place: TOKYO },
      { local: '2021-06-01T21:00:00' },
      '2021-06-01T21:00:00+09:00',
      '12:00',
      '21:00',
    ],
    [
      'that may be a guess, of a file that agrees',
      { takenFrom: 'cluster' },
      { local: '2021-06-01T14:00:00', offset: '+02:00' },
      undefined,
      '12:00',
      '14:00',
    ],
    [
      'that may be a guess, of a file that does not: its own',
      { takenFrom: 'cluster' },
      { local: '2010-03-01T08:00:07', offset: '+01:00' },
      undefined,
      '2010-03-01T07:00:07',
      '2010-03-01T08:00:07',
    ],
    [
      'that may be a guess, of a file without one',
      { takenFrom: 'cluster' },
      {},
      '2021-06-01T14:00:00+02:00',
      '12:00',
      '14:00',
    ],
    [
      'of a guess beside a place keeps the file\u2019s',
      { takenFrom: 'cluster', place: TOKYO },
      { local: '2010-03-01T08:00:07' },
      '2010-03-01T08:00:07+09:00',
      '2010-02-28T23:00:07',
      '2010-03-01T08:00:07',
    ],
    [
      'of a guess yields to the file\u2019s',
      { takenFrom: 'name' },
      { local: '2010-03-01T08:00:07' },
      '2010-03-01T08:00:07+01:00',
      '2010-03-01T07:00:07',
      '2010-03-01T08:00:07',
    ],
    [
      'of a file whose offset is not that of its place',
      { place: TOKYO },
      { local: '2021-06-01T14:00:00', offset: '+02:00', place: TOKYO },
      '2021-06-01T21:00:00+09:00',
      '12:00',
      '21:00',
    ],
    [
      'that was twice that night, and which the place alone does not tell',
      { taken: Date.UTC(2023, 9, 29, 0, 30) / 1000 },
      { local: '2023-10-29T02:30:00', place: [52.5, 13.4] },
      '2023-10-29T02:30:00+02:00',
      '2023-10-29T00:30:00',
      '2023-10-29T02:30:00',
    ],
    [
      'with an offset that servers do not take',
      { taken: Date.UTC(2010, 6, 1, 12) / 1000, place: [10.48, -66.9] },
      {},
      '2010-07-01T12:00:00Z',
      '2010-07-01T12:00:00',
      '2010-07-01T07:30:00',
    ],
    ['in a name', { takenFrom: 'name' }, {}, '2021-06-01T14:00:00+02:00', '12:00', '14:00'],
    [
      'of a movie, where its place tells the zone',
      { place: TOKYO },
      { instant: NOON, place: TOKYO },
      undefined,
      '12:00',
      '21:00',
    ],
    ['of a guess goes as the upload\u2019s date', { takenFrom: 'year' }, {}, null, '12:00'],
    [
      'of a guess yields to a movie’s clock',
      { takenFrom: 'name' },
      { instant: NOON - 60 },
      '2021-06-01T13:59:00+02:00',
      '11:59',
      '13:59',
    ],
    ['that nobody knows is not made up', { taken: null }, {}, undefined],
  ])('%s', (_, more, head, date, instant, local) => {
    const day = (time: string) => (time.includes('T') ? time : `2021-06-01T${time}:00`)
    const { sidecar, want } = arrival(photo(more), head)
    if (date === undefined) expect(sidecar).toBeUndefined()
    else expect(dateIn(sidecar)).toBe(date)
    expect(want.instant).toBe(instant && `${day(instant)}.000Z`)
    expect(want.local).toBe(local && day(local))
  })

  test.each([-1e9, 4e9, Date.UTC(1904, 0, 1) / 1000])('%d s is sent as it is', (taken) => {
    const { sidecar, want, fields } = arrival(photo({ taken }), {})
    expect(Date.parse(dateIn(sidecar) ?? '') / 1000).toBe(taken)
    expect(Date.parse(want.instant ?? '') / 1000).toBe(taken)
    expect(fields.fileCreatedAt).toBe(fields.fileModifiedAt)
  })
})

test.each<[string, Partial<Photo>, Head, string]>([
  ['a place that the file has not', { place: [1, 2, 30] }, {}, 'GPSLatitude>1<'],
  ['a place that the user corrected', { place: [1, 2] }, { place: [3, 4] }, 'GPSLongitude>2<'],
  ['a caption', { description: 'hi' }, { description: 'camera' }, '>hi<'],
  ['people', { people: ['Ann/Bo'] }, {}, 'People/Ann⁄Bo'],
  ['a partner', { partner: true }, {}, 'From partner'],
  ['a guessed date', { takenFrom: 'year' }, {}, GUESSED_TAG],
  ['the offset of an island', { place: [1.8721, -157.4278] }, {}, 'OffsetTimeOriginal>+14:00<'],
  ['the offset beside a border', { place: [-31.6772, 128.8893] }, {}, 'Original>+08:45<'],
  ['the offset of the camera, at sea', { place: [30, -40] }, {}, 'OffsetTimeOriginal>+02:00<'],
])('a sidecar brings %s', (_, more, head, text) => {
  const clock = { local: '2021-06-01T14:00:00', offset: '+02:00' }
  const own = more.takenFrom ? head : { ...clock, ...head }
  expect(arrival(photo(more), own).sidecar).toContain(text)
})

test('no sidecar comes with a file that says it all', () => {
  const all = photo({ place: TOKYO, description: ' hi ', favorite: true, archived: true })
  const head = {
    local: '2021-06-01T21:00:00',
    place: [35.680001, 139.76] as Place,
    description: 'hi',
  }
  const { sidecar, fields, want } = arrival(all, head)
  expect(sidecar).toBeUndefined()
  expect(fields).toMatchObject({ isFavorite: true, visibility: 'archive' })
  expect(want).toMatchObject({ description: 'hi', favorite: true, visibility: 'archive' })
})

test('locked is more than archived', () => {
  expect(arrival(photo({ archived: true, locked: true }), {}).want.visibility).toBe('locked')
})

test('what was there before gets only what it lacks, and a place never without its date', () => {
  const full = photo({ place: TOKYO, description: 'hi' })
  expect(completion(full, { description: 'own', place: [1, 2] })).toBeUndefined()
  expect(completion(full, { place: [1, 2] })?.changes).toEqual({ description: 'hi' })
  expect(completion(full, { description: 'own' })?.changes).toEqual({
    latitude: TOKYO[0],
    longitude: TOKYO[1],
    dateTimeOriginal: '2021-06-01T21:00:00+09:00',
  })
})

test.each<[Place | undefined, Place | undefined, boolean]>([
  [[1, 2], [1.000001, 2], true],
  [[1, 2], [1.0001, 2], false],
  [[1, 2], undefined, false],
  [undefined, undefined, true],
])('places %s and %s are the same: %s', (a, b, same) => {
  expect(samePlace(a, b)).toBe(same)
})
