#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises'
import { checkAsset } from '../lib/checking.ts'
import { immich, type RawAsset, Refused } from '../lib/immich.ts'
import { pool } from '../lib/pool.ts'
import { count, number, progress } from '../lib/progress.ts'
import { Fail, flags, hint, say } from '../lib/stage.ts'
import { type Check, openState, type Transfer } from '../lib/state.ts'

const usage = `
Ask Immich again, and compare it field by field with what each transfer gave it. Each is checked until it was right once.

  reads   transfers, photos, albums; the server
  writes  checks

Usage: make verify [ARGS="..."]
  --all                     check again what was right before
  --wait 10m                wait so long (s, m, h) for the server to read new files
  --limit N, --dry-run, --state FILE, --quiet, --json
Exit:  0 all right, 1 could not start or had to stop, 2 bad usage, 3 some differ or are still being read (run again)
`
// Above this it is cheaper to list what was created lately than to ask for each.
const ASK_EACH = 200
// An update takes a second or two to come back from the server's own jobs: a difference counts when it stays.
const POLL_MS = Number(process.env.PHOTOFERRY_POLL_MS || 2000)
const STEADY_POLLS = 4

const given = flags(usage, { all: { type: 'boolean' }, wait: { type: 'string' } })
const waitMs = given.wait === undefined ? 0 : milliseconds(given.wait)
const state = await openState(given.state, {
  stage: 'verify',
  read: ['transfers', 'photos', 'albums'],
  write: ['checks', 'runs'],
  dryRun: given['dry-run'],
})
const { transfers, photos, albums, checks, runs } = state.data
const started = Date.now()
const todo = Object.keys(transfers)
  .filter((id) => transfers[id]?.asset || transfers[id]?.album)
  .filter(
    (id) => given.all || !checks[id]?.ok || (checks[id]?.at ?? '') < (transfers[id]?.at ?? ''),
  )
  .slice(0, given.limit)
if (todo.length === 0) {
  if (Object.keys(transfers).length === 0)
    say(`nothing was sent yet: ${hint('transfer')} does that`)
  else say(`nothing to check: ${count(Object.keys(checks).length, 'transfer')} were right`)
  await state.save()
  process.exit(0)
}

const server = await immich()
const stacks = new Map<string, string[]>()
const results = new Map<string, Omit<Check, 'at'>>()
const shown = progress(todo.length, 'transfers checked', given)
let left = todo
for (let poll = 0; left.length > 0; poll++) {
  if (left.some((id) => transfers[id]?.want?.stack)) await listStacks()
  await checkAll(left)
  left = left.filter((id) => {
    const result = results.get(id)
    return result?.waiting || (result?.differs && poll < STEADY_POLLS)
  })
  if (left.length === 0 || Date.now() - started + POLL_MS > waitMs) break
  await sleep(POLL_MS)
}
shown.end()

const tally = { right: 0, differ: 0, waiting: 0, gone: 0 }
for (const [id, result] of results) {
  const { ok, waiting, differs } = result
  tally[ok ? 'right' : waiting ? 'waiting' : differs?.asset ? 'gone' : 'differ']++
  state.put('checks', id, { at: new Date().toISOString(), ...result })
  if (!differs || tally.differ + tally.gone > 20) continue
  const fields = Object.entries(differs).map(
    ([field, [is, want]]) => `${field} is ${JSON.stringify(is)}, not ${JSON.stringify(want)}`,
  )
  say(
    `${photos[id]?.title ?? albums[id]?.title ?? id}: ${differs.asset ? 'gone from the server' : fields.join('; ')}`,
  )
}
const seconds = Math.round((Date.now() - started) / 100) / 10
state.put('runs', 'verify', {
  stage: 'verify',
  at: new Date(started).toISOString(),
  seconds,
  ...tally,
})
await state.save()
say(
  `${count(todo.length, 'transfer')} checked = ${number(tally.right)} right + ${number(tally.differ)} differ + ${number(tally.gone)} gone from the server + ${number(tally.waiting)} still being read by it`,
)
if (given.json) console.log(JSON.stringify(tally))
process.exitCode = tally.differ + tally.waiting > 0 ? 3 : 0

async function checkAll(ids: string[]) {
  const assets = ids.filter((id) => transfers[id]?.asset)
  const found = assets.length > ASK_EACH ? await listRecent(assets) : new Map<string, RawAsset>()
  await pool(assets, 8, async (id) => {
    const { asset, want = {} } = transfers[id] as Transfer
    const raw = found.get(asset as string) ?? (await askFor(asset as string))
    if (raw && !raw.isTrashed)
      results.set(
        id,
        checkAsset(want, raw, (asset) => stacks.get(asset)),
      )
    else results.set(id, { differs: { asset: [raw ? 'in the trash' : null, asset] } })
    shown.tick()
  })
  for (const id of ids) if (transfers[id]?.album) results.set(id, await checkAlbum(transfers[id]))
}

/** What was created since the first of these transfers, in pages of a thousand. */
async function listRecent(ids: string[]) {
  const first = ids.map((id) => transfers[id]?.at ?? '').reduce((a, b) => (b < a ? b : a))
  const createdAfter = new Date(Date.parse(first) - 3_600_000).toISOString()
  const wanted = new Set(ids.map((id) => transfers[id]?.asset))
  const found = new Map<string, RawAsset>()
  for await (const page of server.searchAssets({ createdAfter })) {
    for (const raw of page) if (wanted.has(raw.id)) found.set(raw.id, raw)
  }
  return found
}

async function askFor(asset: string) {
  try {
    return await server.asset(asset)
  } catch (error) {
    // An id that is not there any more is answered with 400, like a stranger's.
    if (error instanceof Refused && [400, 404].includes(error.status)) return undefined
    throw error
  }
}

async function checkAlbum({ album, want = {}, added = [] }: Transfer): Promise<Omit<Check, 'at'>> {
  const there = (await albumsThere()).get(album as string)
  if (!there) return { differs: { asset: [null, album] } }
  const members = new Set<string>()
  for await (const page of server.albumAssets(album as string))
    for (const id of page) members.add(id)
  const differs: NonNullable<Check['differs']> = {}
  if (want.title && there.albumName !== want.title) differs.title = [there.albumName, want.title]
  if (want.description && there.description !== want.description) {
    differs.description = [there.description, want.description]
  }
  const missing = added.filter((photo) => !members.has(transfers[photo]?.asset ?? ''))
  if (missing.length > 0) differs.photos = [added.length - missing.length, added.length]
  return Object.keys(differs).length > 0 ? { differs } : { ok: true }
}

async function albumsThere() {
  return new Map((await server.albums()).map((album) => [album.id, album]))
}

async function listStacks() {
  stacks.clear()
  for (const { primaryAssetId, assets } of await server.stacks()) {
    const pile = [
      primaryAssetId,
      ...assets.map(({ id }) => id).filter((id) => id !== primaryAssetId),
    ]
    for (const id of pile) stacks.set(id, pile)
  }
}

function milliseconds(text: string) {
  const found = /^(\d+)(s|m|h)$/.exec(text)
  if (!found)
    throw new Fail(`Cannot read --wait "${text}": write it like 30s, 10m or 1h`, { exitCode: 2 })
  return Number(found[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[found[2] as 's' | 'm' | 'h']
}
