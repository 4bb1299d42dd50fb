import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { EXCLUDED, type Program } from './program.ts'
import { run } from './running.ts'

type Message = {
  message_type?: string
  action?: string
  item?: string
  data_size?: number
  files_new?: number
  files_changed?: number
  data_added?: number
  error?: { message?: string }
}
const SNAPSHOT_WITHOUT_SOME = 3
// Each is fetched out of the repository whole.
const FETCHED = 5

/** restic, whose snapshots keep every version. It takes its password from RESTIC_PASSWORD, _FILE or _COMMAND. */
export const restic: Program = {
  copy: (source, to, { dryRun }) => [
    ...['restic', '-r', to, 'backup', '--json', '--tag', 'photoferry'],
    ...EXCLUDED.map((pattern) => `--exclude=${pattern}`),
    ...(dryRun ? ['--dry-run', '-vv'] : []),
    source,
  ],
  counting() {
    const counts = { sent: 0, sentBytes: 0, deleted: 0 }
    return {
      line(text) {
        const { message_type, action, item = '/', ...figures } = message(text)
        if (message_type === 'summary') {
          counts.sent = (figures.files_new ?? 0) + (figures.files_changed ?? 0)
          counts.sentBytes = figures.data_added ?? 0
        }
        if (message_type !== 'verbose_status' || item.endsWith('/')) return
        if (action === 'new' || action === 'modified')
          return { item, bytes: figures.data_size ?? 0 }
      },
      counts: () => counts,
    }
  },
  trouble: (text) =>
    message(text).error?.message ?? (text.startsWith('{') ? undefined : text.trim() || undefined),
  ending: ({ code }) => (code === 0 ? 'good' : code === SNAPSHOT_WITHOUT_SOME ? 'some' : 'bad'),
  /**
   * Each file by size and time in the newest snapshot, some of them fetched and compared byte by byte; and a tenth of all that
   * the repository holds is read and hashed by restic itself.
   */
  async check(source, to, files) {
    const newest = ['latest', '--path', source, '--tag', 'photoferry']
    const held = new Map<string, string>()
    const listed = await run(['restic', '-r', to, 'ls', '--json', ...newest], (line, stream) => {
      const { type, path, size, mtime } = (stream === 'out' ? message(line) : {}) as Node
      if (type === 'file') held.set(path, about(size, Date.parse(mtime)))
    })
    const missing = files.filter(({ path }) => !held.has(join(source, path)))
    const differ = files.filter(({ path, size, modified }) => {
      const there = held.get(join(source, path))
      return there !== undefined && there !== about(size, modified)
    })
    const bad = new Set([...missing, ...differ])
    for (const file of files.filter((file) => !bad.has(file)).slice(0, FETCHED)) {
      const path = join(source, file.path)
      const fetched = fetch(['-r', to, 'dump', ...newest, path])
      if ((await hashed(createReadStream(path))) !== (await fetched)) differ.push(file)
    }
    const read = await run(['restic', '-r', to, 'check', '--read-data-subset=10%'], () => {})
    const [failed] = [listed, read].filter(({ code }) => code !== 0)
    const trouble = failed && (failed.errors[0] ?? `restic ended with ${failed.code}`)
    const paths = (some: typeof files) => some.map(({ path }) => path)
    return {
      differ: paths(differ),
      missing: paths(missing),
      unchecked: 0,
      ...(trouble && { trouble }),
    }
  },
}

type Node = { type?: string; path: string; size: number; mtime: string }
const about = (size: number, modified: number) => `${size} ${Math.floor(modified / 1000)}`

async function hashed(bytes: AsyncIterable<Buffer>) {
  const hash = createHash('sha1')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

/** SHA-1 of what restic writes to its standard output. */
function fetch(args: string[]) {
  return hashed(spawn('restic', args, { stdio: ['ignore', 'pipe', 'ignore'] }).stdout)
}

function message(text: string): Message {
  try {
    return JSON.parse(text) as Message
  } catch {
    return {}
  }
}
