import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type Circle, circles } from './sandbox/circles.ts'
import { keyOf } from './sandbox/duplicates.ts'

// A real server is slow to read what it is sent.
const MINUTES = 600_000
let w: Circle
afterEach(() => w?.end())

/** A library with one group for each thing that a loser can have and the winner lack. */
async function fullLibrary(begin: () => Promise<Circle>) {
  w = await begin()
  const { lib } = w
  const { client, ids } = lib
  const id = (name: string) => ids.get(name) as string
  const at = { local: '2024-06-01T12:00:00' }
  const big: [number, number] = [60, 40]
  const small: [number, number] = [45, 30]

  // Fields of its own, and albums and tags; another of the group is archived.
  await lib.add({ name: 'fields.jpg', size: big, exif: at })
  await lib.add({
    name: 'fields-1.jpg',
    size: small,
    exif: { ...at, place: [52.5, 13.4], offset: '+00:00', description: 'Of the file' },
    favorite: true,
  })
  await lib.add({ name: 'fields-2.jpg', size: [30, 20], exif: at, visibility: 'archive' })
  // Only what Immich's own call carries.
  await lib.add({ name: 'easy.jpg', size: big, tail: 'easy' })
  await lib.add({ name: 'easy-1.jpg', size: small, tail: 'easy', favorite: true })
  // A live photo of two.
  for (const [name, size] of [
    ['live.jpg', big],
    ['live-1.jpg', small],
  ] as const) {
    const film = Buffer.concat([
      Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom', 'latin1'),
      Buffer.from(name),
    ])
    const livePhotoVideoId = await lib.add({ name: name.replace('jpg', 'mp4'), bytes: film })
    await lib.add({ name, size, tail: 'live', livePhotoVideoId })
  }
  // Somebody's face, a shared link, and the top of a stack.
  await lib.add({ name: 'faces.jpg', size: big, tail: 'faces' })
  await lib.add({ name: 'faces-1.jpg', size: small, tail: 'faces' })
  await lib.add({ name: 'stack.jpg', size: big, tail: 'stack' })
  await lib.add({ name: 'stack-1.jpg', size: small, tail: 'stack' })
  await lib.add({ name: 'below.jpg', size: [20, 16], tail: 'stack' })
  // Nothing to give.
  await lib.add({ name: 'plain.jpg', size: big, tail: 'plain' })
  await lib.add({ name: 'plain-1.jpg', size: small, tail: 'plain' })
  await lib.settled()

  await client.updateAsset(id('easy-1.jpg'), { rating: 4, description: 'Rated' })
  await client.updateAsset(id('fields-2.jpg'), { description: 'Second' })
  await lib.settled()
  for (const [tag, name] of [
    ['People/Ann', 'fields-1.jpg'],
    ['Trips/2024', 'easy-1.jpg'],
  ] as const)
    await client.tagAssets([tag], [id(name)])
  await client.createAlbum({ albumName: 'One', assetIds: [id('fields-1.jpg'), id('easy-1.jpg')] })
  await client.createAlbum({ albumName: 'Two', assetIds: [id('fields-2.jpg'), id('fields.jpg')] })
  const person = await client.request<{ id: string }>('POST', '/people', { json: { name: 'Ann' } })
  await client.createFace({
    assetId: id('faces-1.jpg'),
    personId: person.id,
    imageWidth: 45,
    imageHeight: 30,
    x: 9,
    y: 3,
    width: 18,
    height: 15,
  })
  const link = { type: 'INDIVIDUAL', assetIds: [id('faces-1.jpg'), id('plain.jpg')] }
  await client.request('POST', '/shared-links', { json: link })
  await client.createStack([id('stack-1.jpg'), id('below.jpg')])
  for (const name of ['fields', 'easy', 'live', 'faces', 'stack', 'plain'])
    await lib.group(
      keyOf(name),
      ...[...ids.keys()].filter((one) => new RegExp(`^${name}(-\\d)?\\.jpg$`).test(one)),
    )
  return { ...w, before: await lib.everything() }
}

const LOSERS = ['easy-1', 'faces-1', 'fields-1', 'fields-2', 'live-1', 'plain-1', 'stack-1']
type Everything = Awaited<ReturnType<Circle['lib']['everything']>>
const trashed = ({ assets }: Everything) =>
  Object.keys(assets)
    .filter((name) => (assets[name] as { trashed: boolean }).trashed)
    .sort()

/** A winner holds all that its losers had. */
function expectMerged({ assets, albums, stacks, links }: Everything) {
  expect(trashed({ assets } as Everything)).toEqual(LOSERS.map((name) => `${name}.jpg`))
  expect(assets).toMatchObject({
    'fields.jpg': {
      favorite: true,
      visibility: 'archive',
      tags: ['People/Ann'],
      taken: '2024-06-01T12:00:00.000Z',
      exif: { place: [52.5, 13.4], description: expect.stringContaining('Of the file') },
    },
    'easy.jpg': { favorite: true, tags: ['Trips/2024'], exif: { rating: 4, description: 'Rated' } },
    'faces.jpg': { faces: [{ boundingBoxX1: 12, boundingBoxX2: 36, imageWidth: 60 }] },
  })
  const { description } = (assets['fields.jpg'] as { exif: { description: string } }).exif
  expect(description.split('\n').sort()).toEqual(['Of the file', 'Second'])
  expect(albums.One).toEqual(expect.arrayContaining(['easy.jpg', 'fields.jpg']))
  expect(stacks).toEqual([{ top: 'stack.jpg', members: ['below.jpg', 'stack.jpg'] }])
  expect(links).toEqual(['faces.jpg,plain.jpg'])
}

describe.each(circles())('%s', (_, begin) => {
  test(
    'the whole circle: analyze, execute, verify, restore, and the library is as before',
    async () => {
      const { before, lib } = await fullLibrary(begin)
      await w.stages('dupes-analyze')
      const dry = await readFile(w.state)
      const plan = await w.run('dupes-execute', ['--dry-run'])
      expect(plan).toMatchObject({
        code: 0,
        err: expect.stringContaining('would give up 7 assets'),
      })
      expect(await readFile(w.state)).toEqual(dry)
      expect(await lib.everything()).toEqual(before)

      const ran = await w.run('dupes-execute', ['--yes', '--json'])
      expect(ran.err).toContain('6 groups = 6 done; 7 assets given up')
      expect(JSON.parse(ran.out)).toEqual({ groups: 6, assets: 7, failed: 0 })
      expectMerged(await lib.everything())
      const byServer = Object.values(w.load().duplicates).filter(({ steps }) => steps?.resolved)
      expect(byServer).toHaveLength(lib.client.version.major >= 3 ? 1 : 0)
      const asked = w.server?.requests.length
      expect((await w.run('dupes-execute', ['--yes'])).err).toContain('nothing to give up')
      expect(w.server?.requests.length).toBe(asked)
      expect(await w.run('dupes-verify')).toMatchObject({
        code: 0,
        err: expect.stringContaining('6 groups checked = 6 right'),
      })

      const back = await w.run('dupes-restore', ['--json'])
      expect(back.err).toContain('6 groups = 6 back')
      expect(JSON.parse(back.out)).toEqual({ groups: 6, failed: 0, uploaded: 0 })
      expect(await lib.everything()).toEqual(before)
      expect((await w.run('dupes-restore', ['--all'])).err).toContain('nothing to bring back')
      expect((await w.run('dupes-verify')).err).toContain('nothing was given up')
    },
    MINUTES,
  )

  test(
    'the same where the trash was emptied in between: the copies bring all back',
    async () => {
      const { before, lib } = await fullLibrary(begin)
      await w.stages('dupes-analyze', 'dupes-execute --yes')
      await lib.emptyTrash()
      expect(await w.run('dupes-verify')).toMatchObject({ code: 0 })
      expect(await w.run('dupes-restore')).toMatchObject({
        code: 0,
        err: expect.stringContaining('6 back'),
      })
      expect(await lib.everything()).toEqual(before)
      const { duplicates } = w.load()
      const ids = Object.values(duplicates).flatMap(({ steps }) =>
        Object.keys(steps?.restoredAs ?? {}),
      )
      expect(ids).toHaveLength(7)
      await w.stages('dupes-analyze')
      const kept = await w.run('dupes-execute', ['--yes'])
      expect(kept.err).toContain('nothing to give up: 6 brought back before')
      await w.stages('dupes-execute --yes --again')
      expectMerged(await lib.everything())
    },
    MINUTES,
  )
})
