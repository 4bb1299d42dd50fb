import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classOf, decide, type Member, scoreOf } from '../lib/dupes/deciding.ts'
import { differences, distance } from '../lib/dupes/differences.ts'
import {
  type Candidate,
  letterboxed,
  namesakes,
  serverGroups,
  shapeOf,
} from '../lib/dupes/finding.ts'
import { kindsApart } from '../lib/dupes/kinds.ts'
import { linesLacking } from '../lib/dupes/lacks.ts'

const one = (more: Partial<Member> = {}): Member => ({
  name: 'a.jpg',
  type: 'image',
  width: 600,
  height: 400,
  size: 1000,
  sha1: 'aa',
  visibility: 'timeline',
  ...more,
})
const smaller = (more: Partial<Member> = {}) =>
  one({ width: 594, height: 396, sha1: 'bb', ...more })
/** Of these seconds, each smaller than the one before. */
const clips = (...lengths: number[]): Record<string, Member> =>
  Object.fromEntries(
    lengths.map((seconds, n) => [`m${n}`, one({ type: 'video', seconds, width: 600 - n })]),
  )
const LONDON: [number, number] = [51.5074, -0.1278]

describe('the winner', () => {
  test.each<[string, Record<string, Member>, string]>([
    ['has more pixels', { a: smaller({ size: 9000 }), b: one() }, 'b'],
    ['has more bytes where pixels are equal', { a: one({ size: 10 }), b: one({ size: 20 }) }, 'b'],
    ['tells more of itself where bytes are equal', { a: one(), b: one({ make: 'Canon' }) }, 'b'],
    [
      'was on the server first where all else is equal',
      { a: one({ created: '2024-02-01T00:00:00Z' }), b: one({ created: '2023-02-01T00:00:00Z' }) },
      'b',
    ],
    ['comes first where nothing decides', { a: one(), b: one() }, 'a'],
    ['has a size in pixels', { a: one({ width: 0, size: 900 }), b: smaller({ size: 100 }) }, 'b'],
    ['is no member of an external library', { a: one({ library: 'L' }), b: smaller() }, 'b'],
    ['of three is the largest', { a: smaller({ width: 588 }), b: one(), c: smaller() }, 'b'],
  ])('%s', (_, members, winner) => {
    const decision = decide(members)
    expect(decision.winner).toBe(winner)
    const all = [winner, ...decision.losers, ...decision.beside, ...decision.untouched]
    expect(new Set(all)).toEqual(new Set(Object.keys(members)))
  })

  test('is the same in whatever order members come, unless nothing tells them apart', () => {
    const member = fc.record({
      width: fc.integer({ min: 0, max: 3 }),
      size: fc.integer({ min: 0, max: 3 }),
      created: fc.integer({ min: 1, max: 99 }).map((day) => new Date(day * 864e5).toISOString()),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { minLength: 2, maxLength: 6, selector: ({ created }) => created }),
        (list) => {
          const named = list.map((more, n): [string, Member] => [`m${n}`, one(more)])
          const winner = decide(Object.fromEntries(named)).winner
          expect(decide(Object.fromEntries(named.toReversed())).winner).toBe(winner)
        },
      ),
    )
  })

  test.each<[string, Record<string, Member>, string, string[]]>([
    [
      'of the kind that has copies',
      { raw: one({ name: 'a.dng', size: 9000 }), b: one(), c: smaller() },
      'b',
      ['c'],
    ],
    [
      'of two kinds with copies the larger',
      {
        raw: one({ name: 'a.dng', size: 9000 }),
        b: one({ name: 'b.dng' }),
        c: one(),
        d: smaller(),
      },
      'raw',
      ['b'],
    ],
    [
      'the best of its like, where clips are each like the next alone',
      clips(10, 10.9, 11.8),
      'm0',
      ['m1'],
    ],
    ['of the most clips of one length', clips(10, 10.9, 11.8, 11.8, 11.8), 'm2', ['m3', 'm4']],
  ])('is %s', (_, members, winner, losers) => {
    const decision = decide(members)
    expect([decision.winner, decision.losers]).toEqual([winner, losers])
    expect(decision.review).toEqual([expect.any(String)])
  })

  test('of a letterbox pair is the whole picture, whatever its size', () => {
    const pair = { wide: one({ width: 1600, height: 900 }), tall: one({ width: 400, height: 300 }) }
    expect(decide(pair, { how: 'letterbox' }).winner).toBe('tall')
    expect(decide(pair).winner).toBe('wide')
  })

  test('alone has no losers', () => {
    expect(decide({ a: one() })).toMatchObject({ winner: 'a', losers: [], review: [] })
  })
})

describe('members of other kinds are never given up', () => {
  test.each<[string, Partial<Member>, Partial<Member>, string | null]>([
    ['RAW', { name: 'a.dng' }, { name: 'a.jpg' }, 'RAW and picture'],
    ['edits', { name: 'IMG_1.jpg' }, { name: 'IMG_1-edited.jpg' }, 'edit and picture'],
    [
      'edits in another language',
      { name: 'IMG_1.jpg' },
      { name: 'IMG_1-bearbeitet.jpg' },
      'edit and picture',
    ],
    ['live photos', { live: 'm' }, {}, 'live photo and picture'],
    ['videos', { type: 'video' }, {}, 'picture and video'],
    [
      'clips',
      { type: 'video', seconds: 10 },
      { type: 'video', seconds: 14 },
      'clips of different length',
    ],
    [
      'clips that were coded again',
      { type: 'video', seconds: 100 },
      { type: 'video', seconds: 101.5 },
      null,
    ],
    ['edits made in Immich', {}, { edited: true }, 'edited in Immich'],
    ['two edits made in Immich', { edited: true }, { edited: true }, 'edited in Immich'],
    [
      'an edit made in Immich beside one made elsewhere',
      { name: 'IMG_1-edited.jpg' },
      { name: 'IMG_1.jpg', edited: true },
      'edited in Immich',
    ],
    ['two live photos', { live: 'm' }, { live: 'n' }, null],
    ['PNG and JPEG', { name: 'a.png' }, { name: 'a.jpg' }, null],
  ])('%s', (_, a, b, apart) => {
    expect(kindsApart(one(a), one(b))).toBe(apart)
    const { losers, beside, review } = decide({ a: one(a), b: smaller(b) })
    expect([losers, beside]).toEqual(apart ? [[], ['b']] : [['b'], []])
    expect(review).toEqual(apart ? [apart] : [])
  })
})

describe('conflicts', () => {
  test.each<[string, Partial<Member>, Partial<Member>, string[]]>([
    [
      'none',
      { place: LONDON, zone: 'Europe/London' },
      { place: LONDON, zone: 'Europe/London' },
      [],
    ],
    [
      'what one does not say is none',
      { place: LONDON, make: 'Canon', taken: '2024-01-15T12:00:00Z' },
      {},
      [],
    ],
    ['places six metres apart', { place: LONDON }, { place: [51.50745, -0.12785] }, []],
    ['places 22 metres apart', { place: [10, 20] }, { place: [10.0002, 20] }, ['gps']],
    ['both sides of the date line', { place: [0, 179.99996] }, { place: [0, -179.99996] }, []],
    [
      'cities',
      { place: LONDON, zone: 'Europe/London' },
      { place: [48.8566, 2.3522], zone: 'Europe/Paris' },
      ['gps', 'timezone'],
    ],
    ['zones', { zone: 'America/New_York' }, { zone: 'Europe/London' }, ['timezone']],
    [
      'zones of one offset at that time',
      { zone: 'UTC', taken: '2024-01-15T12:00:00Z' },
      { zone: 'Europe/London', taken: '2024-01-15T12:00:00.000+00:00' },
      [],
    ],
    [
      'the same in summer',
      { zone: 'UTC', taken: '2024-07-15T12:00:00Z' },
      { zone: 'Europe/London', taken: '2024-07-15T12:00:00Z' },
      ['timezone'],
    ],
    ['offsets as Immich writes them', { zone: 'UTC+2' }, { zone: '+02:00' }, []],
    ['zones that are none', { zone: 'Mars/Olympus' }, { zone: 'UTC' }, ['timezone']],
    [
      'instants written otherwise',
      { taken: '2024-01-15T12:00:00Z' },
      { taken: '2024-01-15T13:00:00+01:00' },
      [],
    ],
    [
      'times',
      { taken: '2024-01-15T08:00:00Z' },
      { taken: '2024-01-15T20:00:00Z' },
      ['capture_time'],
    ],
    [
      'cameras',
      { make: 'Canon', model: 'EOS R5' },
      { make: 'Nikon', model: 'Z6 II' },
      ['camera_info'],
    ],
    ['cameras by case', { make: 'CANON ' }, { make: 'Canon' }, []],
    [
      'cameras by blanks',
      { make: 'Canon ', model: 'EOS  R5' },
      { make: 'Canon', model: ' EOS R5' },
      [],
    ],
    ['zones by case and blanks', { zone: ' europe/LONDON ' }, { zone: 'Europe/London' }, []],
    ['a zone of blanks is none', { zone: ' ' }, { zone: 'Europe/London' }, []],
    [
      'times that cannot be read',
      { taken: 'long ago' },
      { taken: '2024-01-15T08:00:00Z' },
      ['capture_time'],
    ],
    ['poles', { place: [90, 0] }, { place: [90, 120] }, []],
  ])('%s', (_, a, b, types) => {
    expect(differences([one(a), smaller(b)]).map(({ type }) => type)).toEqual(types)
    expect(decide({ a: one(a), b: smaller(b) }).review).toEqual(types)
  })

  test('a clip of unknown length beside one of known length waits', () => {
    const clip = (seconds?: number) => ({ type: 'video' as const, ...(seconds && { seconds }) })
    const reviewOf = (a?: number, b?: number) =>
      decide({ a: one(clip(a)), b: smaller(clip(b)) }).review
    expect([reviewOf(3, 3), reviewOf(), reviewOf(3)]).toEqual([[], [], ['length unknown']])
  })

  test('thresholds are flags', () => {
    const far = [one({ place: [10, 20] }), one({ place: [10.0002, 20] })]
    expect(differences(far, { metres: 30 })).toEqual([])
    const late = [one({ taken: '2024-01-15T08:00:00Z' }), one({ taken: '2024-01-15T08:00:03Z' })]
    expect(differences(late, { seconds: 5 })).toEqual([])
    expect(Math.round(distance(LONDON, [48.8566, 2.3522]) / 1000)).toBe(344)
  })

  test('of a member that stays beside are none', () => {
    const raw = smaller({ name: 'a.dng', make: 'Other' })
    expect(decide({ a: one({ make: 'Canon' }), b: raw }).conflicts).toEqual([])
  })
})

test.each<[string, Partial<Member>, Partial<Member>, string[]]>([
  ['nothing', {}, {}, []],
  ['a place', {}, { place: LONDON }, ['gps']],
  [
    'a date and its zone',
    {},
    { taken: '2024-01-15T08:00:00Z', zone: 'UTC' },
    ['capture_time', 'timezone'],
  ],
  [
    'a caption, the empty one being none',
    { description: '' },
    { description: 'A' },
    ['description'],
  ],
  ['a caption of other lines', { description: 'A\nB' }, { description: 'B\nC' }, ['description']],
  ['no caption that is there', { description: 'A\nB' }, { description: 'B' }, []],
  ['a higher rating', { rating: 3 }, { rating: 5 }, ['rating']],
  ['no rating by which it was rejected', {}, { rating: -1 }, []],
  ['a heart', {}, { favorite: true }, ['favorite']],
  ['a stricter visibility', {}, { visibility: 'archive' }, ['visibility']],
  ['no laxer one', { visibility: 'locked' }, { visibility: 'archive' }, []],
  [
    'albums, tags and people',
    {},
    { albums: ['x'], tags: ['t'], people: [{ id: 'p', name: 'Ann' }] },
    ['albums', 'tags', 'people'],
  ],
  ['a stack', {}, { stack: 's' }, ['stack']],
])('a loser has %s', (_, winner, loser, lacks) => {
  expect(decide({ a: one(winner), b: smaller(loser) }).lacks).toEqual({ b: lacks })
})

test('captions are joined line by line', () => {
  expect(linesLacking('A\n B', 'B\nC\nC\n')).toEqual(['C'])
})

test('the score is what the peer reports', () => {
  expect(scoreOf(one()).total).toBe(0)
  expect(scoreOf(one({ model: 'M' })).total).toBe(15)
  const all = { place: LONDON, zone: 'UTC', make: 'X', taken: '2024-01-01', lens: 'L', city: 'C' }
  expect(scoreOf(one(all))).toEqual({
    gps: 30,
    timezone: 20,
    camera_info: 15,
    capture_time: 15,
    lens_info: 10,
    location: 10,
    total: 100,
  })
})

test.each<[string, Record<string, Member>, string]>([
  ['pixels', { a: one(), b: smaller() }, 'picture, smaller in pixels, no conflict'],
  [
    'bytes',
    { a: one(), b: one({ size: 5, sha1: 'bb' }) },
    'picture, same pixels, fewer bytes, no conflict',
  ],
  ['equal', { a: one(), b: one() }, 'picture, the same bytes, no conflict'],
  [
    'cameras',
    { a: one({ make: 'A' }), b: smaller({ make: 'B' }) },
    'picture, smaller in pixels, camera_info',
  ],
  [
    'several sizes',
    { a: one(), b: one({ size: 5, sha1: 'bb' }), c: smaller({ sha1: 'cc' }) },
    'picture, of several sizes, no conflict',
  ],
  [
    'kinds',
    { a: one(), b: smaller({ name: 'a.dng' }) },
    'picture, nothing to give up, RAW and picture',
  ],
])('a class says what its groups are about: %s', (_, members, name) => {
  expect(classOf(members, decide(members))).toBe(name)
})

describe('finding', () => {
  const phone = { make: 'Apple', model: 'iPhone 15 Pro Max', taken: '2024-12-23T10:30:45.123Z' }
  const tall = (more: object = {}): Candidate => ({
    ...one({ width: 5712, height: 4284, ...phone }),
    ...more,
  })
  const wide = (more: object = {}): Candidate => ({
    ...one({ width: 5712, height: 3213, ...phone }),
    ...more,
  })
  const map = (...all: Candidate[]) => new Map(all.map((one, n) => [`${n}`, one]))

  test.each<[number, number, string | null]>([
    [5712, 4284, '4:3'],
    [4284, 5712, '4:3'],
    [5712, 3213, '16:9'],
    [3213, 5712, '16:9'],
    [1920, 1080, '16:9'],
    [1778, 1000, '16:9'],
    [1000, 745, '4:3'],
    [1000, 1000, null],
    [100, 0, null],
  ])('%i x %i is %s', (width, height, shape) => expect(shapeOf({ width, height })).toBe(shape))

  test.each<[string, Candidate[], number]>([
    [
      'one second, camera and place',
      [tall({ place: LONDON }), wide({ place: LONDON, taken: '2024-12-23T10:30:45.999Z' })],
      1,
    ],
    ['only one with a place', [tall({ place: LONDON }), wide()], 1],
    ['another place', [tall({ place: LONDON }), wide({ place: [40.7, -74] })], 0],
    ['another maker', [tall({ make: 'Samsung' }), wide({ make: 'Samsung' })], 0],
    ['no time', [tall({ taken: undefined }), wide({ taken: undefined })], 0],
    ['two of a shape', [tall(), wide(), wide()], 0],
    ['one in the trash', [tall({ trashed: true }), wide()], 0],
    ['a video of that shape', [tall(), wide({ type: 'video' })], 0],
    ['a hidden motion half', [tall(), wide({ visibility: 'hidden' })], 0],
    ['one alone', [wide()], 0],
  ])('letterboxed: %s', (_, assets, pairs) => {
    const { groups, ambiguous } = letterboxed(map(...assets))
    expect(groups).toHaveLength(pairs)
    expect(ambiguous).toBe(assets.length === 3 ? 1 : 0)
    const members = Object.fromEntries(assets.map((one, n) => [`${n}`, one as Member]))
    if (groups[0])
      expect(decide(members, { how: 'letterbox' })).toMatchObject({
        winner: '0',
        losers: ['1'],
        review: ['found by letterbox'],
      })
  })

  const at = (taken: string, local = taken, name = 'IMG_1.jpg'): Candidate => ({
    ...one({ name, taken }),
    local,
  })
  test.each<[string, Candidate[], number[]]>([
    ['one second', [at('2024-01-01T10:00:00.1Z'), at('2024-01-01T10:00:00.9Z')], [2]],
    [
      'the wall clock of one second',
      [at('2024-01-01T10:00:00Z', '2024-01-01T12:00:00Z'), at('2024-01-01T12:00:00Z')],
      [2],
    ],
    [
      'another extension',
      [at('2024-01-01T10:00:00Z'), at('2024-01-01T10:00:00Z', '', 'img_1.HEIC')],
      [2],
    ],
    [
      'what two others have in common',
      [
        at('2024-01-01T10:00:00Z', '2024-01-01T11:00:00Z'),
        at('2024-01-01T12:00:00Z', '2024-01-01T12:00:00Z'),
        at('2024-01-01T10:00:00Z', '2024-01-01T12:00:00Z'),
      ],
      [3],
    ],
    ['another second', [at('2024-01-01T10:00:00Z'), at('2024-01-01T10:00:01Z')], []],
    ['another name', [at('2024-01-01T10:00:00Z'), at('2024-01-01T10:00:00Z', '', 'b.jpg')], []],
    [
      'a trashed one',
      [at('2024-01-01T10:00:00Z'), { ...at('2024-01-01T10:00:00Z'), trashed: true }],
      [],
    ],
  ])('namesakes: %s', (_, assets, sizes) => {
    expect(namesakes(map(...assets)).map(({ ids }) => ids.length)).toEqual(sizes)
  })

  test("the server's groups are of two at least, without what is trashed or hidden", () => {
    const of = (duplicate: string, more: object = {}): Candidate => ({
      ...one(),
      duplicate,
      ...more,
    })
    const groups = serverGroups(
      map(
        of('x'),
        of('x'),
        of('x', { trashed: true }),
        of('y'),
        of('y', { visibility: 'hidden' }),
        one(),
      ),
    )
    expect(groups).toEqual([{ key: 'x', how: 'immich', ids: ['0', '1'] }])
  })
})
