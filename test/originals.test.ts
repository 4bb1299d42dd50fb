import { describe, expect, test } from 'vitest'
import { assetIndex, matchPhoto } from '../lib/link/matching.ts'
import type { Asset, Photo } from '../lib/state/records.ts'
import { joinPicked } from '../lib/takeout/originals.ts'

const file = { part: 'p', path: 'x', size: 0, crc: null, role: 'original' as const, why: '' }
const picked = (facts: Partial<Photo> = {}): Photo => ({
  title: 'IMG_1.jpg',
  kind: 'image',
  taken: 1000,
  files: [file],
  picked: { id: 'a', width: 400, height: 300, lacks: 'place' },
  ...facts,
})
const original = (facts: Partial<Photo> = {}, head?: { width: number; height: number }): Photo => ({
  title: 'IMG_1.HEIC',
  kind: 'image',
  taken: 1000,
  files: [{ ...file, size: 5000, crc: '00000001', ...(head && { head }) }],
  ...facts,
})

describe('a picked photo', () => {
  test.each([
    ['gives way to the original of its name and second', picked(), [original()], 'o0'],
    ['gives way though it was turned', picked(), [original({}, { width: 300, height: 400 })], 'o0'],
    [
      'stays beside a photo of another size',
      picked(),
      [original({}, { width: 800, height: 600 })],
      undefined,
    ],
    ['stays beside a photo of another second', picked(), [original({ taken: 1001 })], undefined],
    [
      'stays beside a photo of another name',
      picked(),
      [original({ title: 'IMG_2.HEIC' })],
      undefined,
    ],
    ['stays beside a film of its name', picked(), [original({ kind: 'video' })], undefined],
    ['stays where two could be its original', picked(), [original(), original()], undefined],
    [
      'stays where nobody knows when it was taken',
      picked({ taken: null }),
      [original({ taken: null })],
      undefined,
    ],
    [
      'gives way as a film of another size',
      picked({ kind: 'video' }),
      [original({ kind: 'video' }, { width: 4000, height: 3000 })],
      'o0',
    ],
    ['stays again when its original is gone', picked({ replacedBy: 'o0' }), [], undefined],
  ])('%s', (_, one, originals, by) => {
    const photos = Object.fromEntries(originals.map((photo, n) => [`o${n}`, photo]))
    joinPicked(photos, { one })
    expect(photos.one?.replacedBy).toBe(by)
  })

  test('is linked with the asset of its name, second and pixels, without a byte of it', () => {
    const asset: Asset = {
      name: 'IMG_1.HEIC',
      sha1: 'aa',
      size: 5000,
      kind: 'image',
      taken: '1970-01-01T00:16:40.000Z',
      local: '1970-01-01T01:16:40.000Z',
      width: 400,
      height: 300,
      visibility: 'timeline',
      updated: '',
    }
    const index = assetIndex({ asset }, {})
    const size = { width: 400, height: 300 }
    expect(matchPhoto(picked(), size, index, 'high')).toEqual({
      asset: 'asset',
      how: 'name, time and dimensions',
    })
    expect(matchPhoto(picked(), { width: 40, height: 300 }, index, 'high').asset).toBeNull()
  })
})
