import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { landscape } from './landscape.ts'
import { start } from './run.ts'

const samples = join(import.meta.dirname, '../fixtures/samples')
export const sample = (name: string) => readFileSync(join(samples, name))

/** A small JPEG, another for each seed. */
export const photo = (seed: number) => landscape({ seed, width: 32, height: 24 })

/** A folder of its own, and stages that run in it. */
export function place(env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'photoferry-'))
  const at = (...parts: string[]) => join(dir, ...parts)
  return {
    dir,
    at,
    /** Writes a file; `modified` in ms. */
    put(path: string, bytes: Buffer | string, modified?: number) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), bytes)
      if (modified !== undefined) utimesSync(at(path), modified / 1000, modified / 1000)
      return at(path)
    },
    folder: (path: string) => mkdirSync(at(path), { recursive: true }),
    copy: (from: string, to: string) =>
      cpSync(at(from), at(to), { recursive: true, preserveTimestamps: true }),
    begin: (stage: string, args: string[] = [], more: Record<string, string> = {}) =>
      start(stage, args, { cwd: dir, env: { ...env, ...more } }),
    run: (stage: string, args: string[] = [], more: Record<string, string> = {}) =>
      start(stage, args, { cwd: dir, env: { ...env, ...more } }).done,
    files: (folder: string) => filesBelow(at(folder)),
    read: (path: string) => readFileSync(at(path)),
    state: () => JSON.parse(readFileSync(at('data/state.json'), 'utf8')),
    end: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** Paths of all files below a folder, hidden ones and links too, sorted. */
export function filesBelow(folder: string, within = ''): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(join(folder, within), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(within, entry.name)
      return entry.isDirectory() ? filesBelow(folder, path) : [path]
    })
    .sort()
}

/** Whether a program is installed; where it is not, the tests that need it are skipped, and that is told. */
export function has(program: string): boolean {
  const there = (process.env.PATH ?? '')
    .split(delimiter)
    .some((dir) => existsSync(join(dir, program)))
  if (!there) console.log(`NOT TESTED: ${program} is not installed`)
  return there
}
