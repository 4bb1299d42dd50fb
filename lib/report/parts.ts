import { number } from '../progress.ts'
import type { Leftover, Part } from '../state/records.ts'
import { shaped } from '../takeout/photo-files.ts'
import type { Rules } from '../transfer/standing.ts'
import type { Line, Told } from './account.ts'

export type PartSides = {
  name: string
  where: string
  size: number
  photos: number
  verified: number
  left: number
  owed: number
  /** `can go`: nothing in it is needed any more; `but`: so is all that was not left out or is no photo; else it has to stay, and why. */
  verdict: 'can go' | 'but' | 'stays'
  why: string
}

/** What one part holds, photo by photo and file by file. */
type Held = {
  photos: number
  verified: number
  owed: number
  left: number
  notInFolders: number
  otherBytes: number
  lost: number
  foreign: number
}

/** How a photo can be an asset that is surely as good as its own file; any other link is one of other bytes. */
const SURE = ['checksum', 'hand', 'name, time and size', 'smaller copy']
export const isOfOtherBytes = ({ row, stands }: Line) =>
  row === 'linked' && !SURE.includes(stands.why)

/**
 * The parts of the exports, and which of them nothing needs any more. Whoever believes it deletes them, so that what is not known
 * to be elsewhere keeps a part: a photo that is not verified, or is not in the folders that there are as well; a sidecar of such a
 * one; a damaged file; another part of the export that is missing. What was left out, and files that are no photos, are told.
 */
export function partsOf(
  { parts, leftovers, mirrored, runs }: Told,
  lines: Map<string, Line>,
  missing: Map<string, number[]>,
  rules: Rules,
): PartSides[] {
  const all = new Map<string, Held>()
  for (const [id, { kind }] of Object.entries(parts)) if (kind !== 'picked') all.set(id, nothing())
  for (const [id, line] of lines) {
    const { photo, row, proof } = line
    const wanted = shaped(photo, rules.edited ?? 'stack').files
    const isSafe = proof === 'right' || proof === 'changed'
    const isOwed = !isSafe && row !== 'left out'
    const isBare = runs.mirror && row !== 'left out' && !mirrored[id]?.files
    for (const part of new Set(photo.files.map(({ part }) => part))) {
      const held = all.get(part)
      if (!held) continue
      held.photos++
      if (isSafe) held.verified++
      if (isOwed) held.owed++
      else if (row === 'left out') held.left++
      if (isBare) held.notInFolders++
      if (isOfOtherBytes(line)) held.otherBytes++
    }
    for (const { part, path, role, sidecarPart } of photo.files) {
      const isWanted =
        role === 'copy' || wanted.some((one) => one.part === part && one.path === path)
      const held = all.get(part)
      if (held && !isWanted && row !== 'left out') held.left++
      const beside = all.get(sidecarPart ?? '')
      if (beside && isOwed) beside.owed++
    }
  }
  for (const { part, why, broken } of Object.values(leftovers) as Leftover[]) {
    const held = all.get(part)
    if (!held) continue
    if (broken || why === 'not chosen') held.lost++
    else if (why === 'another product' || why === 'neither a photo nor a video') held.foreign++
  }
  return [...all].map(([id, held]) => {
    const { name, kind, drive, size, export: of } = parts[id] as Part
    const { photos, verified, left, owed } = held
    const where = drive ? 'Google Drive' : kind === 'folder' ? 'a folder' : 'on disk'
    const keeps = said([
      [owed, 'not verified'],
      [held.notInFolders, 'not in the folders yet'],
      [held.lost, 'damaged or not chosen'],
    ])
    const gap = missing.get(of)
    if (gap) keeps.push(`part ${gap.join(', ')} of its export is missing`)
    const buts = said([
      [left, 'in it left out'],
      [held.otherBytes, 'linked to other bytes'],
      [held.foreign, 'that are no photos'],
    ])
    const verdict = keeps.length > 0 ? 'stays' : buts.length > 0 ? 'but' : 'can go'
    const why = (keeps.length > 0 ? keeps : buts).join('; ')
    return { name, where, size, photos, verified, left, owed, verdict, why }
  })
}

function nothing(): Held {
  return {
    photos: 0,
    verified: 0,
    owed: 0,
    left: 0,
    notInFolders: 0,
    otherBytes: 0,
    lost: 0,
    foreign: 0,
  }
}

function said(rows: [many: number, what: string][]): string[] {
  return rows.filter(([many]) => many > 0).map(([many, what]) => `${number(many)} ${what}`)
}
