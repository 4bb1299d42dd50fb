#!/usr/bin/env node
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { immich, Refused } from '../lib/immich/immich.ts'
import { NEEDED, requirePermissions } from '../lib/immich/permissions.ts'
import { pool, turns } from '../lib/pool.ts'
import { count, duration, number, progress, size, terms } from '../lib/progress.ts'
import { proven } from '../lib/report/verdict.ts'
import { tellTime } from '../lib/spent.ts'
import { Fail, flags, hint, print, say, wholeNumber } from '../lib/stage.ts'
import type { Photo, PhotoFile, Run, Transfer } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'
import { filesLeft, hasBetter } from '../lib/takeout/photo-files.ts'
import { failures } from '../lib/transfer/failures.ts'
import { fillAlbum, membersLeft } from '../lib/transfer/filling.ts'
import { finishPhoto } from '../lib/transfer/finishing.ts'
import { PLANNED, planOf } from '../lib/transfer/plan.ts'
import { outdated, replace } from '../lib/transfer/replacing.ts'
import { sendParts } from '../lib/transfer/routes.ts'
import { permissionsFor, ruleFlags, rulesOf, rulesUsage } from '../lib/transfer/rules.ts'
import { type Arrived, arrivedBefore, isOurs, sendFiles } from '../lib/transfer/sending.ts'
import { bringBack, takeOver } from '../lib/transfer/settling.ts'
import { listedSince, MAX_TRIES } from '../lib/transfer/standing.ts'
import { type Group, locate } from '../lib/transfer/whereabouts.ts'

const usage = `
Send to Immich what it does not have: pictures with their times, places, captions, favourites and albums.

  reads   parts, photos, albums, assets, assetAlbums, links, albumLinks, checks
          (index-gphotos, index-immich, link; verify, for what the server lost)
  writes  transfers; on the server: assets, albums and what they hold; nothing is deleted or overwritten unless told to

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
const indexed = runs['index-immich']?.at ?? ''
const record = (id: string, transfer: Transfer) =>
  state.put('transfers', id, transfer.at < indexed ? { ...transfer, at: indexed } : transfer)

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
  await print([...removed, ...todo].map((id) => plan.photos[id]?.title ?? ''))
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
  const now = { ...run, ...accountOf(plan) }
  if (JSON.stringify(run) !== JSON.stringify(now)) state.put('runs', 'transfer', now)
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
// What was known before is what status tells meanwhile.
const { seconds: _, bytes: __, ...before } = runs.transfer ?? ({} as Partial<Run>)
state.put('runs', 'transfer', {
  ...before,
  stage: 'transfer',
  at: started.toISOString(),
  unfinishedSince,
})
await state.flush()

// 3. Send. One item's failure is counted and the run goes on; what would fail every item is thrown and ends it.
const { failed, counting, ...failing } = failures({
  nameOf: (id) => plan.photos[id]?.title ?? albums[id]?.title,
  before: (id) => transfers[id],
  record,
})
for (const id of removed)
  await counting(id, async () => record(id, await bringBack(server, id, state.data)))
if (removed.length > 0) plan = planOf(state.data, choice, rules)
const { photos } = plan
const left = plan.left.slice(0, given.limit)
const claimed = new Set(left.filter((id) => plan.assetOf(id)))
const bytes = plan.bytesOf(left)
const arrived = new Map<PhotoFile, Arrived>()
const shown = progress(left.length, 'photos', { ...given, totalBytes: bytes })
/** What is under way besides the sending. */
const now = (what = '') => shown.tick({ items: 0, now: what })
await pool(claimed, workers, (id) => counting(id, () => claim(id)))
const inTurn = turns()
const whole = left.filter((id) => !failed.has(id))
const places = await locate(parts, photos, whole, transfers)
let sentBytes = 0
await sendParts(parts, places, {
  workers,
  send,
  counting,
  doubtful: {
    is: (id) => Boolean(transfers[id]?.sending),
    async lookFor({ file }, body) {
      const there = await arrivedBefore(server, body)
      if (there) arrived.set(file, there)
    },
  },
})

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
const lost = left.filter((id) => failed.has(id)).length
const completed = left.filter((id) => claimed.has(id) && !failed.has(id)).length
const seconds = Math.round((Date.now() - +started) / 100) / 10
const counts = {
  sent: left.length - owing - lost - completed,
  completed,
  failed: lost,
  owing,
  filled,
  bytes: sentBytes,
  seconds,
}
ran(state, {
  stage: 'transfer',
  at: started.toISOString(),
  // A failed one may have arrived all the same: then its asset is ours, too.
  ...(lost > 0 && { unfinishedSince }),
  ...counts,
  ...accountOf(after),
})
await state.save()
say(
  `${count(left.length, 'photo')} = ${terms([
    [counts.sent, 'sent'],
    [completed, 'that were there completed'],
    [lost, 'failed'],
    [owing, 'whose archive cannot be read'],
  ])}; ${filled ? `${count(filled, 'picture')} put into albums; ` : ''}${size(sentBytes)} in ${duration(seconds)}${tired}`,
)
failing.tell()
tellTime(given)
if (given.json) console.log(JSON.stringify(counts))
process.exitCode = failed.size + owing > 0 ? 3 : tired ? 4 : 0

/** Of the whole library, whatever was chosen for this run: what status tells, and by which rules report counts. */
function accountOf(plan: ReturnType<typeof planOf>) {
  const whole = choice.all ? plan : planOf(state.data, chooser({}), rules)
  return {
    account: whole.counts,
    remarks: whole.remarks(),
    resting: whole.tired.length,
    albums: { left: whole.albumsLeft().length, waiting: whole.albums.waiting },
    proven: proven(whole.those('transferred', 'linked'), transfers, checks),
    rules,
    // Which index and which links that counts.
    indexed: runs['index-gphotos']?.at ?? '',
    linked: runs.link?.at ?? '',
  }
}

/** What the server had before becomes a transfer, so that only its missing files are left to send. */
async function claim(id: string) {
  now(photos[id]?.title)
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
  now(photos[id]?.title)
  const seen = { assets, indexed }
  const listed = claimed.has(id) ? assets[before.asset] : listedSince(before, seen)
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
  const mirrored =
    runs.mirror && (await openState(given.state, { read: ['mirrored'] })).data.mirrored
  // Where folders get them, too, not before they are there.
  const isThere = (id: string) => Boolean(assetOf(id) && (!mirrored || mirrored[id]?.main))
  const isLeft = (id: string) => /^(left out|removed)$/.test(standings.get(id)?.is ?? '')
  await finishPicked(parts, state.data.photos, (id) => isThere(id) || isLeft(id))
}

/** A picked photo gives way to its original, once that is on the server. */
async function giveWay(id: string) {
  const target = plan.assetOf(photos[id]?.replacedBy ?? '')
  if (!target) return
  record(id, await replace(server, transfers[id] as Transfer, target, Boolean(rules.replacePicked)))
}

async function fill(id: string) {
  now(`album ${albums[id]?.title}`)
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
