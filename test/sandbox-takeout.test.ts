import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileSource } from '../lib/archive/source.ts'
import { readDirectory, readEntries } from '../lib/archive/zip.ts'
import { readHead } from '../lib/picture/picture.ts'
import { bulkTakeout } from './sandbox/bulk-takeout.ts'
import { demoTakeout } from './sandbox/demo-takeout.ts'
import { type Description, makeTakeout } from './sandbox/takeout.ts'

const sha1 = (data: Buffer) => createHash('sha1').update(data).digest('hex')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photoferry-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function zipFiles(path: string) {
  const source = await fileSource(path)
  const files = new Map<string, Buffer>()
  const { entries } = await readDirectory(source)
  for await (const { entry, data, problem } of readEntries(source, entries)) {
    expect(problem).toBeUndefined()
    files.set(entry.path, data as Buffer)
  }
  await source.close()
  return files
}

async function tgzFiles(path: string) {
  const files = new Map<string, Buffer>()
  for await (const entry of createReadStream(path).pipe(createGunzip()).pipe(extract())) {
    files.set(
      entry.header.name,
      Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>)),
    )
  }
  return files
}

function folderFiles(path: string) {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' })
  const whole = names.filter((name) => statSync(join(path, name)).isFile())
  return new Map(whole.map((name) => [`Takeout/${name}`, readFileSync(join(path, name))]))
}

const hashes = (files: Map<string, Buffer>) =>
  Object.fromEntries([...files].map(([path, data]) => [path, sha1(data)]))

const small: Description = {
  shots: [
    { folder: 'Photos from 2024', name: 'a.jpg', size: [32, 24], facts: { place: [-10.5, 20.25] } },
    { folder: 'Photos from 2024', name: 'a(1).jpg', title: 'a.jpg', taken: 5, size: [32, 24] },
    {
      folder: 'Photos from 2024',
      name: 'a.mp4',
      sample: 'motion.mp4',
      role: 'motion',
      of: 'a.jpg',
    },
    { folder: 'Photos from 2024', name: 'a-edited.jpg', role: 'edited', of: 'a.jpg', seed: 1 },
    { folder: 'A_B', name: 'a.jpg', media: false, facts: { place: [-10.5, 20.25] } },
    { folder: 'A_B', name: 'gone.jpg', media: false },
    { folder: 'Trash', name: 'bad.png', sample: 'screenshot.png', facts: { trashed: true } },
    { folder: 'Photos from 2024', name: 'bare.gif', sample: 'clouds.gif', sidecar: false },
  ],
  albums: [{ folder: 'A_B', title: 'A/B' }],
}

test('zip, tgz and folder hold the same files, and the same again when made again', async () => {
  const made = (format: 'zip' | 'tgz' | 'folder', to: string) =>
    makeTakeout(join(folder, to), small, { format, parts: format === 'folder' ? 1 : 2 })
  const { paths: zips, expected } = await made('zip', 'zip')
  const { paths: again } = await made('zip', 'again')
  const { paths: tgzs } = await made('tgz', 'tgz')
  const { paths: folders } = await made('folder', 'folder')
  expect(zips.map((path) => path.replace(folder, ''))).toEqual([
    '/zip/takeout-20260115T101500Z-3-001.zip',
    '/zip/takeout-20260115T101500Z-3-002.zip',
  ])
  expect(again.map((path) => sha1(readFileSync(path)))).toEqual(
    zips.map((path) => sha1(readFileSync(path))),
  )
  const [zip, tgz] = [new Map<string, Buffer>(), new Map<string, Buffer>()]
  for (const path of zips) for (const [name, data] of await zipFiles(path)) zip.set(name, data)
  for (const path of tgzs) for (const [name, data] of await tgzFiles(path)) tgz.set(name, data)
  const unpacked = folderFiles(folders[0] as string)
  expect(hashes(tgz)).toEqual(hashes(zip))
  expect(hashes(unpacked)).toEqual(hashes(zip))
  const { media, sidecars, albums, others } = expected.files
  expect(zip.size).toBe(media + sidecars + albums + others)
  expect([...zip.keys()].sort()).toMatchInlineSnapshot(`
    [
      "Takeout/Google Photos/A_B/a.jpg.supplemental-metadata.json",
      "Takeout/Google Photos/A_B/gone.jpg.supplemental-metadata.json",
      "Takeout/Google Photos/A_B/metadata.json",
      "Takeout/Google Photos/Photos from 2024/a(1).jpg",
      "Takeout/Google Photos/Photos from 2024/a-edited.jpg",
      "Takeout/Google Photos/Photos from 2024/a.jpg",
      "Takeout/Google Photos/Photos from 2024/a.jpg.supplemental-metadata(1).json",
      "Takeout/Google Photos/Photos from 2024/a.jpg.supplemental-metadata.json",
      "Takeout/Google Photos/Photos from 2024/a.mp4",
      "Takeout/Google Photos/Photos from 2024/bare.gif",
      "Takeout/Google Photos/Trash/bad.png",
      "Takeout/Google Photos/Trash/bad.png.supplemental-metadata.json",
    ]
  `)
})

test('what to expect is told by photo, not by file', async () => {
  const { expected } = await makeTakeout(join(folder, 'expected'), small)
  const [a, other, bad, bare] = expected.photos
  expect(expected.photos).toHaveLength(4)
  expect(a).toMatchObject({ title: 'a.jpg', albums: ['A_B'], place: [-10.5, 20.25] })
  expect(a?.edited).toHaveLength(1)
  expect(a?.motion).toMatch(/^[\da-f]{40}$/)
  expect(other).toMatchObject({ title: 'a.jpg', taken: 5, edited: [], motion: null, albums: [] })
  expect(bad?.trashed).toBe(true)
  expect(bare?.taken).toBeNull()
  expect(expected.albums).toEqual([{ folder: 'A_B', title: 'A/B', photos: [a?.key] }])
  expect(expected.orphans).toEqual([
    'Takeout/Google Photos/A_B/gone.jpg.supplemental-metadata.json',
  ])
  expect(expected.assets).toEqual({ visible: 4, hidden: 1 })
})

test('the demo is an export of two parts whose pictures can be read', async () => {
  const { paths, expected } = await demoTakeout(join(folder, 'demo'))
  const files = new Map<string, Buffer>()
  for (const path of paths) for (const [name, data] of await zipFiles(path)) files.set(name, data)
  const found = new Set([...files.values()].map(sha1))
  for (const photo of expected.photos) {
    for (const hash of [photo.sha1, ...photo.edited, photo.motion ?? photo.sha1]) {
      expect(found).toContain(hash)
    }
  }
  const media = [...files].filter(([path]) => !/\.(json|html)$/.test(path))
  expect(media).toHaveLength(expected.files.media)
  for (const [path, data] of media) {
    const { width = 0, height = 0, type } = await readHead(data, path)
    expect(width * height, path).toBeGreaterThan(0)
    expect(`${path}: ${type}`).toMatch(
      /\.(jpe?g: jpg|heic: heic|mov: mov|mp4: mp4|png: png|gif: gif|webp: webp)$/i,
    )
  }
  expect(expected.albums.map(({ title, photos }) => [title, photos.length])).toEqual([
    ['Sommer am See', 8],
    ['Oma & Opa: 50 Jahre?', 4],
    ['Best of 2023', 4],
  ])
}, 60_000)

test('a bulk export is whole, and no two of its pictures are alike', async () => {
  const { paths, media, sidecars } = await bulkTakeout(join(folder, 'bulk'), {
    items: 500,
    parts: 2,
    albums: 2,
  })
  const all: [string, Buffer][] = []
  for (const path of paths) all.push(...(await zipFiles(path)))
  const pictures = all.filter(([path]) => path.endsWith('.jpg'))
  expect(pictures).toHaveLength(media)
  expect(all).toHaveLength(media + sidecars + 2)
  expect(new Set(pictures.map(([, data]) => sha1(data))).size).toBe(500)
  const [path, data] = pictures[7] as [string, Buffer]
  expect(await readHead(data, path)).toEqual({ type: 'jpg', width: 16, height: 12 })
})
