import { EXCLUDED, KEPT, type Program } from './program.ts'
import { run } from './running.ts'

// Exit codes: some could not be read; some vanished while it ran, which is the owner at work.
const SOME = 23
const VANISHED = 24

const FIGURES = [
  [/^Number of regular files transferred: ([\d,]+)/, 'sent'],
  [/^Total transferred file size: ([\d,]+)/, 'sentBytes'],
  [/^Number of deleted files: ([\d,]+)/, 'deleted'],
] as const

/**
 * rsync, to a disk or over ssh. What a run replaces, and with `deletes` what it deletes, goes to a dated folder in the copy:
 * a copy of what was spoiled here does not spoil it there.
 */
export const rsync: Program = {
  copy: (source, to, { dryRun, deletes, stamp }) => [
    ...'rsync -aHs --stats --partial-dir=.photoferry-partial'.split(' '),
    '--out-format=%o %l %n',
    '--backup',
    `--backup-dir=${KEPT}/${stamp}`,
    `--exclude=/${KEPT}`,
    ...EXCLUDED.map((pattern) => `--exclude=${pattern}`),
    ...(deletes ? ['--delete-after'] : []),
    ...(dryRun ? ['--dry-run'] : []),
    '--',
    inside(source),
    inside(to),
  ],
  counting() {
    const counts = { sent: 0, sentBytes: 0, deleted: 0 }
    return {
      line(text) {
        const [, what, bytes, name = ''] = /^(send|del\.) (\d+) (.*[^/])$/s.exec(text) ?? []
        if (what) return { item: what === 'send' ? name : `deletes ${name}`, bytes: Number(bytes) }
        for (const [pattern, figure] of FIGURES) {
          const found = pattern.exec(text)?.[1]
          if (found) counts[figure] = Number(found.replaceAll(',', ''))
        }
      },
      counts: () => counts,
    }
  },
  trouble: (text) => text.trim() || undefined,
  ending: ({ code }) => (code === 0 || code === VANISHED ? 'good' : code === SOME ? 'some' : 'bad'),
  /** Each end computes its own checksums: over ssh nothing is downloaded. */
  async check(source, to, files) {
    const [differ, missing]: string[][] = [[], []]
    const command = 'rsync -ncs --from0 --files-from=-'.split(' ')
    const ran = await run(
      [...command, '--out-format=%i %n', '--', inside(source), inside(to)],
      (line, stream) => {
        // `<f` or `>f`: it would be sent; plus signs: for the first time.
        const [, how, name = ''] = (stream === 'out' && /^[<>]f(\S+) (.*)$/s.exec(line)) || []
        if (how) (how.startsWith('+') ? missing : differ)?.push(name)
      },
      files.map(({ path }) => `${path}\0`).join(''),
    )
    const isGood = ran.code === 0 || ran.code === VANISHED
    const trouble = isGood ? undefined : (ran.errors[0] ?? `rsync ended with ${ran.code}`)
    return {
      differ: differ ?? [],
      missing: missing ?? [],
      unchecked: 0,
      ...(trouble && { trouble }),
    }
  },
}

/** What lies in a folder, not the folder. */
const inside = (folder: string) => `${folder.replace(/\/+$/, '')}/`
