import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import type { State } from '../../lib/state/records.ts'
import { startGoogle } from './google.ts'
import { startImmich } from './immich.ts'
import { type Description, makeTakeout, type Shot } from './takeout.ts'

/** A stand-in Google and a stand-in Immich, with folders ("places") to run stages in, each with a state of its own. */
export async function googleWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'google-world-'))
  const google = await startGoogle()
  const immich = await startImmich({ folder: join(folder, 'immich') })

  /** Runs a stage in a place. */
  async function stage(place: string, name: string, args: string[] = []) {
    const child = spawn(process.execPath, [resolve(`scripts/${name}.ts`), ...args], {
      cwd: join(folder, place),
      env: {
        ...process.env,
        ...google.env,
        IMMICH_URL: immich.url,
        IMMICH_API_KEY: immich.key,
        TIME_ZONE: 'Europe/Berlin',
        // Half of a short stage's time goes into compiling it.
        NODE_COMPILE_CACHE: join(tmpdir(), 'photoferry-compiled'),
        PHOTOFERRY_RETRY_MS: '5',
        PHOTOFERRY_RETRIES: '3',
        PHOTOFERRY_POLL_MS: '30',
        PHOTOFERRY_POLITE_MS: '1',
      },
    })
    let text = ''
    const hear = (data: Buffer) => {
      text += data
    }
    child.stderr?.on('data', hear)
    child.stdout?.on('data', hear)
    const code = await new Promise<number | null>((done) => child.on('close', done))
    return { code, text }
  }

  return {
    folder,
    google,
    immich,
    stage,
    /** Several stages, each of which has to end well. */
    async stages(place: string, ...names: string[]) {
      for (const name of names) {
        const { code, text } = await stage(place, name)
        expect({ name, code, text }).toMatchObject({ code: 0 })
      }
    },
    async stateOf(place: string): Promise<State> {
      return JSON.parse(await readFile(join(folder, place, 'data/state.json'), 'utf8'))
    },
    /** A folder to run stages in, signed in for these. */
    async newPlace(place: string, ...purposes: ('drive' | 'picker')[]) {
      const data = join(folder, place, 'data')
      await mkdir(data, { recursive: true })
      await writeFile(join(data, 'google-client.json'), JSON.stringify(google.clientFile()))
      const grants: Record<string, object> = {}
      for (const purpose of purposes) {
        const scope = purpose === 'drive' ? 'drive.readonly' : 'photospicker.mediaitems.readonly'
        grants[purpose] = google.grant(`https://www.googleapis.com/auth/${scope}`)
      }
      await writeFile(join(data, 'google-tokens.json'), JSON.stringify({ version: 1, grants }))
    },
    /** Makes an export and lays it into the Drive. */
    async lay(stamp: string, description: Description, facts = {}, options = {}) {
      const made = await makeTakeout(join(folder, 'takeouts'), description, { stamp, ...options })
      const files = []
      for (const path of made.paths) files.push(await google.put(path, facts))
      return files
    },
    async end() {
      await Promise.all([google.stop(), immich.stop()])
      await rm(folder, { recursive: true })
    },
  }
}

/** The stamp of an export of so many days ago. */
export const recently = (days: number) =>
  `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`

/** Photos number `from` to `to`, a minute apart. */
export const shots = (from: number, to: number): Shot[] =>
  Array.from({ length: to - from }, (_, n) => ({
    folder: 'Photos from 2024',
    name: `IMG_${from + n}.jpg`,
    taken: 1_717_236_000 + (from + n) * 60,
    // Big enough for a sidecar to have no neighbour, as photos are.
    bytes: jpeg(from + n),
  }))

const made = new Map<number, Buffer>()
/** The bytes of photo `n`, about 200 KB. */
export function jpeg(n: number): Buffer {
  const bytes =
    made.get(n) ??
    Buffer.concat([
      Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'),
      randomBytes(200_000 + n),
    ])
  made.set(n, bytes)
  return bytes
}

/** Photo `n` as a person picks it. */
export const picked = (n: number, facts = {}) => ({
  id: `AByIYS-${n}`,
  name: `PICK_${n}.jpg`,
  taken: new Date((1_717_236_000 + n * 60) * 1000).toISOString(),
  bytes: jpeg(n),
  width: 4,
  height: 3,
  ...facts,
})
