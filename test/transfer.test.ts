import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { padded } from './sandbox/campaign.ts'
import { inAlbum, picture, type World, world } from './sandbox/run.ts'
import { bytesOf, makeTakeout } from './sandbox/takeout.ts'

let w: World
afterEach(() => w?.end())
const READY = ['index-gphotos', 'index-immich', 'link']
const uploads = () => w.server.count('POST', /^\/api\/assets$/)
const [sea, hill, town] = [picture('sea.jpg', 1), picture('hill.jpg', 2), picture('town.jpg', 3)]
const albums = [{ folder: 'Trip', title: 'Trip', description: 'Two days' }]
const three = { shots: [sea, hill, town, ...inAlbum('Trip', sea, hill)], albums }
const only = <T>(records: Record<string, T>) => Object.values(records)[0] as T

describe('what arrives', () => {
  test('pictures, albums and what is said of them; a second run sends nothing and writes nothing', async () => {
    const place: [number, number] = [54.5, 10.1]
    const told = picture('told.jpg', 4, {
      facts: { description: 'Wind & "Sand"', place, favorite: true, archived: true },
    })
    w = await world({ ...three, shots: [...three.shots, told] })
    await w.stages(...READY)
    const dry = await w.run('transfer', ['--dry-run'])
    expect(dry.out.trim().split('\n').sort()).toEqual([
      'hill.jpg',
      'sea.jpg',
      'told.jpg',
      'town.jpg',
    ])
    expect(uploads()).toBe(0)

    const ran = await w.run('transfer')
    expect(ran).toMatchObject({ code: 0, out: '' })
    expect(ran.err).toContain('4 photos = 4 sent; 2 pictures put into albums')
    await w.server.settled()
    expect(w.asset('told.jpg')).toMatchObject({ isFavorite: true, visibility: 'archive' })
    expect(w.asset('told.jpg').exif).toMatchObject({ description: 'Wind & "Sand"', latitude: 54.5 })
    expect([...w.server.db.albums.values()]).toMatchObject([
      { albumName: 'Trip', description: 'Two days', assetIds: { length: 2 } },
    ])

    const before = [readFileSync(w.state), statSync(w.state).mtimeMs]
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
    expect([readFileSync(w.state), statSync(w.state).mtimeMs]).toEqual(before)
    expect(uploads()).toBe(4)
  })

  test('--dry-run leaves the state byte for byte', async () => {
    w = await world(three)
    await w.stages(...READY)
    const before = await readFile(w.state)
    expect(await w.run('transfer', ['--dry-run'])).toMatchObject({ code: 0 })
    expect(await readFile(w.state)).toEqual(before)
  })

  test('--albums, --dates and --limit take a part; what was left comes later', async () => {
    w = await world(three)
    await w.stages(...READY, 'transfer --albums T* --not-albums X')
    expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg'])
    await w.stages('transfer --dates 2012')
    expect(uploads()).toBe(2)
    await w.stages('transfer --limit 1 --concurrency 1')
    expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg', 'town.jpg'])
  })

  test('from a tgz, with a still before its motion half and a big file', async () => {
    const live = picture('live.jpg', 5)
    const big = picture('big.jpg', 6)
    big.bytes = Buffer.concat([bytesOf(big), Buffer.alloc(20 * 1024 * 1024, 7)])
    w = await world({
      shots: [
        live,
        big,
        { ...live, name: 'live.mov', sample: 'live.mov', role: 'motion', of: 'live.jpg' },
      ],
      takeout: { format: 'tgz' },
    })
    const ran = await w.stages(...READY, 'transfer')
    expect(ran.code).toBe(0)
    expect(w.titles()).toEqual(['big.jpg', 'live.jpg'])
    expect(w.asset('live.jpg').livePhotoVideoId).toBe(w.asset('live.mov').id)
    expect(w.asset('live.mov').visibility).toBe('hidden')
    expect(await w.stages('index-immich', 'verify')).toMatchObject({ code: 0 })
  })

  test('a live photo over two parts, and an edited copy on top of its original', async () => {
    const live = picture('live.jpg', 5, { part: 1 })
    const shots = [
      live,
      {
        ...live,
        name: 'live.mov',
        sample: 'live.mov',
        role: 'motion' as const,
        of: 'live.jpg',
        part: 2,
      },
      picture('sea.jpg', 1),
      picture('sea-edited.jpg', 1, { warm: true, role: 'edited', of: 'sea.jpg', photo: 'x' }),
    ]
    w = await world({ shots, takeout: { parts: 2 } })
    await w.stages(...READY, 'transfer')
    expect(w.asset('live.jpg').livePhotoVideoId).toBe(w.asset('live.mov').id)
    expect([...w.server.db.stacks.values()]).toMatchObject([
      { primaryAssetId: w.asset('sea-edited.jpg').id },
    ])
    expect(await w.stages('verify')).toMatchObject({ code: 0 })
  })

  test.each([
    ['both', ['sea-edited.jpg', 'sea.jpg'], 0],
    ['original', ['sea.jpg'], 0],
    ['edited', ['sea.jpg'], 0],
  ])('--edited %s sends %j', async (edited, titles, stacks) => {
    w = await world({
      shots: [
        picture('sea.jpg', 1),
        picture('sea-edited.jpg', 1, { warm: true, role: 'edited', of: 'sea.jpg', photo: 'x' }),
      ],
    })
    await w.stages(...READY, `transfer --edited ${edited}`)
    expect(w.titles()).toEqual(titles)
    expect(w.server.db.stacks.size).toBe(stacks)
    const isEdit = w.expected.photos[0]?.edited[0] === w.asset('sea.jpg').checksum
    expect(isEdit).toBe(edited === 'edited')
    await w.stages(`transfer --edited ${edited}`)
    expect(uploads()).toBe(titles.length)
  })

  test('--include-trashed brings what lay in the trash into the trash', async () => {
    w = await world({ shots: [sea, picture('old.jpg', 9, { facts: { trashed: true } })] })
    await w.stages(...READY, 'transfer')
    expect(w.titles()).toEqual(['sea.jpg'])
    await w.stages('transfer --include-trashed')
    expect(w.asset('old.jpg').status).toBe('trashed')
    await w.stages('index-immich', 'link', 'transfer', 'verify')
    expect(w.load().runs.transfer?.account).toEqual({ transferred: 2 })
  })
})

describe('what was there before', () => {
  test('is not sent, and gets the caption, place, edit and motion half that it lacks', async () => {
    const shot = picture('sea.jpg', 1, { facts: { description: 'Hello', place: [50, 8] } })
    const edit = picture('sea-edited.jpg', 1, {
      warm: true,
      role: 'edited',
      of: 'sea.jpg',
      photo: 'x',
    })
    w = await world({ shots: [shot, edit] })
    const bytes = bytesOf(shot)
    const there = w.server.db.add({
      originalFileName: 'other.jpg',
      checksum: createHash('sha1').update(bytes).digest('hex'),
      size: bytes.length,
    })
    const ran = await w.stages(...READY, 'transfer')
    expect(ran.err).toContain('1 photo = 0 sent + 1 that were there completed')
    await w.server.settled()
    expect(there.exif).toMatchObject({ description: 'Hello', latitude: 50 })
    expect(w.titles()).toEqual(['other.jpg', 'sea-edited.jpg'])
    expect([...w.server.db.stacks.values()]).toMatchObject([
      { primaryAssetId: w.asset('sea-edited.jpg').id },
    ])
    expect(uploads()).toBe(1)
  })

  test('a caption of its owner stays', async () => {
    const shot = picture('sea.jpg', 1, { facts: { description: 'Google' } })
    w = await world({ shots: [shot] })
    const there = w.server.db.add({
      originalFileName: 'sea.jpg',
      checksum: createHash('sha1').update(bytesOf(shot)).digest('hex'),
      size: bytesOf(shot).length,
    })
    there.exif.description = 'mine'
    await w.stages(...READY, 'transfer')
    await w.server.settled()
    expect(there.exif.description).toBe('mine')
    expect(uploads()).toBe(0)
  })

  test('a smaller one stays beside the original, until --upgrade gives its albums and trashes it', async () => {
    w = await world({ shots: [picture('sea.jpg', 1, { size: [80, 60] })] })
    const taken = (sea.taken ?? 0) * 1000
    const small = w.server.db.add({
      originalFileName: 'sea.jpg',
      checksum: 'ab'.repeat(20),
      fileCreatedAt: taken,
      width: 40,
      height: 30,
    })
    small.isFavorite = true
    await w.stages(...READY, 'transfer')
    expect(only(w.load().links)).toMatchObject({ how: 'smaller on the server' })
    expect(uploads()).toBe(1)
    await w.stages('index-immich', 'link', 'transfer')
    expect(small.status).toBe('active')
    await w.stages('transfer --upgrade')
    expect(small.status).toBe('trashed')
    const [big] = [...w.server.db.assets.values()].filter(({ id }) => id !== small.id)
    expect(big?.isFavorite).toBe(true)
    await w.stages('index-immich', 'link')
    expect(await w.stages('transfer --upgrade')).toMatchObject({ code: 0 })
    expect(uploads()).toBe(1)
  })

  test('an album that other people see is joined only with --into-shared', async () => {
    w = await world(three)
    const { db } = w.server
    const now = Date.now()
    const theirs = {
      id: crypto.randomUUID(),
      ownerId: db.user.id,
      albumName: 'Trip',
      description: '',
      createdAt: now,
      updatedAt: now,
      albumThumbnailAssetId: null,
      order: 'desc' as const,
      isActivityEnabled: true,
      users: [{ userId: crypto.randomUUID(), role: 'viewer' as const }],
      assetIds: [] as string[],
    }
    db.albums.set(theirs.id, theirs)
    await w.stages(...READY, 'transfer')
    expect(db.albums.size).toBe(1)
    expect(theirs.assetIds).toHaveLength(0)
    await w.stages('transfer --into-shared')
    expect(theirs.assetIds).toHaveLength(2)
  })
})

describe("the owner's hand", () => {
  test('what was deleted, trashed, taken out, renamed and rewritten stays so and is listed; --restore-deleted brings it back', async () => {
    const told = picture('told.jpg', 4, { facts: { description: 'Hello' } })
    w = await world({ shots: [...three.shots, told, ...inAlbum('Trip', town)], albums })
    await w.stages(...READY, 'transfer', 'verify')
    await w.server.settled()
    const { db } = w.server
    db.remove(w.asset('sea.jpg').id)
    const hillThere = w.asset('hill.jpg')
    Object.assign(hillThere, { deletedAt: Date.now(), status: 'trashed' })
    const [album] = [...db.albums.values()]
    if (!album) throw new Error('no album')
    album.assetIds = album.assetIds.filter((id) => id !== w.asset('town.jpg').id)
    album.albumName = 'Journey'
    album.updatedAt = Date.now() + 1000
    w.asset('told.jpg').exif.description = 'by hand'
    db.touch(hillThere, w.asset('told.jpg'))

    const ran = await w.stages('index-immich', 'link', 'transfer', 'verify')
    expect(ran.code).toBe(0)
    expect(ran.err).toContain(
      'told.jpg: description is "by hand", not "Hello" (changed on the server: stays so)',
    )
    expect(uploads()).toBe(4)
    expect(album).toMatchObject({ albumName: 'Journey', assetIds: { length: 1 } })
    const listed = await w.run('status', ['--list', 'removed'])
    expect(listed.out).toContain('"why":"gone from the server"')
    expect(listed.out).toContain('"why":"in the trash of the server"')
    const changed = await w.run('status', ['--list', 'changed'])
    expect(changed.out.trim().split('\n')).toHaveLength(4)
    expect(await w.stages('verify')).toMatchObject({
      code: 0,
      err: expect.stringContaining('nothing to check'),
    })

    await w.stages('transfer --restore-deleted')
    expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg', 'told.jpg', 'town.jpg'])
    expect(hillThere.status).toBe('active')
    expect(album.assetIds).toHaveLength(3)
    expect(w.asset('told.jpg').exif.description).toBe('by hand')
    expect(album.albumName).toBe('Journey')
  })

  test('what the server lost before it was ever right is given again, once', async () => {
    const told = picture('told.jpg', 4, { facts: { description: 'Hello', place: [50, 8] } })
    w = await world({ shots: [told] })
    await w.stages(...READY, 'transfer')
    await w.server.settled()
    Object.assign(w.asset('told.jpg').exif, { description: '', latitude: null, longitude: null })
    expect(await w.run('verify')).toMatchObject({ code: 3 })
    await w.stages('transfer')
    await w.server.settled()
    expect(w.asset('told.jpg').exif).toMatchObject({ description: 'Hello', latitude: 50 })
    expect(await w.run('verify')).toMatchObject({ code: 0 })
    expect(uploads()).toBe(1)
  })
})

describe('what goes wrong', () => {
  test('an item that the server refuses is counted, and the rerun asks for that one only', async () => {
    w = await world(three)
    await w.stages(...READY)
    w.server.fail({
      method: 'POST',
      path: /assets$/,
      status: 400,
      body: '{"message":"Unsupported file type"}',
    })
    const ran = await w.run('transfer', ['--concurrency', '1'])
    expect(ran.code).toBe(3)
    expect(ran.err).toContain('Immich answered 400: Unsupported file type')
    expect(ran.err).toContain('3 photos = 2 sent + 1 failed')
    expect((await w.run('status', ['--list', 'failed'])).out.trim().split('\n')).toHaveLength(1)
    const again = await w.run('transfer')
    expect(again).toMatchObject({ code: 0 })
    expect(uploads()).toBe(4)
  })

  test('a quota that is used up ends the run at once', async () => {
    w = await world(three)
    await w.stages(...READY)
    const body = '{"message":"Quota has been exceeded!"}'
    w.server.fail({ method: 'POST', path: /assets$/, status: 400, body, times: 9 })
    const ran = await w.run('transfer', ['--concurrency', '1'])
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(/the quota of this user is used up: raise it .*, then run again\n$/)
    expect(uploads()).toBe(1)
  })

  test('twenty-five in a row that are refused alike end the run, and no more lines than help are printed', async () => {
    const shots = Array.from({ length: 40 }, (_, n) => picture(`IMG_${n}.jpg`, n))
    w = await world({ shots })
    await w.stages(...READY)
    const refuse = (message: string, times: number) =>
      w.server.fail({
        method: 'POST',
        path: /assets$/,
        status: 400,
        body: JSON.stringify({ message }),
        times,
      })
    refuse('no space left', 999)
    const ran = await w.run('transfer', ['--concurrency', '1'])
    expect(ran.code).toBe(1)
    expect(uploads()).toBe(25)
    expect(ran.err.match(/^transfer: IMG_\d+\.jpg: /gm)).toHaveLength(20)
    expect(ran.err).toMatch(
      /Cannot go on: 25 in a row failed alike: Immich answered 400: no space left: look /,
    )
  })

  test('what is sent counts as sent after the listing, also where the clock was set back', async () => {
    w = await world(three)
    await w.stages(...READY)
    const state = w.load()
    const run = state.runs['index-immich'] as { at: string }
    run.at = new Date(Date.now() + 7_200_000).toISOString()
    writeFileSync(w.state, JSON.stringify(state))
    const ran = await w.run('transfer')
    expect(ran.err).toContain('3 photos = 3 sent; 2 pictures put into albums')
    expect((await w.run('transfer')).err).toContain('nothing to send: 3 sent before')
  })

  test('a folder whose disk is away: nothing counts as failed, and all is there when it is back', async () => {
    w = await world({ ...three, takeout: { format: 'folder' } })
    await w.stages(...READY)
    const folder = join(w.dir, 'takeout')
    await rename(folder, `${folder}.away`)
    mkdirSync(folder)
    const index = await w.run('index-gphotos')
    expect(index.code).toBe(0)
    expect(index.err).toMatch(
      /is empty: what is known of the 1 part there stays; if its disk is away, bring it back/,
    )
    const ran = await w.run('transfer')
    expect(ran.code).toBe(3)
    expect(ran.err).toMatch(
      /it is no longer at .* \(that folder is empty\), and photos in it are still owed/,
    )
    expect(ran.err).toContain('3 photos = 0 sent + 3 whose archive cannot be read; 0 bytes')
    expect((await w.run('doctor')).out).toMatch(
      /TODO takeout .* and 3 photos to send: bring them back/,
    )
    rmSync(folder, { recursive: true })
    await rename(`${folder}.away`, folder)
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
  })

  test('one file that is gone from a folder is told in words, and the others go on', async () => {
    w = await world({ shots: [sea, hill], takeout: { format: 'folder' } })
    await w.stages(...READY)
    rmSync(join(w.dir, 'takeout/Takeout/Google Photos/Photos from 2024/hill.jpg'))
    const ran = await w.run('transfer')
    expect(ran.code).toBe(3)
    expect(ran.err).toMatch(/hill\.jpg: Cannot read ".*hill\.jpg": it is not there: check the path/)
    expect(w.titles()).toEqual(['sea.jpg'])
  })

  test('a refusal that comes before the body does not keep the stage waiting', async () => {
    const bytes = padded(Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 3 << 20, 1)
    w = await world({ shots: [picture('big.jpg', 1, { bytes, exif: null })] })
    await w.stages(...READY)
    // As long as silence is waited for: a timer that is left would hold the process for it, longer than a test may take.
    const env = { PHOTOFERRY_IDLE_MS: '300000' }
    w.server.fail({ method: 'POST', path: /assets$/, status: 413, body: '', times: 3 })
    const ran = await w.run('transfer', [], env)
    expect(ran.err).toMatch(/the file is too large: raise client_max_body_size/)
  })

  test('what failed three times rests until --retry', async () => {
    w = await world({ shots: [sea] })
    await w.stages(...READY)
    w.server.fail({
      method: 'POST',
      path: /assets$/,
      status: 400,
      body: '{"message":"no"}',
      times: 3,
    })
    for (const code of [3, 3, 3, 4]) expect((await w.run('transfer')).code).toBe(code)
    expect(uploads()).toBe(3)
    expect(await w.run('transfer', ['--retry'])).toMatchObject({ code: 0 })
  })

  test('a lost answer makes no second asset and loses nothing', async () => {
    w = await world({ shots: [picture('told.jpg', 4, { facts: { favorite: true } })] })
    await w.stages(...READY)
    w.server.fail({ method: 'POST', path: /assets$/, drop: 'after' })
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
    expect(w.titles()).toEqual(['told.jpg'])
    expect(only(w.load().transfers)).toMatchObject({ want: { favorite: true } })
  })

  test('a kill between the upload and its record: the asset is known as ours', async () => {
    w = await world({ shots: [picture('told.jpg', 4, { facts: { description: 'Hello' } }), town] })
    await w.stages(...READY)
    w.server.fail({ method: 'POST', path: /assets$/, skip: 1, hang: true })
    const { child, done } = w.begin('transfer', ['--concurrency', '1'])
    while (uploads() < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    expect(await done).toMatchObject({ code: 137 })
    // The record of the first is lost, too.
    await rm(`${w.state}.journal`, { force: true })
    const run = {
      stage: 'transfer',
      at: new Date().toISOString(),
      unfinishedSince: '2020-01-01T00:00:00.000Z',
    }
    const state = w.load()
    await writeFile(w.state, JSON.stringify({ ...state, runs: { ...state.runs, transfer: run } }))
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
    const [told] = Object.values(w.load().transfers).filter(({ want }) => want?.name === 'told.jpg')
    expect(told).toMatchObject({ want: { description: 'Hello' } })
    expect(told).not.toHaveProperty('had')
    expect(w.titles()).toEqual(['told.jpg', 'town.jpg'])
  })

  test('Ctrl-C saves the state and exits 130; the rerun completes', async () => {
    w = await world(three)
    await w.stages(...READY)
    w.server.fail({ method: 'POST', path: /assets$/, skip: 1, hang: true })
    const { child, done } = w.begin('transfer', ['--concurrency', '1'])
    while (uploads() < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await done).toMatchObject({ code: 130 })
    expect(Object.keys(w.load().transfers)).toHaveLength(1)
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
    expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg', 'town.jpg'])
    expect(uploads()).toBe(4)
  })

  test('an archive that vanished: the others go on, and it is asked for', async () => {
    w = await world({ shots: [sea, { ...hill, part: 2 }], takeout: { parts: 2 } })
    await w.stages(...READY)
    await rename(w.paths[1] ?? '', `${w.dir}/away.zip`)
    const ran = await w.run('transfer')
    expect(ran.code).toBe(3)
    expect(ran.err).toContain('it is no longer at')
    expect(ran.err).toContain('1 sent + 1 whose archive cannot be read')
    await rename(`${w.dir}/away.zip`, w.paths[1] ?? '')
    expect(await w.run('transfer')).toMatchObject({ code: 0 })
    expect(w.titles()).toEqual(['hill.jpg', 'sea.jpg'])
  })

  test('an archive that was exchanged or cut: nothing wrong is sent', async () => {
    w = await world({ shots: [sea, hill] })
    await w.stages(...READY)
    const path = w.paths[0] ?? ''
    const other = await makeTakeout(`${w.dir}/other`, { shots: [town] }, { parts: 1 })
    await rename(path, `${path}.old`)
    await rename(other.paths[0] ?? '', path)
    const exchanged = await w.run('transfer')
    expect(exchanged.code).toBe(3)
    expect(exchanged.err).toMatch(/it is no longer at .* \(a file of .* is there, not of /)
    await rename(`${path}.old`, path)
    truncateSync(path, 1000)
    expect((await w.run('transfer')).code).toBe(3)
    expect(w.server.db.assets.size).toBe(0)
  })

  test('a bad checksum of one entry: it is listed and the others go on', async () => {
    w = await world(three)
    await w.stages(...READY)
    const path = w.paths[0] ?? ''
    const bytes = readFileSync(path)
    const at = bytes.indexOf(bytesOf(hill).subarray(200, 300))
    const target = at > 0 ? at : bytes.indexOf(bytesOf(town).subarray(200, 300))
    expect(target).toBeGreaterThan(0)
    bytes[target + 50] = (bytes[target + 50] ?? 0) ^ 0xff
    const stat = statSync(path)
    writeFileSync(path, bytes)
    utimesSync(path, stat.atime, stat.mtime)
    const ran = await w.run('transfer')
    expect(ran.code).toBe(3)
    expect(ran.err).toContain('2 sent + 1 failed')
    expect(w.server.db.assets.size).toBe(2)
  })

  test.each<[string, Record<string, string>, string]>([
    ['a wrong key', { IMMICH_API_KEY: 'wrong' }, 'it refuses this key (Invalid API key)'],
    ['an unreachable server', { IMMICH_URL: 'http://127.0.0.1:9' }, 'no connection (ECONNREFUSED)'],
    ['no server at all', { IMMICH_URL: '' }, 'no IMMICH_URL'],
  ])('%s ends the run before the first byte', async (_, env, message) => {
    w = await world({ shots: [sea] })
    await w.stages(...READY)
    const before = await readFile(w.state)
    const ran = await w.run('transfer', [], env)
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(message)
    expect(await readFile(w.state)).toEqual(before)
  })

  test('a key that may not do all: the whole list, and nothing is sent', async () => {
    w = await world({ shots: [sea] })
    await w.stages(...READY)
    w.server.allow(['user.read', 'asset.read', 'asset.statistics', 'album.read'])
    const ran = await w.run('transfer')
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('it lacks asset.upload, asset.update, album.create')
    expect(uploads()).toBe(0)
  })
})

test('flags that nobody knows, and ways that are none, are bad usage', async () => {
  w = await world({ shots: [sea] })
  for (const args of [
    ['--nonsense'],
    ['--edited', 'none'],
    ['--concurrency', '0'],
    ['--limit', 'x'],
    ['--dates', 'May'],
  ])
    expect(await w.run('transfer', args)).toMatchObject({ code: 2, out: '' })
})

test('with its input missing it names the stage to run', async () => {
  w = await world({ shots: [sea] })
  expect(await w.run('transfer')).toMatchObject({
    code: 1,
    err: expect.stringContaining('make index-gphotos'),
  })
  await w.stages('index-gphotos')
  expect(await w.run('transfer')).toMatchObject({
    code: 1,
    err: expect.stringContaining('make link'),
  })
})
