#!/usr/bin/env node
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { isOfOneFile } from '../lib/errno.ts'
import { endMetadata } from '../lib/folders/metadata.ts'
import { pathKey, pathMaker, pathUsage, safeName } from '../lib/folders/paths.ts'
import { sweep } from '../lib/folders/writing.ts'
import { accountOf } from '../lib/mirror/account.ts'
import { ALBUMS, copiesSize, fillAlbum, isAlbumLeft } from '../lib/mirror/albums.ts'
import { keeper } from '../lib/mirror/keeping.ts'
import { rekeyed } from '../lib/mirror/keys.ts'
import { lookAround, tellLooked } from '../lib/mirror/looking.ts'
import { mirrorPlan, thereOf } from '../lib/mirror/plan.ts'
import { putFiles } from '../lib/mirror/putting.ts'
import { renew } from '../lib/mirror/renewing.ts'
import {
  asTyped,
  libraryFolder,
  outside,
  roomFor,
  sameLibrary,
  takesLinks,
  writable,
} from '../lib/mirror/room.ts'
import { likelyPath, treeOf } from '../lib/mirror/tree.ts'
import { spelledWays, waysOf } from '../lib/mirror/ways.ts'
import { splitName } from '../lib/pairing/media.ts'
import { pool, turns } from '../lib/pool.ts'
import { count, duration, number, progress, size, terms } from '../lib/progress.ts'
import { tellTime } from '../lib/spent.ts'
import { Fail, flags, hint, print, say, wholeNumber } from '../lib/stage.ts'
import type { Mirrored, Photo } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'
import { indexFirst } from '../lib/takeout/indexing.ts'
import { filesLeft } from '../lib/takeout/photo-files.ts'
import { failures, Unwritable } from '../lib/transfer/failures.ts'
import { sendParts } from '../lib/transfer/routes.ts'
import { ruleFlags, rulesOf } from '../lib/transfer/rules.ts'
import { MAX_TRIES } from '../lib/transfer/standing.ts'
import { type Group, locate } from '../lib/transfer/whereabouts.ts'

const usage = `
Put every photo into a plain folder tree: once, under its name, with its time, its caption, its albums. Needs no server.

  reads   parts, photos, albums (index-gphotos, which it runs first where TAKEOUT is given)
  writes  mirrored; below LIBRARY: photos, their metadata, albums; nothing is deleted or written over

Usage: make mirror TAKEOUT="..." [LIBRARY=data/library] [ARGS="..."]   (both are remembered, and so are the next four)
${pathUsage}
  --metadata xmp            what the file does not say itself: xmp beside it, embed into it (exiftool), none
  --embed                   the same as --metadata embed
  --albums-as links         links, hardlinks or copies in ${ALBUMS}/, json alone, or none; first links where the disk has them
  --resync                  look after every file: what is missing or damaged comes again, also what you deleted
    --checksum              read all of them for that, where their size alone says little
${choosingUsage}
  --edited both             edited copies: both (beside their original), original or edited (only that one)
  --include-trashed         also what is in Google's trash, under Trash/    --include-locked   the locked folder, Locked/
  --no-partner              not what a partner shared                       --no-more-parts    do not wait for missing parts
  --retry                   also what failed ${MAX_TRIES} times
  --concurrency 8           files that are written at once
  --max-bytes-per-day 500GB no more than these out of Google Drive, all stages together
  --dry-run (-n)            print what would be written      --limit N          no more photos than these
  --state FILE, --quiet, --json
Exit:  0 all there, 1 could not start or had to stop, 2 bad usage, 3 some items failed (run again),
       4 all there but what failed ${MAX_TRIES} times
`
const given = flags(usage, {
  ...choosing,
  path: { type: 'string' },
  metadata: { type: 'string' },
  embed: { type: 'boolean' },
  'albums-as': { type: 'string' },
  resync: { type: 'boolean' },
  checksum: { type: 'boolean' },
  edited: { type: 'string', default: 'both' },
  'include-trashed': ruleFlags['include-trashed'],
  'include-locked': ruleFlags['include-locked'],
  'no-partner': ruleFlags['no-partner'],
  'no-more-parts': ruleFlags['no-more-parts'],
  retry: ruleFlags.retry,
  concurrency: { type: 'string', default: '8' },
  'max-bytes-per-day': { type: 'string' },
})
if (given['max-bytes-per-day']) process.env.MAX_BYTES_PER_DAY = given['max-bytes-per-day']
const workers = wholeNumber('--concurrency', given.concurrency)
const [choice, rules] = [chooser(given), rulesOf(given)]
const { mirror: last } = (await openState(given.state, { read: ['runs'] })).data.runs
const ways = waysOf(given, last)
const pathOf = await pathMaker(ways.path)
if (process.env.TAKEOUT) await indexFirst(given.state, given.quiet)

const state = await openState(given.state, {
  stage: 'mirror',
  read: ['parts', 'photos', 'albums'],
  write: ['mirrored', 'runs'],
  dryRun: given['dry-run'],
})
const { parts, albums, mirrored, runs } = state.data
const started = new Date()
if (Object.keys(state.data.photos).length === 0)
  throw new Fail(
    `Cannot mirror: ${given.state} has no photos: run ${hint('mirror TAKEOUT="/path/to/the/zips"')}`,
  )
const before = last?.library as string | undefined
const root = libraryFolder(before)
const known = Object.values(mirrored).filter(({ files }) => files).length
outside(parts, root)
if (!given.resync) await sameLibrary(root, before, known)

for (const [id, record] of rekeyed(state.data)) state.put('mirrored', id, record)

// 1. What is left: what the state does not say is done, and, where it is asked for, what the disk lacks.
const looked = given.resync ? await lookAround(root, mirrored, given) : undefined
if (looked) tellLooked(looked)
const plan = mirrorPlan(state.data, choice, rules, looked?.lost)
const todo = plan.left.slice(0, given.limit)
const renewed = [...new Set([...plan.renew, ...(looked?.bare ?? [])])]
const as = ways.as ?? ((await takesLinks(root)) ? 'links' : 'json')
const albumsLeft = () => plan.albums.filter((id) => given.resync || isAlbumLeft(id, as, state.data))
const bytes = plan.bytesOf(todo)
const copies = as === 'copies' ? copiesSize(plan.albums, state.data, plan.photos) : 0
const free = await roomFor(bytes + copies, root)
const tree = treeOf(root, pathOf, ways.metadata, { titles: plan.titles, mirrored })
if (given['dry-run']) {
  await print(todo.map((id) => likelyPath(tree, id, plan.photos[id] as Photo)))
  say(
    `would write ${count(todo.length, 'photo')} (${plan.sizeOf(todo)}) to ${asTyped(root)}, renew ${number(renewed.length)}, fill ${count(albumsLeft().length, 'album')}; these paths are of the index: what a file says of its zone and camera counts, too`,
  )
  process.exit(0)
}
const tired =
  plan.tired.length > 0
    ? `; ${number(plan.tired.length)} failed ${MAX_TRIES} times: ${hint('status', "--list 'not mirrored'")}, ${hint('mirror', '--retry')} tries again`
    : ''
if (todo.length + renewed.length + albumsLeft().length === 0) {
  say(
    `nothing to mirror: ${count(plan.counts.mirrored ?? 0, 'photo')} are in ${asTyped(root)}${tired}`,
  )
  const now = runs.mirror && { ...runs.mirror, ...account(plan), ways }
  if (now && JSON.stringify(runs.mirror) !== JSON.stringify(now)) state.put('runs', 'mirror', now)
  await state.save()
  process.exit(tired ? 4 : 0)
}

// 2. The plan, before the first byte.
const asBefore = spelledWays(waysOf({}, last))
if (asBefore !== '' && asBefore === spelledWays(ways)) say(`as before: ${asBefore}`)
if (todo.length > 0)
  say(
    `${count(todo.length, 'photo')}, ${plan.sizeOf(todo)}, to ${asTyped(root)}, which has ${size(free)} free; ${as === 'none' ? 'no albums' : `${count(plan.albums.length, 'album')} as ${as}`}`,
  )
await writable(root)
if (last && last.seconds === undefined) await sweep(root)
const { seconds: _, ...unfinished } = runs.mirror ?? { stage: 'mirror', at: '' }
const home = { library: root, ways }
state.put('runs', 'mirror', { ...unfinished, at: started.toISOString(), ...home })
await state.flush()

// 3. Write. One item's failure is counted and the run goes on; what would fail every item is thrown and ends it.
const records = keeper(state, root)
const { failed, ...failing } = failures<Mirrored>({
  nameOf: (id) => plan.photos[id]?.title ?? albums[id]?.title,
  before: records.of,
  record: (id, record) => state.put('mirrored', id, record),
})
const counting = (id: string, work: () => Promise<void>) =>
  failing.counting(id, () =>
    work().catch((error) => {
      throw isOfOneFile(error) ? new Unwritable(error) : error
    }),
  )
const shown = progress(todo.length, 'photos', { ...given, totalBytes: bytes })
const there = Object.fromEntries(
  todo.map((id) => [id, thereOf(mirrored[id], looked?.lost.get(id))]),
)
const places = await locate(parts, plan.photos, todo, there)
const inTurn = turns()
let written = 0
await sendParts(parts, places, { workers, send, counting })
await pool(renewed, workers, (id) =>
  counting(id, async () => {
    const before = records.of(id)
    if (before?.files)
      await records.keep(id, await renew(tree, id, plan.photos[id] as Photo, before))
  }),
)
await records.settle()

// 4. Albums, when their members are there.
let filled = 0
for (const id of albumsLeft()) {
  shown.tick({ items: 0, now: `album ${albums[id]?.title}` })
  await counting(id, () => fill(id))
}
await endMetadata()
shown.end()

// 5. Count, in rows that add up.
const after = mirrorPlan(state.data, choice, rules)
const lost = todo.filter((id) => failed.has(id)).length
const owing = todo.filter((id) => !failed.has(id) && after.left.includes(id)).length
const seconds = Math.round((Date.now() - +started) / 100) / 10
const counts = {
  mirrored: todo.length - lost - owing,
  failed: lost,
  owing,
  renewed: renewed.length,
  albums: filled,
  bytes: written,
  seconds,
}
ran(state, {
  stage: 'mirror',
  at: started.toISOString(),
  ...home,
  ...counts,
  ...account(after),
})
await endChoices()
await state.save()
say(
  `${count(todo.length, 'photo')} = ${terms([
    [counts.mirrored, 'mirrored'],
    [lost, 'failed'],
    [owing, 'whose archive cannot be read'],
  ])}; ${renewed.length ? `${number(renewed.length)} renewed; ` : ''}${filled ? `${count(filled, 'album')}; ` : ''}${size(written)} in ${duration(seconds)}${tired}`,
)
for (const [why, many] of tree.remarks) say(`${count(many, 'file')} ${why}`)
failing.tell()
tellTime(given)
if (given.json) console.log(JSON.stringify(counts))
process.exitCode = failed.size + owing > 0 ? 3 : tired ? 4 : 0

/** Of the whole library, whatever was chosen for this run. */
function account(plan: ReturnType<typeof mirrorPlan>) {
  const whole = choice.all ? plan : mirrorPlan(state.data, chooser({}), rules)
  const isReadAgain = given.resync && given.checksum
  const readAgain = isReadAgain ? started.toISOString() : (runs.mirror?.readAgain as string)
  return accountOf(whole, mirrored, {
    rules,
    readAgain,
    indexed: runs['index-gphotos']?.at ?? '',
  })
}

/** Writes files of one photo. Those of one name take turns, so that it is always the same that gets it plain. */
function send({ id, files }: Group) {
  const photo = plan.photos[id] as Photo
  return inTurn(pathKey(splitName(safeName(photo.title)).base), () =>
    counting(id, async () => {
      const record = await putFiles(tree, id, photo, files, records.of(id), {
        lost: looked?.lost.get(id),
        sent: (sent) => {
          written += sent
          shown.tick({ items: 0, sent, now: photo.title })
        },
      })
      await records.keep(id, record)
      if (filesLeft(photo, thereOf(record)).length === 0) shown.tick()
    }),
  )
}

async function fill(id: string) {
  const known = { photos: plan.photos, albums, mirrored }
  let isChanged = isAlbumLeft(id, as, state.data)
  const entered = () => {
    isChanged = true
  }
  for await (const record of fillAlbum(root, id, as, known, { again: given.resync, entered })) {
    state.put('mirrored', id, record)
    await state.flush()
  }
  filled += Number(isChanged)
}

/** Choices on Google's page of which everything is here, and on the server where there is one, are ended. */
async function endChoices() {
  if (!Object.values(parts).some(({ kind }) => kind === 'picked')) return
  const { finishPicked } = await import('../lib/google/picked.ts')
  const { data } = await openState(given.state, { read: ['transfers'] })
  const isThere = (id: string) =>
    Boolean(records.of(id)?.main && (!runs['index-immich'] || data.transfers[id]?.asset))
  await finishPicked(parts, state.data.photos, isThere)
}
