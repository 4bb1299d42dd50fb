import sharp, { type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import { looksAgree, looksOf } from '../lib/picture/looks.ts'
import type { Facts } from '../lib/state/records.ts'
import type { Looks } from '../lib/takeout/sizes.ts'
import {
  albumFile,
  albumsByTitle,
  library,
  media,
  NOON,
  onlyPhoto,
  roles,
  shot,
} from './sandbox/export-files.ts'
import { landscape } from './sandbox/landscape.ts'

const original = Buffer.from(landscape({ seed: 3, width: 1600, height: 1200 }, 92))
const other = Buffer.from(landscape({ seed: 4, width: 1600, height: 1200 }, 92))
const turned = await sharp(original)
  .rotate(90)
  .resize(600)
  .withMetadata({ orientation: 8 })
  .jpeg()
  .toBuffer()
const change = (of: (picture: Sharp) => Sharp) => of(sharp(original)).toBuffer()

test.each<[string, Buffer, boolean]>([
  ['itself', original, true],
  ['half its size', await change((p) => p.resize(800).jpeg({ quality: 75 })), true],
  ['saved again', await change((p) => p.jpeg({ quality: 60 })), true],
  ['as WebP', await change((p) => p.resize(1000).webp()), true],
  ['turned by its EXIF', turned, true],
  ['a little brighter', await change((p) => p.modulate({ brightness: 1.03 }).jpeg()), false],
  ['more colourful', await change((p) => p.modulate({ saturation: 1.3 }).jpeg()), false],
  ['black and white', await change((p) => p.grayscale().jpeg()), false],
  ['mirrored', await change((p) => p.flop().jpeg()), false],
  [
    'a border cut off',
    await change((p) => p.extract({ left: 40, top: 30, width: 1520, height: 1140 }).jpeg()),
    false,
  ],
  [
    'with something written on it',
    await change((p) =>
      p
        .composite([
          {
            input: Buffer.from('<svg width="90" height="60"><rect width="90" height="60"/></svg>'),
            left: 100,
            top: 100,
          },
        ])
        .jpeg(),
    ),
    false,
  ],
  ['another picture', other, false],
])('a picture and %s: %#', async (_, changed, isSame) => {
  const [a, b] = [await looksOf(original), await looksOf(changed)]
  expect(looksAgree(a as Buffer, b as Buffer)).toBe(isSame)
})

test('a blank page is no evidence, and what cannot be decoded gives nothing', async () => {
  const blank = { width: 300, height: 200, channels: 3, background: '#fff' } as const
  const page = await looksOf(await sharp({ create: blank }).png().toBuffer())
  expect(looksAgree(page as Buffer, page as Buffer)).toBe(false)
  expect(await looksOf(Buffer.from('no picture'))).toBeNull()
  expect(await looksOf(original.subarray(0, original.length / 2))).toBeNull()
})

const YEAR = 'Photos from 2021'
const shown: Record<string, Buffer | null> = {
  hers: await looksOf(original),
  his: await looksOf(other),
  nothing: null,
}

/** A large picture in the year folder, and a small one of the same title that only an album has. */
function twoSizes({
  shows = 'hers',
  width = 400,
  height = 300,
  name = 'a.jpg',
  ...facts
}: { shows?: string; width?: number; height?: number; name?: string } & Facts = {}) {
  const large = { size: 5000, bytes: `${name} hers`, head: { width: 1600, height: 1200 } }
  const small = { size: 800, bytes: `${name} ${shows} small`, head: { width, height } }
  return [
    ...shot(`${YEAR}/${name}`, { url: `${name} large` }, large),
    ...shot(`Trip/${name}`, { url: `${name} small`, ...facts }, small),
    albumFile('Trip'),
  ]
}

/** Decodes the files of `twoSizes`, and notes what it was asked for. */
function looksNoting(asked: string[] = []): Looks {
  return async (files) => {
    asked.push(...files.map(({ path }) => path.split('/').slice(-2).join('/')))
    return new Map(
      files.map((file) => {
        const [shows] = Object.keys(shown).filter((shows) =>
          ['a.jpg', 'b.jpg'].some((name) =>
            [`${name} ${shows}`, `${name} ${shows} small`].some(
              (bytes) => media('x', { bytes }).crc === file.crc,
            ),
          ),
        )
        return [file, shown[shows as string] as Buffer | null]
      }),
    )
  }
}

test('two sizes of one picture are one photo: the larger stays, in the albums of both', async () => {
  const found = await library(twoSizes(), { looks: looksNoting() })
  expect(roles(found)).toMatchObject({ [`${YEAR}/a.jpg`]: 'original', 'Trip/a.jpg': 'copy' })
  expect(onlyPhoto(found).files.map(({ why }) => why)).toContain('another size')
  expect(albumsByTitle(found)).toEqual({ Trip: ['a.jpg'] })
})

test.each([
  ['they show something else', { shows: 'his' }],
  ['one cannot be decoded', { shows: 'nothing' }],
  ['their sides have another ratio', { width: 400, height: 400 }],
  ['their seconds differ', { taken: NOON + 1 }],
  ['their titles differ', { title: 'A.jpg' }],
])('both arrive where %s', async (_, small) => {
  const { photos } = await library(twoSizes(small), { looks: looksNoting() })
  expect(Object.values(photos)).toHaveLength(2)
})

test('both arrive where many photos have that second: it may be a guess of Google', async () => {
  const asked: string[] = []
  const others = ['p', 'q', 'r'].flatMap((name) => shot(`${YEAR}/${name}.jpg`))
  const { photos } = await library([...twoSizes(), ...others], { looks: looksNoting(asked) })
  expect(Object.values(photos)).toHaveLength(5)
  expect(asked).toEqual([])
})

test('what was decoded once is not decoded again', async () => {
  const files = [...twoSizes(), ...twoSizes({ shows: 'his', name: 'b.jpg' }).slice(0, -1)]
  const asked: string[] = []
  const once = await library(files, { looks: looksNoting(asked) })
  expect(asked.sort()).toEqual([`${YEAR}/a.jpg`, `${YEAR}/b.jpg`, 'Trip/a.jpg', 'Trip/b.jpg'])
  asked.length = 0
  const again = await library(files, { looks: looksNoting(asked) })
  expect(asked).toEqual([])
  expect({ ...again.photos }).toEqual({ ...once.photos })
})
