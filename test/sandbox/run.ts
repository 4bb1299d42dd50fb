import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { State } from '../../lib/state/records.ts'
import { type Standin, startImmich } from './immich.ts'
import { type Description, makeTakeout, type Shot } from './takeout.ts'

export type Ran = { code: number | null; out: string; err: string }
export type Running = { child: ReturnType<typeof spawn>; done: Promise<Ran> }

const scripts = join(import.meta.dirname, '../../scripts')

/** Starts a stage as a person would, in `cwd`, with nothing of our own environment but what is given. */
export function start(
  stage: string,
  args: string[],
  { cwd, env = {}, blocks }: { cwd: string; env?: Record<string, string>; blocks?: number },
): Running {
  const command = [process.execPath, join(scripts, `${stage}.ts`), ...args]
  // Its files may have at most so many blocks: a disk that is full.
  const [file = '', ...rest] = blocks
    ? ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', ...command]
    : command
  const child = spawn(file, rest, {
    cwd,
    env: given({
      PATH: process.env.PATH ?? '',
      HOME: cwd,
      TIME_ZONE: 'Europe/Berlin',
      // Most of a short stage's time is the reading of its modules.
      NODE_COMPILE_CACHE: join(tmpdir(), 'photoferry-compiled'),
      PHOTOFERRY_RETRY_MS: '5',
      PHOTOFERRY_RETRIES: '3',
      PHOTOFERRY_POLL_MS: '60',
      ...env,
    }),
  })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (text) => {
    ran.out += text
  })
  child.stderr.on('data', (text) => {
    ran.err += text
  })
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ ...ran, code: code ?? (signal === 'SIGKILL' ? 137 : -1) }),
    )
  })
  return { child, done }
}

/** An empty setting is one that is not there. */
const given = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))

export type World = Awaited<ReturnType<typeof world>>

/** A folder of its own with a Takeout and a stand-in Immich beside it. `env` is what every stage is told besides. */
export async function world({
  shots = [],
  env: own = {},
  server: options = {},
  takeout: { parts = 1, format = 'zip' as 'zip' | 'tgz' | 'folder' } = {},
  ...rest
}: Partial<Description> & {
  env?: Record<string, string>
  server?: Parameters<typeof startImmich>[0]
  takeout?: { parts?: number; format?: 'zip' | 'tgz' | 'folder' }
} = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
  const server: Standin = await startImmich({ folder: null, extractDelayMs: 1, ...options })
  const { paths, expected } = await makeTakeout(
    join(dir, 'takeout'),
    { shots, ...rest },
    {
      parts,
      format,
    },
  )
  const env = { IMMICH_URL: server.url, IMMICH_API_KEY: server.key, ...own }
  const state = join(dir, 'state.json')
  const begin = (stage: string, args: string[] = [], more: Record<string, string> = {}) =>
    start(stage, stage === 'auth' ? args : [...args, '--state', state], {
      cwd: dir,
      env: { ...env, ...more },
    })
  const run = (stage: string, args: string[] = [], more: Record<string, string> = {}) =>
    begin(stage, args, more).done
  return {
    dir,
    server,
    state,
    paths,
    expected,
    begin,
    run,
    /** Several stages in order; the last one's end. */
    async stages(...names: string[]) {
      let ran: Ran = { code: 0, out: '', err: '' }
      for (const name of names) {
        const [stage = '', ...args] = name.split(' ')
        ran = await run(stage, stage === 'index-gphotos' ? [join(dir, 'takeout'), ...args] : args)
        if (ran.code !== 0 && ran.code !== 3 && ran.code !== 4)
          throw new Error(`${name}: exit ${ran.code}\n${ran.err}`)
      }
      return ran
    },
    load: () => JSON.parse(readFileSync(state, 'utf8')) as State,
    /** The asset of a photo by its title. */
    asset(title: string) {
      const found = [...server.db.assets.values()].filter((one) => one.originalFileName === title)
      if (found.length !== 1) throw new Error(`${found.length} assets are called ${title}`)
      return found[0] as (typeof found)[number]
    },
    titles: () =>
      [...server.db.assets.values()]
        .filter(({ visibility }) => visibility !== 'hidden')
        .map(({ originalFileName }) => originalFileName)
        .sort(),
    /** A copy of the state, to come back to. */
    keep: (name: string) => cp(state, join(dir, name)),
    back: (name: string) => cp(join(dir, name), state),
    async end() {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A small picture in its year's folder, minutes after noon of 1 June 2024. */
export function picture(name: string, minute: number, more: Partial<Shot> = {}): Shot {
  return {
    folder: 'Photos from 2024',
    name,
    taken: Date.UTC(2024, 5, 1, 12, minute) / 1000,
    size: [48, 36],
    ...more,
  }
}

/** The same picture in an album's folder. */
export const inAlbum = (folder: string, ...shots: Shot[]): Shot[] =>
  shots.map((shot) => ({ ...shot, folder }))
