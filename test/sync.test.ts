import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { inAlbum, picture, start, type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())
const [sea, hill] = [picture('sea.jpg', 1), picture('hill.jpg', 2)]
const uploads = () => w.server.count('POST', /^\/api\/assets$/)

test('from nothing to all there; remembers what it was given; the second sends nothing', async () => {
  w = await world({
    shots: [
      sea,
      hill,
      picture('old.jpg', 3, { facts: { trashed: true } }),
      ...inAlbum('Trip', sea),
    ],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  const TAKEOUT = join(w.dir, 'takeout')
  const dry = await w.run('sync', ['--dry-run'], { TAKEOUT })
  expect(dry.code).toBe(0)
  expect(dry.err).toMatch(/to send +2 photos, [\d.]+ KB/)
  expect(dry.err).toMatch(/left out +1: in the trash of Google Photos/)
  expect(dry.err).toMatch(/albums +1 to make, 0 there/)
  expect(uploads()).toBe(0)
  const ran = await w.run('sync', [], { TAKEOUT })
  expect(ran.code).toBe(0)
  expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg'])
  expect(ran.err).toMatch(/sync: safe to leave Google: yes; `make report` shows it as a page\n$/)
  // Address, key and Takeout are known by now.
  const again = await w.run('sync', [], { IMMICH_URL: '', IMMICH_API_KEY: '' })
  expect(again.code).toBe(0)
  expect(again.err).toContain('nothing left to do: 2 transferred, 1 left out')
  expect(uploads()).toBe(2)
})

test('with nothing to do no byte of an archive is read', async () => {
  w = await world({ shots: [sea, hill], takeout: { parts: 2 } })
  const TAKEOUT = join(w.dir, 'takeout')
  const made = new Date('2026-01-15T10:15:00Z')
  for (const path of w.paths) await utimes(path, made, made)
  await w.run('sync', [], { TAKEOUT })
  // Whoever looked inside now would find no zip.
  for (const path of w.paths) {
    await writeFile(path, Buffer.alloc((await stat(path)).size))
    await utimes(path, made, made)
  }
  const again = await w.run('sync')
  expect(again).toMatchObject({ code: 0, err: expect.stringContaining('nothing left to do') })
  expect(uploads()).toBe(2)
  // And they would say so.
  for (const path of w.paths) await utimes(path, new Date(), new Date())
  expect((await w.run('sync')).err).toMatch(/Cannot read/)
})

test('flags reach their stages; items that fail and a missing part do not stop it, and tell by the exit code', async () => {
  w = await world({ shots: [sea, hill], takeout: { parts: 2 } })
  const TAKEOUT = w.paths[1] ?? ''
  expect(await w.run('sync', ['--no-more-parts'], { TAKEOUT })).toMatchObject({ code: 4 })
  expect(uploads()).toBe(1)
  w.server.fail({ method: 'POST', path: /assets$/, status: 400, body: '{"message":"no"}' })
  const ran = await w.run('sync', ['--limit', '1', '--quiet'], { TAKEOUT: join(w.dir, 'takeout') })
  expect(ran.code).toBe(3)
  expect(await w.run('sync', [])).toMatchObject({ code: 0 })
  expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg'])
})

test('stops at the first stage that cannot go on', async () => {
  w = await world({ shots: [sea] })
  const TAKEOUT = join(w.dir, 'takeout')
  const wrong = await w.run('sync', [], { TAKEOUT, IMMICH_API_KEY: 'wrong' })
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('it refuses this key') })
  expect(wrong.err).not.toContain('index-gphotos:')
  const nowhere = await w.run('sync', [], { TAKEOUT: join(w.dir, 'none') })
  expect(nowhere.code).toBe(1)
  expect(nowhere.err).not.toContain('index-immich:')
  expect(await w.run('sync', ['--nonsense'])).toMatchObject({ code: 2 })
  expect(await w.run('sync', ['--edited', 'x'])).toMatchObject({ code: 2 })
})

test('two people keep apart: ACCOUNT=anna has her own .env and data', async () => {
  w = await world({ shots: [sea] })
  const { url, key } = w.server
  await writeFile(join(w.dir, '.env.anna'), `IMMICH_URL=${url}\nIMMICH_API_KEY=${key}\n`)
  await mkdir(join(w.dir, 'data'))
  const ran = await start('sync', [], {
    cwd: w.dir,
    env: { ACCOUNT: 'anna', TAKEOUT: join(w.dir, 'takeout') },
  }).done
  expect(ran).toMatchObject({ code: 0 })
  expect(await readdir(join(w.dir, 'data/anna'))).toContain('state.json')
  expect(await readdir(join(w.dir, 'data'))).toEqual(['anna'])
  const status = await start('status', [], { cwd: w.dir, env: { ACCOUNT: 'anna' } }).done
  expect(status.out).toContain('ACCOUNT=anna make sync')
  expect(await readFile(join(w.dir, '.env.anna'), 'utf8')).toContain(url)
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to sync alone ends the stage that it runs, which saves first',
  async (signal) => {
    w = await world({ shots: [sea, hill] })
    w.server.fail({ method: 'POST', path: /assets$/, skip: 1, hang: true, times: 9 })
    const TAKEOUT = join(w.dir, 'takeout')
    const { child, done } = w.begin('sync', ['--concurrency', '1'], { TAKEOUT })
    while (uploads() < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill(signal)
    const { code, err } = await done
    expect([code, err]).toEqual([
      130,
      expect.stringMatching(/transfer: stopped: what was done is kept, run it again to go on\n$/),
    ])
    expect(Object.keys(w.load().transfers)).toHaveLength(1)
    expect((await readdir(w.dir)).filter((name) => /lock|journal|tmp/.test(name))).toEqual([])
  },
)
