#!/usr/bin/env node
import { bodies, Gone, Lost, openPart, stillThere } from '../lib/archive/archive.ts'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { Interrupted, immich, Refused } from '../lib/immich/immich.ts'
import { NEEDED, requirePermissions } from '../lib/immich/permissions.ts'
import { pool, turns } from '../lib/pool.ts'
import { count, duration, number, progress, size, terms } from '../lib/progress.ts'
import { tellTime } from '../lib/spent.ts'
import { Fail, flags, harmless, hint, say, wholeNumber } from '../lib/stage.ts'
import {
  openState,
  type Part,
  type Photo,
  type PhotoFile,
  type Transfer,
} from '../lib/state/state.ts'
import { filesLeft, hasBetter } from '../lib/takeout/photo-files.ts'
import { fillAlbum, membersLeft } from '../lib/transfer/filling.ts'
import { finishPhoto } from '../lib/transfer/finishing.ts'
import { MAX_TRIES, PLANNED, planOf } from '../lib/transfer/plan.ts'
import { outdated, replace } from '../lib/transfer/replacing.ts'
import { permissionsFor, ruleFlags, rulesOf, rulesUsage } from '../lib/transfer/rules.ts'
import {
  type Arrived,
  arrivedBefore,
  isOurs,
  sendFiles,
  Unreadable,
} from '../lib/transfer/sending.ts'
import { bringBack, takeOver } from '../lib/transfer/settling.ts'
import {
  asTheyCome,
  byPhoto,
  type Group,
  locate,
  type Wanted,
} from '../lib/transfer/whereabouts.ts'

const usage = `
Send to Immich what it does not have: pictures with their times, places, captions, favourites and albums.

  reads   parts, photos, albums, assets, assetAlbums, links, albumLinks, checks
          (index-gphotos, index-immich, link; verify, for what the server lost)
  writes  transfers; on the server: assets, albums and what they hold, nothing is deleted or overwritten

Usage: make transfer [ARGS="..."]
${choosingUsage}
${rulesUsage}
  --concurrency 4           files on their way at once
  --max-bytes-per-day 500GB no more than these out of Google Drive, all stages together; the rest goes tomorrow
  --dry-run (-n)            print what would be sent          --limit N          no more photos than these
  --state FILE, --quiet, --json
Exit:  0 all sent, 1 could not start or had to stop, 2 bad usage, 3 some items failed (run again),
       4 all sent but what failed ${MAX_TRIES} times
`
// Measured on two cores shared with a real server, pictures of 2.6 MB: 2.3 a second one at a time, 2 to 5 at two to four,
// and at eight no more than the noise. Four keeps a small box busy.
const CONCURRENCY = '4'
// Lines of one kind; the rest is counted.
const SHOWN = 20
// Photos in a row that the server refuses with the same words: it is no photo's fault. Each refusal may leave a file there.
const ALIKE = 25

const given = flags(usage, {
  ...choosing,
  ...ruleFlags,
  concurrency: { type: 'string', default: CONCURRENCY },
  'max-bytes-per-day': { type: 'string' },
})
// Read where Drive is first opened, which most runs never do.
if (given['max-bytes-per-day']) process.env.MAX_BYTES_PER_DAY = given['max-bytes-per-day']
const workers = wholeNumber('--concurrency', given.concurrency)
const [choice, rules] = [chooser(given), rulesOf(given)]
const state = await openState(given.state, {
  stage: 'transfer',
  read: ['parts', ...PLANNED],
  write: ['transfers', 'runs'],
  dryRun: given['dry-run'],
})
const { parts, albums, assets, links, transfers, checks, runs } = state.data
const started = new Date()
// What is sent now comes after the listing, also where the clock was set back in between.
const listed = runs['index-immich']?.at ?? ''
const record = (id: string, transfer: Transfer) =>
  state.put('transfers', id, transfer.at < listed ? { ...transfer, at: listed } : transfer)

// 1. What is left: what the state does not say is done.
let plan = planOf(state.data, choice, rules)
const removed = rules.restoreDeleted ? plan.those('removed') : []
if (Object.keys(state.data.photos).length === 0) {
  throw new Fail(
    `Cannot transfer: ${given.state} has no photos: run ${hint('index-gphotos TAKEOUT="..."')} first`,
  )
}
if (plan.left.some((id) => !links[id] && !transfers[id])) {
  throw new Fail(
    `Cannot transfer: some photos were never compared with what Immich has: run ${hint('index-immich')} and ${hint('link')} first`,
  )
}
const todo = plan.left.slice(0, given.limit)
if (given['dry-run']) {
  for (const id of [...removed, ...todo]) console.log(harmless(plan.photos[id]?.title ?? ''))
  say(
    `would send or complete ${count(todo.length, 'photo')} (${plan.sizeOf(todo)}), bring back ${number(removed.length)}`,
  )
  process.exit(0)
}
const tired =
  plan.tired.length > 0
    ? `; ${number(plan.tired.length)} failed ${MAX_TRIES} times: ${hint('status', '--list failed')}`
    : ''
const old = () => outdated(state.data.photos, transfers, assets, Boolean(rules.replacePicked))
if (todo.length + removed.length + plan.albumsLeft().length + old().length === 0) {
  const done = plan.those('transferred').length
  say(
    `nothing to send: ${number(done)} sent before, ${number(plan.those('linked').length)} were there before${tired}`,
  )
  // Its owner may have moved things since.
  const run = runs.transfer ?? { stage: 'transfer', at: started.toISOString(), seconds: 0 }
  const now = { account: plan.counts, remarks: plan.remarks() }
  if (JSON.stringify([run.account, run.remarks]) !== JSON.stringify(Object.values(now)))
    state.put('runs', 'transfer', { ...run, ...now })
  await endChoices()
  await state.save()
  process.exit(tired ? 4 : 0)
}

// 2. Whatever can refuse to start does so before the first byte.
const server = await immich()
await requirePermissions(server, [
  ...Object.keys(NEEDED),
  ...permissionsFor(rules, old().length > 0 || todo.some(isBettered)),
])
// A run that does not come to its end leaves this mark, so that the next knows its assets for ours.
const unfinishedSince = String(runs.transfer?.unfinishedSince ?? server.now().toISOString())
state.put('runs', 'transfer', { stage: 'transfer', at: started.toISOString(), unfinishedSince })
await state.flush()

// 3. Send. One item's failure is counted and the run goes on; what would fail every item is thrown and ends it.
const failed = new Set<string>()
let shownFailures = 0
let sentBytes = 0
let alike = { message: '', times: 0 }
for (const id of removed) {
  await counting(id, async () => record(id, await bringBack(server, id, state.data)))
}
if (removed.length > 0) plan = planOf(state.data, choice, rules)
const { photos } = plan
const left = plan.left.slice(0, given.limit)
const claimed = new Set(left.filter((id) => plan.assetOf(id)))
const bytes = plan.bytesOf(left)
const arrived = new Map<PhotoFile, Arrived>()
await pool(claimed, workers, (id) => counting(id, () => claim(id)))
const inTurn = turns()
const shown = progress(left.length, 'photos', { ...given, totalBytes: bytes })
const whole = left.filter((id) => !failed.has(id))
const places = await locate(parts, photos, whole, transfers)
tellDrive([...places])
const missing = new Set<string>()
for (const id of places.keys()) {
  await stillThere(parts[id] as Part).catch((error) => error instanceof Gone && missing.add(id))
}
const told = new Set<string>()
for (const [part, files] of places) {
  try {
    await sendFrom(parts[part] as Part, files)
  } catch (error) {
    // Gone to begin with it is told, and the rest goes over; what goes away meanwhile took its disk along.
    if (!(error instanceof Lost) || (error instanceof Gone && !missing.has(part))) throw error
    // What befalls all of a Drive is told once.
    if (!told.has(error.message) && told.add(error.message).size <= SHOWN) say(error.message)
  }
}
if (told.size > SHOWN) say(`and ${number(told.size - SHOWN)} more parts that cannot be read`)

// 4. What needs more than one asset (live photos whose still came first, stacks), what the server lost, albums.
await pool(left, workers, (id) => counting(id, () => finish(id)))
let filled = 0
const { albumsLeft, standings } = planOf(state.data, choice, rules)
for (const id of albumsLeft()) await counting(id, () => fill(id))
for (const id of old()) await counting(id, () => giveWay(id))
await endChoices()
shown.end()

// 5. Count, in rows that add up.
const after = planOf(state.data, choice, rules)
const owing = left.filter((id) => !failed.has(id) && after.left.includes(id)).length
const failures = left.filter((id) => failed.has(id)).length
const completed = left.filter((id) => claimed.has(id) && !failed.has(id)).length
const seconds = Math.round((Date.now() - +started) / 100) / 10
const counts = {
  sent: left.length - owing - failures - completed,
  completed,
  failed: failures,
  owing,
  filled,
  bytes: sentBytes,
  seconds,
}
state.put('runs', 'transfer', {
  stage: 'transfer',
  at: started.toISOString(),
  // A failed one may have arrived all the same: then its asset is ours, too.
  ...(failures > 0 && { unfinishedSince }),
  ...counts,
  account: after.counts,
  remarks: after.remarks(),
})
await state.save()
say(
  `${count(left.length, 'photo')} = ${terms([
    [counts.sent, 'sent'],
    [completed, 'that were there completed'],
    [failures, 'failed'],
    [owing, 'whose archive cannot be read'],
  ])}; ${filled ? `${count(filled, 'picture')} put into albums; ` : ''}${size(sentBytes)} in ${duration(seconds)}${tired}`,
)
if (shownFailures > SHOWN) say(`and ${number(shownFailures - SHOWN)} more that failed`)
if (failed.size > 0)
  say(
    `run ${hint('transfer')} again to retry what failed; ${hint('status', '--list failed')} shows it`,
  )
tellTime(given)
if (given.json) console.log(JSON.stringify(counts))
process.exitCode = failed.size + owing > 0 ? 3 : tired ? 4 : 0

/** What the server had before becomes a transfer, so that only its missing files are left to send. */
async function claim(id: string) {
  const link = links[id]
  if (transfers[id]?.asset || !link?.asset) return
  const { asset, how, sha1 } = link
  // Sent by a run that was cut off before it could write that down: it is finished as that run would have done it.
  if (how === 'checksum' && sha1 && (await isOurs(server, asset, assets[asset], unfinishedSince))) {
    arrived.set(photos[id]?.files[0] as PhotoFile, { id: asset, sha1, status: 'duplicate' })
    return
  }
  record(id, await takeOver(server, photos[id] as Photo, link, assets[link.asset]))
}

function isBettered(id: string) {
  return hasBetter(plan.photos[id] as Photo, transfers[id])
}

async function sendFrom(part: Part, files: Wanted[]) {
  if (part.kind === 'picked') {
    const { fetchPicked } = await import('../lib/google/picked.ts')
    const { folder, here, refused, ended } = await fetchPicked(part, files)
    for (const [{ id }, why] of refused)
      await counting(id, () => Promise.reject(new Unreadable(part, new Fail(why))))
    if (here.length > 0) await sendFrom(folder, here)
    if (ended) throw ended
    return
  }
  const from = files.map(({ from }) => from)
  if (part.kind === 'tgz') {
    await lookFor(part, files)
    return pool(asTheyCome(bodies(part, from), files), workers, send)
  }
  const opened = await openPart(part)
  await pool(byPhoto(opened.bodies(from), files), workers, send).finally(() => opened.close())
}

/** What a killed run was sending out of a tgz, and can be read once in a pass only, is looked for in a pass of its own. */
async function lookFor(part: Part, files: Wanted[]) {
  const doubtful = files.filter(({ id }) => transfers[id]?.sending)
  if (doubtful.length === 0) return
  const byPath = new Map(doubtful.map((one) => [one.from.path, one]))
  const from = doubtful.map(({ from }) => from)
  for await (const body of bodies(part, from)) {
    const { id, file } = byPath.get(body.path) as Wanted
    if (!body.once) continue
    await counting(id, async () => {
      const there = await arrivedBefore(server, body)
      if (there) arrived.set(file, there)
    })
  }
}

/** Sends files of one photo. Two groups of one photo (in a tgz) take turns, since both write its record. */
function send({ id, files }: Group) {
  const photo = photos[id] as Photo
  return inTurn(id, () =>
    counting(id, async () => {
      await sendFiles(photo, files, transfers[id], {
        server,
        unfinishedSince,
        arrived: (file) => arrived.get(file),
        record: async (transfer, big) => {
          record(id, transfer)
          if (big) await state.flush()
        },
        sent: (sent) => {
          sentBytes += sent
          shown.tick({ items: 0, sent, now: photo.title })
        },
      })
      if (filesLeft(photo, transfers[id]).length === 0) shown.tick()
    }),
  )
}

async function finish(id: string) {
  const before = transfers[id]
  if (!before?.asset) return
  const isListed = claimed.has(id) || before.at < (runs['index-immich']?.at ?? '')
  const listed = isListed ? assets[before.asset] : undefined
  const known = { link: links[id], check: checks[id], assets, listed, rules }
  for await (const transfer of finishPhoto(server, photos[id] as Photo, before, known))
    record(id, transfer)
}

/** Choices of which nothing is left to fetch are ended at Google. */
async function endChoices() {
  if (!Object.values(parts).some(({ kind }) => kind === 'picked')) return
  const { finishPicked } = await import('../lib/google/picked.ts')
  // Not of this run's choice alone: what it leaves out may be sent by the next.
  const { standings, assetOf } = planOf(state.data, chooser({}), rules)
  const isOver = (id: string) =>
    assetOf(id) || /^(left out|removed)$/.test(standings.get(id)?.is ?? '')
  const open = new Set(
    Object.entries(state.data.photos)
      .filter(([id, { picked }]) => picked && !isOver(id))
      .map(([, { files }]) => files[0]?.part),
  )
  await finishPicked(parts, (part) => !open.has(part))
}

/** A picked photo gives way to its original, once that is on the server. */
async function giveWay(id: string) {
  const target = plan.assetOf(photos[id]?.replacedBy ?? '')
  if (!target) return
  record(id, await replace(server, transfers[id] as Transfer, target, Boolean(rules.replacePicked)))
}

function tellDrive(places: [string, Wanted[]][]) {
  const far = places.filter(([part]) => parts[part]?.drive).flatMap(([, files]) => files)
  if (far.length === 0) return
  const bytes = far.reduce((sum, { from }) => sum + from.size, 0)
  say(`${count(far.length, 'file')}, ${size(bytes)}, come out of Google Drive`)
}

async function fill(id: string) {
  const members = membersLeft(id, state.data, standings, rules)
  let refusals = 0
  for await (const { transfer, refused } of fillAlbum(
    server,
    id,
    members,
    state.data,
    rules,
    unfinishedSince,
  )) {
    record(id, transfer)
    if (transfer.sending) await state.flush()
    refusals += refused
  }
  filled += members.length - refusals
  if (refusals > 0) throw new Refused(400, `${count(refusals, 'picture')} not taken`)
}

async function counting(id: string, work: () => Promise<void>) {
  try {
    await work()
    alike = { message: '', times: 0 }
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreadable)) throw error
    // Of an archive that is gone no photo can be read: that ends its reading, one broken file does not.
    if (error instanceof Unreadable) await stillThere(error.part)
    failed.add(id)
    if (++shownFailures <= SHOWN)
      say(`${plan.photos[id]?.title ?? albums[id]?.title}: ${error.message}`)
    const { sending: _, tries = 0, ...before } = transfers[id] ?? ({} as Transfer)
    const at = new Date().toISOString()
    const counts = Number(!(error instanceof Interrupted))
    record(id, { ...before, at, failed: error.message, tries: tries + counts })
    stopWhereAlike(error)
  }
}

/** One photo after the other refused alike: the server's disk is full, or it no longer takes what we send. */
function stopWhereAlike(error: Refused | Unreadable) {
  // A limit of the proxy meets the big ones, and they may lie side by side.
  if (!(error instanceof Refused) || error.status === 0 || error.status === 413) return
  const { message } = error
  alike = { message, times: alike.message === message ? alike.times + 1 : 1 }
  if (alike.times < ALIKE) return
  throw new Fail(
    `Cannot go on: ${ALIKE} in a row failed alike: ${message}: look into Immich's log (is its disk full?), then run again`,
  )
}
