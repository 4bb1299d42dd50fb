import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { whenInterrupted } from '../interrupt.ts'
import { Fail } from '../stage.ts'

export type Ran = { code: number; errors: string[] }
type Stream = 'out' | 'err'

// Of what a program says went wrong, as much as a person reads.
const KEPT = 20

/**
 * Runs a program, and gives its lines as they come, and how it ended. `input` is what it reads. Throws Fail where it is not
 * installed. When a person interrupts us it is told, and waited for.
 */
export function run(
  [program = '', ...args]: string[],
  onLine: (line: string, stream: Stream) => void,
  input = '',
): Promise<Ran> {
  // Its numbers and words are read: they must not be in a language.
  const env = { ...process.env, LC_ALL: 'C' }
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const errors: string[] = []
  const lines = (stream: Stream) =>
    createInterface({ input: stream === 'out' ? child.stdout : child.stderr }).on(
      'line',
      (line) => {
        onLine(line, stream)
        if (stream === 'err' && line.trim() !== '' && errors.length < KEPT) errors.push(line)
      },
    )
  lines('out')
  lines('err')
  // It may end without having read all.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Fail(`Cannot run ${program}: it is not installed: apt install ${program}`)
          : error,
      ),
    )
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 130 : 1), errors }))
  })
  const over = whenInterrupted(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return ended.finally(over)
}

/** A command as a person would type it. */
export function spelled(command: string[]): string {
  return command
    .map((word) => (/^[\w@%:./=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
