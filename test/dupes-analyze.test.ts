import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { dupesWorld, keyOf } from './sandbox/duplicates.ts'

let w: Awaited<ReturnType<typeof dupesWorld>>
afterEach(() => w?.end())
const [A, B, C] = [keyOf('a'), keyOf('b'), keyOf('c')]
const SOME_TIME = { local: '2024-06-01T12:00:00' }

describe.each(['3.1.0', '2.7.5'] as const)('Immich %s', (version) => {
  test('decides about the groups of the server, and does not touch it', async () => {
    w = await dupesWorld({ version })
    const { lib } = w
    await lib.add({ name: 'big.jpg', size: [60, 40] })
    const small = await lib.add({ name: 'small.jpg', size: [48, 32], favorite: true })
    await lib.add({ name: 'canon.jpg', size: [50, 40], exif: { make: 'Canon', ...SOME_TIME } })
    await lib.add({ name: 'nikon.jpg', size: [40, 32], exif: { make: 'Nikon', ...SOME_TIME } })
    await lib.add({ name: 'alone.jpg', size: [30, 20] })
    await lib.client.createAlbum({ albumName: 'Trip', assetIds: [small] })
    await lib.group(A, 'big.jpg', 'small.jpg')
    await lib.group(B, 'canon.jpg', 'nikon.jpg')
    await lib.group(C, 'alone.jpg')
    const before = await lib.everything()
    const asked = w.server.requests.length
    const ran = await w.run('dupes-analyze', ['--out', 'report.json', '--json'])
    expect(ran).toMatchObject({ code: 0 })
    expect(JSON.parse(ran.out)).toEqual({ groups: 2, review: 1, losers: 1 })
    expect(
      w.server.requests.slice(asked).filter(({ method, path }) => {
        return method !== 'GET' && !path.includes('/search/')
      }),
    ).toEqual([])
    expect(await lib.everything()).toEqual(before)
    const { duplicates } = w.load()
    expect(Object.keys(duplicates).sort()).toEqual([A, B].sort())
    expect(duplicates[A]).toMatchObject({
      how: 'immich',
      winner: lib.ids.get('big.jpg'),
      losers: [small],
      lacks: { [small]: ['favorite', 'albums'] },
      review: [],
    })
    expect(duplicates[B]?.review).toEqual(['camera_info'])
    const report = JSON.parse(await readFile(join(w.dir, 'report.json'), 'utf8'))
    expect(report).toMatchObject({ total_groups: 2, total_assets: 4, needs_review_count: 1 })
    const [first] = report.groups.filter((one: { duplicate_id: string }) => one.duplicate_id === A)
    expect(first).toMatchObject({
      class: 'picture, smaller in pixels, no conflict',
      winner: { filename: 'big.jpg', dimensions: [60, 40], score: { total: expect.any(Number) } },
      losers: [{ asset_id: small, lacks_in_winner: ['favorite', 'albums'] }],
      conflicts: [],
      needs_review: false,
    })
    const state = await readFile(w.state)
    const again = await w.run('dupes-analyze', ['--dry-run', '--out', 'dry.json'])
    expect(again.err).toContain('2 groups of 4 assets = 1 clear')
    expect(await readFile(w.state)).toEqual(state)
    await expect(readFile(join(w.dir, 'dry.json'))).rejects.toThrow()
  })
})

test('where the server looks for none, those of one name and second are found, for a person to look at', async () => {
  w = await dupesWorld()
  const { lib } = w
  await lib.add({ name: 'IMG_1.jpg', size: [60, 40], exif: SOME_TIME })
  await lib.add({ name: 'IMG_1.JPG', size: [30, 20], exif: SOME_TIME })
  await lib.settled()
  await w.stages('dupes-analyze')
  const [group] = Object.values(w.load().duplicates)
  expect(group).toMatchObject({ how: 'name and second', review: ['found by name and second'] })
  w.server.db.settings.duplicateDetection = true
  await w.stages('dupes-analyze')
  expect(w.load().duplicates).toEqual({})
  await w.stages('dupes-analyze --by-name')
  expect(Object.keys(w.load().duplicates)).toHaveLength(1)
})

test('members that are trashed, hidden, another user’s or stacked with one another are no group', async () => {
  w = await dupesWorld()
  const { lib } = w
  for (const name of ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2'])
    await lib.add({ name: `${name}.jpg`, tail: name })
  await lib.group(A, 'a1.jpg', 'a2.jpg')
  await lib.group(B, 'b1.jpg', 'b2.jpg')
  await lib.group(C, 'c1.jpg', 'c2.jpg')
  await lib.group(keyOf('d'), 'd1.jpg', 'd2.jpg')
  await lib.client.trash([lib.ids.get('a1.jpg') as string])
  await lib.client.updateAsset(lib.ids.get('b1.jpg') as string, { visibility: 'hidden' })
  await lib.client.createStack([lib.ids.get('c1.jpg') as string, lib.ids.get('c2.jpg') as string])
  w.asset('d1.jpg').ownerId = keyOf('somebody')
  await w.stages('dupes-analyze')
  expect(w.load().duplicates ?? {}).toEqual({})
})

test('what an external library holds is told and left alone', async () => {
  w = await dupesWorld()
  const { lib } = w
  for (const name of ['a1.jpg', 'a2.jpg', 'a3.jpg']) await lib.add({ name, tail: name })
  await lib.group(A, 'a1.jpg', 'a2.jpg', 'a3.jpg')
  w.asset('a1.jpg').libraryId = keyOf('library')
  await w.stages('dupes-analyze')
  const { untouched, winner, losers, review } = w.load().duplicates[A] ?? {}
  expect(untouched).toEqual([lib.ids.get('a1.jpg')])
  expect([winner, ...(losers ?? [])].sort()).toEqual(
    ['a2.jpg', 'a3.jpg'].map((name) => lib.ids.get(name)).sort(),
  )
  expect(review).toEqual(['external library'])
})

test('one that was deleted since it was listed, and a threshold that is a flag', async () => {
  w = await dupesWorld()
  const { lib } = w
  const time = (local: string) => ({ exif: { local } })
  await lib.add({ name: 'a1.jpg', ...time('2024-06-01T12:00:00') })
  await lib.add({ name: 'a2.jpg', size: [30, 20], ...time('2024-06-01T12:00:30') })
  await lib.add({ name: 'b1.jpg', size: [45, 30] })
  const gone = await lib.add({ name: 'b2.jpg', size: [15, 10] })
  await lib.group(A, 'a1.jpg', 'a2.jpg')
  await lib.group(B, 'b1.jpg', 'b2.jpg')
  w.server.fail({ method: 'GET', path: new RegExp(`/assets/${gone}$`), status: 400 })
  await w.stages('dupes-analyze')
  const { duplicates } = w.load()
  expect(Object.keys(duplicates)).toEqual([A])
  expect(duplicates[A]?.review).toEqual(['capture_time'])
  await w.stages('dupes-analyze --seconds 60')
  expect(w.load().duplicates[A]?.review).toEqual([])
  expect(Object.keys(w.load().duplicates).sort()).toEqual([A, B].sort())
})

test('bad numbers are bad usage; a key without permission is told what it lacks', async () => {
  w = await dupesWorld()
  expect(await w.run('dupes-analyze', ['--metres', 'far'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--metres'),
  })
  expect(await w.run('dupes-analyze', ['--concurrent', '0'])).toMatchObject({ code: 2 })
  w.server.allow(['user.read', 'asset.read'])
  expect(await w.run('dupes-analyze')).toMatchObject({
    code: 1,
    err: expect.stringContaining('it lacks album.read'),
  })
})
