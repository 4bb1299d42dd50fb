import { createHash } from 'node:crypto'
import { linkSync, lstatSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExifTool } from 'exiftool-vendored'
import fc from 'fast-check'
import jpeg from 'jpeg-js'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { choose, METHODS, type Method } from '../lib/dedupe/choosing.ts'
import {
  type Alike,
  areAsTheyWere,
  goesFor,
  keyOf,
  type Report,
  readReport,
  seen,
  shownOf,
} from '../lib/dedupe/report.ts'
import type { Entry } from '../lib/folders/walking.ts'
import { distance, groupsAlike, type Looks, looksLike } from '../lib/picture/alike.ts'
import type { Decided } from '../lib/state/records.ts'
import { openState } from '../lib/state/state.ts'
import { smallDisk } from './sandbox/campaign.ts'
import { paint } from './sandbox/landscape.ts'
import { photo, place, sample } from './sandbox/tree.ts'

let p: ReturnType<typeof place>
beforeEach(() => {
  p = place({ FOLDERS: 'tree' })
  p.folder('tree')
})
afterEach(() => p.end())
const dedupe = (...args: string[]) => p.run('dedupe', args)
const DAY = 86_400_000
const day = (n: number) => Date.UTC(2021, 0, 1) + n * DAY
const kept = () => p.files('tree').filter((name) => !name.startsWith('.photoferry-trash'))

describe("Czkawka's words", () => {
  const member = (path: string, modified: number, size: number) => ({
    path,
    modified,
    size,
    reference: false,
  })
  // From old to new a b c, from small to big b c a.
  const group = [member('b', 2, 10), member('a', 1, 30), member('c', 3, 20)]
  test.each<[Method, string, string]>([
    ['AEO', 'a', 'bc'],
    ['AEN', 'c', 'ab'],
    ['OO', 'bc', 'a'],
    ['ON', 'ab', 'c'],
    ['AEB', 'a', 'bc'],
    ['AES', 'b', 'ac'],
    ['OB', 'bc', 'a'],
    ['OS', 'ac', 'b'],
    ['HARD', 'a', 'bc'],
  ])('%s keeps %s and takes %s', (method, keep, go) => {
    const names = (some: { path: string }[]) =>
      some
        .map(({ path }) => path)
        .sort()
        .join('')
    const chosen = choose(group, method)
    expect([names(chosen.keep), names(chosen.go)]).toEqual([keep, go])
    expect(choose(group.toReversed(), method)).toEqual(chosen)
  })
  test.each(METHODS)('%s never takes a reference, nor all', (method) => {
    const some = fc.array(
      fc.record({
        path: fc.string(),
        modified: fc.nat(2),
        size: fc.nat(2),
        reference: fc.boolean(),
      }),
      { minLength: 2, maxLength: 5 },
    )
    fc.assert(
      fc.property(some, (members) => {
        const { keep, go } = choose(members, method)
        expect(keep.length + go.length).toBe(members.length)
        expect(keep.length).toBeGreaterThan(0)
        expect(go.some(({ reference }) => reference)).toBe(false)
        if (members.some(({ reference }) => reference))
          expect(keep.every(({ reference }) => reference)).toBe(true)
      }),
    )
  })
})

describe('what goes', () => {
  test('nothing without a method, nothing without a word; then to the trash, and back', async () => {
    p.put('tree/new.jpg', photo(1), day(3))
    p.put('tree/2021/old.jpg', photo(1), day(1))
    p.put('tree/other.jpg', photo(2), day(1))
    const before = p.files('tree')
    const report = await dedupe()
    expect(report).toMatchObject({
      code: 0,
      err: expect.stringContaining('3 photos = 1 there once + 2 in 1 group of equals'),
    })
    expect(await dedupe('--method', 'AEO', '-n')).toMatchObject({
      code: 0,
      out: `  ${p.at('tree/2021/old.jpg')}\n- ${p.at('tree/new.jpg')}\n\n`,
    })
    expect(await dedupe('--method', 'AEO')).toMatchObject({
      code: 1,
      err: expect.stringContaining('say --yes'),
    })
    expect(await dedupe('--method', 'ALL')).toMatchObject({ code: 2 })
    expect(p.files('tree')).toEqual(before)

    expect(await dedupe('--method', 'aeo', '--yes')).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 photo = 1 in the trash'),
    })
    expect(kept()).toEqual(['2021/old.jpg', 'other.jpg'])
    expect((await dedupe()).err).toContain('2 photos = 2 there once + 0 in 0 groups')
    expect((await dedupe('--undo', '-n')).out).toBe(`${p.at('tree/new.jpg')}\n`)
    expect(await dedupe('--undo')).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 file of the run'),
    })
    expect(kept()).toEqual(before)
    expect(statSync(p.at('tree/new.jpg')).mtimeMs).toBe(day(3))
    expect((await dedupe('--undo')).err).toContain('nothing to bring back')
  })

  test('--undo writes over nothing: what has the name now stays, and the file in the trash, too', async () => {
    p.put('tree/a.jpg', photo(1), day(1))
    p.put('tree/b.jpg', photo(1), day(2))
    await dedupe('--method', 'AEO', '--yes')
    p.put('tree/b.jpg', 'another')
    expect(await dedupe('--undo')).toMatchObject({
      code: 3,
      err: expect.stringContaining('something else has that name now'),
    })
    expect(String(p.read('tree/b.jpg'))).toBe('another')
    expect(p.files('tree/.photoferry-trash').length).toBe(2)
  })

  test('what lies on a disk inside the tree goes to a trash there, and comes back; no hard link leads over', async ({
    skip,
  }) => {
    const unmount = await smallDisk(p.at('tree/disk'), 1 << 20)
    if (!unmount) {
      console.log('NOT TESTED on a disk inside the tree: this user may mount none')
      return skip()
    }
    try {
      p.put('tree/a.jpg', photo(1), day(1))
      p.put('tree/disk/2021/b.jpg', photo(1), day(2))
      expect((await dedupe('--method', 'HARD', '--yes')).err).toMatch(
        /b.jpg: stays: no hard link leads to another disk\n.*1 photo = 0 linked \+ 1 left/,
      )
      const { code, err } = await dedupe('--method', 'AEO', '--yes')
      expect([code, err]).toEqual([0, expect.stringMatching(/1 photo = 1 in the trash/)])
      expect(p.files('tree').filter((name) => /jpg/.test(name))).toEqual([
        'a.jpg',
        expect.stringMatching(/^disk\/\.photoferry-trash\/.*\/2021\/b\.jpg$/),
      ])
      expect((await dedupe('--undo')).err).toMatch(/1 file of the run .* = 1 back/)
      expect(p.files('tree').filter((name) => /jpg/.test(name))).toEqual([
        'a.jpg',
        'disk/2021/b.jpg',
      ])
      expect((await dedupe('--undo')).err).toMatch(/nothing to bring back/)
    } finally {
      unmount()
    }
  })

  test('HARD: hard links of the oldest in place of the others, and files of their own again', async () => {
    for (const [n, name] of ['a', 'b', 'c'].entries())
      p.put(`tree/${name}.jpg`, photo(1), day(n + 1))
    expect((await dedupe('--method', 'HARD', '--yes')).err).toContain('2 photos = 2 linked')
    const inodes = () =>
      new Set(['a', 'b', 'c'].map((name) => lstatSync(p.at(`tree/${name}.jpg`)).ino)).size
    expect(inodes()).toBe(1)
    // Names of one file are no duplicates.
    expect((await dedupe('--method', 'AEO', '--yes')).err).toContain('0 in 0 groups')
    expect((await dedupe('--undo')).code).toBe(0)
    expect(inodes()).toBe(3)
    expect(statSync(p.at('tree/c.jpg')).mtimeMs).toBe(day(3))
  })

  test('a folder of reference is never touched, whatever the method, and takes the others', async () => {
    p.put('masters/a.jpg', photo(1), day(9))
    p.put('masters/b.jpg', photo(1), day(8))
    p.put('tree/old.jpg', photo(1), day(1))
    expect((await dedupe('--reference', p.at('masters'), '--method', 'OB', '--yes')).code).toBe(0)
    expect([kept(), p.files('masters')]).toEqual([[], ['a.jpg', 'b.jpg']])
  })

  test('a live photo is one: half of it is no duplicate; sidecars go with it', async () => {
    for (const folder of ['one', 'two']) {
      p.put(`tree/${folder}/IMG_1.HEIC`, sample('live.heic'), day(folder === 'one' ? 1 : 2))
      p.put(`tree/${folder}/IMG_1.MOV`, sample('live.mov'), day(1))
      p.put(`tree/${folder}/IMG_1.AAE`, 'edits', day(1))
    }
    p.put('tree/half/IMG_1.HEIC', sample('live.heic'), day(0))
    expect((await dedupe('--method', 'AEO', '--yes')).err).toContain('1 photo = 1 in the trash')
    expect(kept()).toEqual(['half/IMG_1.HEIC', 'one/IMG_1.AAE', 'one/IMG_1.HEIC', 'one/IMG_1.MOV'])
    await dedupe('--undo')
    expect(kept().length).toBe(7)
  })

  test('a photo stays whose sidecar says what the other has not', async () => {
    p.put('tree/a/x.jpg', photo(1), day(1))
    p.put('tree/b/x.jpg', photo(1), day(2))
    p.put('tree/b/x.jpg.xmp', 'my caption', day(2))
    const { err } = await dedupe('--method', 'AEO', '--yes')
    expect(err).toContain('its sidecar says what the other has not')
    expect(kept()).toEqual(['a/x.jpg', 'b/x.jpg', 'b/x.jpg.xmp'])
    expect((await dedupe('--method', 'AEN', '--yes')).err).toContain('1 in the trash')
    expect(kept()).toEqual(['b/x.jpg', 'b/x.jpg.xmp'])
  })

  test('files that differ in the middle alone are told apart; small, empty and hidden ones are no trouble', async () => {
    const bytes = Buffer.alloc(200_000, 7)
    p.put('tree/a.mov', bytes)
    bytes[100_000] = 8
    p.put('tree/b.mov', bytes)
    p.put('tree/c.mov', bytes, day(1))
    for (const name of ['d.txt', 'e.txt']) p.put(`tree/${name}`, 'x', day(name === 'd.txt' ? 1 : 2))
    for (const name of ['f.jpg', 'g.jpg', '.h/i.txt', '@eaDir/i.txt'])
      p.put(`tree/${name}`, name.endsWith('jpg') ? '' : 'x')
    linkSync(p.at('tree/a.mov'), p.at('tree/a again.mov'))
    expect((await dedupe('--method', 'AEO', '--yes')).err).toContain('2 photos = 2 in the trash')
    expect(kept()).toEqual([
      '.h/i.txt',
      '@eaDir/i.txt',
      'a again.mov',
      'a.mov',
      'c.mov',
      'd.txt',
      'f.jpg',
      'g.jpg',
    ])
  })
})

const hash = (path: string) => createHash('sha1').update(readFileSync(path)).digest('hex')
const tree = () =>
  new Map(
    kept().map((path) => [path, [hash(p.at('tree', path)), statSync(p.at('tree', path)).mtimeMs]]),
  )

test('a killed run has lost nothing, and is undone as well', async () => {
  for (let n = 0; n < 150; n++) p.put(`tree/${n % 5}/IMG_${n}.jpg`, photo(n % 7), day(n))
  const before = tree()
  const run = p.begin('dedupe', ['--method', 'AEO', '--yes', '--quiet'])
  while (p.files('tree/.photoferry-trash').length < 30) await sleep(2)
  run.child.kill('SIGKILL')
  await run.done
  const contents = new Set(
    p
      .files('tree')
      .filter((name) => !name.endsWith('.jsonl'))
      .map((name) => hash(p.at('tree', name))),
  )
  expect(contents).toEqual(new Set([...before.values()].map(([sha1]) => sha1)))
  expect(p.files('tree').filter((name) => name.endsWith('.jpg')).length).toBe(150)
  expect((await dedupe('--undo')).code).toBe(0)
  expect(tree()).toEqual(before)
})

test('whatever lies in a tree: after a run every content is there once more, and after --undo all is as before', async () => {
  const file = fc.record({
    path: fc.constantFrom(
      'a/IMG_1.HEIC',
      'a/IMG_1.MOV',
      'b/IMG_1.HEIC',
      'b/IMG_1.MOV',
      'a/x.jpg',
      'b/x.jpg',
      'b/X.JPG',
      'c/x.jpg',
      'c/x.jpg.xmp',
      'a/x.jpg.xmp',
      'b/x.xmp',
      'c/y.AAE',
      'notes.txt',
      'd/notes.txt',
    ),
    bytes: fc.constantFrom(
      photo(1),
      photo(2),
      sample('live.heic'),
      sample('live.mov'),
      Buffer.from('text'),
    ),
    modified: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 10 }),
      fc.constantFrom(...METHODS),
      async (files, method) => {
        for (const { path, bytes, modified } of files) p.put(`tree/${path}`, bytes, day(modified))
        const before = tree()
        expect((await dedupe('--method', method, '--yes')).code).toBe(0)
        const contents = (map: typeof before) => new Set([...map.values()].map(([sha1]) => sha1))
        expect(contents(tree())).toEqual(contents(before))
        expect((await dedupe('--undo')).code).toBe(0)
        expect(tree()).toEqual(before)
        rmSync(p.at('tree'), { recursive: true })
        p.folder('tree')
      },
    ),
    { numRuns: 12 },
  )
})

describe('pictures that look alike', () => {
  const scene = (seed: number, more = {}) => paint({ seed, width: 320, height: 240, ...more })
  const coded = (seed: number, quality: number, more = {}) =>
    jpeg.encode(scene(seed, more), quality).data

  test('are those of another size, coding or a light edit, and no other scenes', async () => {
    const first = (await looksLike(coded(1, 90))) as Looks
    const far = async (bytes: Buffer) => distance(first, (await looksLike(bytes)) as Looks)
    expect(await far(coded(1, 40))).toBeLessThanOrEqual(5)
    expect(await far(await sharp(coded(1, 90)).resize(100).webp().toBuffer())).toBeLessThanOrEqual(
      5,
    )
    for (let seed = 2; seed < 30; seed++) expect(await far(coded(seed, 90))).toBeGreaterThan(5)
    expect(
      await looksLike(
        await sharp({ create: { width: 9, height: 9, channels: 3, background: '#888' } })
          .png()
          .toBuffer(),
      ),
    ).toBeNull()
  })

  test('the groups are those that comparing each with each finds', () => {
    const near = fc.tuple(
      fc.constantFrom(0, 0xffffffff, 0x12345678),
      fc.nat(63),
      fc.nat(63),
      fc.nat(63),
    )
    fc.assert(
      fc.property(fc.array(near, { maxLength: 12 }), fc.nat(6), (rows, most) => {
        const items = rows.map(([base, ...flips], item) => {
          const looks: Looks = [base, base]
          for (const bit of flips)
            looks[bit >> 5 ? 1 : 0] = (looks[bit >> 5 ? 1 : 0] ^ (1 << (bit & 31))) >>> 0
          return { item, looks }
        })
        const together = new Map(items.map(({ item }) => [item, item]))
        for (const a of items)
          for (const b of items)
            if (distance(a.looks, b.looks) <= most) {
              const [from, to] = [together.get(a.item), together.get(b.item)]
              for (const [item, group] of together)
                if (group === from) together.set(item, to as number)
            }
        const expected = [
          ...Map.groupBy(together.keys(), (item) => together.get(item)).values(),
        ].filter((group) => group.length > 1)
        const sorted = (groups: number[][]) =>
          groups
            .map((group) => group.toSorted((a, b) => a - b))
            .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
        expect(sorted(groupsAlike(items, most))).toEqual(sorted(expected))
      }),
    )
  })

  test('--similar writes a report, RAW by its preview, and nothing goes', async () => {
    p.put('tree/big.jpg', coded(1, 95))
    p.put('tree/small.jpg', await sharp(coded(1, 95)).resize(120).jpeg().toBuffer())
    p.put('tree/other.jpg', coded(5, 90))
    p.put('tree/broken.jpg', coded(6, 90).subarray(0, 30))
    const raw = p.put(
      'tree/shot.dng',
      await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
        .tiff()
        .toBuffer(),
    )
    const preview = p.put('preview.jpg', await sharp(coded(5, 90)).resize(160).jpeg().toBuffer())
    const exiftool = new ExifTool({ maxProcs: 1 })
    await exiftool
      .write(raw, {}, ['-overwrite_original', `-PreviewImage<=${preview}`])
      .finally(() => exiftool.end())
    const before = p.files('tree')
    const ran = await dedupe('--similar')
    expect(ran).toMatchObject({
      code: 0,
      err: expect.stringContaining('4 pictures in 2 groups look alike'),
    })
    const { groups } = JSON.parse(String(p.read('data/similar.json')))
    const names = groups.map((group: { path: string }[]) =>
      group.map(({ path }) => path.replace(/.*\//, '')).sort(),
    )
    expect(names.sort()).toEqual([
      ['big.jpg', 'small.jpg'],
      ['other.jpg', 'shot.dng'],
    ])
    const sizes = groups.flat().map((one: Alike) => `${one.width}x${one.height}`)
    expect(sizes.sort()).toEqual(['120x90', '320x240', '320x240', '8x8'])
    expect(p.files('tree')).toEqual(before)
  })

  const kinds: [stays: string, goes: string, does: boolean][] = [
    ['a.jpg', 'b.jpg', true],
    ['a.jpg', 'b.png', true],
    ['a.jpg', 'b.dng', false],
    ['a.dng', 'b.jpg', false],
    ['a.dng a.jpg', 'b.jpg', true],
    ['a.dng a.jpg', 'b.nef', true],
    ['a.heic a.mov', 'b.jpg', true],
    ['a.jpg', 'b.heic b.mov', false],
    ['a.heic a.mov', 'b.heic b.mov b.heic.xmp', true],
    ['a.jpg', 'b.jpg b.jpg.xmp', true],
  ]
  test.each(kinds)('where %s stays %s goes: %s', (stays, goes, does) => {
    const alike = (names: string): Alike => {
      const files = names.split(' ').map((path) => ({ path, size: 1, modified: '' }))
      return { ...(files[0] as Alike), apart: 0, files }
    }
    const group = [alike(stays), alike(goes)] as [Alike, Alike]
    expect(goesFor(group[0], group)).toEqual(does ? [group[1]] : [])
    expect(goesFor(group[0], [group[0], { ...group[1], reference: true }])).toEqual([])
  })

  /** What a person says on the page of the groups in which these lie. */
  async function say(words: Record<string, Partial<Decided>>) {
    const { groups } = (await readReport(p.at('data/similar.json'))) as Report
    const state = await openState(p.at('data/state.json'), { write: ['decisions'] })
    for (const group of groups) {
      const [, word] =
        Object.entries(words).find(([dir]) => group[0]?.path.startsWith(p.at('tree', dir))) ?? []
      const decided = { accept: true, of: shownOf(group), at: '2026-01-01T00:00:00.000Z', ...word }
      if (word) state.put('decisions', keyOf(group), decided)
    }
    await state.save()
  }

  test('--reviewed takes out what was accepted, with its sidecar, and nothing else; --undo brings it back', async () => {
    for (const [folder, seed] of Object.entries({ yes: 1, open: 5, new: 9, left: 13, kept: 17 })) {
      p.put(`tree/${folder}/big.jpg`, coded(seed, 95), day(1))
      const small = await sharp(coded(seed, 95)).resize(120).jpeg().toBuffer()
      p.put(`tree/${folder}/small.jpg`, small, day(2))
    }
    p.put('tree/yes/small.jpg.xmp', 'my caption', day(3))
    expect(await dedupe('--reviewed')).toMatchObject({
      code: 1,
      err: expect.stringContaining('make dedupe ARGS="--similar"'),
    })
    expect(await dedupe('--reviewed', '--method', 'AEO')).toMatchObject({ code: 2 })
    expect((await dedupe('--similar')).err).toContain('10 pictures in 5 groups')
    const big = (folder: string) => ({ winner: p.at(`tree/${folder}/big.jpg`) })
    await say({ yes: big('yes'), new: big('new'), left: { accept: false }, kept: big('kept') })
    // Another sidecar came since: that is not what the person saw.
    p.put('tree/kept/small.jpg.xmp', 'a new caption')
    p.put('tree/new/small.jpg', coded(9, 30), day(2))
    const before = tree()

    const dry = await dedupe('--reviewed', '-n')
    expect(dry).toMatchObject({
      code: 0,
      out: `  ${p.at('tree/yes/big.jpg')}\n- ${p.at('tree/yes/small.jpg')}\n\n`,
      err: expect.stringContaining(
        '5 groups that look alike = 1 accepted + 1 left as they are + 1 undecided + 2 no longer as they were',
      ),
    })
    expect(await dedupe('--reviewed')).toMatchObject({
      code: 1,
      err: expect.stringContaining('say --yes'),
    })
    expect(tree()).toEqual(before)
    // The folders are those of the report.
    const ran = await p.run('dedupe', ['--reviewed', '--yes'], { FOLDERS: '' })
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('1 photo = 1 in the trash') })
    const gone = ['yes/small.jpg', 'yes/small.jpg.xmp']
    expect(kept()).toEqual([...before.keys()].filter((path) => !gone.includes(path)))
    const [list = ''] = p.files('tree/.photoferry-trash').filter((name) => /jsonl$/.test(name))
    const lines = String(p.read(`tree/.photoferry-trash/${list}`))
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line).alike)).toEqual([
      big('yes').winner,
      big('yes').winner,
    ])
    expect((await dedupe('--reviewed', '--yes')).err).toContain(
      ' 1 left as they are + 1 undecided + 3',
    )
    expect(await p.run('dedupe', ['--reviewed', '--undo'], { FOLDERS: '' })).toMatchObject({
      code: 0,
    })
    expect(tree()).toEqual(before)

    // A new report of changed files: what was said of the old ones does not count.
    await dedupe('--similar')
    const again = await dedupe('--reviewed', '-n')
    expect(again.err).toContain('1 accepted + 1 left as they are + 3 undecided')
  })

  test('a file is as it was to the millisecond, also within one', async () => {
    const path = p.put('tree/x.jpg', 'x')
    for (const part of [0, 0.0004, 0.0006, 0.0009]) {
      utimesSync(path, 1_600_000_000 + part, 1_600_000_000 + part)
      const { size, mtimeMs } = statSync(path)
      const was = seen({ path, size, modified: mtimeMs } as Entry)
      expect(await areAsTheyWere([was])).toBe(true)
      utimesSync(path, 1, 1_600_000_000 + part + 0.001)
      expect(await areAsTheyWere([was])).toBe(false)
    }
    expect(await areAsTheyWere([{ path: p.at('tree'), size: 0, modified: '' }])).toBe(false)
  })

  test('--reviewed touches no folder of reference, nor anything by a damaged report', async () => {
    p.put('masters/big.jpg', coded(1, 95))
    p.put('masters/small.jpg', coded(1, 60))
    p.put('tree/x.jpg', coded(1, 40))
    const masters = ['--reference', p.at('masters')]
    await dedupe('--similar')
    expect((await dedupe('--similar', ...masters)).err).toContain('3 pictures in 1 group')
    const { groups } = (await readReport(p.at('data/similar.json'))) as Report
    const [winner = ''] = [groups[0]?.[1]?.path]
    const state = await openState(p.at('data/state.json'), { write: ['decisions'] })
    for (const group of groups)
      state.put('decisions', keyOf(group), { accept: true, winner, of: shownOf(group), at: '' })
    await state.save()
    // Also where the folder is not said to be one of reference any more.
    const ran = await p.run('dedupe', ['--reviewed', '--yes'], { FOLDERS: '' })
    expect(ran.err).toContain('1 photo = 1 in the trash')
    expect([kept(), p.files('masters')]).toEqual([[], ['big.jpg', 'small.jpg']])
    for (const text of [
      '{"groups": [[{"path": 1}]]',
      '{"groups":[[null]],"folders":[]}',
      '[]',
      '7',
    ]) {
      p.put('data/similar.json', text)
      expect(await dedupe('--reviewed')).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /Cannot read data\/similar.json: it is (damaged|not what dedupe writes)/,
        ),
      })
    }
  })
})
