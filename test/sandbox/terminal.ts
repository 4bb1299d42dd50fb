import { spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import columnsOf from 'string-width'

/** Whether a stage can be run on a terminal of its own here: by `script` of util-linux. */
export const hasTerminal = /util-linux/.test(
  String(spawnSync('script', ['--version']).stdout ?? ''),
)
if (!hasTerminal)
  console.warn(
    'NOT TESTED: what a person sees on a terminal, since util-linux `script` is not here',
  )

/**
 * Runs a script as a person at a terminal does, with nothing of our own environment but what is given: CI=true alone would
 * take the colours away. `act` gets all that was shown so far whenever there is more, and `type`, which presses keys
 * (`\x03` is Ctrl-C).
 */
export async function onTerminal(
  args: string[],
  { cwd, env = {}, columns = 200 }: { cwd: string; env?: Record<string, string>; columns?: number },
  act: (shown: string, type: (keys: string) => void) => void,
): Promise<{ code: number | null; shown: string }> {
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn(
    'script',
    ['-qefc', `stty cols ${columns} rows 40; exec ${command}`, '/dev/null'],
    {
      cwd,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? cwd,
        NODE_COMPILE_CACHE: join(tmpdir(), 'photoferry-compiled'),
        ...env,
        SHELL: '/bin/sh',
        TERM: 'xterm',
      },
    },
  )
  let shown = ''
  child.stdout.on('data', (data) => {
    shown += data
    act(shown, (keys) => child.stdin.write(keys))
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, shown }
}

const ESCAPE = '\x1b'
const COMMANDS = new RegExp(`${ESCAPE}\\[([\\d;?]*)([A-Za-z])|[\\s\\S]`, 'gu')

/** What stands on a terminal of so many columns after `shown` was written to it, and how many lines were wrapped by it. */
export function screenOf(shown: string, columns: number) {
  const lines: string[][] = [[]]
  let [row, column, wrapped] = [0, 0, 0]
  const down = () => {
    row++
    lines[row] ??= []
  }
  for (const [text, command = '', final] of shown.matchAll(COMMANDS)) {
    const many = Number(command) || 1
    const line = lines[row] as string[]
    if (final === 'A') row = Math.max(0, row - many)
    else if (final === 'B') row = Math.min(lines.length - 1, row + many)
    else if (final === 'G') column = many - 1
    else if (final === 'K' && command === '2') line.length = 0
    else if (final === 'K') line.length = Math.min(line.length, column)
    else if (final) continue
    else if (text === '\r') column = 0
    else if (text === '\n') down()
    else {
      const width = columnsOf(text)
      if (column + width > columns) {
        wrapped++
        down()
        column = 0
      }
      const now = lines[row] as string[]
      while (now.length < column) now.push(' ')
      now[column] = text
      if (width === 2) now[column + 1] = ''
      column += width
    }
  }
  const text = lines.map((line) => line.join('').trimEnd())
  while (text.at(-1) === '') text.pop()
  return { lines: text, wrapped }
}
