import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { googleWorld, jpeg, picked, recently, shots } from './sandbox/google-world.ts'
import { makeTakeout, type Shot } from './sandbox/takeout.ts'

const world = await googleWorld()
const { google, immich, folder, newPlace, stage, stages, stateOf, lay } = world
afterAll(() => world.end())

const size = (files: { size: number }[]) => files.reduce((sum, { size }) => sum + size, 0)

describe('Takeouts in Drive', () => {
  const all = ['index-immich', 'link', 'transfer']
  const album = { folder: 'Trip', title: 'Trip' }
  const inAlbum = { ...(shots(3, 4)[0] as Shot), folder: 'Trip' }

  beforeAll(async () => {
    await newPlace('drive', 'drive')
  })

  test('go over by Range, straight from Google to Immich', async () => {
    await lay(recently(60), { shots: [...shots(0, 30), inAlbum], albums: [album] })
    const { code, text } = await stage('drive', 'index-gphotos', ['--drive'])
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(/30 photos, 1 album/),
    })
    await stages('drive', ...all)
    const { photos, transfers, parts } = await stateOf('drive')
    expect(Object.values(parts).map(({ drive, path }) => path === `drive:${drive?.id}`)).toEqual([
      true,
      true,
    ])
    expect(Object.keys(photos).every((id) => transfers[id]?.asset)).toBe(true)
    expect(immich.db.assets.size).toBe(30)
  })

  test('go into folders, too', async () => {
    const { code, text } = await stage('drive', 'mirror', [])
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(
        /come out of Google Drive\n(.*\n)*.*30 photos = 30 mirrored; 1 album/,
      ),
    })
  })

  test('that were seen before cost one look at the list', async () => {
    google.reset()
    const { code, text } = await stage('drive', 'index-gphotos', [])
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/nothing new/) })
    expect(google.log.map(({ path }) => path)).toEqual(['/drive/v3/files'])
  })

  test('cost their directories, their sidecars and what is new, when a whole library comes again', async () => {
    const files = await lay(recently(5), { shots: [...shots(0, 31), inAlbum], albums: [album] })
    google.reset()
    const { text } = await stage('drive', 'index-gphotos', [])
    expect(text).toMatch(/31 photos, 1 album/)
    await stages('drive', ...all)
    expect(immich.db.assets.size).toBe(31)
    const media = [...shots(0, 31), inAlbum].reduce(
      (sum, { bytes }) => sum + (bytes?.length ?? 0),
      0,
    )
    // What is no picture: sidecars and directories, and the headers of the pictures, which nobody reads.
    const needed = size(files) - media + jpeg(30).length
    expect(google.served.bytes).toBeLessThanOrEqual(needed * 1.02)
    expect(google.served.bytes).toBeGreaterThan(jpeg(30).length)
  })

  test('that bring only what is new are joined with what is known', async () => {
    await lay(
      recently(1),
      {
        shots: [
          ...shots(31, 33),
          { ...inAlbum, folder: 'Trip', name: 'IMG_40.jpg', bytes: jpeg(40) },
        ],
        albums: [album],
      },
      {},
      { parts: 1 },
    )
    google.reset()
    await stages('drive', 'index-gphotos')
    const { photos, albums } = await stateOf('drive')
    expect(Object.keys(photos).length).toBe(34)
    expect(Object.values(albums).map(({ title, photos }) => [title, photos.length])).toEqual([
      ['Trip', 2],
    ])
  })

  test('that are still coming, or lack a part, are left for later', async () => {
    await lay(recently(0), { shots: shots(50, 52) }, { created: new Date().toISOString() })
    const { code, text } = await stage('drive', 'index-gphotos', [])
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(/its last part came 0 min ago.*left for a later run/),
    ])
    const [first] = [...google.files.values()].slice(-2)
    for (const file of [...google.files.values()].slice(-2))
      file.created = '2026-01-16T08:00:00.000Z'
    google.files.delete(first?.id as string)
    const again = await stage('drive', 'index-gphotos', [])
    expect([again.code, again.text]).toEqual([4, expect.stringMatching(/part 1 is not in Drive/)])
    google.files.delete([...google.files.keys()].at(-1) as string)
  })

  test('packed as tgz are told, and taken to disk only when that is asked for', async () => {
    const [tgz] = await lay(recently(2), { shots: shots(60, 62) }, {}, { parts: 1, format: 'tgz' })
    google.reset()
    const { code, text } = await stage('drive', 'index-gphotos', [])
    expect([code, text]).toEqual([
      4,
      expect.stringMatching(/\.tgz, which cannot be read in pieces.*--download/),
    ])
    expect(google.served.bytes).toBe(0)
    const taken = await stage('drive', 'index-gphotos', ['--download', 'down'])
    expect([taken.code, taken.text]).toEqual([0, expect.stringMatching(/36 photos/)])
    expect(google.served.bytes).toBe(tgz?.size)
    expect((await stage('drive', 'index-gphotos', [])).text).toMatch(/nothing new/)
  })

  test("are read up to the day's bytes, and on the next day from there", async () => {
    await newPlace('budget', 'drive')
    google.files.clear()
    await lay(recently(4), { shots: shots(90, 94) })
    const { code, text } = await stage('budget', 'index-gphotos', [
      '--drive',
      '--max-bytes-per-day',
      '1KB',
    ])
    expect([code, text]).toEqual([3, expect.stringMatching(/--max-bytes-per-day.*tomorrow/)])
    expect((await stage('budget', 'index-gphotos', ['--max-bytes-per-day', '1GB'])).code).toBe(0)
    await stages('budget', 'index-immich', 'link')
    const some = await stage('budget', 'transfer', ['--max-bytes-per-day', '500KB'])
    expect([some.code, some.text]).toEqual([
      3,
      expect.stringMatching(/4 files, 8\d\d KB, come out of Google Drive[\s\S]*tomorrow/),
    ])
    const sent = Object.values((await stateOf('budget')).transfers)
    expect(sent.filter(({ asset }) => asset).length).toBe(2)
    expect(sent.filter(({ failed }) => failed)).toEqual([])
    expect((await stage('budget', 'transfer', [])).code).toBe(0)
  })

  test('without a sign-in, or with one that has ended, say what to type', async () => {
    await newPlace('nobody')
    const { code, text } = await stage('nobody', 'index-gphotos', ['--drive'])
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/nobody is signed in.*make auth ARGS="--google drive"/),
    ])
    google.expire('all')
    const ended = await stage('drive', 'index-gphotos', [])
    expect([ended.code, ended.text]).toEqual([1, expect.stringMatching(/sign-in has ended/)])
  })

  test('whose schedule has run out, or a sign-in that dies soon, want a person (exit 4)', async () => {
    google.files.clear()
    await newPlace('old', 'drive')
    await lay(recently(80), { shots: shots(70, 72) })
    const first = await stage('old', 'index-gphotos', ['--drive'])
    expect([first.code, first.text]).toEqual([
      4,
      expect.stringMatching(/80 days old.*Export every 2 months/),
    ])
    const tokens = join(folder, 'old/data/google-tokens.json')
    const { grants } = JSON.parse(await readFile(tokens, 'utf8'))
    grants.drive.ends = Date.now() + 86_400_000
    await writeFile(tokens, JSON.stringify({ version: 1, grants }))
    const again = await stage('old', 'index-gphotos', [])
    expect([again.code, again.text]).toEqual([
      4,
      expect.stringMatching(/nothing new[\s\S]*sign-in for drive ends[\s\S]*80 days old/),
    ])
  })
})

test('sync goes through Drive unattended, and calls the monitor after a good run alone', async () => {
  google.files.clear()
  await newPlace('sync', 'drive')
  await lay(recently(3), { shots: shots(80, 82) })
  const ping = `${google.url}/ping`
  google.faults.push({ path: /drive\/v3\/files\?/, status: 404 })
  const bad = await stage('sync', 'sync', ['--drive', '--yes', '--ping', ping])
  expect([bad.code, google.log.some(({ path }) => path === '/ping')]).toEqual([1, false])
  const { code, text } = await stage('sync', 'sync', [
    '--drive',
    '--yes',
    '--wait',
    '1s',
    '--ping',
    ping,
  ])
  expect([code, text]).toEqual([0, expect.anything()])
  expect(google.log.filter(({ path }) => path === '/ping').length).toBe(1)
  expect(Object.values((await stateOf('sync')).transfers).length).toBe(2)
})

describe('picked photos', () => {
  beforeAll(async () => {
    await newPlace('picked', 'picker')
  })

  test('are listed with what they lack, sent, and the choice is ended', async () => {
    google.picker.settings.choose = () => [
      picked(101),
      picked(102, { kind: 'VIDEO', name: 'PICK_102.mp4' }),
      picked(103, { kind: 'VIDEO', status: 'PROCESSING' }),
    ]
    const { code, text } = await stage('picked', 'index-gphotos', ['--pick'])
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(/still works on this video[\s\S]*2 photos/),
    })
    const before = immich.db.assets.size
    await stages('picked', 'index-immich', 'link', 'transfer')
    const { photos, transfers } = await stateOf('picked')
    expect(Object.values(photos).map(({ title, picked }) => [title, picked?.lacks])).toEqual([
      ['PICK_101.jpg', 'place'],
      ['PICK_102.mp4', 'transcoded'],
    ])
    expect(Object.values(transfers).map(({ asset }) => typeof asset)).toEqual(['string', 'string'])
    expect(immich.db.assets.size).toBe(before + 2)
    expect([...google.picker.sessions.values()].at(-1)?.deleted).toBe(true)
  })

  test('go into folders, too, and the choice is ended when they are in both places', async () => {
    google.picker.settings.choose = () => [picked(105)]
    await stage('picked', 'index-gphotos', ['--pick'])
    const { code, text } = await stage('picked', 'mirror', [])
    // Those of the first choice went to Immich alone, and that choice is over.
    expect({ code, text }).toMatchObject({
      code: 3,
      text: expect.stringMatching(/= 1 mirrored \+ 2/),
    })
    expect([...google.picker.sessions.values()].at(-1)?.deleted).toBeFalsy()
    await stages('picked', 'index-immich', 'link', 'transfer')
    expect([...google.picker.sessions.values()].at(-1)?.deleted).toBe(true)
  })

  test('picked again are the same photos', async () => {
    google.picker.settings.choose = () => [picked(101), picked(104)]
    await stage('picked', 'index-gphotos', ['--pick'])
    expect(Object.keys((await stateOf('picked')).photos).length).toBe(4)
  })

  test('give way to the original that a Takeout brings, which gets their albums; the trash only on demand', async () => {
    const { transfers, photos } = await stateOf('picked')
    const [id = ''] = Object.entries(photos).find(([, { title }]) => title === 'PICK_101.jpg') ?? []
    const copy = transfers[id]?.asset as string
    const original = {
      ...(shots(0, 1)[0] as Shot),
      name: 'PICK_101.jpg',
      taken: 1_717_236_000 + 101 * 60,
      bytes: jpeg(201),
    }
    const { paths } = await makeTakeout(join(folder, 'late'), { shots: [original] }, { parts: 1 })
    const made = await fetch(`${immich.url}/api/albums`, {
      method: 'POST',
      headers: { 'x-api-key': immich.key, 'content-type': 'application/json' },
      body: JSON.stringify({ albumName: 'Best', assetIds: [copy] }),
    })
    const { id: best } = (await made.json()) as { id: string }
    expect((await stage('picked', 'index-gphotos', paths)).code).toBe(0)
    await stages('picked', 'index-immich', 'link', 'transfer')
    const after = await stateOf('picked')
    const [originalId = ''] =
      Object.entries(after.photos).find(
        ([, { picked, title }]) => !picked && title === 'PICK_101.jpg',
      ) ?? []
    expect(after.photos[id]?.replacedBy).toBe(originalId)
    const sent = after.transfers[originalId]?.asset as string
    expect(sent).not.toBe(copy)
    const members = await fetch(`${immich.url}/api/search/metadata`, {
      method: 'POST',
      headers: { 'x-api-key': immich.key, 'content-type': 'application/json' },
      body: JSON.stringify({ albumIds: [best] }),
    })
    expect(JSON.stringify(await members.json())).toContain(sent)
    expect(immich.db.assets.get(copy)?.status).toBe('active')
    await stage('picked', 'transfer', ['--replace-picked'])
    expect(immich.db.assets.get(copy)).toMatchObject({ status: 'trashed' })
  })
})

describe('albums that were downloaded by themselves', () => {
  test('come in with the title they are given, and grow', async () => {
    await newPlace('album')
    const zips = join(folder, 'zips')
    await mkdir(zips)
    await makeTakeout(join(folder, 'flat'), { shots: shots(300, 302) }, { format: 'folder' })
    await writeFile(join(zips, 'IMG_300.jpg'), jpeg(300))
    await stage('album', 'index-gphotos', ['--album', `Friends' trip=${zips}`])
    const first = Object.values((await stateOf('album')).albums)
    expect(first.map(({ title, photos }) => [title, photos.length])).toEqual([["Friends' trip", 1]])
    await writeFile(join(zips, 'IMG_301.jpg'), jpeg(301))
    const { text } = await stage('album', 'index-gphotos', [])
    expect(text).toMatch(/2 photos, 1 album/)
    const { albums } = await stateOf('album')
    expect(Object.values(albums).map(({ photos }) => photos.length)).toEqual([2])
  })

  test('come from a share link only when it is named, and the rest goes on without Google', async () => {
    await newPlace('share')
    google.share.albums.set('lake', {
      title: 'Lake',
      key: 'K',
      pictures: [310, 311].map((n) => ({
        id: `AF1Qip${n}`,
        name: `IMG_${n}.jpg`,
        bytes: jpeg(n),
        takenMs: 1_717_236_000_000,
      })),
    })
    const { code, text } = await stage('share', 'index-gphotos', [
      '--share',
      google.share.link('lake'),
    ])
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(/2 photos, 1 album/),
    })
    const { albums, photos } = await stateOf('share')
    expect(Object.values(albums).map(({ title }) => title)).toEqual(['Lake'])
    expect(
      Object.values(photos)
        .map(({ title }) => title)
        .sort(),
    ).toEqual(['IMG_310.jpg', 'IMG_311.jpg'])
    google.reset()
    await stage('share', 'index-gphotos', [])
    expect(google.log).toEqual([])
  })
})
