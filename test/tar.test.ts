import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Header, pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Source } from '../lib/archive/source.ts'
import { readTar } from '../lib/archive/tar.ts'
import { Fail } from '../lib/stage.ts'

const mib = 1024 * 1024
const sidecar = Buffer.from('{"title":"a.jpg"}')
const large = Buffer.alloc(3 * mib, 'photo bytes ')
const long = `Takeout/${'Ünï/'.repeat(80)}a.jpg`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photoferry-tar-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a whole archive', () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a.tar', (bytes) => bytes],
    ['a.tgz', (bytes) => gzipSync(bytes)],
    ['tgz-by-content.tar', (bytes) => gzipSync(bytes)],
    [
      'of-two-members.tgz',
      (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 5000)), gzipSync(bytes.subarray(5000))]),
    ],
    ['zeros-behind.tgz', (bytes) => Buffer.concat([gzipSync(bytes), Buffer.alloc(3000)])],
  ])('is read by its bytes: %s', async (name, form) => {
    const files = {
      'T/a.json': sidecar,
      'T/b.mp4': large,
      [long]: sidecar,
      'T/empty': Buffer.alloc(0),
      z: sidecar,
    }
    const path = join(folder, name)
    await writeFile(path, form(await tarOf(Object.entries(files))))
    const read = await listed(path)
    expect(read).toEqual(
      Object.entries(files).map(([path, data]) => `${path} file ${data.length} ${print(data)}`),
    )
  })

  it('may be left unread, entry by entry or in the middle of one', async () => {
    const source = inMemory(
      gzipSync(
        await tarOf([
          ['a', large],
          ['b', large],
          ['c', sidecar],
        ]),
      ),
    )
    const seen: string[] = []
    for await (const { path, body } of readTar(source)) {
      seen.push(path)
      if (path === 'b') for await (const chunk of body) if (chunk.length) break
      if (path === 'c') seen.push(String(await buffer(body)))
    }
    expect(seen).toEqual(['a', 'b', 'c', String(sidecar)])
  })

  it('may be left in the middle, and is closed then', async () => {
    const file = join(folder, 'left.tgz')
    await writeFile(
      file,
      gzipSync(
        await tarOf([
          ['a', large],
          ['b', large],
        ]),
      ),
    )
    const before = await openFiles()
    for await (const { body } of readTar(file)) {
      for await (const chunk of body) if (chunk.length) break
      break
    }
    for await (const _ of readTar(file)) break
    const stop = async () => {
      for await (const { path } of readTar(file)) throw new Error(`stopped at ${path}`)
    }
    await expect(stop()).rejects.toThrow('stopped at a')
    expect(await openFiles()).toBe(before)
  })

  it('costs no memory for what it unpacks to', async () => {
    const zeros = Buffer.alloc(mib)
    const archive = pack()
    const packed = buffer(archive).then((bytes) => gzipSync(bytes, { level: 1 }))
    for (let i = 0; i < 60; i++) archive.entry({ name: `${i}` }, zeros)
    archive.finalize()
    const bytes = await packed
    const source = inMemory(Buffer.concat(Array<Buffer>(10).fill(bytes)))
    const before = process.resourceUsage().maxRSS
    let total = 0
    for await (const { body } of readTar(source))
      for await (const chunk of body) total += chunk.length
    expect(total).toBe(600 * mib)
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(150)
  })
})

it.each<[string, Partial<Header>, object]>([
  [
    'a symbolic link',
    { type: 'symlink', linkname: '/etc' },
    { type: 'symlink', why: 'it is a symbolic link to "/etc"' },
  ],
  [
    'a hard link',
    { type: 'link', linkname: 'a' },
    { type: 'link', why: 'it is a hard link to "a"' },
  ],
  [
    'a device',
    { type: 'character-device' },
    { type: 'character-device', why: 'it is no regular file' },
  ],
  ['a pipe', { type: 'fifo' }, { type: 'fifo', why: 'it is no regular file' }],
  [
    'a sparse file',
    { pax: { 'GNU.sparse.major': '1' } },
    { type: 'unsafe', why: 'it is a sparse file' },
  ],
  ['a way out', { name: '../../x' }, { type: 'unsafe', why: 'its path leads out of the archive' }],
  ['an absolute path', { name: '/x' }, { type: 'unsafe', why: 'its path is absolute' }],
  ['a backslash', { name: 'a\\b' }, { type: 'unsafe', why: 'its path holds a backslash' }],
])('tells what is no file to take: %s', async (_, header, told) => {
  const archive = pack()
  archive.entry({ name: './T/first' }, sidecar)
  archive.entry({ name: 'x', ...header } as Header, header.type ? '' : 'content')
  archive.entry({ name: 'T/folder', type: 'directory' })
  archive.entry({ name: 'T/last' }, sidecar)
  archive.finalize()
  const source = inMemory(await buffer(archive))
  const entries: object[] = []
  for await (const { body, ...entry } of readTar(source)) {
    const content = await buffer(body)
    entries.push({ ...entry, content: String(content) })
  }
  expect(entries).toEqual([
    { path: 'T/first', size: sidecar.length, type: 'file', content: String(sidecar) },
    { path: header.name ?? 'x', size: header.type ? 0 : 7, content: '', ...told },
    { path: 'T/last', size: sidecar.length, type: 'file', content: String(sidecar) },
  ])
})

describe('what is no whole archive', async () => {
  const again = 'download that part again'
  const tar = await tarOf([
    ['a', sidecar],
    ['b', large],
  ])
  const tgz = gzipSync(tar)
  const flipped = Buffer.from(tgz)
  flipped[tgz.length - 6] = 1
  it.each<[string, Buffer, string | RegExp]>([
    ['empty', Buffer.alloc(0), `it is empty: ${again}`],
    ['a zip', Buffer.from('PK\x03\x04'), 'it is a zip, not a tar: rename it to .zip'],
    ['a web page', Buffer.from('<html>'), `it is a web page, not a tar: ${again} while signed in`],
    [
      'something else',
      Buffer.alloc(600, 'x'),
      `nothing in it can be read (Invalid tar header): ${again}`,
    ],
    [
      'something short',
      Buffer.from('x'),
      `nothing in it can be read (Unexpected end of data): ${again}`,
    ],
    [
      'a cut tar',
      tar.subarray(0, mib),
      `it breaks off after "a" (Unexpected end of data): ${again}`,
    ],
    [
      'a tar cut between entries',
      tar.subarray(0, 1024),
      `it breaks off after "a" (its end is missing): ${again}`,
    ],
    [
      'a cut tgz',
      tgz.subarray(0, -2000),
      `it breaks off after "a" (unexpected end of file): ${again}`,
    ],
    [
      'a tgz without its last bytes',
      tgz.subarray(0, -4),
      /after "[ab]" \(unexpected end of file\): download that part again$/,
    ],
    ['a damaged tgz', flipped, /after "[ab]" \(incorrect data check\): download that part again$/],
    [
      'a gzip of something else',
      gzipSync('x'.repeat(600)),
      `nothing in it can be read (Invalid tar header): ${again}`,
    ],
    [
      'a gzip in name only',
      Buffer.from('\x1f\x8b\x08and no more', 'latin1'),
      /^Cannot read "test.tgz": nothing in it/,
    ],
  ])('says so: %s', async (_, bytes, message) => {
    const read = listed(inMemory(bytes))
    await expect(read).rejects.toThrow(Fail)
    const whole = typeof message === 'string' ? `Cannot read "test.tgz": ${message}` : message
    await expect(read).rejects.toThrow(whole)
  })

  it('fails in the body that is cut, not only behind it', async () => {
    let caught: unknown
    for await (const { path, body } of readTar(inMemory(tar.subarray(0, mib)))) {
      if (path === 'b')
        await buffer(body).catch((error) => {
          caught = error
        })
      if (caught) break
    }
    expect(caught).toBeInstanceOf(Fail)
  })

  it('passes on the failure of the disk', async () => {
    const source = inMemory(tar)
    const gone = new Fail('Cannot read "x": the network drive is gone: mount it again')
    const read = (at: number, length: number) =>
      at >= mib ? Promise.reject(gone) : source.read(at, length)
    await expect(listed({ ...source, read })).rejects.toBe(gone)
  })

  it('ends with a Fail or with true sizes, whatever is damaged', async () => {
    const whole = await tarOf([
      ['a', sidecar],
      [long, Buffer.alloc(3000, 'x')],
      ['c', sidecar],
    ])
    const outcomes = { failed: 0, read: 0 }
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (zipped, changes) => {
          let bytes = Buffer.from(zipped ? gzipSync(whole) : whole)
          for (const { at, byte, cut } of changes) {
            if (cut && at % 4 === 0) bytes = bytes.subarray(0, at % (bytes.length + 1))
            else if (bytes.length) bytes[at % bytes.length] = byte
          }
          try {
            for await (const { size, type, body } of readTar(inMemory(bytes))) {
              const content = await buffer(body)
              expect(content.length).toBe(type === 'file' ? size : 0)
            }
            outcomes.read++
          } catch (error) {
            if (!(error instanceof Fail)) throw error
            outcomes.failed++
          }
        },
      ),
      { numRuns: 400 },
    )
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(20)
  })
})

async function tarOf(files: [path: string, data: Buffer][]) {
  const archive = pack()
  for (const [name, data] of files) archive.entry({ name }, data)
  archive.finalize()
  return buffer(archive)
}

async function listed(from: string | Source) {
  const seen: string[] = []
  for await (const { path, type, size, body } of readTar(from)) {
    seen.push(`${path} ${type} ${size} ${print(await buffer(body))}`)
  }
  return seen
}

function print(data: Buffer) {
  return createHash('sha1').update(data).digest('hex')
}

function inMemory(bytes: Buffer): Source {
  const read = async (offset: number, length: number) => {
    if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
      throw new Error(`read of ${length} at ${offset}, outside of ${bytes.length}`)
    }
    return bytes.subarray(offset, offset + length)
  }
  return { name: 'test.tgz', size: bytes.length, read, close: async () => {} }
}

async function openFiles() {
  return (await readdir('/dev/fd')).length
}
