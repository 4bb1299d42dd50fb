#!/usr/bin/env node
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { number } from '../../lib/progress.ts'
import { flags, say, wholeNumber } from '../../lib/stage.ts'
import { openState } from '../../lib/state/state.ts'
import { zoneAt } from '../../lib/time.ts'
import { bulkTakeout } from '../sandbox/bulk-takeout.ts'
import { startImmich } from '../sandbox/immich.ts'
import { fullExportWithOneNew } from './drive.ts'

const usage = `
Measure the stages on data made on the spot, each against the least that it could cost in the same run.

  writes  data/bench.json (figure -> value, floor, ratio, goal, unit), and to stdout the table of docs/speed.md

Usage: make bench [ARGS="..."]
  --items 100000            photos; 1000000 on request
  --only index,state,transfer,mirror,rerun,link,start,drive; million on request: a state of a million photos, assets, links and
                            transfers (1.5 GB), with --items many of each
  --video-gb 5              the big file of the transfer
Exit:  0 measured (a goal that was missed is told, and is no error), 1 could not measure, 2 bad usage
`
const given = flags(usage, {
  items: { type: 'string', default: '100000' },
  only: { type: 'string', default: 'index,state,transfer,mirror,rerun,link,start,drive' },
  'video-gb': { type: 'string', default: '5' },
})
const items = wholeNumber('--items', given.items)
const videoGb = wholeNumber('--video-gb', given['video-gb'], 0)
const folder = resolve('data/bench')
const state = join(folder, 'state.json')
const WORKERS = 4

type Cost = { seconds: number; cpu: number; peak: number; read: number; out: string }
type Figure = {
  value: number
  floor: number | null
  ratio: number | null
  goal: string
  unit: string
}
const figures: Record<string, Figure> = {}

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
say(
  `${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ${number(items)} photos`,
)
const benches: Record<string, () => Promise<void>> = {
  index,
  state: stateFile,
  link,
  start,
  transfer,
  mirror,
  rerun,
  drive,
  million,
}
for (const name of given.only.split(',')) await benches[name]?.()
await writeFile('data/bench.json', `${JSON.stringify(figures, null, 2)}\n`)
await rm(folder, { recursive: true, force: true })
console.log(table())
say('written to data/bench.json; the table is that of docs/speed.md')

async function index() {
  const { paths } = await takeout()
  const run = await stage('index-gphotos', [join(folder, 'bulk')])
  const floor = await measured('test/bench/floors.ts', ['index', ...paths])
  put('index, seconds', run.seconds, floor.seconds, 'at most 2 times', 's')
  put('index, peak memory', run.peak / 1e6, floor.peak / 1e6, '', 'MB')
}

async function stateFile() {
  const few = await measured('test/bench/state.ts', ['10000'])
  const many = await measured('test/bench/state.ts', [String(Math.max(items, 1_000_000))])
  put(
    'state, append at 1,000,000 records',
    Number(many.out),
    Number(few.out),
    'at most 1.5 times that at 10,000',
    'us',
  )
  put('state, peak memory of 1,000,000 records', many.peak / 1e6, null, '', 'MB')
  await indexed()
  const open =
    "import('./lib/state/state.ts').then((s) => s.openState(process.env.STATE, { read: process.env.READ.split(',') }))"
  const all = await measured('-e', [open], { STATE: state, READ: 'photos,albums,leftovers,parts' })
  const none = await measured('-e', [open], { STATE: state, READ: 'parts' })
  const floor = await measured('test/bench/floors.ts', ['lines', state])
  put('state, open with all photos', all.seconds, floor.seconds, 'at most 2 times', 's')
  put('state, open without photos', none.seconds, all.seconds, '', 's')
}

/** A whole library's state: written by collection as the stages do, then opened as each of them does. */
async function million() {
  const many = String(items)
  const env = { STATE: join(folder, 'million.json') }
  const script = 'test/bench/million.ts'
  const memory = ['--max-old-space-size=3072']
  for (const name of ['photos', 'assets', 'links', 'transfers', 'checks', 'albums']) {
    const run = await measured(
      script,
      ['write', name, name === 'albums' ? String(items / 200) : many],
      env,
    )
    const { micros, fold } = JSON.parse(run.out)
    put(`state of ${number(items)}, append ${name}`, micros, null, '', 'us')
    put(`state of ${number(items)}, fold after ${name}`, fold, null, '', 's')
  }
  put('state, size', (await stat(env.STATE)).size / 1e6, null, '', 'MB')
  const floor = await measured('test/bench/floors.ts', ['lines', env.STATE])
  const all = 'photos,albums,assets,assetAlbums,links,albumLinks,transfers,checks,runs'
  for (const [stage, names] of [
    ['status', 'runs'],
    ['index-gphotos', 'parts,photos,albums,leftovers'],
    ['index-immich', 'assets,assetAlbums'],
    ['transfer', all],
  ] as const) {
    const run = await measured(script, ['open', names], env, memory)
    put(`state of ${number(items)}, open for ${stage}`, run.seconds, floor.seconds, '', 's')
    put(`state of ${number(items)}, memory of ${stage}`, run.peak / 1e6, null, '', 'MB')
  }
  const run = await measured(script, ['append', `transfers,${all}`, '20000'], env, memory)
  put('state, append with all of it open', JSON.parse(run.out).micros, null, '', 'us')
}

async function link() {
  await indexed()
  const {
    data,
    put: write,
    save,
  } = await openState(state, { read: ['photos'], write: ['assets', 'runs'], stage: 'bench' })
  // Namesakes of another day: all are looked at, none is the same.
  for (const [id, { title, taken }] of Object.entries(data.photos)) {
    const iso = new Date(((taken ?? 0) + 86_400) * 1000).toISOString()
    write('assets', `asset-${id}`, {
      name: title,
      sha1: id,
      size: 1,
      kind: 'image',
      taken: iso,
      local: iso,
      visibility: 'timeline',
      updated: iso,
    })
  }
  write('runs', 'index-immich', { stage: 'index-immich', at: new Date().toISOString() })
  await save()
  const floor = await measured('test/bench/floors.ts', ['lines', state])
  const run = await stage('link', [])
  put('link, seconds', run.seconds, floor.seconds, 'a few seconds at 100,000', 's')
  await rm(state)
}

async function start() {
  await indexed()
  const help = await timed('make', ['-s', 'link', 'ARGS=--help'])
  const floor = await timed('node', ['-e', '0'])
  put('start, make link ARGS=--help', help, floor, 'at most 0.5 s', 's')
  const status = await timed('make', ['-s', 'status', `ARGS=--state ${state}`])
  put(`start, make status at ${number(items)} photos`, status, floor, 'at most 0.5 s', 's')
}

async function transfer() {
  const sink = fork('test/bench/sink.ts', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const [port] = await once(sink.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  const env = {
    IMMICH_URL: `http://127.0.0.1:${String(port).trim()}`,
    IMMICH_API_KEY: 'bench',
    SINK: `http://127.0.0.1:${String(port).trim()}`,
  }
  const small = Math.min(items, 20_000)
  // Without albums, which a sink does not make.
  const { paths } = await takeout('small', small, 0)
  await send('small files', paths, env, small)
  const big = await bigTakeout()
  await send('big files', [big], env, 0)
  sink.disconnect()
}

async function send(what: string, paths: string[], env: Record<string, string>, files: number) {
  const own = `${state}.${what.replace(' ', '-')}`
  await stage('index-gphotos', paths, env, own)
  const opened = await openState(own, {
    read: ['photos'],
    write: ['links', 'runs'],
    stage: 'bench',
  })
  let bytes = 0
  for (const [id, photo] of Object.entries(opened.data.photos)) {
    bytes += photo.files[0]?.size ?? 0
    opened.put('links', id, { asset: null, how: 'none' })
  }
  opened.put('runs', 'index-immich', { stage: 'index-immich', at: new Date().toISOString() })
  await opened.save()
  // What a run reads besides the media: itself and the state.
  const idle = await stage('transfer', ['--dry-run', '--quiet'], env, own)
  const run = await stage('transfer', ['--concurrency', String(WORKERS), '--quiet'], env, own)
  const floor = await measured('test/bench/floors.ts', ['post', ...paths], {
    ...env,
    WORKERS: String(WORKERS),
  })
  if (files > 0) {
    put(`transfer, ${what} a second`, files / run.seconds, files / floor.seconds, '', 'files/s')
    put(
      `transfer, CPU for 1,000 ${what}`,
      (run.cpu / files) * 1000,
      (floor.cpu / files) * 1000,
      '',
      's',
    )
  } else {
    put(`transfer, ${what}`, bytes / 1e6 / run.seconds, bytes / 1e6 / floor.seconds, '', 'MB/s')
    put(
      `transfer, CPU for a GB of ${what}`,
      (run.cpu / bytes) * 1e9,
      (floor.cpu / bytes) * 1e9,
      '',
      's',
    )
    put(
      `transfer, ${what}, bytes read for one sent`,
      (run.read - idle.read) / bytes,
      1,
      'at most 1.02 times',
      'bytes',
    )
    put(
      `transfer, peak memory with a video of ${videoGb} GB`,
      run.peak / 1e6,
      null,
      'at most 300 MB and 3 KB a photo',
      'MB',
    )
  }
}

/** Into folders on this disk, and again with nothing to do. */
async function mirror() {
  const { paths } = await takeout()
  const own = `${state}.mirror`
  await stage('index-gphotos', [join(folder, 'bulk')], {}, own)
  const env = { LIBRARY: join(folder, 'library') }
  const run = await stage('mirror', [], env, own)
  const again = await stage('mirror', [], env, own)
  const looked = await stage('mirror', ['--resync'], env, own)
  await rm(env.LIBRARY, { recursive: true })
  const into = { INTO: join(folder, 'copies') }
  const floor = await measured('test/bench/floors.ts', ['copy', ...paths], into)
  await rm(into.INTO, { recursive: true })
  const synced = await measured('test/bench/floors.ts', ['copy', ...paths], { ...into, SYNC: '1' })
  await rm(into.INTO, { recursive: true })
  const what = `mirror of ${number(items)} photos`
  put(what, run.seconds, floor.seconds, '', 's')
  put(`${what}, against a copy loop that syncs each file`, run.seconds, synced.seconds, '', 's')
  put(`${what}, processor`, run.cpu, floor.cpu, '', 's')
  put(`${what}, peak memory`, run.peak / 1e6, null, '', 'MB')
  put(`${what}, again with nothing to do`, again.seconds, null, '', 's')
  put(`${what}, again with --resync`, looked.seconds, null, '', 's')
}

async function rerun() {
  await takeout()
  const server = await startImmich({
    folder: null,
    extractDelayMs: 0,
    // As the real one does; else a place in an odd zone would show another clock.
    zoneAt: (latitude, longitude) => zoneAt([latitude, longitude]),
  })
  const env = { IMMICH_URL: server.url, IMMICH_API_KEY: server.key }
  const own = `${state}.rerun`
  const sync = [join(folder, 'bulk')]
  say('rerun: a first sync, so that there is nothing to do')
  for (const [name, args] of [
    ['index-gphotos', sync],
    ['index-immich', []],
    ['link', []],
    ['transfer', ['--quiet']],
    ['verify', ['--wait', '10m', '--quiet']],
  ] as const) {
    await stage(name, [...args], env, own)
  }
  // What came within its last minute an index lists again the next time: nobody syncs twice in one.
  await sleep(61_000)
  for (const name of ['index-immich', 'link']) await stage(name, [], env, own)
  const before = server.requests.length
  const floor = await measured('test/bench/floors.ts', ['lines', own])
  const run = await stage('sync', ['--yes'], { ...env, TAKEOUT: sync[0] as string }, own)
  const uploads = server.requests
    .slice(before)
    .filter(({ path, method }) => method === 'POST' && path.endsWith('/assets'))
  put('rerun, sync with nothing to do', run.seconds, floor.seconds, 'at most 20 s at 100,000', 's')
  put('rerun, requests', server.requests.length - before, null, '', 'requests')
  put('rerun, uploads', uploads.length, null, '0', 'uploads')
  await server.stop()
}

/** A whole library comes again in Drive, with one new photo: what does that cost? */
async function drive() {
  const own = `${state}.drive`
  const many = Math.min(items, 10_000)
  const { fetched, requests, needed, bytes } = await fullExportWithOneNew(
    folder,
    own,
    many,
    (name, args, env) => stage(name, args, env, own),
  )
  const what = `drive, one new photo in ${number(bytes / 1e9)} GB`
  put(`${what}, fetched`, fetched / 1e6, needed / 1e6, 'at most 1.02 times', 'MB')
  put(`${what}, requests`, requests, null, '', 'requests')
}

/** The Takeout of the figures, made once. */
async function takeout(name = 'bulk', many = items, albums = 10) {
  const target = join(folder, name)
  const there = await readdir(target).catch(() => [])
  if (there.length > 0) return { paths: there.map((part) => join(target, part)) }
  return bulkTakeout(target, { items: many, parts: 4, albums })
}

async function indexed() {
  await takeout()
  if (!(await stat(state).catch(() => null))) await stage('index-gphotos', [join(folder, 'bulk')])
}

/** A part with pictures of 4 MB and one video of many GB, stored as Google stores them. */
async function bigTakeout() {
  const { default: yazl } = await import('yazl')
  const { randomBytes } = await import('node:crypto')
  const { Readable } = await import('node:stream')
  const noise = randomBytes(4 << 20)
  const zip = new yazl.ZipFile()
  const year = 'Takeout/Google Photos/Photos from 2020'
  const add = (name: string, size: number, n: number) => {
    async function* bytes() {
      const head = Buffer.concat([
        Buffer.from(
          name.endsWith('mp4') ? '\0\0\0\x18ftypmp42\0\0\0\0mp42isom' : '\xff\xd8\xff\xe0',
          'latin1',
        ),
        Buffer.from(name),
      ])
      yield head
      for (let at = head.length; at < size; at += noise.length)
        yield noise.subarray(0, Math.min(noise.length, size - at))
    }
    zip.addReadStream(
      Readable.from(bytes(), { objectMode: false, highWaterMark: 1 << 20 }),
      `${year}/${name}`,
      { compress: false, size },
    )
    const sidecar = {
      title: name,
      photoTakenTime: { timestamp: String(1_577_900_000 + n) },
      url: `https://photos.google.com/photo/${n}`,
    }
    zip.addBuffer(
      Buffer.from(JSON.stringify(sidecar)),
      `${year}/${name}.supplemental-metadata.json`,
    )
  }
  for (let n = 0; n < 250; n++) add(`IMG_${n}.jpg`, (4 << 20) - n, n)
  if (videoGb > 0) add('VID_1.mp4', videoGb * 1e9, 1000)
  zip.end()
  await mkdir(join(folder, 'big'), { recursive: true })
  const path = join(folder, 'big', 'takeout-20260115T101500Z-3-001.zip')
  await once(zip.outputStream.pipe(createWriteStream(path)), 'close')
  return path
}

function stage(name: string, args: string[], env: Record<string, string> = {}, own = state) {
  return measured(`scripts/${name}.ts`, [...args, '--state', own], env)
}

/** A child process with its cost: seconds from its start to its end, CPU seconds, peak memory and bytes read. */
async function measured(
  script: string,
  args: string[],
  env: Record<string, string> = {},
  flags: string[] = [],
): Promise<Cost> {
  const meter = join(folder, 'meter.json')
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...flags, '--import', resolve('test/bench/meter.ts'), script, ...args],
    {
      stdio: ['ignore', 'pipe', given.verbose ? 'inherit' : 'ignore'],
      env: { ...process.env, ...env, METER: meter },
    },
  )
  let out = ''
  child.stdout.on('data', (chunk) => {
    if (out.length < 1000) out += chunk
  })
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - began) / 1000
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`)
  return { ...JSON.parse(await readFile(meter, 'utf8')), seconds, out }
}

/** Seconds of a command, the best of five: the machine's other work only adds. */
async function timed(command: string, args: string[]) {
  let best = Number.POSITIVE_INFINITY
  for (let n = 0; n < 5; n++) {
    const began = performance.now()
    await once(spawn(command, args, { stdio: 'ignore' }), 'close')
    best = Math.min(best, (performance.now() - began) / 1000)
  }
  return best
}

function table() {
  const rows = Object.entries(figures).map(
    ([name, { value, floor, ratio, goal, unit }]) =>
      `| ${name} | ${value} ${unit} | ${floor === null ? '' : `${floor} ${unit}`} | ${ratio ?? ''} | ${goal} |`,
  )
  return ['| figure | value | floor | ratio | goal |', '|---|---|---|---|---|', ...rows].join('\n')
}

function put(name: string, value: number, floor: number | null, goal: string, unit: string) {
  const round = (number: number) => Number(number.toPrecision(3))
  const ratio = floor ? round(value / floor) : null
  figures[name] = {
    value: round(value),
    floor: floor === null ? null : round(floor),
    ratio,
    goal,
    unit,
  }
  const against = ratio === null ? '' : `, floor ${round(floor ?? 0)}: ${ratio} times`
  say(`${name}: ${round(value)} ${unit}${against}${goal ? ` (goal: ${goal})` : ''}`)
}
