import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ExifTool } from 'exiftool-vendored'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { demoDescription } from './sandbox/demo-takeout.ts'
import { type Home, home, realExiftool, sha1Of } from './sandbox/library.ts'
import { inAlbum, picture } from './sandbox/run.ts'
import { bytesOf, type Description, type Shot } from './sandbox/takeout.ts'

let tool: ExifTool | undefined
beforeAll(async () => {
  tool = await realExiftool()
})
afterAll(() => tool?.end())

let h: Home
afterEach(() => h?.end())
const begin = async (description: Partial<Description> & { shots: Shot[] }, options?: object) => {
  h = await home(description, options)
  return h
}
const day = '2024/06/01'

test('a whole Takeout lies in folders: once, its bytes as they were, with its times, halves together, albums as links', async () => {
  await begin(demoDescription())
  const said = await h.mirror()
  expect(said).toMatch(
    /mirror: 41 photos, 668 KB, to data\/library, which has .* free; 3 albums as links/,
  )
  expect(said).toMatch(/mirror: 41 photos = 41 mirrored; 3 albums; 668 KB in/)

  const { photos, mirrored } = h.load()
  const wanted = h.expected.photos.filter(({ trashed }) => !trashed)
  const files = Object.values(mirrored).flatMap(({ files = [] }) => files)
  expect(files.map(({ sha1 }) => sha1).sort()).toEqual(
    wanted
      .flatMap(({ sha1, edited, motion }) => [sha1, ...edited, ...(motion ? [motion] : [])])
      .sort(),
  )
  for (const { path, sha1 } of files) expect(sha1Of(h.read(path))).toBe(sha1)
  for (const [id, { files = [] }] of Object.entries(mirrored)) {
    const { taken = null, takenFrom } = photos[id] ?? {}
    if (taken && !takenFrom)
      for (const { path } of files) expect(+statSync(h.file(path)).mtime).toBe(taken * 1000)
  }
  const media = h.tree({ only: /^\d.*(?<!\.xmp)$/ })
  expect(media.length).toBe(files.length)
  expect(media).toEqual(
    expect.arrayContaining([
      '2024/03/02/IMG_2040-edited.jpg',
      '2024/03/02/IMG_2040.jpg',
      '2024/08/14/IMG_4711.HEIC',
      '2024/08/14/IMG_4711.MOV',
      // Two minutes to New Year in Berlin, and 22:59:58 of UTC.
      '2022/12/31/IMG_0007.jpg',
      '2022/10/03/Herbstspaziergang mit Mira rund um den großen Waldsee im Nebel.jpg',
    ]),
  )
  // Every member of an album leads to its file, whole.
  const links = h.tree({ only: /->/ })
  expect(links).toContain(
    'albums/Best of 2023/PXL_20230723_194002000.jpg -> ../../2023/07/23/PXL_20230723_194002000.jpg',
  )
  for (const link of links) expect(existsSync(h.file(link.split(' -> ')[0] as string))).toBe(true)
  for (const { title, photos } of h.expected.albums) {
    const name = title.replaceAll(/[:?]/g, '_')
    const json = JSON.parse(h.read(`albums/${name}/album.json`).toString())
    expect([json.title, json.photos.length]).toEqual([title, photos.length])
    for (const { path } of json.photos)
      expect(existsSync(join(h.library, 'albums', name, path))).toBe(true)
  }

  const before = h.tree({ sha1: true })
  expect(await h.mirror()).toMatch(/mirror: nothing to mirror: 41 photos are in data\/library\n$/)
  expect(h.tree({ sha1: true })).toEqual(before)
})

test('names: two of one day stay two, pairs keep one number, and no title leaves the folder or fails on another disk', async () => {
  const live = picture('IMG_5.HEIC', 5, { sample: 'live.heic' })
  await begin({
    shots: [
      picture('IMG_1.jpg', 1),
      picture('IMG_1(1).jpg', 2, { title: 'IMG_1.jpg' }),
      picture('img_1.jpg', 3),
      live,
      { ...live, name: 'IMG_5.MOV', sample: 'live.mov', role: 'motion', of: 'IMG_5.HEIC' },
      picture('up.jpg', 10, { title: '../../../../etc/up.jpg' }),
      picture('con.jpg', 11),
      picture('what.jpg', 12, { title: 'a:b*c?"<x>|.jpg' }),
      picture('long.jpg', 13, { title: `${'ü'.repeat(150)}.jpg` }),
      picture('dots.jpg', 14, { title: '...jpg' }),
    ],
  })
  mkdirSync(h.file(day), { recursive: true })
  writeFileSync(h.file(`${day}/img_1.JPG`), 'mine')
  writeFileSync(h.file(`${day}/IMG_5.MOV`), 'mine, too')
  // Ours to the byte: taken for it.
  writeFileSync(h.file(`${day}/_con.jpg`), bytesOf(picture('con.jpg', 11)))
  await h.mirror('--metadata', 'none')
  const names = h.tree({ only: /^2024/ }).map((path) => path.slice(day.length + 1))
  expect(names.filter((name) => !/^(IMG|img)/.test(name))).toEqual([
    '_.jpg',
    '__.._.._.._etc_up.jpg',
    '_con.jpg',
    'a_b_c___x__.jpg',
    `${'ü'.repeat(98)}.jpg`,
  ])
  const ones = names.filter((name) => /^img_1/i.test(name))
  expect(ones.length).toBe(4)
  expect(new Set(ones.map((name) => name.toLowerCase())).size).toBe(
    existsSync(h.file(`${day}/IMG_1.jpg`)) ? 3 : 4,
  )
  expect(names.filter((name) => /^IMG_5/.test(name))).toEqual([
    'IMG_5-2.HEIC',
    'IMG_5-2.MOV',
    'IMG_5.MOV',
  ])
  expect(readFileSync(h.file(`${day}/img_1.JPG`), 'utf8')).toBe('mine')
})

test.each([
  ['links', 'link'],
  ['hardlinks', 'same file'],
  ['copies', 'copy'],
  ['json', 'nothing'],
  ['none', 'nothing'],
])('albums as %s: a photo of two albums is in both, two of one title stay two', async (as, is) => {
  const [a, b] = [picture('a.jpg', 1, { facts: { description: 'A & B' } }), picture('b.jpg', 2)]
  const trip = { title: 'Trip', description: 'Nice' }
  await begin({
    shots: [a, b, ...inAlbum('Trip', a, b), ...inAlbum('Trip(1)', a), ...inAlbum('Other', b)],
    albums: [
      { folder: 'Trip', ...trip },
      { folder: 'Trip(1)', ...trip },
      { folder: 'Other', title: 'AC/DC' },
    ],
  })
  await h.mirror('--albums-as', as)
  const shown = (path: string) => {
    const [own, file] = [h.file(path), h.file(`${day}/${path.slice(-5)}`)]
    if (!existsSync(own)) return 'nothing'
    if (lstatSync(own).isSymbolicLink()) return 'link'
    if (statSync(own).ino === statSync(file).ino) return 'same file'
    return readFileSync(own).equals(readFileSync(file)) ? 'copy' : 'wrong'
  }
  expect(
    ['Trip/a.jpg', 'Trip/b.jpg', 'Trip (2)/a.jpg', 'AC_DC/b.jpg'].map((path) =>
      shown(`albums/${path}`),
    ),
  ).toEqual([is, is, is, is])
  if (as === 'none') return expect(existsSync(h.file('albums'))).toBe(false)
  expect(JSON.parse(h.read('albums/Trip/album.json').toString())).toEqual({
    title: 'Trip',
    description: 'Nice',
    photos: [
      { path: `../../${day}/a.jpg`, title: 'a.jpg', caption: 'A & B' },
      { path: `../../${day}/b.jpg`, title: 'b.jpg' },
    ],
  })
})

test('albums in another manner: each entry turns, what its owner changed or took out stays so', async () => {
  const shots = ['a', 'b', 'c', 'd'].map((name, n) => picture(`${name}.jpg`, n, { seed: n }))
  await begin({
    shots: [...shots, ...inAlbum('Trip', ...shots)],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  const entry = (name: string) => h.file(`albums/Trip/${name}.jpg`)
  const shown = () =>
    h
      .tree({ only: /^albums.*jpg/ })
      .map((line) => line.split(' -> ')[0] as string)
      .map((path) => {
        const [own, file] = [h.file(path), h.file(`${day}/${path.slice(-5)}`)]
        const is = lstatSync(own)
        const how = is.isSymbolicLink() ? 'link' : is.ino === statSync(file).ino ? 'same' : 'copy'
        return `${path.slice(-5, -4)} ${how} ${readFileSync(own).equals(readFileSync(file))}`
      })
  await h.mirror('--albums-as', 'copies')
  rmSync(entry('c'))
  writeFileSync(entry('d'), 'mine')
  expect(shown()).toEqual(['a copy true', 'b copy true', 'd copy false'])
  for (const [as, is] of [
    ['links', 'link'],
    ['hardlinks', 'same'],
    ['json', 'same'],
    ['links', 'link'],
    ['copies', 'copy'],
    ['none', 'copy'],
    ['links', 'link'],
  ] as const) {
    await h.mirror('--albums-as', as)
    const [, ...others] = shown()
    expect([as, shown()[0]]).toEqual([as, `a ${is} true`])
    expect(others.filter((line) => !line.startsWith('c'))).toEqual([`b ${is} true`, 'd copy false'])
  }
})

test('files that a --path puts into the folder of their album are their own entries, in every manner', async () => {
  const shots = ['a', 'b'].map((name, n) => picture(`${name}.jpg`, n, { seed: n }))
  await begin({
    shots: [...shots, ...inAlbum('Trip', ...shots)],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  for (const as of ['hardlinks', 'links', 'copies', 'links']) {
    await h.mirror('--path', 'albums/{album}', '--metadata', 'none', '--albums-as', as)
    expect(h.tree({ sha1: true, only: /jpg/ })).toEqual(
      shots.map((shot) => `albums/Trip/${shot.name} ${sha1Of(bytesOf(shot))}`),
    )
  }
})
