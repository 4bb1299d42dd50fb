import { EXCLUDED, type Program } from './program.ts'
import { run } from './running.ts'

type Message = {
  level?: string
  msg?: string
  object?: string
  size?: number
  stats?: Record<string, number>
}

/**
 * rclone, to any remote of its own configuration; a crypt remote has names and bytes encrypted. What a run replaces, and
 * with `deletes` what it deletes, goes to a dated folder beside the copy.
 */
export const rclone: Program = {
  copy: (source, to, { dryRun, deletes, stamp }) => [
    'rclone',
    deletes ? 'sync' : 'copy',
    source,
    to,
    `--backup-dir=${to}-kept/${stamp}`,
    ...EXCLUDED.map((name) => `--exclude=${name.includes('*') ? name : `${name}/**`}`),
    ...'--links --use-json-log --verbose --stats 24h --stats-log-level NOTICE'.split(' '),
    ...(dryRun ? ['--dry-run'] : []),
  ],
  counting() {
    const counts = { sent: 0, sentBytes: 0, deleted: 0 }
    return {
      line(text) {
        const { msg = '', object, size = 0, stats } = message(text)
        if (stats) counts.sentBytes = stats.bytes ?? 0
        if (object === undefined) return
        if (/^(Copied \((new|replaced)|Skipped copy)/.test(msg)) {
          counts.sent++
          return { item: object, bytes: size }
        }
        if (!/^(Deleted|Moved into backup dir|Skipped (delete|move))/.test(msg)) return
        counts.deleted++
        return { item: `deletes ${object}`, bytes: 0 }
      },
      counts: () => counts,
    }
  },
  trouble(text) {
    const { level, msg } = message(text)
    if (level === undefined) return text.trim() || undefined
    return /error|critical|fatal/.test(level) ? msg : undefined
  },
  // Whatever it could not copy it tells, and copies the rest.
  ending: ({ code }) => (code === 0 ? 'good' : 'bad'),
  /** By the hashes of the remote; of a crypt remote by encrypting again what lies here: neither downloads a byte. */
  async check(source, to, files, { download }) {
    const [differ, missing]: [string[], string[]] = [[], []]
    // Its list has a name a line.
    const askable = files.filter(({ path }) => !/[\r\n]/.test(path))
    const unchecked = files.length - askable.length
    if (askable.length === 0) return { differ, missing, unchecked }
    const verb = !download && (await isCrypt(to)) ? 'cryptcheck' : 'check'
    const lists: Record<string, string[]> = {
      '*': differ,
      '+': missing,
      '-': missing,
      '!': differ,
    }
    const flags = '--one-way --combined - --links --files-from-raw -'.split(' ')
    const ran = await run(
      ['rclone', verb, source, to, ...flags, ...(download ? ['--download'] : [])],
      (line, stream) => {
        const [, sign = '', path = ''] = (stream === 'out' && /^([=*+!-]) (.*)$/.exec(line)) || []
        lists[sign]?.push(path)
      },
      askable.map(({ path }) => `${path}\n`).join(''),
    )
    const isGood = ran.code === 0 || differ.length + missing.length > 0
    const said = ran.errors.find((line) => /ERROR|Failed/.test(line))
    const trouble = isGood ? undefined : (said ?? `rclone ended with ${ran.code}`)
    return { differ, missing, unchecked, ...(trouble && { trouble }) }
  },
}

async function isCrypt(to: string) {
  const kinds = new Map<string, string>()
  await run(['rclone', 'listremotes', '--long'], (line, stream) => {
    const [name = '', kind = ''] = stream === 'out' ? line.split(/:\s+/) : []
    kinds.set(name, kind.trim())
  })
  return kinds.get(to.split(':')[0] ?? '') === 'crypt'
}

function message(text: string): Message {
  try {
    return JSON.parse(text) as Message
  } catch {
    return {}
  }
}
