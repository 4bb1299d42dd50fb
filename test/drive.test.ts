import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import type { DrivePart } from '../lib/google/drive.ts'
import { startGoogle } from './sandbox/google.ts'

// The state's folder is found from where a stage runs.
const folder = await mkdtemp(join(tmpdir(), 'drive-'))
process.chdir(folder)
const google = await startGoogle()
Object.assign(process.env, google.env, {
  PHOTOFERRY_RETRY_MS: '5',
  PHOTOFERRY_RETRIES: '5',
  PHOTOFERRY_IDLE_MS: '1500',
})
const { exportsInDrive } = await import('../lib/google/drive.ts')
const { driveSource, driveTrouble } = await import('../lib/google/drive-source.ts')
const { limitDrive, read } = await import('../lib/google/drive-meter.ts')
const { partsInDrive } = await import('../lib/google/drive-parts.ts')
const { SCOPES } = await import('../lib/google/google.ts')
const { readClient } = await import('../lib/google/client.ts')
const { signIn } = await import('../lib/google/signin.ts')
const { readDirectory, readEntries, streamEntry } = await import('../lib/archive/zip.ts')

await mkdir('data')
await writeFile('data/google-client.json', JSON.stringify(google.clientFile()))
const signInFor = async (scope: string) =>
  signIn({
    client: await readClient(),
    purpose: 'drive',
    scope,
    paste: false,
    show: (address) => void google.visit(address),
  })

beforeEach(async () => {
  google.files.clear()
  google.faults.length = 0
  google.reset()
  limitDrive(Number.POSITIVE_INFINITY)
  await rm('data/drive', { recursive: true, force: true })
})
afterAll(async () => {
  await google.stop()
  process.chdir(tmpdir())
  await rm(folder, { recursive: true })
})

const HOUR_MS = 3_600_000

describe('the exports in a Drive', async () => {
  await signInFor(SCOPES.unattended)
  const lay = async (name: string, facts = {}) => {
    await writeFile(join(folder, 'some.bin'), 'x')
    return google.put(join(folder, 'some.bin'), { name, ...facts })
  }

  test('are told by name and owner, whatever their type', async () => {
    await lay('takeout-20260115T101500Z-001.zip', { mimeType: 'application/x-zip-compressed' })
    await lay('takeout-20260115T101500Z-002.zip', { mimeType: 'application/octet-stream' })
    await lay('takeout-20260315T101500Z-3-001.tgz')
    await lay('takeout-20260115T101500Z-003.zip', { owned: false })
    await lay('takeout-20260115T101500Z-004.zip', { trashed: true })
    await lay('notes about takeout-20260115T101500Z-005.zip')
    await lay('takeout-plan.zip')
    const found = await exportsInDrive(HOUR_MS)
    expect(
      found.map(({ name, parts, whole }) => [
        name,
        parts.map(({ number, kind }) => [number, kind]),
        whole,
      ]),
    ).toEqual([
      [
        'takeout-20260115T101500Z',
        [
          [1, 'zip'],
          [2, 'zip'],
        ],
        true,
      ],
      ['takeout-20260315T101500Z', [[1, 'tgz']], true],
    ])
  })

  test('are whole when no number is missing and nothing came for a while', async () => {
    await lay('takeout-20260115T101500Z-001.zip')
    await lay('takeout-20260115T101500Z-003.zip')
    await lay('takeout-20260315T101500Z-001.zip', {
      created: new Date(Date.now() - 600_000).toISOString(),
    })
    const found = await exportsInDrive(HOUR_MS)
    expect(found.map(({ whole, why }) => [whole, why])).toEqual([
      [false, 'part 2 is not in Drive'],
      [false, 'its last part came 10 min ago, and more may follow'],
    ])
    expect((await exportsInDrive(300_000))[1]?.whole).toBe(true)
  })

  test('are listed page by page, a part that was delivered twice by its later copy', async () => {
    for (let n = 1; n <= 1001; n++) {
      const name = `takeout-20260115T101500Z-${String(n).padStart(3, '0')}.zip`
      google.files.set(`id${n}`, { ...(await template()), id: `id${n}`, name })
    }
    google.files.set('again', {
      ...(await template()),
      id: 'again',
      name: 'takeout-20260115T101500Z-007.zip',
      created: '2026-02-01T00:00:00.000Z',
    })
    const [found] = await exportsInDrive(HOUR_MS)
    expect(found?.parts.length).toBe(1001)
    expect(found?.parts[6]?.drive.id).toBe('again')
    expect(google.log.filter(({ path }) => path === '/drive/v3/files').length).toBe(2)
    async function template() {
      return {
        path: '',
        size: 1,
        md5: 'x',
        created: '2026-01-16T08:00:00.000Z',
        modified: '2026-01-16T08:00:00.000Z',
        mimeType: '',
        owned: true,
        trashed: false,
        abusive: false,
      }
    }
  })
})

describe('a zip in a Drive', async () => {
  const entries = new Map<string, Buffer>()
  const zip = join(folder, 'takeout-20260115T101500Z-001.zip')
  let media = 0
  let sidecars = 0
  const packing = new ZipFile()
  for (let n = 0; n < 40; n++) {
    const name = `Takeout/Google Photos/Photos from 2024/IMG_${n}.jpg`
    const bytes = n === 7 ? randomBytes(5_000_000) : randomBytes(150_000 + n * 500)
    const sidecar = Buffer.from(
      JSON.stringify({ title: `IMG_${n}.jpg`, description: 'x'.repeat(900), n }),
    )
    entries.set(name, bytes).set(`${name}.supplemental-metadata.json`, sidecar)
    media += bytes.length
    packing.addBuffer(bytes, name, { compress: false })
    packing.addBuffer(sidecar, `${name}.supplemental-metadata.json`, { compress: true })
  }
  packing.end()
  await pipeline(packing.outputStream, createWriteStream(zip))
  const open = async () => {
    await signInFor(SCOPES.unattended)
    const file = await google.put(zip)
    const part = (await exportsInDrive(0))[0]?.parts[0] as DrivePart
    google.reset()
    return { part, file, source: await driveSource(part) }
  }
  const isSidecar = ({ path }: { path: string }) => path.endsWith('.json')

  test('gives its directory, its sidecars and one photo for no more than their own bytes', async () => {
    const { part, source } = await open()
    const { entries: listed } = await readDirectory(source)
    const directory = google.served.bytes
    for await (const { entry, data } of readEntries(source, listed.filter(isSidecar))) {
      expect(data).toEqual(entries.get(entry.path))
      sidecars += 30 + entry.path.length + entry.packed
    }
    await source.close()
    // Another stage, another day: the directory is not read again.
    const again = await driveSource(part)
    const big = (await readDirectory(again)).entries.find(({ size }) => size === 5_000_000)
    const bytes = Buffer.concat(await Array.fromAsync(streamEntry(again, big as never)))
    expect(bytes.equals(entries.get(big?.path as string) as Buffer)).toBe(true)
    await again.close()
    const directoryItself = part.size - (media + sidecars + 40 * (30 + 60))
    expect(directory).toBeLessThan(directoryItself + 3000)
    const needed = directory + sidecars + 30 + (big?.path.length ?? 0) + 5_000_000
    expect(google.served.bytes).toBeLessThanOrEqual(needed * 1.02)
    expect(google.served.bytes).toBeGreaterThanOrEqual(needed)
  })

  test('reads neighbours in one request, and several at once', async () => {
    const { source } = await open()
    const { entries: listed } = await readDirectory(source)
    google.reset()
    for await (const { problem } of readEntries(source, listed))
      expect(problem).toBe(listed.length > 0 && problem ? problem : undefined)
    expect(google.log.length).toBeLessThan(12)
    await source.close()
  })

  test('goes on after "slow down", a broken connection, silence and a token that ran out', async () => {
    const { source } = await open()
    const media = /alt=media/
    google.faults.push(
      {
        path: media,
        status: 403,
        body: {
          error: {
            code: 403,
            message: 'User Rate Limit Exceeded',
            errors: [{ reason: 'userRateLimitExceeded' }],
          },
        },
      },
      { path: media, status: 429, headers: { 'retry-after': '0' } },
      { path: media, status: 0, cut: 100 },
      { path: media, status: 503 },
      { path: media, status: 0, silent: true },
    )
    google.expire('access')
    expect((await readDirectory(source)).entries.length).toBe(80)
    await source.close()
  })

  test('is read though the virus scan warns of it, and Google is told so', async () => {
    const { source, file } = await open()
    file.abusive = true
    expect((await readDirectory(source)).entries.length).toBe(80)
    expect(google.log.filter(({ status }) => status === 403).length).toBe(1)
    await source.close()
  })

  test.each([
    ['is gone', () => google.files.clear(), /no longer in Drive.*bin/],
    [
      'was exchanged',
      (id: string) => Object.assign(google.files.get(id) as object, { size: 1_000_000 }),
      /not what it was/,
    ],
    [
      'was given out too often today',
      () =>
        google.faults.push({
          path: /alt=media/,
          status: 403,
          times: 9,
          body: {
            error: { code: 403, message: 'x', errors: [{ reason: 'downloadQuotaExceeded' }] },
          },
        }),
      /too often.*tomorrow/,
    ],
    [
      'is behind a proxy that drops Range',
      () => google.faults.push({ path: /alt=media/, status: 200, times: 9, body: 'x' }),
      /not what it was \(status 200\)/,
    ],
    [
      'sends on to another host',
      () =>
        google.faults.push({
          path: /alt=media/,
          status: 302,
          times: 9,
          headers: { location: 'https://evil.example/' },
        }),
      /another address/,
    ],
    [
      'belongs to a sign-in that has ended',
      () => google.expire('all'),
      /has ended.*auth.*Publish app/,
    ],
  ])('that %s stops the reading with a word on it', async (_, change, said) => {
    const { part, source, file } = await open()
    change(file.id)
    await expect(readDirectory(source)).rejects.toThrow(said)
    expect(driveTrouble(part)?.message).toMatch(said)
    await source.close()
  })

  test("is not read beyond the day's bytes, counted over all runs", async () => {
    const { source } = await open()
    const { entries: listed } = await readDirectory(source)
    limitDrive(google.served.bytes + 2_000_000)
    const big = listed.find(({ size }) => size === 5_000_000)
    await expect(Array.fromAsync(streamEntry(source, big as never))).rejects.toThrow(
      /--max-bytes-per-day.*tomorrow/,
    )
    await source.close()
  })

  test('leaves its directory on disk, until it is gone from Drive', async () => {
    const { source } = await open()
    await readDirectory(source)
    await source.close()
    const [name = ''] = await readdir('data/drive')
    const kept = await readFile(`data/drive/${name}`)
    expect(kept.equals((await readFile(zip)).subarray(-kept.length))).toBe(true)
    google.files.clear()
    await exportsInDrive(0)
    expect(await readdir('data/drive')).toEqual([])
  })
})

describe('a tgz in a Drive', () => {
  const tgz = join(folder, 'takeout-20260115T101500Z-001.tgz')
  const bytes = randomBytes(40_000_000)
  const down = join(folder, 'down')
  const take = () => partsInDrive({ settleMs: 0, download: down, isOnDisk: () => false })
  const served = () => google.log.filter(({ range, status }) => range && status === 206)
  beforeEach(async () => {
    await writeFile(tgz, bytes)
    await signInFor(SCOPES.unattended)
    await rm(down, { recursive: true, force: true })
  })

  test('goes on where a download was cut off, and counts only when it is whole', async () => {
    const file = await google.put(tgz)
    limitDrive(read.bytes + 20_000_000)
    await expect(take()).rejects.toThrow(/--max-bytes-per-day/)
    expect((await stat(join(down, `${file.name}.part`))).size).toBe(16 * 1024 * 1024)
    limitDrive(Number.POSITIVE_INFINITY)
    google.reset()
    google.faults.push({ path: /alt=media/, status: 0, cut: 1000 })
    const { found } = await take()
    expect(found).toMatchObject([{ kind: 'tgz', path: join(down, file.name), size: bytes.length }])
    expect(found[0]).not.toHaveProperty('drive')
    expect(served().map(({ range }) => range?.split('-')[0])).toContain(`bytes=${16 * 1024 * 1024}`)
    expect(google.served.bytes).toBe(bytes.length - 16 * 1024 * 1024)
    expect(bytes.equals(await readFile(join(down, file.name)))).toBe(true)
    google.reset()
    await take()
    expect(google.served.bytes).toBe(0)
  })

  test('that came over wrong is not used, and is taken anew', async () => {
    const file = await google.put(tgz, { md5: '0'.repeat(32) })
    await expect(take()).rejects.toThrow(/not what Google has \(kept as .*broken\): run again/)
    expect(await readdir(down)).toEqual([`${file.name}.broken`])
    file.md5 = createHash('md5').update(bytes).digest('hex')
    expect((await take()).found.length).toBe(1)
  })

  test('is told, and costs nothing, where nobody asked to have it on disk', async () => {
    await google.put(tgz)
    const { found, lacking } = await partsInDrive({ settleMs: 0, isOnDisk: () => false })
    expect(found).toEqual([])
    expect(lacking).toEqual([expect.stringMatching(/1 part of it \(40\.0 MB\).*--download FOLDER/)])
    expect(google.served.bytes).toBe(0)
  })
})

test('a list of files that sends on to another address is not followed there', async () => {
  await signInFor(SCOPES.unattended)
  google.faults.push({
    path: /drive\/v3\/files/,
    status: 302,
    headers: { location: `${google.url}/elsewhere` },
    times: 9,
  })
  await expect(exportsInDrive(0)).rejects.toThrow(/sends on to another address/)
  expect(google.log.some(({ path }) => path === '/elsewhere')).toBe(false)
})

describe('a sign-in by hand', () => {
  test('sees what was picked, at once and alone', async () => {
    await writeFile(join(folder, 'some.bin'), 'x')
    const now = new Date().toISOString()
    const one = await google.put(join(folder, 'some.bin'), {
      name: 'takeout-20260115T101500Z-001.zip',
      created: now,
    })
    await google.put(join(folder, 'some.bin'), { name: 'takeout-20260315T101500Z-001.zip' })
    google.settings.picks = () => [one.id]
    const { picked } = await signInFor(SCOPES.byHand)
    expect(picked).toEqual([one.id])
    const found = await exportsInDrive(HOUR_MS)
    expect(found.map(({ name, whole }) => [name, whole])).toEqual([
      ['takeout-20260115T101500Z', true],
    ])
  })
})
