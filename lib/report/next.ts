import { hint } from '../stage.ts'
import type { Decided, Run } from '../state/records.ts'
import { PICK_ENDED } from '../takeout/reasons.ts'
import { accountRows } from './last-numbers.ts'
import type { Numbers, Verdict } from './verdict.ts'

type Known = {
  runs: Record<string, Run>
  decisions: Record<string, Decided>
  /** How many photos there are. */
  photos: number
}

/** The one command to type next, in backticks, with a few words where by itself it says too little. */
export function nextStep(known: Known, numbers: Numbers, verdict: Verdict): string {
  if (known.photos === 0) return hint('index-gphotos TAKEOUT="/path/to/the/zips"')
  const byItself = numbers.there === 'Immich' ? onServer(known, numbers) : inFolders(known, numbers)
  return byItself ?? forAPerson(known, numbers, verdict)
}

/** What a stage does by itself, each only where it would change something: who follows comes to an end. */
function onServer({ runs, photos, decisions }: Known, numbers: Numbers): string | undefined {
  const { 'index-gphotos': index, link, transfer, verify } = runs
  if (!runs['index-immich'])
    return process.env.IMMICH_API_KEY
      ? hint('index-immich')
      : `${hint('auth')}; or, without a server, ${hint('mirror LIBRARY=/path/to/photos')}`
  const isSaid = Object.entries(decisions).some(
    ([key, { at }]) => key.startsWith('link:') && at > (link?.at ?? ''),
  )
  if (!link || link.at < (index?.at ?? '') || isSaid) return hint('link')
  if (isLeft(transfer, ['to send', 'to complete'], photos, numbers)) return hint('transfer')
  if (transfer?.linked !== undefined && transfer.linked !== link.at) return hint('transfer')
  const isThere = numbers.photos.transferred + numbers.photos.linked > 0
  if (isThere && (!verify || verify.waiting || numbers.proven.unverified > 0))
    return hint('verify', '--wait 10m')
  if (Number(verify?.mendable) > 0) return hint('transfer')
  return undefined
}

/** The same of a library that knows no server. */
function inFolders({ runs: { mirror }, photos }: Known, numbers: Numbers): string | undefined {
  if (isLeft(mirror, ['to mirror', 'to renew'], photos, numbers)) return hint('mirror')
  return numbers.proven.unverified > 0 ? hint('mirror', '--resync --checksum') : undefined
}

/** Whether the stage that sends did not come to its end, or has more to do: what failed too often rests. */
function isLeft(sent: Run | undefined, rows: string[], photos: number, numbers: Numbers): boolean {
  const account = accountRows(sent)
  const counted = Object.values(account).reduce((sum, many) => sum + many, 0)
  return (
    sent?.seconds === undefined ||
    rows.some((row) => account[row]) ||
    (account.failed ?? 0) > Number(sent.resting ?? 0) ||
    numbers.albums.left > 0 ||
    numbers.isOld ||
    counted < photos
  )
}

/** What no stage does by itself. */
function forAPerson({ runs }: Known, numbers: Numbers, { safe }: Verdict): string {
  const { mirror, 'index-gphotos': index } = runs
  const there = numbers.there === 'Immich'
  const [sent, all] = there ? ['transfer', 'sync'] : ['mirror', 'mirror']
  const account = accountRows(runs[sent])
  if (account[`left out: ${PICK_ENDED}`]) return hint('index-gphotos', '--pick')
  const [name, missing] = [...numbers.missing][0] ?? []
  if (missing && !numbers.noMoreParts)
    return `download part ${missing.join(', ')} of ${name}, then ${hint(all)}`
  if (numbers.unreadable > 0)
    return `${hint('index-gphotos')} says which part cannot be read: download it again, then ${hint(all)}`
  if (Object.keys(account).some((row) => row.startsWith('undecided'))) return hint('review')
  if (account.failed)
    return `${hint('status', there ? '--list failed' : "--list 'not mirrored'")} says why they failed; ${hint(sent, '--retry')} tries them again`
  if (there && mirror && mirror.indexed !== undefined && mirror.indexed !== index?.at)
    return hint('mirror')
  if (Number(runs.verify?.differ) > 0 && there)
    return `${hint('status', '--list differs')}, which no run mends`
  if (safe !== 'yes') return `${hint('report')}, and look at what it shows: nothing is left to send`
  return `nothing: all is there. When there is a new Takeout: ${hint(`${all} TAKEOUT="..."`)}`
}
