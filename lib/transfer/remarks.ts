import type { Link, Photo, Transfer } from '../state/records.ts'
import { listedSince, type Seen } from './standing.ts'
import { copiesOf, newsOf } from './updating.ts'
import { smallerOnes } from './upgrading.ts'

/**
 * What a person may want to look at, though nothing is owed: fields that were changed on both sides (the server's stay), a
 * photo that is in Google's trash by now, a smaller rendition that still lies beside what was sent.
 */
export function remarksOf(
  photo: Photo,
  link: Link | undefined,
  transfer: Transfer | undefined,
  seen: Seen,
): { why: string; fields?: string[]; candidates?: string[] }[] {
  if (!transfer?.asset) return []
  const both = [transfer, ...copiesOf(photo, transfer).map(([, copy]) => copy)]
  const fields = both.flatMap((one) => newsOf(photo, one, listedSince(one, seen)).kept)
  const kept = [...new Set(fields)]
  const smaller = smallerOnes(link, transfer, seen.assets)
  return [
    ...(kept.length > 0 ? [{ why: 'kept', fields: kept }] : []),
    ...(photo.trashed && !transfer.want?.trashed ? [{ why: 'trashed in Google since' }] : []),
    ...(smaller.length > 0 ? [{ why: 'smaller on the server', candidates: smaller }] : []),
  ]
}
