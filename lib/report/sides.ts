import { allRuns } from '../state/runs.ts'
import { assetOf, membersLeft } from '../transfer/filling.ts'
import type { accountOf, Both, Told } from './account.ts'

type Known = ReturnType<typeof accountOf>

/** An album on both sides: of its photos how many are in it there, left out with their photo, owed; the rest was taken out. */
export type AlbumSides = Both & { title: string; taken: number; immich?: string; note?: string }

/** Albums, those that lack something first, then the largest. */
export function albumsOf(data: Told, { plan, rules, lines }: Known, server: string): AlbumSides[] {
  const { albums, albumLinks, assetAlbums, transfers, mirrored } = data
  const sides = Object.entries(albums).flatMap(([id, { title, photos, leftOut }]): AlbumSides[] => {
    if (leftOut) return []
    const album = transfers[id]?.album ?? albumLinks[id]?.album
    const listed = album ? assetAlbums[album] : undefined
    const members = new Set(listed?.assets)
    const inFolder = plan ? undefined : mirrored[id]?.added
    // What was put there after the list was fetched is not in it.
    const added = new Set(
      (transfers[id]?.at ?? '') >= (listed?.seen ?? '') ? transfers[id]?.added : [],
    )
    const left = new Set(plan && membersLeft(id, data, plan.standings, rules))
    const both = { google: 0, there: 0, left: 0, owed: 0 }
    for (const photo of new Set(photos)) {
      both.google++
      const row = lines.get(photo)?.row
      if (
        inFolder
          ? Object.hasOwn(inFolder, photo)
          : added.has(photo) || members.has(assetOf(photo, data) ?? '')
      )
        both.there++
      else if (left.has(photo) || row === 'owed' || row === 'failed') both.owed++
      else if (row === 'left out' || row === 'removed') both.left++
    }
    const how = albumLinks[id]?.how ?? ''
    const waits = how === 'several' || how === 'shared' || how === 'gone from the server'
    return [
      {
        title,
        ...both,
        taken: both.google - both.there - both.owed - both.left,
        ...(album && server && { immich: `${server}/albums/${encodeURIComponent(album)}` }),
        ...(waits && { note: how }),
      },
    ]
  })
  const lacks = ({ owed, taken }: AlbumSides) => Number(owed + taken > 0)
  return sides.sort((a, b) => lacks(b) - lacks(a) || b.google - a.google)
}

/** What was one photo several times over: equal bytes, sizes of one picture, and duplicates that were given up on the server. */
export function mergedOf({ photos, links, duplicates }: Told) {
  const same = { files: 0, bytes: 0 }
  const sizes: { name: string; kept: number; left: number; path: string }[] = []
  for (const { title, files } of Object.values(photos))
    for (const { role, why, size, path } of files) {
      if (role !== 'copy') continue
      if (why === 'another size')
        sizes.push({ name: title, kept: files[0]?.size ?? 0, left: size, path })
      else {
        same.files++
        same.bytes += size
      }
    }
  const smaller = Object.values(links).filter(
    ({ asset, how }) => asset && how === 'smaller copy',
  ).length
  const given = Object.values(duplicates).filter(({ steps }) => steps?.trashed && !steps.restored)
  const trashed = given.reduce((sum, { steps }) => sum + (steps?.losers.length ?? 0), 0)
  return { same, sizes, smaller, groups: given.length, trashed }
}

/**
 * What each stage took in all its runs that came to their end, and each run, the newest first; and what was sent on which day
 * (by when each was last written to).
 */
export function timesOf({ runs: known, transfers }: Told) {
  const runs = allRuns(known).map(({ stage, at, seconds, bytes }) => ({
    stage,
    at,
    ...(seconds !== undefined && { seconds }),
    ...(typeof bytes === 'number' && { bytes }),
  }))
  const stages = [...Map.groupBy(runs.toReversed(), ({ stage }) => stage)].map(([stage, own]) => ({
    stage,
    runs: own.length,
    seconds: own.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    bytes: own.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  }))
  const days = new Map<string, { photos: number; bytes: number }>()
  for (const { at, asset, size, had } of Object.values(transfers)) {
    if (!asset || had) continue
    const day = days.get(at.slice(0, 10)) ?? { photos: 0, bytes: 0 }
    days.set(at.slice(0, 10), { photos: day.photos + 1, bytes: day.bytes + (size ?? 0) })
  }
  const sent = [...days].sort(([a], [b]) => (a < b ? 1 : -1)).map(([day, all]) => ({ day, ...all }))
  return { stages, runs, days: sent }
}
