#!/usr/bin/env node
import { toAsset } from '../lib/immich/assets.ts'
import { immich } from '../lib/immich/immich.ts'
import { count, progress } from '../lib/progress.ts'
import { tellTime } from '../lib/spent.ts'
import { Fail, flags, say } from '../lib/stage.ts'
import { ran } from '../lib/state/runs.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
List every own asset and album of the Immich server. A later run fetches what changed and drops what is gone.

  reads   the server in IMMICH_URL, IMMICH_API_KEY
  writes  assets, assetAlbums

Usage: make index-immich [ARGS="..."]
  --all                     fetch everything again
  --dry-run, --state FILE, --quiet, --json
Exit:  0 done, 1 could not start or had to stop, 2 bad usage
`
const given = flags(usage, { all: { type: 'boolean' } })
const state = await openState(given.state, {
  stage: 'index-immich',
  write: ['assets', 'assetAlbums', 'runs'],
  dryRun: given['dry-run'],
})
const { assets, assetAlbums, runs } = state.data
const started = new Date()
const server = await immich()
const account = await server.me()
const last = runs['index-immich'] as { account?: string; until?: string; url?: string } | undefined
if (last?.account && account && last.account !== account && Object.keys(assets).length > 0) {
  throw new Fail(
    `Cannot index: ${given.state} belongs to another Immich account (at ${last.url}): give this one its own, with ACCOUNT=name or --state FILE`,
  )
}

// The server's clock, a minute early: a change that is being written now still comes next time.
const until = new Date(server.now().getTime() - 60_000).toISOString()
const since = given.all || Object.keys(assets).length === 0 ? undefined : last?.until
const changed = { assets: 0, albums: 0, gone: 0, albumsGone: 0 }
const seen = new Set<string>()
const shown = progress(since ? undefined : await countAll(), 'assets', given)
await fetchAssets(since)
// What came while a whole walk was under way may have an older date than where the walk was.
if (!since) await fetchAssets(until)
shown.end()
await dropGone()
await fetchAlbums()

const isNew = Object.values(changed).some((many) => many > 0) || !last?.until
if (isNew) {
  ran(state, {
    stage: 'index-immich',
    // When it began: what is sent from then on is not in it.
    at: started.toISOString(),
    seconds: Math.round((Date.now() - +started) / 100) / 10,
    account,
    url: server.url,
    until,
    ...changed,
  })
}
await state.save()
const held = `${count(Object.keys(assets).length, 'asset')}, ${count(Object.keys(assetAlbums).length, 'album')}`
if (!isNew) say(`nothing new: ${held}`)
else
  say(
    `${held}: ${[
      [changed.assets, 'asset', 'new or changed'] as const,
      [changed.albums, 'album', 'new or changed'] as const,
      [changed.gone, 'asset', 'gone'] as const,
      [changed.albumsGone, 'album', 'gone'] as const,
    ]
      .filter(([many], at) => many > 0 || at === 0)
      .map(([many, one, how]) => `${count(many, one)} ${how}`)
      .join(', ')}`,
  )
tellTime(given)
if (given.json) console.log(JSON.stringify({ ...changed, held: Object.keys(assets).length }))

async function fetchAssets(updatedAfter?: string) {
  for await (const page of server.searchAssets(updatedAfter ? { updatedAfter } : {})) {
    const before = seen.size
    for (const raw of page) {
      seen.add(raw.id)
      const asset = toAsset(raw)
      if (JSON.stringify(assets[raw.id]) === JSON.stringify(asset)) continue
      changed.assets++
      state.put('assets', raw.id, asset)
    }
    // The second look at what came meanwhile shows some again.
    shown.tick({ items: seen.size - before })
  }
}

/** How many own assets the listing will find; a partner's are not counted. */
async function countAll() {
  let all = 0
  for (const visibility of ['timeline', 'archive', 'hidden']) {
    for (const isTrashed of [false, true]) {
      const query = { visibility, isTrashed }
      all += (await server.request<{ total: number }>('GET', '/assets/statistics', { query })).total
    }
  }
  return all
}

/** A walk by changes never shows what was deleted for good: where the counts differ, the ids tell. */
async function dropGone() {
  let there = seen
  if (since) {
    if ((await countAll()) === Object.keys(assets).length) return
    there = new Set()
    for await (const ids of server.ownIds()) for (const id of ids) there.add(id)
  }
  for (const id of Object.keys(assets)) {
    if (there.has(id)) continue
    changed.gone++
    state.remove('assets', id)
  }
}

async function fetchAlbums() {
  const albums = (await server.albums()).filter((album) => !account || album.ownerId === account)
  for (const {
    id,
    albumName: title,
    description,
    shared,
    hasSharedLink,
    updatedAt: updated,
    assetCount,
  } of albums) {
    const known = assetAlbums[id]
    if (!given.all && known?.updated === updated && known.count === assetCount) continue
    const members: string[] = []
    for await (const page of server.albumAssets(id)) members.push(...page)
    changed.albums++
    state.put('assetAlbums', id, {
      title,
      ...(description && { description }),
      ...((shared || hasSharedLink) && { shared: true as const }),
      updated,
      count: assetCount,
      assets: members,
      seen: started.toISOString(),
    })
  }
  const there = new Set(albums.map(({ id }) => id))
  for (const id of Object.keys(assetAlbums)) {
    if (there.has(id)) continue
    changed.albumsGone++
    state.remove('assetAlbums', id)
  }
}
