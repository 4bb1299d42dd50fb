import { expect, test } from 'vitest'
import { count, duration, number, size } from '../lib/progress.ts'

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 KB'],
  [99_949, '99.9 KB'],
  [99_951, '100 KB'],
  [999_400, '999 KB'],
  [999_950, '1.0 MB'],
  [12_345_678, '12.3 MB'],
  [2e11, '200 GB'],
  [3e15, '3000 TB'],
])('size(%i) is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text)
})

test.each([
  [0.4, '0 s'],
  [89, '89 s'],
  [90, '2 min'],
  [5340, '89 min'],
  [7500, '2 h 5 min'],
])('duration(%d) is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('counts are written with thousands and the right noun', () => {
  expect(number(1234567)).toBe('1,234,567')
  expect([count(1, 'photo'), count(2345, 'photo'), count(0, 'entry', 'entries')]).toEqual([
    '1 photo',
    '2,345 photos',
    '0 entries',
  ])
})
