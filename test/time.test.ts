import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Place } from '../lib/state/records.ts'
import {
  dateInName,
  instantOf,
  localDay,
  plausibleOffset,
  withOffset,
  zoneAt,
} from '../lib/time.ts'

const utc = (text: string) => Date.parse(`${text}Z`) / 1000
const home = process.env.TIME_ZONE
beforeEach(() => {
  process.env.TIME_ZONE = 'Europe/Berlin'
})
afterEach(() => {
  if (home === undefined) delete process.env.TIME_ZONE
  else process.env.TIME_ZONE = home
})

const BERLIN: Place = [52.52, 13.4]
const KATHMANDU: Place = [27.7, 85.32]
const NEW_YORK: Place = [40.71, -74]

describe('the wall clock of an instant', () => {
  test.each<[string, string, Parameters<typeof withOffset>[1], string]>([
    ['of the place', '2021-06-01T12:00:00', { place: NEW_YORK }, '2021-06-01T08:00:00-04:00'],
    [
      'of the place, whatever the file says',
      '2021-06-01T12:00:00',
      { place: NEW_YORK, offset: '+02:00' },
      '2021-06-01T08:00:00-04:00',
    ],
    [
      'of the offset in the file',
      '2021-06-01T12:00:00',
      { offset: '+05:30' },
      '2021-06-01T17:30:00+05:30',
    ],
    [
      'of the difference to the clock in the file',
      '2021-06-01T12:00:00',
      { local: '2021-06-01T17:30:00' },
      '2021-06-01T17:30:00+05:30',
    ],
    [
      'of home where that difference is no zone',
      '2021-06-01T12:00:00',
      { local: '2021-06-01T17:37:00' },
      '2021-06-01T14:00:00+02:00',
    ],
    ['of home', '2021-06-01T12:00:00', {}, '2021-06-01T14:00:00+02:00'],
    [
      'before summer time begins',
      '2021-03-28T00:59:59',
      { place: BERLIN },
      '2021-03-28T01:59:59+01:00',
    ],
    [
      'after summer time begins',
      '2021-03-28T01:00:00',
      { place: BERLIN },
      '2021-03-28T03:00:00+02:00',
    ],
    [
      'the first 02:30 of the night when it ends',
      '2021-10-31T00:30:00',
      { place: BERLIN },
      '2021-10-31T02:30:00+02:00',
    ],
    ['the second one', '2021-10-31T01:30:00', { place: BERLIN }, '2021-10-31T02:30:00+01:00'],
    [
      'in a zone of three quarters',
      '2021-06-01T12:00:00',
      { place: KATHMANDU },
      '2021-06-01T17:45:00+05:45',
    ],
    [
      'in a zone of half an hour',
      '2021-06-01T12:00:00',
      { place: [28.6, 77.2] },
      '2021-06-01T17:30:00+05:30',
    ],
    [
      'east of the date line',
      '2021-06-01T12:00:00',
      { place: [-13.83, -171.77] },
      '2021-06-02T01:00:00+13:00',
    ],
    ['west of it', '2021-06-01T12:00:00', { place: [-14.28, -170.7] }, '2021-06-01T01:00:00-11:00'],
    [
      'on Kiritimati',
      '2021-06-01T12:00:00',
      { place: [1.87, -157.4] },
      '2021-06-02T02:00:00+14:00',
    ],
    [
      'in New Year\u2019s night',
      '2020-12-31T23:30:00',
      { place: BERLIN },
      '2021-01-01T00:30:00+01:00',
    ],
    ['before 1970', '1955-07-01T12:00:00', { place: BERLIN }, '1955-07-01T13:00:00+01:00'],
    [
      'when summer time was double',
      '1947-06-01T12:00:00',
      { place: BERLIN },
      '1947-06-01T15:00:00+03:00',
    ],
    ['before there were zones', '1885-06-01T12:00:00', { place: BERLIN }, '1885-06-01T12:00:00Z'],
    ['after 2038', '2099-07-01T12:00:00', { place: BERLIN }, '2099-07-01T14:00:00+02:00'],
    ['on the ocean', '2021-06-01T12:00:00', { place: [0, -160] }, '2021-06-01T01:00:00-11:00'],
  ])('%s', (_, instant, file, wanted) => {
    expect(withOffset(utc(instant), file)).toBe(wanted)
    expect(Date.parse(wanted) / 1000).toBe(utc(instant))
  })
})

test.each<[string, Place, string]>([
  ['Berlin', BERLIN, 'Europe/Berlin'],
  ['the pole, which has all', [90, 0], 'Etc/GMT-12'],
  ['the equator, on one axis zero', [0, 9.45], 'Africa/Lagos'],
])('the zone at %s', (_, place, zone) => {
  expect(zoneAt(place)).toBe(zone)
})

test.each([
  ['2021-06-01T12:00:00', undefined, 'Europe/Berlin', utc('2021-06-01T10:00:00')],
  ['2021-06-01T12:00:00', '-03:30', 'Europe/Berlin', utc('2021-06-01T15:30:00')],
  ['2021-10-31T02:30:00', undefined, 'Europe/Berlin', utc('2021-10-31T00:30:00')],
  ['2021-03-28T02:30:00', undefined, 'Europe/Berlin', utc('2021-03-28T01:30:00')],
  ['2021-02-30T12:00:00', undefined, 'Europe/Berlin', null],
  ['soon', undefined, 'Europe/Berlin', null],
])('the instant of %s at %s in %s', (local, offset, zone, wanted) => {
  expect(instantOf({ local, zone, ...(offset && { offset }) })).toBe(wanted)
})

test.each([
  ['2021-06-01T14:00:00', '+02:00'],
  ['2021-06-01T14:00:02', '+02:00'],
  ['2021-06-01T14:00:03', null],
  ['2021-06-01T06:30:00', null],
  ['2021-06-01T08:30:00', '-03:30'],
  ['2021-06-01T12:00:00', '+00:00'],
  ['2021-06-02T02:00:00', '+14:00'],
  ['2021-06-02T02:15:00', null],
  ['2021-06-01T00:00:00', '-12:00'],
  ['2021-05-31T23:45:00', null],
  ['2020-06-01T14:00:00', null],
  ['0000-00-00T00:00:00', null],
  [undefined, null],
])('a clock of %s shows noon UTC at %s', (local, wanted) => {
  expect(plausibleOffset(utc('2021-06-01T12:00:00'), local)).toBe(wanted)
})

test.each([
  ['IMG_20210304_101112.jpg', '2021-03-04T09:11:12'],
  ['PXL_20210304_101112345.jpg', '2021-03-04T10:11:12'],
  ['2021-03-04 10.11.12.jpg', '2021-03-04T09:11:12'],
  ['Screenshot_20210304-101112.png', '2021-03-04T09:11:12'],
  ['IMG-20210304-WA0001.jpg', '2021-03-04T11:00:00'],
  ['20210304_101112(1).jpg', '2021-03-04T09:11:12'],
  ['IMG_20211304_101112.jpg', null],
  ['IMG_0001.jpg', null],
  ['1234567890123.jpg', null],
  ['120210304.jpg', null],
])('the time in the name %s is %s', (name, wanted) => {
  expect(dateInName(name)).toBe(wanted === null ? null : utc(wanted))
})

test('a day is that of the wall', () => {
  expect(localDay(utc('2020-12-31T23:30:00'), 'Europe/Berlin')).toBe('2021-01-01')
  expect(localDay(-1, 'UTC')).toBe('1969-12-31')
})

test('zones of places all over the earth take no more memory than those of a few', () => {
  const lib = JSON.stringify(join(import.meta.dirname, '../lib/time.ts'))
  const script = `import { zoneAt } from ${lib}
    for (let n = 0; n < 20_000; n++) zoneAt([((n * 37) % 1300) / 10 - 55, ((n * 101) % 3600) / 10 - 180])`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=64', '--input-type=module-typescript', '-e', script],
    { encoding: 'utf8' },
  )
  expect([status, stderr]).toEqual([0, ''])
})
