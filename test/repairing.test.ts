import { expect, test } from 'vitest'
import type { Check, Transfer, Want } from '../lib/state/records.ts'
import { mendable, repairable } from '../lib/transfer/repairing.ts'

const want: Want = {
  instant: '2024-06-01T12:00:00.000Z',
  local: '2024-06-01T14:00:00',
  description: 'ours',
  place: [50, 8],
  favorite: true,
  tags: ['People/Mira'],
}
const transfer: Transfer = {
  asset: 'a',
  at: '2024-01-01',
  want,
  own: { local: '2024-06-01T09:00:00', description: "the file's", place: [1, 1] },
}
const check = (differs: Check['differs'], more: Partial<Check> = {}): Check => ({
  at: '2024-01-02',
  differs,
  ...more,
})

test.each<[string, (keyof Want)[], Check, boolean?]>([
  ['an empty caption', ['description'], check({ description: [null, 'ours'] })],
  ["the file's own caption", ['description'], check({ description: ["the file's", 'ours'] })],
  ['a caption by hand', [], check({ description: ['mine', 'ours'] })],
  [
    "the file's own place",
    ['place'],
    check({
      place: [
        [1, 1],
        [50, 8],
      ],
    }),
  ],
  [
    'a place by hand',
    [],
    check({
      place: [
        [2, 2],
        [50, 8],
      ],
    }),
  ],
  [
    "the file's own time",
    ['instant', 'local'],
    check({ instant: ['2024-06-01T09:00:00.000Z', ''], local: ['2024-06-01T09:00:00.000Z', ''] }),
  ],
  ['a time by hand', [], check({ instant: ['2020-01-01T00:00:00.000Z', ''] })],
  [
    'a lost favourite and tag',
    ['favorite', 'tags'],
    check({ favorite: [null, true], tags: [['x'], ['People/Mira']] }),
  ],
  ['what was right once', [], check({ description: [null, 'ours'] }, { changed: true })],
  [
    'what was right once, wanted back',
    ['description'],
    check({ description: [null, 'ours'] }, { changed: true }),
    true,
  ],
  [
    'what was right once and is by hand, wanted back',
    [],
    check({ description: ['mine', 'ours'] }, { changed: true }),
    true,
  ],
  ['an asset that is gone', [], check({ asset: [null, 'a'] })],
  [
    'a check from before the transfer',
    [],
    check({ description: [null, 'ours'] }, { at: '2023-12-31' }),
  ],
  ['a name, which no call can change', [], check({ name: ['a', 'b'] })],
])('%s', (_, fields, check, restore = false) => {
  const mend = repairable(transfer, check, restore)
  expect(Object.keys(mend)).toEqual(fields)
  for (const field of fields) expect(mend[field]).toEqual(want[field])
})

test('a field that the server lost twice is left', () => {
  const twice = { ...transfer, repaired: 2 }
  expect(repairable(twice, check({ description: [null, 'ours'] }))).toEqual({})
})

test('what an edited copy lost is given again, and nothing is stacked on one that is gone', () => {
  const edit = { want: { name: 'e.jpg', favorite: true as const, description: 'ours' } }
  const pair: Transfer = {
    ...transfer,
    want: { stack: ['e', 'a'] },
    others: { key: 'e' },
    gave: { key: edit },
  }
  const lost = { stack: [null, ['e', 'a']], 'e.jpg: favorite': [null, true] } as Check['differs']
  expect([...mendable(pair, check(lost))]).toEqual([
    ['', { stack: ['e', 'a'] }],
    ['e.jpg', { favorite: true }],
  ])
  const gone = { ...lost, 'e.jpg: asset': [null, 'e'] } as Check['differs']
  expect([...mendable(pair, check(gone))]).toEqual([])
  const byHand = check({ 'e.jpg: description': ['mine', 'ours'] })
  expect([...mendable(pair, byHand)]).toEqual([])
})
