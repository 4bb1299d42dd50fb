import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hex } from '../lib/archive/directory.ts'
import { assemble } from '../lib/takeout/library.ts'
import type { ExportFile } from '../lib/takeout/takeout.ts'
import {
  albumFile,
  albumsByTitle,
  library,
  media,
  NOON,
  shot,
  sidecar,
} from './sandbox/export-files.ts'

type Case = {
  id: string
  folders: Record<string, string[]>
  parts?: Record<string, string[]>
  sizes?: Record<string, number>
  titles?: Record<string, string>
  albums?: Record<string, string[]>
  pairs?: Record<string, (string | null)[]>
  photos?: number
  trash?: string[]
  ignored?: string[]
}
const fixture = join(import.meta.dirname, 'fixtures/takeout-names.json')
const { exports: cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { exports: Case[] }

/** Files of one name are one photo, in whatever folder they lie, but in mf-005, whose sidecars disagree. */
function filesOf({ id, folders, parts, sizes, titles }: Case): ExportFile[] {
  const paths = Object.entries(folders).flatMap(([folder, names]) =>
    names.map((name) => `${folder}/${name}`),
  )
  const placed = parts
    ? Object.entries(parts).flatMap(([part, inPart]) => inPart.map((path) => ({ part, path })))
    : paths.map((path) => ({ part: '001', path }))
  return placed.map(({ part, path }): ExportFile => {
    const [folder, name] = [dirname(path), basename(path)]
    const full = path.startsWith('Takeout/') ? path : `Takeout/Google Photos/${path}`
    const size = sizes?.[path] ?? sizes?.['*'] ?? 1000
    const file = { part, path: full, size, crc: null }
    if (!name.endsWith('.json')) return { ...file, crc: hex(crc32(`${name}${size}`)) }
    if (name === 'shared_album_comments.json') return { ...file, json: { kind: 'account' } }
    if (/^(metadata|anyname)\.json$/.test(name)) {
      return { ...file, json: { kind: 'album', title: titles?.[basename(folder)] ?? folder } }
    }
    const title = name.replace(/(\.supplemental-metadata)?\.json$/, '')
    const year = /(?:19|20)\d\d/.exec(Object.keys(folders).join())?.[0]
    const taken = Date.UTC(Number(year ?? 2020), 5, 1) / 1000 + (id === 'mf-005' ? path.length : 0)
    return { ...file, json: { kind: 'photo', facts: { title, taken, url: `u ${title} ${taken}` } } }
  })
}

test.each(cases)('export $id of several folders', async (given) => {
  const files = filesOf(given)
  const { photos, albums, rows } = await assemble(files, { exportOf: () => 'export' })
  expect(rows.size).toBe(files.length)
  const idAt = (path: string) =>
    [...rows].find(([file]) => file.path.endsWith(`/${path}`) || file.path === path)?.[1]
  if (given.photos) expect(Object.keys(photos)).toHaveLength(given.photos)
  if (given.albums) {
    const ours = Object.values(albums).filter(({ leftOut }) => !leftOut)
    expect(
      Object.fromEntries(ours.map(({ folder, photos }) => [folder, [...photos].sort()])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(given.albums).map(([folder, paths]) => [
          folder,
          paths.map((path) => idAt(path)?.photo).sort(),
        ]),
      ),
    )
  }
  for (const [path, [json]] of Object.entries(given.pairs ?? {})) {
    const sidecar = json && [...rows.keys()].find((file) => file.path.endsWith(json))?.path
    expect(idAt(path)?.sidecar ?? null, path).toBe(sidecar)
  }
  for (const path of given.trash ?? []) expect(photos[idAt(path)?.photo ?? '']?.trashed).toBe(true)
  for (const path of given.ignored ?? []) expect(idAt(path)?.role).toBe('ignored')
  for (const [folder, title] of Object.entries(given.titles ?? {})) {
    expect(Object.values(albums).find((album) => album.folder === folder)?.title).toBe(
      title || folder,
    )
  }
})

test('every file is in exactly one row, and what is in no photo in a leftover', async () => {
  const files = [
    ...shot('Photos from 2021/a.jpg'),
    media('Photos from 2021/note.txt'),
    media('Photos from 2021/empty.jpg', { size: 0 }),
    media('Photos from 2021/locked.jpg', { problem: 'encrypted' }),
    media('Photos from 2021/.DS_Store'),
    media('print-orders.pdf'),
    { ...media('../Drive/beach.jpg'), path: 'Takeout/Drive/Holiday/beach.jpg' },
    sidecar('Photos from 2021/gone.jpg'),
    albumFile('Talk', { title: '', conversation: true }),
    { ...media('Photos from 2021/x.json'), json: { kind: 'broken', why: 'no JSON' } } as const,
  ]
  const { rows, leftovers } = await library(files)
  expect(new Set(rows.keys())).toEqual(new Set(files))
  const inNoPhoto = [...rows].filter(([, { photo }]) => photo === null)
  expect(
    Object.fromEntries(Object.values(leftovers).map(({ path, why }) => [basename(path), why])),
  ).toMatchInlineSnapshot(`
      {
        ".DS_Store": "no part of the photos",
        "beach.jpg": "another product",
        "empty.jpg": "empty file",
        "gone.jpg.supplemental-metadata.json": "its photo is not in the export",
        "locked.jpg": "encrypted",
        "metadata.json": "a conversation",
        "note.txt": "neither a photo nor a video",
        "print-orders.pdf": "account",
        "x.json": "unreadable sidecar: no JSON",
      }
    `)
  expect(Object.keys(leftovers)).toHaveLength(inNoPhoto.length)
})

test('an export in a language that nobody listed is told by its structure', async () => {
  const at = (folder: string, name: string) => `../Google myndir/${folder}/${name}`
  const winter = Date.UTC(2022, 0, 9) / 1000
  const files = [
    ...shot(at('Myndir frá 2021', 'a.jpg')),
    ...shot(at('Myndir frá 2022', 'b.jpg'), { taken: winter }),
    sidecar(at('Ferð 2022', 'b.jpg'), { taken: winter }),
    { ...albumFile('../Google myndir/Ferð 2022', { title: 'Ferð' }) },
    ...shot(at('Rusl', 'c.jpg'), { trashed: true }),
    media(at('Rusl', 'd.jpg')),
    media('../Drive/Docs/e.jpg'),
  ].map((file) => ({ ...file, path: file.path.replace('Google Photos/../', '') }))
  const found = await library(files)
  expect(albumsByTitle(found)).toEqual({ Ferð: ['b.jpg'] })
  const trashed = Object.values(found.photos).filter(({ trashed }) => trashed)
  expect(trashed.map(({ title }) => title).sort()).toEqual(['c.jpg', 'd.jpg'])
  expect(found.rows.get(files.at(-1) as ExportFile)?.why).toBe('another product')
})

test('a name that means another photo in the album than in the year', async () => {
  const july = NOON + 30 * 86_400
  const numbered = { ...sidecar('Photos from 2021/x.jpg', { taken: july }) }
  numbered.path = numbered.path.replace('.json', '(1).json')
  const found = await library([
    ...shot('Photos from 2021/x.jpg', { description: 'first' }),
    media('Photos from 2021/x(1).jpg'),
    numbered,
    sidecar('Trip/x.jpg', { taken: july }),
    albumFile('Trip'),
    ...shot('Tour/x.jpg', { taken: july }, { bytes: 'Photos from 2021/x(1).jpg' }),
    albumFile('Tour'),
  ])
  const second = Object.keys(found.photos).filter((id) => found.photos[id]?.taken === july)
  expect(second).toHaveLength(1)
  expect(Object.values(found.albums).map(({ photos }) => photos)).toEqual([second, second])
})

test('a sidecar without its media says why', async () => {
  const older = {
    ...sidecar('Photos from 2021/a.jpg'),
    path: 'Takeout/Google Photos/Photos from 2021/a.jpg.json',
  }
  const elsewhere = sidecar('Trip/a.jpg')
  const lost = sidecar('Trip/b.jpg', { taken: NOON + 9 })
  const { rows } = await library([
    ...shot('Photos from 2021/a.jpg'),
    older,
    elsewhere,
    lost,
    albumFile('Trip'),
  ])
  expect([older, elsewhere, lost].map((one) => rows.get(one)?.why)).toEqual([
    'its photo has another sidecar here',
    'its photo lies in another folder',
    'its photo is not in the export',
  ])
})

test('rows are whole and photos the same in whatever order the files come', async () => {
  const files = [
    ...shot('Photos from 2021/a.jpg'),
    media('Photos from 2021/a-edited.jpg'),
    ...shot('Photos from 2021/b.HEIC', { taken: NOON + 60 }),
    media('Photos from 2021/b.MOV'),
    ...shot('Trip/a.jpg', {}, { size: 900, bytes: 'small' }),
    sidecar('Trip/b.HEIC', { taken: NOON + 60 }),
    albumFile('Trip'),
    media('Photos from 2021/bare.jpg'),
    ...shot('Photos from 2021/a(1).jpg', { title: 'a.jpg', taken: NOON + 5 }),
  ]
  const { photos, albums, leftovers } = await library(files)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(files, { minLength: files.length }), async (shuffled) => {
      const again = await library(shuffled)
      expect(again.rows.size).toBe(files.length)
      expect({ ...again.photos }).toEqual({ ...photos })
      expect({ ...again.albums }).toEqual({ ...albums })
      expect({ ...again.leftovers }).toEqual({ ...leftovers })
    }),
    { numRuns: 50 },
  )
})

test('the whole library again in later exports changes nothing, whichever part comes first', async () => {
  const year = 'Photos from 2021'
  const winter = { title: 'w.jpg', taken: NOON + 700, description: 'Snow', people: ['Ann'] }
  const files = [
    ...shot(`${year}/a.jpg`),
    media(`${year}/a-edited.jpg`, { size: 1200 }),
    ...shot(`${year}/b.HEIC`, { taken: NOON + 60 }),
    media(`${year}/b.MOV`, { size: 3000 }),
    media(`${year}/b-edited.HEIC`, { size: 900 }),
    ...shot(`${year}/w.jpg`, winter),
    ...shot('Trip/w.jpg', winter, { size: 800, bytes: 'small' }),
    media('Trip/a-edited.jpg', { size: 1200, bytes: `${year}/a-edited.jpg` }),
    sidecar('Trip/b.HEIC', { taken: NOON + 60 }),
    albumFile('Trip'),
    ...shot('Tour/w.jpg', winter, { bytes: `${year}/w.jpg` }),
    albumFile('Tour'),
    media(`${year}/bare.jpg`),
    media(`${year}/lonely-edited.jpg`),
    ...shot(`${year}/a(1).jpg`, { title: 'a.jpg', taken: NOON + 5 }),
    ...shot('Bin/t.jpg', { taken: NOON + 90, trashed: true }),
  ]
  const what = ({ photos, albums }: Awaited<ReturnType<typeof library>>) => ({
    photos: Object.entries(photos)
      .map(([id, { files, ...photo }]) => ({
        id,
        ...photo,
        files: files.flatMap(({ role, crc }) => (role === 'copy' ? [] : [`${role} ${crc}`])),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    albums: Object.values(albums)
      .map(({ title, photos }) => ({ title, photos: photos.toSorted() }))
      .toSorted((a, b) => (a.title < b.title ? -1 : 1)),
  })
  const once = await library(files)
  const orders = fc.shuffledSubarray(['p', 'q', 'r'], { minLength: 2 })
  await fc.assert(
    fc.asyncProperty(orders, fc.boolean(), async (parts, isKnown) => {
      const exports = Object.fromEntries(
        parts.map((part, n) => [part, `takeout-202${n}0101T000000Z`]),
      )
      const all = parts.flatMap((part) => files.map((file) => ({ ...file, part })))
      const again = await library(all, { exports, ...(isKnown && { old: once }) })
      expect(again.rows.size).toBe(all.length)
      expect(what(again)).toEqual(what(once))
    }),
  )
})
