import { expect, test } from 'vitest'
import { assetIndex, dispute, matchPhoto, type Strictness } from '../lib/link/matching.ts'
import type { Asset, Link, Photo, Transfer } from '../lib/state/records.ts'

const TAKEN = Date.UTC(2024, 5, 1, 12) / 1000
const SHA = 'aa'.repeat(20)
const photo = (more: Partial<Photo> = {}): Photo => ({
  title: 'sea.jpg',
  kind: 'image',
  taken: TAKEN,
  files: [{ part: 'p', path: 'sea.jpg', size: 1000, crc: '00000001', role: 'original', why: '' }],
  ...more,
})
const asset = (more: Partial<Asset> = {}): Asset => ({
  name: 'sea.jpg',
  sha1: 'bb'.repeat(20),
  size: 2000,
  kind: 'image',
  taken: new Date(TAKEN * 1000).toISOString(),
  local: new Date((TAKEN + 7200) * 1000).toISOString(),
  visibility: 'timeline',
  updated: '2024-06-02T00:00:00.000Z',
  ...more,
})
const match = (
  strictness: Strictness,
  assets: Record<string, Asset>,
  bytes = {},
  given = photo(),
  transfers: Record<string, Transfer> = {},
) => {
  const { asset, how, candidates } = matchPhoto(
    given,
    bytes,
    assetIndex(assets, transfers),
    strictness,
  )
  return [asset, how, ...(candidates ? [candidates] : [])]
}

const same = { size: 1000, sha1: SHA }
const pixels = { width: 80, height: 60 }
const levels: [
  what: string,
  asset: Partial<Asset>,
  bytes: object,
  ...expected: (string | null)[],
][] = [
  [
    'equal bytes',
    { ...same, name: 'x.png', taken: '1999-01-01T00:00:00.000Z' },
    { sha1: SHA },
    'checksum',
    'checksum',
    'checksum',
    'checksum',
  ],
  [
    'name, time and pixels',
    pixels,
    pixels,
    null,
    'name, time and dimensions',
    'name, time and dimensions',
    'name, time and dimensions',
  ],
  [
    'the same turned by 90 degrees',
    { width: 60, height: 80 },
    pixels,
    null,
    'name, time and dimensions',
    'name, time and dimensions',
    'name, time and dimensions',
  ],
  [
    'a larger one there',
    { width: 160, height: 120 },
    pixels,
    null,
    'smaller copy',
    'smaller copy',
    'smaller copy',
  ],
  ['name and time, pixels unknown', {}, {}, null, null, 'name and time', 'name and time'],
  [
    'name and time, another aspect',
    { width: 90, height: 60 },
    pixels,
    null,
    null,
    'name and time',
    'name and time',
  ],
  [
    'the name alone',
    { taken: '1999-01-01T00:00:00.000Z', local: '1999-01-01T00:00:00.000Z' },
    {},
    null,
    null,
    null,
    'name',
  ],
  [
    'the wall clock instead of the instant',
    { ...pixels, taken: '1999-01-01T00:00:00.000Z', local: new Date(TAKEN * 1000).toISOString() },
    pixels,
    null,
    'name, time and dimensions',
    'name, time and dimensions',
    'name, time and dimensions',
  ],
  ['another name', { name: 'hill.jpg', ...pixels }, pixels, null, null, null, null],
  [
    'the name in capitals and another extension',
    { name: 'SEA.HEIC', ...pixels },
    pixels,
    null,
    'name, time and dimensions',
    'name, time and dimensions',
    'name, time and dimensions',
  ],
  ['a video of that name', { kind: 'video', ...pixels }, pixels, null, null, null, null],
  [
    'a hidden motion half of equal bytes',
    { ...same, visibility: 'hidden' },
    { sha1: SHA },
    null,
    null,
    null,
    null,
  ],
  [
    'an external library of equal size',
    { size: 1000, library: 'l', sha1: SHA },
    { sha1: SHA },
    null,
    'name, time and size',
    'name, time and size',
    'name, time and size',
  ],
  [
    'equal bytes in the trash',
    { ...same, trashed: true },
    { sha1: SHA },
    'checksum',
    'checksum',
    'checksum',
    'checksum',
  ],
  ['only the name in the trash', { ...pixels, trashed: true }, pixels, null, null, null, null],
]
test.each(levels)('%s', (_, there, bytes, ...expected) => {
  const found = (['exact', 'high', 'medium', 'low'] as const).map((level) =>
    match(level, { a: asset(there) }, bytes),
  )
  expect(found).toEqual(expected.map((how) => (how ? ['a', how] : [null, 'none'])))
})

test('a smaller one on the server is no link at high, and is named', () => {
  expect(match('high', { a: asset({ width: 40, height: 30 }) }, pixels)).toEqual([
    null,
    'smaller on the server',
    ['a'],
  ])
})

test('several candidates are never guessed at', () => {
  const two = { a: asset(pixels), b: asset(pixels) }
  expect(match('high', two, pixels)).toEqual([null, 'several', ['a', 'b']])
  expect(match('exact', two, pixels)).toEqual([null, 'none'])
})

test('a time that only a year folder tells is no time', () => {
  expect(match('high', { a: asset(pixels) }, pixels, photo({ takenFrom: 'year' }))).toEqual([
    null,
    'none',
  ])
})

test('what was sent for one photo is by its name no other photo’s', () => {
  const transfers = { other: { asset: 'a', at: '' } }
  expect(match('low', { a: asset(pixels) }, pixels, photo(), transfers)).toEqual([null, 'none'])
})

test('two photos that claim one asset wait, and a new claim waits behind an old one', () => {
  const claim = (how: string): Link => ({ asset: 'a', how })
  const links = new Map([
    ['p', claim('name')],
    ['q', claim('name')],
  ])
  dispute(links, new Map())
  expect([...links.values()]).toMatchObject([
    { asset: null, how: 'disputed', candidates: ['a'] },
    { asset: null, how: 'disputed' },
  ])
  const late = new Map([['q', claim('name and time')]])
  dispute(late, new Map([['p', 'a']]))
  expect(late.get('q')).toMatchObject({ asset: null, how: 'disputed' })
  expect(late.has('p')).toBe(false)
  const equal = new Map([['q', claim('checksum')]])
  dispute(equal, new Map([['p', 'a']]))
  expect(equal.get('q')).toMatchObject({ asset: 'a' })
})
