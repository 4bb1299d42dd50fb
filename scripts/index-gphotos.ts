#!/usr/bin/env node
import { chooser, choosing, choosingUsage } from '../lib/choose.ts'
import { assemble } from '../lib/photos.ts'
import { count, number, progress } from '../lib/progress.ts'
import { remembered } from '../lib/remembered.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import { openState, type Part } from '../lib/state.ts'
import { type ExportFile, type Found, findParts, hashEqualSizes, readPart } from '../lib/takeout.ts'

const usage = `
List every photo and album of a Google Takeout: zip, tgz or unpacked folders, any mix, any number.

  reads   the parts that TAKEOUT names (remembered for the next time); names, directories and sidecars, no pictures
  writes  parts, photos, albums, leftovers

Usage: make index-gphotos TAKEOUT="..." [ARGS="..."]
  TAKEOUT                   files, a folder that holds them, or globs; names may hold spaces
${choosingUsage}
  --explain                 one JSON line to stdout for every file: what it is and why; writes nothing
  --folder 'Photos from 2021'   with --explain: only this folder
  --dry-run, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start, 2 bad usage, 3 some parts could not be read (run again), 4 done, but a part is missing
`
const given = flags(
  usage,
  { ...choosing, explain: { type: 'boolean' }, folder: { type: 'string' } },
  { positionals: true },
)
const choice = chooser(given)
const dryRun = given['dry-run'] || given.explain
const state = await openState(given.state, {
  stage: 'index-gphotos',
  write: ['parts', 'photos', 'albums', 'leftovers', 'runs'],
  dryRun,
})
const { parts, photos, albums, leftovers, runs } = state.data
const started = performance.now()

// 1. Which parts there are. What was given once is remembered, and may be gone by now.
const last = runs['index-gphotos'] as { sources?: string[]; chosen?: string } | undefined
const named =
  given.positionals.length > 0 ? given.positionals : [process.env.TAKEOUT ?? ''].filter(Boolean)
const sources = [...new Set([...(last?.sources ?? []), ...named])]
if (sources.length === 0) {
  throw new Fail(
    `Cannot index: no Takeout was named: run ${hint('index-gphotos TAKEOUT="/path/to/the/zips"')} (README tells how to order one)`,
  )
}
const found = await whatIsThere()
const isKnown = (part: Found) =>
  Object.values(parts).some(
    (known) =>
      known.path === part.path && known.size === part.size && known.modified === part.modified,
  )
if (
  found.every((part) => part.kind !== 'folder' && isKnown(part)) &&
  last?.chosen === choice.text &&
  !given.explain
) {
  say(
    `nothing new: ${count(found.length, 'part')}, ${count(Object.keys(photos).length, 'photo')} known`,
  )
  await state.save()
  process.exit(exitCode(gaps()))
}

// 2. Read them. One that cannot be read is told and passed over; what the state knows of it stays.
const files: ExportFile[] = []
const read = new Map<string, Part>()
let unreadable = 0
const shown = progress(found.length, 'parts', given)
for (const part of found) {
  try {
    const { id, files: listed } = await readPart(part)
    const twin = read.get(id)
    if (twin) say(`${part.name}: the same as ${twin.name}, counted once`)
    else for (const file of listed) files.push(file)
    read.set(id, twin ?? { ...part, entries: listed.length })
  } catch (error) {
    if (!(error instanceof Fail)) throw error
    unreadable++
    say(error.message)
  }
  shown.tick({ now: part.name })
}
shown.end()
const gone = new Set(Object.keys(parts).filter((id) => !read.has(id)))
for (const file of remembered(gone, state.data)) files.push(file)
await hashEqualSizes(files, (part) => read.get(part)?.path, photos)

// 3. From files to photos and albums.
const exportOf = (part: string) => (read.get(part) ?? parts[part])?.export ?? part
const missing = gaps()
const library = assemble(files, exportOf, new Set(missing.keys()), state.data)
if (given.explain) explain()
const leftOut = choice.all ? 0 : leaveOutUnchosen()

// 4. Write what changed; the parts last, so that a kill before them makes the next run look again.
const changed = {
  photos: write('photos', library.photos),
  albums: write('albums', library.albums),
  leftovers: write('leftovers', library.leftovers),
}
write('parts', {
  ...Object.fromEntries([...gone].map((id) => [id, parts[id]])),
  ...Object.fromEntries(read),
})
state.put('runs', 'index-gphotos', {
  stage: 'index-gphotos',
  at: new Date().toISOString(),
  seconds: Math.round((performance.now() - started) / 100) / 10,
  sources,
  chosen: choice.text,
  unreadable,
})
await state.save()
account()
process.exitCode = unreadable > 0 ? 3 : exitCode(missing)

async function whatIsThere() {
  const found: Found[] = []
  for (const source of sources) {
    try {
      const here = await findParts([source])
      for (const path of here.passedOver)
        say(`${path}: passed over, it does not look like a Takeout`)
      found.push(...here.found)
    } catch (error) {
      if (!(error instanceof Fail) || named.includes(source)) throw error
      say(`${source}: no longer there, what is known of it stays`)
    }
  }
  return [...new Map(found.map((part) => [part.path, part])).values()]
}

/** Exports with holes in their part numbers: export -> the missing numbers. */
function gaps() {
  const numbers = new Map<string, Set<number>>()
  for (const { export: name, number } of [...Object.values(parts), ...found]) {
    if (number === null) continue
    if (!numbers.has(name)) numbers.set(name, new Set())
    numbers.get(name)?.add(number)
  }
  const holes = new Map<string, number[]>()
  for (const [name, known] of numbers) {
    const all = Array.from({ length: Math.max(...known) }, (_, at) => at + 1)
    const missing = all.filter((number) => !known.has(number))
    if (missing.length > 0) holes.set(name, missing)
  }
  return holes
}

function exitCode(missing: Map<string, number[]>) {
  for (const [name, numbers] of missing) {
    say(
      `${name}: part ${numbers.join(', ')} is missing: download it (a link lives for about a week) and run again; photos whose sidecar may lie there wait for it`,
    )
  }
  return missing.size > 0 ? 4 : 0
}

/** What was not asked for becomes leftovers, so that a later run without the choice finds it again. */
function leaveOutUnchosen() {
  const titles = new Map<string, string[]>()
  for (const [id, album] of Object.entries(library.albums)) {
    for (const photo of album.photos) titles.set(photo, [...(titles.get(photo) ?? []), album.title])
    if (!choice.album(album.title)) delete library.albums[id]
  }
  let left = 0
  for (const [id, photo] of Object.entries(library.photos)) {
    if (choice.photo(photo, titles.get(id) ?? [])) continue
    left++
    delete library.photos[id]
  }
  const kept = new Set(Object.keys(library.photos))
  for (const album of Object.values(library.albums))
    album.photos = album.photos.filter((id) => kept.has(id))
  for (const [file, { photo }] of library.rows) {
    if (photo === null || kept.has(photo)) continue
    const { part, path, size, crc, json } = file
    const facts = json?.kind === 'photo' ? { facts: json.facts } : {}
    library.leftovers[`${part}:${path}`] = { part, path, why: 'not chosen', size, crc, ...facts }
  }
  return left
}

function explain() {
  for (const [file, row] of library.rows) {
    const { part, path } = file
    if (given.folder && !path.normalize('NFC').split('/').includes(given.folder.normalize('NFC')))
      continue
    console.log(
      JSON.stringify({
        export: exportOf(part),
        part: (read.get(part) ?? parts[part])?.name,
        path,
        ...row,
      }),
    )
  }
}

function write<C extends 'parts' | 'photos' | 'albums' | 'leftovers'>(
  collection: C,
  now: Record<string, unknown>,
) {
  const before = state.data[collection] as Record<string, unknown>
  let changed = 0
  for (const [id, record] of Object.entries(now)) {
    if (JSON.stringify(before[id]) === JSON.stringify(record)) continue
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

/** Last, a line whose numbers add up: every file of every part is in exactly one of its terms. */
function account() {
  const roles = new Map<string, number>()
  for (const { role } of library.rows.values()) roles.set(role, (roles.get(role) ?? 0) + 1)
  const terms = [...roles].map(([role, many]) => `${number(many)} ${role}`).join(' + ')
  say(`${number(files.length)} files = ${terms}`)
  const reasons = new Map<string, number>()
  for (const { why } of Object.values(library.leftovers))
    reasons.set(why, (reasons.get(why) ?? 0) + 1)
  for (const [why, many] of reasons) say(`  ${number(many)} in no photo: ${why}`)
  const held = `${count(Object.keys(library.photos).length, 'photo')} in ${count(Object.keys(library.albums).length, 'album')}`
  const chosen = leftOut > 0 ? `, ${number(leftOut)} not chosen` : ''
  say(
    `${held}${chosen}; ${number(changed.photos)} photos and ${number(changed.albums)} albums new or changed`,
  )
  if (given.json)
    console.log(JSON.stringify({ files: files.length, roles: Object.fromEntries(roles), changed }))
}
