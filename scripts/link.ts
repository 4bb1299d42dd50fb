#!/usr/bin/env node
import { linkAlbums } from '../lib/link/albums.ts'
import { BY_HAND, chosen, isRefused, isStillSaid } from '../lib/link/chosen.ts'
import { bytesOf, doubts, readDoubts } from '../lib/link/evidence.ts'
import { assetIndex, type Bytes, dispute, matchPhoto, STRICTNESS } from '../lib/link/matching.ts'
import { count, number, progress } from '../lib/progress.ts'
import { doing, tellTime } from '../lib/spent.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import type { AlbumLink, Link, Part, Photo } from '../lib/state/records.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
Find the photos and albums that Immich has already: the same bytes, or the same picture.

  reads   photos, albums, parts, assets, assetAlbums, transfers, decisions   (index-gphotos, index-immich, review)
  writes  links, albumLinks

Usage: make link [ARGS="..."]
  --strictness high         exact: equal bytes alone; high: also name, time, and size or dimensions; medium: also name
                            and time; low: also the name alone
  --dry-run, --limit N, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start or had to stop, 2 bad usage, 3 some files could not be read (run again)
`
const given = flags(usage, { strictness: { type: 'string', default: 'high' } })
const strictness = STRICTNESS.find((level) => level === given.strictness)
if (!strictness) {
  throw new Fail(
    `Cannot read --strictness: "${given.strictness}" is none of ${STRICTNESS.join(', ')}`,
    { exitCode: 2 },
  )
}
const state = await openState(given.state, {
  stage: 'link',
  read: ['parts', 'photos', 'albums', 'assets', 'assetAlbums', 'transfers', 'decisions'],
  write: ['links', 'albumLinks', 'runs'],
  dryRun: given['dry-run'],
})
const { parts, photos, albums, assets, assetAlbums, transfers, decisions } = state.data
const { links, albumLinks, runs } = state.data
if (Object.keys(photos).length === 0) {
  throw new Fail(
    `Cannot link: ${given.state} has no photos: run ${hint('index-gphotos TAKEOUT="..."')} first`,
  )
}
if (!runs['index-immich']) {
  throw new Fail(`Cannot link: ${given.state} has no assets: run ${hint('index-immich')} first`)
}
const started = performance.now()

// 1. What is sent or found stays, unless by a name that another strictness may judge otherwise; all others are looked for
// again, since new assets may have come. What a person said counts before all of that.
const isStrict = runs.link?.strictness === strictness
const decided = (id: string) => decisions[`link:${id}`]
const settled = (id: string) => {
  if (transfers[id]?.asset) return true
  const { asset, how = '' } = links[id] ?? {}
  if (!asset || !isStillSaid(links[id], decided(id), assets)) return false
  return isStrict || how === 'checksum' || how === BY_HAND || !assets[asset]
}
const index = assetIndex(assets, transfers)
const open = Object.keys(photos)
  .filter((id) => !settled(id))
  .slice(0, given.limit)
const byHand = new Map<string, Link>()
for (const id of open) {
  const asset = chosen(decided(id), assets)
  const { sha1 } = links[id] ?? {}
  if (asset) byHand.set(id, { asset, how: BY_HAND, ...(sha1 && { sha1 }) })
}
const unsaid = open.filter((id) => !byHand.has(id))

// 2. The bytes decide where an asset has a photo's size, its size in pixels where one has its name and time.
const bytes = new Map<string, Bytes>()
for (const id of unsaid) {
  const { width, height } = photos[id]?.picked ?? {}
  if (width && height) bytes.set(id, { width, height })
  else if (links[id]?.sha1) bytes.set(id, { sha1: links[id].sha1 })
}
const wanted = doubts(unsaid, photos, links, parts, index)
const reads = [...wanted.values()].reduce((sum, { size }) => sum + size, 0)
const totalBytes = [...wanted.values()]
  .flatMap((inPart) => [...inPart.values()])
  .reduce((sum, doubt) => sum + bytesOf(doubt), 0)
const shown = progress(reads, 'files that Immich may have', { ...given, totalBytes })
const reading = (sent: number, id: string) =>
  shown.tick({ items: 0, sent, now: photos[id]?.title ?? '' })
let unread = 0
const isRead = doing('reading')
for (const [part, inPart] of wanted) {
  const problem = (message: string) => {
    unread++
    say(message)
  }
  for await (const [id, found] of readDoubts(parts[part] as Part, inPart, problem, reading)) {
    bytes.set(id, { ...bytes.get(id), ...found })
    shown.tick()
  }
}
isRead()
shown.end()

// 3. Decide, and write what changed.
const found = new Map<string, Link>()
for (const id of unsaid) {
  const not = (asset: string) => isRefused(decided(id), asset)
  found.set(id, matchPhoto(photos[id] as Photo, bytes.get(id) ?? {}, index, strictness, not))
}
const claimed = Object.keys(photos).flatMap((id) => {
  const before = byHand.get(id)?.asset ?? transfers[id]?.asset ?? links[id]?.asset
  const asset = found.has(id) ? undefined : before
  return asset ? [[id, asset] as const] : []
})
dispute(found, new Map(claimed))
let changed = isStrict ? 0 : 1
put('links', byHand)
put('links', found)
for (const id of Object.keys(links)) if (!photos[id]) drop('links', id)
const indexed = runs['index-immich'].at
put('albumLinks', linkAlbums(albums, assetAlbums, albumLinks, transfers, indexed))
for (const id of Object.keys(albumLinks)) if (!albums[id]) drop('albumLinks', id)
if (changed > 0) {
  const seconds = Math.round((performance.now() - started) / 100) / 10
  const at = new Date().toISOString()
  ran(state, { stage: 'link', at, seconds, strictness, read: reads })
}
await state.save()

const ways = new Map<string, number>()
for (const id of Object.keys(photos)) {
  const { asset, how } = links[id] ?? { how: 'none' }
  const isSent = transfers[id]?.asset && !transfers[id]?.had
  const way = isSent
    ? 'sent before'
    : asset
      ? `linked by ${how}`
      : how === 'none'
        ? 'not on the server'
        : how
  ways.set(way, (ways.get(way) ?? 0) + 1)
}
const terms = [...ways].map(([way, many]) => `${number(many)} ${way}`).join(' + ')
const linked = Object.values(albumLinks).filter(({ album }) => album).length
say(
  `${count(Object.keys(photos).length, 'photo')} = ${terms}; ${count(Object.keys(albumLinks).length, 'album')}, ${number(linked)} linked`,
)
for (const [id, { how, candidates = [] }] of Object.entries(albumLinks)) {
  const title = albums[id]?.title
  if (how === 'several')
    say(
      `"${title}": Immich has ${candidates.length} albums of that name: it waits until one remains`,
    )
  else if (how === 'shared')
    say(
      `"${title}": other people can see Immich's album: ${hint('transfer', '--into-shared')} joins it`,
    )
  else if (how === 'gone from the server')
    say(`"${title}": removed from Immich: ${hint('transfer', '--restore-deleted')} makes it again`)
}
const undecided = (ways.get('several') ?? 0) + (ways.get('disputed') ?? 0)
if (undecided > 0) say(`${count(undecided, 'photo')} could be several assets: ${hint('review')}`)
if (unread > 0) say(`${count(unread, 'file')} could not be read, and so not compared`)
tellTime(given)
if (given.json) console.log(JSON.stringify({ ...Object.fromEntries(ways), read: reads, unread }))
process.exitCode = unread > 0 ? 3 : 0

function put(name: 'links' | 'albumLinks', records: Map<string, Link | AlbumLink>) {
  for (const [id, record] of records) {
    if (JSON.stringify(state.data[name][id]) === JSON.stringify(record)) continue
    changed++
    state.put(name, id, record as never)
  }
}

function drop(name: 'links' | 'albumLinks', id: string) {
  changed++
  state.remove(name, id)
}
