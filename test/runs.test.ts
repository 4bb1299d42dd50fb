import { expect, test } from 'vitest'
import type { Run } from '../lib/state/records.ts'
import { allRuns, lastRuns, ran } from '../lib/state/runs.ts'

test('every run is kept in short, the last of each stage whole; one that never ended is among them', () => {
  const runs: Record<string, Run> = {}
  const state = { put: (_: string, key: string, run: Run) => Object.assign(runs, { [key]: run }) }
  const keep = (run: Run) => ran(state as unknown as Parameters<typeof ran>[0], run)
  keep({ stage: 'transfer', at: '2026-01-01', seconds: 4, bytes: 70, sent: 9 })
  keep({ stage: 'verify', at: '2026-01-02', seconds: 1 })
  keep({ stage: 'transfer', at: '2026-01-03', seconds: 2, bytes: 0, sent: 0 })
  runs.verify = { stage: 'verify', at: '2026-01-04' }
  expect(lastRuns(runs)).toEqual([
    { stage: 'transfer', at: '2026-01-03', seconds: 2, bytes: 0, sent: 0 },
    { stage: 'verify', at: '2026-01-04' },
  ])
  expect(allRuns(runs).map(({ stage, at, bytes }) => [stage, at, bytes])).toEqual([
    ['verify', '2026-01-04', undefined],
    ['transfer', '2026-01-03', 0],
    ['verify', '2026-01-02', undefined],
    ['transfer', '2026-01-01', 70],
  ])
})
