import { existsSync } from 'node:fs'
import { count, number, progress, size } from '../progress.ts'
import { doing } from '../spent.ts'
import { harmless, say } from '../stage.ts'
import type { Copy } from './log.ts'
import { run, spelled } from './running.ts'
import { isUnmounted, type Measure, mountOf, whyNot } from './source.ts'
import type { Target } from './targets.ts'

type How = { dryRun: boolean; deletes: boolean; shrinks: boolean; quiet: boolean }
// Of what went wrong, as much as a person reads.
const SHOWN = 20
const ENDS = { good: 'good', some: 'some could not be read', bad: 'failed' }

/**
 * Copies the source, which holds `now`, to one place, unless that or the place is not as it was at the `last` good copy: then
 * `refused` is true. Gives the line for the log; tells the person what was run and done.
 */
export async function copyTo(
  { text, to, program, local }: Target,
  source: string,
  now: Measure,
  last: Copy | undefined,
  { dryRun, deletes, shrinks, quiet }: How,
): Promise<{ line: Copy; refused: boolean }> {
  const began = new Date()
  const at = began.toISOString()
  const why = whyNot(now, last, shrinks) ?? (local ? whyNotTo(to, last) : undefined)
  const about = { what: 'copy', at, source, to: text, ...now } as const
  if (why) {
    say(`Cannot back up ${source} to ${text}: ${why}`)
    const none = { sent: 0, sentBytes: 0, deleted: 0, seconds: 0 }
    return { line: { ...about, ...none, end: 'bad', error: why }, refused: true }
  }
  const stamp = at.slice(0, 19).replaceAll(':', '-')
  const command = program.copy(source, to, { dryRun, deletes, stamp })
  if (!quiet) say(spelled(command))
  const counting = program.counting()
  const shown = progress(undefined, 'files', { quiet })
  const errors: string[] = []
  const ran = await run(command, (line, stream) => {
    const trouble = stream === 'err' ? program.trouble(line) : undefined
    if (trouble && errors.length < SHOWN) errors.push(trouble)
    const went = counting.line(line)
    if (!went) return
    shown.tick({ sent: went.bytes, now: went.item })
    if (dryRun) console.log(harmless(went.item))
  }).finally(doing('sending'))
  shown.end()
  const end = program.ending(ran)
  for (const line of end === 'good' ? [] : errors) say(`  ${line}`)
  const counts = counting.counts()
  const sent = `${count(counts.sent, 'file')} ${dryRun ? 'to be sent' : 'sent'} (${size(counts.sentBytes)})`
  const held = `${number(now.files)} (${size(now.bytes)})`
  say(
    `${text}: ${ENDS[end]}: ${sent}, ${number(counts.deleted)} taken out; the gallery holds ${held}`,
  )
  const line: Copy = {
    ...about,
    ...(local && { toMount: mountOf(to) }),
    ...counts,
    end,
    seconds: Math.round((Date.now() - +began) / 100) / 10,
    ...(end !== 'good' && { error: errors[0] ?? `it ended with ${ran.code}` }),
  }
  return { line, refused: false }
}

/** A disk that is not mounted leaves an empty folder, which a copy would fill. */
function whyNotTo(to: string, last: Copy | undefined): string | undefined {
  if (!existsSync(to)) return 'it is not there: mount its disk, or make it with mkdir'
  if (last?.toMount && isUnmounted(mountOf(to), last.toMount))
    return `the disk that was mounted at ${last.toMount} is not there: mount it`
}
