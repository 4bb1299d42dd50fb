#!/usr/bin/env node
import { bodies, openPart, stillThere } from '../lib/archive.ts'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { fillAlbum, membersLeft } from '../lib/filling.ts'
import { immich, Refused } from '../lib/immich.ts'
import { requirePermissions } from '../lib/permissions.ts'
import { planOf } from '../lib/plan.ts'
import { pool } from '../lib/pool.ts'
import { count, duration, number, progress, size } from '../lib/progress.ts'
import { filesLeft, sendFiles, Unreadable } from '../lib/sending.ts'
import { askAboutUnanswered, complete, settle } from '../lib/settling.ts'
import { flags, hint, say, wholeNumber } from '../lib/stage.ts'
import { MAX_TRIES, ruleFlags, rulesOf } from '../lib/standing.ts'
import { type Asset, openState, type Part, type Photo, type Transfer } from '../lib/state.ts'
import { asTheyCome, byPhoto, type Group, locate } from '../lib/whereabouts.ts'

const usage = `
Send to Immich what it does not have: pictures with their times, places, captions, favourites and albums.

  reads   parts, photos, albums, assets, assetAlbums, links, albumLinks   (index-gphotos, index-immich, link)
  writes  transfers; on the server: assets, albums and what they hold, nothing is deleted or overwritten

Usage: make transfer [ARGS="..."]
${choosingUsage}
  --concurrency 4           files on their way at once
  --include-trashed         also what is in Google's trash    --include-locked   also the locked folder
  --no-partner              not what a partner shared         --no-more-parts    do not wait for missing parts
  --dry-run (-n)            print what would be sent          --limit N          no more photos than these
  --state FILE, --quiet, --json
Exit:  0 all sent, 1 could not start or had to stop, 2 bad usage, 3 some items failed (run again)
`
// Measured against a real server on a small box: four at a time keep it busy, more only wait in its queue.
const CONCURRENCY = '4'

const given = flags(usage, {
  ...choosing,
  ...ruleFlags,
  concurrency: { type: 'string', default: CONCURRENCY },
})
const workers = wholeNumber('--concurrency', given.concurrency)
const choice = chooser(given)
const state = await openState(given.state, {
  stage: 'transfer',
  read: ['parts', 'photos', 'albums', 'assets', 'assetAlbums', 'links', 'albumLinks'],
  write: ['transfers', 'runs'],
  dryRun: given['dry-run'],
})
const { parts, photos, albums, assets, links, transfers, runs } = state.data
const started = new Date()

// 1. What is left: what the state does not say is done.
const plan = planOf(state.data, choice, rulesOf(given))
const { standings, those, bytesLeft, albumsLeft } = plan
const tired = those('failed').filter((id) => (transfers[id]?.tries ?? 0) >= MAX_TRIES)
const toSend = [...those('to send'), ...those('failed').filter((id) => !tired.includes(id))].slice(
  0,
  given.limit,
)
const toComplete = those('to complete').slice(0, given.limit)
const bytes = toSend.reduce((sum, id) => sum + bytesLeft(id), 0)
if (given['dry-run']) {
  for (const id of toSend) console.log(photos[id]?.title)
  say(
    `would send ${count(toSend.length, 'photo')} (${size(bytes)}), complete ${number(toComplete.length)}`,
  )
  process.exit(0)
}
if (toSend.length + toComplete.length + albumsLeft().length === 0) {
  say(
    `nothing to send: ${number(those('transferred').length)} sent before, ${number(those('linked').length)} were there, ${number(tired.length)} failed ${MAX_TRIES} times`,
  )
  await state.save()
  process.exit(0)
}

// 2. Whatever can refuse to start does so before the first byte.
const server = await immich()
await requirePermissions(server)
const wanted = await locate(parts, photos, toSend, transfers)
for (const part of wanted.keys()) await stillThere(parts[part] as Part)
// A run that does not come to its end leaves this mark, so that the next knows its assets for ours.
const unfinishedSince = String(runs.transfer?.unfinishedSince ?? server.now().toISOString())
state.put('runs', 'transfer', { stage: 'transfer', at: started.toISOString(), unfinishedSince })
await state.flush()
await askAboutUnanswered(server, state.data, record)

// 3. Send. One item's failure is counted and the run goes on; what would fail every item is thrown and ends it.
const failed = new Set<string>()
const turns = new Map<string, Promise<void>>()
const shown = progress(toSend.length, 'photos', { ...given, totalBytes: bytes })
for (const [id, files] of wanted) {
  const part = parts[id] as Part
  const from = files.map(({ from }) => from)
  if (part.kind === 'tgz') await pool(asTheyCome(bodies(part, from), files), workers, send)
  else {
    const opened = await openPart(part)
    await pool(byPhoto(opened.bodies(from), files), workers, send).finally(() => opened.close())
  }
}
const sent = toSend.filter((id) => isOver(id))

// 4. What needs more than one asset (live photos whose still came first, stacks), what was there before, albums.
await pool(those('to complete', 'to send', 'failed'), workers, (id) =>
  counting(id, () => finish(id)),
)
let filled = 0
for (const id of albumsLeft()) await counting(id, () => fill(id))
shown.end()
const seconds = Math.round((Date.now() - +started) / 100) / 10
state.put('runs', 'transfer', {
  stage: 'transfer',
  at: started.toISOString(),
  seconds,
  sent: sent.length,
  failed: failed.size,
  bytes,
  account: planOf(state.data, choice, rulesOf(given)).counts,
})
await state.save()

const owing = toSend.length - sent.length - toSend.filter((id) => failed.has(id)).length
say(
  `${count(toSend.length, 'photo')} to send = ${number(sent.length)} sent + ${number(toSend.length - sent.length - owing)} failed${owing ? ` + ${number(owing)} owing a file` : ''}; ${number(toComplete.length)} that were there completed; ${count(filled, 'picture')} put into albums; ${size(bytes)} in ${duration(seconds)}`,
)
if (failed.size > 0)
  say(
    `run ${hint('transfer')} again to retry what failed; ${hint('status', '--list failed')} shows it`,
  )
if (given.json)
  console.log(
    JSON.stringify({
      sent: sent.length,
      failed: failed.size,
      completed: toComplete.length,
      filled,
      bytes,
      seconds,
    }),
  )
process.exitCode = failed.size > 0 ? 3 : 0

function isOver(id: string) {
  return filesLeft(photos[id] as Photo, transfers[id]).length === 0 && !failed.has(id)
}

function record(id: string, transfer: Transfer) {
  state.put('transfers', id, transfer)
}

/** Sends files of one photo. Two groups of one photo (in a tgz) take turns, since both write its record. */
async function send({ id, files }: Group) {
  const mine = (turns.get(id) ?? Promise.resolve()).then(() =>
    counting(id, async () => {
      await sendFiles(photos[id] as Photo, files, transfers[id], {
        server,
        unfinishedSince,
        record: async (transfer, big) => {
          record(id, transfer)
          if (big) await state.flush()
        },
        sent: (sent) => shown.tick({ items: 0, sent, now: photos[id]?.title ?? '' }),
      })
    }),
  )
  turns.set(id, mine)
  await mine
  if (turns.get(id) === mine) turns.delete(id)
  if (isOver(id)) shown.tick()
}

async function finish(id: string) {
  const photo = photos[id] as Photo
  const transfer = transfers[id]
  const link = links[id]
  const paid = transfer && (await settle(server, photo, transfer))
  if (paid) record(id, paid)
  else if (!transfer?.asset && link?.asset)
    record(id, await complete(server, photo, link, assets[link.asset] as Asset))
}

async function fill(id: string) {
  const members = membersLeft(id, state.data, standings)
  for await (const { transfer, refused } of fillAlbum(server, id, members, state.data)) {
    record(id, transfer)
    if (refused > 0)
      throw new Refused(400, `${count(refused, 'picture')} not taken into "${albums[id]?.title}"`)
  }
  filled += members.length
}

async function counting(id: string, work: () => Promise<void>) {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreadable)) throw error
    // Of an archive that is gone no photo can be read: that ends the run, one broken file does not.
    if (error instanceof Unreadable)
      for (const { part } of photos[id]?.files ?? []) await stillThere(parts[part] as Part)
    failed.add(id)
    say(`${photos[id]?.title ?? albums[id]?.title}: ${error.message}`)
    const { sending: _, ...before } = transfers[id] ?? ({} as Transfer)
    record(id, {
      ...before,
      at: new Date().toISOString(),
      failed: error.message,
      tries: (before.tries ?? 0) + 1,
    })
  }
}
