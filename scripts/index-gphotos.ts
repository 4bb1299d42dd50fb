#!/usr/bin/env node
import { accountLines, roleCounts } from '../lib/account.ts'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { headsOf } from '../lib/heads.ts'
import { assemble } from '../lib/library.ts'
import { gaps } from '../lib/parts.ts'
import { count, number, progress } from '../lib/progress.ts'
import { findSources, isSeen, readSources, stampOf } from '../lib/reading.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import { openState, type Part } from '../lib/state.ts'
import { leaveOut } from '../lib/unchosen.ts'

const usage = `
List every photo and album of a Google Takeout: zip, tgz or unpacked folders, any mix, any number.

  reads   the parts that TAKEOUT names (remembered for the next time); names, directories and sidecars, and the heads of
          pictures only where these leave a doubt
  writes  parts, photos, albums, leftovers

Usage: make index-gphotos TAKEOUT="..." [ARGS="..."]
  TAKEOUT                   files, a folder that holds them, or globs; names may hold spaces
${choosingUsage}
  --memories                also the albums that Google made of memories ("2 years ago")
  --comments description    what people wrote in shared albums goes into the albums' descriptions
  --explain                 one JSON line to stdout for every file: what it is and why; writes nothing
  --folder 'Photos from 2021'   with --explain: only this folder
  --dry-run, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start, 2 bad usage, 3 some parts could not be read (run again), 4 done, but a part is missing
`
const given = flags(
  usage,
  {
    ...choosing,
    memories: { type: 'boolean' },
    comments: { type: 'string' },
    explain: { type: 'boolean' },
    folder: { type: 'string' },
  },
  { positionals: true },
)
const choice = chooser(given)
const { memories = false } = given
const comments = given.comments === 'description'
if (given.comments !== undefined && !comments)
  throw new Fail('Cannot read --comments: only `--comments description` is known', { exitCode: 2 })
const asked = `${choice.text}${memories ? ' memories' : ''}${comments ? ' comments' : ''}`
const state = await openState(given.state, {
  stage: 'index-gphotos',
  write: ['parts', 'photos', 'albums', 'leftovers', 'runs'],
  dryRun: given['dry-run'] || given.explain,
})
const { parts, photos, runs } = state.data
const started = performance.now()

// 1. Which parts there are. What was given once is remembered, and may be gone by now.
const last = runs['index-gphotos'] as { sources?: string[]; chosen?: string; seen?: string[] }
const named =
  given.positionals.length > 0 ? given.positionals : [process.env.TAKEOUT ?? ''].filter(Boolean)
const sources = [...new Set([...(last?.sources ?? []), ...named])]
if (sources.length === 0) {
  throw new Fail(
    `Cannot index: no Takeout was named: run ${hint('index-gphotos TAKEOUT="/path/to/the/zips"')} (README tells how to order one)`,
  )
}
const found = await findSources(sources, named)
const isSame = last?.chosen === asked && Object.keys(photos).length > 0
if (isSame && !given.explain && found.every((part) => isSeen(part, last.seen))) {
  say(
    `nothing new: ${count(found.length, 'part')}, ${count(Object.keys(photos).length, 'photo')} known`,
  )
  await state.save()
  process.exit(tellGaps(gaps(Object.values(parts))))
}

// 2. Read them. One that cannot be read is told and passed over; what the state knows of it stays.
const shown = progress(found.length, 'parts', given)
const { files, read, gone, unreadable } = await readSources(found, last?.seen, state.data, (part) =>
  shown.tick({ now: part.name }),
)
shown.end()
if (files.length === 0 && unreadable.size === 0)
  throw new Fail(`Cannot index: there is nothing in ${named.join(', ')}: name a Takeout`)

// 3. From files to photos and albums.
const partOf = (id: string) => (read.get(id) ?? parts[id]) as Part
const missing = gaps([...gone, ...read.keys()].map(partOf))
const library = await assemble(files, {
  exportOf: (part) => partOf(part).export,
  waiting: new Set(missing.keys()),
  old: state.data,
  heads: headsOf(read),
  memories,
  comments,
})
if (given.explain) explain()
const notChosen = leaveOut(library, choice)

// 4. Write what changed; the run last, so that a kill before it makes the next one look again.
const changed = {
  photos: write('photos', library.photos),
  albums: write('albums', library.albums),
  leftovers: write('leftovers', library.leftovers),
  parts: write(
    'parts',
    Object.fromEntries([...gone, ...read.keys()].map((id) => [id, partOf(id)])),
  ),
}
state.put('runs', 'index-gphotos', {
  stage: 'index-gphotos',
  at: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 100) / 10,
  sources,
  chosen: asked,
  seen: found.filter((part) => !unreadable.has(part)).map(stampOf),
  unreadable: unreadable.size,
})
await state.save()

for (const line of accountLines(library)) say(line)
const own = Object.values(library.albums).filter(({ leftOut }) => !leftOut)
const held = `${count(Object.keys(library.photos).length, 'photo')} in ${count(own.length, 'album')}`
const left = notChosen > 0 ? `, ${number(notChosen)} not chosen` : ''
say(
  `${held}${left}; ${count(changed.photos, 'photo')} and ${count(changed.albums, 'album')} new or changed`,
)
if (given.json) {
  const roles = Object.fromEntries(roleCounts(library.rows))
  console.log(JSON.stringify({ files: files.length, roles, changed }))
}
const incomplete = tellGaps(missing)
process.exitCode = unreadable.size > 0 ? 3 : incomplete

function tellGaps(missing: Map<string, number[]>) {
  for (const [name, numbers] of missing) {
    say(
      `${name}: part ${numbers.join(', ')} is missing: download it (a link lives for about a week) and run again; photos whose sidecar may lie there wait for it`,
    )
  }
  return missing.size > 0 ? 4 : 0
}

function explain() {
  const folder = given.folder?.normalize('NFC')
  for (const file of files) {
    const { part, path } = file
    if (folder && !path.normalize('NFC').split('/').slice(0, -1).includes(folder)) continue
    const at = { export: partOf(part).export, part: partOf(part).name, path }
    console.log(JSON.stringify({ ...at, ...library.rows.get(file) }))
  }
}

function write<C extends 'parts' | 'photos' | 'albums' | 'leftovers'>(
  collection: C,
  now: Record<string, unknown>,
) {
  const before = state.data[collection] as Record<string, unknown>
  let changed = 0
  for (const [id, record] of Object.entries(now)) {
    if (before[id] && JSON.stringify(before[id]) === JSON.stringify(record)) continue
    changed++
    state.put(collection, id, record as never)
  }
  for (const id of Object.keys(before)) {
    if (id in now) continue
    changed++
    state.remove(collection, id)
  }
  return changed
}
