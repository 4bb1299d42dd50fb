import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { storedName } from '../lib/immich/upload.ts'
import { argsOf, listing, makeHome, runStage } from './sandbox/campaign.ts'
import { mutated, TITLES, writeHostileZip, writeRawZip } from './sandbox/hostile.ts'
import { type Standin, startImmich } from './sandbox/immich.ts'
import { random } from './sandbox/landscape.ts'
import { makeTakeout } from './sandbox/takeout.ts'

const root = mkdtempSync(join(tmpdir(), 'hostile-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let server: Standin
let home: string
beforeEach(async () => {
  server = await startImmich({ extractDelayMs: 5, folder: null })
  home = await makeHome(join(mkdtempSync(join(root, 'a-')), 'b/c/home'))
})
afterEach(() => server.stop())

// A stage itself takes about 100 MB, and a zip's directory or a sidecar's text some more.
const MEMORY_BYTES = 350e6
const STAGES = [
  'index-gphotos',
  'index-immich',
  'link',
  'transfer --dry-run',
  'transfer',
  'verify',
  'status --list transferred',
  'status',
]
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

/** Runs every stage: none breaks, none takes much memory, and none leaves anything but its state. */
async function run(stages = STAGES) {
  const env = { IMMICH_URL: server.url, IMMICH_API_KEY: server.key }
  const outside = async () =>
    (await listing(join(home, '../../..'))).filter((path) => !/c\/(cache|home\/data)\//.test(path))
  const before = await outside()
  const texts: Record<string, string> = {}
  for (const stage of stages) {
    const [name = '', ...args] = stage.split(' ')
    const { code, text, peak } = await runStage(home, name, [...argsOf(name), ...args], { env })
    expect([stage, text]).toEqual([
      stage,
      expect.not.stringMatching(/bug in photoferry|at .*\.ts:\d+/),
    ])
    expect([stage, code, text]).toEqual([stage, expect.toBeOneOf([0, 3, 4]), text])
    expect(peak).toBeLessThan(MEMORY_BYTES)
    texts[stage] = text
  }
  expect(await outside()).toEqual(before)
  expect(await listing(home, 'data')).toEqual(expect.arrayContaining(['data/state.json 600']))
  return texts
}

test('an export that is out to harm gives its good photos, and the rest is listed', async () => {
  const { good, entries } = writeHostileZip(join(home, 'takeout'))
  const texts = await run()
  const { db } = server
  expect([...db.assets.values()].map(({ checksum }) => checksum).sort()).toEqual(
    good.map(sha1).sort(),
  )
  const plain = (title: string) => title.slice(0, 4096).normalize('NFC')
  expect(new Set([...db.albums.values()].map(({ albumName }) => plain(albumName)))).toEqual(
    new Set(TITLES.map(plain)),
  )
  // Each entry is in one row of the account.
  const [, files = '', rows = ''] =
    /index-gphotos: (\d+) files = (.*)/.exec(texts['index-gphotos'] ?? '') ?? []
  expect(rows.match(/\d+/g)?.reduce((sum, row) => sum + Number(row), 0)).toBe(Number(files))
  expect(Number(files)).toBeGreaterThan(entries - 5)
  for (const text of Object.values(texts))
    for (const letter of ['\u001b', '\u202e', '\u009b']) expect(text).not.toContain(letter)
  expect(texts['transfer --dry-run']).toContain('\ufffd[2J')
  expect(texts.transfer).toContain('\ufffd[2J\ufffdcrc.jpg: ')
  expect(storedName('../../x.jpg')).not.toContain('/')
})

test.each([
  ['a zip of nothing', (path: string) => writeRawZip(path, [])],
  [
    'a zip of the index page alone',
    (path: string) =>
      writeRawZip(path, [{ path: 'Takeout/archive_browser.html', data: Buffer.from('<html>') }]),
  ],
  [
    'a tgz of nothing',
    (path: string) => writeFileSync(path.replace('.zip', '.tgz'), gzipSync(Buffer.alloc(1024))),
  ],
  ['an empty folder', (path: string) => mkdirSync(join(path, '../Takeout'))],
])('%s is an export without photos, which is said', async (_, write) => {
  write(join(home, 'takeout/takeout-20260115T101500Z-3-001.zip'))
  const { text, code } = await runStage(home, 'index-gphotos', ['takeout'])
  expect(text).not.toMatch(/bug in photoferry/)
  expect(code).toBeOneOf([0, 1, 3, 4])
  expect(text).toMatch(/0 photos|Cannot/)
})

test('ten thousand albums are indexed and linked before the test is given up', async () => {
  const entries = Array.from({ length: 10_000 }, (_, n) => ({
    path: `Takeout/Google Photos/Album ${n}/metadata.json`,
    data: Buffer.from(JSON.stringify({ title: n % 3 ? `Album ${n}` : 'Untitled' })),
  }))
  const shots = {
    path: 'Takeout/Google Photos/Photos from 2021/a.jpg',
    data: Buffer.from('not a picture'),
  }
  writeRawZip(join(home, 'takeout/takeout-20260115T101500Z-3-001.zip'), [...entries, shots])
  await run(['index-gphotos', 'index-immich', 'link', 'transfer'])
  expect(
    Object.keys(JSON.parse(readFileSync(join(home, 'data/state.json'), 'utf8')).albums),
  ).toHaveLength(10_000)
})

test.each([1, 2, 3])(
  'of archives with random damage only true bytes are sent (%i)',
  async (seed) => {
    const next = random(seed)
    const shots = Array.from({ length: 8 }, (_, n) => ({
      folder: 'Photos from 2021',
      name: `IMG_${n}.jpg`,
      taken: 1_614_592_800 + n,
      size: [32, 24] as [number, number],
    }))
    const whole = join(home, 'tmp')
    const { paths, expected } = await makeTakeout(
      whole,
      { shots, albums: [{ folder: 'Photos from 2021', title: 'x' }] },
      { parts: 1 },
    )
    const { paths: tars } = await makeTakeout(whole, { shots }, { parts: 1, format: 'tgz' })
    for (let n = 0; n < 24; n++) {
      const from = n % 4 === 3 ? tars[0] : paths[0]
      const name = `takeout-202601${String(n + 10).padStart(2, '0')}T101500Z-3-001.${n % 4 === 3 ? 'tgz' : 'zip'}`
      writeFileSync(join(home, 'takeout', name), mutated(readFileSync(String(from)), next))
    }
    await run()
    const known = new Set(expected.photos.map(({ sha1 }) => sha1))
    for (const { checksum } of server.db.assets.values()) expect(known).toContain(checksum)
  },
)
