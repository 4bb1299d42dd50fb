import { expect, test } from 'vitest'
import type { Seen } from '../lib/state/records.ts'
import {
  albumFile,
  albumsByTitle,
  library,
  media,
  NOON,
  onlyPhoto,
  roles,
  shot,
  sidecar,
} from './sandbox/export-files.ts'

const YEAR = 'Photos from 2021'
const CLOCK = '2021-06-01T14:00:00' // NOON at +02:00

const half = (facts: object | null, head: Seen, size = 1000) => [
  ...shot(`${YEAR}/a.HEIC`, {}, { head: { contentId: 'A' } }),
  media(`${YEAR}/a.MOV`, { head, size }),
  ...(facts ? [sidecar(`${YEAR}/a.MOV`, facts)] : []),
]

test.each<[string, Parameters<typeof half>, 'motion' | 'original']>([
  ['without a sidecar of its own', [null, {}], 'motion'],
  ['with its own sidecar and the same id', [{}, { contentId: 'A' }], 'motion'],
  ['with its own sidecar and another id', [{}, { contentId: 'B' }], 'original'],
  ['with its own sidecar of another time', [{ taken: NOON + 600 }, {}], 'original'],
  ['that is short', [null, { seconds: 3 }, 40e6], 'motion'],
  ['that is long', [null, { seconds: 40 }, 40e6], 'original'],
  ['that is big, its length unknown', [null, {}, 40e6], 'original'],
])('a video beside a still, %s', async (_, args, role) => {
  const found = await library(half(...args))
  expect(roles(found)[`${YEAR}/a.MOV`]).toBe(role)
  expect(Object.keys(found.photos)).toHaveLength(role === 'motion' ? 1 : 2)
})

test('a still has one half, and the other video is a photo of its own', async () => {
  const found = await library([
    ...shot(`${YEAR}/a.HEIC`),
    media(`${YEAR}/a.MOV`, { size: 2000 }),
    media(`${YEAR}/a.MP4`),
  ])
  expect(roles(found)).toMatchObject({ [`${YEAR}/a.MOV`]: 'motion', [`${YEAR}/a.MP4`]: 'original' })
})

// x(1).jpg without a numbered sidecar takes that of x.jpg, uncertainly.
const uncertain = (folder: string, facts: object, head?: Seen) => [
  ...shot(`${folder}/x.jpg`, facts),
  media(`${folder}/x(1).jpg`, { ...(head && { head }) }),
]
test.each([
  ['the year of its folder', uncertain(YEAR, {}), NOON],
  ['the clock in the file', uncertain('Trip', {}, { local: CLOCK }), NOON],
  ['nothing', uncertain('Trip', {}), null],
  [
    'a clock that says otherwise in the same year',
    uncertain(YEAR, {}, { local: '2021-08-09T10:11:12' }),
    'guess',
  ],
  [
    'a clock that says otherwise: nothing',
    uncertain('Trip', {}, { local: '2021-06-01T14:00:09' }),
    null,
  ],
  ['another year', uncertain(YEAR, { taken: NOON - 1e8 }), 'guess'],
])('an uncertain sidecar gives its time where it agrees with %s', async (_, files, wanted) => {
  const { photos } = await library([...files, albumFile('Trip')])
  const photo = Object.values(photos).find(({ files }) => files[0]?.path.endsWith('(1).jpg'))
  expect(photo?.takenFrom ? 'guess' : photo?.taken).toBe(wanted)
})

test.each([
  ['the name and the clock agree', 'b.jpg', { local: CLOCK }, true],
  ['only the name agrees', 'b.jpg', {}, false],
  ['only the clock agrees', 'c.jpg', { local: CLOCK }, false],
])('a sidecar in another folder is taken where %s', async (_, name, head, isTaken) => {
  const found = await library([
    media(`Trip/${name}`, { head }),
    sidecar('Other/b.jpg', { description: 'hello' }),
    albumFile('Trip'),
    albumFile('Other'),
  ])
  expect(onlyPhoto(found).description).toBe(isTaken ? 'hello' : undefined)
  if (isTaken) expect(albumsByTitle(found)).toEqual({ Trip: ['b.jpg'], Other: ['b.jpg'] })
})

test('a sidecar that fits two files of its folder goes to the one whose clock agrees, else to none', async () => {
  const bare = {
    ...sidecar(`${YEAR}/a`),
    path: `Takeout/Google Photos/${YEAR}/a.json`,
  }
  const among = async (head: Seen) => {
    const { photos, rows } = await library([
      media(`${YEAR}/a.jpg`, { head }),
      media(`${YEAR}/a.png`, { head: { local: '2021-08-09T10:11:12' } }),
      bare,
    ])
    const owners = Object.values(photos).filter(({ files }) => files[0]?.sidecar)
    return [owners.map(({ files }) => files[0]?.path.slice(-5)), rows.get(bare)?.why]
  }
  expect(await among({ local: CLOCK })).toEqual([
    ['a.jpg'],
    'sidecar that fits several, same name and time',
  ])
  expect(await among({})).toEqual([[], 'fits several files, so it is given to none'])
})

test('a sidecar in another folder that two photos could have is refused', async () => {
  const head = { local: CLOCK }
  const { photos } = await library([
    media('Trip/b.jpg', { head }),
    media('Tour/b.jpg', { head }),
    sidecar('Other/b.jpg'),
  ])
  expect(Object.values(photos).map(({ files }) => files[0]?.sidecar)).toEqual([
    undefined,
    undefined,
  ])
})
