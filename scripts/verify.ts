#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises'
import { immich } from '../lib/immich/immich.ts'
import { count, number, progress, terms } from '../lib/progress.ts'
import { kindOf, proven } from '../lib/report/verdict.ts'
import { doing, tellTime } from '../lib/spent.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import type { Check, Transfer } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'
import { askServer } from '../lib/transfer/asking.ts'
import {
  albumDiffers,
  assetDiffers,
  type Differs,
  isGone,
  joined,
  piecesOf,
} from '../lib/transfer/checking.ts'
import { mendable } from '../lib/transfer/repairing.ts'

const usage = `
Ask Immich again, and compare it field by field with what each transfer gave it. Each is asked for until it was right
once; after that only where index-immich saw something else there, and then it is its owner's doing, and stays.

  reads   transfers, photos, albums, assets, assetAlbums; the server
  writes  checks

Usage: make verify [ARGS="..."]
  --all                     check again what was right before
  --wait 10m                wait so long (s, m, h) for the server to read new files
  --limit N, --dry-run, --state FILE, --quiet, --json
Exit:  0 all right, 1 could not start or had to stop, 2 bad usage, 3 some differ or are still being read (run transfer and
       verify again; what differs as before and cannot be mended is told once)
`
// An update takes a second or two to come back from the server's own jobs: a difference counts when it stays.
const POLL_MS = Number(process.env.PHOTOFERRY_POLL_MS || 2000)
const STEADY_POLLS = 5
const SHOWN = 20

const given = flags(usage, { all: { type: 'boolean' }, wait: { type: 'string' } })
const waitMs = given.wait === undefined ? 0 : milliseconds(given.wait)
const state = await openState(given.state, {
  stage: 'verify',
  read: ['transfers', 'photos', 'albums', 'assets', 'assetAlbums'],
  write: ['checks', 'runs'],
  dryRun: given['dry-run'],
})
const { transfers, photos, albums, assets, assetAlbums, checks, runs } = state.data
const began = new Date()
const started = performance.now()

// 1. What was never right, and what the list of the server shows otherwise than when it was checked.
const isThere = ({ asset, album }: Transfer) => asset !== undefined || album !== undefined
const todo = Object.keys(transfers)
  .filter((id) => isThere(transfers[id] as Transfer))
  .filter((id) => given.all || !wasRight(id) || seemsOtherwise(id))
  .slice(0, given.limit)
if (todo.length === 0) {
  const known = Object.keys(checks).length
  if (known > 0) say(`nothing to check: ${count(known, 'transfer')} were right`)
  else say(`nothing was sent yet: ${hint('transfer')} does that`)
  // Of a state that an older version wrote.
  if (known > 0 && !runs.verify?.proven) state.put('runs', 'verify', { ...tallied(), seconds: 0 })
  await state.save()
  process.exit(0)
}

// 2. Ask until the server has read all, and what differs has stayed so for a while.
const server = await immich()
const results = new Map<string, Differs | undefined>()
const shown = progress(todo.length, 'transfers checked', given)
let left = todo
const polls = new Map<string, number>()
for (;;) {
  const before = left.length
  await askServer(server, transfers, left, (id, differs) => results.set(id, differs))
  left = left.filter((id) => {
    const differs = results.get(id)
    // Still being read: what differs counts from when it had been.
    if (!differs) return true
    const poll = (polls.get(id) ?? 0) + 1
    polls.set(id, poll)
    const isSteady = Object.keys(differs).length === 0 || wasRight(id) || isGone(differs)
    return !isSteady && poll < STEADY_POLLS
  })
  shown.tick({ items: before - left.length })
  if (left.length === 0 || performance.now() - started + POLL_MS > waitMs) break
  await sleep(POLL_MS).finally(doing('waiting for the server'))
}
shown.end()

// 3. Write and tell. A difference from what was right once is its owner's doing.
const tally = { right: 0, differ: 0, changed: 0, gone: 0, waiting: 0 }
let told = 0
let hopeful = 0
for (const [id, differs] of results) {
  const check = checkOf(id, differs)
  const { ok, changed } = check
  const kind = kindOf(check)
  // A difference that stays, and that nothing can mend, is told once: running again does not help.
  const isOld = JSON.stringify(checks[id]?.differs) === JSON.stringify(differs)
  const canMend = mendable(transfers[id] as Transfer, check).size > 0
  tally[kind]++
  if (kind === 'waiting' || (kind === 'differ' && (canMend || !isOld))) hopeful++
  state.put('checks', id, check)
  if (!differs || ok || isOld || told++ >= SHOWN) continue
  const fields = Object.entries(differs).map(
    ([field, [is, want]]) => `${field} is ${JSON.stringify(is)}, not ${JSON.stringify(want)}`,
  )
  const left = changed ? ' (changed on the server: stays so)' : ''
  const name = photos[id]?.title ?? albums[id]?.title ?? id
  say(
    `${name}: ${differs.asset ? `${differs.asset[0] ?? 'gone from the server'}` : fields.join('; ')}${left}`,
  )
}
if (told > SHOWN) say(`and ${number(told - SHOWN)} more: ${hint('status', '--list differs')}`)
const seconds = Math.round((performance.now() - started) / 100) / 10
ran(state, { ...tallied(), seconds })
await state.save()
say(
  `${count(todo.length, 'transfer')} checked = ${terms([
    [tally.right, 'right'],
    [tally.differ, 'differ'],
    [tally.changed, 'changed by their owner'],
    [tally.gone, 'gone from the server'],
    [tally.waiting, 'still being read by it'],
  ])}`,
)
if (tally.differ > 0) say(`${hint('transfer')} gives again what the server lost`)
tellTime(given)
if (given.json) console.log(JSON.stringify(tally))
process.exitCode = hopeful > 0 ? 3 : 0

/** All that was ever checked, and what that proves of the photos. */
function tallied() {
  const all = { right: 0, differ: 0, changed: 0, gone: 0, waiting: 0 }
  for (const check of Object.values(checks)) all[kindOf(check)]++
  const isMendable = ([id, check]: [string, Check]) =>
    kindOf(check) === 'differ' && mendable(transfers[id] as Transfer, check).size > 0
  return {
    stage: 'verify',
    at: began.toISOString(),
    ...all,
    mendable: Object.entries(checks).filter(isMendable).length,
    proven: proven(Object.keys(photos), transfers, checks),
  }
}

/** Since it was last sent or mended. */
function wasRight(id: string) {
  const { at = '', ok, changed } = checks[id] ?? {}
  return (ok || changed) && at >= (transfers[id]?.at ?? '')
}

/** The list, where it is newer than the check, shows another difference than the check did. */
function seemsOtherwise(id: string) {
  const { at, differs = {} } = checks[id] as Check
  if (at >= (runs['index-immich']?.at ?? '')) return false
  const transfer = transfers[id] as Transfer
  if (transfer.want?.visibility === 'locked') return false
  const pieces = [...piecesOf(transfer)]
  const seen = transfer.asset
    ? joined(pieces.map(([name, one]) => [name, assetDiffers(one, assets[one.asset as string])]))
    : albumDiffers(transfer, assetAlbums[transfer.album as string], assetOf)
  const known = Object.fromEntries(
    Object.entries(differs).filter(([field]) => !/^(.*: )?(stack|tags)$/s.test(field)),
  )
  return JSON.stringify(seen) !== JSON.stringify(known)
}

function assetOf(photo: string) {
  return transfers[photo]?.asset
}

function checkOf(id: string, differs: Differs | undefined): Check {
  const at = new Date().toISOString()
  if (!differs) return { at, waiting: true }
  if (Object.keys(differs).length === 0) return { at, ok: true }
  // Albums are answered for at once, so nothing of them is lost by the way.
  const isOwners = wasRight(id) || isGone(differs) || transfers[id]?.album
  return { at, ...(isOwners && { changed: true }), differs }
}

function milliseconds(text: string) {
  const found = /^(\d+)(s|m|h)$/.exec(text)
  if (!found)
    throw new Fail(`Cannot read --wait "${text}": write it like 30s, 10m or 1h`, { exitCode: 2 })
  return Number(found[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[found[2] as 's' | 'm' | 'h']
}
