import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson } from '../lib/pairing/sidecar.ts'
import type { Facts } from '../lib/state/records.ts'

const read = (json: unknown) => readJson(Buffer.from(JSON.stringify(json)))
const at = (timestamp: unknown) => ({ timestamp, formatted: '15.01.2024, 08:15:00 UTC' })
const photo = (fields: object) => ({ title: 'a.jpg', photoTakenTime: at('1705306500'), ...fields })
function factsOf(fields: object): Facts {
  const json = read(photo(fields))
  if (json.kind !== 'photo') throw new Error(`not a photo: ${json.kind}`)
  return json.facts
}

test('a whole sidecar becomes facts', () => {
  const json = {
    title: 'PXL_20240115_081500000.MP.jpg',
    description: 'On the pier',
    imageViews: '3',
    creationTime: at('1705310000'),
    photoTakenTime: at('1705306500'),
    geoData: { latitude: 48.1, longitude: 11.5, altitude: 520, latitudeSpan: 0, longitudeSpan: 0 },
    geoDataExif: {
      latitude: 48.2,
      longitude: 11.6,
      altitude: 0,
      latitudeSpan: 0,
      longitudeSpan: 0,
    },
    people: [{ name: 'Ann' }, {}, { name: ' ' }, { name: 'Bo' }, { name: 'Ann' }, null, 'Cy'],
    url: 'https://photos.google.com/photo/AF1Qip',
    favorited: true,
    archived: true,
    trashed: true,
    googlePhotosOrigin: { fromPartnerSharing: {}, mobileUpload: { deviceType: 'IOS_PHONE' } },
    photoLastModifiedTime: at('1705310100'),
    modificationTime: at('1'),
    appSource: { androidPackageName: 'com.whatsapp' },
  }
  expect(read(json)).toEqual({
    kind: 'photo',
    facts: {
      title: 'PXL_20240115_081500000.MP.jpg',
      description: 'On the pier',
      taken: 1705306500,
      created: 1705310000,
      modified: 1705310100,
      place: [48.1, 11.5, 520],
      placeExif: [48.2, 11.6],
      people: ['Ann', 'Bo'],
      url: 'https://photos.google.com/photo/AF1Qip',
      favorite: true,
      archived: true,
      trashed: true,
      partner: true,
    },
  })
})

describe('what a JSON is', () => {
  test.each<[string, unknown, unknown]>([
    [
      'a sidecar with nothing but a time',
      { photoTakenTime: at('5') },
      { kind: 'photo', facts: { taken: 5 } },
    ],
    [
      'a sidecar whose time is lost',
      { title: 'a.jpg', imageViews: '3', url: 'https://photos.google.com/photo/A' },
      { kind: 'photo', facts: { title: 'a.jpg', url: 'https://photos.google.com/photo/A' } },
    ],
    ['an album of today', { title: 'Goa/ Trip' }, { kind: 'album', title: 'Goa/ Trip' }],
    [
      'an album of 2021 to 2024',
      {
        title: 'Rom',
        description: 'Spring',
        access: 'shared',
        date: at('1600000000'),
        location: '',
        geoData: { latitude: 0, longitude: 0 },
        enrichments: [
          { narrativeEnrichment: { text: 'First day' } },
          {
            locationEnrichment: {
              location: [{ name: 'Forum', description: 'Rome', latitudeE7: 418900000 }],
            },
          },
          { mapEnrichment: { origin: [{ name: 'Rome' }], destination: { name: 'Ostia' } } },
        ],
        sharedAlbumComments: [{ text: 'Nice', contentOwnerName: 'Ann' }, { liked: true }],
      },
      {
        kind: 'album',
        title: 'Rom',
        description: 'Spring\nFirst day\nForum\nRome\nOstia',
        date: 1600000000,
        comments: 2,
      },
    ],
    [
      'an old album',
      {
        albumData: {
          title: 'Alt',
          description: '',
          access: 'protected',
          date: at('1400000000'),
          geoData: {},
        },
      },
      { kind: 'album', title: 'Alt', date: 1400000000 },
    ],
    ['an untitled album', { title: '', access: '' }, { kind: 'album', title: '' }],
    [
      'a conversation',
      { title: '', sharedAlbumComments: [{ liked: true }] },
      { kind: 'album', title: '', comments: 1, conversation: true },
    ],
    ['titles of memories', { title: ['Paris', 'Summer'] }, { kind: 'account' }],
    [
      'print subscriptions',
      {
        externalOrderId: '1',
        type: 'PRINTS',
        quantity: 2,
        creationTime: at('5'),
        category: 'SHIPPED_PRINTS',
      },
      { kind: 'account' },
    ],
    ['comments in shared albums', { sharedAlbumComments: [{ text: 'Nice' }] }, { kind: 'account' }],
    ['a list', [{ title: 'a.jpg', photoTakenTime: at('5') }], { kind: 'account' }],
    ['an empty object', {}, { kind: 'account' }],
    ['null', null, { kind: 'broken', why: 'no object' }],
    ['a text', 'metadata', { kind: 'broken', why: 'no object' }],
    ['a number', 1, { kind: 'broken', why: 'no object' }],
  ])('%s', (_, json, wanted) => {
    expect(read(json)).toEqual(wanted)
  })

  test.each([
    ['', 'empty'],
    ['\0\0\0\0', 'empty'],
    ['{"title": "a.jpg", "photoTakenTime"', 'no JSON'],
    ['<html><body>Sign in</body></html>', 'no JSON'],
    ['\ufffd\ufffdJFIF', 'no JSON'],
    [`${'['.repeat(200_000)}`, 'no JSON'],
  ])('%j is broken', (text, why) => {
    expect(readJson(Buffer.from(text))).toEqual({ kind: 'broken', why })
  })
})

describe('a fact', () => {
  test.each<[string, object, Facts]>([
    ['time zero is none', { photoTakenTime: at('0') }, {}],
    ['time before 1970', { photoTakenTime: at('-2082844800') }, { taken: -2082844800 }],
    ['time as a number', { photoTakenTime: at(1705306500) }, { taken: 1705306500 }],
    ['time beyond the year 9999', { photoTakenTime: at('253402300800') }, {}],
    ['time before the year 1', { photoTakenTime: at('-62135596801') }, {}],
    ['time in words', { photoTakenTime: at('yesterday') }, {}],
    ['time missing', { photoTakenTime: {} }, {}],
    ['time in hexadecimal', { photoTakenTime: at('0x10') }, {}],
    [
      'modificationTime of older exports',
      { modificationTime: at('7') },
      { taken: 1705306500, modified: 7 },
    ],
  ])('%s', (_, fields, wanted) => {
    expect(factsOf(fields)).toEqual({
      title: 'a.jpg',
      ...(!('photoTakenTime' in fields) && { taken: 1705306500 }),
      ...wanted,
    })
  })

  test.each<[string, unknown, Facts['place']]>([
    ['0,0', { latitude: 0, longitude: 0, altitude: 12 }, undefined],
    ['on the equator', { latitude: 0, longitude: 11.5, altitude: 0 }, [0, 11.5]],
    ['on the meridian', { latitude: 51.5, longitude: 0 }, [51.5, 0]],
    ['below the sea', { latitude: 31.5, longitude: 35.5, altitude: -430 }, [31.5, 35.5, -430]],
    ['as text', { latitude: '48.1', longitude: '-11.5', altitude: '1' }, [48.1, -11.5, 1]],
    ['beyond the pole', { latitude: 90.1, longitude: 11.5 }, undefined],
    ['beyond the date line', { latitude: 9, longitude: -180.5 }, undefined],
    ['half', { latitude: 48.1 }, undefined],
    ['in another shape', [48.1, 11.5], undefined],
    [
      'with an altitude in space',
      { latitude: 48.1, longitude: 11.5, altitude: 1e300 },
      [48.1, 11.5],
    ],
  ])('place %s', (_, geoData, wanted) => {
    expect(factsOf({ geoData }).place).toEqual(wanted)
    expect(factsOf({ geoDataExif: geoData }).placeExif).toEqual(wanted)
  })

  test.each([
    ['http://photos.google.com/photo/A'],
    ['javascript:alert(1)'],
    ['https://'],
    ['https://photos.google.com/a b'],
    [7],
  ])('url %j is not kept', (url) => {
    expect(factsOf({ url })).not.toHaveProperty('url')
  })

  test('flags are set only by true', () => {
    for (const value of [false, 0, 1, '', 'no', null, {}]) {
      expect(factsOf({ favorited: value, archived: value, trashed: value })).toEqual(factsOf({}))
    }
  })

  test('where it came from is told by the key that is there', () => {
    expect(factsOf({ googlePhotosOrigin: { fromSharedAlbum: {} } })).toMatchObject({
      sharedAlbum: true,
    })
    expect(factsOf({ googlePhotosOrigin: { fromPartnerSharing: {} } })).toMatchObject({
      partner: true,
    })
    expect(factsOf({ googlePhotosOrigin: { webUpload: { computerUpload: {} } } })).toEqual(
      factsOf({}),
    )
    expect(factsOf({ googlePhotosOrigin: 'fromPartnerSharing' })).toEqual(factsOf({}))
  })

  test('text of any length is kept to a length that every server takes', () => {
    expect(factsOf({ description: 'é'.repeat(5000) }).description).toBe('é'.repeat(5000))
    expect(factsOf({ description: 'é'.repeat(1_000_000) }).description).toHaveLength(65_536)
    expect(factsOf({ title: 'x'.repeat(1_000_000) }).title).toHaveLength(4096)
    expect(factsOf({ description: `${'x'.repeat(65_535)}😀` }).description?.isWellFormed()).toBe(
      true,
    )
    expect(factsOf({ description: 'a\0b' }).description).toBe('ab')
    expect(factsOf({ description: ' \n' })).not.toHaveProperty('description')
    expect(factsOf({ title: 2024 }).title).toBe('2024')
  })

  test('a byte order mark and bytes that are no UTF-8 cost no more than themselves', () => {
    const json = Buffer.from('\ufeff{"title":"caf?.jpg","photoTakenTime":{"timestamp":"5"}}')
    json[json.indexOf('?')] = 0xe9
    expect(readJson(json)).toEqual({ kind: 'photo', facts: { title: 'caf\ufffd.jpg', taken: 5 } })
  })
})

describe('hostile bytes', () => {
  const wellFormed = ['photo', 'album', 'account', 'broken']

  test('never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(wellFormed).toContain(readJson(Buffer.from(bytes)).kind)
      }),
      { numRuns: 2000 },
    )
  })

  test('of the right keys with any value give facts of the right shape', () => {
    const keys = fc.constantFrom(
      ...[
        'title',
        'description',
        'photoTakenTime',
        'creationTime',
        'geoData',
        'people',
        'url',
        'favorited',
      ],
      ...[
        'googlePhotosOrigin',
        'albumData',
        'enrichments',
        'sharedAlbumComments',
        'date',
        '__proto__',
        'constructor',
      ],
    )
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record({ timestamp: fc.jsonValue() }),
      fc.record({ latitude: fc.jsonValue(), longitude: fc.jsonValue(), altitude: fc.jsonValue() }),
      fc.array(fc.record({ name: fc.jsonValue(), narrativeEnrichment: fc.jsonValue() })),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, value)), (entries) => {
        const text = `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${JSON.stringify(v)}`).join(',')}}`
        const json = readJson(Buffer.from(text))
        if (json.kind === 'album') expect(typeof json.title).toBe('string')
        if (json.kind !== 'photo') return
        const { title, taken, place, people } = json.facts
        if (title !== undefined) expect(typeof title).toBe('string')
        if (taken !== undefined) expect(Number.isSafeInteger(taken)).toBe(true)
        if (place) expect(place.every(Number.isFinite)).toBe(true)
        if (people) expect(people.every((name) => name.trim() === name && name !== '')).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('leave every prototype alone', () => {
    const evil = '{"favorited":true,"title":"evil","photoTakenTime":{"timestamp":"5"}}'
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
      const json = readJson(
        Buffer.from(`{"title":"a.jpg","photoTakenTime":{"timestamp":"1"},"${key}":${evil}}`),
      )
      expect(json).toEqual({ kind: 'photo', facts: { title: 'a.jpg', taken: 1 } })
      expect(readJson(Buffer.from(`{"${key}":${evil}}`))).toEqual({ kind: 'account' })
    }
    expect(Object.keys(Object.prototype)).toEqual([])
    expect({}).not.toHaveProperty('favorited')
  })

  test('nested deep are read or refused', () => {
    const depth = 300_000
    const deep = `{"title":"a","people":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(['album', 'broken']).toContain(readJson(Buffer.from(deep)).kind)
  })
})
