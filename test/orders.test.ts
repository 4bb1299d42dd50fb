import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { arrivingAlbums } from './sandbox/every-albums.ts'
import { differences, lookAt } from './sandbox/every-check.ts'
import { everyArrival, everyTakeout } from './sandbox/every-takeout.ts'
import { startImmich } from './sandbox/immich.ts'
import { start } from './sandbox/run.ts'

// The exports of every kind of case one by one, each with a run of its own: what is there at the end must be what one run over
// all of them gives (every.test.ts), whichever came first.

const { find } = createRequire(import.meta.url)('geo-tz') as {
  find: (latitude: number, longitude: number) => string[]
}

test.each([
  ['the newest first', (paths: string[]) => paths.toReversed()],
  ['the oldest first', (paths: string[]) => paths],
])(
  'exports that come one by one, %s, end as one run over all does',
  async (_, inOrder) => {
    const zoneAt = (latitude: number, longitude: number) => find(latitude, longitude)[0] ?? null
    const server = await startImmich({ version: '3.1.0', zoneAt })
    const dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
    try {
      const takeout = await everyTakeout(join(dir, 'takeout'))
      const env = { IMMICH_URL: server.url, IMMICH_API_KEY: server.key, PHOTOFERRY_POLL_MS: '60' }
      const run = async (stage: string, ...args: string[]) => {
        const given = [...args, '--state', join(dir, 'state.json')]
        const ran = await start(stage, given, { cwd: dir, env }).done
        expect([stage, ran.code, ran.err]).toEqual([stage, expect.toBeOneOf([0, 4]), ran.err])
        return ran
      }
      const there = takeout.paths.filter((path) => path !== takeout.missing)
      for (const paths of inOrder(there.map(dirname)).filter(
        (at, n, all) => all.indexOf(at) === n,
      )) {
        const parts = there.filter((path) => dirname(path) === paths)
        await run('index-gphotos', ...parts, '--comments', 'description')
        for (const stage of ['index-immich', 'link', 'transfer']) await run(stage)
        await server.settled()
      }
      // A smaller size that came first gives way to the larger one.
      for (const stage of ['index-immich', 'transfer --upgrade', 'index-immich'])
        await run(...(stage.split(' ') as [string, ...string[]]))
      expect((await run('verify', '--all', '--wait', '1m')).err).toMatch(
        /(\d+) .*checked = \1 right/,
      )

      const wanted = everyArrival().filter(
        ({ visibility, trashed, name }) =>
          visibility !== 'locked' &&
          !trashed &&
          !['its sidecar is missing.jpg', 'locked live.mp4'].includes(name),
      )
      const looked = await lookAt(server)
      for (const [id, { isTrashed }] of looked.assets) if (isTrashed) looked.assets.delete(id)
      expect(differences(looked, wanted, arrivingAlbums)).toEqual([])
    } finally {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
  },
  300_000,
)
