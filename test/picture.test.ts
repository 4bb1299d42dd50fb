import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEAD_BYTES, readHead } from '../lib/picture/picture.ts'
import type { Place } from '../lib/state/records.ts'
import { withExif } from './sandbox/exif.ts'
import { landscape } from './sandbox/landscape.ts'

const samples = `${import.meta.dirname}/fixtures/samples`
const sample = (name: string) => readFileSync(`${samples}/${name}`)
const tiny = landscape({ seed: 1, width: 32, height: 24 })
const APPLE = '7C1B4E0A-52D3-4F6B-9A41-0D6E2F8B3C55'
const ALPS: Place = [47.5596, 10.7498, 796]

test.each([
  ['clouds.gif', { type: 'gif', width: 160, height: 120 }],
  ['night.webp', { type: 'webp', width: 320, height: 240 }],
  ['screenshot.png', { type: 'png', width: 270, height: 480 }],
  [
    'live.heic',
    {
      camera: 'iPhone 15',
      type: 'heic',
      width: 320,
      height: 240,
      local: '2024-08-14T20:31:07',
      offset: '+02:00',
      place: ALPS,
      contentId: APPLE,
    },
  ],
  [
    'live.mov',
    {
      type: 'mov',
      width: 320,
      height: 240,
      local: '2024-08-14T20:31:06',
      offset: '+02:00',
      instant: Date.UTC(2024, 7, 14, 18, 31, 6) / 1000,
      seconds: 1.5,
      place: ALPS,
      contentId: APPLE,
    },
  ],
  [
    'lake.mp4',
    {
      type: 'mp4',
      width: 320,
      height: 240,
      instant: Date.UTC(2023, 6, 22, 15, 4, 5) / 1000,
      seconds: 2,
      place: [54.4858, 10.1228],
    },
  ],
])('the head of %s says what it is', async (name, head) => {
  expect(await readHead(sample(name), name)).toEqual(head)
})

test('the EXIF of a JPEG is read whole', async () => {
  const exif = {
    local: '2024-06-01T12:34:56',
    offset: '-03:30',
    place: [-33.8688, 151.2093, -12.5] as Place,
    description: 'Grüße "vom" Strand 🌊',
    contentId: APPLE,
  }
  expect(await readHead(withExif(tiny, { ...exif, make: 'Apple' }), 'a.jpg')).toEqual({
    ...exif,
    type: 'jpg',
    width: 32,
    height: 24,
    camera: 'Landscape 1',
  })
})

test('any place survives EXIF to seven digits', async () => {
  const degrees = (max: number) =>
    fc.integer({ min: -max * 1e6, max: max * 1e6 }).map((n) => n / 1e6)
  await fc.assert(
    fc.asyncProperty(degrees(90), degrees(180), async (latitude, longitude) => {
      fc.pre(latitude !== 0 || longitude !== 0)
      const { place } = await readHead(withExif(tiny, { place: [latitude, longitude] }), 'a.jpg')
      expect(place?.[0]).toBeCloseTo(latitude, 6)
      expect(place?.[1]).toBeCloseTo(longitude, 6)
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['a camera without a clock', { local: '0000-00-00T00:00:00' }],
  ['a day that does not exist', { local: '2023-02-30T10:00:00' }],
  ['blanks', { local: '    -  -  T  :  :  ' }],
  ['no place', { place: [0, 0] as Place }],
  ['blanks for a caption', { description: '          ' }],
])('%s is treated as absent', async (_, exif) => {
  const head = await readHead(withExif(tiny, exif), 'a.jpg')
  expect(head).toEqual({ type: 'jpg', width: 32, height: 24, camera: 'Landscape 1' })
})

test('an absurd offset leaves the wall clock alone', async () => {
  const exif = { local: '2024-06-01T12:34:56', offset: '  :  ' }
  expect(await readHead(withExif(tiny, exif), 'a.jpg')).toMatchObject({ local: exif.local })
  expect(await readHead(withExif(tiny, exif), 'a.jpg')).not.toHaveProperty('offset')
})

test('a caption in XMP is read where EXIF has none, and EXIF goes first', async () => {
  const packet = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    photoshop:DateCreated="2020-02-03T04:05:06.789+09:00"><dc:description><rdf:Alt><rdf:li
    xml:lang="x-default">Am See</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`
  const withXmp = (jpeg: Buffer) => {
    const marker = Buffer.from([0xff, 0xe1, 0, 0])
    marker.writeUInt16BE(packet.length + 2, 2)
    return Buffer.concat([jpeg.subarray(0, 2), marker, Buffer.from(packet), jpeg.subarray(2)])
  }
  expect(await readHead(withXmp(tiny), 'a.jpg')).toMatchObject({
    description: 'Am See',
    local: '2020-02-03T04:05:06',
    offset: '+09:00',
  })
  const both = withXmp(withExif(tiny, { description: 'EXIF', local: '2021-01-01T00:00:00' }))
  expect(await readHead(both, 'a.jpg')).toMatchObject({
    description: 'EXIF',
    local: '2021-01-01T00:00:00',
  })
})

test('the type is the content, whatever the name says', async () => {
  expect((await readHead(sample('screenshot.png'), 'IMG.jpg')).type).toBe('png')
  expect((await readHead(tiny, 'IMG.HEIC')).type).toBe('jpg')
  expect((await readHead(sample('live.mov'), 'IMG.mp4')).type).toBe('mov')
})

const ftyp = (brands: string) => `\0\0\0\x20ftyp${brands}`
test.each([
  ['II*\0\x08\0\0\0', 'a.tif', 'tiff'],
  ['II*\0\x08\0\0\0', 'a.DNG', 'dng'],
  ['MM\0*\0\0\0\x08', 'a.nef', 'nef'],
  ['MM\0*\0\0\0\x08', 'a.jpg', 'tiff'],
  ['FUJIFILMCCD-RAW ', 'a.raf', 'raf'],
  [`BM${'\0'.repeat(60)}`, 'a.bmp', 'bmp'],
  ['RIFF\0\0\0\0AVI LIST', 'a.avi', 'avi'],
  ['\x1a\x45\xdf\xa3', 'a.webm', 'webm'],
  ['\x1a\x45\xdf\xa3', 'a.mp4', 'mkv'],
  ['\0\0\x01\xba', 'a.mpg', 'mpg'],
  [ftyp('avif\0\0\0\0avifmif1'), 'a.avif', 'avif'],
  [ftyp('mif1\0\0\0\0mif1heic'), 'a', 'heic'],
  [ftyp('mif1\0\0\0\0mif1avif'), 'a', 'avif'],
  [ftyp('crx \0\0\0\x01crx isom'), 'a.cr3', 'cr3'],
  [ftyp('3gp4\0\0\0\0isom3gp4'), 'a.3gp', '3gp'],
  [ftyp('isom\0\0\0\0isommp42'), 'PXL.MP', 'mp4'],
  ['\0\0\0\x08wide\0\0\0\0mdat', 'a.mov', 'mov'],
  ['{"title": "no picture"}', 'a.jpg', undefined],
  ['<!doctype html>', 'a.jpg', undefined],
  ['', 'a.jpg', undefined],
])('%j named %s is %s', async (bytes, name, type) => {
  expect((await readHead(Buffer.from(bytes, 'latin1'), name)).type).toBe(type)
})

test('only the first 256 KiB count', async () => {
  const filler = Buffer.alloc(65_537)
  filler.writeUInt32BE(0xffe4ffff)
  const late = [tiny.subarray(0, 2), filler, filler, filler, filler, tiny.subarray(2)]
  expect(Buffer.concat(late).indexOf(tiny.subarray(2))).toBeGreaterThan(HEAD_BYTES)
  expect(await readHead(Buffer.concat(late), 'a.jpg')).toEqual({ type: 'jpg' })
})

describe('hostile bytes', () => {
  const files = [
    ...readdirSync(samples).map((name) => ({ name, bytes: sample(name) })),
    {
      name: 'exif.jpg',
      bytes: withExif(tiny, {
        local: '2024-06-01T12:34:56',
        place: ALPS,
        description: 'x',
        contentId: APPLE,
      }),
    },
  ]
  // A pass takes some ms; what loops or blows up is ended by the time that a test has.
  test('damage anywhere in a sample neither throws nor hangs', async () => {
    const change = fc.record({
      // Most of what steers a reader stands in front.
      at: fc.oneof(fc.nat(400), fc.nat(30_000)),
      value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 20 }),
        fc.option(fc.nat(30_000)),
        async ({ name, bytes }, changes, cut) => {
          const broken = Buffer.from(bytes)
          for (const { at, value } of changes) broken[at % broken.length] = value
          const head = await readHead(broken.subarray(0, cut ?? undefined), name)
          for (const key of ['width', 'height', 'seconds', 'instant'] as const) {
            expect(head[key] ?? 1).toBeGreaterThanOrEqual(0)
          }
          expect(head.local ?? '2024-06-01T12:34:56').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
          expect(Math.abs(head.place?.[0] ?? 0)).toBeLessThanOrEqual(90)
        },
      ),
      { numRuns: 1500 },
    )
  }, 60_000)

  const xmpJpeg = (xml: string) => {
    const body = `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${xml}`
    const jpeg = Buffer.from(`\xff\xd8\xff\xe1\0\0${body}`, 'latin1')
    jpeg.writeUInt16BE(body.length + 2, 4)
    return jpeg
  }
  const names = Array.from({ length: 3000 }, (_, n) => `<a xmlns:b${n}="c">`).join('')
  const manyBoxes = Buffer.concat(
    Array.from({ length: HEAD_BYTES / 8 }, () => Buffer.from('\0\0\0\x08moov', 'latin1')),
  )
  test.each([
    ['XML of ten thousand levels', xmpJpeg('<a>'.repeat(10_000))],
    ['XML with a name space on every level', xmpJpeg(names)],
    ['boxes without end', Buffer.concat([Buffer.from(ftyp('isom'), 'latin1'), manyBoxes])],
    ['a box of no size in a HEIC', Buffer.from(`${ftyp('heic')}${'\0'.repeat(5000)}`, 'latin1')],
    [
      'a TIFF directory that is its own next',
      Buffer.from('II*\0\x08\0\0\0\0\0\x08\0\0\0', 'latin1'),
    ],
    ['nothing but 0xff', Buffer.alloc(HEAD_BYTES, 0xff)],
  ])('%s ends', async (_, bytes) => {
    const head = await readHead(bytes, 'a.jpg')
    expect(head.description).toBeUndefined()
  })
})
