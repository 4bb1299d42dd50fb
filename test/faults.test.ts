import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isPrivate } from '../lib/immich/address.ts'
import { immich } from '../lib/immich/immich.ts'
import {
  argsOf,
  campaign,
  campaignTakeout,
  holdings,
  type Kill,
  listing,
  makeHome,
  outcome,
  padded,
  runStage,
} from './sandbox/campaign.ts'
import { type Standin, startImmich } from './sandbox/immich.ts'
import { type BadNetwork, FAULTS, type Refusal, type Seen, startProxy } from './sandbox/proxy.ts'
import { makeTakeout, type Shot } from './sandbox/takeout.ts'

const root = mkdtempSync(join(tmpdir(), 'faults-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let server: Standin
let proxy: BadNetwork
beforeEach(async () => {
  server = await startImmich({ extractDelayMs: 5, folder: null })
  proxy = await startProxy(server.url)
})
afterEach(async () => {
  await proxy.stop()
  await server.stop()
})

const newHome = (name: string) => makeHome(mkdtempSync(join(root, `${name}-`)))

describe('a call that meets a bad network', () => {
  const fields = { fileCreatedAt: '2021-01-01T00:00:00Z', fileModifiedAt: '2021-01-01T00:00:00Z' }
  beforeAll(() => {
    Object.assign(process.env, { PHOTOFERRY_RETRY_MS: '2', PHOTOFERRY_IDLE_MS: '300' })
  })
  afterAll(() => {
    for (const name of ['PHOTOFERRY_RETRY_MS', 'PHOTOFERRY_IDLE_MS']) delete process.env[name]
  })
  const client = () => immich({ url: proxy.url, key: server.key })

  test.each(FAULTS)('%s: is made again, and what it did is there once', async (kind) => {
    const at = await client()
    Object.assign(proxy.proxy, { rate: 1, kinds: [kind] })
    const once = <T>(call: Promise<T>) => call.finally(() => (proxy.proxy.left = 1))
    proxy.proxy.left = 1
    const body = Buffer.alloc(100_000, kind)
    const one = await once(at.upload({ name: 'a.jpg', size: body.length, body, fields }))
    const other = await once(
      at.upload({ name: 'b.jpg', size: 5, body: Buffer.from('other'), fields }),
    )
    const { id } = await once(at.createAlbum({ albumName: 'A' }))
    await once(at.addToAlbum(id, [one.id, other.id]))
    await once(at.updateAsset(one.id, { description: 'x' }))
    await once(at.createStack([one.id, other.id]))
    expect((await once(at.albums())).map(({ albumName }) => albumName)).toEqual(['A'])
    const { db } = server
    expect([db.assets.size, db.albums.size, db.stacks.size]).toEqual([2, 1, 1])
    expect(db.albums.get(id)?.assetIds.sort()).toEqual([one.id, other.id].sort())
    expect([...proxy.faults.values()].reduce((a, b) => a + b)).toBeGreaterThan(5)
  })

  test('an answer that a proxy has packed says what it says, a refusal too', async () => {
    proxy.proxy.zips = 1
    const at = await client()
    const error = await at.asset(crypto.randomUUID()).catch((error) => error)
    expect(error).toMatchObject({ name: 'Refused', status: 400 })
  })

  test('a body that can be read once waits for a server that is not there yet', async () => {
    const at = await client()
    async function* body() {
      yield Buffer.from('once')
    }
    const only = body()
    const { db } = server
    Object.assign(proxy.proxy, { rate: 1, left: 2, kinds: ['reset before'] })
    const error = await at
      .upload({ name: 'a.jpg', size: 4, body: only, fields })
      .catch((error) => error)
    // Whether it was begun is the socket's affair: either it went over, or its own failure is told and counts as one file's.
    if (error instanceof Error) expect(error).toMatchObject({ name: 'Refused', status: 0 })
    else expect(db.assets.size).toBe(1)
  })
})

describe('the whole pipeline', () => {
  let takeout: string
  const smooth: Record<string, Awaited<ReturnType<typeof end>>> = {}
  const versions = ['3.1.0', '2.7.5'] as const

  async function end(home: string, at: Standin) {
    await at.settled()
    return { ...holdings(at), state: await outcome(home, at) }
  }

  beforeAll(async () => {
    const home = await newHome('smooth')
    takeout = join(home, 'takeout')
    await campaignTakeout(takeout)
    for (const version of versions) {
      const quiet = await startImmich({ version, extractDelayMs: 5, folder: null })
      await campaign(home, quiet, { seed: 1, kills: 0, rate: 0 })
      smooth[version] = await end(home, quiet)
      await quiet.stop()
      rmSync(join(home, 'data'), { recursive: true })
    }
  }, 120_000)

  test.each([
    ['3.1.0', 3],
    ['2.7.5', 6],
  ] as const)(
    'killed again and again in a bad network before Immich %s ends as in a good one (%i)',
    async (version, seed) => {
      const home = await newHome('killed')
      cpSync(takeout, join(home, 'takeout'), { recursive: true })
      await server.stop()
      server = await startImmich({ version, extractDelayMs: 5, folder: null })
      const figures = await campaign(home, server, { seed, kills: 15, rate: 0.06 })
      expect(await end(home, server)).toEqual(smooth[version])
      expect(figures.twice).toBeLessThanOrEqual(figures.bound)
      // The server's job queues are not ours to touch.
      expect(server.requests.filter(({ path }) => /^\/api\/(jobs|queues)/.test(path))).toEqual([])
      expect(await listing(home, 'data')).toEqual([
        'data/state.json 600',
        'data/state.json.bak 600',
      ])
      const kills = Object.values(figures.kills).reduce((a, b) => a + b, 0)
      expect(kills).toBeGreaterThan(2)
      const faults = Object.values(figures.faults).reduce((a, b) => a + b, 0)
      console.log(
        `${kills} kills and ${faults} faults: ${figures.twice} of ${figures.bytes} bytes went twice, ${figures.bound} were at risk`,
      )
    },
    180_000,
  )
})

describe('an answer that a kill took away', () => {
  const shot = (n: number, folder = 'Photos from 2021'): Shot => {
    return { folder, name: `IMG_${n}.jpg`, taken: 1_614_592_800 + n * 3600, size: [48, 32] }
  }
  const edited: Shot = {
    ...shot(1),
    name: 'IMG_1-edited.jpg',
    warm: true,
    role: 'edited',
    of: 'IMG_1.jpg',
    photo: `IMG_1.jpg@${shot(1).taken}`,
  }
  const live: Shot = { ...shot(3), name: 'IMG_3.HEIC', sample: 'live.heic' }
  const half: Shot = {
    ...live,
    name: 'IMG_3.MOV',
    sample: 'live.mov',
    role: 'motion',
    of: live.name,
  }
  const albums = ['Trip', 'Trip(1)'].map((folder) => ({ folder, title: 'Trip' }))
  const shots = [shot(1), edited, shot(2), live, half, shot(1, 'Trip'), shot(2, 'Trip(1)')]

  let linked: string
  beforeAll(async () => {
    linked = await newHome('linked')
    const empty = await startImmich({ folder: null })
    const env = { IMMICH_URL: empty.url, IMMICH_API_KEY: empty.key }
    await makeTakeout(join(linked, 'takeout'), { shots, albums }, { parts: 1 })
    for (const name of ['index-gphotos', 'index-immich', 'link'])
      await runStage(linked, name, argsOf(name), { env })
    await empty.stop()
  })

  const uploads = /^POST .*\/assets$/
  const calls: [string, RegExp, number][] = [
    ['the first upload', uploads, 1],
    ['the third upload', uploads, 3],
    ['the last upload', uploads, 5],
    ['the first album', /^POST .*\/albums$/, 1],
    ['the second album', /^POST .*\/albums$/, 2],
    ['pictures put into it', /^PUT .*\/albums\/.*\/assets$/, 1],
    ['a stack', /^POST .*\/stacks$/, 1],
  ]
  test.each(calls)('leaves nothing twice and nothing out: %s', async (_, only, n) => {
    for (const again of [['transfer'], ['index-immich', 'link', 'transfer']]) {
      const fresh = await startImmich({ extractDelayMs: 5, folder: null })
      const wire = await startProxy(fresh.url)
      const home = await newHome('lost')
      const env = { IMMICH_URL: wire.url, IMMICH_API_KEY: fresh.key }
      const run = (name: string, kill?: Kill) =>
        runStage(home, name, argsOf(name), { env, proxy: wire, ...(kill && { kill }) })
      cpSync(join(linked, 'data'), join(home, 'data'), { recursive: true })
      expect((await run('transfer', { at: 'done', n, only })).killed).toBe(true)
      for (const name of again) expect((await run(name)).code).toBe(0)
      await fresh.settled()
      const held = holdings(fresh)
      expect(held.assets).toHaveLength(5)
      expect(held.assets.filter(({ live }) => live)).toHaveLength(1)
      expect(held.assets.filter(({ visibility }) => visibility === 'hidden')).toHaveLength(1)
      expect(held.assets.filter(({ stack }) => stack)).toHaveLength(2)
      const named = (sum: string | null) => held.assets.find((one) => one.checksum === sum)?.name
      expect(held.albums.map(({ photos }) => photos.map(named).join()).sort()).toEqual([
        'IMG_1.jpg',
        'IMG_2.jpg',
      ])
      expect((await run('transfer')).text).toMatch(
        /nothing to send: 3 sent before, 0 were there before/,
      )
      await wire.stop()
      await fresh.stop()
    }
  })
})

describe('a run that cannot go on', () => {
  const shots = Array.from({ length: 12 }, (_, n): Shot => {
    return {
      folder: 'Photos from 2021',
      name: `IMG_${n}.jpg`,
      taken: 1_614_592_800 + n * 3600,
      size: [48, 32],
      part: 1 + (n % 2),
    }
  })
  let home: string
  const env = () => ({ IMMICH_URL: proxy.url, IMMICH_API_KEY: server.key, PHOTOFERRY_RETRIES: '2' })
  const stage = (name: string, args: string[] = [], more: object = {}) =>
    runStage(home, name, args, { env: env(), ...more })
  async function ready(format: 'zip' | 'tgz' | 'folder' = 'zip') {
    home = await newHome('stops')
    await makeTakeout(join(home, 'takeout'), { shots }, { parts: 2, format })
    expect((await stage('index-gphotos', ['takeout'])).code).toBe(0)
    await stage('index-immich')
    await stage('link')
  }
  /** Runs transfer once more: each picture is there once, and nothing is left. */
  async function completes() {
    const { code, text } = await stage('transfer')
    expect(text).not.toMatch(/failed [1-9]/)
    expect(code).toBe(0)
    expect(server.db.assets.size).toBe(shots.length)
    expect((await stage('transfer')).text).toMatch(/nothing to send/)
  }

  const json = { 'content-type': 'application/json' }
  const isUpload = ({ method, path }: Seen) => method === 'POST' && /\/assets$/.test(path)
  /** From the n-th upload on `answer` comes instead of the server's. */
  const refuseFrom = (n: number, answer: Refusal) => {
    let uploads = 0
    proxy.proxy.instead = (seen) => (isUpload(seen) && ++uploads >= n ? answer : undefined)
  }
  const fine = () => {
    proxy.proxy.instead = () => undefined
  }

  test('stops at once where its key is refused in the middle, and goes on with a good one', async () => {
    await ready()
    refuseFrom(5, { status: 401, headers: json, body: '{"message":"Invalid API key"}' })
    const { code, text } = await stage('transfer')
    expect(text).toMatch(/transfer: Cannot talk to Immich at .*: it refuses this key .*\n$/)
    expect(code).toBe(1)
    expect(proxy.uploads.length).toBeLessThan(shots.length)
    expect(server.db.assets.size).toBe(4)
    fine()
    await completes()
  })

  test('stops where the server is gone for good, and says so', async () => {
    await ready()
    proxy.proxy.instead = () => (proxy.uploads.length >= 5 ? { status: 503, body: '' } : undefined)
    const { code, text } = await stage('transfer')
    expect(text).toMatch(/transfer: Cannot talk to Immich at .*: it answers 503 .*run again\n$/)
    expect(code).toBe(1)
    fine()
    await completes()
  })

  test.skipIf(process.platform === 'win32').each([
    ['in the middle', () => 4],
    ['at its end', () => Math.floor(statSync(join(home, 'data/state.json')).size / 512) + 2],
  ])(
    'stops at once where the disk of the state is full %s, and goes on where there is room',
    async (_, blocks) => {
      await ready()
      const { code, text } = await stage('transfer', [], { limit: blocks() })
      expect(text).toMatch(
        /transfer: Cannot write the state: disk full \(.*\): make room and run again.*\n$/,
      )
      expect(code).toBe(1)
      expect(JSON.parse(readFileSync(join(home, 'data/state.json'), 'utf8')).counts.photos).toBe(
        shots.length,
      )
      await completes()
    },
  )

  test.each(['zip', 'tgz'] as const)(
    'stops at once where a %s that is still needed is gone, and goes on when it is back',
    async (format) => {
      await ready(format)
      const part = readdirSync(join(home, 'takeout')).find((name) => name.includes('-002.'))
      const path = join(home, 'takeout', String(part))
      let uploads = 0
      proxy.proxy.on = (seen) => {
        if (isUpload(seen) && seen.moment === 'request' && ++uploads === 3)
          renameSync(path, `${path}.away`)
        return false
      }
      const { code, text } = await stage('transfer')
      expect(text).toMatch(/Cannot read "takeout-.*-002.*": it is no longer at .*: bring it back/)
      expect(code).toBe(1)
      // Known from the start to be gone it is told, and what lies in the other part goes over.
      const again = await stage('transfer')
      expect(again.text).toMatch(/it is no longer at/)
      expect(again.code).toBe(3)
      expect(server.db.assets.size).toBe(shots.length / 2)
      renameSync(`${path}.away`, path)
      await completes()
    },
  )

  test('does not miss an archive whose photos are all over', async () => {
    await ready()
    proxy.proxy.on = ({ method, path }) => method === 'POST' && /albums$/.test(path)
    const paths = readdirSync(join(home, 'takeout')).map((name) => join(home, 'takeout', name))
    refuseFrom(7, { status: 401, headers: json, body: '{"message":"Invalid API key"}' })
    await stage('transfer', ['--concurrency', '1'])
    expect(server.db.assets.size).toBe(6)
    fine()
    rmSync(String(paths[0]))
    for (const name of ['index-gphotos', 'index-immich', 'link', 'transfer', 'verify']) {
      const { code, text } = await stage(name, argsOf(name))
      expect([name, code, text]).toEqual([
        name,
        name === 'index-gphotos' ? expect.toBeOneOf([0, 4]) : 0,
        expect.any(String),
      ])
    }
    expect(server.db.assets.size).toBe(shots.length)
    rmSync(String(paths[1]))
    expect((await stage('transfer')).text).toMatch(/nothing to send/)
  })

  test('is not what a broken connection makes of a big file that can be read only once', async () => {
    home = await newHome('once')
    const bytes = padded(Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 17 * 2 ** 20, 1)
    const big: Shot = { folder: 'Photos from 2021', name: 'BIG.jpg', bytes, exif: null }
    await makeTakeout(
      join(home, 'takeout'),
      { shots: [...shots.slice(0, 2), big, ...shots.slice(2)].map((one) => ({ ...one, part: 1 })) },
      { parts: 1, format: 'tgz' },
    )
    for (const name of ['index-gphotos', 'index-immich', 'link']) await stage(name, argsOf(name))
    for (const moment of ['request', 'half', 'request', 'half'] as const) {
      proxy.proxy.on = (seen) =>
        isUpload(seen) && seen.size > bytes.length && seen.moment === moment
      const { code, text } = await stage('transfer')
      expect(text).toMatch(/BIG.jpg: the connection broke, and this file can be read only once/)
      expect(code).toBe(3)
      expect(server.db.assets.size).toBe(shots.length)
    }
    // It arrives, and the kill takes the answer: the next run asks before it sends it again.
    const kill: Kill = { at: 'done', n: 1, only: /^POST .*\/assets$/ }
    expect((await stage('transfer', [], { proxy, kill })).killed).toBe(true)
    expect((await stage('transfer')).code).toBe(0)
    expect(server.db.assets.size).toBe(shots.length + 1)
    const whole = proxy.uploads.filter((one) => one.whole && one.size > bytes.length)
    expect(whole).toHaveLength(1)
  })

  test('is not what one file makes of it that never gets through', async () => {
    await ready()
    const stuck = new Set<number>()
    // A proxy before the server that cuts off uploads of this length.
    proxy.proxy.on = (seen) => {
      if (isUpload(seen) && stuck.size === 0) stuck.add(seen.size)
      return isUpload(seen) && stuck.has(seen.size) && seen.moment === 'half'
    }
    const { code, text } = await stage('transfer', ['--concurrency', '1'])
    expect(text).toMatch(/IMG_\d+\.jpg: the connection broke .*each time: a proxy before Immich/)
    expect(code).toBe(3)
    expect(server.db.assets.size).toBe(shots.length - 1)
  })

  test('is not what one damaged file makes of it', async () => {
    await ready()
    const path = join(home, 'takeout', String(readdirSync(join(home, 'takeout'))[0]))
    const bytes = readFileSync(path)
    const { mtime } = statSync(path)
    // A byte of a picture that lies there unpacked.
    const at = bytes.indexOf(Buffer.from([0xff, 0xd8, 0xff])) + 600
    bytes.writeUInt8(bytes.readUInt8(at) ^ 255, at)
    writeFileSync(path, bytes)
    utimesSync(path, mtime, mtime)
    const { code, text } = await stage('transfer')
    expect(text).toMatch(/IMG_\d+\.jpg: .*its checksum is wrong/)
    expect(code).toBe(3)
    expect(server.db.assets.size).toBe(shots.length - 1)
  })

  test('is not what a refused upload makes of it, nor is that one sent in a loop', async () => {
    await ready()
    const refused = {
      status: 400,
      headers: json,
      body: '{"message":["fileCreatedAt must be a date"]}',
    }
    let uploads = 0
    proxy.proxy.instead = (seen) => (isUpload(seen) && ++uploads % 3 === 0 ? refused : undefined)
    const { code, text } = await stage('transfer')
    expect(text).toMatch(/fileCreatedAt must be a date/)
    expect(code).toBe(3)
    expect(uploads).toBe(shots.length)
    // However often it is run: each refused upload leaves a file on the server's disk.
    proxy.proxy.instead = (seen) => (isUpload(seen) && ++uploads ? refused : undefined)
    for (let n = 0; n < 6; n++) await stage('transfer')
    expect(uploads).toBeLessThanOrEqual(shots.length + 4 * 2)
  })
})

describe('a key', () => {
  test('is told nowhere but in .env, whatever goes wrong and with --verbose', async () => {
    const home = await newHome('secret')
    await makeTakeout(
      join(home, 'takeout'),
      { shots: [{ folder: 'Photos from 2021', name: 'a.jpg', size: [48, 32] }] },
      { parts: 1 },
    )
    const env = {
      IMMICH_URL: proxy.url,
      IMMICH_API_KEY: server.key,
      PHOTOFERRY_RETRIES: '2',
      PHOTOFERRY_IDLE_MS: '100',
    }
    let said = ''
    const run = async (stage: string, args: string[] = [], more = {}) => {
      const { code, text } = await runStage(home, stage, [...args, '--verbose'], {
        env: { ...env, ...more },
      })
      said += text
      return code
    }
    expect(await run('auth')).toBe(0)
    await run('index-gphotos', ['takeout'])
    for (const stage of ['auth', 'index-immich', 'link', 'transfer', 'doctor']) {
      Object.assign(proxy.proxy, { rate: 0.6, left: 12 })
      await run(stage)
    }
    proxy.proxy.rate = 0
    for (const status of [400, 401, 403, 500]) {
      const headers = { 'content-type': 'application/json' }
      proxy.proxy.instead = ({ path }) =>
        /version|known/.test(path) ? undefined : { status, headers, body: '{"message":"no"}' }
      await run('index-immich')
    }
    proxy.proxy.instead = () => undefined
    // What people do: the wrong value in the wrong place.
    await run('auth', [], { IMMICH_URL: server.key, IMMICH_API_KEY: proxy.url })
    await run('auth', [], { IMMICH_URL: `http://me:${server.key}@127.0.0.1:1` })
    await run('auth', [], { IMMICH_API_KEY: `${server.key} ` })
    await run('auth', [], { IMMICH_API_KEY: `"${server.key}"` })
    await run('sync', ['--yes'])
    await run('status')
    expect(said.length).toBeGreaterThan(3000)
    expect(said).not.toContain(server.key)
    const held: string[] = []
    for (const line of await listing(home)) {
      const [path = '', mode] = line.split(/ (?=\d+$)/)
      if (/^(scripts|cache)/.test(path)) continue
      if (readFileSync(join(home, path)).includes(server.key)) held.push(path)
      if (/^(data|\.env)/.test(path)) expect([path, mode]).toEqual([path, '600'])
    }
    expect(held).toEqual(['.env'])
  })

  test.each([
    ['localhost', true],
    ['nas', true],
    ['nas.local', true],
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['100.64.0.1', true],
    ['[::1]', true],
    ['[fd00::1]', true],
    ['[fe80::1]', true],
    ['nas.lan', true],
    ['169.254.1.1', true],
    ['100.127.255.255', true],
    ['100.128.0.1', false],
    ['nas.tail1234.ts.net', true],
    ['photos.example.com', false],
    ['172.32.0.1', false],
    ['[2001:db8::1]', false],
    ['localhost.example.com', false],
    ['10.example.com', false],
    ['127.0.0.1.example.com', false],
    ['fd.example.com', false],
  ])('goes to %s: at home is %s', (host, expected) => {
    expect(isPrivate(host)).toBe(expected)
  })

  test('that goes over plain http to a place outside is warned of', async () => {
    const home = await newHome('plain')
    const url = (host: string) => server.url.replace('127.0.0.1', host)
    const auth = async (host: string) =>
      (
        await runStage(home, 'auth', ['--dry-run'], {
          env: { IMMICH_URL: url(host), IMMICH_API_KEY: server.key },
        })
      ).text
    expect(await auth('127.0.0.1')).not.toMatch(/plain http/)
    expect(await auth('localhost')).not.toMatch(/plain http/)
    await makeTakeout(
      join(home, 'takeout'),
      { shots: [{ folder: 'Photos from 2021', name: 'a.jpg', size: [48, 32] }] },
      { parts: 1 },
    )
    const sync = await runStage(home, 'sync', ['--dry-run'], {
      env: {
        IMMICH_URL: url('0.0.0.0'),
        IMMICH_API_KEY: server.key,
        TAKEOUT: join(home, 'takeout'),
      },
    })
    expect(sync.text.match(/plain http/g)).toHaveLength(1)
    // Every address of this machine, and none of a private network.
    expect(await auth('0.0.0.0')).toMatch(
      /warning: .*plain http: the key .* can be read on the way/,
    )
  })
})
