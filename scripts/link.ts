#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { linkAlbums } from '../lib/albums.ts'
import { bodies } from '../lib/archive.ts'
import {
  assetIndex,
  type Bytes,
  dispute,
  matchPhoto,
  STRICTNESS,
  sameName,
  sameSize,
} from '../lib/matching.ts'
import { HEAD_BYTES, readHead } from '../lib/picture.ts'
import { count, number, progress } from '../lib/progress.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import { type Link, openState, type PhotoFile } from '../lib/state.ts'

const usage = `
Find the photos and albums that Immich has already: the same bytes, or the same picture.

  reads   photos, albums, parts, assets, assetAlbums, transfers   (index-gphotos, index-immich)
  writes  links, albumLinks

Usage: make link [ARGS="..."]
  --strictness high         exact: equal bytes alone; high: also name, time, and size or dimensions; medium: also name
                            and time; low: also the name alone
  --dry-run, --limit N, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start or had to stop, 2 bad usage
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
  read: ['parts', 'photos', 'albums', 'assets', 'assetAlbums', 'transfers'],
  write: ['links', 'albumLinks', 'runs'],
  dryRun: given['dry-run'],
})
const { parts, photos, albums, assets, assetAlbums, transfers, links, albumLinks, runs } =
  state.data
if (Object.keys(photos).length === 0) {
  throw new Fail(
    `Cannot link: ${given.state} has no photos: run ${hint('index-gphotos TAKEOUT="..."')} first`,
  )
}
if (!runs['index-immich']) {
  throw new Fail(`Cannot link: ${given.state} has no assets: run ${hint('index-immich')} first`)
}
const started = performance.now()

// 1. What is sent or found stays; all others are looked for again, since new assets may have come.
const index = assetIndex(assets)
const open = Object.keys(photos)
  .filter((id) => transfers[id]?.asset === undefined && !links[id]?.asset)
  .slice(0, given.limit)

// 2. The bytes decide only where an asset has a photo's size, its head where one has its name and time.
const bytes = new Map<string, Bytes>()
const wanted = new Map<string, Map<string, { id: string; file: PhotoFile; whole: boolean }>>()
for (const id of open) {
  const photo = photos[id]
  const file = photo?.files.find(({ part }) => parts[part])
  if (!photo || !file) continue
  const known = links[id]?.sha1
  bytes.set(id, known ? { sha1: known } : {})
  const whole = !known && sameSize(photo, index).length > 0
  if (!whole && sameName(photo, index).length === 0) continue
  const inPart = wanted.get(file.part) ?? new Map()
  wanted.set(file.part, inPart.set(file.path, { id, file, whole }))
}
const reads = [...wanted.values()].reduce((sum, { size }) => sum + size, 0)
const shown = progress(reads, 'files that Immich may have', given)
let unread = 0
for (const [part, inPart] of wanted) {
  try {
    const files = [...inPart.values()].map(({ file }) => file)
    for await (const { path, open } of bodies(parts[part] as never, files)) {
      const { id, whole } = inPart.get(path) as { id: string; whole: boolean }
      bytes.set(id, { ...bytes.get(id), ...(await read(open(), path, whole)) })
      shown.tick({ now: path })
    }
  } catch (error) {
    if (!(error instanceof Fail)) throw error
    unread++
    say(error.message)
  }
}
shown.end()

// 3. Decide, and write what changed.
const found = new Map<string, Link>()
for (const id of open) {
  found.set(id, matchPhoto(photos[id] as never, bytes.get(id) ?? {}, index, strictness))
}
dispute(found)
for (const [id, link] of found) {
  if (JSON.stringify(links[id]) !== JSON.stringify(link)) state.put('links', id, link)
}
for (const id of Object.keys(links)) if (!photos[id]) state.remove('links', id)
for (const [id, link] of linkAlbums(albums, assetAlbums, albumLinks, transfers)) {
  if (JSON.stringify(albumLinks[id]) !== JSON.stringify(link)) state.put('albumLinks', id, link)
}
for (const id of Object.keys(albumLinks)) if (!albums[id]) state.remove('albumLinks', id)
if (found.size > 0 || reads > 0) {
  const seconds = Math.round((performance.now() - started) / 100) / 10
  state.put('runs', 'link', {
    stage: 'link',
    at: new Date().toISOString(),
    seconds,
    strictness,
    read: reads,
  })
}
await state.save()

const ways = new Map<string, number>()
for (const [id, { asset, how }] of Object.entries(links)) {
  const way = transfers[id]?.asset
    ? 'sent before'
    : asset
      ? `linked by ${how}`
      : how === 'none'
        ? 'not on the server'
        : how
  ways.set(way, (ways.get(way) ?? 0) + 1)
}
const terms = [...ways].map(([way, many]) => `${number(many)} ${way}`).join(', ')
say(
  `${count(Object.keys(links).length, 'photo')}: ${terms}; ${count(Object.keys(albumLinks).length, 'album')}, ${number(Object.values(albumLinks).filter(({ album }) => album).length)} linked`,
)
for (const { how, candidates } of Object.values(albumLinks)) {
  if (how === 'several')
    say(
      `an album has ${candidates?.length} namesakes in Immich: it waits until one remains, or its link is set by hand`,
    )
}
if (given.json) console.log(JSON.stringify({ ...Object.fromEntries(ways), read: reads, unread }))

async function read(chunks: AsyncGenerator<Buffer>, path: string, whole: boolean): Promise<Bytes> {
  const hash = createHash('sha1')
  let head = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES)
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
    if (whole) hash.update(chunk)
    else if (head.length >= HEAD_BYTES) break
  }
  const { width, height } = await readHead(head, path)
  return {
    ...(whole && { sha1: hash.digest('hex') }),
    ...(width && { width }),
    ...(height && { height }),
  }
}
