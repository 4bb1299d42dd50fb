import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Duplicate } from '../lib/state/records.ts'
import { type Circle, circles } from './sandbox/circles.ts'
import { keyOf } from './sandbox/duplicates.ts'
import { type BadNetwork, startProxy } from './sandbox/proxy.ts'

let w: Circle
let network: BadNetwork
afterEach(async () => {
  await network?.stop()
  await w?.end()
})
// Every request takes minutes; a few of them, other ones in each version and way, show most of what there is to see.
const EVERY = process.env.PHOTOFERRY_TEST_KILLS === 'all' ? 1 : 9
const KEY = keyOf('all')
const ALL = {
  favorite: true,
  tags: ['People/Ann'],
  faces: [{ imageWidth: 60 }],
  exif: { place: [52.5, 13.4], description: 'Said', rating: 3 },
}

/** One group, whose loser has all that the winner can be given. */
async function oneOfAll(begin: () => Promise<Circle>) {
  w = await begin()
  network = await startProxy(w.url)
  const { lib } = w
  const { client, ids } = lib
  const film = Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom', 'latin1')
  const at = { local: '2024-06-01T12:00:00' }
  for (const [name, size] of [
    ['winner', [60, 40]],
    ['loser', [45, 30]],
  ] as const) {
    const bytes = Buffer.concat([film, Buffer.from(name)])
    const livePhotoVideoId = await lib.add({ name: `${name}.mp4`, bytes })
    const place =
      name === 'loser' ? { place: [52.5, 13.4] as [number, number], offset: '+00:00' } : {}
    await lib.add({
      name: `${name}.jpg`,
      size: [...size],
      exif: { ...at, ...place },
      livePhotoVideoId,
    })
  }
  await lib.add({ name: 'below.jpg', size: [20, 16] })
  await lib.settled()
  const loser = ids.get('loser.jpg') as string
  await client.updateAsset(loser, { description: 'Said', rating: 3, isFavorite: true })
  await lib.settled()
  await client.tagAssets(['People/Ann'], [loser])
  await lib.settled()
  await client.createAlbum({ albumName: 'One', assetIds: [loser] })
  const person = await client.request<{ id: string }>('POST', '/people', { json: { name: 'Ann' } })
  const box = { imageWidth: 45, imageHeight: 30, x: 9, y: 3, width: 18, height: 15 }
  await client.createFace({ assetId: loser, personId: person.id, ...box })
  await client.request('POST', '/shared-links', { json: { type: 'INDIVIDUAL', assetIds: [loser] } })
  await client.createStack([loser, ids.get('below.jpg') as string])
  await lib.group(KEY, 'winner.jpg', 'loser.jpg')
  return { lib, before: await lib.everything() }
}

/** Runs a stage that dies at its n-th request, before the server has it or after it has answered; whether it got so far. */
async function killed(stage: string, args: string[], n: number) {
  const { begin } = w
  let left = n
  const run = begin(stage, args, { IMMICH_URL: network.url })
  network.proxy.on = ({ moment }) => {
    if (moment !== (n % 2 ? 'request' : 'done') || --left > 0) return false
    run.child.kill('SIGKILL')
    return true
  }
  const { code } = await run.done
  network.proxy.on = () => false
  return code === 137
}

const runs = [false, true].flatMap((isEmptied) =>
  circles().map(([name, begin]) => ({ name, begin, isEmptied })),
)
describe.each(runs.map((run, n) => ({ ...run, from: 1 + 2 * n })))(
  '$name from request $from, trash emptied: $isEmptied',
  ({ begin, from, isEmptied }) => {
    test('killed between any two steps, each stage goes on, and the library comes back as it was', async () => {
      const { lib, before } = await oneOfAll(begin)
      await w.stages('dupes-analyze')
      let kills = 0
      for (let n = EVERY === 1 ? 1 : from; ; n += EVERY) {
        const atExecute = await killed('dupes-execute', ['--yes', '--again'], n)
        const midway = await lib.everything()
        const { trashed } = midway.assets['loser.jpg'] as { trashed: boolean }
        // What lies in the trash was copied whole, and all that it had was given.
        if (trashed) {
          const { losers } = w.load().duplicates[KEY] as Duplicate
          const copy = await readFile(
            join(w.dir, 'data/dupes-backup', losers[0] as string, 'loser.jpg'),
          )
          const { checksum } = before.assets['loser.jpg'] as { checksum: string }
          expect(createHash('sha1').update(copy).digest('base64')).toBe(checksum)
          expect(midway.assets['winner.jpg']).toMatchObject(ALL)
        }
        const ran = await w.run('dupes-execute', ['--yes', '--again'])
        expect([n, ran.code, ran.err]).toEqual([n, 0, expect.any(String)])
        const done = await lib.everything()
        expect(done.assets).toMatchObject({
          'loser.jpg': { trashed: true },
          'winner.jpg': ALL,
        })
        expect(done.albums.One).toContain('winner.jpg')
        expect(done.stacks).toEqual([{ top: 'winner.jpg', members: ['below.jpg', 'winner.jpg'] }])
        expect(await w.run('dupes-verify')).toMatchObject({ code: 0 })
        if (isEmptied) await lib.emptyTrash()
        const atRestore = await killed('dupes-restore', ['--all'], n)
        const back = await w.run('dupes-restore', ['--all'])
        expect([n, back.code, back.err]).toEqual([n, 0, expect.any(String)])
        expect([n, await lib.everything()]).toEqual([n, before])
        if (isEmptied) await w.stages('dupes-analyze')
        kills += Number(atExecute) + Number(atRestore)
        if (!atExecute && !atRestore) break
      }
      expect(kills).toBeGreaterThan(EVERY === 1 ? 40 : 3)
    }, 900_000)
  },
)

test("killed around Immich's own call, nothing is trashed before the winner holds it all", async () => {
  const [, begin] = circles()[0] as ReturnType<typeof circles>[number]
  w = await begin()
  network = await startProxy(w.url)
  const { lib } = w
  await lib.add({ name: 'winner.jpg', size: [60, 40] })
  await lib.add({ name: 'loser.jpg', size: [45, 30], favorite: true })
  await lib.group(KEY, 'winner.jpg', 'loser.jpg')
  const before = await lib.everything()
  const look = async () => ({
    winner: await lib.client.asset(lib.ids.get('winner.jpg') as string),
    loser: await lib.client.asset(lib.ids.get('loser.jpg') as string),
  })
  await w.stages('dupes-analyze')
  let kills = 0
  for (
    let n = 1;
    await killed('dupes-execute', ['--yes', '--again'], n);
    n += EVERY === 1 ? 1 : 3
  ) {
    kills++
    const midway = await look()
    if (midway.loser.isTrashed) expect(midway.winner.isFavorite).toBe(true)
    expect(await w.run('dupes-execute', ['--yes', '--again'])).toMatchObject({ code: 0 })
    expect((await look()).loser.isTrashed).toBe(true)
    expect(await w.run('dupes-verify')).toMatchObject({ code: 0 })
    expect(await w.run('dupes-restore', ['--all'])).toMatchObject({ code: 0 })
    expect([n, await lib.everything()]).toEqual([n, before])
  }
  expect(kills).toBeGreaterThan(4)
}, 900_000)
