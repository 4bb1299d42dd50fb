import { readFile, stat } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())

function fill() {
  const { db } = w.server
  const asset = (n: number, more = {}) =>
    db.add({ originalFileName: `${n}.jpg`, checksum: String(n).padStart(40, '0'), ...more })
  const all = [
    asset(1),
    asset(2, { visibility: 'archive' }),
    asset(3, { visibility: 'hidden', originalFileName: '3.mov' }),
    asset(4, { deletedAt: 1, status: 'trashed' }),
    asset(5),
  ]
  asset(6, { ownerId: crypto.randomUUID() })
  const now = Date.now()
  const album = {
    id: crypto.randomUUID(),
    ownerId: db.user.id,
    albumName: 'Trip',
    description: 'd',
    createdAt: now,
    updatedAt: now,
    albumThumbnailAssetId: null,
    order: 'desc' as const,
    isActivityEnabled: true,
    users: [],
    assetIds: all.slice(0, 2).map(({ id }) => id),
  }
  db.albums.set(album.id, album)
  return { all, album, asset }
}

describe.each(['3.1.0', '2.7.5'] as const)('Immich %s', (version) => {
  test('lists all own assets and albums, then what changed and what is gone, then nothing', async () => {
    w = await world({ server: { version } })
    const { all, album, asset } = fill()
    const { db } = w.server
    expect(await w.run('index-immich')).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        '5 assets, 1 album: 5 assets new or changed, 1 album new or changed',
      ),
    })
    const { assets, assetAlbums } = w.load()
    expect(
      Object.values(assets)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['1.jpg', '2.jpg', '3.mov', '4.jpg', '5.jpg'])
    expect(assets[all[3]?.id ?? '']).toMatchObject({ trashed: true })
    expect(assetAlbums[album.id]).toMatchObject({ title: 'Trip', assets: { length: 2 } })

    const before = [await readFile(w.state), (await stat(w.state)).mtimeMs]
    expect((await w.run('index-immich')).err).toContain('nothing new: 5 assets, 1 album')
    expect([await readFile(w.state), (await stat(w.state)).mtimeMs]).toEqual(before)

    db.remove(all[4]?.id ?? '')
    asset(7)
    album.assetIds = [all[0]?.id ?? '']
    album.updatedAt = Date.now() + 5
    const dry = await w.run('index-immich', ['--dry-run', '--json'])
    expect(JSON.parse(dry.out)).toMatchObject({ assets: 1, albums: 1, gone: 1, held: 5 })
    expect(await readFile(w.state)).toEqual(before[0])
    await w.run('index-immich')
    const { assets: now, assetAlbums: albumsNow } = w.load()
    expect(
      Object.values(now)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['1.jpg', '2.jpg', '3.mov', '4.jpg', '7.jpg'])
    expect(albumsNow[album.id]?.assets).toHaveLength(1)

    db.albums.delete(album.id)
    expect((await w.run('index-immich', ['--all'])).err).toContain('1 album gone')
    expect(w.load().assetAlbums).toEqual({})
  })
})

test.each<[string, { status?: number; body?: string; headers?: Record<string, string> }, string]>([
  [
    'a web page instead of the API',
    { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
    'web page',
  ],
  ['an error that stays', { status: 500 }, '500'],
])('%s ends it without a word of bugs', async (_, fault, message) => {
  w = await world()
  fill()
  w.server.fail({ path: /search\/metadata/, times: 20, ...fault })
  const ran = await w.run('index-immich')
  expect(ran.code).toBe(1)
  expect(ran.err).toContain(message)
  expect(ran.err).not.toContain('bug')
  expect(
    await w.run('index-immich', ['--state', `${w.dir}/other.json`], {
      IMMICH_URL: 'http://127.0.0.1:9',
    }),
  ).toMatchObject({ code: 1 })
})

test('another account’s key is refused, unknown flags are bad usage', async () => {
  w = await world()
  fill()
  await w.run('index-immich')
  w.server.db.user.id = crypto.randomUUID()
  const ran = await w.run('index-immich')
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('another Immich account') })
  expect(await w.run('index-immich', ['--nonsense'])).toMatchObject({ code: 2 })
})
