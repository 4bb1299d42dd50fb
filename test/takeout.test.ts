import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashEqualSizes, recall } from '../lib/takeout/known-bytes.ts'
import { assemble } from '../lib/takeout/library.ts'
import { findParts } from '../lib/takeout/parts.ts'
import { type ExportFile, readPart } from '../lib/takeout/takeout.ts'
import { demoDescription } from './sandbox/demo-takeout.ts'
import { makeTakeout } from './sandbox/takeout.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function readAll(path: string) {
  const { found } = await findParts([path])
  const files: ExportFile[] = []
  for (const part of found) files.push(...(await readPart(part)).files)
  const root = found[0]?.path as string
  await hashEqualSizes(files, () => root)
  return files
}

test('zip, tgz and folder of one export give the same photos and albums', async () => {
  const results = []
  for (const format of ['zip', 'tgz', 'folder'] as const) {
    await makeTakeout(join(dir, format), demoDescription(), {
      format,
      parts: format === 'folder' ? 1 : 2,
    })
    const files = await readAll(join(dir, format))
    const { photos, albums, leftovers } = await assemble(files, { exportOf: () => 'export' })
    const titleOf = (id: string) => `${photos[id]?.title} ${photos[id]?.taken}`
    results.push({
      photos: Object.values(photos)
        .map(({ files, ...photo }) => ({
          ...photo,
          files: files
            .map(
              ({ path, size, role, sidecar }) =>
                `${path.replace(/^Takeout\//, '')} ${size} ${role} ${sidecar?.replace(/^Takeout\//, '')}`,
            )
            .sort(),
        }))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      albums: Object.values(albums)
        .map(({ title, description, photos }) => ({
          title,
          description,
          photos: photos.map(titleOf).sort(),
        }))
        .sort((a, b) => (a.title < b.title ? -1 : 1)),
      leftovers: Object.values(leftovers)
        .map(({ why }) => why)
        .sort(),
    })
  }
  const [zip, tgz, folder] = results
  expect(zip?.photos.length).toBeGreaterThan(40)
  expect(tgz).toEqual(zip)
  expect(folder).toEqual(zip)
}, 60_000)

test('zip and tgz of one export give the same ids, and a folder for all that was read', async () => {
  const ids = async (path: string) => {
    const { photos } = await assemble(await readAll(path), { exportOf: () => 'export' })
    return Object.keys(photos).sort()
  }
  const zip = await ids(join(dir, 'zip'))
  expect(await ids(join(dir, 'tgz'))).toEqual(zip)
  const folder = await ids(join(dir, 'folder'))
  const read = folder.filter((id) => !id.startsWith('x'))
  expect(read.length).toBeGreaterThan(10)
  expect(zip).toEqual(expect.arrayContaining(read))
})

test('in a folder links, and what is too big for a sidecar, are told and not followed', async () => {
  const root = join(dir, 'odd')
  await makeTakeout(
    root,
    { shots: [{ folder: 'Photos from 2024', name: 'a.jpg', size: [8, 6] }] },
    { format: 'folder' },
  )
  const inside = join(root, 'Takeout/Google Photos/Photos from 2024')
  await symlink('/etc', join(inside, 'link'))
  await writeFile(join(inside, 'big.json'), Buffer.alloc(5 * 1024 * 1024, 32))
  await writeFile(join(inside, 'cut.jpg.json'), '{"title": "cut.j')
  const files = await readAll(root)
  const of = (name: string) => files.find(({ path }) => path.endsWith(name))
  expect(of('link')?.problem).toBe('neither a file nor a folder')
  expect(of('big.json')?.json).toEqual({ kind: 'broken', why: 'too big for a sidecar' })
  expect(of('cut.jpg.json')?.json).toEqual({ kind: 'broken', why: 'no JSON' })
})

test.each(['zip', 'tgz', 'folder'] as const)(
  'who waits is told what is read of a %s',
  async (format) => {
    const root = join(dir, `told-${format}`)
    await makeTakeout(root, demoDescription(), { format })
    const { found } = await findParts([root])
    const part = found[0] as (typeof found)[0]
    const paths = new Set<string>()
    let bytes = 0
    const { files } = await readPart(part, (path, many = 0) => {
      paths.add(path)
      bytes += many
    })
    // Of a tgz all bytes are read; of the others what lists their files, and sidecars.
    if (format === 'tgz') expect(bytes).toBeGreaterThanOrEqual(part.size)
    else expect(bytes).toBe(0)
    const sidecars = files.filter(({ json }) => json).map(({ path }) => path)
    if (format !== 'tgz') expect([...paths]).toEqual(expect.arrayContaining(sidecars))
  },
)

test('what was read of a file is not read again, unless the file is another', () => {
  const file = (more: object): ExportFile => ({
    part: 'p',
    path: 'a.jpg',
    size: 9,
    crc: null,
    ...more,
  })
  const head = { width: 4, height: 3 }
  const before = { title: 'a', kind: 'image', taken: 1 } as const
  const photos = (crc: string) => ({
    id: { ...before, files: [{ ...file({}), crc, head, role: 'original' as const, why: '' }] },
  })
  const recalled = (one: ExportFile) => {
    recall([one], photos('00000001'))
    return one
  }
  expect(recalled(file({}))).toMatchObject({ crc: '00000001', head })
  expect(recalled(file({ crc: '00000001' })).head).toEqual(head)
  expect(recalled(file({ crc: '00000002' })).head).toBeUndefined()
  expect(recalled(file({ size: 10 }))).toEqual(file({ size: 10 }))
})
