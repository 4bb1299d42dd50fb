#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { isOfOneFile, troubleText } from '../lib/errno.ts'
import { pathMaker, pathUsage } from '../lib/folders/paths.ts'
import { type Entry, UNREADABLE, walk } from '../lib/folders/walking.ts'
import { bringer, type Job, SAYS_OTHERWISE } from '../lib/organize/bringing.ts'
import type { How } from '../lib/organize/carrying.ts'
import { endExiftool } from '../lib/organize/exotic.ts'
import { freshUnits, timeOf } from '../lib/organize/fresh.ts'
import { foldersOf, syncthingOf } from '../lib/organize/inboxes.ts'
import { memoryOf } from '../lib/organize/memory.ts'
import { openGallery, type Target } from '../lib/organize/placing.ts'
import { tallyOf } from '../lib/organize/tally.ts'
import { filesOf, type Heads, type Unit } from '../lib/organize/units.ts'
import { splitName } from '../lib/pairing/media.ts'
import { pool } from '../lib/pool.ts'
import { count, progress } from '../lib/progress.ts'
import { tellTime } from '../lib/spent.ts'
import { Fail, flags, harmless, jsonLine, say, wholeNumber } from '../lib/stage.ts'
import { Locked } from '../lib/state/lock.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Sort what came into the inboxes into the gallery, by month. Live photos, RAW and JPEG, edits and sidecars travel as one.
What gives the time, the first that says anything: an XMP sidecar, Google's JSON, EXIF, a movie's header, the name.
Nothing is ever written over; an identical file that is there already is known by its bytes.

  reads   the inboxes (IMPORTS) and the gallery (GALLERY)
  writes  the gallery; organized: what was done is not done again, also where you move or delete it in the gallery

Usage: make organize IMPORTS="~/Sync/Phone ~/Sync/PC" GALLERY=~/Photos [ARGS="..."]
  --copy                    the default; the inboxes stay as they are
  --link                    hard links: no bytes twice, on one disk
  --move                    out of the inbox, once the copy was read again and compared
    --yes-inbox-is-receive-only   said for an inbox that Syncthing keeps: it would delete on the phone, too
${pathUsage}
                            default YYYY/MM-M, as in 2021/03-March; without any time: undated/
  --rename                  YYYYMMDD-HHMMSS.jpg, as phockup does
  --mtime                   where nothing else gives the time, the file's own; a copy may have got that anywhere
  --settle 60               what changed in the last so many seconds is still on its way, with all that belongs to it
  --restore-deleted         copy again what was copied once and is no longer where it was put
  --or-later                where another stage is at work: nothing now and no error, the next run does it (cron's)
  --dry-run (-n)            where each file would go        --limit N   no more photos than these
  --json, --quiet, --state FILE
Exit:  0 done, 1 could not start or had to stop, 2 bad usage, 3 some files failed (run again)
`

const given = flags(
  usage,
  {
    copy: { type: 'boolean' },
    link: { type: 'boolean' },
    move: { type: 'boolean' },
    'yes-inbox-is-receive-only': { type: 'boolean' },
    path: { type: 'string', default: 'YYYY/MM-M' },
    rename: { type: 'boolean' },
    mtime: { type: 'boolean' },
    settle: { type: 'string', default: '60' },
    'restore-deleted': { type: 'boolean' },
    'or-later': { type: 'boolean' },
  },
  { positionals: true },
)
const ways = (['copy', 'link', 'move'] as const).filter((way) => given[way])
if (ways.length > 1)
  throw new Fail(`Cannot do both --${ways.join(' and --')}: choose one`, { exitCode: 2 })
const how: How = ways[0] ?? 'copy'
const settleMs = wholeNumber('--settle', given.settle, 0) * 1000
const pathOf = await pathMaker(given.path)

// 1. Whatever can refuse to start.
const named = given.positionals.length > 0 ? given.positionals : [process.env.IMPORTS ?? '']
const { inboxes, gallery } = await foldersOf(named.filter(Boolean), process.env.GALLERY)
for (const inbox of inboxes) {
  const synced = how === 'move' ? syncthingOf(inbox) : undefined
  if (synced !== undefined && !given['yes-inbox-is-receive-only'])
    throw new Fail(
      `Cannot move out of ${inbox}: Syncthing keeps ${synced}, and may delete the photos on the phone, too: make it a Receive Only folder there and say --yes-inbox-is-receive-only, or leave --move out`,
    )
}
const state = await openState(given.state, {
  stage: 'organize',
  write: ['organized', 'runs'],
  dryRun: given['dry-run'],
}).catch((error) => {
  if (!given['or-later'] || !(error instanceof Locked)) throw error
  say(`later: ${error.message}`)
  process.exit(0)
})
const started = new Date()
const memory = memoryOf(
  state.data.organized,
  (path, record) => state.put('organized', path, record),
  { gallery, again: given['restore-deleted'] ?? false },
)
const names = openGallery({ sweeps: !given['dry-run'] })
const tally = tallyOf()
const shown = progress(undefined, 'files', given)
let undated = 0

// 2. Photo by photo: where each goes is worked out one after the other, the bytes go side by side.
const { bring, settle } = bringer({ gallery, how, memory, tally, flush: state.flush, fail })
await pool(jobs(), 4, async (job) => {
  if (!given['dry-run'] && !(await bring(job))) return
  for (const target of job.targets) tell(target, job.from)
})
await settle()
await endExiftool()
shown.end()

// 3. Tell.
const seconds = Math.round((Date.now() - +started) / 100) / 10
const at = started.toISOString()
ran(state, { stage: 'organize', at, seconds, ...tally.rows, undated })
await state.save()
if (undated > 0) say(`${count(undated, 'photo')} without any time: in ${join(gallery, 'undated')}`)
const verb = { copy: 'copied', link: 'linked', move: 'moved' }[how]
tally.tell(given['dry-run'] ? `to be ${verb}` : verb)
tellTime(given)
process.exitCode = tally.rows.failed > 0 ? 3 : 0

async function* jobs(): AsyncGenerator<Job> {
  let units = 0
  const passedOver = (path: string, why: string) => {
    if (why !== UNREADABLE) return tally.leave(path, why)
    tally.add('failed')
    say(`${path}: ${why}`)
  }
  // What is moved goes also where it was copied before.
  const isDone = (entry: Entry) =>
    memory.whyLeft(entry) !== undefined || (how !== 'move' && memory.placeOf(entry) !== undefined)
  for (const inbox of inboxes) {
    for (const { files } of walk(inbox, passedOver)) {
      const fresh = await freshUnits(files, isDone)
      const wanted = new Set(fresh.units.flatMap(filesOf))
      for (const entry of files.filter((entry) => isDone(entry) && !wanted.has(entry))) {
        const why = memory.whyLeft(entry)
        if (why === undefined) tally.add('before')
        else tally.leave(entry.path, why)
      }
      for (const { entry, why } of fresh.others) leave(entry, why)
      for (const unit of fresh.units) {
        if (units >= given.limit) return
        const many = filesOf(unit).length
        const job = await place(unit, fresh.heads).catch((error) => fail(unit.main, error, many))
        if (job) units++
        if (job) yield job
      }
    }
  }
}

/** Takes the names for a photo, its sidecars and its other halves; none for one that is still on its way. */
async function place(unit: Unit, heads: Heads): Promise<Job | undefined> {
  const all = filesOf(unit)
  const wanted = all.filter((entry) => how === 'move' || memory.placeOf(entry) === undefined)
  tally.add('before', all.length - wanted.length)
  // A clock that is wrong by a day tells nothing.
  const isOnItsWay = ({ changed }: Entry) => Math.abs(+started - changed) < settleMs
  if (all.some(isOnItsWay)) {
    tally.add('waits', wanted.length)
    return
  }
  const known = memory.placeOf(unit.main)
  const lowers = given.rename ?? false
  let targets: Target[] | undefined
  let from = memory.sourceOf(unit.main)
  if (known !== undefined && existsSync(known))
    targets = await names.tryStem(unit, dirname(known), splitName(basename(known)).base, lowers)
  if (!targets) {
    const when = await timeOf(unit, heads, given)
    if (!when) undated++
    from = when?.from
    const local = when?.local
    const path = join(gallery, pathOf({ title: unit.main.name, ...(local && { local }) }))
    const stamp = local?.replace(/[-:]/g, '').replace('T', '-')
    const stem = lowers && stamp ? stamp : splitName(basename(path)).base
    targets = await names.place(unit, dirname(path), stem, lowers)
  }
  const mine = targets.filter(({ entry }) => wanted.includes(entry))
  names.take(mine.filter(({ is }) => is === 'free'))
  return { targets: mine, from }
}

function tell({ entry, to, is }: Target, time: string | undefined) {
  shown.tick({ now: entry.name })
  if (is === 'differs') tally.leave(entry.path, SAYS_OTHERWISE)
  else tally.add(is === 'free' ? 'done' : 'there')
  if (given.json) console.log(jsonLine({ from: entry.path, to, is, time: time ?? null }))
  else if (!given.quiet && is === 'free')
    console.log(harmless(`${entry.path} -> ${relative(gallery, to)}  ${time ?? 'no time'}`))
}

function leave(entry: Entry, why: string) {
  tally.leave(entry.path, why)
  if (!given['dry-run']) memory.leave(entry, why)
}

/** One file's trouble is counted; that of the gallery's disk would be every file's. */
function fail({ path }: Entry, error: unknown, many: number): undefined {
  // Of an inbox also what cannot be read, or is gone.
  const { code = '' } = error as NodeJS.ErrnoException
  if (!isOfOneFile(error) && !['EIO', 'ENOENT'].includes(code)) throw error
  tally.add('failed', many)
  say(`${path}: ${troubleText(error)}`)
}
