#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { classOf, decide, type Member } from '../lib/dupes/deciding.ts'
import { THRESHOLDS } from '../lib/dupes/differences.ts'
import { type Candidate, type Group, groupsOf } from '../lib/dupes/finding.ts'
import { assetOrNone } from '../lib/dupes/looking.ts'
import { candidateOf, memberOf } from '../lib/dupes/members.ts'
import { reportOf } from '../lib/dupes/report.ts'
import { immich } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { pool } from '../lib/pool.ts'
import { count, number, progress } from '../lib/progress.ts'
import { Fail, flags, hint, say, wholeNumber } from '../lib/stage.ts'
import type { Duplicate } from '../lib/state/records.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Look at the duplicates that Immich found, and decide which of each group stands for the others: by pixels, then bytes, then
what it tells of itself, then age on the server. Changes nothing on the server.

  reads   the server
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
  write: ['duplicates', 'runs'],
  dryRun: given['dry-run'],
})
const { duplicates } = state.data
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
const albumsOf = await albumsByAsset()
const found = new Map<string, Duplicate>()
const looked = progress(groups.length, 'groups', given)
await pool(groups, workers, async ({ key, how, ids }: Group) => {
  const members: Record<string, Member> = {}
  for (const id of ids) {
    const raw = await assetOrNone(server, id)
    if (raw && !raw.isTrashed) members[id] = memberOf(raw, albumsOf.get(id) ?? [])
  }
  looked.tick()
  const stacks = new Set(Object.values(members).map(({ stack }) => stack))
  // What its owner has stacked is settled.
  const isStacked = stacks.size === 1 && !stacks.has(undefined)
  if (Object.keys(members).length < 2 || isStacked) return
  const decision = decide(members, { how, ...thresholds })
  found.set(key, { how, at: started.toISOString(), assets: members, ...decision })
})
looked.end()

// 4. Write what changed. What dupes-execute has begun is not decided anew, and what it did is kept.
const isBegun = (key: string) => {
  const { restored, gave, stacked } = duplicates[key]?.steps ?? {}
  return !restored && (gave !== undefined || stacked !== undefined)
}
for (const [key, group] of [...found]) {
  const { steps } = duplicates[key] ?? {}
  if (steps?.restored) group.steps = steps
  if (!isBegun(key)) continue
  found.delete(key)
  // What is done is done, and its winner may have got another like it since.
  const late = `${key}~${group.assets[group.winner]?.sha1.slice(0, 8)}`
  if (steps?.trashed) found.set(late, group)
}
for (const [key, group] of found) {
  const { at: _, ...before } = duplicates[key] ?? { at: '' }
  const { at: __, ...now } = group
  if (JSON.stringify(before) !== JSON.stringify(now)) state.put('duplicates', key, group)
}
for (const key of Object.keys(duplicates))
  if (!found.has(key) && !isBegun(key)) state.remove('duplicates', key)
const begun = Object.keys(duplicates).filter(isBegun).length
const seconds = Math.round((Date.now() - +started) / 100) / 10
const review = [...found.values()].filter((group) => group.review.length > 0).length
state.put('runs', 'dupes-analyze', {
  stage: 'dupes-analyze',
  at: started.toISOString(),
  seconds,
  groups: found.size,
  review,
  thresholds,
})
await state.save()
if (given.out && !given['dry-run'])
  await writeFile(
    given.out,
    `${JSON.stringify(reportOf(Object.fromEntries(found), server.url), null, 1)}\n`,
  )

const losers = [...found.values()].flatMap((group) =>
  group.review.length > 0 ? [] : group.losers.map((id) => group.assets[id] as Member),
)
say(
  `${count(found.size, 'group')} of ${number([...found.values()].reduce((sum, group) => sum + Object.keys(group.assets).length, 0))} assets = ${number(found.size - review)} clear, with ${count(losers.length, 'asset')} to give up + ${number(review)} to be looked at`,
)
const classes = Map.groupBy(found.values(), (group) => classOf(group.assets, group))
for (const [name, all] of [...classes].sort(([, a], [, b]) => b.length - a.length).slice(0, 12))
  say(`  ${number(all.length).padStart(6)}  ${name}`)
if (begun > 0) say(`  ${number(begun)} that dupes-execute has begun or done: left as they are`)
if (ambiguous > 0)
  say(`  ${number(ambiguous)} seconds with several pictures of one shape: left alone`)
if (found.size > 0)
  say(`${hint('dupes-execute', '--dry-run --limit 20')} shows what would be done about them`)
if (given.json) console.log(JSON.stringify({ groups: found.size, review, losers: losers.length }))

async function albumsByAsset() {
  const of = new Map<string, string[]>()
  const taken = new Set(groups.flatMap(({ ids }) => ids))
  if (taken.size === 0) return of
  for (const { id } of await server.albums())
    for await (const page of server.albumAssets(id))
      for (const asset of page) if (taken.has(asset)) of.set(asset, [...(of.get(asset) ?? []), id])
  return of
}
