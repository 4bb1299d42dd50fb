#!/usr/bin/env node
import { $, question } from 'zx'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { immich } from '../lib/immich.ts'
import { PLANNED, planOf } from '../lib/plan.ts'
import { count, number, size } from '../lib/progress.ts'
import { envFile, Fail, flags, hint, say } from '../lib/stage.ts'
import { ruleFlags, rulesOf } from '../lib/standing.ts'
import { openState } from '../lib/state.ts'

const usage = `
All stages in order: index-gphotos, index-immich, link, then the plan, transfer and verify. Run it again whenever there
is a new Takeout: it sends what is new.

Usage: make sync TAKEOUT="..." IMMICH_URL=... IMMICH_API_KEY=... [ARGS="..."]   (all three are remembered)
  --yes                     do not ask before the first byte
  --strictness high         for link: exact, high, medium, low
  --wait 10m                for verify: how long to wait for the server to read what it got
${choosingUsage}
  --concurrency 4, --include-trashed, --include-locked, --no-partner, --no-more-parts   for transfer
  --dry-run (-n)            stop after the plan; --state FILE, --quiet, --limit N (photos to send)
Exit:  as the first stage that could not go on; 3 some items failed (run again); 4 done, but a part is missing
`
const given = flags(usage, {
  ...choosing,
  ...ruleFlags,
  yes: { type: 'boolean' },
  strictness: { type: 'string', default: 'high' },
  concurrency: { type: 'string' },
  wait: { type: 'string', default: '10m' },
})
const choice = chooser(given)
const common = ['--state', given.state, ...(given.quiet ? ['--quiet'] : [])]
const stages = $({ stdio: 'inherit', nothrow: true, verbose: false })
let worst = 0

if (process.env.IMMICH_URL || process.env.IMMICH_API_KEY || process.stdin.isTTY)
  await run('auth', [])
else if (!process.env.IMMICH_URL) {
  throw new Fail(
    `Cannot sync: no Immich server is set: give IMMICH_URL and IMMICH_API_KEY once, or put them into ${envFile}`,
  )
}
await run('index-gphotos', [
  ...common,
  ...repeat('albums'),
  ...repeat('not-albums'),
  ...repeat('dates'),
])
await run('index-immich', common)
await run('link', [...common, '--strictness', given.strictness])
const left = await showPlan()
if (given['dry-run']) process.exit(worst)
if (left > 0 && process.stdin.isTTY && !given.yes) {
  const answer = await question('Go on? [Y/n] ')
  if (!/^(y|yes|)$/i.test(answer.trim()))
    throw new Fail('stopped before the first byte, nothing was sent', { exitCode: 130 })
}
const rules = Object.keys(ruleFlags)
  .filter((flag) => given[flag as keyof typeof ruleFlags])
  .map((flag) => `--${flag}`)
const limit = Number.isFinite(given.limit) ? ['--limit', String(given.limit)] : []
await run('transfer', [
  ...common,
  ...rules,
  ...limit,
  ...repeat('albums'),
  ...repeat('not-albums'),
  ...repeat('dates'),
  ...repeat('concurrency'),
])
await run('verify', [...common, '--wait', given.wait])
process.exitCode = worst

/** Runs a stage as a person would. Items that failed (3) and a missing part (4) do not stop the rest; all else does. */
async function run(stage: string, args: string[]) {
  const { exitCode, signal } =
    await stages`${process.execPath} ${process.execArgv} scripts/${stage}.ts ${args}`
  const code = exitCode ?? (signal ? 130 : 1)
  if (code !== 0 && code !== 3 && code !== 4) process.exit(code)
  if (code === 3 || worst === 0) worst = code
}

function repeat(flag: 'albums' | 'not-albums' | 'dates' | 'concurrency') {
  const values = [given[flag] ?? []].flat()
  return values.flatMap((value) => [`--${flag}`, value])
}

/** The one plan, before the first byte. Gives how many things are left to do. */
async function showPlan() {
  const { data } = await openState(given.state, { read: PLANNED })
  const plan = planOf(data, choice, rulesOf(given))
  const toSend = [...plan.those('to send'), ...plan.those('failed')].slice(0, given.limit)
  const toComplete = plan.those('to complete')
  const bytes = toSend.reduce((sum, id) => sum + plan.bytesLeft(id), 0)
  const left = toSend.length + toComplete.length + plan.albumsLeft().length
  if (left === 0) {
    say(
      `nothing left to do: ${Object.entries(plan.counts)
        .map(([row, many]) => `${number(many)} ${row}`)
        .join(', ')}`,
    )
    return 0
  }
  say('the plan:')
  say(`  to send       ${count(toSend.length, 'photo')}, ${size(bytes)}${await freeSpace(bytes)}`)
  say(`  to complete   ${count(toComplete.length, 'photo')} that Immich has already`)
  for (const [row, many] of Object.entries(plan.counts)) {
    if (!/^(to send|to complete|failed)$/.test(row))
      say(`  ${row.replace(/:.*/, '').padEnd(13)} ${number(many)}${row.replace(/^[^:]*:?/, '')}`)
  }
  const { toMake, there, waiting } = plan.albums
  say(
    `  albums        ${number(toMake)} to make, ${number(there)} there${waiting ? `, ${number(waiting)} that wait (${hint('status')})` : ''}`,
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
