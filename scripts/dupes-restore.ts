#!/usr/bin/env node
import { bringBack } from '../lib/dupes/bringing-back.ts'
import { accountOf } from '../lib/dupes/choice.ts'
import { moveBack } from '../lib/dupes/moving.ts'
import { neededBack } from '../lib/dupes/planning.ts'
import { immich, Refused } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { count, progress, terms } from '../lib/progress.ts'
import { Fail, flags, hint, print, say } from '../lib/stage.ts'
import type { Duplicate } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Bring back what dupes-execute gave up: out of the server's trash, or from the copies where that was emptied; with albums,
tags, people, stacks and shared links. What stayed gets back what it was before, but for what its owner changed since.

  reads   the copies, the server, decisions
  writes  duplicates, links, transfers; on the server what is said above

Usage: make dupes-restore [ARGS="..."]      without a choice: the newest run of dupes-execute
       make dupes-restore ARGS="GROUP ..."  these groups, by the ids that dupes-analyze gave them
  --all                     every group that was given up
  --backup DIR              where the copies are now
  --dry-run (-n)            print the groups              --limit N        no more groups than these
  --state FILE, --quiet, --json
Exit:  0 all back, 1 could not start or had to stop, 2 bad usage, 3 some could not be brought back (run again)
`
const given = flags(
  usage,
  { all: { type: 'boolean' }, backup: { type: 'string' } },
  { positionals: true },
)
const state = await openState(given.state, {
  stage: 'dupes-restore',
  read: ['decisions'],
  write: ['duplicates', 'links', 'transfers', 'runs'],
  dryRun: given['dry-run'],
})
const { duplicates, decisions } = state.data
const started = new Date()

// 1. What was begun on the server and is not back yet; a group that stopped on the way may have given something already.
const begun = Object.keys(duplicates).filter((key) => {
  const { restored, gave, stacked } = duplicates[key]?.steps ?? {}
  return !restored && (gave || stacked)
})
const runOf = (key: string) => duplicates[key]?.steps?.run ?? ''
const newest = begun.map(runOf).sort().at(-1)
for (const key of given.positionals)
  if (!begun.includes(key))
    throw new Fail(`Cannot bring back ${key}: nothing of such a group was given up`, {
      exitCode: 2,
    })
const isWanted = (key: string) =>
  given.all ||
  (given.positionals.length > 0 ? given.positionals.includes(key) : runOf(key) === newest)
const todo = begun.filter(isWanted).slice(0, given.limit)
if (given['dry-run']) {
  await print(todo.flatMap((key) => linesOf(key, duplicates[key] as Duplicate)))
  say(`would bring back ${count(todo.length, 'group')}`)
  process.exit(0)
}
if (todo.length === 0) {
  say('nothing to bring back')
  await state.save()
  process.exit(0)
}

// 2. Whatever can refuse to start does so before anything is changed.
const server = await immich()
await requirePermissions(server, neededBack(todo.map((key) => duplicates[key] as Duplicate)))

// 3. Group by group, one after the other: they may share albums and stacks.
const done = { groups: 0, failed: 0, uploaded: 0 }
const shown = progress(todo.length, 'groups', given)
for (const key of todo) {
  const group = duplicates[key] as Duplicate
  if (!group.steps) continue
  const steps = { ...group.steps, ...(given.backup && { folder: given.backup }) }
  try {
    if (steps.stacked) await unstack(steps.stacked)
    const work = steps.stacked
      ? [{ ...steps, restored: new Date().toISOString() }]
      : bringBack(server, key, steps)
    for await (const next of work) {
      state.put('duplicates', key, { ...group, steps: next })
      await state.flush()
      if (!next.restored) continue
      moveBack(state, next, next.restoredAs)
      done.uploaded += Object.keys(next.restoredAs ?? {}).length
    }
    done.groups++
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    done.failed++
    say(`${group.assets[group.winner]?.name ?? key}: ${error.message}`)
  }
  shown.tick({ now: group.assets[group.winner]?.name ?? '' })
}
shown.end()

const seconds = Math.round((Date.now() - +started) / 100) / 10
const at = started.toISOString()
const account = accountOf(duplicates, decisions)
ran(state, { stage: 'dupes-restore', at, seconds, ...done, account })
await state.save()
say(
  `${count(todo.length, 'group')} = ${terms([
    [done.groups, 'back'],
    [done.failed, 'failed'],
  ])}; ${count(done.uploaded, 'asset')} from the copies, the rest from the trash`,
)
if (done.uploaded > 0) say(`what was uploaded has a new id: run ${hint('index-immich')}`)
if (given.json) console.log(JSON.stringify(done))
process.exitCode = done.failed > 0 ? 3 : 0

function linesOf(key: string, { assets, steps }: Duplicate) {
  const losers = (steps?.losers ?? []).map((id) => `  ${assets[id]?.name} ${id}`)
  return [`${key}, given up ${steps?.trashed ?? 'in part'}:`, ...losers]
}

/** It may be gone: then it is as before. */
async function unstack(id: string) {
  await server.dissolveStack(id).catch((error) => {
    if (!(error instanceof Refused)) throw error
  })
}
