import { describe, expect, test } from 'vitest'
import { madeAt, scheduleWarning } from '../lib/google/schedule.ts'

const now = Date.parse('2026-11-20T12:00:00Z')
const made = (...days: string[]) => days.map((day) => `takeout-${day}T080000Z`)

describe('what has to be said of a series of exports', () => {
  test.each([
    ['nothing where there is none', [], undefined],
    ['nothing while the newest is fresh', made('20261101'), undefined],
    ['nothing on the seventieth day', made('20260911'), undefined],
    ['that it is old after seventy days', made('20260910'), /71 days old.*Export every 2 months/],
    ['nothing of a name without a stamp', ['my-photos'], undefined],
    [
      'that the year is over when the sixth in a row came',
      made('20260101', '20260302', '20260501', '20260701', '20260901', '20261101'),
      /last of its schedule's year/,
    ],
    [
      'nothing when five came',
      made('20260302', '20260501', '20260701', '20260901', '20261101'),
      undefined,
    ],
    [
      'nothing when older ones are of another series',
      made('20240101', '20240302', '20260501', '20260701', '20260901', '20261101'),
      undefined,
    ],
    [
      'nothing new of an export that was ordered by hand in between',
      made('20260302', '20260501', '20260701', '20260901', '20260910', '20261101'),
      undefined,
    ],
  ])('is %s', (_, names, said) => {
    const warning = scheduleWarning(names, now)
    if (said) expect(warning).toMatch(said)
    else expect(warning).toBeUndefined()
  })

  test('comes from the stamp in the name', () => {
    expect(madeAt('takeout-20260115T101500Z')).toBe(Date.parse('2026-01-15T10:15:00Z'))
    expect(madeAt('takeout-20261315T101500Z')).toBeUndefined()
  })
})
