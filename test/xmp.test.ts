import { DOMParser } from '@xmldom/xmldom'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { xmp } from '../lib/picture/xmp.ts'

const texts = (sidecar: string, name: string) => {
  const found = new DOMParser().parseFromString(sidecar, 'text/xml').getElementsByTagName(name)[0]
  const items = [...(found?.getElementsByTagName('rdf:li') ?? [])]
  return items.length > 0
    ? items.map(({ textContent }) => textContent)
    : [found?.textContent].filter((text) => text !== undefined)
}

test('a sidecar holds each field under the names that Immich reads', () => {
  const sidecar = xmp({
    instant: '2024-01-15T09:15:00+01:00',
    place: [-33.8688, 151.2093, 12.5],
    description: 'Tom & "Ann" <3\nzwei',
    tags: ['People/Ann', 'From partner'],
  })
  expect(texts(sidecar, 'dc:description')).toEqual(['Tom & "Ann" <3\nzwei'])
  expect(texts(sidecar, 'tiff:ImageDescription')).toEqual(['Tom & "Ann" <3\nzwei'])
  expect(texts(sidecar, 'exif:DateTimeOriginal')).toEqual(['2024-01-15T09:15:00+01:00'])
  expect(texts(sidecar, 'exif:GPSLatitude')).toEqual(['-33.8688'])
  expect(texts(sidecar, 'exif:GPSLongitude')).toEqual(['151.2093'])
  expect(texts(sidecar, 'exif:GPSAltitude')).toEqual(['12500/1000'])
  expect(texts(sidecar, 'digiKam:TagsList')).toEqual(['People/Ann', 'From partner'])
})

test('what is not given is not in the text', () => {
  const sidecar = xmp({ instant: '2024-01-15T08:15:00Z' })
  expect(sidecar).toMatchInlineSnapshot(`
    "<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"><exif:DateTimeOriginal>2024-01-15T08:15:00Z</exif:DateTimeOriginal></rdf:Description></rdf:RDF></x:xmpmeta>
    "
  `)
  expect(xmp({ description: '', tags: [] })).not.toMatch(/<(dc|tiff|exif|digiKam):/)
})

test.each([
  ['south-west below the sea', [-0.5, -179.9999999, -3] as const, '-0.5', '-179.9999999', '1'],
  ['a hair off the meridian', [51, 1e-7, 0] as const, '51', '0.0000001', undefined],
  ['one zero axis', [0, 10, 5] as const, '0', '10', '0'],
])('a place %s is written as plain signed degrees', (_, place, latitude, longitude, ref) => {
  const sidecar = xmp({ place: [...place] })
  expect(texts(sidecar, 'exif:GPSLatitude')).toEqual([latitude])
  expect(texts(sidecar, 'exif:GPSLongitude')).toEqual([longitude])
  expect(texts(sidecar, 'exif:GPSAltitudeRef')).toEqual(ref === undefined ? [] : [ref])
})

test('a tag that comes twice is written once', () => {
  expect(texts(xmp({ tags: ['a', 'b', 'a', '\u0000'] }), 'digiKam:TagsList')).toEqual(['a', 'b'])
})

test('any text comes back from the sidecar but for what XML cannot hold', () => {
  const unit = fc.constantFrom(
    ...[
      'a',
      'ü',
      '😀',
      '\ud800',
      '\udc00',
      '\u0000',
      '\u000b',
      '\ufffe',
      '<',
      '&',
      ']]>',
      '"',
      '\n',
      '-->',
    ],
  )
  const text = fc.oneof(fc.string({ unit }), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(text, (description) => {
      const sidecar = xmp({ description, tags: [description] })
      expect(sidecar.isWellFormed()).toBe(true)
      const holdable = [...description.replace(/\r\n?/g, '\n')]
        .filter(
          (char) => char.isWellFormed() && !/[^\P{Cc}\t\n\x7f-\x9f]|[\ufffe\uffff]/u.test(char),
        )
        .join('')
      for (const name of ['dc:description', 'tiff:ImageDescription', 'digiKam:TagsList']) {
        expect(texts(sidecar, name)).toEqual(holdable ? [holdable] : [])
      }
    }),
    { numRuns: 150 },
  )
})
