import type { Run } from './records.ts'
import type { OpenState } from './state.ts'

/** Keeps a run that came to its end: as the last of its stage, and in short as one of all, which the report shows. */
export function ran(state: Pick<OpenState<'runs'>, 'put'>, run: Run): void {
  const { stage, at, seconds, bytes } = run
  state.put('runs', stage, run)
  const brief: Run = { stage, at }
  if (seconds !== undefined) brief.seconds = seconds
  if (typeof bytes === 'number') brief.bytes = bytes
  state.put('runs', `${stage} ${at}`, brief)
}

/** The last run of each stage. */
export function lastRuns(runs: Readonly<Record<string, Run>>): Run[] {
  return Object.entries(runs).flatMap(([key, run]) => (key === run.stage ? [run] : []))
}

/** Every run, the newest first. */
export function allRuns(runs: Readonly<Record<string, Run>>): Run[] {
  const all = Object.entries(runs).filter(
    ([key, { stage, at }]) => key !== stage || !runs[`${stage} ${at}`],
  )
  return all.map(([, run]) => run).sort((a, b) => (a.at < b.at ? 1 : -1))
}
