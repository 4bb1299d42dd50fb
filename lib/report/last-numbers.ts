import type { Part, Run } from '../state/records.ts'
import { gaps } from '../takeout/parts.ts'
import { LOST } from '../takeout/reasons.ts'
import type { Rules } from '../transfer/standing.ts'
import { destination, type Numbers, noPhotos, proven, rowOf } from './verdict.ts'

/** The numbers as the last run of each stage left them: at once at any size. */
export function lastNumbers(
  runs: Record<string, Run>,
  parts: Record<string, Part>,
  known = 0,
): Numbers {
  const { transfer, verify, mirror, 'index-gphotos': index } = runs
  const there = destination(runs)
  const sent = there === 'Immich' ? transfer : mirror
  // Before anything is sent the index says what will be left out.
  const account = Object.entries(accountRows(sent?.account ? sent : index))
  const photos = noPhotos()
  let locked = 0
  for (const [name, many] of account) {
    const [is = '', why = ''] = name.split(/: (.*)/s)
    photos[rowOf({ is, why })] += many
    if (why === 'in the locked folder') locked += many
  }
  // What an index found since is owed until transfer has looked at it.
  photos.owed += Math.max(0, known - account.reduce((sum, [, many]) => sum + many, 0))
  const last = sent === transfer && (verify?.at ?? '') > (transfer?.at ?? '') ? verify : sent
  const proof = { ...((last?.proven as Numbers['proven']) ?? unproven(photos)) }
  // What verify found lost since is to be given again.
  const lost = last === verify ? Number(verify?.mendable ?? 0) : 0
  photos.owed += lost
  photos.transferred -= lost
  proof.differs -= lost
  const left = (index?.left ?? {}) as Record<string, number>
  return {
    there,
    photos,
    proven: proof,
    locked,
    missing: gaps(Object.values(parts)),
    noMoreParts: Boolean((sent?.rules as Rules | undefined)?.noMoreParts),
    unreadable: Number(index?.unreadable ?? 0),
    damaged: Number(index?.damaged ?? 0),
    lost: left[LOST] ?? 0,
    notChosen: left['not chosen'] ?? 0,
    albums: (sent?.albums as Numbers['albums']) ?? { left: 0, waiting: 0 },
    isOld: isOld(sent, index),
  }
}

/** The rows that the last run of the stage that sends has counted. */
export function accountRows(sent: Run | undefined) {
  return (sent?.account ?? {}) as Record<string, number>
}

/** Whether the photos were indexed again since that was counted. Older versions did not write down of which index it was. */
export function isOld(sent: Run | undefined, index: Run | undefined): boolean {
  return sent?.indexed !== undefined && sent.indexed !== (index?.at ?? '')
}

/** What nobody counted is not proven. */
function unproven({ transferred, linked }: Numbers['photos']): Numbers['proven'] {
  return { ...proven([], {}, {}), unverified: transferred + linked }
}
