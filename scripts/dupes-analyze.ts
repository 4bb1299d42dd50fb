#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { accountOf } from '../lib/dupes/choice.ts'
import { classOf, decide, type Member } from '../lib/dupes/deciding.ts'
import { THRESHOLDS } from '../lib/dupes/differences.ts'
import { type Candidate, type Group, groupsOf } from '../lib/dupes/finding.ts'
import { isBegun, keptOf } from '../lib/dupes/keeping.ts'
import { albumsOf, assetOrNone } from '../lib/dupes/looking.ts'
import { candidateOf, memberOf } from '../lib/dupes/members.ts'
import { reportOf } from '../lib/dupes/report.ts'
import { immich } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { pool } from '../lib/pool.ts'
import { count, number, progress } from '../lib/progress.ts'
import { Fail, flags, hint, say, wholeNumber } from '../lib/stage.ts'
import type { Duplicate } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Look at the duplicates that Immich found, and decide which of each group stands for the others: by pixels, then bytes, then
what it tells of itself, then age on the server. Changes nothing on the server.

  reads   the server, decisions
  writes  duplicates (what dupes-execute has begun stays as it is)

Usage: make dupes-analyze [ARGS="..."]
  --out duplicates.json     also as one document, in the form of immich-dupes and more
  --by-name                 also assets of one name and second; done by itself where the server finds none (no machine
                            learning). A person has to look at these.
  --letterbox               also the 16:9 cut that an iPhone makes beside its 4:3 picture
  --metres 16, --seconds 1  from where on two places, two times are a conflict
  --concurrent 4            requests at once
  --dry-run, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start or had to stop, 2 bad usage
`
const given = flags(usage, {
  out: { type: 'string' },
  'by-name': { type: 'boolean' },
  letterbox: { type: 'boolean' },
  metres: { type: 'string', default: String(THRESHOLDS.metres) },
  seconds: { type: 'string', default: String(THRESHOLDS.seconds) },
  concurrent: { type: 'string', default: '4' },
})
const atLeastZero = (flag: 'metres' | 'seconds') => {
  const value = Number(given[flag])
  if (given[flag].trim() !== '' && value >= 0 && Number.isFinite(value)) return value
  throw new Fail(`Cannot read --${flag}: "${given[flag]}" is no number`, { exitCode: 2 })
}
const workers = wholeNumber('--concurrent', given.concurrent)
const thresholds = { metres: atLeastZero('metres'), seconds: atLeastZero('seconds') }
const state = await openState(given.state, {
  stage: 'dupes-analyze',
  read: ['decisions'],
  write: ['duplicates', 'runs'],
  dryRun: given['dry-run'],
})
const { duplicates, decisions } = state.data
const started = new Date()
const server = await immich()
await requirePermissions(server, ['user.read', 'asset.read', 'album.read'])
const { features } = await server.facts()

// 1. Every asset that is shown, with no more than finding needs. Asking for the groups themselves would change them.
const visibilities = ['timeline', 'archive'] as const
const assets = new Map<string, Candidate>()
const shown = progress(undefined, 'assets', given)
for await (const page of server.searchAssets({
  visibilities: [...visibilities],
  withDeleted: false,
})) {
  for (const raw of page) assets.set(raw.id, candidateOf(raw))
  shown.tick({ items: page.length })
}
shown.end()

// 2. The groups: the server's first, and no asset in two of them.
const byName = given['by-name'] || !features.duplicateDetection
const { groups, ambiguous } = groupsOf(assets, { byName, letterbox: Boolean(given.letterbox) })

// 3. All that each member holds, and the decision.
const inAlbums = await albumsOf(server, new Set(groups.flatMap(({ ids }) => ids)))
const found = new Map<string, Duplicate>()
const looked = progress(groups.length, 'groups', given)
await pool(groups, workers, async ({ key, how, ids }: Group) => {
  const members: Record<string, Member> = {}
  for (const id of ids) {
    const raw = await assetOrNone(server, id)
    if (raw && !raw.isTrashed) members[id] = memberOf(raw, inAlbums.get(id) ?? [])
  }
  looked.tick({ now: Object.values(members)[0]?.name ?? '' })
  const stacks = new Set(Object.values(members).map(({ stack }) => stack))
  // What its owner has stacked is settled.
  const isStacked = stacks.size === 1 && !stacks.has(undefined)
  if (Object.keys(members).length < 2 || isStacked) return
  const decision = decide(members, { how, ...thresholds })
  found.set(key, { how, at: started.toISOString(), assets: members, ...decision })
})
looked.end()

// 4. Write what changed, and beside it what dupes-execute has begun or done.
const kept = keptOf(duplicates, found)
const fresh = Object.fromEntries([...kept].filter(([, group]) => !isBegun(group)))
const all = Object.values(fresh)
const begun = kept.size - all.length
state.replace('duplicates', Object.fromEntries(kept))
const seconds = Math.round((Date.now() - +started) / 100) / 10
const review = all.filter((group) => group.review.length > 0).length
ran(state, {
  stage: 'dupes-analyze',
  at: started.toISOString(),
  seconds,
  groups: all.length,
  review,
  account: accountOf(duplicates, decisions),
  thresholds,
})
await state.save()
if (given.out && !given['dry-run'])
  await writeFile(given.out, `${JSON.stringify(reportOf(fresh, server.url), null, 1)}\n`)

const losers = all.flatMap(({ review, losers }) => (review.length > 0 ? [] : losers))
const members = all.reduce((sum, { assets }) => sum + Object.keys(assets).length, 0)
say(
  `${count(all.length, 'group')} of ${number(members)} assets = ${number(all.length - review)} clear, with ${count(losers.length, 'asset')} to give up + ${number(review)} to be looked at`,
)
const classes = Map.groupBy(all, (group) => classOf(group.assets, group))
for (const [name, all] of [...classes].sort(([, a], [, b]) => b.length - a.length).slice(0, 12))
  say(`  ${number(all.length).padStart(6)}  ${name}`)
if (begun > 0) say(`  ${number(begun)} that dupes-execute has begun or done: left as they are`)
if (ambiguous > 0)
  say(`  ${number(ambiguous)} seconds with several pictures of one shape: left alone`)
if (review > 0) say(`${hint('review')} shows what is to be looked at, by class or one by one`)
if (all.length > 0)
  say(`${hint('dupes-execute', '--dry-run --limit 20')} shows what would be done about them`)
if (given.json) console.log(JSON.stringify({ groups: all.length, review, losers: losers.length }))
