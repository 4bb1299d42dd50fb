import { spawn, spawnSync } from 'node:child_process'

/** Whether a stage can be run on a terminal of its own here: by `script` of util-linux. */
export const hasTerminal = /util-linux/.test(
  String(spawnSync('script', ['--version']).stdout ?? ''),
)
if (!hasTerminal)
  console.warn(
    'NOT TESTED: what a person sees on a terminal, since util-linux `script` is not here',
  )

/**
 * Runs a script as a person at a terminal does. `act` gets all that was shown so far whenever there is more, and `type`,
 * which presses keys (`\x03` is Ctrl-C).
 */
export async function onTerminal(
  args: string[],
  { cwd, env }: { cwd: string; env: Record<string, string | undefined> },
  act: (shown: string, type: (keys: string) => void) => void,
): Promise<{ code: number | null; shown: string; seconds: number }> {
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ')
  const started = performance.now()
  const child = spawn('script', ['-qefc', `stty cols 200; exec ${command}`, '/dev/null'], {
    cwd,
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' } as NodeJS.ProcessEnv,
  })
  let shown = ''
  child.stdout.on('data', (data) => {
    shown += data
    act(shown, (keys) => child.stdin.write(keys))
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, shown, seconds: (performance.now() - started) / 1000 }
}
