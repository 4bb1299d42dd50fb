#!/usr/bin/env node
import { askWhether } from '../lib/dupes/asking.ts'
import { accountOf, leftToDo } from '../lib/dupes/choice.ts'
import { THRESHOLDS, type Thresholds } from '../lib/dupes/differences.ts'
import { giveUp, stackUp } from '../lib/dupes/giving-up.ts'
import { sharedLinksOf } from '../lib/dupes/looking.ts'
import { moveOver, photosByAsset } from '../lib/dupes/moving.ts'
import { needed, summary } from '../lib/dupes/planning.ts'
import { immich, Refused } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { pool } from '../lib/pool.ts'
import { count, progress, terms } from '../lib/progress.ts'
import { dataFolder, Fail, flags, hint, print, say, wholeNumber } from '../lib/stage.ts'
import type { Duplicate } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Give up duplicates, as dupes-analyze decided: a whole copy of each is kept first, then the one that stays gets what it lacks
(place, date, caption, rating, heart, albums, tags, people, stack, shared links), and once the server is seen to hold that,
the others go to its trash. dupes-restore brings all of it back.

  reads   duplicates, decisions; the server
  writes  duplicates, links, transfers; on the server what is said above; the copies

Usage: make dupes-execute [ARGS="..."]      begin with --dry-run, then --limit 20
  --backup data/dupes-backup  where the copies go
  --yes                       do not ask; needed where nobody can be asked
  --skip-review               only groups against which nothing speaks; without it also those that a person accepted
  --again                     also what dupes-restore brought back
  --force                     delete for good, not to the trash; asks twice, and needs --without-trash where it is off
  --without-trash             go on though the server's trash is off, so that what is given up is gone
  --no-resolve                never by Immich's own call, only step by step
  --rate-limit N              no more requests a second than these          --concurrent 4   groups at once
  --dry-run (-n)              print what would be done                      --limit N        no more groups than these
  --state FILE, --quiet, --json
Exit:  0 done, 1 could not start or had to stop, 2 bad usage, 3 some groups failed and are as they were (run again)
`
const given = flags(usage, {
  backup: { type: 'string', default: `${dataFolder}/dupes-backup` },
  yes: { type: 'boolean', short: 'y' },
  'skip-review': { type: 'boolean' },
  again: { type: 'boolean' },
  force: { type: 'boolean' },
  'without-trash': { type: 'boolean' },
  'no-resolve': { type: 'boolean' },
  'rate-limit': { type: 'string' },
  concurrent: { type: 'string', default: '4' },
})
const workers = wholeNumber('--concurrent', given.concurrent)
if (given['rate-limit'])
  process.env.PHOTOFERRY_RATE_LIMIT = String(wholeNumber('--rate-limit', given['rate-limit']))
const state = await openState(given.state, {
  stage: 'dupes-execute',
  read: ['decisions'],
  write: ['duplicates', 'links', 'transfers', 'runs'],
  dryRun: given['dry-run'],
})
const { duplicates, decisions, runs } = state.data
if (!runs['dupes-analyze'])
  throw new Fail(
    `Cannot give up duplicates: ${given.state} has none: run ${hint('dupes-analyze')} first`,
  )
const thresholds = (runs['dupes-analyze'].thresholds as Thresholds | undefined) ?? THRESHOLDS
const run = new Date().toISOString()

// 1. What is left to do, and what waits for a person.
const { todo, waits } = leftToDo(duplicates, decisions, {
  again: given.again,
  skipReview: given['skip-review'],
})
const now = todo.slice(0, given.limit)
const many = now.reduce((sum, [, { losers, stack }]) => sum + (stack ? 0 : losers.length), 0)
if (given['dry-run']) {
  await print(now.flatMap(([key, choice]) => summary(key, duplicates[key] as Duplicate, choice)))
  say(
    `would give up ${count(many, 'asset')} of ${count(now.length, 'group')}${waits && `; ${waits}`}`,
  )
  say(`${hint('dupes-execute', '--limit 20')} does the first twenty: look at them in Immich then`)
  process.exit(0)
}
const photos = photosByAsset(state.data)
// Where a kill came between.
for (const key of Object.keys(duplicates)) moveOver(state, key, photos)
if (todo.length === 0) {
  say(`nothing to give up${waits && `: ${waits}`}`)
  await state.save()
  process.exit(0)
}

// 2. Whatever can refuse to start does so before anything is changed.
const server = await immich()
await requirePermissions(server, needed(now, duplicates))
const { features } = await server.facts()
if (!features.trash && !given['without-trash'])
  throw new Fail(
    'Cannot give up duplicates: the trash of this server is off, so they would be gone: switch it on (Administration > Settings > Trash), or say --without-trash',
  )
const mayResolve =
  !given['no-resolve'] &&
  server.version.major >= 3 &&
  features.trash &&
  (await server.missingPermissions(['duplicate.delete'])).length === 0
const what = given.force ? 'DELETE FOR GOOD' : 'move to the trash'
await askWhether(
  `${what} ${count(many, 'asset')} of ${count(now.length, 'group')}, on ${server.url}`,
  { yes: given.yes, forGood: Boolean(given.force) },
)
const me = await server.me()
const rules = {
  run,
  folder: given.backup,
  me,
  thresholds,
  force: Boolean(given.force),
  mayResolve,
  links: await sharedLinksOf(server),
}

// 3. Group by group. One that fails is left as it is; what would fail every group ends the run.
const done = { groups: 0, assets: 0, failed: 0 }
const bytesOf = ([key, { losers, stack }]: (typeof now)[number]) =>
  stack ? 0 : losers.reduce((sum, id) => sum + (duplicates[key]?.assets[id]?.size ?? 0), 0)
const totalBytes = now.reduce((sum, one) => sum + bytesOf(one), 0)
const shown = progress(now.length, 'groups', { ...given, totalBytes })
await pool(now, workers, async ([key, choice]) => {
  const group = duplicates[key] as Duplicate
  const work = choice.stack ? stackUp : giveUp
  try {
    for await (const steps of work(server, group, choice, rules)) {
      state.put('duplicates', key, { ...group, steps })
      await state.flush()
    }
    moveOver(state, key, photos)
    done.groups++
    if (!choice.stack) done.assets += choice.losers.length
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    done.failed++
    const { winner, losers } = choice
    const { steps = { run, winner, losers } } = duplicates[key] as Duplicate
    state.put('duplicates', key, { ...group, steps: { ...steps, failed: error.message } })
    say(`${group.assets[winner]?.name ?? key}: ${error.message}; nothing was given up`)
  }
  shown.tick({ sent: bytesOf([key, choice]), now: group.assets[choice.winner]?.name ?? '' })
})
shown.end()

// 4. Save, one last line whose numbers add up, exit code.
const seconds = Math.round((Date.now() - Date.parse(run)) / 100) / 10
const account = accountOf(duplicates, decisions)
ran(state, { stage: 'dupes-execute', at: run, seconds, ...done, account })
await state.save()
say(
  `${count(now.length, 'group')} = ${terms([
    [done.groups, 'done'],
    [done.failed, 'failed'],
  ])}; ${count(done.assets, 'asset')} given up, with copies in ${given.backup}${waits && `; ${waits}`}`,
)
if (done.groups > 0)
  say(`${hint('dupes-verify')} checks them, ${hint('dupes-restore')} brings them back`)
if (given.json) console.log(JSON.stringify(done))
process.exitCode = done.failed > 0 ? 3 : 0
