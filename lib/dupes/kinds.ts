import { splitName } from '../pairing/media.ts'
import { readEdit, readMediaName } from '../pairing/naming.ts'
import { RAW } from '../picture/magic.ts'
import type { Member } from './deciding.ts'

/** What a member is among its like: a duplicate is of the same kind. */
export function kindOf(one: Member): string {
  if (one.edited) return EDITED
  if (one.type === 'video') return 'video'
  if (RAW.has(splitName(one.name).extension.slice(1).toLowerCase())) return 'RAW'
  if (isEdit(one.name)) return 'edit'
  return one.live ? 'live photo' : 'picture'
}

/** Why two members are not one thing in two copies, or null where they are. */
export function kindsApart(a: Member, b: Member): string | null {
  // What was done to one in Immich is in no file: it would be lost with it.
  if (a.edited || b.edited) return EDITED
  const kinds = [kindOf(a), kindOf(b)].sort()
  if (kinds[0] !== kinds[1]) return `${kinds[0]} and ${kinds[1]}`
  return isOtherLength(a, b) ? 'clips of different length' : null
}

const EDITED = 'edited in Immich'

// A clip that was coded again may lose a frame or two at its end.
const SECONDS_APART = 1
const PART_APART = 0.02

function isOtherLength({ seconds: a }: Member, { seconds: b }: Member) {
  if (a === undefined || b === undefined) return false
  return Math.abs(a - b) > Math.max(SECONDS_APART, PART_APART * Math.max(a, b))
}

function isEdit(name: string) {
  const { plain, numbered } = readMediaName(name.normalize('NFC'))
  return [plain, numbered].some((spelling) => spelling && readEdit(spelling) !== null)
}
