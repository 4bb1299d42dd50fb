import type { Ran } from './running.ts'

/** What a run of a program did, as its own figures tell. */
export type Counts = { sent: number; sentBytes: number; deleted: number }
/** One file of the source that a check asks for: its path below it; time in ms. */
export type Wanted = { path: string; size: number; modified: number }
/** Paths that differ or are not there; how many could not be asked for; what kept the check from its end. */
export type Checked = { differ: string[]; missing: string[]; unchecked: number; trouble?: string }

/** A program that keeps copies, and how it is told to. */
export type Program = {
  /** The one command line that makes the copy; `stamp` names what this run keeps of what it replaces. */
  copy(
    source: string,
    to: string,
    how: { dryRun: boolean; deletes: boolean; stamp: string },
  ): string[]
  /** Reads what it prints while it copies; `line` gives the file that went (in a dry run: would go). */
  counting(): {
    line(text: string): { item: string; bytes: number } | undefined
    counts(): Counts
  }
  /** Of a line on its stderr, what went wrong. */
  trouble(text: string): string | undefined
  /** How it ended; `some`: a few files could not be read, the rest is there. */
  ending(ran: Ran): 'good' | 'some' | 'bad'
  /** Compares these files of the source with the copy, by their bytes. */
  check(source: string, to: string, files: Wanted[], how: { download: boolean }): Promise<Checked>
}

// Our own trash and drafts, and what Syncthing has not received whole.
export const EXCLUDED = [
  '.photoferry-trash',
  '.*.photoferry-part',
  '.syncthing.*.tmp',
  '~syncthing~*.tmp',
]
/** Where a run keeps what it replaced or deleted in a copy. */
export const KEPT = '.photoferry-kept'
