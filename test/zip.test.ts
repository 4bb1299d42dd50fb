import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ZipFile } from 'yazl'
import { fileSource, type Source } from '../lib/archive/source.ts'
import { readDirectory, readEntries, streamEntry, type ZipEntry } from '../lib/archive/zip.ts'
import { Fail } from '../lib/stage.ts'

const mib = 1024 * 1024
const gib = 1024 * mib
const sidecar = Buffer.from(JSON.stringify({ title: 'é.jpg', description: 'word '.repeat(300) }))
const small = noise(5000)
const large = Buffer.concat([noise(1.5 * mib), Buffer.alloc(4 * mib), noise(1.2 * mib)])

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photoferry-zip-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('what other programs pack', () => {
  it.each<[string, YazlOptions]>([
    ['deflated', { compress: true }],
    ['stored', { compress: false }],
    ['deflated with data descriptors', { compress: true, streamed: true }],
    ['stored with data descriptors', { compress: false, streamed: true }],
    ['zip64', { compress: true, forceZip64Format: true }],
    ['zip64 with data descriptors', { compress: false, forceZip64Format: true, streamed: true }],
  ])('reads every byte of a zip that is %s', async (name, options) => {
    const files = {
      'T/a.json': sidecar,
      'T/ü/b.jpg': small,
      'T/c.mp4': large,
      'T/0': Buffer.alloc(0),
    }
    const path = join(folder, `${name}.zip`)
    await writeFile(path, await yazl(files, options))
    const source = await fileSource(path)
    const { entries, skipped } = await readDirectory(source)
    expect(skipped).toEqual([])
    expect(entries.map(({ path, size, crc }) => ({ path, size, crc }))).toEqual(
      Object.entries(files).map(([path, data]) => ({ path, size: data.length, crc: hex(data) })),
    )
    expect(await contents(source, { stream: true })).toEqual(prints(files))
    expect(await contents(source)).toEqual(prints(files))
    await source.close()
  })

  it.each([false, true])(
    'finds it between other bytes and a comment (zip64: %s)',
    async (zip64) => {
      const options = { forceZip64Format: zip64, comment: '#'.repeat(65535) }
      const zip = await yazl({ a: sidecar, b: small }, options)
      const source = inMemory(Buffer.concat([Buffer.from('#!/bin/sh\n'), noise(70_000), zip]))
      expect(await contents(source)).toEqual(prints({ a: sidecar, b: small }))
    },
  )

  it('is not misled by an end record inside the comment', async () => {
    const comment = Buffer.concat([hand([]), Buffer.from(' and more')])
    const source = inMemory(hand([{ name: 'a', data: small }], { comment }))
    expect(await contents(source)).toEqual(prints({ a: small }))
  })

  it('reads a zip above 4 GiB that macOS wrote without zip64', async () => {
    const files = [{ name: 'first' }, { name: 'second' }, { name: 'third', data: small }]
    const offsets = [0, 3 * gib, 4 * gib + 100]
    const directory = files.map((file, i) => central(file, (offsets[i] as number) % 2 ** 32))
    const end = endRecord({ count: 3, length: Buffer.concat(directory).length, offset: 10_000 })
    const source = sparse([
      ...files.map((file, i) => [offsets[i], local(file)] as [number, Buffer]),
      [4 * gib + 10_000, Buffer.concat([...directory, end])],
    ])
    expect(await contents(source)).toEqual(
      prints({ first: sidecar, second: sidecar, third: small }),
    )
  })

  it('gives a hash that follows the directory and not the rest of the file', async () => {
    const zip = hand([{ name: 'a' }])
    const { hash } = await readDirectory(inMemory(zip))
    expect(hash).toMatch(/^[0-9a-f]{40}$/)
    const moved = await readDirectory(inMemory(Buffer.concat([noise(50), zip])))
    expect(moved.hash).toBe(hash)
    const other = await readDirectory(inMemory(hand([{ name: 'b' }])))
    expect(other.hash).not.toBe(hash)
  })

  it('reads a directory of 11 MB, counted by zip64 or, where its count began again, without', async () => {
    const names = Array.from({ length: 66_000 }, (_, i) => `Takeout/${'x'.repeat(120)}/${i}`)
    const files = names.map((name) => ({ name, data: Buffer.alloc(0), method: 0 }))
    for (const end of [{ count: 66_000 % 65_536 }, { zip64: true }]) {
      const zip = hand(files, end)
      const found = await readDirectory(inMemory(zip))
      expect(found.entries.map(({ path }) => path)).toEqual(names)
      const start = zip.indexOf('PK\x01\x02')
      const directory = zip.subarray(start, zip.length - (end.zip64 ? 56 + 20 + 22 : 22))
      expect(found.hash).toBe(hash('sha1', directory))
    }
  })

  it('takes sizes and offsets above 4 GiB from zip64 fields', async () => {
    const fields = zip64Field(5 * gib, 6 * gib, 7 * gib)
    const made = {
      name: 'a',
      size: 2 ** 32 - 1,
      packedSize: 2 ** 32 - 1,
      offset: 2 ** 32 - 1,
      extra: fields,
    }
    const { entries } = await readDirectory(inMemory(hand([made])))
    expect(entries).toMatchObject([{ size: 5 * gib, packed: 6 * gib, offset: 7 * gib }])
    const only = { name: 'a', offset: 2 ** 32 - 1, extra: zip64Field(7 * gib) }
    const found = (await readDirectory(inMemory(hand([only])))).entries
    expect(found).toMatchObject([{ size: sidecar.length, offset: 7 * gib }])
  })

  it('reads neighbours in one go and what lies apart by itself', async () => {
    const sidecars = Array.from({ length: 2000 }, (_, i) => ({ name: `T/${i}.json` }))
    const files = [
      ...sidecars,
      { name: 'gap', data: noise(mib), method: 0 },
      { name: 'T/last.json' },
    ]
    const zip = inMemory(hand(files))
    const { entries } = await readDirectory(zip)
    const reads: number[] = []
    const watched = {
      ...zip,
      read: (at: number, length: number) => {
        reads.push(length)
        return zip.read(at, length)
      },
    }
    const json = entries.filter(({ path }) => path.endsWith('.json'))
    const read = await Array.fromAsync(readEntries(watched, json))
    expect(read.every(({ data }) => data?.equals(sidecar))).toBe(true)
    expect(read.length).toBe(2001)
    expect(reads.length).toBeLessThan(5)
    expect(Math.max(...reads)).toBeLessThanOrEqual(2 * mib)
    expect(reads.reduce((sum, n) => sum + n)).toBeLessThan(zip.size - mib / 2)
  })
})

describe('names', () => {
  const name = Buffer.from('Grüße.jpg')
  const dos = Buffer.from('Gr\x81\xe1e.jpg', 'latin1')
  it.each<[string, Made, string]>([
    ['UTF-8 by its flag', { name, flags: 0x800 }, 'Grüße.jpg'],
    ['UTF-8 without a flag', { name }, 'Grüße.jpg'],
    ['decomposed, and left so', { name: 'u\u0308.jpg', flags: 0x800 }, 'u\u0308.jpg'],
    ['with a U+FFFD of its own', { name: '\uFFFD.jpg' }, '\uFFFD.jpg'],
    ['CP437', { name: dos }, 'Grüße.jpg'],
    ['CP437 under a wrong flag', { name: dos, flags: 0x800 }, 'Grüße.jpg'],
    [
      'in the Unicode field',
      { name: 'Gr#U00fcsse', extra: unicodePath('Gr#U00fcsse') },
      'Grüße.jpg',
    ],
    ['in a stale Unicode field', { name: 'new.jpg', extra: unicodePath('old.jpg') }, 'new.jpg'],
    ['in a Unicode field that is cut', { name: 'a', extra: unicodePath('a').subarray(0, 7) }, 'a'],
    ['by PowerShell, with backslashes', { name: 'T\\a\\b.jpg', host: 0 }, 'T/a/b.jpg'],
  ])('are read: %s', async (_, made, path) => {
    const { entries } = await readDirectory(inMemory(hand([made])))
    expect(entries.map((entry) => entry.path)).toEqual([path])
  })
})

describe('what is no file to take', () => {
  it.each<[string, Made, string]>([
    ['a symbolic link', { name: 'a', mode: 0o120777 }, 'it is a symbolic link'],
    ['a device', { name: 'a', mode: 0o60644 }, 'it is no regular file'],
    ['a way out', { name: 'T/../../a' }, 'its path leads out of the archive'],
    ['an absolute path', { name: '/etc/a' }, 'its path is absolute'],
    ['a drive', { name: 'C:/a' }, 'its path is absolute'],
    ['a zero byte', { name: 'a.jpg\0.sh' }, 'its path holds a zero byte'],
    ['a backslash', { name: '..\\a' }, 'its path holds a backslash'],
    ['no name', { name: '' }, 'it has no name'],
  ])('is told and left out: %s', async (_, made, why) => {
    const { entries, skipped } = await readDirectory(inMemory(hand([{ name: 'ok' }, made])))
    expect(entries.map(({ path }) => path)).toEqual(['ok'])
    expect(skipped).toEqual([{ path: made.name, why }])
  })

  it('leaves folders out without a word', async () => {
    const folders = [{ name: 'T/' }, { name: 'T/b', mode: 0o40755 }]
    expect(await readDirectory(inMemory(hand(folders)))).toMatchObject({ entries: [], skipped: [] })
  })

  it('takes dots that lead nowhere', async () => {
    const source = inMemory(hand([{ name: 'T/a..b/..c/...jpg' }]))
    expect((await readDirectory(source)).skipped).toEqual([])
  })

  it('keeps the last of one path', async () => {
    const source = inMemory(hand([{ name: 'a' }, { name: 'b' }, { name: 'a', data: small }]))
    expect((await readDirectory(source)).skipped).toEqual([
      {
        path: 'a',
        why: 'its path comes again later in the archive, with other bytes, which count',
      },
    ])
    expect(await contents(source)).toEqual(prints({ a: small, b: sidecar }))
  })

  it('leaves out entries that overlap, as bombs do', async () => {
    const zip = hand([{ name: 'a' }, { name: 'b', offset: 0 }, { name: 'c' }])
    const { entries, skipped } = await readDirectory(inMemory(zip))
    expect(entries.length).toBe(2)
    expect(skipped.map(({ why }) => why)).toEqual(['it reaches into the next entry'])
  })
})

describe('what is no whole zip', () => {
  const whole = hand([{ name: 'a', data: small }, { name: 'b' }])
  const inner = hand([{ name: 'outer', data: Buffer.concat([whole, small]), method: 0 }])
  const again = 'download that part again'
  it.each<[string, Buffer, string]>([
    ['empty', Buffer.alloc(0), `it is empty: ${again}`],
    [
      'a web page',
      Buffer.from('\n<!DOCTYPE html><p>'),
      `it is a web page, not a zip: ${again} while signed in`,
    ],
    ['a tgz', Buffer.from([0x1f, 0x8b, 8, 0]), 'it is a gzip (tgz), not a zip: rename it to .tgz'],
    [
      'zeros',
      Buffer.alloc(5000),
      `it is only zero bytes (a download that never ran), not a zip: ${again}`,
    ],
    ['something else', Buffer.from('hello'), `it is no zip: ${again}`],
    ['cut', whole.subarray(0, -30), `it ends before its directory (5.2 KB are there): ${again}`],
    [
      'cut after its first bytes',
      whole.subarray(0, 5),
      `it ends before its directory (5 bytes are there): ${again}`,
    ],
    [
      'cut behind a zip that it holds',
      inner.subarray(0, 35 + whole.length),
      `it ends before its directory (5.3 KB are there): ${again}`,
    ],
    ['without its beginning', whole.subarray(1000), `its first 1.0 KB are missing: ${again}`],
    [
      'a volume',
      hand([{ name: 'a' }], { disk: 3 }),
      'it is one volume of a split zip: join them first',
    ],
    [
      'miscounted',
      hand([{ name: 'a' }], { count: 2 }),
      `its directory is damaged after 1 entry: ${again}`,
    ],
    [
      'counting without entries',
      hand([], { count: 5 }),
      `its directory is damaged after 0 entries: ${again}`,
    ],
    [
      'of a directory as large as the world',
      hand([{ name: 'a' }], { length: 0xfffffff0 }),
      `its directory is damaged after 0 entries: ${again}`,
    ],
    [
      'zip64 that points nowhere',
      Buffer.concat([whole.subarray(0, -22), locator(2 ** 60), whole.subarray(-22)]),
      `its directory is damaged after 0 entries: ${again}`,
    ],
  ])('says so: %s', async (_, bytes, message) => {
    const found = readDirectory(inMemory(bytes))
    await expect(found).rejects.toThrow(new Fail(`Cannot read "test.zip": ${message}`))
  })
})

describe('entries that cannot be read', () => {
  const zeros = Buffer.alloc(9 * mib)
  const damaged = Buffer.from(deflateRawSync(small)).fill(0xff, 0, 20)
  it.each<[string, Partial<Made>, string | RegExp]>([
    ['encrypted', { flags: 1 }, 'it is encrypted'],
    ['packed by LZMA', { method: 14 }, 'it is packed by method 14 (LZMA)'],
    ['packed by AES', { method: 99 }, 'it is packed by method 99'],
    ['of a wrong checksum', { crc: 1 }, 'its checksum is wrong'],
    ['stored with a wrong checksum', { method: 0, crc: 1 }, 'its checksum is wrong'],
    ['shorter', { size: small.length + 1 }, 'it is shorter than its directory says'],
    ['longer', { size: small.length - 1 }, 'it is longer than its directory says'],
    ['longer than nothing', { size: 0 }, 'it is longer than its directory says'],
    [
      'stored in another size',
      { method: 0, size: 7 },
      'its two sizes differ though it is not packed',
    ],
    ['damaged', { packed: damaged }, /^its packing is damaged/],
    ['cut', { packed: deflateRawSync(small).subarray(0, 900) }, /^its packing is damaged/],
    ['without a header', { offset: 3 }, 'its header is damaged'],
    ['outside', { offset: 0xfffffff }, 'it lies outside of the archive'],
    ['outside by its packed size', { packedSize: 0xffffff0 }, 'it lies outside of the archive'],
    ['outside by its header', { localExtra: 60_000 }, 'it lies outside of the archive'],
    [
      'unpacking to gigabytes',
      { packed: bomb(2 * gib), size: 10_000 },
      'it is longer than its directory says',
    ],
  ])('are told: %s', async (_, made, problem) => {
    const source = inMemory(hand([{ name: 'x', data: small, method: 8, ...made }]))
    const { entries } = await readDirectory(source)
    expect(await Array.fromAsync(readEntries(source, entries))).toEqual([
      {
        entry: entries[0],
        problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
      },
    ])
    const stream = Array.fromAsync(streamEntry(source, entries[0] as ZipEntry))
    await expect(stream).rejects.toThrow(Fail)
    await expect(stream).rejects.toThrow(/^Cannot read "x" in "test.zip": it/)
  })

  it('are told where they are larger than asked for, and the rest is read', async () => {
    const source = inMemory(hand([{ name: 'big', data: zeros }, { name: 'a' }]))
    const { entries } = await readDirectory(source)
    const read = await Array.fromAsync(readEntries(source, entries))
    expect(read.map(({ entry, problem }) => [entry.path, problem])).toEqual([
      ['big', 'it is larger than 4.2 MB'],
      ['a', undefined],
    ])
  })

  it('cost no memory where they unpack to gigabytes', async () => {
    const bombs = Array.from({ length: 5 }, (_, i) => ({
      name: `${i}`,
      packed: bomb(gib),
      size: 3 * mib,
    }))
    const source = inMemory(hand(bombs))
    const { entries } = await readDirectory(source)
    const before = process.resourceUsage().maxRSS
    const read = await Array.fromAsync(readEntries(source, entries))
    expect(read.map(({ data }) => data)).toEqual(bombs.map(() => undefined))
    const streamed = streamEntry(source, { ...entries[0], size: 60 * mib } as ZipEntry)
    await expect(drain(streamed)).rejects.toThrow('it is longer than its directory says')
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(150)
  })

  it.each<[string, Partial<Made>]>([
    ['small and deflated', { data: small, method: 8 }],
    ['large and stored', { data: large, method: 0 }],
    ['large and deflated', { data: large, method: 8 }],
    ['large with a size that is too small', { data: large, method: 8, size: large.length - 1 }],
    ['large with a size that is too large', { data: large, method: 8, size: large.length + 1 }],
    ['large and cut', { data: large, packed: deflateRawSync(large).subarray(0, -9) }],
  ])('fail before their last chunk: %s', async (_, made) => {
    const source = inMemory(hand([{ name: 'x', crc: 1, ...made }]))
    const [entry] = (await readDirectory(source)).entries as [ZipEntry]
    let bytes = 0
    const read = async () => {
      for await (const chunk of streamEntry(source, entry)) bytes += chunk.length
    }
    await expect(read()).rejects.toThrow(Fail)
    expect(bytes).toBeLessThan(entry.size)
  })

  it('do not follow from bytes behind the packed end', async () => {
    for (const data of [small, large]) {
      const packed = Buffer.concat([deflateRawSync(data), noise(3 * mib)])
      const source = inMemory(hand([{ name: 'x', data, packed }]))
      expect(await contents(source, { stream: true })).toEqual(prints({ x: data }))
    }
  })
})

describe('a reader that stops early', () => {
  it.each([0, 8])(
    'leaves no read behind when a stream is broken off (method %i)',
    async (method) => {
      const { source, pending, reads } = slow(hand([{ name: 'x', data: noise(8 * mib), method }]))
      const [entry] = (await readDirectory(source)).entries as [ZipEntry]
      for await (const chunk of streamEntry(source, entry)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      expect(pending()).toBe(0)
      const before = reads()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(reads()).toBe(before)
      expect(before).toBeLessThan(10)
    },
  )

  it('leaves no read behind when entries are broken off', async () => {
    const files = Array.from({ length: 20 }, (_, i) => ({
      name: `${i}`,
      data: noise(mib),
      method: 0,
    }))
    const { source, pending } = slow(hand(files))
    const { entries } = await readDirectory(source)
    for await (const { data } of readEntries(source, entries)) {
      expect(data?.length).toBe(mib)
      break
    }
    expect(pending()).toBe(0)
  })

  it.each([0, 8])('gets the failure of a read (method %i)', async (method) => {
    const whole = inMemory(
      hand([
        { name: 'small', method },
        { name: 'large', data: large, method },
      ]),
    )
    const { entries } = await readDirectory(whole)
    const gone = new Fail('Cannot read "x": the network drive is gone: mount it again')
    const read = (at: number, length: number) =>
      at > mib || length < mib ? whole.read(at, length) : Promise.reject(gone)
    const source = { ...whole, read }
    await expect(Array.fromAsync(readEntries(source, entries, 10 * mib))).rejects.toBe(gone)
    await expect(drain(streamEntry(source, entries[1] as ZipEntry))).rejects.toBe(gone)
    expect(await Array.fromAsync(streamEntry(source, entries[0] as ZipEntry))).toEqual([sidecar])
  })
})

it('meets damage of every kind with a Fail or a problem, never with wrong bytes', async () => {
  const files = {
    'T/a.json': sidecar,
    'T/ü.jpg': small,
    'T/b': noise(100),
    'T/c': Buffer.alloc(3000),
  }
  const wholes = await Promise.all([
    yazl(files, { compress: true }),
    yazl(files, { compress: false, streamed: true, comment: 'hello' }),
    yazl(files, { compress: true, forceZip64Format: true }),
  ])
  const outcomes = { failed: 0, problems: 0, read: 0 }
  const place = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0.9, max: 1, noNaN: true }),
  )
  const damage = fc.record({
    kind: fc.constantFrom('flip', 'flip', 'flip', 'set', 'cut', 'drop', 'double', 'splice'),
    place,
    other: place,
    byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x50),
    length: fc.integer({ min: 1, max: 8 }),
  })
  const run = async (zip: Buffer) => {
    const source = inMemory(zip)
    try {
      const { entries } = await readDirectory(source)
      for await (const { entry, data, problem } of readEntries(source, entries)) {
        expect((data === undefined) !== (problem === undefined)).toBe(true)
        if (data) expect([data.length, hex(data)]).toEqual([entry.size, entry.crc])
        outcomes[data ? 'read' : 'problems']++
        const streamed = await Array.fromAsync(streamEntry(source, entry)).catch((error) => error)
        if (problem === undefined) expect(Buffer.concat(streamed)).toEqual(data)
        else if (!problem.startsWith('it is larger')) expect(streamed).toBeInstanceOf(Fail)
      }
    } catch (error) {
      if (!(error instanceof Fail)) throw error
      expect(error.message).toMatch(/^Cannot read "test.zip": .+: .+/)
      outcomes.failed++
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2),
      fc.array(damage, { minLength: 1, maxLength: 4 }),
      async (which, list) => {
        await run(list.reduce(damaged, Buffer.from(wholes[which] as Buffer)))
      },
    ),
    { numRuns: 600 },
  )
  // All three ways were gone.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(20)

  function damaged(zip: Buffer, { kind, place, other, byte, length }: Damage) {
    const at = Math.floor(place * zip.length)
    const from = Math.floor(other * zip.length)
    if (kind === 'flip' && at < zip.length) zip[at] = (zip[at] as number) ^ (1 << (length - 1))
    if (kind === 'set') zip.subarray(at, at + length).fill(byte)
    if (kind === 'splice') zip.copy(zip, at, from, from + 4 * length)
    if (kind === 'cut') return zip.subarray(0, at)
    if (kind === 'drop') return Buffer.concat([zip.subarray(0, at), zip.subarray(at + length)])
    if (kind === 'double')
      return Buffer.concat([zip.subarray(0, Math.max(at, from)), zip.subarray(at)])
    return zip
  }
})

type Damage = { kind: string; place: number; other: number; byte: number; length: number }

type YazlOptions = {
  compress?: boolean
  forceZip64Format?: boolean
  streamed?: boolean
  comment?: string
}

async function yazl(
  files: Record<string, Buffer>,
  { streamed, comment = '', ...options }: YazlOptions,
) {
  const zip = new ZipFile()
  for (const [path, data] of Object.entries(files)) {
    if (streamed) zip.addReadStream(Readable.from([data], { objectMode: false }), path, options)
    else zip.addBuffer(data, path, options)
  }
  zip.addEmptyDirectory('T/folder')
  zip.end({ comment, forceZip64Format: options.forceZip64Format ?? false })
  return buffer(zip.outputStream)
}

/** What a record says; the rest follows from `data`. */
type Made = {
  name: string | Buffer
  data?: Buffer
  method?: number
  flags?: number
  host?: number
  mode?: number
  extra?: Buffer
  /** Bytes of fields that only the local header has. */
  localExtra?: number
  crc?: number
  size?: number
  packed?: Buffer
  packedSize?: number
  offset?: number
}

function hand(files: Made[], end: Partial<Parameters<typeof endRecord>[0]> = {}) {
  const locals = files.map(local)
  let at = 0
  const directory = Buffer.concat(
    files.map((file, i) => {
      at += (locals[i] as Buffer).length
      return central(file, at - (locals[i] as Buffer).length)
    }),
  )
  const facts = { count: files.length, length: directory.length, offset: at, ...end }
  return Buffer.concat([...locals, directory, endRecord(facts)])
}

function packedOf({ data = sidecar, method = 8, packed }: Made) {
  return packed ?? (method === 0 ? data : deflateRawSync(data))
}

function local(made: Made) {
  const head = Buffer.alloc(30)
  const name = Buffer.from(made.name)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(name.length, 26)
  head.writeUInt16LE(made.localExtra ?? 0, 28)
  return Buffer.concat([head, name, packedOf(made)])
}

function central(made: Made, at: number) {
  const {
    data = sidecar,
    method = 8,
    flags = 0,
    host = 3,
    mode = 0,
    extra = Buffer.alloc(0),
  } = made
  const record = Buffer.alloc(46)
  const name = Buffer.from(made.name)
  record.writeUInt32LE(0x02014b50, 0)
  record[5] = host
  record.writeUInt16LE(flags, 8)
  record.writeUInt16LE(method, 10)
  record.writeUInt32LE(made.crc ?? crc32(data), 16)
  record.writeUInt32LE(made.packedSize ?? packedOf(made).length, 20)
  record.writeUInt32LE(made.size ?? data.length, 24)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt16LE(extra.length, 30)
  record.writeUInt16LE(mode, 40)
  record.writeUInt32LE(made.offset ?? at, 42)
  return Buffer.concat([record, name, extra])
}

type End = {
  count: number
  length: number
  offset: number
  disk?: number
  comment?: Buffer
  zip64?: boolean
}

function endRecord(end: End): Buffer {
  if (end.zip64) return endRecord64(end)
  const { count, length, offset, disk = 0, comment = Buffer.alloc(0) } = end
  const record = Buffer.alloc(22)
  record.writeUInt32LE(0x06054b50, 0)
  record.writeUInt16LE(disk, 4)
  record.writeUInt16LE(count, 10)
  record.writeUInt32LE(length, 12)
  record.writeUInt32LE(offset, 16)
  record.writeUInt16LE(comment.length, 20)
  return Buffer.concat([record, comment])
}

function endRecord64({ count, length, offset }: End) {
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(count), 32)
  record.writeBigUInt64LE(BigInt(length), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  const all = { count: 0xffff, length: 0xffffffff, offset: 0xffffffff }
  return Buffer.concat([record, locator(offset + length), endRecord(all)])
}

function locator(offset: number) {
  const record = Buffer.alloc(20)
  record.writeUInt32LE(0x07064b50, 0)
  record.writeBigUInt64LE(BigInt(offset), 8)
  return record
}

function zip64Field(...values: number[]) {
  const field = Buffer.alloc(4 + 8 * values.length)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(8 * values.length, 2)
  for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * i)
  return field
}

/** Info-ZIP's field 0x7075 for the plain name `of`: the true one is Grüße.jpg. */
function unicodePath(of: string) {
  const name = Buffer.from('Grüße.jpg')
  const field = Buffer.alloc(9)
  field.writeUInt16LE(0x7075, 0)
  field.writeUInt16LE(5 + name.length, 2)
  field[4] = 1
  field.writeUInt32LE(crc32(of), 5)
  return Buffer.concat([field, name])
}

/** A deflate stream of so many zeros, made without them. */
function bomb(size: number) {
  const block = deflateRawSync(Buffer.alloc(mib), { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([...Array<Buffer>(size / mib).fill(block), deflateRawSync(Buffer.alloc(0))])
}

function noise(length: number) {
  const bytes = Buffer.alloc(length)
  let state = length | 1
  for (let i = 0; i + 4 <= length; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes.writeInt32LE(state, i)
  }
  return bytes
}

function hex(data: Buffer) {
  return crc32(data).toString(16).padStart(8, '0')
}

function inMemory(bytes: Buffer): Source {
  return sparse([[0, bytes]])
}

/** A source of pieces among zeros; a read outside of it is a bug in the reader. */
function sparse(pieces: [at: number, bytes: Buffer][]): Source {
  const size = Math.max(...pieces.map(([at, bytes]) => at + bytes.length))
  const read = async (offset: number, length: number) => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw new Error(`read of ${length} at ${offset}, outside of ${size}`)
    }
    const result = Buffer.alloc(length)
    for (const [at, bytes] of pieces) {
      const part = bytes.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at))
      result.set(part, Math.max(0, Math.min(length, at - offset)))
    }
    return result
  }
  return { name: 'test.zip', size, read, close: async () => {} }
}

function slow(bytes: Buffer) {
  const fast = inMemory(bytes)
  let pending = 0
  let reads = 0
  const read = async (offset: number, length: number) => {
    pending++
    reads++
    await new Promise((resolve) => setTimeout(resolve, 5))
    pending--
    return fast.read(offset, length)
  }
  return { source: { ...fast, read }, pending: () => pending, reads: () => reads }
}

/** What the reader makes of every entry, as `prints` has it. */
async function contents(source: Source, { stream = false } = {}) {
  const { entries } = await readDirectory(source)
  const found: Record<string, Buffer | undefined> = {}
  if (stream) {
    for (const entry of entries) {
      found[entry.path] = Buffer.concat(await Array.fromAsync(streamEntry(source, entry)))
    }
  } else {
    const read = await Array.fromAsync(readEntries(source, entries, 100 * mib))
    for (const { entry, data } of read) found[entry.path] = data
  }
  return prints(found)
}

/** Comparing megabytes byte by byte takes the test runner seconds. */
function prints(files: Record<string, Buffer | undefined>) {
  const print = (data?: Buffer) => data && hash('sha1', data)
  return Object.fromEntries(Object.entries(files).map(([path, data]) => [path, print(data)]))
}

async function drain(stream: AsyncIterable<Buffer>) {
  for await (const _ of stream);
}
