import { expect, test } from 'vitest'
import { linkAlbums } from '../lib/link/albums.ts'
import type { Album, AlbumLink, AssetAlbum, Transfer } from '../lib/state/records.ts'

const album = (title: string): Album => ({ title, folder: title, export: 'e', photos: ['p'] })
const there = (title: string, more: Partial<AssetAlbum> = {}): AssetAlbum => ({
  title,
  updated: '',
  count: 0,
  assets: [],
  seen: '',
  ...more,
})
const link = (
  ours: Record<string, string>,
  theirs: Record<string, AssetAlbum>,
  before: Record<string, AlbumLink> = {},
  transfers: Record<string, Transfer> = {},
) =>
  Object.fromEntries(
    linkAlbums(
      Object.fromEntries(Object.entries(ours).map(([id, title]) => [id, album(title)])),
      theirs,
      before,
      transfers,
      '2024-02-01',
    ),
  )

test.each<[string, string, string, string | null]>([
  ['the very title', 'Trip', 'Trip', 'title'],
  ['spaces at its ends', 'Trip ', ' Trip', 'trimmed title'],
  ['capitals', 'TRIP', 'Trip', 'folded title'],
  ['an accent in another form', 'Cafe\u0301', 'CAFÉ', 'folded title'],
  ['a part of it', 'Trip', 'Trip 2024', null],
])('%s', (_, ours, theirs, how) => {
  expect(link({ o: ours }, { t: there(theirs) }).o).toEqual(
    how ? { album: 't', how } : { album: null, how: 'none' },
  )
})

test('several of one title wait, and one that others see waits', () => {
  expect(link({ o: 'Trip' }, { t: there('Trip'), u: there('Trip') }).o).toEqual({
    album: null,
    how: 'several',
    candidates: ['t', 'u'],
  })
  expect(link({ o: 'Trip' }, { t: there('Trip', { shared: true }) }).o).toEqual({
    album: null,
    how: 'shared',
    candidates: ['t'],
  })
})

test('two of ours never share one of theirs, and the very title comes before a folded one', () => {
  expect(link({ a: 'trip', b: 'Trip' }, { t: there('Trip') })).toEqual({
    a: { album: null, how: 'none' },
    b: { album: 't', how: 'title' },
  })
})

test('what was made or found before stays by its id, whatever it is called now', () => {
  const before = { o: { album: 't', how: 'title' } }
  expect(link({ o: 'Trip' }, { t: there('Journey'), u: there('Trip') }, before).o).toEqual({
    album: 't',
    how: 'title',
  })
})

test('one that is gone is not made again; one that was made after the list was fetched is not gone', () => {
  const before = { o: { album: null, how: 'none' } }
  const made = (at: string) => ({ o: { album: 't', at } })
  expect(link({ o: 'Trip' }, {}, before, made('2024-01-01')).o).toEqual({
    album: 't',
    how: 'gone from the server',
  })
  expect(link({ o: 'Trip' }, {}, before, made('2024-03-01')).o).toEqual({ album: 't', how: 'made' })
})
