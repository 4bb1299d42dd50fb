import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Decided, State } from '../lib/state/records.ts'
import { dupesWorld, keyOf } from './sandbox/duplicates.ts'
import { startProxy } from './sandbox/proxy.ts'
import { picture } from './sandbox/run.ts'

let w: Awaited<ReturnType<typeof dupesWorld>>
const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0)) await end()
  await w?.end()
})
const [A, B] = [keyOf('a'), keyOf('b')]

/** Two groups, of which the first has something to give; analyzed. */
async function twoGroups(options: Parameters<typeof dupesWorld>[0] = {}) {
  w = await dupesWorld(options)
  const { lib } = w
  await lib.add({ name: 'a.jpg', size: [60, 40] })
  await lib.add({ name: 'a-1.jpg', size: [45, 30], favorite: true, tail: 'x'.repeat(90_000) })
  await lib.add({ name: 'b.jpg', size: [60, 40], tail: 'b' })
  await lib.add({ name: 'b-1.jpg', size: [45, 30], tail: 'b' })
  await lib.group(A, 'a.jpg', 'a-1.jpg')
  await lib.group(B, 'b.jpg', 'b-1.jpg')
  await w.stages('dupes-analyze')
  return w
}
const trashed = () =>
  [...w.server.db.assets.values()]
    .filter(({ deletedAt }) => deletedAt !== null)
    .map(({ originalFileName }) => originalFileName)
    .sort()
const failedOf = (key: string) => w.load().duplicates[key]?.steps?.failed
const execute = (...args: string[]) => w.run('dupes-execute', ['--yes', ...args])
async function edit(change: (state: State) => void) {
  const state = w.load()
  change(state)
  await writeFile(w.state, JSON.stringify(state))
}

describe('a group whose step fails keeps its copies, and the others go on', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    [
      'the winner is gone',
      async () => w.server.db.remove(w.asset('a.jpg').id),
      '"a.jpg" is gone from the server',
    ],
    [
      'the winner lies in the trash',
      async () => w.lib.client.trash([w.asset('a.jpg').id]),
      '"a.jpg" lies in the trash',
    ],
    [
      'the loser lies in the trash already, by its owner',
      async () => w.lib.client.trash([w.asset('a-1.jpg').id]),
      '"a-1.jpg" lies in the trash',
    ],
    [
      'the loser is another user’s now',
      async () => {
        w.asset('a-1.jpg').ownerId = keyOf('somebody')
        w.server.db.partners.add(keyOf('somebody'))
      },
      'belongs to another user',
    ],
    [
      'its facts have changed, so that another would win',
      async () => {
        Object.assign(w.asset('a.jpg'), { width: 6, height: 4 })
      },
      'what they say of themselves has changed',
    ],
    [
      'the loser was cropped in Immich since a person accepted the group',
      async () => {
        const edits = [{ action: 'crop', parameters: { x: 0, y: 0, width: 9, height: 9 } }]
        const path = `/assets/${w.asset('a-1.jpg').id}/edits` as const
        await w.lib.client.request('PUT', path, { json: { edits } })
        await edit((state) => {
          state.decisions = { [A]: { accept: true, at: '2999-01-01T00:00:00.000Z' } }
        })
      },
      'what they say of themselves has changed',
    ],
    [
      'the loser cannot be downloaded',
      async () =>
        w.server.fail({
          path: new RegExp(`${w.asset('a-1.jpg').id}/original`),
          status: 404,
          times: 9,
        }),
      'Immich answered 404',
    ],
    [
      'the server holds other bytes than it says',
      async () => writeFile(w.asset('a-1.jpg').path ?? '', 'x'.repeat(w.asset('a-1.jpg').size)),
      'is not what Immich says it holds',
    ],
    [
      'the winner does not take what it is to get',
      async () =>
        w.server.fail({
          method: 'PUT',
          path: new RegExp(`/assets/${w.asset('a.jpg').id}$`),
          status: 400,
        }),
      'Immich answered 400',
    ],
    [
      'the server says yes, and keeps nothing of it',
      async () =>
        w.server.fail({
          method: 'PUT',
          path: new RegExp(`/assets/${w.asset('a.jpg').id}$`),
          status: 200,
          body: '{}',
        }),
      'the server does not keep isFavorite',
    ],
    [
      'they are in two stacks',
      async () => {
        for (const name of ['a.jpg', 'a-1.jpg']) {
          const under = await w.lib.add({ name: `under-${name}`, tail: name })
          await w.lib.client.createStack([w.asset(name).id, under])
        }
      },
      'they are in two stacks',
    ],
  ])('%s', async (_, breakIt, message) => {
    await twoGroups()
    await breakIt()
    const before = trashed()
    const ran = await execute('--no-resolve')
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining(message) })
    expect(ran.err).toContain('2 groups = 1 done + 1 failed; 1 asset given up')
    expect(trashed()).toEqual([...before, 'b-1.jpg'].sort())
    expect(failedOf(A)).toContain(message)
  })

  test.each<[string, Parameters<typeof w.server.fail>[0], number]>([
    ['it cannot be put on top', { method: 'PUT', path: /stacks/, status: 400 }, 3],
    ['nobody hears that it is there', { method: 'PUT', path: /assets.copy/, drop: 'after' }, 0],
  ])(
    'a winner is not put into a stack twice, which would dissolve it: %s',
    async (_, fault, code) => {
      await twoGroups()
      const { lib } = w
      const [winner, loser] = ['a.jpg', 'a-1.jpg'].map((name) => lib.ids.get(name) as string)
      const under = await lib.add({ name: 'under.jpg', tail: 'under' })
      await lib.client.createStack([loser as string, under])
      await w.stages('dupes-analyze')
      w.server.fail(fault)
      expect(await execute()).toMatchObject({ code })
      expect(await execute()).toMatchObject({ code: 0 })
      expect((await lib.client.stacks()).map(({ assets }) => assets.map(({ id }) => id))).toEqual([
        [winner, under],
      ])
      expect(trashed()).toContain('a-1.jpg')
    },
  )

  test('a download that ends early is no copy; the next run gets it whole', async () => {
    await twoGroups()
    const network = await startProxy(w.server.url, { rate: 1, kinds: ['answer cut and closed'] })
    ending.push(network.stop)
    network.proxy.only = /original/
    const cut = await w.run('dupes-execute', ['--yes'], { IMMICH_URL: network.url })
    expect(cut).toMatchObject({ code: 3, err: expect.stringContaining('is not what Immich says') })
    expect(trashed()).toEqual([])
    const folder = join(w.dir, 'data/dupes-backup', w.asset('a-1.jpg').id)
    expect(await readdir(folder)).toEqual(['motion'])
    network.proxy.kinds = ['answer cut short']
    network.proxy.left = 2
    expect(await w.run('dupes-execute', ['--yes'], { IMMICH_URL: network.url })).toMatchObject({
      code: 0,
    })
    expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
    expect(await readFile(join(folder, 'a-1.jpg'))).toHaveLength(w.asset('a-1.jpg').size)
    expect(failedOf(A)).toBeUndefined()
  })
})

describe('what would fail every group ends the run before anything is changed', () => {
  test('a key without permission', async () => {
    await twoGroups()
    w.server.allow(['user.read', 'asset.read', 'album.read', 'asset.download', 'asset.update'])
    const ran = await execute()
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('it lacks asset.delete') })
    expect(ran.err).not.toContain('face.read')
    expect(trashed()).toEqual([])
  })

  test('nobody to ask, and no --yes', async () => {
    await twoGroups()
    expect(await w.run('dupes-execute')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nobody is there: say --yes'),
    })
    expect(await w.run('dupes-execute', ['--force'])).toMatchObject({ code: 1 })
    expect(trashed()).toEqual([])
  })

  test('a server without trash, unless it is said', async () => {
    await twoGroups()
    w.server.db.settings.trash = false
    for (const more of [[], ['--force']])
      expect(await execute(...more)).toMatchObject({
        code: 1,
        err: expect.stringContaining('the trash of this server is off'),
      })
    expect(trashed()).toEqual([])
    expect(await execute('--without-trash')).toMatchObject({ code: 0 })
    expect(w.server.count('POST', /resolve/)).toBe(0)
  })

  test('a backup folder that cannot be written', async () => {
    await twoGroups()
    await writeFile(join(w.dir, 'taken'), '')
    expect(await execute('--backup', 'taken/folder')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Cannot back up to taken/folder: ENOTDIR'),
    })
    expect(trashed()).toEqual([])
  })

  test('a full disk', async () => {
    await twoGroups()
    const stage = resolve('scripts/dupes-execute.ts')
    const command = `ulimit -f 100; exec "${process.execPath}" "${stage}" --yes --state "${w.state}"`
    const child = spawn('sh', ['-c', command], {
      cwd: w.dir,
      env: { PATH: process.env.PATH, IMMICH_URL: w.server.url, IMMICH_API_KEY: w.server.key },
    })
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
    })
    const [code] = await once(child, 'close')
    expect([code, text]).toEqual([1, expect.stringContaining('the disk is full: make room')])
    expect(trashed()).not.toContain('a-1.jpg')
    expect(await execute()).toMatchObject({ code: 0 })
    expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
  })

  test('no analysis, or bad usage', async () => {
    w = await dupesWorld()
    expect(await execute()).toMatchObject({
      code: 1,
      err: expect.stringContaining('make dupes-analyze'),
    })
    expect(await execute('--concurrent', 'many')).toMatchObject({ code: 2 })
    expect(await execute('--rate-limit', '-1')).toMatchObject({ code: 2 })
  })
})

test('--limit does so many groups, the next run the rest', async () => {
  await twoGroups()
  expect((await execute('--limit', '1')).err).toContain('1 group = 1 done')
  expect(trashed()).toHaveLength(1)
  expect((await execute('--rate-limit', '200')).err).toContain('1 group = 1 done')
  expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
})

test('a plan of thousands is printed to its last line', async () => {
  w = await dupesWorld()
  w.server.db.settings.duplicateDetection = true
  for (let n = 0; n < 3000; n++)
    for (const half of [0, 1])
      w.server.db.add({
        checksum: `${n}a${half}`.padStart(40, '0'),
        originalFileName: `${n}-${half}.jpg`,
        duplicateId: keyOf(String(n)),
        width: 60 - half,
        height: 40,
      })
  await w.stages('dupes-analyze')
  const plan = await w.run('dupes-execute', ['--dry-run'])
  expect(plan.out.trim().split('\n')).toHaveLength(6000)
  expect(plan.err).toContain('would give up 3,000 assets of 3,000 groups')
})

test('--force deletes for good, and the copies bring all back', async () => {
  await twoGroups()
  const before = await w.lib.everything()
  expect(await execute('--force')).toMatchObject({
    code: 0,
    err: expect.stringContaining('DELETE FOR GOOD 2 assets'),
  })
  await w.server.settled()
  expect(w.titles()).toEqual(['a.jpg', 'b.jpg'])
  expect(await w.run('dupes-verify')).toMatchObject({ code: 0 })
  expect(await w.run('dupes-restore')).toMatchObject({ code: 0 })
  expect(await w.lib.everything()).toEqual(before)
})

describe("Immich's own call", () => {
  const claimed = () =>
    w.server.fail({
      method: 'POST',
      path: /resolve/,
      status: 200,
      body: JSON.stringify([{ id: A, success: true }]),
    })

  test('does it with fewer requests, for what it carries', async () => {
    await twoGroups()
    expect(await execute()).toMatchObject({ code: 0 })
    expect(w.asset('a.jpg').isFavorite).toBe(true)
    expect(w.load().duplicates[A]?.steps).toMatchObject({ resolved: true })
    // The second group has nothing to merge.
    expect(w.server.count('POST', /resolve/)).toBe(1)
    expect(w.server.count('DELETE', /assets/)).toBe(1)
    expect(w.server.count('PUT', /assets/)).toBe(2)
  })

  test('is not believed: what it did not do is done, step by step', async () => {
    await twoGroups()
    claimed()
    expect(await execute()).toMatchObject({ code: 0 })
    expect(w.asset('a.jpg').isFavorite).toBe(true)
    expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
  })

  test('has what it trashed brought back where the winner does not hold it all', async () => {
    await twoGroups()
    claimed()
    w.server.fail({
      method: 'PUT',
      path: new RegExp(`/assets/${w.asset('a.jpg').id}$`),
      status: 400,
    })
    expect(await execute()).toMatchObject({ code: 3 })
    expect(trashed()).toEqual(['b-1.jpg'])
    expect(w.server.count('POST', /trash\/restore/)).toBe(1)
    expect(await execute()).toMatchObject({ code: 0 })
    expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
  })

  test.each([
    ['is refused', 404],
    ['fails', 400],
  ])('%s: then step by step', async (_, status) => {
    await twoGroups()
    w.server.fail({ method: 'POST', path: /resolve/, status })
    expect(await execute()).toMatchObject({ code: 0 })
    expect(trashed()).toEqual(['a-1.jpg', 'b-1.jpg'])
    expect(w.load().duplicates[A]?.steps).not.toHaveProperty('resolved')
  })

  test('is not used by a key that may not, nor on v2', async () => {
    await twoGroups({ version: '2.7.5' })
    expect(await execute()).toMatchObject({ code: 0 })
    expect(w.server.count('POST', /resolve/)).toBe(0)
  })
})

describe('a group that a person has to look at', () => {
  async function inReview(decided?: Decided) {
    w = await dupesWorld()
    const { lib } = w
    const time = { local: '2024-06-01T12:00:00' }
    await lib.add({ name: 'a.jpg', size: [60, 40], exif: { make: 'Canon', ...time } })
    await lib.add({ name: 'a-1.jpg', size: [45, 30], exif: { make: 'Nikon', ...time } })
    await lib.group(A, 'a.jpg', 'a-1.jpg')
    await w.stages('dupes-analyze')
    if (decided)
      await edit((state) => {
        state.decisions = { [A]: decided }
      })
    return lib.everything()
  }
  // After anything that these groups were seen to be.
  const at = '2999-01-01T00:00:00.000Z'

  test('waits', async () => {
    await inReview()
    expect(await execute('--skip-review')).toMatchObject({
      code: 0,
      err: expect.stringContaining('nothing to give up: 1 to be looked at'),
    })
    await edit((state) => {
      state.decisions = { [A]: { accept: false, at } }
    })
    expect((await execute()).err).toContain('1 to be left as they are')
    expect(trashed()).toEqual([])
  })

  test('is done as they said: as it was decided, by its class', async () => {
    await inReview()
    await edit((state) => {
      state.decisions = {
        'class:picture, smaller in pixels, camera_info': { accept: true, at },
      }
    })
    const skipped = await execute('--skip-review')
    expect(skipped.err).toContain('nothing to give up: 1 passed over by --skip-review')
    expect(trashed()).toEqual([])
    expect(await execute()).toMatchObject({ code: 0 })
    expect(trashed()).toEqual(['a-1.jpg'])
  })

  test('with another winner', async () => {
    await inReview()
    await edit((state) => {
      const winner = w.lib.ids.get('a-1.jpg') as string
      state.decisions = { [A]: { accept: true, winner, at } }
    })
    expect(await execute()).toMatchObject({ code: 0 })
    expect(trashed()).toEqual(['a.jpg'])
  })

  test('as one stack, which can be undone', async () => {
    const before = await inReview({ accept: true, stack: true, at })
    expect(await execute()).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 done; 0 assets'),
    })
    expect(trashed()).toEqual([])
    expect((await w.lib.everything()).stacks).toEqual([
      { top: 'a.jpg', members: ['a-1.jpg', 'a.jpg'] },
    ])
    expect(await w.run('dupes-verify')).toMatchObject({ code: 0 })
    expect(await w.run('dupes-restore')).toMatchObject({ code: 0 })
    expect(await w.lib.everything()).toEqual(before)
  })
})

test('what was sent or linked as the loser counts as the winner, and is not sent again', async () => {
  w = await dupesWorld({}, { shots: [picture('sea.jpg', 1), picture('hill.jpg', 2)] })
  const { lib } = w
  const pipeline = ['index-gphotos', 'index-immich', 'link', 'transfer']
  await w.stages(...pipeline, 'verify --wait 5s')
  const small = w.asset('sea.jpg').id
  const at = { local: '2024-06-01T12:01:00', offset: '+00:00' }
  await lib.add({ name: 'best.jpg', size: [60, 40], exif: at })
  lib.ids.set('sea.jpg', small)
  await lib.group(A, 'best.jpg', 'sea.jpg')
  await w.stages('index-immich', 'dupes-analyze')
  await edit((state) => {
    state.decisions = { [A]: { accept: true, at: new Date().toISOString() } }
  })
  const before = w.load()
  const [photo = ''] = Object.keys(before.transfers).filter(
    (id) => before.transfers[id]?.asset === small,
  )
  expect(await execute()).toMatchObject({ code: 0 })
  expect(w.load().transfers[photo]).toMatchObject({ asset: lib.ids.get('best.jpg'), was: small })
  const sent = w.server.count('POST', /api\/assets$/)
  await w.stages(...pipeline)
  expect((await w.stages('verify --all --wait 5s')).code).toBe(0)
  expect(w.server.count('POST', /api\/assets$/)).toBe(sent)
  expect(trashed()).toEqual(['sea.jpg'])
  expect(await w.run('dupes-restore')).toMatchObject({ code: 0 })
  expect(w.load().transfers[photo]).toEqual({
    ...before.transfers[photo],
    at: expect.any(String),
  })
  await w.stages(...pipeline)
  expect(w.server.count('POST', /api\/assets$/)).toBe(sent)
})

test('dupes-restore leaves what the owner changed since, and dupes-verify tells it', async () => {
  await twoGroups()
  await w.lib.client.updateAsset(w.asset('a-1.jpg').id, { description: 'Given' })
  await w.lib.settled()
  await w.stages('dupes-analyze', 'dupes-execute --yes')
  await w.lib.client.updateAsset(w.asset('a.jpg').id, { description: 'Mine' })
  await w.lib.client.restore([w.asset('b-1.jpg').id])
  const backup = Object.values(w.load().duplicates[B]?.steps?.backedUp ?? {})[0]
  await writeFile(join(w.dir, 'data/dupes-backup', backup?.file ?? ''), 'damaged')
  await w.lib.settled()
  const ran = await w.run('dupes-verify', ['--json'])
  expect(ran.code).toBe(3)
  expect(ran.err).toContain('a.jpg: it no longer has what it was given: description')
  expect(ran.err).toContain('"b-1.jpg" is on the server')
  expect(ran.out).toContain('in the backup is damaged')
  expect(await w.run('dupes-restore')).toMatchObject({ code: 0 })
  await w.lib.settled()
  const { exif, isFavorite } = w.asset('a.jpg')
  expect([exif.description, isFavorite]).toEqual(['Mine', false])
})

test('a damaged copy of what is gone for good is not sent back', async () => {
  await twoGroups()
  await execute('--force')
  await w.server.settled()
  const backup = Object.values(w.load().duplicates[B]?.steps?.backedUp ?? {})[0]
  await writeFile(join(w.dir, 'data/dupes-backup', backup?.file ?? ''), 'damaged')
  const ran = await w.run('dupes-restore', ['--all'])
  expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('is damaged') })
  expect(ran.err).toContain('2 groups = 1 back + 1 failed')
  expect(w.titles()).toEqual(['a-1.jpg', 'a.jpg', 'b.jpg'])
  expect(await w.run('dupes-restore', ['nonsense'])).toMatchObject({ code: 2 })
})

test('a group that stopped for what it found is decided anew', async () => {
  await twoGroups()
  await w.lib.add({ name: 'a-2.jpg', size: [30, 20], tail: 'third' })
  await w.lib.group(A, 'a-2.jpg')
  await w.stages('dupes-analyze')
  await w.lib.client.trash([w.asset('a.jpg').id])
  expect((await execute()).err).toContain('"a.jpg" lies in the trash: run dupes-analyze again')
  await w.stages('dupes-analyze', 'dupes-execute --yes')
  expect(trashed()).toEqual(['a-2.jpg', 'a.jpg', 'b-1.jpg'])
})

test('dupes-analyze leaves what was begun, and sees a winner that has got another like it', async () => {
  await twoGroups()
  await execute('--limit', '1', '--no-resolve')
  const before = w.load().duplicates
  await w.stages('dupes-analyze')
  expect(w.load().duplicates).toEqual(before)
  await w.lib.add({ name: 'a-2.jpg', size: [30, 20], tail: 'late' })
  await w.lib.group(A, 'a.jpg', 'a-2.jpg')
  await w.stages('dupes-analyze', 'dupes-execute --yes')
  expect(trashed()).toEqual(['a-1.jpg', 'a-2.jpg', 'b-1.jpg'])
})
