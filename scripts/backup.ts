#!/usr/bin/env node
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { checkAt } from '../lib/backup/checking.ts'
import { chooser } from '../lib/backup/choosing.ts'
import { copyTo } from '../lib/backup/copying.ts'
import { addLine, type Line, lastCheck, lastCopy, readLog } from '../lib/backup/log.ts'
import { measure } from '../lib/backup/source.ts'
import { targetOf, targetsIn } from '../lib/backup/targets.ts'
import { plainPath } from '../lib/folders/named.ts'
import { onInterrupt } from '../lib/interrupt.ts'
import { tellTime } from '../lib/spent.ts'
import { dataFolder, Fail, flags, hint, jsonLine, say, wholeNumber } from '../lib/stage.ts'
import { takeLock } from '../lib/state/lock.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Copy the gallery to other places by rsync, rclone and restic, and check that the copies are good. What a copy replaces is kept
there, in a dated folder. Refuses where the gallery is empty, not mounted, or shrank by more than a tenth.

  reads   GALLERY (or LIBRARY, or BACKUP_SOURCE, or where mirror put everything), the last lines of data/backup.log
  writes  the places in BACKUP_TO, a line each to data/backup.log

Usage: make backup BACKUP_TO="/mnt/disk/photos nas:/photos rclone:secret:photos restic:/mnt/disk/repo" [ARGS="..."]
  --delete                  what is gone here goes there, too: to the dated folder (restic keeps all versions anyway)
  --yes-it-shrank           it is right that so much is gone
  --check                   no copy: compare bytes, of all that is new since the last check and of some others
  --and-check               a copy, and then that
    --sample 200            so many others
    --max-age 7d            how old the last good copy may be (d or h)
    --download              rclone: fetch what is compared, for remotes that keep no checksums
  --dry-run (-n)            what would be copied
  --json, --quiet
Exit:  0 all good, 1 could not start or refused, 2 bad usage, 3 some was not copied, or differs, 4 the last good copy is too old
`
const given = flags(
  usage,
  {
    delete: { type: 'boolean' },
    'yes-it-shrank': { type: 'boolean' },
    check: { type: 'boolean' },
    'and-check': { type: 'boolean' },
    sample: { type: 'string', default: '200' },
    'max-age': { type: 'string', default: '7d' },
    download: { type: 'boolean' },
  },
  { positionals: true },
)
const sample = wholeNumber('--sample', given.sample, 0)
const [, most, unit] = /^(\d+)(d|h)$/.exec(given['max-age']) ?? []
if (!most)
  throw new Fail(`Cannot read --max-age "${given['max-age']}": write it like 7d or 36h`, {
    exitCode: 2,
  })
const maxAge = Number(most) * (unit === 'd' ? 86_400 : 3600)

// 1. Whatever can refuse to start.
const { BACKUP_SOURCE, GALLERY, LIBRARY, BACKUP_TO = '' } = process.env
const named = BACKUP_SOURCE || GALLERY || LIBRARY || (await mirrorsLibrary())
const targets =
  given.positionals.length > 0 ? given.positionals.map(targetOf) : targetsIn(BACKUP_TO)
const example = hint('backup GALLERY=~/Photos BACKUP_TO="/mnt/disk/photos rclone:secret:photos"')
if (!named || targets.length === 0)
  throw new Fail(`Cannot back up: no ${named ? 'place' : 'gallery'} was named: run ${example}`)
if (!existsSync(plainPath(named)))
  throw new Fail(`Cannot back up ${plainPath(named)}: it is not there: mount its disk`)
const source = realpathSync(plainPath(named))
const real = (path: string) => (existsSync(path) ? realpathSync(path) : path)
const isInside = (path: string, folder: string) => `${path}${sep}`.startsWith(`${folder}${sep}`)
for (const { local, to } of targets)
  if (local && (isInside(real(to), source) || isInside(source, real(to))))
    throw new Fail(
      `Cannot back up ${source} to ${to}: one lies inside the other: name another place`,
    )
const logFile = join(dataFolder, 'backup.log')
mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
const { 'dry-run': dryRun = false, quiet = false, download = false } = given
if (!dryRun)
  process.once('exit', await takeLock(join(dataFolder, 'backup.lock'), 'backup', logFile))
onInterrupt(async () => say('stopped: what was copied stays, run it again to go on'))
const log = readLog(logFile)
const ends = { good: 0, refused: 0, failed: 0, old: 0 }

// 2. Copy to one place after the other.
if (!given.check) {
  const now = measure(source)
  const how = { dryRun, deletes: given.delete ?? false, shrinks: given['yes-it-shrank'] ?? false }
  for (const target of targets) {
    const last = lastCopy(log, source, target.text)
    const { line, refused } = await copyTo(target, source, now, last, { ...how, quiet })
    ends[refused ? 'refused' : line.end === 'good' ? 'good' : 'failed']++
    if (!dryRun) write(line)
  }
}

// 3. Check what is there: one walk chooses for all of them.
if (given.check || (given['and-check'] && !dryRun)) {
  const ms = (iso: string | undefined) => (iso === undefined ? 0 : Date.parse(iso))
  const todo = targets.map((target) => {
    const copied = ms(lastCopy(log, source, target.text)?.at)
    const checked = ms(lastCheck(log, source, target.text))
    return { target, copied, choice: chooser(source, copied, checked, sample) }
  })
  measure(source, (entry) => {
    for (const { choice } of todo) choice.see(entry)
  })
  for (const { target, copied, choice } of todo) {
    const age = (Date.now() - copied) / 1000
    if (age > maxAge) ends.old++
    if (copied === 0) say(`${target.text}: no good copy was ever made`)
    if (copied === 0) continue
    const line = await checkAt(target, source, choice.chosen(), { age, download })
    ends[line.end === 'good' ? 'good' : 'failed']++
    if (!dryRun) write(line)
  }
}
tellTime(given)
if (given.json) console.log(jsonLine(ends))
process.exitCode = ends.refused > 0 ? 1 : ends.failed > 0 ? 3 : ends.old > 0 ? 4 : 0

/** Where mirror remembers that it put everything. */
async function mirrorsLibrary() {
  const { data } = await openState(given.state, { read: ['runs'] })
  return data.runs.mirror?.library as string | undefined
}

function write(line: Line) {
  addLine(logFile, line)
  log.push(line)
}
