import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pairFolder } from '../lib/pairing/pairing.ts'
import { type Item, type Spelled, spellFolder } from './sandbox/folder-names.ts'

// Two different titles never agree in their first 46 letters, and no two phones' pictures in all but the extension: what
// is cut alike, and whose half a video is, have tests of their own.
const start = fc.constantFrom(
  ['a', '.jpg'],
  ['b', '.HEIC'],
  ['IMG_1', '.JPG'],
  ['27/06/12', '.jpeg'],
  ['Jo\u0308', '.jpg'],
  ['🎂', '.heic'],
  ['PXL_1', '.MP.jpg'],
  ['VID_1', '.mp4'],
  ['St. J', ''],
  ['c', '.png'],
  ['c', '.gif'],
)
const tail = fc.constantFrom(
  '',
  '',
  '',
  '(1)',
  '(2)',
  ' (2)',
  '~2',
  '-1',
  '.5',
  '-garden',
  '-edited',
  '-COLLAGE',
)
const length = fc.constantFrom(0, 0, 0, 12, 24, 33, 38, 40, 42, 43, 44, 45, 46, 47, 60)
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const title = fc.tuple(start, tail, length).map(([[first = '', extension], last, long]) => {
  // Two pictures of one name and different kinds keep their extensions in the stem.
  const length = extension === '.gif' ? Math.min(long, 40) : long
  const room = Math.max(0, length - first.length - last.length)
  return (
    first +
    last +
    letters
      .slice(long % 50)
      .concat(letters)
      .slice(0, room) +
    extension
  )
})
const items = fc.array(
  fc.record({
    title,
    again: fc.constantFrom(1, 1, 1, 2, 3),
    edits: fc.subarray(['-edited', '-bearbeitet', '-ha editado', '-編集済み'], { maxLength: 1 }),
    half: fc.constantFrom(undefined, undefined, '.MP4' as const, '.MOV' as const, '.MP' as const),
    lost: fc.constantFrom(undefined, undefined, undefined, 'media' as const, 'sidecar' as const),
  }),
  { minLength: 1, maxLength: 6 },
)
const folder = fc.record({
  items: items.map((all) =>
    all.flatMap(({ again, ...item }) => Array.from({ length: again }, () => fitting(item))),
  ),
  era: fc.constantFrom('v1' as const, 'cut' as const, 'full' as const),
  titled: fc.boolean(),
  unpackedOnMac: fc.boolean(),
})

/**
 * Only pictures of phones have halves, and only Pixel's are called `.MP`. And a title that looks like an edited copy, or like
 * the second of its name, is what it looks like once its own sidecar is lost.
 */
function fitting({ half, lost, ...rest }: Item): Item {
  const looksLikeAnother = /(-edited|-COLLAGE|[^ ]\(\d\))(?=[a-z0-9]*(\.|$))/i.test(rest.title)
  const item = { ...rest, ...(lost && !looksLikeAnother && { lost }) }
  const isPixel = /\.MP\.jpg$/.test(item.title)
  const has = half && (half === '.MP' ? isPixel : /\.(heic|jpe?g)$/i.test(item.title) && !isPixel)
  return has ? { ...item, half } : item
}

function paired(
  { media, sidecars }: Spelled,
  all: Item[],
  titled: boolean,
  onDisk: (name: string) => string,
) {
  const { pairs } = pairFolder(
    [...media.keys()].map((name) => ({ name: onDisk(name) })),
    [...sidecars].map(([name, item]) => ({
      name: onDisk(name),
      taken: 1_600_000_000 + item * 1000,
      ...(titled && { title: (all[item] as Item).title }),
    })),
  )
  const owners = new Map([...sidecars].map(([name, item]) => [onDisk(name), item]))
  const items = new Map([...media].map(([name, { item }]) => [onDisk(name), item]))
  return pairs.map((pair) => ({
    ...pair,
    item: items.get(pair.media),
    owner: pair.sidecar === null ? null : owners.get(pair.sidecar),
  }))
}

test('names as Google spells them lead to the own sidecar or to none, whatever is lost', () => {
  fc.assert(
    fc.property(folder, ({ items, era, titled, unpackedOnMac }) => {
      const onDisk = (name: string) => (unpackedOnMac ? name.normalize('NFD') : name)
      const wrong = paired(spellFolder(items, era), items, titled, onDisk).filter(
        ({ item, owner, certain }) => owner !== null && owner !== item && certain,
      )
      expect(wrong).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

test('nearly all of them are found, and a doubt is rarely wrong', () => {
  const count = { there: 0, found: 0, edited: 0, editedFound: 0, wrong: 0 }
  for (const { items, era, titled } of fc.sample(folder, { numRuns: 2000, seed: 1 })) {
    const spelled = spellFolder(items, era)
    const there = new Set(spelled.sidecars.values())
    for (const { media, item, owner } of paired(spelled, items, titled, String)) {
      if (item === undefined || !there.has(item)) continue
      const isEdited = spelled.media.get(media)?.role === 'edited'
      count[isEdited ? 'edited' : 'there']++
      if (owner === item) count[isEdited ? 'editedFound' : 'found']++
      else if (owner !== null) count.wrong++
    }
  }
  expect(count.found / count.there).toBeGreaterThan(0.97)
  // At the limit no more than `-e` may be left of the word, or nothing: then it is the second of its name.
  expect(count.editedFound / count.edited).toBeGreaterThan(0.75)
  expect(count.wrong / (count.there + count.edited)).toBeLessThan(0.02)
})

const eras = ['v1', 'cut', 'full'] as const
const told = (all: Item[], era: (typeof eras)[number]) =>
  Object.fromEntries(
    paired(spellFolder(all, era), all, true, String).map(
      ({ media, role, of, certain, item, owner }) => {
        return [media, `${role} ${of} ${certain} ${item === owner}`]
      },
    ),
  )

test.each([
  '-edited',
  '-bearbeitet',
  '-ha editado',
  '-modifié',
  '-edytowane',
  '-編集済み',
  '-EFFECTS',
])(
  'a copy with %s is told from every length of name on which the limit leaves two letters of it',
  (word) => {
    for (const era of eras) {
      for (let length = 5; length <= 44; length++) {
        const base = `IMG_${letters}`.slice(0, length)
        const item = { title: `${base}.jpg`, edits: [word] }
        const cut = (base + word).slice(0, era === 'full' ? undefined : 47)
        expect(told([item, item], era)).toEqual({
          [`${base}.jpg`]: 'original null true true',
          [`${cut}.jpg`]: `edited ${base}.jpg true true`,
          [`${base}(1).jpg`]: 'original null true true',
          [`${cut}(1).jpg`]: `edited ${base}(1).jpg true true`,
        })
        // And with nothing left of the original but its sidecar.
        const lost = told([{ ...item, lost: 'media' as const }], era)
        expect(lost).toEqual({ [`${cut}.jpg`]: 'edited null true true' })
      }
    }
  },
)

test.each([
  ['IMG_1.HEIC', '.MP4'],
  ['IMG_1.HEIC', '.MOV'],
  ['IMG_1.JPG', '.MOV'],
  ['20240501_103356.heic', '.MP4'],
  ['MVIMG_20190101_101010.jpg', '.MP4'],
  ['PXL_20240101_120000001.MP.jpg', '.MP'],
  ['PXL_20240101_120000001.PORTRAIT-01.COVER.MP.jpg', '.MP'],
] as const)(
  'each half of %s goes with its still, and an edited copy with its original',
  (title, half) => {
    const item = { title, half, edits: ['-edited'] }
    for (const era of eras) {
      const all = told([item, item, item], era)
      expect(Object.keys(all)).toHaveLength(9)
      for (const [name, line] of Object.entries(all)) expect(line, name).toMatch(/true true$/)
      expect(Object.values(all).filter((line) => line.startsWith('motion'))).toHaveLength(3)
      expect(Object.values(all).filter((line) => line.startsWith('edited'))).toHaveLength(3)
    }
  },
)
