import { join } from 'node:path'

/**
 * Runs index-gphotos, as a stage of its own, into the state of this one. What it cannot read (exit 3) or misses (4) does not
 * stop the rest; what else it ends with ends this process, too.
 */
export async function indexFirst(state: string, quiet = false): Promise<void> {
  const args = ['--state', state, ...(quiet ? ['--quiet'] : [])]
  const stage = join(import.meta.dirname, '../../scripts/index-gphotos.ts')
  const { $ } = await import('zx')
  const run = $({ stdio: 'inherit', nothrow: true, verbose: false })
  const { exitCode } = await run`${process.execPath} ${process.execArgv} ${stage} ${args}`
  if (exitCode !== 0 && exitCode !== 3 && exitCode !== 4) process.exit(exitCode ?? 130)
}
