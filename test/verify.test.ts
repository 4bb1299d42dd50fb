import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { inAlbum, picture, type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())
const READY = ['index-gphotos', 'index-immich', 'link', 'transfer']
const [sea, hill] = [picture('sea.jpg', 1), picture('hill.jpg', 2)]
const told = picture('told.jpg', 3, {
  facts: { description: 'Hello', place: [50, 8], people: ['Mira', 'Jonas'], favorite: true },
})

describe.each(['3.1.0', '2.7.5'] as const)('Immich %s', (version) => {
  test('every field is right, and then nothing is left to check', async () => {
    w = await world({
      shots: [sea, told, ...inAlbum('Trip', sea)],
      albums: [{ folder: 'Trip', title: 'Trip' }],
      server: { version, extractDelayMs: 50 },
    })
    await w.stages(...READY)
    const dry = await readFile(w.state)
    expect(await w.run('verify', ['--dry-run', '--wait', '1m'])).toMatchObject({ code: 0 })
    expect(await readFile(w.state)).toEqual(dry)
    const ran = await w.run('verify', ['--wait', '1m', '--json'])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.out)).toEqual({ right: 3, differ: 0, changed: 0, gone: 0, waiting: 0 })
    const before = await readFile(w.state)
    const asked = w.server.requests.length
    expect((await w.run('verify')).err).toContain('nothing to check: 3 transfers were right')
    expect(await readFile(w.state)).toEqual(before)
    expect(w.server.requests.length).toBe(asked)
    expect(await w.run('verify', ['--all', '--limit', '2', '--json'])).toMatchObject({
      out: expect.stringContaining('"right":2'),
    })
  })
})

test('what the server is still reading is counted as such, exit 3', async () => {
  w = await world({ shots: [sea], server: { extractDelayMs: 3000 } })
  await w.stages(...READY)
  const ran = await w.run('verify')
  expect(ran.code).toBe(3)
  expect(ran.err).toContain('checked = 0 right + 1 still being read by it')
})

test('names each difference, field by field', async () => {
  w = await world({ shots: [told, sea] })
  await w.stages(...READY)
  await w.server.settled()
  Object.assign(w.asset('told.jpg'), { isFavorite: false, tagIds: [] })
  const { exif: there, sidecar } = w.asset('told.jpg')
  Object.assign(sidecar ?? {}, { description: 'x', imageDescription: 'x' })
  there.description = 'x'
  w.server.db.remove(w.asset('sea.jpg').id)
  const ran = await w.run('verify')
  expect(ran.code).toBe(3)
  expect(ran.err).toContain(
    'description is "x", not "Hello"; favorite is null, not true; tags is [], not ["People/Mira","People/Jonas"]',
  )
  expect(ran.err).toContain('sea.jpg: gone from the server')
  expect(ran.err).toContain('2 transfers checked = 0 right + 1 differ + 1 gone')
  // Favourite and tags were lost on the way; the caption is somebody's.
  await w.stages('transfer')
  await w.server.settled()
  const { isFavorite, tagIds, exif } = w.asset('told.jpg')
  expect([isFavorite, tagIds.length, exif.description]).toEqual([true, 2, 'x'])
})

test('edited copies and motion halves are compared, too, and get again what the server lost', async () => {
  const facts = { description: 'Hello', favorite: true as const }
  const [live, original] = [picture('live.jpg', 4), picture('a.jpg', 5, { facts })]
  const edited = picture('a-edited.jpg', 5, { facts, warm: true, role: 'edited', of: 'a.jpg' })
  const half = { name: 'live.mov', sample: 'live.mov', role: 'motion' as const, of: 'live.jpg' }
  w = await world({ shots: [original, edited, live, { ...live, ...half }] })
  await w.stages(...READY)
  await w.server.settled()
  const { exif, sidecar } = w.asset('a-edited.jpg')
  exif.description = ''
  Object.assign(sidecar ?? {}, { description: '', imageDescription: '' })
  w.asset('a-edited.jpg').isFavorite = false
  w.asset('live.mov').visibility = 'timeline'
  const ran = await w.run('verify')
  expect(ran.code).toBe(3)
  expect(ran.err).toContain('a.jpg: a-edited.jpg: description is null, not "Hello"')
  expect(ran.err).toContain('a-edited.jpg: favorite is null, not true')
  expect(ran.err).toContain('live.jpg: live.mov: visibility is "timeline", not "hidden"')
  await w.stages('transfer')
  await w.server.settled()
  expect(await w.run('verify')).toMatchObject({ code: 0 })
  expect(w.asset('a-edited.jpg')).toMatchObject({
    isFavorite: true,
    exif: { description: 'Hello' },
  })

  // What was right once and differs now is its owner's.
  await w.server.settled()
  w.server.db.remove(w.asset('a-edited.jpg').id)
  w.asset('live.mov').visibility = 'timeline'
  w.server.db.touch(w.asset('live.mov'))
  await w.stages('index-immich', 'verify', 'transfer', 'verify')
  expect(w.asset('live.mov').visibility).toBe('timeline')
  expect(w.titles()).not.toContain('a-edited.jpg')
  const { out } = await w.run('status', ['--list', 'changed'])
  expect(out).toContain('a-edited.jpg: asset')
  expect(out).toContain('live.mov: visibility')
})

test('more than it would ask for one by one are listed', async () => {
  w = await world({
    shots: Array.from({ length: 210 }, (_, n) =>
      picture(`${n}.jpg`, n, { size: [16, 12], seed: 1 }),
    ),
  })
  await w.stages(...READY)
  await w.server.settled()
  const before = w.server.count('GET', /assets\/[^/]+$/)
  expect(await w.run('verify', ['--json'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('"right":210'),
  })
  expect(w.server.count('GET', /assets\/[^/]+$/)).toBe(before)
})

test('nothing sent yet is said; bad usage is exit 2; an unreachable server exit 1', async () => {
  w = await world({ shots: [hill] })
  expect(await w.run('verify')).toMatchObject({
    code: 0,
    err: expect.stringContaining('make transfer'),
  })
  expect(await w.run('verify', ['--wait', 'long'])).toMatchObject({ code: 2 })
  expect(await w.run('verify', ['--nonsense'])).toMatchObject({ code: 2 })
  await w.stages(...READY)
  expect(await w.run('verify', [], { IMMICH_URL: 'http://127.0.0.1:9' })).toMatchObject({ code: 1 })
})
