#!/usr/bin/env node
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fileSource } from '../lib/archive/source.ts'
import { readTar } from '../lib/archive/tar.ts'
import { readDirectory, readEntries, streamEntry } from '../lib/archive/zip.ts'
import { pairFolder } from '../lib/pairing/pairing.ts'
import { readJson } from '../lib/pairing/sidecar.ts'
import { count, duration, number, size } from '../lib/progress.ts'
import { Fail, flags, say, wholeNumber } from '../lib/stage.ts'
import { zoneAt } from '../lib/time.ts'
import { bulkTakeout } from './sandbox/bulk-takeout.ts'
import {
  argsOf,
  campaign,
  campaignTakeout,
  holdings,
  makeHome,
  outcome,
  runStage,
  STAGES,
} from './sandbox/campaign.ts'
import { mutated } from './sandbox/hostile.ts'
import { startImmich } from './sandbox/immich.ts'
import { random } from './sandbox/landscape.ts'
import { makeTakeout } from './sandbox/takeout.ts'

const given = flags(
  `
Wears the pipeline down: a library of some size, a bad network with kills at every moment, and damaged input; then says
what it held. It needs nothing but this folder.

Usage: make soak [ARGS="..."]
  --minutes 3               for how long, at least
  --seed N                  as printed by a run before, to see the same again
`,
  { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
)
const minutes = wholeNumber('--minutes', given.minutes)
const seed =
  given.seed === undefined ? Math.floor(Math.random() * 1e6) : wholeNumber('--seed', given.seed, 0)
// With those of `make test` together two hundred.
const LEAST_KILLS = 200
const started = Date.now()
const spent = () => (Date.now() - started) / (minutes * 60_000)
const root = mkdtempSync(join(tmpdir(), 'soak-'))
process.once('exit', () => rmSync(root, { recursive: true, force: true }))
say(`seed ${seed}, ${minutes} min at least`)

const load = await holdLoad()
const bad = await tryBadInput()
const faults = await surviveFaults()
console.log(`
load held      ${load}
faults         ${number(sum(faults.faults))} survived: ${rows(faults.faults)}
kills          ${number(sum(faults.kills))} survived: ${rows(faults.kills)}; the pipeline ran to its end ${count(faults.campaigns, 'time')}
bad inputs     ${bad}
bytes          ${size(faults.bytes)} sent, of them ${size(faults.twice)} twice; what kills and faults put at risk: ${size(faults.bound)}; no file over 8 MiB went over whole twice
nothing lost   each time the server and the state ended as after a run without faults
took           ${duration((Date.now() - started) / 1000)}, seed ${seed}`)

/** A library of thousands of photos, through every stage. */
async function holdLoad() {
  const home = await makeHome(join(root, 'load'))
  const items = 5000 * minutes
  await bulkTakeout(join(home, 'takeout'), { items, parts: 3, albums: 200 })
  // Places in a zone that Immich drops from dates are shown by the place alone, as it does.
  const server = await startImmich({
    extractDelayMs: 5,
    folder: null,
    zoneAt: (latitude, longitude) => zoneAt([latitude, longitude]),
  })
  const env = {
    IMMICH_URL: server.url,
    IMMICH_API_KEY: server.key,
    // Or what is shown would be what Node has left lying about.
    NODE_OPTIONS: '--max-old-space-size=128',
  }
  const took: string[] = []
  for (const stage of STAGES) {
    const began = performance.now()
    const { code, text, peak } = await runStage(home, stage, argsOf(stage), { env })
    if (code !== 0) lost(`${stage} of ${items} photos ended with ${code}`, text)
    took.push(`${stage} ${duration((performance.now() - began) / 1000)}, ${size(peak)}`)
  }
  if (server.db.assets.size !== items) lost(`of ${items} photos ${server.db.assets.size} arrived`)
  await server.stop()
  const held = `${count(items, 'photo')} through every stage, with the memory that it took at most (${took.join('; ')})`
  say(held)
  return held
}

/** Damaged archives, sidecars and names: read here by the thousand, and by the whole pipeline by the dozen. */
async function tryBadInput() {
  const next = random(seed)
  const folder = join(root, 'bad')
  const shots = Array.from({ length: 6 }, (_, n) => ({
    folder: 'Photos from 2021',
    name: `IMG_${n}.jpg`,
    taken: 1_614_592_800 + n,
    size: [32, 24] as [number, number],
  }))
  const { paths, expected } = await makeTakeout(folder, { shots }, { parts: 1 })
  const { paths: tars } = await makeTakeout(folder, { shots }, { parts: 1, format: 'tgz' })
  const known = new Set(expected.photos.map(({ sha1 }) => sha1))
  const [zip, tgz] = [readFileSync(String(paths[0])), readFileSync(String(tars[0]))]
  const sidecar = Buffer.from(
    JSON.stringify({
      title: 'a.jpg',
      photoTakenTime: { timestamp: '1614592800' },
      geoData: { latitude: 1.5, longitude: 2.5 },
      people: [{ name: 'x' }],
    }),
  )
  const tried = { archives: 0, sidecars: 0, folders: 0 }
  const file = join(folder, 'one')
  // A fifth of the time for each of both ways.
  const share = minutes * 12_000
  for (const end = Date.now() + share; Date.now() < end; ) {
    for (let n = 0; n < 20; n++, tried.archives++) {
      const isTar = n % 4 === 3
      writeFileSync(file, mutated(isTar ? tgz : zip, next))
      await slowIsLost(() => (isTar ? throughTar(file) : throughZip(file, known)))
    }
    for (let n = 0; n < 500; n++, tried.sidecars++) readJson(mutated(sidecar, next))
    for (let n = 0; n < 50; n++, tried.folders++) {
      const names = Array.from({ length: 12 }, () =>
        mutated(Buffer.from('IMG_1234(1)-edited.jpg'), next).toString(),
      )
      const { pairs } = pairFolder(
        names.map((name) => ({ name })),
        names.map((name) => ({ name: `${name}.json` })),
      )
      if (pairs.length !== names.length)
        lost(`a folder of ${names.length} files gave ${pairs.length} pairs`)
    }
  }
  const server = await startImmich({ extractDelayMs: 5, folder: null })
  let runs = 0
  for (const end = Date.now() + share; Date.now() < end; ) {
    const home = await makeHome(join(root, `bad-${runs++}`))
    for (let n = 0; n < 30; n++, tried.archives++) {
      const kind = n % 4 === 3 ? 'tgz' : 'zip'
      const name = `takeout-202601${String(n + 1).padStart(2, '0')}T101500Z-3-001.${kind}`
      writeFileSync(join(home, 'takeout', name), mutated(kind === 'tgz' ? tgz : zip, next))
    }
    for (const stage of STAGES) {
      const { code, text } = await runStage(home, stage, argsOf(stage), {
        env: { IMMICH_URL: server.url, IMMICH_API_KEY: server.key },
      })
      if (![0, 3, 4].includes(code ?? -1) || text.includes('bug in photoferry'))
        lost(`${stage} ended with ${code}`, text)
    }
    for (const { checksum } of server.db.assets.values())
      if (!known.has(checksum)) lost('bytes were sent that no archive held')
  }
  await server.stop()
  const held = `${number(tried.archives)} archives, ${number(tried.sidecars)} sidecars, ${number(tried.folders)} folders of names: each read, or refused with a word`
  say(held)
  return held
}

async function throughZip(path: string, known: Set<string>) {
  const source = await fileSource(path)
  try {
    const { entries } = await readDirectory(source)
    for await (const { data } of readEntries(source, entries))
      if (data && data.length > 4 * 2 ** 20) lost('an entry came out larger than asked for')
    for (const entry of entries) {
      const hash = createHash('sha1')
      let failed = false
      try {
        for await (const chunk of streamEntry(source, entry)) hash.update(chunk)
      } catch (error) {
        if (!(error instanceof Fail)) throw error
        failed = true
      }
      // Damage may hide in a name; the bytes are true or refused.
      if (
        !failed &&
        entry.path.endsWith('.jpg') &&
        entry.size > 0 &&
        !known.has(hash.digest('hex'))
      )
        lost(`"${entry.path}" gave other bytes`)
    }
  } catch (error) {
    if (!(error instanceof Fail)) throw error
  } finally {
    await source.close()
  }
}

async function throughTar(path: string) {
  try {
    for await (const { body } of readTar(path)) for await (const _ of body);
  } catch (error) {
    if (!(error instanceof Fail)) throw error
  }
}

async function slowIsLost(work: () => Promise<void>) {
  const began = performance.now()
  await work()
  if (performance.now() - began > 10_000) lost('an archive of some KB took ten seconds')
}

/** The whole pipeline, killed until it completes, again and again. */
async function surviveFaults() {
  const smooth = join(root, 'smooth')
  await makeHome(smooth)
  await campaignTakeout(join(smooth, 'takeout'))
  const versions = ['3.1.0', '2.7.5'] as const
  const [newer, older] = [
    await ended(smooth, { seed, kills: 0, rate: 0, version: versions[0] }),
    await ended(smooth, { seed, kills: 0, rate: 0, version: versions[1] }),
  ]
  const total = {
    faults: {} as Record<string, number>,
    kills: {} as Record<string, number>,
    campaigns: 0,
    bytes: 0,
    twice: 0,
    bound: 0,
  }
  for (let n = 1; spent() < 1 || sum(total.kills) < LEAST_KILLS; n++) {
    const home = await makeHome(join(root, `faults-${n}`))
    cpSync(join(smooth, 'takeout'), join(home, 'takeout'), { recursive: true })
    // A third of them before the older server.
    const [version, wanted] = n % 3 === 0 ? [versions[1], older] : [versions[0], newer]
    const { figures, ...end } = await ended(home, {
      seed: seed + n,
      kills: 25,
      rate: 0.06,
      version,
    })
    if (
      !isDeepStrictEqual(end.server, wanted.server) ||
      !isDeepStrictEqual(end.state, wanted.state)
    ) {
      writeFileSync(
        join(tmpdir(), 'soak-wanted.json'),
        JSON.stringify({ server: wanted.server, state: wanted.state }, null, 1),
      )
      writeFileSync(join(tmpdir(), 'soak-ended.json'), JSON.stringify(end, null, 1))
      lost(
        `campaign ${seed + n} ended otherwise than a run without faults: ${execFileSync('sh', ['-c', 'diff "$0" "$1" | head -40; true', join(tmpdir(), 'soak-wanted.json'), join(tmpdir(), 'soak-ended.json')])}`,
      )
    }
    if (figures.twice > figures.bound)
      lost(`${figures.twice} bytes went over twice, with ${figures.bound} at risk`)
    for (const which of ['faults', 'kills'] as const)
      for (const [what, many] of Object.entries(figures[which]))
        total[which][what] = (total[which][what] ?? 0) + many
    for (const which of ['bytes', 'twice', 'bound'] as const) total[which] += figures[which]
    total.campaigns++
    say(
      `${count(sum(total.kills), 'kill')}, ${count(sum(total.faults), 'fault')} in ${count(total.campaigns, 'run')} to the end`,
    )
    rmSync(home, { recursive: true })
  }
  return total
}

async function ended(
  home: string,
  { version, ...how }: { seed: number; kills: number; rate: number; version: '3.1.0' | '2.7.5' },
) {
  rmSync(join(home, 'data'), { recursive: true, force: true })
  const server = await startImmich({ version, extractDelayMs: 5, folder: null })
  const figures = await campaign(home, server, how)
  await server.settled()
  const end = { figures, server: holdings(server), state: await outcome(home, server) }
  await server.stop()
  return end
}

function lost(what: string, text = ''): never {
  throw new Fail(
    `Cannot vouch for the pipeline: ${what}: run it again with --seed ${seed}\n${text}`,
  )
}

function sum(counts: Record<string, number>) {
  return Object.values(counts).reduce((a, b) => a + b, 0)
}

function rows(counts: Record<string, number>) {
  const terms = Object.entries(counts).sort(([, a], [, b]) => b - a)
  return terms.map(([what, many]) => `${number(many)} ${what}`).join(', ')
}
