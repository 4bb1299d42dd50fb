import { count, duration, number, terms } from '../progress.ts'
import { doing } from '../spent.ts'
import { harmless, say } from '../stage.ts'
import type { Chosen } from './choosing.ts'
import type { Check } from './log.ts'
import type { Target } from './targets.ts'

/**
 * Compares the chosen files with the copy of them, which was made so many seconds ago, and prints those that are not the same.
 * Gives the line for the log.
 */
export async function checkAt(
  { text, to, program }: Target,
  source: string,
  { files, fresh, later }: Chosen,
  { age, download }: { age: number; download: boolean },
): Promise<Check> {
  const began = new Date()
  const found = await program.check(source, to, files, { download }).finally(doing('reading'))
  const [differ, missing] = [found.differ.length, found.missing.length]
  for (const path of found.differ) console.log(harmless(`differs ${path}`))
  for (const path of found.missing) console.log(harmless(`missing ${path}`))
  if (found.trouble) say(`Cannot check ${text} whole: ${found.trouble}`)
  const checked = files.length - found.unchecked
  const rows = terms([
    [checked - differ - missing, 'agree'],
    [differ, 'differ'],
    [missing, 'missing'],
  ])
  const unasked =
    found.unchecked > 0
      ? `; ${number(found.unchecked)} ${found.trouble ? 'not compared' : 'whose names it cannot take'}`
      : ''
  const since = later > 0 ? `; ${number(later)} came after that` : ''
  say(
    `${text}: ${count(checked, 'file')} checked, ${number(fresh)} of them new = ${rows}${unasked}; the last good copy is ${ageOf(age)} old${since}`,
  )
  if (differ > 0)
    say('look which of the two is right: what is wrong in the copy, delete there and back up again')
  return {
    what: 'check',
    at: began.toISOString(),
    source,
    to: text,
    end: differ + missing === 0 && !found.trouble ? 'good' : 'bad',
    checked,
    differ,
    missing,
    seconds: Math.round((Date.now() - +began) / 100) / 10,
    ...(found.trouble && { error: found.trouble }),
  }
}

function ageOf(seconds: number) {
  return seconds < 2 * 86_400 ? duration(seconds) : `${number(seconds / 86_400)} days`
}
