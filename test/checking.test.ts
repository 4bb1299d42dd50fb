import { expect, test } from 'vitest'
import type { Asset, Want } from '../lib/state/records.ts'
import {
  albumDiffers,
  assetDiffers,
  differsOf,
  isGone,
  joined,
  piecesOf,
} from '../lib/transfer/checking.ts'

const there: Asset = {
  name: 'sea.jpg',
  sha1: 'aa',
  size: 1,
  kind: 'image',
  taken: '2024-06-01T12:00:00.123Z',
  local: '2024-06-01T14:00:00.123Z',
  visibility: 'timeline',
  place: [50.000004, 8],
  description: '1.5',
  updated: '',
}
const differs = (
  want: Want,
  more?: Parameters<typeof assetDiffers>[2],
  asset: Asset | undefined = there,
) => assetDiffers({ asset: 'a', at: '', want }, asset, more)

test.each<[string, Want, object]>([
  ['nothing asked for', {}, {}],
  [
    'the same to the second',
    { instant: '2024-06-01T12:00:00.000Z', local: '2024-06-01T14:00:00' },
    {},
  ],
  [
    'a second off',
    { instant: '2024-06-01T12:00:01.000Z' },
    { instant: [there.taken, '2024-06-01T12:00:01.000Z'] },
  ],
  [
    'another wall clock',
    { local: '2024-06-01T12:00:00' },
    { local: [there.local, '2024-06-01T12:00:00'] },
  ],
  ['a place to the metre', { place: [50, 8] }, {}],
  ['another place', { place: [51, 8] }, { place: [there.place, [51, 8]] }],
  ['a number that the server rewrote', { description: '1.50' }, {}],
  ['another caption', { description: 'x' }, { description: ['1.5', 'x'] }],
  ['a favourite that is none', { favorite: true }, { favorite: [null, true] }],
  [
    'an archived one in the timeline',
    { visibility: 'archive' },
    { visibility: ['timeline', 'archive'] },
  ],
])('%s', (_, want, expected) => {
  expect(differs(want)).toEqual(expected)
})

test('stack and tags are compared only where they are known', () => {
  const want: Want = { stack: ['e', 'a'], tags: ['People/Mira'] }
  expect(differs(want)).toEqual({})
  expect(differs(want, { stack: ['e', 'a'], tags: ['People/Mira', 'own'] })).toEqual({})
  expect(differs(want, { stack: undefined, tags: [] })).toEqual({
    stack: [null, ['e', 'a']],
    tags: [[], ['People/Mira']],
  })
  expect(differs(want, { stack: ['a', 'e'], tags: ['People/Mira'] })).toHaveProperty('stack')
})

test('one that is gone, or in the trash without our doing', () => {
  expect(assetDiffers({ asset: 'a', at: '' }, undefined)).toEqual({ asset: [null, 'a'] })
  const trashed = { ...there, trashed: true as const }
  expect(differs({}, undefined, trashed)).toEqual({ asset: ['in the trash', 'a'] })
  expect(differs({ trashed: true }, undefined, trashed)).toEqual({})
})

test('a photo is compared with all its assets, each under its name', () => {
  const transfer = {
    asset: 'a',
    at: 't',
    want: { name: 'sea.jpg' },
    others: { one: 'e', two: 'm', old: 'x' },
    gave: { one: { want: { name: 'sea-edited.jpg' } }, two: { want: { name: 'sea-edited.jpg' } } },
  }
  const pieces = piecesOf(transfer)
  expect([...pieces].map(([name, { asset }]) => [name, asset])).toEqual([
    ['', 'a'],
    ['sea-edited.jpg', 'e'],
    ['two', 'm'],
  ])
  const of: [string, ReturnType<typeof assetDiffers>][] = [
    ['', { favorite: [null, true] }],
    ['sea-edited.jpg', { description: ['', 'x'] }],
  ]
  const all = joined(of)
  expect(Object.keys(all)).toEqual(['favorite', 'sea-edited.jpg: description'])
  for (const [name, differs] of of) expect(differsOf(all, name)).toEqual(differs)
  expect([isGone(all), isGone(joined([['b', { asset: [null, 'e'] }]]))]).toEqual([false, true])
})

test('a motion half that gave way to the one in the picture is no difference', () => {
  const of = (live: unknown) =>
    joined([
      ['', { live: [live, 'm'] }],
      ['a.mp4', { asset: [null, 'm'] }],
    ])
  expect(of('own')).toEqual({})
  expect(Object.keys(of(null))).toEqual(['live', 'a.mp4: asset'])
})

test('an album: title, description and the photos that were put there', () => {
  const transfer = {
    album: 'b',
    at: '',
    want: { title: 'Trip', description: 'd' },
    added: ['p', 'q'],
  }
  const assetOf = (photo: string) => `asset of ${photo}`
  const album = { title: 'Trip', description: 'd', assets: ['asset of p', 'asset of q', 'own'] }
  expect(albumDiffers(transfer, album, assetOf)).toEqual({})
  expect(albumDiffers(transfer, { title: 'Tour', assets: ['asset of p'] }, assetOf)).toEqual({
    title: ['Tour', 'Trip'],
    description: ['', 'd'],
    photos: [1, 2],
  })
  expect(albumDiffers(transfer, undefined, assetOf)).toEqual({ asset: [null, 'b'] })
})
