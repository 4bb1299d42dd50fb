import { readFile, rename, writeFile } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import type { Decided } from '../lib/state/records.ts'
import { inAlbum, picture, type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())
const [sea, hill, town] = [picture('sea.jpg', 1), picture('hill.jpg', 2), picture('town.jpg', 3)]
const at = (minute: number) => Date.UTC(2024, 5, 1, 12, minute)
const byTitle = () => {
  const { photos, links } = w.load()
  return Object.fromEntries(Object.entries(photos).map(([id, { title }]) => [title, links[id]]))
}

test('finds equal bytes and equal pictures, reads only what may match, and writes nothing the second time', async () => {
  w = await world({ shots: [sea, hill, town] })
  const photo = w.expected.photos.find(({ title }) => title === 'sea.jpg')
  const equal = w.server.db.add({
    originalFileName: 'x.jpg',
    checksum: photo?.sha1 ?? '',
    size: photo?.size ?? 0,
  })
  const alike = w.server.db.add({
    originalFileName: 'HILL.JPG',
    checksum: 'ab'.repeat(20),
    fileCreatedAt: at(2),
    width: 48,
    height: 36,
  })
  await w.stages('index-gphotos', 'index-immich')
  const before = await readFile(w.state)
  expect(await w.run('link', ['--dry-run'])).toMatchObject({ code: 0 })
  expect(await readFile(w.state)).toEqual(before)

  const ran = await w.run('link', ['--json'])
  expect(JSON.parse(ran.out)).toMatchObject({ read: 2, unread: 0 })
  expect(ran.err).toContain('1 linked by checksum')
  expect(ran.err).toContain('1 linked by name, time and dimensions')
  expect(byTitle()).toMatchObject({
    'sea.jpg': { asset: equal.id, how: 'checksum', sha1: photo?.sha1 },
    'hill.jpg': { asset: alike.id },
    'town.jpg': { asset: null, how: 'none' },
  })
  const linked = await readFile(w.state)
  await w.run('link')
  expect(await readFile(w.state)).toEqual(linked)

  // Another strictness judges anew what a name alone had linked.
  await w.run('link', ['--strictness', 'exact'])
  expect(byTitle()).toMatchObject({ 'sea.jpg': { how: 'checksum' }, 'hill.jpg': { asset: null } })
})

test('albums are found by their titles; those that cannot be told are said', async () => {
  const folders = ['Trip', 'Home', 'Work']
  w = await world({
    shots: [sea, hill, ...folders.flatMap((folder) => inAlbum(folder, sea, hill))],
    albums: folders.map((folder) => ({ folder, title: folder })),
  })
  const now = Date.now()
  const album = (albumName: string, users: { userId: string; role: 'viewer' }[] = []) => {
    const id = crypto.randomUUID()
    w.server.db.albums.set(id, {
      id,
      ownerId: w.server.db.user.id,
      albumName,
      description: '',
      createdAt: now,
      updatedAt: now,
      albumThumbnailAssetId: null,
      order: 'desc',
      isActivityEnabled: true,
      users,
      assetIds: [],
    })
    return id
  }
  const trip = album(' trip')
  album('Home')
  album('Home')
  album('Work', [{ userId: crypto.randomUUID(), role: 'viewer' }])
  const ran = await w.stages('index-gphotos', 'index-immich', 'link')
  expect(ran.err).toContain('"Home": Immich has 2 albums of that name')
  expect(ran.err).toContain('"Work": other people can see')
  const { albums, albumLinks } = w.load()
  const links = Object.entries(albums).map(([id, { title }]) => [title, albumLinks[id]])
  expect(Object.fromEntries(links)).toMatchObject({
    Trip: { album: trip, how: 'folded title' },
    Home: { album: null, how: 'several' },
    Work: { album: null, how: 'shared' },
  })
})

test('an archive that is away: the rest is linked, exit 3, and the rerun completes', async () => {
  w = await world({ shots: [sea, { ...hill, part: 2 }], takeout: { parts: 2 } })
  for (const { sha1, size } of w.expected.photos)
    w.server.db.add({ originalFileName: 'x.jpg', checksum: sha1, size })
  await w.stages('index-gphotos', 'index-immich')
  await rename(w.paths[1] ?? '', `${w.dir}/away`)
  const ran = await w.run('link')
  expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('it is no longer at') })
  expect(byTitle()).toMatchObject({ 'sea.jpg': { how: 'checksum' }, 'hill.jpg': { how: 'none' } })
  await rename(`${w.dir}/away`, w.paths[1] ?? '')
  expect(await w.run('link')).toMatchObject({ code: 0 })
  expect(byTitle()).toMatchObject({ 'hill.jpg': { how: 'checksum' } })
})

test('with its input missing it names the stage to run; unknown flags and levels are bad usage', async () => {
  w = await world({ shots: [sea] })
  expect(await w.run('link')).toMatchObject({
    code: 1,
    err: expect.stringContaining('make index-gphotos'),
  })
  await w.stages('index-gphotos')
  expect(await w.run('link')).toMatchObject({
    code: 1,
    err: expect.stringContaining('make index-immich'),
  })
  expect(await w.run('link', ['--nonsense'])).toMatchObject({ code: 2 })
  expect(await w.run('link', ['--strictness', 'higher'])).toMatchObject({ code: 2 })
})

test('what a person said of a photo counts before the rules, as long as that asset is there', async () => {
  w = await world({ shots: [sea, hill] })
  const like = (originalFileName: string, minute: number, n: number) =>
    w.server.db.add({
      originalFileName,
      checksum: String(n).repeat(40),
      fileCreatedAt: at(minute),
      width: 48,
      height: 36,
    }).id
  const [one, other] = [like('sea.jpg', 1, 1), like('sea.jpg', 1, 2)] as [string, string]
  const [hers, his] = [like('hill.jpg', 2, 3), like('hill.jpg', 2, 4)] as [string, string]
  const ran = await w.stages('index-gphotos', 'index-immich', 'link')
  expect(ran.err).toMatch(/2 photos could be several assets: `make review`/)
  expect(byTitle()).toMatchObject({ 'sea.jpg': { how: 'several' }, 'hill.jpg': { how: 'several' } })

  const say = async (words: Record<string, Omit<Decided, 'at'>>) => {
    const state = w.load()
    const keyed = Object.entries(words).map(([title, word]) => {
      const [id] = Object.entries(state.photos).find(([, one]) => one.title === title) ?? []
      return [`link:${id}`, { ...word, at: new Date().toISOString() }]
    })
    await writeFile(w.state, JSON.stringify({ ...state, decisions: Object.fromEntries(keyed) }))
    return w.run('link')
  }
  await say({ 'sea.jpg': { accept: true, asset: other }, 'hill.jpg': { accept: false } })
  const said = {
    'sea.jpg': { asset: other, how: 'hand' },
    'hill.jpg': { asset: null, how: 'none' },
  }
  expect(byTitle()).toMatchObject(said)
  // It outlives new listings of both sides, and another strictness.
  await w.stages('index-gphotos', 'index-immich', 'link --strictness low', 'link')
  expect(byTitle()).toMatchObject(said)
  // Said otherwise; of those that were seen none, so one that comes later may be it.
  await say({
    'sea.jpg': { accept: true, asset: one },
    'hill.jpg': { accept: false, of: [hers, his] },
  })
  expect(byTitle()).toMatchObject({ 'sea.jpg': { asset: one }, 'hill.jpg': { how: 'none' } })
  const late = like('hill.jpg', 2, 5)
  await w.stages('index-immich', 'link')
  expect(byTitle()).toMatchObject({ 'hill.jpg': { asset: late } })
  // Taken back, it is for the rules again.
  await say({})
  expect(byTitle()).toMatchObject({ 'sea.jpg': { asset: null, how: 'several' } })
  // What is gone cannot be chosen.
  w.server.db.remove(one)
  await w.run('index-immich')
  await say({ 'sea.jpg': { accept: true, asset: one } })
  expect(byTitle()).toMatchObject({ 'sea.jpg': { asset: other, how: 'name, time and dimensions' } })
})
