import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyName } from '../lib/dupes/backup.ts'
import { choiceOf } from '../lib/dupes/choice.ts'
import { decide, type Member } from '../lib/dupes/deciding.ts'
import { dateText, giftsOf, holds, isNothing, lacking } from '../lib/dupes/gifts.ts'
import type { Look } from '../lib/dupes/looking.ts'
import type { Decided, Duplicate } from '../lib/state/records.ts'

const member = (more: Partial<Member> = {}): Member => ({
  name: 'a.jpg',
  type: 'image',
  width: 60,
  height: 40,
  size: 9,
  sha1: 'aa',
  visibility: 'timeline',
  ...more,
})
const look = (more: Partial<Member> = {}, rest: Partial<Look> = {}): Look => ({
  raw: { exifInfo: { modifyDate: '2024' } } as Look['raw'],
  member: member(more),
  faces: [],
  links: [],
  ...rest,
})
const NOON = '2024-06-01T12:00:00.000Z'

test.each<[string, Partial<Member>, Partial<Member>[], object]>([
  ['nothing', {}, [{}], {}],
  [
    'the place, with its own date',
    { taken: NOON },
    [{ place: [1, 2], zone: 'Asia/Tokyo' }],
    {
      latitude: 1,
      longitude: 2,
      dateTimeOriginal: '2024-06-01T21:00:00.000+09:00',
    },
  ],
  ['no second place', { place: [1, 2] }, [{ place: [3, 4] }], {}],
  [
    'a zone to its own time',
    { taken: NOON },
    [{ taken: NOON, zone: 'UTC-5' }],
    {
      dateTimeOriginal: '2024-06-01T07:00:00.000-05:00',
    },
  ],
  ['a date where it has none', {}, [{ taken: NOON }], { dateTimeOriginal: NOON }],
  [
    'new lines of captions only',
    { description: 'A\nB' },
    [{ description: 'B\nC' }, { description: 'C' }],
    {
      description: 'A\nB\nC',
    },
  ],
  ['the highest rating', { rating: 2 }, [{ rating: 3 }, { rating: 5 }], { rating: 5 }],
  ['no rejection', {}, [{ rating: -1 }], {}],
  [
    'a heart and the archive',
    {},
    [{ favorite: true }, { visibility: 'archive' }],
    {
      isFavorite: true,
      visibility: 'archive',
    },
  ],
])('the winner is given %s', (_, winner, losers, changes) => {
  const looks = new Map([
    ['w', look(winner)],
    ...losers.map((one, n) => [`l${n}`, look(one)] as const),
  ])
  const gifts = giftsOf(
    'w',
    losers.map((_, n) => `l${n}`),
    looks,
  )
  expect(gifts.changes).toEqual(changes)
  const after = { ...winner }
  // Given what it lacked, it lacks nothing.
  if (gifts.changes.latitude !== undefined) after.place = [1, 2]
  if (gifts.changes.dateTimeOriginal)
    Object.assign(after, { taken: NOON, zone: after.zone ?? 'UTC' })
  const { description, rating, isFavorite, visibility } = gifts.changes
  Object.assign(after, {
    ...(description && { description }),
    ...(rating && { rating }),
    ...(isFavorite && { favorite: true }),
    ...(visibility && { visibility }),
  })
  expect(isNothing(lacking(gifts, 'w', look(after)))).toBe(true)
})

test('what it belongs to comes once, and what it has does not come', () => {
  const face = (person: string) => ({ person, x: 0, y: 0, width: 0.5, height: 0.5 })
  const looks = new Map([
    ['w', look({ albums: ['a'], tags: ['t'] }, { faces: [face('p')], links: ['k'] })],
    [
      'x',
      look(
        { albums: ['a', 'b'], tags: ['u'] },
        { faces: [face('p'), face('q')], links: ['k', 'm'] },
      ),
    ],
    ['y', look({ albums: ['b'], tags: ['u', 't'] }, { faces: [face('q')], links: ['m'] })],
  ])
  const { albums, tags, people, links, stack } = giftsOf('w', ['x', 'y'], looks)
  expect([albums, tags, people.map(({ person }) => person)]).toEqual([['b'], ['u'], ['q']])
  expect(links).toEqual([{ id: 'm', from: 'y' }])
  expect(stack).toBeUndefined()
})

test.each<[string, string[] | undefined, string[], object | undefined]>([
  ['it joins, on top', undefined, ['l', 'z'], { joins: true, members: ['l', 'z'] }],
  ['it joins, below', undefined, ['z', 'l'], { joins: true, members: ['z', 'l'] }],
  ['it is in already, and comes on top', ['l', 'w'], ['l', 'w'], { members: ['l', 'w'] }],
  ['it lies on top already', ['w', 'l'], ['w', 'l'], undefined],
])('a stack: %s', (_, own, theirs, expected) => {
  const at = (members: string[] | undefined) => (members ? { stack: { id: 's', members } } : {})
  const looks = new Map([
    ['w', look({}, at(own))],
    ['l', look({}, at(theirs))],
  ])
  const { stack } = giftsOf('w', ['l'], looks)
  expect(stack).toEqual(expected && { id: 's', from: 'l', ...expected })
})

test('a date keeps its instant, whatever the zone', () => {
  const zones = fc.constantFrom(
    'UTC+2',
    'UTC-3:30',
    'Asia/Tokyo',
    'Mars/Olympus',
    'UTC+0',
    undefined,
  )
  const instant = fc.date({
    min: new Date('1900-01-01'),
    max: new Date('2099-01-01'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(instant, zones, (at, zone) => {
      expect(Date.parse(dateText(at.toISOString(), zone))).toBe(at.getTime())
    }),
  )
})

test('a caption is held in whatever order its lines come', () => {
  expect(holds('description', { description: 'A\nB' }, member({ description: 'B\nA' }))).toBe(true)
  expect(holds('description', { description: 'A\nB' }, member({ description: 'A' }))).toBe(false)
  expect(holds('description', { description: 'A' }, member({ description: 'A\nmine' }))).toBe(false)
})

test.each([
  ['plain.jpg', 'plain.jpg'],
  ['a/b\\c.jpg', 'a_b_c.jpg'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['..', '_'],
  ['.hidden', '_hidden'],
  ['con.jpg', '_con.jpg'],
  ['asset.json', '_asset.json'],
  ['a:b*?"<>|.raw', 'a_b______.raw'],
  ['tab\there\n.jpg', 'tab_here_.jpg'],
  ['IMG.weird-extension', 'IMG.weird-extension'],
])('a copy of %j is called %j', (name, safe) => {
  expect(copyName(name)).toBe(safe)
})

test('a name stays in its folder and in 255 bytes, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 0, maxLength: 400 }), (name) => {
      const safe = copyName(name)
      expect(safe).not.toMatch(/[/\\\0]|^\.{1,2}$/)
      expect(Buffer.byteLength(safe)).toBeLessThan(256)
      expect(safe.length).toBeGreaterThan(0)
    }),
  )
})

const group = (more: Record<string, Partial<Member>> = {}): Duplicate => {
  const assets = { a: member(), b: member({ width: 30, sha1: 'bb' }), ...mapped(more) }
  return { how: 'immich', at: '', assets, ...decide(assets) }
}
const mapped = (more: Record<string, Partial<Member>>) =>
  Object.fromEntries(Object.entries(more).map(([id, one]) => [id, member({ sha1: id, ...one })]))
const yes = { accept: true, at: '' }

test.each<[string, Duplicate, Record<string, Decided>, object]>([
  ['as it was decided', group(), {}, { winner: 'a', losers: ['b'], stack: false }],
  ['waiting for a person', group({ c: { name: 'a.dng' } }), {}, { waits: 'to be looked at' }],
  [
    'not, where they said so',
    group(),
    { g: { accept: false, at: '' } },
    { waits: 'to be left as they are' },
  ],
  ['with their winner', group(), { g: { ...yes, winner: 'b' } }, { winner: 'b', losers: ['a'] }],
  [
    'not for one that is no member',
    group(),
    { g: { ...yes, winner: 'x' } },
    { waits: 'whose chosen one is no member' },
  ],
  [
    'without those of another kind',
    group({ c: { name: 'a.dng', width: 6 } }),
    { g: yes },
    { winner: 'a', losers: ['b'] },
  ],
  [
    'with nothing left, where their winner is of another kind',
    group({ c: { name: 'a.dng', width: 6 } }),
    { g: { ...yes, winner: 'c' } },
    { waits: 'with nothing to give up' },
  ],
  [
    'as a stack of all',
    group({ c: { name: 'a.dng', width: 6 } }),
    { g: { ...yes, stack: true } },
    { winner: 'a', losers: ['b', 'c'], stack: true },
  ],
  [
    'by its class, where nothing is said of itself',
    group({ c: { name: 'a.dng', width: 6 } }),
    { 'class:picture, smaller in pixels, RAW and picture': yes },
    { winner: 'a', losers: ['b'] },
  ],
  [
    'not, where what was accepted was another group',
    { ...group({ c: { name: 'a.dng', width: 6 } }), at: '2026-02-01' },
    { 'class:picture, smaller in pixels, RAW and picture': { ...yes, at: '2026-01-01' } },
    { waits: 'that changed since they were decided' },
  ],
  [
    'by its class, where its own word is an old one',
    { ...group({ c: { name: 'a.dng', width: 6 } }), at: '2026-02-01' },
    {
      g: { ...yes, at: '2026-01-01' },
      'class:picture, smaller in pixels, RAW and picture': { ...yes, at: '2026-03-01' },
    },
    { winner: 'a', losers: ['b'] },
  ],
  [
    'not, where they said so of what it was before',
    { ...group(), at: '2026-02-01' },
    { g: { accept: false, at: '2026-01-01' } },
    { waits: 'to be left as they are' },
  ],
  [
    'not with the winner of what it was before, though nothing speaks against it',
    { ...group(), at: '2026-02-01' },
    { g: { ...yes, winner: 'b', at: '2026-01-01' } },
    { waits: 'that changed since they were decided' },
  ],
  [
    'as decided, where a class without conflict was accepted before',
    { ...group(), at: '2026-02-01' },
    { 'class:picture, smaller in pixels, no conflict': { ...yes, at: '2026-01-01' } },
    { winner: 'a', losers: ['b'], isPersons: false },
  ],
  [
    'without an external library’s',
    group({ c: { library: 'L', width: 6 } }),
    { g: yes },
    { winner: 'a', losers: ['b'] },
  ],
])('a group is done %s', (_, given, decisions, expected) => {
  expect(choiceOf('g', given, decisions)).toMatchObject(expected)
})
