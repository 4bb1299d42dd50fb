import { expect, test } from 'vitest'
import { commentsIn } from '../lib/takeout/comments.ts'

test.each([
  [{ title: 'Trip' }, undefined],
  [{ sharedAlbumComments: [] }, undefined],
  [{ sharedAlbumComments: [{ text: 'lovely ', contentOwnerName: 'Ann' }] }, ['Ann: lovely']],
  [{ albumData: { sharedAlbumComments: [{ text: 'old' }] } }, ['old']],
  [
    {
      sharedAlbumComments: [{ liked: true, contentOwnerName: 'Bo' }, { liked: true }, null, 7, {}],
    },
    ['Bo likes this', 'somebody likes this'],
  ],
  [{ sharedAlbumComments: 'nonsense' }, undefined],
])('%o holds the comments %o', (json, lines) => {
  expect(commentsIn(Buffer.from(JSON.stringify(json)))).toEqual(lines)
})

test('what is no JSON holds none', () => {
  expect(commentsIn(Buffer.from('"sharedAlbumComments" {'))).toBeUndefined()
  expect(commentsIn(Buffer.from('null "sharedAlbumComments"'))).toBeUndefined()
})
