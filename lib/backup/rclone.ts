import { count } from '../progress.ts'
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
  /**
   * By the hashes of the remote; of a crypt remote by encrypting again what lies here: neither downloads a byte. What a remote
   * has no hash of rclone compares by its size alone, and says how many: these agree with nothing.
   */
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
    let unhashed = 0
    const flags = '--one-way --combined - --links --files-from-raw -'.split(' ')
    const ran = await run(
      ['rclone', verb, source, to, ...flags, ...(download ? ['--download'] : [])],
      (line, stream) => {
        const [, sign = '', path = ''] = (stream === 'out' && /^([=*+!-]) (.*)$/.exec(line)) || []
        lists[sign]?.push(path)
        unhashed += Number(/: (\d+) hashes could not be checked$/.exec(line)?.[1] ?? 0)
      },
      askable.map(({ path }) => `${path}\n`).join(''),
    )
    const isGood = ran.code === 0 || differ.length + missing.length > 0
    const said = ran.errors.find((line) => /ERROR|Failed/.test(line))
    const trouble = isGood
      ? unhashed > 0 &&
        `the remote keeps no checksums of ${count(unhashed, 'file')}: say --download`
      : (said ?? `rclone ended with ${ran.code}`)
    return { differ, missing, unchecked: unchecked + unhashed, ...(trouble && { trouble }) }
  },
}

/** Whether a path is encrypted, also where its remote is another name of a crypt remote. */
async function isCrypt(to: string) {
  let told = ''
  await run(['rclone', 'backend', 'features', to], (line, stream) => {
    if (stream === 'out') told += line
  })
  return /"String": "Encrypted /.test(told)
}

function message(text: string): Message {
  try {
    return JSON.parse(text) as Message
  } catch {
    return {}
  }
}
