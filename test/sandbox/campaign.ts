import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, watch } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { State, Transfer } from '../../lib/state/records.ts'
import type { Standin } from './immich.ts'
import { random } from './landscape.ts'
import { type BadNetwork, type Seen, startProxy } from './proxy.ts'
import { type Description, makeTakeout, type Shot } from './takeout.ts'

/** When a stage is killed: at the n-th moment of a kind (of what fits `only`, method and path), or after n ms (`time`). */
export type Kill = {
  at: 'request' | 'half' | 'done' | 'journal' | 'fold' | 'time'
  n: number
  only?: RegExp
}
export type Ran = {
  stage: string
  code: number | null
  killed: boolean
  text: string
  /** Bytes of memory at most, as Linux counts them; 0 elsewhere. */
  peak: number
}

export const STAGES = ['index-gphotos', 'index-immich', 'link', 'transfer', 'verify']
/** Above this a transfer journals `sending` before it begins. */
const BIG_BYTES = 8 * 1024 * 1024
// A transfer sends four at a time; answers reach the journal 200 ms later at most, and a slow machine later still.
const JOURNAL_MS = 600

/** A folder of its own to run in, as a checkout is: `scripts/`, `data/`, a home and a place for temporary files. */
export async function makeHome(root: string) {
  for (const name of ['takeout', 'home', 'tmp', 'cache'])
    await mkdir(join(root, name), { recursive: true })
  await symlink(resolve(import.meta.dirname, '../../scripts'), join(root, 'scripts'))
  return root
}

/** Runs one stage as a process group of its own, in `home`; with `kill` it is ended by SIGKILL at that moment. */
export async function runStage(
  home: string,
  stage: string,
  args: string[],
  {
    env = {},
    proxy,
    kill,
    limit,
  }: { env?: Record<string, string>; proxy?: BadNetwork; kill?: Kill; limit?: number } = {},
): Promise<Ran> {
  const command = [process.execPath, `scripts/${stage}.ts`, ...args]
  // Files of this stage may have at most so many blocks: a disk that is full.
  const [file = '', ...rest] = limit
    ? ['sh', '-c', `ulimit -f ${limit}; exec "$@"`, 'sh', ...command]
    : command
  const child = spawn(file, rest, {
    cwd: home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: join(home, 'home'),
      TMPDIR: join(home, 'tmp'),
      NODE_COMPILE_CACHE: join(home, '../cache'),
      TIME_ZONE: 'Europe/Berlin',
      PHOTOFERRY_RETRY_MS: '2',
      PHOTOFERRY_IDLE_MS: '500',
      PHOTOFERRY_POLL_MS: '50',
      ...env,
    },
  })
  let text = ''
  let killed = false
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (text += bytes))
  const strike = () => {
    // Not before it is there, nor when it is gone: then its number may be another's.
    if (killed || child.pid === undefined || child.exitCode !== null) return false
    killed = true
    process.kill(-child.pid, 'SIGKILL')
    return true
  }
  const count = (() => {
    let left = kill?.n ?? 0
    return () => --left === 0 && strike()
  })()
  const timer = kill?.at === 'time' ? setTimeout(strike, kill.n) : undefined
  const isWire = kill && ['request', 'half', 'done'].includes(kill.at)
  const fits = ({ moment, method, path }: Seen) =>
    isWire === true && moment === kill.at && (kill.only?.test(`${method} ${path}`) ?? true)
  if (proxy) proxy.proxy.on = (seen) => fits(seen) && count()
  await mkdir(join(home, 'data'), { recursive: true })
  const watcher =
    kill && ['journal', 'fold'].includes(kill.at)
      ? watch(join(home, 'data'), (_, name) => {
          const isJournal = name === 'state.json.journal'
          const isFold = /^state\.json(\.tmp|\.bak.*|\.journal\.tmp)?$/.test(name ?? '')
          if (kill.at === 'journal' ? isJournal : isFold) count()
        })
      : undefined
  let peak = 0
  const look = setInterval(() => {
    peak = Math.max(peak, memoryOf(child.pid))
  }, 50)
  const [code] = await once(child, 'close')
  clearInterval(look)
  clearTimeout(timer)
  watcher?.close()
  if (proxy) proxy.proxy.on = () => false
  return { stage, code, killed, text, peak }
}

/** A disk of so many bytes at `path`, and how to take it away; undefined where this user or this system has none to give. */
export async function smallDisk(path: string, bytes: number) {
  await mkdir(path, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path])
  if (mounted.status !== 0) return
  return () => spawnSync('umount', ['-l', path])
}

function memoryOf(pid: number | undefined) {
  try {
    const kib = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0
  }
}

const at = (utc: string) => Date.parse(`${utc}Z`) / 1000

/** Bytes that no packing makes smaller, behind those of a picture. */
export function padded(head: Buffer, size: number, seed: number) {
  const bytes = Buffer.alloc(size)
  const next = random(seed)
  for (let n = 0; n + 4 <= size; n += 4) bytes.writeUInt32LE(Math.floor(next() * 2 ** 32), n)
  head.copy(bytes)
  return bytes
}

/**
 * Two exports that hold one of each thing which takes more than one request: zips with a live photo over two parts, edited
 * copies, two albums of one title, big files; and a tgz, in which a big video can be read once only.
 */
export async function campaignTakeout(target: string) {
  const shot = (day: number, more: Partial<Shot> = {}): Shot => ({
    folder: 'Photos from 2021',
    name: `IMG_${4000 + day}.jpg`,
    taken: at('2021-03-01T10:00:00') + day * 86_400,
    size: [64, 48],
    offset: '+01:00',
    ...more,
  })
  const samples = resolve(import.meta.dirname, '../fixtures/samples')
  const video = await readFile(join(samples, 'lake.mp4'))
  const plain = Array.from({ length: 10 }, (_, n) => shot(n))
  const told = [
    shot(20, { facts: { description: 'Grüße & <b>more</b>', place: [54.4858, 10.1228] } }),
    shot(21, { facts: { favorite: true, people: ['Mira'] } }),
    shot(22, { facts: { archived: true } }),
    shot(23, { facts: { trashed: true }, folder: 'Trash' }),
    shot(24, { sidecar: false }),
  ]
  const edited = shot(30)
  const big = shot(40, { name: 'BIG_1.mp4', bytes: padded(video, 9 * 2 ** 20, 1) })
  const live = shot(50, { name: 'IMG_4711.HEIC', sample: 'live.heic', part: 1 })
  const copies = [plain[1], told[0], big].map((one) => ({ ...(one as Shot), folder: 'Trip' }))
  const zips: Description = {
    shots: [
      ...plain,
      ...told,
      edited,
      {
        ...edited,
        name: 'IMG_4030-edited.jpg',
        warm: true,
        role: 'edited',
        of: edited.name,
        photo: `${edited.name}@${edited.taken}`,
      },
      big,
      live,
      {
        folder: live.folder,
        name: 'IMG_4711.MOV',
        sample: 'live.mov',
        role: 'motion',
        of: live.name,
        part: 2,
      },
      ...copies,
      { ...(plain[2] as Shot), folder: 'Trip(1)' },
    ],
    albums: [
      { folder: 'Trip', title: 'Trip', description: 'the first', date: at('2021-04-01T10:00:00') },
      { folder: 'Trip(1)', title: 'Trip', date: at('2021-05-01T10:00:00'), part: 2 },
    ],
  }
  const lively = shot(60, { folder: 'Photos from 2022', name: 'IMG_4802.JPG' })
  const other = shot(61, { folder: 'Photos from 2022', name: 'IMG_5001.jpg' })
  const tgz: Description = {
    shots: [
      lively,
      {
        folder: lively.folder,
        name: 'IMG_4802.MP4',
        sample: 'motion.mp4',
        role: 'motion',
        of: lively.name,
      },
      shot(62, {
        folder: 'Photos from 2022',
        name: 'BIG_2.mp4',
        bytes: padded(video, 17 * 2 ** 20, 2),
      }),
      other,
      {
        ...other,
        name: 'IMG_5001-edited.jpg',
        warm: true,
        role: 'edited',
        of: other.name,
        photo: `${other.name}@${other.taken}`,
      },
      ...Array.from({ length: 4 }, (_, n) => shot(70 + n, { folder: 'Photos from 2022' })),
      { ...(plain[3] as Shot), folder: 'Photos from 2021' },
      { ...other, folder: 'Summer' },
    ],
    albums: [{ folder: 'Summer', title: 'Summer' }],
  }
  await makeTakeout(target, zips, { parts: 2 })
  await makeTakeout(target, tgz, { parts: 1, format: 'tgz', stamp: '20260301T080000Z' })
}

/** What the server holds, without its own ids and times. */
export function holdings({ db }: Standin) {
  const sum = (id: string | null) => (id === null ? null : (db.assets.get(id)?.checksum ?? 'gone'))
  const assets = [...db.assets.values()].map((asset) => ({
    checksum: asset.checksum,
    name: asset.originalFileName,
    visibility: asset.visibility,
    favorite: asset.isFavorite,
    taken: new Date(asset.fileCreatedAt).toISOString(),
    local: new Date(asset.localDateTime).toISOString(),
    place: [asset.exif.latitude, asset.exif.longitude],
    description: asset.exif.description,
    tags: asset.tagIds.map((id) => db.tags.get(id)?.value).sort(),
    live: sum(asset.livePhotoVideoId),
    stack: asset.stackId
      ? [
          sum(db.stacks.get(asset.stackId)?.primaryAssetId ?? null),
          ...[...db.assets.values()]
            .filter(({ stackId }) => stackId === asset.stackId)
            .map(({ checksum }) => checksum)
            .sort(),
        ]
      : null,
  }))
  const albums = [...db.albums.values()].map(({ albumName, description, assetIds }) => ({
    title: albumName,
    description,
    photos: assetIds.map(sum).sort(),
  }))
  const order = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  return { assets: assets.sort(order), albums: albums.sort(order), stacks: db.stacks.size }
}

/**
 * What the state says, without times, tries and the order of events, and with bytes and titles for the server's ids. A link
 * to what was sent itself says only that the answer to that was lost once.
 */
export async function outcome(home: string, { db }: Standin) {
  const state = JSON.parse(await readFile(join(home, 'data/state.json'), 'utf8')) as State
  const { photos, albums, leftovers, links, albumLinks, transfers, checks } = state
  for (const [id, { at: _, tries: __, ...transfer }] of Object.entries(transfers)) {
    if (transfer.owes?.length === 0) delete transfer.owes
    transfer.added?.sort()
    transfers[id] = transfer as Transfer
    if (links[id] && links[id].asset === transfer.asset && !transfer.had)
      links[id] = { asset: null, how: 'none' }
  }
  for (const link of Object.values(links)) delete link.sha1
  const oks = Object.fromEntries(Object.entries(checks).map(([id, { ok }]) => [id, ok]))
  const text = JSON.stringify({ photos, albums, leftovers, links, albumLinks, transfers, oks })
  const named = text.replace(
    /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g,
    (id) => db.assets.get(id)?.checksum ?? db.albums.get(id)?.albumName ?? id,
  )
  return JSON.parse(named)
}

export type Figures = {
  runs: number
  kills: Record<string, number>
  faults: Record<string, number>
  requests: number
  bytes: number
  twice: number
  bound: number
  ended: string[]
}

/**
 * Runs the whole pipeline on `home`'s takeout through a bad network, killing it `kills` times, until it completes. After a
 * kill it goes on with the same stage or begins with the first, as people do. Throws with the output of a stage that ends in
 * a way it never should.
 */
export async function campaign(
  home: string,
  server: Standin,
  {
    seed,
    kills,
    rate,
    log = () => {},
  }: { seed: number; kills: number; rate: number; log?: (line: string) => void },
): Promise<Figures> {
  const next = random(seed)
  const proxy = await startProxy(server.url, { seed, rate })
  const env = {
    IMMICH_URL: proxy.url,
    IMMICH_API_KEY: server.key,
    TAKEOUT: join(home, 'takeout'),
  }
  const figures: Figures = {
    runs: 0,
    kills: {},
    faults: {},
    requests: 0,
    bytes: 0,
    twice: 0,
    bound: 0,
    ended: [],
  }
  let left = kills
  let failures = 0
  try {
    for (let n = 0; n < STAGES.length; ) {
      // Some begin with the first stage by `make sync`, which runs them all.
      const stage = n === 0 && next() < 0.15 ? 'sync' : (STAGES[n] as string)
      // Most of the kills go to where most can break.
      const wants = left > 0 && next() < (isSending(stage) ? 0.97 : 0.35)
      // The first lives are short, so that no campaign is over before it has been killed.
      const isYoung = kills - left < Math.min(3, kills) && isSending(stage)
      const early: Kill = {
        at: 'request',
        n: 1 + Math.floor(next() * 3),
        only: /^POST \/api\/assets$/,
      }
      const kill = isYoung ? early : wants ? chooseKill(stage, next) : undefined
      const ran = await runStage(home, stage, [...argsOf(stage), '--verbose'], { env, proxy, kill })
      figures.runs++
      log(`${stage} ${ran.killed ? `killed at ${kill?.at} ${kill?.n}` : ran.code}`)
      if (ran.killed) {
        left--
        const label = `${kill?.at}`
        figures.kills[label] = (figures.kills[label] ?? 0) + 1
        if (isSending(stage)) for (const { size } of proxy.atRisk(JOURNAL_MS)) figures.bound += size
        if (next() < 0.35) n = 0
        continue
      }
      if (ran.text.includes(server.key)) throw new Error(`${stage} tells the key:\n${ran.text}`)
      if (ran.code === 0) {
        n = stage === 'sync' ? STAGES.length : n + 1
        continue
      }
      const last = ran.text.trim().split('\n').at(-1) ?? ''
      figures.ended.push(`${stage} ${ran.code}: ${last}`)
      const isBadDay =
        ran.code === 3 || (ran.code === 1 && /^[\w-]+: Cannot talk to Immich at /.test(last))
      if (!isBadDay || /This is a bug|web page/.test(ran.text) || ++failures > 60)
        throw new Error(`${stage} ended with ${ran.code}:\n${ran.text}`)
      n = 0
    }
    // Once more in peace: nothing is left to do, and nothing is done.
    proxy.proxy.rate = 0
    for (const stage of STAGES) {
      const { code, text } = await runStage(home, stage, [], { env })
      if (code !== 0) throw new Error(`${stage} ended with ${code} after all was done:\n${text}`)
    }
    // What went wrong on the wire costs its own request again.
    figures.faults = Object.fromEntries(proxy.faults)
    figures.requests = proxy.count()
    const first = new Map<string, number>()
    for (const { what, size, bytes, whole, fault } of proxy.uploads) {
      if (fault) figures.bound += size
      figures.bytes += bytes
      if (whole && !first.has(what)) first.set(what, size)
    }
    figures.twice = figures.bytes - [...first.values()].reduce((sum, size) => sum + size, 0)
    for (const { what } of proxy.uploads) {
      const whole = proxy.uploads.filter((one) => one.what === what && one.whole)
      if (whole.length > 1 && (whole[0]?.size ?? 0) > BIG_BYTES)
        throw new Error(`${what} went over whole ${whole.length} times`)
    }
  } finally {
    await proxy.stop()
  }
  return figures
}

const isSending = (stage: string) => stage === 'transfer' || stage === 'sync'

/** What a stage needs to be told. */
export function argsOf(stage: string) {
  if (stage === 'index-gphotos') return ['takeout']
  if (stage === 'verify') return ['--wait', '30s']
  return stage === 'sync' ? ['--yes'] : []
}

function chooseKill(stage: string, next: () => number): Kill {
  // Sooner rather than later: so a run gets some way in many lives.
  const up = (most: number) => 1 + Math.floor(next() ** 1.5 * most)
  const share = next()
  if (stage === 'sync') {
    if (share < 0.8) return { at: share < 0.4 ? 'request' : 'done', n: up(80) }
    return { at: 'time', n: 300 + up(3000) }
  }
  if (stage === 'transfer') {
    if (share < 0.25) return { at: 'half', n: up(6) }
    if (share < 0.5) return { at: 'done', n: up(16) }
    if (share < 0.7) return { at: 'request', n: up(16) }
    if (share < 0.85) return { at: 'journal', n: up(6) }
    return share < 0.95 ? { at: 'fold', n: up(6) } : { at: 'time', n: 150 + up(500) }
  }
  if (stage === 'index-immich' || stage === 'verify') {
    if (share < 0.3) return { at: 'request', n: up(9) }
    if (share < 0.5) return { at: 'done', n: up(9) }
  }
  if (share < 0.65) return { at: 'journal', n: up(3) }
  return share < 0.9 ? { at: 'fold', n: up(6) } : { at: 'time', n: 100 + up(300) }
}

/** What lies in a folder, with its mode: `data/state.json 600`. */
export async function listing(root: string, folder = ''): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await listing(root, path)))
    else found.push(`${path} ${((await stat(join(root, path))).mode & 0o777).toString(8)}`)
  }
  return found.sort()
}
