#!/usr/bin/env node
import type { ProcessPromise } from 'zx'
import { ask } from '../lib/ask.ts'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { immich } from '../lib/immich/immich.ts'
import { onInterrupt } from '../lib/interrupt.ts'
import { mirrorPlan } from '../lib/mirror/plan.ts'
import { asTyped, libraryFolder, roomFor } from '../lib/mirror/room.ts'
import { count, number, size } from '../lib/progress.ts'
import { lastNumbers } from '../lib/report/last-numbers.ts'
import { verdict } from '../lib/report/verdict.ts'
import { envFile, Fail, flags, hint, say } from '../lib/stage.ts'
import { openState, readCounts } from '../lib/state/state.ts'
import { sourceFlags, sourceUsage } from '../lib/takeout/sources.ts'
import { PLANNED, planOf } from '../lib/transfer/plan.ts'
import { ruleFlags, rulesOf, rulesUsage } from '../lib/transfer/rules.ts'

const usage = `
All stages in order: index-gphotos, index-immich, link, then the plan, transfer and verify. Run it again whenever there
is a new Takeout: it sends what is new. Where no Immich was ever set it mirrors into folders: index-gphotos, mirror.

Usage: make sync TAKEOUT="..." IMMICH_URL=... IMMICH_API_KEY=... [ARGS="..."]   (all three are remembered)
  --yes                     do not ask before the first byte
  --strictness high         for link: exact, high, medium, low
  --wait 10m                for verify: how long to wait for the server to read what it got
${sourceUsage}
${choosingUsage}
${rulesUsage}
  --concurrency 4           for transfer: files on their way at once
  --ping URL                call this address at the end of a good run (exit 0), for a monitor that misses it
  --dry-run (-n)            stop after the plan; --state FILE, --quiet, --limit N (photos to send)
Exit:  as the first stage that could not go on; 3 some items failed (run again); 4 done, but something wants a person soon
`
const given = flags(usage, {
  ...choosing,
  ...ruleFlags,
  ...sourceFlags,
  ping: { type: 'string' },
  yes: { type: 'boolean' },
  strictness: { type: 'string', default: 'high' },
  concurrency: { type: 'string' },
  wait: { type: 'string', default: '10m' },
})
const [choice, rules] = [chooser(given), rulesOf(given)]
const common = ['--state', given.state, ...(given.quiet ? ['--quiet'] : [])]
const { $ } = await import('zx')
const stages = $({ stdio: 'inherit', nothrow: true, verbose: false })
let worst = 0
let running: ProcessPromise | undefined
// The stage saves what it has, and is waited for.
onInterrupt(async (signal) => {
  running?.child?.kill(signal)
  await running
})

if (await isWithoutServer()) {
  await syncFolders()
  process.exit(worst)
}
if (process.env.IMMICH_URL || process.env.IMMICH_API_KEY || process.stdin.isTTY)
  await run('auth', given['dry-run'] ? ['--dry-run'] : [])
else if (!process.env.IMMICH_URL) {
  throw new Fail(
    `Cannot sync: no Immich server is set: give IMMICH_URL and IMMICH_API_KEY once, or put them into ${envFile}`,
  )
}
// What auth has warned of is not said again by each that follows.
process.env.PHOTOFERRY_WARNED = '1'
// All stages that read out of Drive go by it.
if (given['max-bytes-per-day']) process.env.MAX_BYTES_PER_DAY = given['max-bytes-per-day']
await run('index-gphotos', [...common, ...again(Object.keys({ ...choosing, ...sourceFlags }))])
await run('index-immich', common)
await run('link', [...common, '--strictness', given.strictness])
const left = await showPlan()
if (given['dry-run']) process.exit(worst)
if (left > 0) await goOn()
const limit = Number.isFinite(given.limit) ? ['--limit', String(given.limit)] : []
await run('transfer', [
  ...common,
  ...limit,
  ...again(Object.keys({ ...choosing, ...ruleFlags })),
  ...again(['concurrency']),
])
await run('verify', [...common, '--wait', given.wait])
await tellVerdict()
process.exitCode = worst
if (given.ping && worst === 0) await ping(given.ping)

/** No setting and nothing in the state tells of a server: one that is only missing is never passed over. */
async function isWithoutServer() {
  if (Object.keys(process.env).some((name) => /^IMMICH_./.test(name) && process.env[name]))
    return false
  const { data } = await openState(given.state, { read: ['runs'] })
  const { assets = 0, links = 0, transfers = 0 } = await readCounts(given.state)
  return !data.runs['index-immich'] && assets + links + transfers === 0
}

/** The library for which there is no server: folders. */
async function syncFolders() {
  const chosen = again(Object.keys({ ...choosing, ...sourceFlags }))
  await run('index-gphotos', [...common, ...chosen])
  // It is known by now.
  process.env.TAKEOUT = ''
  const { data } = await openState(given.state, { read: ['photos', 'albums', 'mirrored', 'runs'] })
  const plan = mirrorPlan(data, choice, rules)
  const todo = plan.left.slice(0, given.limit)
  const root = libraryFolder(data.runs.mirror?.library as string | undefined)
  say(
    `no Immich server was ever set (IMMICH_URL=... IMMICH_API_KEY=... sends to one): photos go into folders, to ${asTyped(root)}`,
  )
  if (todo.length > 0) {
    const free = await roomFor(plan.bytesOf(todo), root)
    say(
      `the plan: ${count(todo.length, 'photo')}, ${plan.sizeOf(todo)}, to write; ${size(free)} free`,
    )
  }
  if (given['dry-run']) return
  if (todo.length > 0) await goOn()
  const limit = Number.isFinite(given.limit) ? ['--limit', String(given.limit)] : []
  const bent = [
    'edited',
    'include-trashed',
    'include-locked',
    'no-partner',
    'no-more-parts',
    'retry',
  ]
  await run('mirror', [
    ...common,
    ...limit,
    ...again([...Object.keys(choosing), ...bent, 'concurrency']),
  ])
  await tellVerdict()
  process.exitCode = worst
  if (given.ping && worst === 0) await ping(given.ping)
}

/** The answer that all of it is for. */
async function tellVerdict() {
  if (given.quiet) return
  const { data } = await openState(given.state, { read: ['runs', 'parts'] })
  const { photos } = await readCounts(given.state)
  const { text } = verdict(lastNumbers(data.runs, data.parts, photos))
  say(`safe to leave Google: ${text}; ${hint('report')} shows it as a page`)
}

async function goOn() {
  if (!process.stdin.isTTY || given.yes) return
  const answer = await ask('Go on? [Y/n] ')
  if (!/^(y|yes|)$/i.test(answer))
    throw new Fail('stopped before the first byte, nothing was sent', { exitCode: 130 })
}

/** Runs a stage as a person would. Items that failed (3) and a missing part (4) do not stop the rest; all else does. */
async function run(stage: string, args: string[]) {
  running = stages`${process.execPath} ${process.execArgv} ${import.meta.dirname}/${stage}.ts ${args}`
  const { exitCode, signal } = await running
  const code = exitCode ?? (signal ? 130 : 1)
  if (code !== 0 && code !== 3 && code !== 4) process.exit(code)
  if (code === 3 || worst === 0) worst = code
}

/** A monitor that does not answer is no reason to call the run a bad one. */
async function ping(address: string) {
  try {
    const { status } = await fetch(address, { signal: AbortSignal.timeout(20_000) })
    if (status >= 400) say(`warning: ${address} answered ${status}`)
  } catch (error) {
    say(`warning: ${address} could not be called: ${(error as Error).message}`)
  }
}

/** These flags as they were given to us. */
function again(names: string[]) {
  const values = given as Record<string, unknown>
  return names.flatMap((name) =>
    [values[name] ?? []]
      .flat()
      .map((value) => (value === true ? `--${name}` : `--${name}=${value}`)),
  )
}

/** The one plan, before the first byte. Gives how many things are left to do. */
async function showPlan() {
  const { data } = await openState(given.state, { read: PLANNED })
  const plan = planOf(data, choice, rules)
  const todo = plan.left.slice(0, given.limit)
  const toSend = todo.filter((id) => !plan.assetOf(id))
  const toComplete = todo.length - toSend.length
  const removed = rules.restoreDeleted ? plan.those('removed').length : 0
  const left = todo.length + removed + plan.albumsLeft().length
  const rest = Object.entries(plan.counts).filter(
    ([row]) => !/^(to send|to complete|failed)$/.test(row),
  )
  if (left === 0) {
    say(
      `nothing left to do: ${Object.entries(plan.counts)
        .map(([row, many]) => `${number(many)} ${row}`)
        .join(', ')}`,
    )
    return 0
  }
  const bytes = plan.bytesOf(todo)
  say('the plan:')
  const row = (name: string, text: string) => say(`  ${name.padEnd(13)} ${text}`)
  row('to send', `${count(toSend.length, 'photo')}, ${plan.sizeOf(todo)}${await freeSpace(bytes)}`)
  if (toComplete > 0) row('to complete', `${count(toComplete, 'photo')} that Immich has already`)
  if (removed > 0) row('to bring back', count(removed, 'photo'))
  if (plan.tired.length > 0)
    row('failed', `${number(plan.tired.length)} three times: they rest (--retry)`)
  for (const [name, many] of rest)
    row(name.replace(/:.*/, ''), `${number(many)}${name.replace(/^[^:]*/, '')}`)
  const { toMake, there, waiting } = plan.albums
  row(
    'albums',
    `${number(toMake)} to make, ${number(there)} there${waiting ? `, ${number(waiting)} that wait (see link)` : ''}`,
  )
  return left
}

async function freeSpace(bytes: number) {
  const server = await immich()
  if ((await server.missingPermissions(['server.storage'])).length > 0) return ''
  const { diskAvailableRaw: free } = await server.request<{ diskAvailableRaw: number }>(
    'GET',
    '/server/storage',
  )
  if (free < bytes)
    throw new Fail(
      `Cannot send ${size(bytes)}: Immich has ${size(free)} free: make room, or send a part with --dates or --albums`,
    )
  return `; Immich has ${size(free)} free`
}
