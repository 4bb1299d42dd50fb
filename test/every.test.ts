import { readFileSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { State } from '../lib/state/records.ts'
import { arrivingAlbums, leftBehind } from './sandbox/every-albums.ts'
import { ask, differences, type Looked, lookAt, type Reached } from './sandbox/every-check.ts'
import { type Arriving, everyArrival, everyTakeout } from './sandbox/every-takeout.ts'
import { type Standin, startImmich } from './sandbox/immich.ts'
import { start } from './sandbox/run.ts'

// Exports with every kind of case, through all stages, to the server at IMMICH_URL (which must be one for tests: one with
// many assets, or with albums of these titles, is refused) or else to the stand-in in both of its versions.
const { IMMICH_URL: url, IMMICH_API_KEY: key } = process.env
const { find } = createRequire(import.meta.url)('geo-tz') as { find: typeof zoneAt }
const zoneAt = (latitude: number, longitude: number): string[] => find(latitude, longitude)
const standin = (version: '3.1.0' | '2.7.5') => () =>
  startImmich({ version, zoneAt: (latitude, longitude) => zoneAt(latitude, longitude)[0] ?? null })
const servers: [string, () => Promise<Reached & Partial<Standin>>][] =
  url && key
    ? [[url, async () => ({ url: url.replace(/\/(api\/?)?$/, ''), key })]]
    : [
        ['the stand-in for v3', standin('3.1.0')],
        ['the stand-in for v2', standin('2.7.5')],
      ]
// A real server reads a few files a second, and its machine may be busy.
const MINUTES = 60_000

describe.each(servers)('every kind of case on %s', (_, begin) => {
  let server: Reached & Partial<Standin>
  let dir: string
  let takeout: Awaited<ReturnType<typeof everyTakeout>>
  let before: Looked
  const all = everyArrival()
  const shown = ({ visibility, trashed }: Arriving) => visibility !== 'locked' && !trashed
  const waiting = ({ name }: Arriving) => name === 'its sidecar is missing.jpg'
  const first = all.filter((one) => shown(one) && !waiting(one))
  // A locked photo's motion half is there as soon as that is.
  const isHalfOfLocked = ({ name }: Arriving) => name === 'locked live.mp4'

  beforeAll(async () => {
    server = await begin()
    dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
    takeout = await everyTakeout(join(dir, 'takeout'))
    await rename(takeout.missing, join(dir, 'part-2'))
    // It looks at each asset, and has to know its own from all others.
    const { total } = await ask(server, 'POST', '/search/statistics', {})
    expect(total, 'more assets than a server for tests has').toBeLessThan(1000)
    before = await lookAt(server)
    const titles = new Set(arrivingAlbums.map(({ title }) => title))
    expect(before.albums.filter(({ title }) => titles.has(title))).toEqual([])
    expect(all.filter(({ sha1 }) => sha1sOf(before).has(sha1))).toEqual([])
  }, 5 * MINUTES)

  afterAll(async () => {
    const { assets, albums } = await lookAt(server)
    const stacks = await ask(server, 'GET', '/stacks')
    const ids = [...assets.keys()].filter((id) => !before.assets.has(id))
    const own = stacks.filter(({ primaryAssetId }: { primaryAssetId: string }) =>
      ids.includes(primaryAssetId),
    )
    if (own.length > 0)
      await ask(server, 'DELETE', '/stacks', { ids: own.map(({ id }: { id: string }) => id) })
    for (const { id } of albums.filter(({ id }) => before.albums.every((one) => one.id !== id)))
      await ask(server, 'DELETE', `/albums/${id}`)
    if (ids.length > 0) await ask(server, 'DELETE', '/assets', { ids, force: true })
    for (const { id, value } of await ask(server, 'GET', '/tags'))
      if (!before.tags.has(value)) await ask(server, 'DELETE', `/tags/${id}`).catch(() => {})
    await server.stop?.()
    await rm(dir, { recursive: true, force: true })
  }, 5 * MINUTES)

  const state = () => JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8')) as State
  async function run(stage: string, ...args: string[]) {
    const env = {
      IMMICH_URL: server.url,
      IMMICH_API_KEY: server.key,
      PHOTOFERRY_POLL_MS: server.stop ? '60' : '2000',
    }
    const given = ['--state', join(dir, 'state.json')]
    const ran = await start(stage, [...args, ...given], { cwd: dir, env }).done
    expect([stage, ran.code, ran.err]).toEqual([stage, expect.toBeOneOf([0, 4]), ran.err])
    return ran
  }
  /** All stages, as a person runs them; the last lines of transfer and verify. */
  async function sync(...flags: string[]) {
    await run('index-gphotos', ...paths(), '--comments', 'description')
    await run('index-immich')
    await run('link')
    const { err: sent } = await run('transfer', ...flags)
    const { err: verified } = await run('verify', '--wait', '10m')
    await server.settled?.()
    return { sent, verified }
  }
  const paths = () => takeout.paths.filter((path) => path !== takeout.missing)

  /** The server without what was on it before. */
  async function look(): Promise<Looked> {
    const now = await lookAt(server)
    for (const id of before.assets.keys()) now.assets.delete(id)
    const albums = now.albums.filter(({ id }) => before.albums.every((one) => one.id !== id))
    return { ...now, albums }
  }

  /** The same once thumbnails and the like have come, which move an asset, too. */
  async function calm() {
    let now = await look()
    await until(async () => {
      const then = now
      now = await look()
      expect(now).toEqual(then)
    })
    return now
  }

  test(
    'every file of every part is in one row, and what fits nowhere is listed with its reason',
    async () => {
      const { out } = await run('index-gphotos', ...paths(), '--explain')
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(new Set(rows.map(({ part, path }) => `${part} ${path}`)).size).toBe(rows.length)
      expect(rows.length).toBe(takeout.files - takeout.inMissing)
      expect(rows.filter(({ role }) => !role)).toEqual([])
      const { err } = await run('index-gphotos', ...paths(), '--comments', 'description')
      const [, whole, terms] = /: (\d+) files = (.*)$/m.exec(err) ?? []
      const sum = terms?.match(/\d+/g)?.reduce((all, many) => all + Number(many), 0)
      expect([Number(whole), sum]).toEqual([rows.length, rows.length])
      const left = Object.values(state().leftovers).map(({ path, why }) => [
        path.replace(/^.*Takeout\//, ''),
        why,
      ])
      expect(left.sort()).toEqual(leftBehind.toSorted())
      for (const why of new Set(leftBehind.map(([, why = '']) => why))) {
        const { out } = await run('status', '--list', why)
        const listed = out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).path.replace(/^.*Takeout\//, ''))
        const wanted = leftBehind.filter(([, other]) => other === why).map(([path]) => path)
        expect([why, listed.sort()]).toEqual([why, wanted.sort()])
      }
    },
    MINUTES,
  )

  test(
    'all that must arrive does, right in every field, and nothing else',
    async () => {
      const { sent, verified } = await sync()
      expect(sent).toMatch(/photos = \d+ sent; /)
      expect(verified).toMatch(/(\d+) transfers checked = \1 right\n/)
      expect(
        differences(
          await look(),
          first.filter((one) => !isHalfOfLocked(one)),
          arrivingAlbums,
        ),
      ).toEqual([])
      const { out } = await run('status')
      const [, photos, account] = /Photos +(\d+) = (.*)/.exec(out) ?? []
      const sum = account?.match(/\d+(?= (transferred|left|waits|undecided))/g)
      expect(sum?.reduce((all, many) => all + Number(many), 0)).toBe(Number(photos))
    },
    15 * MINUTES,
  )

  test(
    'a second run changes nothing',
    async () => {
      const [there, transfers] = [await calm(), state().transfers]
      const { sent, verified } = await sync()
      expect(sent).toMatch(/nothing to send: /)
      expect(verified).toMatch(/nothing to check: /)
      expect(state().transfers).toEqual(transfers)
      expect(await look()).toEqual(there)
    },
    5 * MINUTES,
  )

  test(
    'originals and motion halves come back byte for byte',
    async () => {
      const { assets } = await look()
      const bySha1 = new Map([...assets.values()].map((one) => [sha1Of(one), one]))
      const some = first.filter(
        ({ visibility, live, name }, n) =>
          visibility === 'hidden' || live || n % 9 === 0 || /\.(mp4|mov|gif|webp)$/i.test(name),
      )
      for (const { what, sha1, bytes } of some.filter((one) => !isHalfOfLocked(one))) {
        const headers = { 'x-api-key': server.key }
        const answer = await fetch(`${server.url}/api/assets/${bySha1.get(sha1).id}/original`, {
          headers,
        })
        expect([what, Buffer.from(await answer.arrayBuffer()).equals(bytes)]).toEqual([what, true])
      }
    },
    MINUTES,
  )

  test.skipIf(url)('a file that says it all is sent without an XMP', () => {
    const sent = [...(server.db?.assets.values() ?? [])]
    const bare = sent
      .filter(({ sidecar }) => sidecar === null)
      .map(({ originalFileName }) => originalFileName)
    expect(bare).toContain('offset in EXIF.jpg')
    expect(bare).toContain('a favourite.jpg')
    expect(bare).toContain('a caption of both.jpg')
    expect(bare).not.toContain('a caption.jpg')
    // Half of these cases are there because the file says something else.
    expect(bare.length).toBeGreaterThan(sent.length / 2)
  })

  test(
    'what its owner does by hand stays so through the next runs, which bring the missing part',
    async () => {
      const there = await look()
      const called = (name: string) => {
        const found = [...there.assets.values()].filter((one) => one.originalFileName === name)
        expect([name, found.length]).toEqual([name, 1])
        return found[0]
      }
      const change = (name: string, changes: object) =>
        ask(server, 'PUT', `/assets/${called(name).id}`, changes)
      const album = there.albums.find(({ title }) => title === 'Bewegte Bilder')
      const tag = (await ask(server, 'GET', '/tags')).find(
        ({ value }: { value: string }) => value === 'People/Mira',
      )
      await change('a caption.jpg', { description: 'by hand' })
      await change('a favourite.jpg', { isFavorite: false })
      await change('archived.jpg', { visibility: 'timeline' })
      await change('no EXIF, summer.jpg', { dateTimeOriginal: '2001-02-03T04:05:06+01:00' })
      await change('nowhere.jpg', { latitude: 48.1, longitude: 11.5 })
      await change('edited twice-bearbeitet.jpg', { description: 'by hand, too' })
      await ask(server, 'DELETE', '/assets', {
        ids: ['animation.gif', 'clip-edited.mp4'].map((name) => called(name).id),
      })
      await ask(server, 'DELETE', '/assets', { ids: [called('screenshot.png').id], force: true })
      await ask(server, 'DELETE', `/tags/${tag.id}/assets`, { ids: [called('one person.jpg').id] })
      await ask(server, 'PATCH', `/albums/${album?.id}`, { albumName: 'Renamed' })
      await ask(server, 'DELETE', `/albums/${album?.id}/assets`, { ids: [called('IMG_16.JPG').id] })
      const isGone = ({ name }: Arriving) => name === 'screenshot.png'
      const byHand: Record<string, Partial<Arriving>> = {
        'a caption.jpg': { description: 'by hand' },
        'a favourite.jpg': { favorite: false },
        'archived.jpg': { visibility: 'timeline' },
        'no EXIF, summer.jpg': {
          instant: '2001-02-03T03:05:06',
          local: '2001-02-03T04:05:06',
          zone: 'UTC+1',
        },
        'nowhere.jpg': { place: [48.1, 11.5], zone: 'Europe/Berlin' },
        'edited twice-bearbeitet.jpg': { description: 'by hand, too' },
        'animation.gif': { trashed: true },
        // The list of stacks keeps the trashed one as the top, and does not count it in.
        'clip-edited.mp4': { trashed: true, under: null },
        'one person.jpg': { tags: [] },
        'IMG_16.JPG': { albums: [] },
      }
      const changed = (list: Arriving[]) =>
        list
          .filter((one) => !isGone(one) && !isHalfOfLocked(one))
          .map((one) => ({ ...one, ...byHand[one.name] }))
      const albums = arrivingAlbums.map((one) =>
        one.title === 'Bewegte Bilder' ? { ...one, title: 'Renamed' } : one,
      )
      await until(async () => expect(differences(await look(), changed(first), albums)).toEqual([]))

      await sync()
      await sync()
      expect(differences(await look(), changed(first), albums)).toEqual([])
      const { out } = await run('status', '--list', 'removed')
      expect(out).toContain('animation.gif')
      expect(out).toContain('screenshot.png')

      await rename(join(dir, 'part-2'), takeout.missing)
      takeout = { ...takeout, missing: '' }
      const { sent } = await sync()
      expect(sent).toContain('1 photo = 1 sent')
      expect(differences(await look(), changed(all.filter(shown)), albums)).toEqual([])
    },
    15 * MINUTES,
  )

  // What lies in the locked folder of a real server no key can take away again.
  test(
    '--include-trashed, and on the stand-in --include-locked, bring what was left out',
    async () => {
      const there = await look()
      await sync('--include-trashed', ...(server.stop ? ['--include-locked'] : []))
      const now = await look()
      const come = [...now.assets.values()].filter(({ id }) => !there.assets.has(id))
      const binned = come.filter(({ isTrashed }) => isTrashed).map((one) => one.originalFileName)
      expect(binned.sort()).toEqual(['deleted.jpg', 'in the bin folder.jpg'])
      if (!server.stop) return
      const locked = all.filter(({ visibility }) => visibility === 'locked')
      const assets = locked.map(({ name, sha1 }) => ({ id: name, checksum: sha1 }))
      const { results } = await ask(server, 'POST', '/assets/bulk-upload-check', { assets })
      expect(results.map(({ action }: { action: string }) => action)).toEqual(
        locked.map(() => 'reject'),
      )
      for (const { sha1 } of locked) expect(server.db?.byChecksum(sha1)?.visibility).toBe('locked')
      const { sent } = await sync('--include-trashed', '--include-locked')
      expect(sent).toMatch(/nothing to send: /)
    },
    5 * MINUTES,
  )
})

const sha1Of = ({ checksum }: { checksum: string }) =>
  Buffer.from(checksum, 'base64').toString('hex')
const sha1sOf = ({ assets }: Looked) => new Set([...assets.values()].map(sha1Of))

/** What a server does by jobs of its own takes it some seconds. */
async function until(holds: () => Promise<void>) {
  for (let tries = 0; ; tries++) {
    try {
      return await holds()
    } catch (error) {
      if (tries > 60) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}
