#!/usr/bin/env node
import { basename, dirname } from 'node:path'
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { count, number, progress, size } from '../lib/progress.ts'
import { doing, tellTime } from '../lib/spent.ts'
import { Fail, flags, jsonLine, say } from '../lib/stage.ts'
import type { Part, Photo } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'
import { accountLines, damagedMedia, leftCounts, roleCounts } from '../lib/takeout/account.ts'
import { addAlbums } from '../lib/takeout/album-parts.ts'
import { headsOf, looksIn } from '../lib/takeout/heads.ts'
import { assemble } from '../lib/takeout/library.ts'
import { joinPicked } from '../lib/takeout/originals.ts'
import { gaps } from '../lib/takeout/parts.ts'
import { findSources, isSeen, readSources, stampOf } from '../lib/takeout/reading.ts'
import { noSource, otherSources, sourceFlags, sourceUsage } from '../lib/takeout/sources.ts'
import { leaveOut } from '../lib/takeout/unchosen.ts'
import { heldBack, tally } from '../lib/transfer/standing.ts'

const usage = `
List every photo and album of a Google Takeout: zip, tgz or unpacked folders, any mix, any number, on disk or in Google
Drive; also albums that were downloaded by themselves, and what you pick on a page of Google's.

  reads   the parts that TAKEOUT names (remembered for the next time); names, directories and sidecars; pictures only
          where these leave a doubt: their heads, and whole to tell two sizes of one from two
  writes  parts, photos, albums, leftovers

Usage: make index-gphotos TAKEOUT="..." [ARGS="..."]
  TAKEOUT                   files, a folder that holds them, or globs; names may hold spaces
${sourceUsage}
${choosingUsage}
  --memories                also the albums that Google made of memories ("2 years ago")
  --comments description    what people wrote in shared albums goes into the albums' descriptions
  --explain                 one JSON line to stdout for every file: what it is and why; writes nothing
  --folder 'Photos from 2021'   with --explain: only this folder
  --dry-run, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start, 2 bad usage, 3 some parts could not be read (run again),
       4 done, but something wants a person soon: a part is missing, an export has grown old, a sign-in ends
`
const given = flags(
  usage,
  {
    ...choosing,
    ...sourceFlags,
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
named.push(...(await otherSources(given)))
const sources = [...new Set([...(last?.sources ?? []), ...named])]
if (sources.length === 0 && !given.pick && Object.keys(parts).length === 0) throw noSource()
const { found, soon } = await findSources(sources, named, given, Object.values(parts))
const isSame = last?.chosen === asked && Object.keys(photos).length > 0 && !given.pick
if (isSame && !given.explain && found.every((part) => isSeen(part, last.seen))) {
  say(
    `nothing new: ${count(found.length, 'part')}, ${count(Object.keys(photos).length, 'photo')} known`,
  )
  await state.save()
  process.exit(tellSoon(gaps(Object.values(parts))))
}

// 2. Read them. One that cannot be read is told and passed over; what the state knows of it stays.
const through = found.filter((part) => part.kind === 'tgz' && !isSeen(part, last?.seen))
const totalBytes = through.reduce((sum, { size }) => sum + size, 0)
const shown = progress(found.length, 'parts', { ...given, totalBytes })
const isRead = doing('reading')
const { files, read, gone, unreadable } = await readSources(
  found,
  last?.seen,
  state.data,
  (part) => shown.tick({ now: part.name }),
  (now, sent = 0) => shown.tick({ items: 0, sent, now }),
)
isRead()
shown.end()
await tellDrive()
const picked = await pickedPhotos()
if (files.length === 0 && unreadable.size === 0 && !given.pick)
  throw new Fail(
    `Cannot index: there is nothing in ${(named.length > 0 ? named : sources).join(', ')}: name a Takeout`,
  )

// 3. From files to photos and albums.
const partOf = (id: string) => (read.get(id) ?? parts[id]) as Part
const missing = gaps([...gone, ...read.keys()].map(partOf))
const library = await assemble(files, {
  exportOf: (part) => partOf(part).export,
  waiting: new Set(missing.keys()),
  old: state.data,
  heads: headsOf(read),
  looks: looksIn(read),
  memories,
  comments,
})
if (given.explain) explain()
addAlbums(library, files, partOf)
const notChosen = leaveOut(library, choice)
joinPicked(library.photos, picked)

// 4. Write what changed; it reaches the disk as a whole, so that a kill before that makes the next run look again.
state.replace('parts', Object.fromEntries([...gone, ...read.keys()].map((id) => [id, partOf(id)])))
const changed = {
  photos: state.replace('photos', library.photos),
  albums: state.replace('albums', library.albums),
  leftovers: state.replace('leftovers', library.leftovers),
}
ran(state, {
  stage: 'index-gphotos',
  at: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 100) / 10,
  sources,
  chosen: asked,
  seen: found.filter((part) => !unreadable.has(part)).map(stampOf),
  unreadable: unreadable.size,
  left: Object.fromEntries(leftCounts(library.leftovers)),
  damaged: damagedMedia(library.leftovers),
  // Until something is sent: what will not go over by itself.
  account: tally(Object.values(library.photos).flatMap((photo) => heldBack(photo, {}) ?? [])),
})
await state.save()

for (const line of accountLines(library)) say(line)
const own = Object.values(library.albums).filter(({ leftOut }) => !leftOut)
const held = `${count(Object.keys(library.photos).length, 'photo')}, ${count(own.length, 'album')}`
const left = notChosen > 0 ? `, ${number(notChosen)} not chosen` : ''
say(
  `${held}${left}: ${count(changed.photos, 'photo')} and ${count(changed.albums, 'album')} new or changed`,
)
tellTime(given)
if (given.json) {
  const roles = Object.fromEntries(roleCounts(library.rows))
  console.log(JSON.stringify({ files: files.length, roles, changed }))
}
const incomplete = tellSoon(missing)
process.exitCode = unreadable.size > 0 ? 3 : incomplete

/** What was picked before, and now: each once. */
async function pickedPhotos(): Promise<Record<string, Photo>> {
  const before = Object.fromEntries(Object.entries(photos).filter(([, { picked }]) => picked))
  if (!given.pick || given['dry-run'] || given.explain) return before
  const { pick } = await import('../lib/google/picked.ts')
  const { id, part, photos: now } = await pick({ browser: !given['no-browser'] })
  read.set(id, part)
  say(
    `${count(Object.keys(now).length, 'photo')} picked: they come without their place, films transcoded; an original replaces its copy when a Takeout brings it`,
  )
  return { ...before, ...now }
}

async function tellDrive() {
  if (!found.some(({ drive }) => drive)) return
  const { read } = await import('../lib/google/drive-meter.ts')
  if (read.requests > 0)
    say(`${size(read.bytes)} read out of Drive in ${count(read.requests, 'request')}`)
}

/** What wants a person soon, and the exit code that says so. */
function tellSoon(missing: Map<string, number[]>) {
  for (const [name, numbers] of missing) {
    say(
      `${name}: part ${numbers.join(', ')} is missing: download it (a link lives for about a week) and run again; photos whose sidecar may lie there wait for it`,
    )
  }
  for (const text of soon) say(text)
  return missing.size + soon.length > 0 ? 4 : 0
}

function explain() {
  const plain = (text: string) => text.normalize('NFC').replaceAll('\u00a0', ' ')
  const folder = given.folder && `/${plain(given.folder).replace(/^\/+|\/+$/g, '')}/`
  const inFolder = files.filter(
    ({ path }) => !folder || plain(`/${dirname(path)}/`).includes(folder),
  )
  if (folder && inFolder.length === 0)
    throw new Fail(
      `Cannot explain the folder "${given.folder}": there is none of that name: name one as the export does, such as "${someFolder()}"`,
    )
  for (const file of inFolder) {
    const { part, path } = file
    const at = { export: partOf(part).export, part: partOf(part).name, path }
    console.log(jsonLine({ ...at, ...library.rows.get(file) }))
  }
}

/** The one that has the most files. */
function someFolder() {
  const sizes = Map.groupBy(files, ({ path }) => basename(dirname(path)))
  return [...sizes].sort(([, a], [, b]) => b.length - a.length)[0]?.[0]
}
