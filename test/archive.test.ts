import { mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bodies, Lost } from '../lib/archive/archive.ts'
import { hex } from '../lib/archive/directory.ts'
import { Fail } from '../lib/stage.ts'
import type { Part, PhotoFile } from '../lib/state/records.ts'
import { picture } from './sandbox/run.ts'
import { bytesOf, makeTakeout } from './sandbox/takeout.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'photoferry-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const shots = [picture('a.jpg', 1), picture('b.jpg', 2)]
const big = picture('c.jpg', 3, { bytes: Buffer.alloc(18 * 1024 * 1024, 'x') })
const file = (shot: (typeof shots)[number]): PhotoFile => {
  const bytes = bytesOf(shot)
  const path = `Takeout/Google Photos/${shot.folder}/${shot.name}`
  return { part: 'p', path, size: bytes.length, crc: hex(crc32(bytes)), role: 'original', why: '' }
}
const read = async (chunks: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

describe.each(['zip', 'tgz', 'folder'] as const)('a %s', (kind) => {
  const made = async (): Promise<Part> => {
    const { paths } = await makeTakeout(dir, { shots: [...shots, big] }, { parts: 1, format: kind })
    const path = kind === 'folder' ? dir : (paths[0] as string)
    return {
      export: 'e',
      number: 1,
      kind,
      name: basename(path),
      path,
      size: 0,
      modified: 0,
      entries: 0,
    }
  }

  test('gives the wanted files, whole, the small ones as often as asked', async () => {
    const part = await made()
    const seen: Record<string, Buffer> = {}
    for await (const { path, open, once } of bodies(part, [big, ...shots].map(file))) {
      seen[basename(path)] = await read(open())
      if (!once) expect(await read(open())).toEqual(seen[basename(path)])
      expect(once).toBe(kind === 'tgz' && path.endsWith('c.jpg'))
    }
    for (const shot of [...shots, big]) expect(seen[shot.name]?.equals(bytesOf(shot))).toBe(true)
    expect(Object.keys(seen)).toHaveLength(3)
  })

  test('bytes that are not those of the index break off before the last of them', async () => {
    const part = await made()
    // A zip's entry is checked against its own directory: there the index is not asked.
    const wrong = {
      ...file(shots[0] as never),
      ...(kind === 'zip' ? { path: 'x.jpg' } : { crc: '00000000' }),
    }
    for await (const { open } of bodies(part, [wrong])) {
      let given = 0
      const all = async () => {
        for await (const chunk of open()) given += chunk.length
      }
      await expect(all()).rejects.toThrow(Fail)
      expect(given).toBeLessThan(wrong.size)
    }
  })

  test('one that is gone or cut is lost as a whole', async () => {
    const part = await made()
    const all = async () => {
      for await (const { open } of bodies(part, [file(big), ...shots.map(file)])) await read(open())
    }
    if (kind !== 'folder') {
      truncateSync(part.path, 4000)
      await expect(all()).rejects.toThrow(kind === 'zip' ? Lost : Fail)
    }
    renameSync(part.path, `${part.path}.away`)
    await expect(all()).rejects.toThrow(Lost)
    renameSync(`${part.path}.away`, part.path)
  })
})

test('a big file of a tgz that nobody reads to its end does not hold up the next', async () => {
  const { paths } = await makeTakeout(dir, { shots: [big, ...shots] }, { parts: 1, format: 'tgz' })
  const path = paths[0] as string
  const part: Part = {
    export: 'e',
    number: 1,
    kind: 'tgz',
    name: 'x',
    path,
    size: 0,
    modified: 0,
    entries: 0,
  }
  const names: string[] = []
  for await (const { path, open } of bodies(part, [big, ...shots].map(file))) {
    names.push(basename(path))
    for await (const _ of open()) break
  }
  expect(names).toEqual(['c.jpg', 'a.jpg', 'b.jpg'])
})
