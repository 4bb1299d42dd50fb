#!/usr/bin/env node
import { count, duration, number } from '../lib/progress.ts'
import { lastNumbers } from '../lib/report/last-numbers.ts'
import { nextStep } from '../lib/report/next.ts'
import { verdict } from '../lib/report/verdict.ts'
import { flags, hint, jsonLine, say } from '../lib/stage.ts'
import type { Collection } from '../lib/state/records.ts'
import { lastRuns } from '../lib/state/runs.ts'
import { openState, readCounts } from '../lib/state/state.ts'

const usage = `
Whether Google can be left, what is known, sent and owed, and the one command to type next. Takes no lock: it runs beside a
transfer. make report draws the same account as a page.

  reads   the counts on top of the state file, what each stage wrote of its last run (make report counts anew), and when
          decisions were made

Usage: make status [ARGS="..."]
  --list REASON             the rows behind a number, one JSON line each: failed, undecided, left out, waits, removed,
                            to send, differs, changed, kept (Google and you changed it), trashed in Google since,
                            smaller on the server, not mirrored, albums that wait ("shared", "several", "gone from the server"),
                            or any reason of what is in no photo ("empty file", "not chosen", ...)
  --json, --state FILE
Exit:  0 done, 1 the state cannot be read, 2 bad usage
`
const given = flags(usage, { list: { type: 'string' } })
if (given.list !== undefined) {
  await list(given.list)
  process.exit(process.exitCode ?? 0)
}

const counts = await readCounts(given.state)
const { data } = await openState(given.state, { read: ['runs', 'parts', 'decisions'] })
const { runs, parts, decisions } = data
const numbers = lastNumbers(runs, parts, counts.photos)
const found = verdict(numbers)
const hasFoldersAlone = numbers.there === 'the folders'
if (given.json) console.log(jsonLine({ verdict: found, counts, runs }))
else {
  const of = (collection: Collection, one: string, many?: string) =>
    count(counts[collection] ?? 0, one, many)
  console.log(`Safe to leave Google: ${found.text}`)
  for (const what of found.because) if (!found.text.endsWith(what)) console.log(`  ${what}`)
  console.log(
    `Google Photos  ${of('photos', 'photo')} in ${of('albums', 'album')}, from ${of('parts', 'part')}; ${of('leftovers', 'file')} in no photo`,
  )
  if (!hasFoldersAlone)
    console.log(
      `Immich         ${of('assets', 'asset')} in ${of('assetAlbums', 'album')}, when it was last listed`,
    )
  const { mirror } = runs
  if (mirror)
    console.log(
      `Folders        ${count(Number((mirror.account as Record<string, number>)?.mirrored ?? 0), 'photo')} in ${mirror.library}`,
    )
  const account = runs.transfer?.account
  sum('In no photo', runs['index-gphotos']?.left)
  sum('Photos', account)
  const unseen = (counts.photos ?? 0) - total(account)
  if (account && unseen > 0) console.log(`               ${number(unseen)} new since`)
  sum('In folders', mirror?.account)
  sum('Worth a look', runs.transfer?.remarks)
  duplicates()
  const { verify } = runs
  if (verify)
    console.log(
      `Checked        ${number(Number(verify.right))} right, ${number(Number(verify.differ))} differ, ${number(Number(verify.changed))} changed by their owner, ${number(Number(verify.gone))} gone, ${number(Number(verify.waiting))} still being read`,
    )
  for (const { stage, at, seconds } of lastRuns(runs)) {
    console.log(
      `Last           ${stage.padEnd(14)} ${at.slice(0, 16).replace('T', ' ')}${seconds === undefined ? ', not finished' : `, took ${duration(seconds)}`}`,
    )
  }
  const known = { runs, decisions, photos: counts.photos ?? 0 }
  console.log(`Next           ${nextStep(known, numbers, found)}`)
}

/** How the groups stood when a stage last looked, and what to type about them. */
function duplicates() {
  const looks = [runs['dupes-analyze'], runs['dupes-execute'], runs['dupes-restore']]
  const last = looks
    .flatMap((run) => (run?.account ? [run] : []))
    .sort((a, b) => b.at.localeCompare(a.at))[0]
  if (!last) return
  const account = last.account as Record<string, number>
  const since = Object.entries(decisions).filter(
    ([key, { at }]) => at > last.at && !/^(similar|link):/.test(key),
  ).length
  const waits = account['to be looked at'] || account['that changed since they were decided']
  const then = hint('dupes-execute', '--dry-run')
  const next =
    since > 0
      ? `; ${count(since, 'decision')} since: ${then}`
      : waits
        ? `: ${hint('review')}`
        : account['to be done']
          ? `: ${then}`
          : ''
  sum('Duplicates', account, next)
}

/** A line whose numbers add up to its first, and whose words are what --list takes. */
function sum(name: string, counts: unknown, after = '') {
  const rows = Object.entries((counts ?? {}) as Record<string, number>)
  if (rows.length === 0) return
  const all = total(counts)
  const terms = rows.map(([row, many]) => `${number(many)} ${row}`).join(' + ')
  console.log(`${name.padEnd(14)} ${number(all)} = ${terms}${after}`)
}

function total(counts: unknown) {
  return Object.values((counts ?? {}) as Record<string, number>).reduce(
    (sum, many) => sum + many,
    0,
  )
}

async function list(reason: string) {
  // Loaded for the rows alone: the numbers should be there at once.
  const { PLANNED } = await import('../lib/transfer/plan.ts')
  const { remarksOf } = await import('../lib/transfer/remarks.ts')
  const { standing, tally } = await import('../lib/transfer/standing.ts')
  const { data } = await openState(given.state, { read: [...PLANNED, 'leftovers', 'mirrored'] })
  const { photos, leftovers, links, albumLinks, transfers, checks, albums, runs, mirrored } = data
  const seen = { assets: data.assets, indexed: runs['index-immich']?.at ?? '' }
  const reasons = new Set<string>()
  let rows = 0
  const row = (names: string[], fields: object) => {
    for (const name of names) reasons.add(name)
    if (!names.includes(reason)) return
    rows++
    console.log(jsonLine(fields))
  }
  for (const [id, photo] of Object.entries(photos)) {
    const stands = standing(photo, links[id], transfers[id], checks[id], seen)
    const [kind = ''] = Object.keys(tally([stands]))
    const { title, url, files } = photo
    const { how = '', candidates } = links[id] ?? {}
    const asset = transfers[id]?.asset ?? links[id]?.asset ?? undefined
    const why = stands.why || how
    const one = { id, title, path: files[0]?.path, why, url, candidates, asset }
    row([...new Set([stands.is, kind, how])], one)
    for (const remark of remarksOf(photo, links[id], transfers[id], seen))
      if (remark.why !== how) row([remark.why], { ...one, ...remark })
  }
  for (const [id, { failed, tries }] of Object.entries(mirrored))
    if (failed)
      row(['not mirrored'], { id, title: (photos[id] ?? albums[id])?.title, why: failed, tries })
  for (const [id, { how, candidates }] of Object.entries(albumLinks))
    row([how], { id, title: albums[id]?.title, why: how, candidates })
  for (const { path, why } of Object.values(leftovers)) row([why, 'in no photo'], { path, why })
  for (const [id, { differs, changed }] of Object.entries(checks)) {
    const title = photos[id]?.title ?? albums[id]?.title
    if (differs) row([changed ? 'changed' : 'differs'], { id, title, differs })
  }
  if (rows > 0) return
  say(
    `nothing is listed under "${reason}"; there is: ${
      [...reasons]
        .filter((name) => !/^(none)?$/.test(name))
        .sort()
        .join(', ') || 'nothing at all'
    }`,
  )
}
