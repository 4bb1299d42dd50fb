import { afterAll, beforeAll, expect, test } from 'vitest'
import { clockInXmp, type Known, whenTaken } from '../lib/organize/when.ts'

const home = process.env.TIME_ZONE
beforeAll(() => {
  process.env.TIME_ZONE = 'Europe/Berlin'
})
afterAll(() => {
  if (home === undefined) delete process.env.TIME_ZONE
  else process.env.TIME_ZONE = home
})

const utc = (text: string) => Date.parse(`${text}Z`) / 1000
const now = utc('2024-06-01T00:00:00') * 1000
const exif = { local: '2020-05-05T10:00:00' }
const xmp = '<rdf:Description exif:DateTimeOriginal="2017-03-03T10:00:00+05:00"/>'

test.each<[string, Partial<Known>, string | null]>([
  [
    'a sidecar before all',
    { xmp, facts: { taken: utc('2018-01-01T00:00:00') }, head: exif },
    '2017-03-03T10:00:00 xmp',
  ],
  [
    "Google's before the file",
    { facts: { taken: utc('2018-01-01T12:00:00') }, head: exif },
    '2018-01-01T13:00:00 json',
  ],
  [
    'on the wall of the place',
    { facts: { taken: utc('2018-01-01T02:00:00'), place: [40.71, -74] } },
    '2017-12-31T21:00:00 json',
  ],
  [
    'else of the camera',
    { facts: { taken: utc('2018-01-01T02:00:00') }, head: { local: '2017-12-31T21:00:00' } },
    '2017-12-31T21:00:00 json',
  ],
  [
    'EXIF before the name',
    { name: 'IMG_20190101_101010.jpg', head: exif },
    '2020-05-05T10:00:00 exif',
  ],
  ['the name', { name: 'IMG_20190101_101010.jpg' }, '2019-01-01T10:10:10 name'],
  ["a Pixel's name is UTC", { name: 'PXL_20190101_231010123.jpg' }, '2019-01-02T00:10:10 name'],
  ['a date alone', { name: 'IMG-20190101-WA0001.jpg' }, '2019-01-01T12:00:00 name'],
  [
    'the time of a conflict is none',
    { name: 'sea.sync-conflict-20240101-101010-ABCDEFG.jpg' },
    null,
  ],
  [
    "a movie's UTC, on the wall at home",
    { head: { seconds: 1, instant: utc('2020-01-01T23:30:00') } },
    '2020-01-02T00:30:00 movie',
  ],
  [
    'on the wall that its name tells',
    { name: 'VID_20200101_183000.mp4', head: { seconds: 1, instant: utc('2020-01-01T23:30:00') } },
    '2020-01-01T18:30:00 movie',
  ],
  [
    "Apple's wall clock",
    { head: { seconds: 1, local: '2020-01-01T05:00:00', instant: 1 } },
    '2020-01-01T05:00:00 movie',
  ],
  [
    'a camera that lost its clock, then the name',
    { name: 'IMG_20190101_101010.jpg', head: { local: '1970-01-01T00:12:00' } },
    '2019-01-01T10:10:10 name',
  ],
  ['1980 to the second is no time', { head: { local: '1980-01-01T00:00:00' } }, null],
  ['but the year is', { head: { local: '1980-06-01T00:00:00' } }, '1980-06-01T00:00:00 exif'],
  ['what lies ahead is none', { head: { local: '2024-06-03T00:00:00' } }, null],
  [
    'tomorrow is one, somewhere',
    { head: { local: '2024-06-01T20:00:00' } },
    '2024-06-01T20:00:00 exif',
  ],
  ['before there were photos', { head: { local: '0001-01-01T00:00:00' } }, null],
  [
    'an old scan',
    { xmp: '<photoshop:DateCreated>1931-07-01</photoshop:DateCreated>' },
    '1931-07-01T12:00:00 xmp',
  ],
  [
    "the file's own, where it is asked for",
    { modified: utc('2016-01-01T00:00:00') * 1000 },
    '2016-01-01T01:00:00 mtime',
  ],
  ['nothing', {}, null],
])('%s', (_, known, expected) => {
  const when = whenTaken({ name: 'x.jpg', head: {}, ...known }, now)
  expect(when && `${when.local} ${when.from}`).toBe(expected)
})

test.each([
  ['<exif:DateTimeOriginal>2021-03-04T05:06</exif:DateTimeOriginal>', '2021-03-04T05:06:00'],
  [
    "<x xmp:CreateDate='2021-03-04T05:06:07.89Z' photoshop:DateCreated='2020-01-01'/>",
    '2020-01-01T12:00:00',
  ],
  ['<xmp:ModifyDate>2021-03-04T05:06:07</xmp:ModifyDate>', undefined],
  ['no xml at all', undefined],
])('in XMP: %s', (text, local) => {
  expect(clockInXmp(text)).toBe(local)
})
