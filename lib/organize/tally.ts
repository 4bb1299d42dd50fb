import type { PassedOver } from '../folders/walking.ts'
import { count, number, terms } from '../progress.ts'
import { say } from '../stage.ts'

const FATES = ['done', 'there', 'before', 'waits', 'left', 'failed'] as const
type Fate = (typeof FATES)[number]

/** Counts what became of each file; every file of the inboxes is in one row, and the rows add up. */
export function tallyOf() {
  const rows = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>
  const why = new Map<string, number>()
  const add = (fate: Fate, many = 1) => {
    rows[fate] += many
  }
  const leave: PassedOver = (_, reason) => {
    rows.left++
    why.set(reason, (why.get(reason) ?? 0) + 1)
  }
  return {
    rows,
    why,
    add,
    leave,
    tell(verb: string) {
      for (const [reason, many] of [...why].sort(([, a], [, b]) => b - a))
        say(`  ${number(many)} left alone: ${reason}`)
      const all = Object.values(rows).reduce((sum, many) => sum + many, 0)
      say(
        `${count(all, 'file')} = ${terms([
          [rows.done, verb],
          [rows.there, 'in the gallery already'],
          [rows.before, 'done before'],
          [rows.waits, 'waiting to be whole'],
          [rows.left, 'left alone'],
          [rows.failed, 'failed'],
        ])}`,
      )
    },
  }
}
