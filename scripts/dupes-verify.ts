#!/usr/bin/env node
import { damageOf } from '../lib/dupes/backup.ts'
import { isNothing, lacking } from '../lib/dupes/gifts.ts'
import { whatLacks } from '../lib/dupes/giving.ts'
import { assetOrNone, lookAt, sharedLinksOf } from '../lib/dupes/looking.ts'
import type { Steps } from '../lib/dupes/steps.ts'
import { immich } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { pool } from '../lib/pool.ts'
import { count, number, progress, terms } from '../lib/progress.ts'
import { flags, hint, say, wholeNumber } from '../lib/stage.ts'
import type { Duplicate } from '../lib/state/records.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Ask Immich again about the groups that dupes-execute is done with: is the one that stays there, with every field that it was
given, are the others in the trash or gone, and are their copies whole, read to the last byte.

  reads   duplicates, the copies, the server
  writes  nothing

Usage: make dupes-verify [ARGS="..."]
  --no-copies               do not read the copies
  --backup DIR              where they are now
  --concurrent 4            groups at once
  --limit N, --state FILE, --quiet, --json (each finding on stdout)
Exit:  0 all as promised, 1 could not start or had to stop, 2 bad usage, 3 something is not
`
const SHOWN = 20

const given = flags(usage, {
  'no-copies': { type: 'boolean' },
  backup: { type: 'string' },
  concurrent: { type: 'string', default: '4' },
})
const workers = wholeNumber('--concurrent', given.concurrent)
const { data } = await openState(given.state, { stage: 'dupes-verify', read: ['duplicates'] })
const todo = Object.entries(data.duplicates)
  .filter(([, { steps }]) => !steps?.restored && (steps?.trashed || steps?.stacked))
  .slice(0, given.limit)
const failed = Object.values(data.duplicates).filter(({ steps }) => steps?.failed).length
if (failed > 0)
  say(
    `${count(failed, 'group')} failed in dupes-execute and ${failed === 1 ? 'is' : 'are'} as before`,
  )
if (todo.length === 0) {
  say(`nothing was given up: ${hint('dupes-execute', '--dry-run')} shows what could be`)
  process.exit(0)
}
const server = await immich()
await requirePermissions(server, ['asset.read', 'album.read', 'stack.read', 'sharedLink.read'])
const links = await sharedLinksOf(server)
const found = new Map<string, string[]>()
const shown = progress(todo.length, 'groups checked', given)
await pool(todo, workers, async ([key, group]) => {
  const problems = await problemsOf(group)
  if (problems.length > 0) found.set(key, problems)
  shown.tick({ now: group.assets[group.winner]?.name ?? '' })
})
shown.end()

for (const [key, problems] of [...found].slice(0, SHOWN)) {
  const { assets, winner } = data.duplicates[key] as Duplicate
  say(`${assets[winner]?.name}: ${problems.join('; ')}`)
}
if (found.size > SHOWN) say(`and ${number(found.size - SHOWN)} more: --json lists all`)
say(
  `${count(todo.length, 'group')} checked = ${terms([
    [todo.length - found.size, 'right'],
    [found.size, 'not as promised'],
  ])}`,
)
if (given.json)
  for (const [group, problems] of found) console.log(JSON.stringify({ group, problems }))
process.exitCode = found.size > 0 ? 3 : 0

async function problemsOf({ steps, assets }: Duplicate): Promise<string[]> {
  const { winner, losers, gave, stacked, folder = '', backedUp = {} } = steps as Steps
  const name = (id: string) => `"${assets[id]?.name ?? id}"`
  const look = await lookAt(server, winner, links)
  if (!look || look.raw.isTrashed)
    return [
      `it is ${look ? 'in the trash' : 'gone from the server'}: ${hint('dupes-restore', '--all')}`,
    ]
  if (stacked) return look.stack?.id === stacked ? [] : ['it is in that stack no more']
  const problems: string[] = []
  const left = gave && lacking(gave, winner, look)
  if (left && !isNothing(left))
    problems.push(`it no longer has what it was given: ${whatLacks(left)}`)
  for (const id of losers) {
    const loser = await assetOrNone(server, id)
    if (loser && !loser.isTrashed) problems.push(`${name(id)} is on the server`)
    const backup = backedUp[id]
    const isRead = backup && !given['no-copies']
    const damage = isRead ? await damageOf(given.backup ?? folder, backup) : null
    if (damage) problems.push(damage)
  }
  return problems
}
