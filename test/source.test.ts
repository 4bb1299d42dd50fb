import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fileSource, kindOf } from '../lib/archive/source.ts'
import { Fail } from '../lib/stage.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photoferry-source-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('reads exactly the bytes that are asked for', async () => {
  const path = join(folder, 'a.zip')
  await writeFile(path, 'hello world')
  const source = await fileSource(path)
  expect([source.name, source.size]).toEqual(['a.zip', 11])
  expect(String(await source.read(6, 5))).toBe('world')
  expect((await source.read(11, 0)).length).toBe(0)
  await source.close()
  await source.close()
  await expect(source.read(0, 1)).rejects.toThrow(Fail)
})

it('says that a file became shorter, and gives no half of what was asked for', async () => {
  const path = join(folder, 'b.zip')
  await writeFile(path, Buffer.alloc(5_000_000))
  const source = await fileSource(path)
  await truncate(path, 2_000_000)
  await expect(source.read(1_000_000, 3_000_000)).rejects.toThrow(
    new Fail(
      'Cannot read "b.zip": it was cut to 2.0 MB while it was read: let its download end, then run again',
    ),
  )
  expect((await source.read(1_000_000, 1_000_000)).length).toBe(1_000_000)
  await source.close()
})

it('says what is wrong with a path', async () => {
  const missing = join(folder, 'missing.zip')
  await expect(fileSource(missing)).rejects.toThrow(
    new Fail(`Cannot read "${missing}": it is not there: check the path`),
  )
  await expect(fileSource(folder)).rejects.toThrow(Fail)
  await expect(fileSource(folder)).rejects.toThrow(
    /: it is (not a file|a folder): name an archive$/,
  )
})

it.each<[string, string | undefined]>([
  ['', 'empty'],
  ['PK\x03\x04rest', 'a zip'],
  ['PK\x05\x06rest', 'a zip'],
  ['PKrest', undefined],
  ['\x1f\x8b\x08', 'a gzip (tgz)'],
  ['<!DOCTYPE html>', 'a web page'],
  ['\n  <html lang="en">', 'a web page'],
  ['\xef\xbb\xbf<HTML>', 'a web page'],
  ['<svg xmlns="">', undefined],
  [`${'\0'.repeat(257)}ustar`, 'a tar'],
  ['\0\0\0', 'only zero bytes (a download that never ran)'],
  ['\0\0\x01', undefined],
])('tells a file by its first bytes: %j', (head, kind) => {
  expect(kindOf(Buffer.from(head, 'latin1'))).toBe(kind)
})
