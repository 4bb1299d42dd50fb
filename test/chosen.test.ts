import { describe, expect, test } from 'vitest'
import { chosen, isRefused, isStillSaid } from '../lib/link/chosen.ts'
import type { Asset, Decided, Link } from '../lib/state/records.ts'

const asset = (more: Partial<Asset> = {}) => ({ name: 'a.jpg', ...more }) as Asset
const assets = { a: asset(), b: asset(), thrown: asset({ trashed: true }) }
const at = '2026-01-01'
const it = (id: string): Decided => ({ accept: true, asset: id, of: ['a', 'b'], at })
const none: Decided = { accept: false, of: ['a', 'b'], at }
const link = (id: string | null, how: string, was?: string): Link => ({
  asset: id,
  how,
  ...(was && { was }),
})

test.each<[string, Decided | undefined, string | undefined]>([
  ['nothing was said', undefined, undefined],
  ['this one', it('a'), 'a'],
  ['one that is gone', it('gone'), undefined],
  ['one that lies in the trash', it('thrown'), undefined],
  ['none of them', none, undefined],
  ['yes, but to which', { accept: true, at }, undefined],
])('what a person chose: %s', (_, decided, expected) => {
  expect(chosen(decided, assets)).toBe(expected)
})

test.each<[string, Decided | undefined, string, boolean]>([
  ['one of those that they saw', none, 'a', true],
  ['one that came since', none, 'new', false],
  ['any, where they did not say which', { accept: false, at }, 'new', true],
  ['none, where another was chosen', it('a'), 'b', false],
  ['none, where nothing was said', undefined, 'a', false],
])('what it is not: %s', (_, decided, id, expected) => {
  expect(isRefused(decided, id)).toBe(expected)
})

describe('a link stays', () => {
  test.each<[string, Link | undefined, Decided | undefined, boolean]>([
    ['where nothing was said', link('a', 'checksum'), undefined, true],
    ['not, where there is none', link(null, 'several'), undefined, false],
    ['as it was chosen', link('a', 'hand'), it('a'), true],
    ['not, where that was taken back', link('a', 'hand'), undefined, false],
    ['not, where another was chosen since', link('a', 'hand'), it('b'), false],
    ['not, where the rules found another', link('a', 'name, time and size'), it('b'), false],
    ['not, where it is none of them now', link('a', 'hand'), none, false],
    ['where what was chosen was given up for it', link('b', 'hand', 'a'), it('a'), true],
    ['where what was chosen is gone', link('a', 'name, time and size'), it('gone'), true],
    ['where it is another than those that were refused', link('new', 'checksum'), none, true],
  ])('%s', (_, given, decided, expected) => {
    expect(isStillSaid(given, decided, assets)).toBe(expected)
  })
})
