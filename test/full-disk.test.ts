import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { argsOf, makeHome, runStage, smallDisk } from './sandbox/campaign.ts'
import { type Standin, startImmich } from './sandbox/immich.ts'
import { makeTakeout, type Shot } from './sandbox/takeout.ts'

const root = mkdtempSync(join(tmpdir(), 'full-disk-'))
const shots = Array.from({ length: 60 }, (_, n): Shot => {
  return {
    folder: 'Photos from 2021',
    name: `IMG_${n}.jpg`,
    taken: 1_614_592_800 + n * 3600,
    size: [32, 24],
    facts: { description: 'x'.repeat(2000) },
  }
})
let home: string
let server: Standin
let unmount: Awaited<ReturnType<typeof smallDisk>>

beforeAll(async () => {
  home = await makeHome(join(root, 'home'))
  await makeTakeout(join(home, 'takeout'), { shots }, { parts: 1 })
  server = await startImmich({ folder: null, extractDelayMs: 5 })
  unmount = await smallDisk(join(home, 'data'), 1 << 20)
  if (!unmount) console.log('NOT TESTED on a real full disk: this user may mount none')
})
afterAll(async () => {
  unmount?.()
  await server.stop()
  rmSync(root, { recursive: true, force: true })
})
const filler = () => join(home, 'data/filler')
afterEach(() => rmSync(filler(), { force: true }))

const stage = (name: string, args = argsOf(name)) =>
  runStage(home, name, args, {
    env: { IMMICH_URL: server.url, IMMICH_API_KEY: server.key, ACCOUNT: '' },
  })
/** Leaves so many bytes of the disk. */
function fill(left: number) {
  rmSync(filler(), { force: true })
  const { bavail, bsize } = statfsSync(join(home, 'data'))
  writeFileSync(filler(), Buffer.alloc(bavail * bsize - left))
}

test('a disk that is really full stops each stage with the reason, and each goes on where there is room', async ({
  skip,
}) => {
  if (!unmount) return skip()
  // Not even a lock fits.
  fill(0)
  const first = await stage('index-gphotos')
  expect([first.code, first.text]).toEqual([
    1,
    expect.stringMatching(/disk full.*: make room and run /),
  ])
  rmSync(filler())
  expect((await stage('index-gphotos')).code).toBe(0)
  await stage('index-immich')
  await stage('link')
  const before = readFileSync(join(home, 'data/state.json'), 'utf8')

  // The journal fills it in the middle, and what a reader sees is a whole state.
  fill(8192)
  const sent = await stage('transfer')
  expect([sent.code, sent.text]).toEqual([
    1,
    expect.stringMatching(
      /Cannot write the state: disk full \(.*\): make room and run again, it goes on from here\n$/,
    ),
  ])
  expect(readFileSync(join(home, 'data/state.json'), 'utf8')).toBe(before)
  expect((await stage('status')).code).toBe(0)

  // Room for the journal, none for the new document: the fold fails, and nothing of the old is lost.
  fill(100_000)
  const folded = await stage('transfer')
  expect([folded.code, folded.text]).toEqual([1, expect.stringContaining('disk full')])
  expect(existsSync(join(home, 'data/state.json.tmp'))).toBe(false)
  rmSync(filler())
  const last = await stage('transfer')
  expect([last.code, last.text]).toEqual([0, expect.any(String)])
  expect(server.db.assets.size).toBe(shots.length)
  expect((await stage('transfer')).text).toMatch(/nothing to send: 60 sent before/)
}, 120_000)

test('settings that find the disk full leave the .env as it was', async ({ skip }) => {
  const disk = join(root, 'settings')
  const away = await smallDisk(disk, 64 << 10)
  if (!away) return skip()
  try {
    const { writeSettings } = await import('../lib/dotenv.ts')
    const file = join(disk, '.env')
    writeSettings(file, { IMMICH_API_KEY: 'old' })
    const more = `# ${'x'.repeat(30_000)}\n`
    writeFileSync(file, readFileSync(file, 'utf8') + more)
    writeFileSync(join(disk, 'filler'), Buffer.alloc(20_000))
    expect(() => writeSettings(file, { IMMICH_API_KEY: 'new' })).toThrow(
      /Cannot write .*\.env: disk full: make room and run again/,
    )
    expect(readFileSync(file, 'utf8')).toBe(`IMMICH_API_KEY=old\n${more}`)
    expect(existsSync(`${file}.new`)).toBe(false)
    rmSync(join(disk, 'filler'))
    expect(writeSettings(file, { IMMICH_API_KEY: 'new' })).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  } finally {
    away()
  }
})
