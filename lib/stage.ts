import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type ParseArgsOptionsConfig, parseArgs, parseEnv } from 'node:util'
import { diskTrouble, troubleText } from './errno.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  const say = 'Cannot run on Node'
  process.stderr.write(
    `photoferry: ${say} ${process.versions.node}: run it by \`make\`, which brings its own\n`,
  )
  process.exit(1)
}

/** The stage's one name: its file, make target, log prefix, test and README row. */
export const stage = basename(process.argv[1] ?? 'photoferry').replace(/\.ts$/, '')

/** A message for the person at the terminal, without a stack: `Cannot <action>: <found>: <do this>`. */
export class Fail extends Error {
  exitCode: number
  constructor(
    message: string,
    { exitCode = 1, cause }: { exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.name = 'Fail'
    this.exitCode = exitCode
  }
}

/** Narration: one line to stderr, prefixed with the stage. Data for pipes goes to stdout by console.log. */
export function say(text: string) {
  process.stderr.write(`${stage}: ${harmless(text)}\n`)
}

/** Data for pipes, right before an exit, which would cut off what is still on its way. */
export function print(lines: string[]): Promise<void> {
  const text = lines.map((line) => `${harmless(line)}\n`).join('')
  return new Promise((done) => process.stdout.write(text, () => done()))
}

/** Without what commands a terminal or turns its letters round: titles and names come from anywhere. */
export function harmless(text: string) {
  return text.replace(/(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** One line of JSON for stdout, with what could command a terminal escaped; it means the same. */
export function jsonLine(value: unknown) {
  return JSON.stringify(value).replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const shared = {
  state: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean', short: 'n' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig

/**
 * Reads the command line: the stage's own flags and the shared ones (--state --limit --dry-run --json
 * --quiet --verbose --help), and of flags that are not given the settings: PHOTOFERRY_NO_PARTNER=1 stands for --no-partner.
 * Prints `usage` for --help; an unknown flag ends the process with exit 2.
 * `limit` comes back as a number (Infinity when absent), `state` as a path.
 */
export function flags<const Own extends ParseArgsOptionsConfig>(
  usage: string,
  own: Own,
  { positionals: allowPositionals = false } = {},
) {
  type Values = ReturnType<typeof parseArgs<{ options: Own }>>['values'] &
    Omit<ReturnType<typeof parseArgs<{ options: typeof shared }>>['values'], 'limit' | 'state'>
  let values: Record<string, unknown>
  let positionals: string[]
  try {
    const options: ParseArgsOptionsConfig = { ...shared, ...own }
    const args = process.argv.slice(2)
    const { tokens } = parseArgs({ options, allowPositionals, tokens: true, args })
    const typed = new Set(tokens.map((token) => token.kind === 'option' && token.name))
    const preset = Object.keys(options).filter((flag) => !typed.has(flag) && flag !== 'help')
    ;({ values, positionals } = parseArgs({
      options,
      allowPositionals,
      args: [...preset.flatMap((flag) => setting(flag, options[flag]?.type)), ...args],
    }))
  } catch (error) {
    const reason = (error as Error).message.split('. ')[0]
    throw new Fail(`${reason}\n\n${usage.trim()}`, { exitCode: 2 })
  }
  if (values.help) {
    process.stdout.write(`${usage.trim()}\n`)
    process.exit(0)
  }
  const limit =
    values.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', values.limit)
  const state = String(values.state ?? `${dataFolder}/state.json`)
  return { ...(values as Values), limit, state, positionals }
}

/** A flag as .env or the environment sets it. */
function setting(flag: string, type: 'string' | 'boolean' | undefined): string[] {
  const name = `PHOTOFERRY_${flag.replaceAll('-', '_').toUpperCase()}`
  const value = process.env[name] ?? ''
  if (value === '' || (type === 'boolean' && /^(0|no|false)$/i.test(value))) return []
  if (type === 'string') return [`--${flag}=${value}`]
  if (/^(1|yes|true)$/i.test(value)) return [`--${flag}`]
  throw new Fail(`Cannot read ${name}="${value}": set it to 1 or leave it out`, { exitCode: 2 })
}

/** `text` as a whole number >= `least`; throws a usage Fail (exit 2) that names `flag` otherwise. */
export function wholeNumber(flag: string, text: unknown, least = 1): number {
  const number = Number(text)
  if (!/^\d+$/.test(String(text)) || number < least || !Number.isSafeInteger(number)) {
    throw new Fail(`Cannot read ${flag}: "${text}" is no whole number >= ${least}`, { exitCode: 2 })
  }
  return number
}

/** `text` where it is one of these words; throws a usage Fail (exit 2) that names `flag` otherwise. */
export function oneOf<const Word extends string>(
  flag: string,
  text: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new Fail(`Cannot read ${flag}: "${text}" is none of ${words.join(', ')}`, { exitCode: 2 })
}

// ACCOUNT=anna keeps a second person apart: her own .env.anna and data/anna/.
const account = process.env.ACCOUNT ?? ''
if (!/^[\w-]*$/.test(account)) {
  process.stderr.write(`${stage}: Cannot use ACCOUNT="${account}": only letters, digits, _ and -\n`)
  process.exit(2)
}
export const envFile = account ? `.env.${account}` : '.env'
export const dataFolder = account ? `data/${account}` : 'data'
/** The hint of a command in the form that the person types: `make link ARGS="--dry-run"`. */
export function hint(target: string, args = '') {
  const who = account ? `ACCOUNT=${account} ` : ''
  return `\`${who}make ${target}${args ? ` ARGS="${args}"` : ''}\``
}

/** What .env sets; a variable that is set already wins over the file. */
function readSettings() {
  if (!existsSync(envFile)) return
  let bytes: Buffer
  try {
    bytes = readFileSync(envFile)
  } catch (error) {
    throw new Fail(`Cannot read ${envFile}: ${troubleText(error)}`)
  }
  if (bytes.includes(0))
    throw new Fail(`Cannot read ${envFile}: it is no plain text: save it as UTF-8`)
  // Editors of Windows put a mark before the first line.
  const set = parseEnv(String(bytes).replace(/^\uFEFF/, ''))
  for (const [name, value] of Object.entries(set)) process.env[name] ??= value
}

function end(error: unknown) {
  if (error instanceof Fail) {
    say(error.message)
    process.exit(error.exitCode)
  }
  // A server's refusal that no item could be charged with.
  if ((error as Error).name === 'Refused') {
    say(`Cannot go on: ${(error as Error).message}`)
    process.exit(1)
  }
  const trouble = diskTrouble(error)
  if (trouble) {
    const { path = 'a file' } = error as NodeJS.ErrnoException
    say(`Cannot go on: ${path}: ${trouble.join(': ')}`)
    process.exit(1)
  }
  // Anything else is our bug, and then the stack is what helps.
  const { stack } = error as Error
  say(`This is a bug in photoferry, please report it:\n${stack ?? error}`)
  process.exit(1)
}
// A reader that has seen enough (`| head`) ends the stage as it is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
process.on('uncaughtException', end)
process.on('unhandledRejection', end)
readSettings()
