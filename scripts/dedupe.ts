#!/usr/bin/env node
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { reportAlike } from '../lib/dedupe/alike.ts'
import { choose, METHODS, type Method } from '../lib/dedupe/choosing.ts'
import { findEquals, type Photo } from '../lib/dedupe/finding.ts'
import { photosIn } from '../lib/dedupe/photos.ts'
import { type Alike, readReport } from '../lib/dedupe/report.ts'
import { pairsAlike, reviewed } from '../lib/dedupe/reviewed.ts'
import { apart, foldersOf, realFolders } from '../lib/dedupe/roots.ts'
import { areOnOneDisk, giveUp, pairsOf, TRASH } from '../lib/dedupe/trash.ts'
import { undo } from '../lib/dedupe/undoing.ts'
import { askWhether } from '../lib/dupes/asking.ts'
import { troubleText } from '../lib/errno.ts'
import { UNREADABLE } from '../lib/folders/walking.ts'
import { count, number, progress, size, terms } from '../lib/progress.ts'
import { doing, tellTime } from '../lib/spent.ts'
import {
  dataFolder,
  Fail,
  flags,
  harmless,
  hint,
  jsonLine,
  say,
  wholeNumber,
} from '../lib/stage.ts'
import { takeLock } from '../lib/state/lock.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Find photos that are there twice, byte for byte, in folders on a disk: by size, then by both ends, then whole. Nothing goes
without a method and your word, and then to a trash folder beside, out of which --undo brings it back.

  reads   FOLDERS (or GALLERY); with --reviewed those of data/similar.json, and decisions
  writes  nothing without --method or --reviewed; then ${TRASH} in each of the folders

Usage: make dedupe FOLDERS="~/Photos /mnt/old" [ARGS="..."]
  --method AEO              what goes of each group, in Czkawka's words: all except the oldest (AEO), newest (AEN), biggest (AEB),
                            smallest (AES); only the oldest (OO), newest (ON), biggest (OB), smallest (OS); or hard links in the
                            place of all but the oldest (HARD)
  --reference DIR           nothing in it is ever touched; what it holds goes elsewhere, whatever the method (repeatable)
  --yes                     do not ask
  --undo                    bring back what the last run took out, or with --run 2026-11-20T22-00-00 that one
  --similar                 pictures that look alike, as a report in data/similar.json; nothing goes
    --distance 5            how many of 64 bits of their looks may differ
  --reviewed                takes out what was accepted of them in \`make review\`, as far as it still is what was seen there
  --dry-run (-n)            what would go                 --limit N   no more groups than these
  --json, --quiet
Exit:  0 done, 1 could not start or had to stop, 2 bad usage, 3 some failed (run again)
`
const given = flags(
  usage,
  {
    method: { type: 'string' },
    reference: { type: 'string', multiple: true },
    yes: { type: 'boolean' },
    undo: { type: 'boolean' },
    run: { type: 'string' },
    similar: { type: 'boolean' },
    reviewed: { type: 'boolean' },
    distance: { type: 'string', default: '5' },
  },
  { positionals: true },
)
const method = given.method?.toUpperCase() as Method | 'NONE' | undefined
if (method !== undefined && method !== 'NONE' && !METHODS.includes(method))
  throw new Fail(`Cannot read --method "${given.method}": it is one of ${METHODS.join(' ')}`, {
    exitCode: 2,
  })
if (given.reviewed && (method || given.similar))
  throw new Fail('Cannot take --reviewed with --method or --similar: the page said what stays', {
    exitCode: 2,
  })
const most = wholeNumber('--distance', given.distance, 0)
if (most > 32)
  throw new Fail(`Cannot read --distance ${most}: from 32 on all pictures are alike`, {
    exitCode: 2,
  })
if (given.run !== undefined && !/^[\w-]+$/.test(given.run))
  throw new Fail(`Cannot read --run "${given.run}": it is a time like 2026-11-20T22-00-00`, {
    exitCode: 2,
  })

// 1. The folders, each once, and not one inside the other; of what was reviewed those that were looked through.
const similarFile = join(dataFolder, 'similar.json')
const report = given.reviewed ? await readReport(similarFile) : undefined
if (given.reviewed && !report)
  throw new Fail(
    `Cannot find ${similarFile}: run ${hint('dedupe', '--similar')}, then ${hint('review')}`,
  )
const references = await foldersOf(given.reference ?? [])
const named =
  given.positionals.length > 0
    ? given.positionals
    : [process.env.FOLDERS || process.env.GALLERY || '']
const asked = report ? realFolders(report.folders) : await foldersOf(named.filter(Boolean))
if (asked.length === 0)
  throw new Fail(
    `Cannot look for duplicates: no folder was named: run ${hint('dedupe FOLDERS="~/Photos"')}`,
  )
const roots = apart([...asked, ...references])
mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
const { 'dry-run': dryRun = false, quiet = false } = given
process.once('exit', await takeLock(join(dataFolder, 'dedupe.lock'), 'dedupe', 'these folders'))
const started = new Date()
const tally = { gone: 0, bytes: 0, stay: 0, failed: 0 }
if (given.undo) {
  process.exit((await undo(roots, { run: given.run, dryRun })) > 0 ? 3 : 0)
}

// 2. All photos, each with its halves and sidecars.
const passed = new Map<string, number>()
const photos = await photosIn(roots, references, (path, why) => {
  passed.set(why, (passed.get(why) ?? 0) + 1)
  if (why === UNREADABLE) fail(path, new Fail(why))
})
if (given.similar) {
  const about = { at: started.toISOString(), folders: roots, distance: most }
  await reportAlike(photos, about, { ...given, file: dryRun ? undefined : similarFile })
  tellTime(given)
  process.exit()
}

// 3. The equal ones; or of those that look alike the ones that were accepted.
const { groups, account } = report ? await accepted(report.groups) : await equals()
const twice = groups.slice(0, given.limit)
const going = twice.flatMap(({ keep: [stays], go }) =>
  go.map((goes) => ({ goes, stays: stays as Photo })),
)
const freed = going.reduce((sum, { goes }) => sum + goes.size, 0)
for (const { keep, go } of quiet ? [] : twice) {
  const paths = (some: Photo[]) => some.map(({ path }) => path)
  if (given.json) console.log(jsonLine({ keep: paths(keep), go: paths(go), size: keep[0]?.size }))
  else
    console.log(
      [...paths(keep).map((path) => `  ${path}`), ...paths(go).map((path) => `- ${path}`), '']
        .map(harmless)
        .join('\n'),
    )
}
say(account)
for (const [why, many] of passed) say(`  ${number(many)} not looked at: ${why}`)

// 4. What goes, goes to the trash of its tree; nothing without the person's word.
const verb = method === 'HARD' ? 'become hard links' : 'go to the trash'
if (going.length > 0 && !dryRun) {
  await askWhether(`let ${count(going.length, 'photo')} of ${size(freed)} ${verb}`, {
    yes: given.yes,
    forGood: false,
  })
  const run = started.toISOString().slice(0, 19).replaceAll(':', '-')
  for (const { goes, stays } of going) await give(goes, stays, run)
  say(
    `${count(going.length, 'photo')} = ${terms([
      [tally.gone, method === 'HARD' ? 'linked' : 'in the trash'],
      [tally.stay, 'left'],
      [tally.failed, 'failed'],
    ])}; ${size(tally.bytes)}`,
  )
  if (tally.gone > 0)
    say(
      `${report ? hint('dedupe', '--reviewed --undo') : hint(`dedupe FOLDERS="${asked.join(' ')}"`, '--undo')} brings it back; it takes its room until you delete ${TRASH}`,
    )
} else if (going.length > 0) say(`${count(going.length, 'photo')} of ${size(freed)} would ${verb}`)
else if (groups.length > 0 && !method && !report)
  say(`${hint('dedupe', '--method AEO --dry-run')} shows what would go`)
tellTime(given)
process.exitCode = tally.failed > 0 ? 3 : 0

async function equals() {
  const shown = progress(undefined, 'files read', given)
  const over = doing('reading')
  const found = await findEquals(photos, (sent, now) => shown.tick({ sent, now }), fail).finally(
    over,
  )
  shown.end()
  const same = found.reduce((sum, group) => sum + group.length, 0)
  return {
    groups: found.map((group) =>
      method && method !== 'NONE' ? choose(group, method) : { keep: group, go: [] },
    ),
    account: `${count(photos.length, 'photo')} = ${number(photos.length - same)} there once + ${number(same)} in ${count(found.length, 'group')} of equals`,
  }
}

async function accepted(alike: Alike[][]) {
  const { data } = await openState(given.state, { read: ['decisions'] })
  const { accepted: groups, left, open, changed } = reviewed(alike, photos, data.decisions)
  const rows = terms([
    [groups.length, 'accepted'],
    [left, 'left as they are'],
    [open, 'undecided'],
    [changed, 'no longer as they were'],
  ])
  return { groups, account: `${count(alike.length, 'group')} that look alike = ${rows}` }
}

async function give(goes: Photo, stays: Photo, run: string) {
  try {
    const pairs =
      method === 'HARD' && !areOnOneDisk(goes, stays)
        ? 'no hard link leads to another disk'
        : await (report ? pairsAlike : pairsOf)(goes, stays)
    if (typeof pairs === 'string') {
      tally.stay++
      return say(`${goes.path}: stays: ${pairs}`)
    }
    const why = report ? 'alike' : method === 'HARD' ? 'links' : 'same'
    await giveUp(pairs, goes.root, run, why)
    tally.gone++
    tally.bytes += goes.size
  } catch (error) {
    fail(goes.path, error)
  }
}

function fail(path: string, error: unknown) {
  tally.failed++
  process.exitCode = 3
  say(`${path}: ${error instanceof Fail ? error.message : troubleText(error)}`)
}
