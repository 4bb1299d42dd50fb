import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ExifTool } from 'exiftool-vendored'
import type { State } from '../../lib/state/records.ts'
import { start } from './run.ts'
import { type Description, makeTakeout, type Shot } from './takeout.ts'

/** A folder of its own with a Takeout, and no server: mirror fills `library` in it. */
export async function home(description: Partial<Description> & { shots: Shot[] }, options = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'photoferry-'))
  const state = join(dir, 'data/state.json')
  const library = join(dir, 'data/library')
  const takeout = join(dir, 'takeout')
  const made = await makeTakeout(takeout, description, options)
  const begin = (
    stage: string,
    args: string[] = [],
    env: Record<string, string> = {},
    more: { blocks?: number } = {},
  ) => start(stage, [...args, '--state', state], { cwd: dir, env, ...more })
  return {
    dir,
    state,
    library,
    ...made,
    /** Another export beside the first. */
    more: (shots: Shot[], stamp: string, more: Partial<Description> = {}) =>
      makeTakeout(takeout, { shots, ...more }, { parts: 1, ...options, stamp }),
    begin,
    run: (stage: string, args: string[] = [], env: Record<string, string> = {}) =>
      begin(stage, args, env).done,
    /** `make mirror TAKEOUT=...`; throws where it does not end well. */
    async mirror(...args: string[]) {
      const ran = await begin('mirror', args, { TAKEOUT: takeout }).done
      if (ran.code !== 0) throw new Error(`mirror: exit ${ran.code}\n${ran.err}`)
      return ran.err
    },
    load: () => JSON.parse(readFileSync(state, 'utf8')) as State,
    file: (path: string) => join(library, path),
    read: (path: string) => readFileSync(join(library, path)),
    tree: (more?: object) => treeOf(library, more),
    end: () => rmSync(dir, { recursive: true, force: true }),
  }
}
export type Home = Awaited<ReturnType<typeof home>>

/** Paths of all files below a folder; of links also where they lead; with `sha1` also what each holds. */
export function treeOf(root: string, { sha1 = false, only = /./ } = {}): string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const name = relative(root, path)
      if (lstatSync(path).isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`
      return sha1 ? `${name} ${sha1Of(readFileSync(path))}` : name
    })
    .filter((line) => only.test(line))
    .sort()
}

export const sha1Of = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

/** A real exiftool of the tests' own; undefined where there is no perl. */
export async function realExiftool() {
  const tool = new ExifTool({ maxProcs: 1 })
  return tool.version().then(
    () => tool,
    () => {
      console.log('NOT TESTED with a real exiftool: it does not run here (no perl)')
      return undefined
    },
  )
}

/** What exiftool reads in a file, by group and name. */
export async function metadataOf(tool: ExifTool, path: string): Promise<Record<string, unknown>> {
  return (await tool.readRaw(path, { readArgs: ['-G1', '-struct', '-n'] })) as never
}
