import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Asset, Photo, Transfer } from '../lib/state/records.ts'
import { newsOf } from '../lib/transfer/updating.ts'
import { inAlbum, picture, type World, world } from './sandbox/run.ts'
import { bytesOf, makeTakeout, type Shot } from './sandbox/takeout.ts'

const TAKEN = Date.UTC(2024, 5, 1, 12) / 1000
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
const photo = (more: Partial<Photo> = {}): Photo => ({
  title: 'a.jpg',
  kind: 'image',
  taken: TAKEN,
  files: [],
  description: 'old',
  ...more,
})
const transfer = (more: Partial<Transfer> = {}): Transfer => ({
  asset: 'A',
  at: '2026-01-01',
  taken: TAKEN,
  want: { instant: iso(TAKEN), description: 'old', favorite: true, tags: ['People/Mira'] },
  ...more,
})
const asset = (more: Partial<Asset> = {}) =>
  ({
    taken: iso(TAKEN),
    local: '2024-06-01T14:00:00.000Z',
    visibility: 'timeline',
    favorite: true,
    description: 'old',
    ...more,
  }) as Asset
const mira: Partial<Photo> = { favorite: true, people: ['Mira'] }

type Row = [string, Photo, Transfer, Asset, ReturnType<typeof newsOf>['news'], string[]?]
test.each<Row>([
  ['nothing changed', photo(mira), transfer(), asset(), {}],
  [
    'a caption',
    photo({ ...mira, description: 'new' }),
    transfer(),
    asset(),
    { description: 'new' },
  ],
  [
    'a caption taken away',
    photo({ ...mira, description: '' }),
    transfer(),
    asset(),
    { description: '' },
  ],
  [
    'a caption that was changed here, too',
    photo({ ...mira, description: 'new' }),
    transfer(),
    asset({ description: 'mine' }),
    {},
    ['description'],
  ],
  [
    'a caption of ours that was changed here alone',
    photo(mira),
    transfer(),
    asset({ description: 'mine' }),
    {},
  ],
  ['a place', photo({ ...mira, place: [1, 2] }), transfer(), asset(), { place: [1, 2] }],
  [
    'a place where the file had its own',
    photo({ ...mira, place: [1, 2] }),
    transfer(),
    asset({ place: [3, 4] }),
    {},
    ['place'],
  ],
  ['a time', photo({ ...mira, taken: TAKEN + 60 }), transfer(), asset(), { taken: TAKEN + 60 }],
  [
    'a time that was changed here, too',
    photo({ ...mira, taken: TAKEN + 60 }),
    transfer(),
    asset({ taken: iso(TAKEN + 5) }),
    {},
    ['taken'],
  ],
  [
    'a time that Google gave to many',
    photo({ ...mira, taken: TAKEN + 60, takenFrom: 'cluster' }),
    transfer(),
    asset(),
    {},
  ],
  [
    'a time after a guess: the tag goes',
    photo({ ...mira, taken: TAKEN + 60 }),
    transfer({ want: { ...transfer().want, tags: ['People/Mira', 'photoferry/date-guessed'] } }),
    asset(),
    { taken: TAKEN + 60, untag: ['photoferry/date-guessed'] },
  ],
  [
    'no favourite, another person',
    photo({ people: ['Ann'] }),
    transfer(),
    asset(),
    { favorite: false, tag: ['People/Ann'], untag: ['People/Mira'] },
  ],
  ['archived', photo({ ...mira, archived: true }), transfer(), asset(), { archived: true }],
  [
    'a photo that was there before: its own words stay',
    photo({ ...mira, description: 'new', place: [1, 2], taken: 5 }),
    transfer({ had: true, want: {} }),
    asset({ place: [3, 4] }),
    {},
  ],
  [
    'a caption where none was',
    photo({ description: 'new' }),
    transfer({ had: true, want: {} }),
    asset({ description: '' }),
    { description: 'new' },
  ],
  ['an external library', photo({ description: 'new' }), transfer(), asset({ library: 'L' }), {}],
])('%s', (_, said, given, shown, news, kept = []) => {
  expect(newsOf(said, given, shown)).toEqual({ news, kept })
})

test('with --overwrite Google counts, but what it does not say empties nothing', () => {
  const had = transfer({ had: true, want: {} })
  const shown = asset({ description: 'mine', place: [3, 4], taken: iso(5), favorite: true })
  const google = photo({ description: 'new', place: [1, 2], archived: true, people: ['Ann'] })
  expect(newsOf(google, had, shown, true).news).toEqual({
    description: 'new',
    place: [1, 2],
    taken: TAKEN,
    archived: true,
    tag: ['People/Ann'],
  })
  expect(
    newsOf(photo({ description: '' }), had, asset({ description: 'mine' }), true).news,
  ).toEqual({})
})

describe('a second export', () => {
  let w: World
  afterEach(() => w?.end())
  const SYNC = ['index-immich', 'link', 'transfer', 'index-immich', 'verify --wait 10s']
  const again = (shots: Shot[], albums: Parameters<typeof makeTakeout>[1]['albums'] = []) =>
    makeTakeout(join(w.dir, 'takeout'), { shots, albums }, { parts: 1, stamp: '20260301T101500Z' })
  const [sea, hill, town] = [picture('sea.jpg', 1), picture('hill.jpg', 2), picture('town.jpg', 3)]

  test.each([3, 2])(
    'what was changed in Google since arrives, what was changed here stays, on v%i',
    async (major) => {
      const album = { folder: 'Trip', title: 'Trip', description: 'Two days' }
      const told = (shot: Shot, description: string): Shot => ({
        ...shot,
        facts: { description, people: ['Mira'], favorite: true },
      })
      w = await world({
        shots: [
          told(sea, 'old'),
          told(hill, 'old'),
          town,
          ...inAlbum('Trip', told(sea, 'old'), town),
        ],
        albums: [album],
        server: { version: major === 3 ? '3.1.0' : '2.7.5' },
      } as never)
      await w.stages('index-gphotos', ...SYNC)
      await w.server.settled()
      w.asset('hill.jpg').exif.description = 'by hand'
      w.server.db.touch(w.asset('hill.jpg'))

      const newer = (shot: Shot): Shot => ({
        ...shot,
        title: shot.name,
        bytes: bytesOf(shot),
        json: { photoLastModifiedTime: { timestamp: '1900000000' } },
      })
      const moved: Shot = {
        ...newer(told(sea, 'old')),
        taken: (sea.taken ?? 0) + 3600,
        facts: { description: 'new', place: [48.1, 11.5], people: ['Ann'] },
      }
      await again(
        [
          moved,
          newer(told(hill, 'new')),
          { ...newer(town), facts: { archived: true } },
          ...inAlbum('Trip!', moved, { ...newer(town), facts: { archived: true } }),
        ],
        [{ ...album, folder: 'Trip!', title: 'Trip to the sea' }],
      )
      const ran = await w.stages('index-gphotos', ...SYNC)
      expect(ran.err).toContain('right')
      await w.server.settled()
      expect(w.asset('sea.jpg').exif).toMatchObject({ description: 'new', latitude: 48.1 })
      expect(iso(w.asset('sea.jpg').fileCreatedAt / 1000)).toBe(iso(moved.taken ?? 0))
      expect(w.asset('sea.jpg').isFavorite).toBe(false)
      expect(w.asset('town.jpg').visibility).toBe('archive')
      expect(w.asset('hill.jpg').exif.description).toBe('by hand')
      expect([...w.server.db.albums.values()]).toMatchObject([{ albumName: 'Trip to the sea' }])
      expect((await w.stages('index-immich', 'transfer', 'status')).out).toMatch(
        /^Worth a look +1 = 1 kept$/m,
      )
      expect((await w.stages('status --list kept')).out).toContain('"fields":["description"]')
      expect(Object.values(w.load().checks).filter(({ ok }) => !ok)).toMatchObject([
        { changed: true },
      ])

      // Nothing is left to do, until it is asked for.
      expect((await w.stages('index-immich', 'transfer')).err).toContain('nothing to send')
      await w.stages('transfer --overwrite', 'index-immich')
      await w.server.settled()
      expect(w.asset('hill.jpg').exif.description).toBe('new')
      expect(await w.stages('index-immich', 'verify', 'transfer --overwrite')).toMatchObject({
        code: 0,
      })
      expect(w.server.count('POST', /^\/api\/assets$/)).toBe(3)
    },
  )

  const large = picture('beach.jpg', 7, { size: [800, 600], photo: 'one link' })
  const small = { ...large, size: [400, 300] as [number, number] }
  const edited: Shot = picture('sea-edited.jpg', 1, { warm: true, role: 'edited', of: 'sea.jpg' })
  const active = () => [...w.server.db.assets.values()].filter(({ status }) => status === 'active')
  const album = [{ folder: 'Trip', title: 'Trip' }]
  const inAlbums = () => [...w.server.db.albums.values()].map(({ assetIds }) => assetIds)

  test('brings a larger size of what was sent: it arrives in the same albums, the smaller one goes with --upgrade', async () => {
    w = await world({ shots: inAlbum('Trip', small), albums: album })
    await w.stages('index-gphotos', ...SYNC)
    const sent = w.asset('beach.jpg').id
    await again([large, ...inAlbum('Trip', small)], album)
    expect(await w.stages('index-gphotos', ...SYNC)).toMatchObject({ code: 0 })
    const [now = ''] = active().flatMap(({ id }) => (id === sent ? [] : [id]))
    expect(active()).toHaveLength(2)
    expect(inAlbums()).toEqual([[sent, now]])
    expect((await w.stages('transfer')).err).toContain('nothing to send')
    await w.stages('transfer --upgrade', 'index-immich')
    expect(active().map(({ id }) => id)).toEqual([now])
    expect((await w.stages('transfer --upgrade')).err).toContain('nothing to send')
    expect(await w.stages('verify --all')).toMatchObject({ code: 0 })
  })

  test('changes a caption and a time: an edited copy gets them as its original does', async () => {
    const told = (description: string, more: Partial<Shot> = {}): Shot[] => [
      { ...sea, ...more, facts: { description } },
      edited,
    ]
    w = await world({ shots: told('old') })
    await w.stages('index-gphotos', ...SYNC)
    const later = {
      bytes: bytesOf(sea),
      taken: (sea.taken ?? 0) + 3600,
      json: { photoLastModifiedTime: { timestamp: '1900000000' } },
    }
    await again(told('new', later))
    expect(await w.stages('index-gphotos', ...SYNC)).toMatchObject({ code: 0 })
    await w.server.settled()
    for (const name of ['sea.jpg', 'sea-edited.jpg']) {
      expect(w.asset(name).exif.description, name).toBe('new')
      expect(iso(w.asset(name).fileCreatedAt / 1000), name).toBe(iso(later.taken))
    }
    expect((await w.stages('index-immich', 'transfer')).err).toContain('nothing to send')

    // By hand on the copy alone: that stays, and is listed.
    w.asset('sea-edited.jpg').exif.description = 'by hand'
    w.server.db.touch(w.asset('sea-edited.jpg'))
    const newest = { ...later, json: { photoLastModifiedTime: { timestamp: '1900000001' } } }
    await makeTakeout(
      join(w.dir, 'takeout'),
      { shots: told('newest', newest), albums: [] },
      { parts: 1, stamp: '20260401T101500Z' },
    )
    await w.stages('index-gphotos', ...SYNC)
    expect(w.asset('sea.jpg').exif.description).toBe('newest')
    expect(w.asset('sea-edited.jpg').exif.description).toBe('by hand')
    expect((await w.stages('index-immich', 'status --list kept')).out).toContain('description')
    expect((await w.stages('transfer')).err).toContain('nothing to send')
  })

  test('brings the original of an edited copy that was sent alone: both are stacked', async () => {
    w = await world({
      shots: inAlbum('Trip', { ...edited, role: undefined } as Shot),
      albums: album,
    })
    await w.stages('index-gphotos', ...SYNC)
    await again([sea, edited])
    expect(await w.stages('index-gphotos', ...SYNC)).toMatchObject({ code: 0 })
    expect(w.titles()).toEqual(['sea-edited.jpg', 'sea.jpg'])
    expect([...w.server.db.stacks.values()]).toMatchObject([
      { primaryAssetId: w.asset('sea-edited.jpg').id },
    ])
    expect(inAlbums()).toEqual([[w.asset('sea-edited.jpg').id, w.asset('sea.jpg').id]])
    expect((await w.stages('index-immich', 'transfer')).err).toContain('nothing to send')
  })

  test('brings another edit of a photo: it goes on top, the older one stays below', async () => {
    w = await world({ shots: [sea, edited] })
    await w.stages('index-gphotos', ...SYNC)
    const bytes = bytesOf({ ...edited, seed: 99 })
    await again([sea, { ...edited, bytes }])
    expect(await w.stages('index-gphotos', ...SYNC)).toMatchObject({ code: 0 })
    const [top, ...below] = [...w.server.db.assets.values()]
      .filter(({ originalFileName }) => originalFileName === 'sea-edited.jpg')
      .reverse()
    expect(below).toHaveLength(1)
    expect([...w.server.db.stacks.values()]).toMatchObject([{ primaryAssetId: top?.id }])
    expect((await w.stages('index-immich', 'transfer')).err).toContain('nothing to send')
  })
})
