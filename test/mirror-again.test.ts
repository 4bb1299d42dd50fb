import {
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { ExifTool } from 'exiftool-vendored'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Home, home, metadataOf, realExiftool, sha1Of } from './sandbox/library.ts'
import { inAlbum, picture } from './sandbox/run.ts'
import { bytesOf, type Description, makeTakeout, type Shot } from './sandbox/takeout.ts'

let tool: ExifTool | undefined
beforeAll(async () => {
  tool = await realExiftool()
})
afterAll(() => tool?.end())

let h: Home
afterEach(() => h?.end())
const begin = async (description: Partial<Description> & { shots: Shot[] }, options?: object) => {
  h = await home(description, options)
  return h
}
const day = '2024/06/01'
const LATER = '20260601T101500Z'
/** The same photo as Google tells of it in a later export. */
const later = (shot: Shot, more: Partial<Shot>, json: object = {}): Shot => ({
  ...shot,
  seed: shot.seed ?? 1,
  ...more,
  json: { lastModifiedTime: { timestamp: '1780000000' }, ...json },
})

test('what Google says anew comes: caption, stars and place into the XMP, another day moves the files and the links', async ({
  skip,
}) => {
  if (!tool) return skip()
  const a = picture('a.jpg', 1, { seed: 1, facts: { description: 'old' } })
  const b = picture('b.jpg', 2, { seed: 2 })
  const album = { albums: [{ folder: 'Trip', title: 'Trip' }] }
  await begin({ shots: [a, b, ...inAlbum('Trip', a, b)], ...album })
  await h.mirror()
  const facts = { description: 'new', favorite: true, place: [54.4858, 10.1228] } as Shot['facts']
  const moved = Date.UTC(2024, 6, 15, 9) / 1000
  const shots = [later(a, { facts }), later(b, { taken: moved })]
  // The picture is the same: its own clock stays, too.
  for (const [n, shot] of shots.entries()) shot.bytes = bytesOf([a, b][n] as Shot)
  await h.more([...shots, ...inAlbum('Trip', ...shots)], LATER, {
    albums: [{ folder: 'Trip', title: 'Trip to the sea' }],
  })
  const said = await h.mirror()
  expect(said).toMatch(/2 renewed; 1 album/)
  expect(await metadataOf(tool, h.file(`${day}/a.jpg.xmp`))).toMatchObject({
    'XMP-dc:Description': 'new',
    'XMP-xmp:Rating': 5,
    'XMP-exif:GPSLatitude': 54.4858,
  })
  expect(h.tree({ only: /b\.jpg/ })).toEqual([
    '2024/07/15/b.jpg',
    '2024/07/15/b.jpg.xmp',
    'albums/Trip to the sea/b.jpg -> ../../2024/07/15/b.jpg',
  ])
  expect(+statSync(h.file('2024/07/15/b.jpg')).mtime).toBe(moved * 1000)
  expect(sha1Of(h.read('albums/Trip to the sea/b.jpg'))).toBe(sha1Of(bytesOf(b)))
  expect(existsSync(h.file('albums/Trip'))).toBe(false)
  expect(await h.mirror()).toMatch(/nothing to mirror/)
})

test("the owner's hand: own caption, faces and stars stay, what was moved or deleted is left so, until --resync", async ({
  skip,
}) => {
  if (!tool) return skip()
  const shots = ['a', 'b', 'c', 'd'].map((name, n) =>
    picture(`${name}.jpg`, n, { seed: n + 1, facts: { description: `caption ${name}` } }),
  )
  const [a, b] = shots as [Shot, Shot]
  await begin({
    shots: [...shots, ...inAlbum('Trip', a, b)],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  await h.mirror()
  const regions = {
    AppliedToDimensions: { W: 48, H: 36, Unit: 'pixel' },
    RegionList: [
      { Area: { X: 0.5, Y: 0.5, W: 0.2, H: 0.2, Unit: 'normalized' }, Name: 'Mira', Type: 'Face' },
    ],
  }
  await tool.write(
    h.file(`${day}/a.jpg.xmp`),
    { 'XMP-dc:Description': 'my words', RegionInfo: regions, 'XMP-xmp:Rating': 2 } as never,
    { writeArgs: ['-overwrite_original'] },
  )
  mkdirSync(h.file('mine'))
  renameSync(h.file(`${day}/b.jpg`), h.file('mine/b.jpg'))
  unlinkSync(h.file(`${day}/c.jpg`))
  unlinkSync(h.file('albums/Trip/a.jpg'))
  const before = h.tree({ sha1: true })
  expect(await h.mirror()).toMatch(/nothing to mirror/)

  // Google goes on with all four.
  const fresh = shots.map((shot, n) =>
    later(shot, { bytes: bytesOf(shot), facts: { description: `new ${n}`, favorite: true } }),
  )
  await h.more(fresh, LATER)
  await h.mirror()
  const after = h.tree({ sha1: true })
  expect(after.filter((line) => !/\.xmp |album\.json/.test(line))).toEqual(
    before.filter((line) => !/\.xmp |album\.json/.test(line)),
  )
  expect(await metadataOf(tool, h.file(`${day}/a.jpg.xmp`))).toMatchObject({
    'XMP-dc:Description': 'my words',
    'XMP-xmp:Rating': 2,
    'XMP-mwg-rs:RegionInfo': { RegionList: [{ Name: 'Mira' }] },
  })
  expect(await metadataOf(tool, h.file(`${day}/d.jpg.xmp`))).toMatchObject({
    'XMP-dc:Description': 'new 3',
    'XMP-xmp:Rating': 5,
  })
  expect(await h.mirror('--resync')).toMatch(/4 photos looked after: 2 files missing, 0 damaged/)
  expect(h.tree({ only: /[abc]\.jpg( ->.*)?$/ })).toEqual([
    `${day}/a.jpg`,
    `${day}/b.jpg`,
    `${day}/c.jpg`,
    `albums/Trip/a.jpg -> ../../${day}/a.jpg`,
    `albums/Trip/b.jpg -> ../../${day}/b.jpg`,
    'mine/b.jpg',
  ])
})

test('--resync: what is missing or damaged comes again where it was, what its owner changed stays', async () => {
  const live = picture('live.HEIC', 5, { sample: 'live.heic' })
  await begin({
    shots: [
      picture('a.jpg', 1),
      picture('a(1).jpg', 2, { title: 'a.jpg' }),
      picture('b.jpg', 3, { facts: { description: 'beside it' } }),
      picture('c.jpg', 4),
      live,
      { ...live, name: 'live.MOV', sample: 'live.mov', role: 'motion', of: 'live.HEIC' },
      picture('mine.jpg', 6),
    ],
  })
  await h.mirror()
  const before = h.tree({ sha1: true })
  rmSync(h.file(`${day}/a-2.jpg`))
  rmSync(h.file(`${day}/live.MOV`))
  rmSync(h.file(`${day}/b.jpg.xmp`))
  const time = statSync(h.file(`${day}/b.jpg`)).mtime
  truncateSync(h.file(`${day}/b.jpg`), 100)
  utimesSync(h.file(`${day}/b.jpg`), time, time)
  // A bit that fell over: same size, same time.
  const bytes = h.read(`${day}/c.jpg`)
  const at = bytes.length - 20
  bytes[at] = 255 - (bytes[at] as number)
  const when = statSync(h.file(`${day}/c.jpg`)).mtime
  writeFileSync(h.file(`${day}/c.jpg`), bytes)
  utimesSync(h.file(`${day}/c.jpg`), when, when)
  writeFileSync(h.file(`${day}/mine.jpg`), 'painted over')

  expect(await h.mirror()).toMatch(/nothing to mirror/)
  const said = await h.mirror('--resync')
  expect(said).toMatch(
    /6 photos looked after: 2 files missing, 1 damaged, 1 changed by their owner \(left alone\)/,
  )
  const isRight = (line: string) => !/c\.jpg|mine\.jpg|-damaged/.test(line)
  expect(h.tree({ sha1: true }).filter(isRight)).toEqual(before.filter(isRight))
  expect(await h.mirror('--resync', '--checksum')).toMatch(/0 files missing, 1 damaged, 1 changed/)
  // What was damaged is there, too: nothing is ever thrown away.
  expect(h.tree({ only: /damaged/ })).toEqual([`${day}/b-damaged.jpg`, `${day}/c-damaged.jpg`])
  expect(h.tree({ sha1: true }).filter((line) => !line.includes('damaged'))).toEqual(
    before.map((line) =>
      line.includes('mine.jpg ') ? `${day}/mine.jpg ${sha1Of(Buffer.from('painted over'))}` : line,
    ),
  )
})

test('what somebody wrote into a file without touching its date is no damage', async ({ skip }) => {
  if (!tool) return skip()
  await begin({ shots: [picture('a.jpg', 1)] })
  await h.mirror()
  await tool.write(h.file(`${day}/a.jpg`), { 'XMP-dc:Creator': 'me' } as never, {
    writeArgs: ['-overwrite_original', '-P'],
  })
  const mine = sha1Of(h.read(`${day}/a.jpg`))
  expect(await h.mirror('--resync')).toMatch(/1 damaged.*\n(.*\n)*.*1 file only looked damaged/)
  expect(h.tree({ sha1: true })).toEqual([`${day}/a.jpg ${mine}`])
  expect(await h.mirror('--resync', '--checksum')).toMatch(/0 damaged, 0 changed/)
})

test('--path: folders of its owner, and what is there stays there when that changes', async () => {
  const a = picture('a.jpg', 1, { exif: { make: 'Canon' } })
  await begin({
    shots: [
      a,
      picture('b.jpg', 2),
      ...inAlbum('Trip', a),
      { folder: 'Photos from 2019', name: 'scan.jpg', sidecar: false, exif: null, size: [20, 20] },
    ],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  await h.mirror('--path', '{album}/YYYY/MM-Month', '--limit', '1', '--albums-as', 'none')
  const own = `${h.dir}/my-path.ts`
  writeFileSync(
    own,
    `export default (photo: { title: string; local?: string; albums: string[]; taken: number }) =>
  photo.albums[0] ?? (photo.local ? \`by day/\${photo.local.slice(0, 10)}/\${photo.title}\` : '../../no date')\n`,
  )
  await h.mirror('--path', './my-path.ts', '--albums-as', 'none')
  const first = h.tree({ only: /2024\/06-June/ })
  expect(first.length).toBe(1)
  expect(h.tree({ only: /\.jpg$/ }).filter((path) => !first.includes(path))).toEqual(
    [
      ...(first[0]?.includes('a.jpg') ? [] : ['Trip/a.jpg']),
      '_/_/no date/scan.jpg',
      ...(first[0]?.includes('b.jpg') ? [] : ['by day/2024-06-01/b.jpg']),
    ].sort(),
  )
  const wrong = await h.run('mirror', ['--path', '{place}'])
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringMatching(/\{place\} is none of \{album\}/),
  ])
})

test('unpacked exports: a file that the index reads only later is the same file; no library lies in one', async () => {
  const live = picture('IMG_5.HEIC', 5, { sample: 'live.heic' })
  const half: Shot = {
    ...live,
    name: 'IMG_5.MOV',
    sample: 'live.mov',
    role: 'motion',
    of: live.name,
  }
  const edited = picture('E.jpg', 9)
  const copy: Shot = { ...edited, name: 'E-edited.jpg', warm: true, role: 'edited', of: 'E.jpg' }
  const shots = [live, half, edited, copy]
  h = await home({ shots }, { format: 'folder' })
  const TAKEOUT = `${h.dir}/takeout`
  const inside = await h.run('mirror', [], { TAKEOUT, LIBRARY: `${h.dir}/takeout/Takeout/here` })
  expect([inside.code, inside.err]).toEqual([
    1,
    expect.stringMatching(/Cannot mirror into .*here: it lies inside the unpacked Takeout/),
  ])
  await h.mirror()
  const tree = h.tree({ sha1: true })
  // Its twins have the sizes of the first: now bytes are read.
  const twins = await makeTakeout(`${h.dir}/second`, { shots }, { format: 'folder' })
  await h.run('index-gphotos', [TAKEOUT, ...twins.paths])
  expect(
    Object.values(h.load().photos).flatMap(({ files }) => files.map(({ crc }) => crc)),
  ).not.toContain(null)
  expect((await h.run('mirror')).err).toMatch(/nothing to mirror/)
  rmSync(h.file('2024/06/01/IMG_5.MOV'))
  expect((await h.run('mirror', ['--resync'])).code).toBe(0)
  expect(h.tree({ sha1: true })).toEqual(tree)
})

test('unpacked exports: a copy that was edited again comes, too, though nothing read either', async () => {
  const edited = picture('E.jpg', 9)
  const copy = (more: Partial<Shot>): Shot => ({
    ...edited,
    name: 'E-edited.jpg',
    role: 'edited',
    of: 'E.jpg',
    ...more,
  })
  const [first, second] = [copy({ warm: true }), copy({ warm: true, size: [80, 60] })]
  h = await home({ shots: [edited, first] }, { format: 'folder' })
  await h.mirror()
  const again = await makeTakeout(
    `${h.dir}/second`,
    { shots: [edited, second] },
    { format: 'folder', stamp: LATER },
  )
  await h.run('index-gphotos', [`${h.dir}/takeout`, ...again.paths])
  expect((await h.run('mirror')).err).toMatch(/1 photo = 1 mirrored/)
  expect(
    h
      .tree({ sha1: true, only: /E-/ })
      .map((line) => line.split(' ').at(-1))
      .sort(),
  ).toEqual([first, second].map((shot) => sha1Of(bytesOf(shot))).sort())
  expect((await h.run('mirror')).err).toMatch(/nothing to mirror/)
})

test('how a library is kept is remembered: a run without flags goes on so, and says it', async () => {
  const [a, b, c] = [1, 2, 3].map((n) =>
    picture(`${n}.jpg`, n, { seed: n, facts: { favorite: true } }),
  ) as [Shot, Shot, Shot]
  const trip = { folder: 'Trip', title: 'Trip' }
  h = await home({ shots: [a, ...inAlbum('Trip', a)], albums: [trip] })
  writeFileSync(`${h.dir}/own.ts`, 'export default () => "own"')
  await h.mirror('--path', './own.ts', '--metadata', 'none', '--albums-as', 'copies')
  await h.more([b, ...inAlbum('Trip', b)], '20260601T101500Z', { albums: [trip] })
  expect(await h.mirror()).toMatch(
    /as before: --path '.*\/own.ts' --metadata none --albums-as copies/,
  )
  expect(h.tree()).toEqual([
    'albums/Trip/1.jpg',
    'albums/Trip/2.jpg',
    'albums/Trip/album.json',
    'own/1.jpg',
    'own/2.jpg',
  ])
  await h.more([c], '20260602T101500Z')
  expect(await h.mirror('--path', 'YYYY', '--metadata', 'xmp')).not.toMatch(/as before/)
  expect(h.tree({ only: /3/ })).toEqual(['2024/3.jpg', '2024/3.jpg.xmp'])
})

test('an original that comes after its edited copy takes the name, and the copy goes beside it', async () => {
  const e = picture('E.jpg', 9, { part: 2, sidecarPart: 1 })
  const edited: Shot = {
    ...e,
    name: 'E-edited.jpg',
    warm: true,
    role: 'edited',
    of: 'E.jpg',
    part: 1,
  }
  await begin({ shots: [picture('x.jpg', 1, { part: 1 }), e, edited] }, { parts: 2 })
  const [, second = ''] = h.paths
  renameSync(second, `${h.dir}/later.zip`)
  await h.mirror('--no-more-parts')
  expect(h.tree({ only: /E.*jpg/, sha1: true })).toEqual([
    `${day}/E.jpg ${sha1Of(bytesOf(edited))}`,
  ])
  renameSync(`${h.dir}/later.zip`, second)
  await h.mirror()
  expect(h.tree({ only: /E/, sha1: true })).toEqual([
    `${day}/E-edited.jpg ${sha1Of(bytesOf(edited))}`,
    `${day}/E.jpg ${sha1Of(bytesOf(e))}`,
  ])
})

test('--embed writes into the files, and beside those that cannot be written; again nothing is done', async ({
  skip,
}) => {
  if (!tool) return skip()
  const facts = { description: 'Grüße & so', favorite: true } as const
  await begin({
    shots: [
      picture('a.jpg', 1, { facts }),
      picture('b.mp4', 2, { sample: 'lake.mp4', facts }),
      picture('c.gif', 3, { sample: 'clouds.gif', facts }),
      picture('plain.jpg', 4),
    ],
  })
  const said = await h.mirror('--embed')
  expect(said).toMatch(/1 file could not take metadata inside: it lies beside/)
  expect(h.tree()).toEqual(
    ['a.jpg', 'b.mp4', 'c.gif', 'c.gif.xmp', 'plain.jpg'].map((name) => `${day}/${name}`),
  )
  expect(await metadataOf(tool, h.file(`${day}/a.jpg`))).toMatchObject({
    'IFD0:ImageDescription': 'Grüße & so',
    'XMP-xmp:Rating': 5,
  })
  expect(await metadataOf(tool, h.file(`${day}/b.mp4`))).toMatchObject({
    'Keys:Description': 'Grüße & so',
    'QuickTime:CreateDate': '2024:06:01 12:02:00',
  })
  expect(sha1Of(h.read(`${day}/plain.jpg`))).toBe(sha1Of(bytesOf(picture('plain.jpg', 4))))
  const a = Object.values(h.load().mirrored).find(({ files }) => files?.[0]?.path.endsWith('a.jpg'))
  expect(a?.files?.[0]).toMatchObject({
    sha1: sha1Of(h.read(`${day}/a.jpg`)),
    was: sha1Of(bytesOf(picture('a.jpg', 1, { facts }))),
  })
  expect(await h.mirror('--embed')).toMatch(/nothing to mirror/)

  // Its owner says who is in it, Google has another caption: both are in it.
  await tool.write(h.file(`${day}/a.jpg`), { 'XMP-dc:Creator': 'me' } as never, {
    writeArgs: ['-overwrite_original'],
  })
  const shot = picture('a.jpg', 1, { facts })
  await h.more([later(shot, { bytes: bytesOf(shot), facts: { description: 'new' } })], LATER)
  await h.mirror('--embed')
  const now = await metadataOf(tool, h.file(`${day}/a.jpg`))
  expect(now).toMatchObject({ 'IFD0:ImageDescription': 'new', 'XMP-dc:Creator': ['me'] })
  expect(now['XMP-xmp:Rating']).toBeUndefined()
})

test('sync where no server was ever set mirrors, after saying so; where one was known, a missing one is an error', async () => {
  h = await home({ shots: [picture('a.jpg', 1), picture('b.jpg', 2)] })
  const TAKEOUT = `${h.dir}/takeout`
  const plan = await h.run('sync', ['--dry-run'], { TAKEOUT })
  expect([plan.code, h.tree()]).toEqual([0, []])
  expect(plan.err).toMatch(
    /no Immich server was ever set .*photos go into folders, to data\/library\nsync: the plan: 2 photos, .* KB, to write; .* free/,
  )
  const first = await h.run('sync', ['--edited', 'original'], { TAKEOUT })
  expect([first.code, first.err]).toEqual([0, expect.stringMatching(/2 photos = 2 mirrored/)])
  expect(h.tree({ only: /jpg$/ })).toEqual([`${day}/a.jpg`, `${day}/b.jpg`])
  const status = await h.run('status')
  expect(status.out).toMatch(/Folders {8}2 photos in .*data\/library\n/)
  expect(status.out).toMatch(/In folders {5}2 = 2 mirrored\n/)
  expect(status.out).toMatch(/Next {11}.*make mirror ARGS="--resync --checksum"/)

  const half = await h.run('sync', [], { IMMICH_API_KEY: 'k' })
  expect([half.code, half.err]).toEqual([1, expect.stringMatching(/IMMICH_URL is not given/)])
  const known = h.load()
  known.runs['index-immich'] = { stage: 'index-immich', at: '2024-01-01T00:00:00Z' }
  writeFileSync(h.state, JSON.stringify(known))
  const gone = await h.run('sync', [], { TAKEOUT })
  expect([gone.code, gone.err]).toEqual([1, expect.stringMatching(/no Immich server is set/)])
})
