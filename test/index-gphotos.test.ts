import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { State } from '../lib/state/records.ts'
import { inAlbum, picture, start } from './sandbox/run.ts'
import { bytesOf, type Description, makeTakeout } from './sandbox/takeout.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const index = (...args: string[]) =>
  start('index-gphotos', ['--state', join(dir, 'state.json'), ...args], { cwd: dir }).done
const load = async () => JSON.parse(await readFile(join(dir, 'state.json'), 'utf8')) as State
const titles = async () =>
  Object.values((await load()).photos)
    .map(({ title }) => title)
    .sort()

const [a, b, c] = [picture('a.jpg', 1), picture('b.jpg', 2), picture('c.jpg', 3)] as const
/** Two parts: a and its album's copy in the first, b and c in the second, but b's sidecar in the first. */
const small: Description = {
  shots: [
    { ...a, part: 1 },
    { ...inAlbum('Trip', a)[0], part: 1 } as typeof a,
    { ...b, part: 2, sidecarPart: 1 },
    { ...c, part: 2 },
  ],
  albums: [{ folder: 'Trip', title: 'Trip' }],
}
const half = (picture: Buffer) =>
  sharp(picture).resize(400).withExif({}).keepExif().jpeg().toBuffer()
const make = async (
  options: Parameters<typeof makeTakeout>[2] = {},
  what = small,
  to = 'takeout',
) => (await makeTakeout(join(dir, to), what, options)).paths

test('lists photos, albums and parts, with an account that adds up', async () => {
  await make()
  const { code, err } = await index('takeout')
  expect(err).toMatchInlineSnapshot(`
    "index-gphotos: 9 files = 4 sidecar + 3 original + 1 album + 1 copy
    index-gphotos: 3 photos, 1 album: 3 photos and 1 album new or changed
    "
  `)
  expect(code).toBe(0)
  const { photos, albums, parts } = await load()
  expect(await titles()).toEqual(['a.jpg', 'b.jpg', 'c.jpg'])
  expect(Object.values(albums)).toMatchObject([{ title: 'Trip' }])
  expect(Object.values(parts).map(({ number, entries }) => [number, entries])).toEqual([
    [1, 6],
    [2, 3],
  ])
  expect(Object.keys(photos)).toEqual(
    expect.arrayContaining(Object.values(albums)[0]?.photos ?? []),
  )
})

test.each(['zip', 'tgz'] as const)(
  'a smaller copy that only its picture tells is a size of its photo, in a %s',
  async (format) => {
    const beach = picture('beach.jpg', 7)
    const smaller = { ...beach, title: 'beach.jpg' }
    const shots = [
      { ...beach, size: [800, 600] as [number, number] },
      {
        ...smaller,
        name: 'beach(1).jpg',
        photo: 'a second link',
        bytes: await half(bytesOf({ ...beach, size: [800, 600] })),
      },
      {
        ...smaller,
        name: 'beach(2).jpg',
        photo: 'a third',
        seed: 8,
        size: [400, 300] as [number, number],
      },
    ]
    await make({ format }, { shots })
    const { err } = await index('takeout')
    expect(err).toContain('6 files = 3 sidecar + 2 original + 1 copy')
    expect(err).toContain('2 photos share name and time with another of other bytes: all arrive')
    const names = Object.values((await load()).photos).map(({ files }) =>
      files.map(({ path }) => basename(path)),
    )
    expect(names).toEqual([['beach.jpg', 'beach(1).jpg'], ['beach(2).jpg']])
  },
)

test('a second run finds nothing new, and needs not be told the Takeout again', async () => {
  await make()
  await index('takeout')
  const before = await readFile(join(dir, 'state.json'))
  const { code, err } = await index()
  expect([code, err]).toEqual([0, 'index-gphotos: nothing new: 2 parts, 3 photos known\n'])
  expect(await readFile(join(dir, 'state.json'))).toEqual(before)
})

test('a folder is looked at again, and nothing changes where it did not', async () => {
  await make({ format: 'folder', parts: 1 })
  await index('takeout')
  const { photos, albums } = await load()
  const { err } = await index()
  expect(err).toContain('0 photos and 0 albums new or changed')
  expect(await load()).toMatchObject({ photos, albums })
})

test('--dry-run leaves the state as it is, byte for byte', async () => {
  const paths = await make()
  await index(paths[0] as string)
  const before = await readFile(join(dir, 'state.json'))
  const { err } = await index('takeout', '--dry-run')
  expect(err).toContain('3 photos, 1 album')
  expect(await readFile(join(dir, 'state.json'))).toEqual(before)
})

test.each([['--explian'], ['--comments', 'loud'], ['--dates', 'soon']])(
  '%s is bad usage',
  async (...flag) => {
    await make()
    expect((await index('takeout', ...flag)).code).toBe(2)
  },
)

test('without a Takeout it says how to name one', async () => {
  const { code, err } = await index()
  expect(code).toBe(1)
  expect(err).toContain('Cannot index: no Takeout was named: run `make index-gphotos TAKEOUT=')
  expect((await index('nowhere.zip')).err).toContain('Cannot find the Takeout "nowhere.zip"')
  await mkdir(join(dir, 'empty'))
  expect((await index('empty')).err).toContain('Cannot index: there is nothing in empty')
})

describe('parts', () => {
  test('a missing one is told, exit 4, and what may have its sidecar there waits until it comes', async () => {
    const paths = await make()
    const { code, err } = await index(paths[1] as string)
    expect(code).toBe(4)
    expect(err).toContain('takeout-20260115T101500Z: part 1 is missing')
    const waiting = async () =>
      Object.values((await load()).photos).flatMap(({ title, waits }) => (waits ? [title] : []))
    expect(await waiting()).toEqual(['b.jpg'])
    expect((await index(paths[1] as string)).code).toBe(4)
    expect((await index('takeout')).code).toBe(0)
    expect(await waiting()).toEqual([])
  })

  test('one that comes when the others are gone from the disk completes what they held', async () => {
    const paths = await make()
    await index(paths[0] as string)
    await rename(paths[0] as string, join(dir, 'elsewhere'))
    const { code, err } = await index(paths[1] as string)
    expect(err).toContain('no longer there, what is known of it stays')
    expect(code).toBe(0)
    const { photos, leftovers } = await load()
    expect(Object.values(photos).map(({ title, takenFrom }) => [title, takenFrom])).toEqual([
      ['a.jpg', undefined],
      ['b.jpg', undefined],
      ['c.jpg', undefined],
    ])
    expect(leftovers).toEqual({})
  })

  test('one that was renamed or moved is the same, one that was downloaded twice counts once', async () => {
    const paths = await make()
    await index('takeout')
    const { parts, photos } = await load()
    await rename(paths[0] as string, join(dir, 'takeout/takeout-20260115T101500Z-3-001 (1).zip'))
    await cp(paths[1] as string, join(dir, 'takeout/takeout-20260115T101500Z-3-002 (1).zip'))
    const { err, code } = await index('takeout')
    expect(code).toBe(0)
    expect(err).toContain('counted once')
    const again = await load()
    expect(Object.keys(again.parts)).toEqual(Object.keys(parts))
    expect(again.photos).toEqual(photos)
    expect((await index()).err).toContain('nothing new')
  })

  test('a folder that was moved is the same', async () => {
    await make({ format: 'folder', parts: 1 })
    await index('takeout')
    const before = await load()
    await rename(join(dir, 'takeout'), join(dir, 'moved'))
    await index('moved')
    const after = await load()
    expect(Object.keys(after.parts)).toEqual(Object.keys(before.parts))
    expect(Object.keys(after.photos)).toEqual(Object.keys(before.photos))
    expect(Object.values(after.parts)[0]?.path).toBe(join(dir, 'moved'))
  })

  test.each([
    ['as Takeout', ['takeout/Takeout']],
    ['as its parent', ['takeout']],
    ['as the product folder', ['takeout/Takeout/Google Photos']],
  ])('an unpacked folder given %s', async (_, given) => {
    await make({ format: 'folder', parts: 1 })
    expect((await index(...given)).code).toBe(0)
    expect(await titles()).toEqual(['a.jpg', 'b.jpg', 'c.jpg'])
    expect(Object.values((await load()).albums)).toMatchObject([{ title: 'Trip' }])
  })

  test('several unpacked folders are one export', async () => {
    const [one, two] = [small.shots.slice(0, 2), small.shots.slice(2)]
    await make({ format: 'folder' }, { shots: one, albums: small.albums ?? [] }, 'x/Takeout 1')
    await make({ format: 'folder' }, { shots: two }, 'x/Takeout 2')
    await index('x')
    expect(await titles()).toEqual(['a.jpg', 'b.jpg', 'c.jpg'])
    await rm(join(dir, 'state.json'))
    await index('x/Takeout 1', 'x/Takeout 2')
    expect(Object.values((await load()).parts).map((part) => part.export)).toEqual(['x', 'x'])
  })

  test('names with spaces, globs and several in one TAKEOUT', async () => {
    const [first = '', second = ''] = await make()
    await rename(first, join(dir, 'takeout/takeout (1).zip'))
    await rename(second, join(dir, 'takeout/takeout (2).zip'))
    const run = (TAKEOUT: string) =>
      start('index-gphotos', ['--state', join(dir, 'state.json')], { cwd: dir, env: { TAKEOUT } })
        .done
    await run(`${dir}/takeout/takeout (1).zip ${dir}/takeout/takeout (2).zip`)
    expect(await titles()).toHaveLength(3)
    await rm(join(dir, 'state.json'))
    await run('takeout/*.zip')
    expect(await titles()).toHaveLength(3)
  })

  test('an unchanged tgz is not read through again when another part comes', async () => {
    const [first = '', second = ''] = await make({ format: 'tgz' })
    await utimes(first, 1_700_000_000, 1_700_000_000)
    await index(first)
    // The same to the eye, and nothing that could be read.
    const bytes = await readFile(first)
    await writeFile(first, bytes.fill(0, 300))
    await utimes(first, 1_700_000_000, 1_700_000_000)
    expect((await index(second)).code).toBe(0)
    expect(await titles()).toEqual(['a.jpg', 'b.jpg', 'c.jpg'])
  })
})

describe('what cannot be read', () => {
  test.each([
    ['truncated', async (path: string) => truncate(path, 700), 'download'],
    [
      'a web page',
      async (path: string) => writeFile(path, '<!DOCTYPE html><title>Sign in'),
      'web page',
    ],
    ['empty', async (path: string) => truncate(path, 0), 'empty'],
  ])('a part that is %s is told, exit 3, and the others are listed', async (_, spoil, says) => {
    const paths = await make()
    await spoil(paths[1] as string)
    const { code, err } = await index('takeout')
    expect(code).toBe(3)
    expect(err).toMatch(new RegExp(`Cannot read "?${basename(paths[1] as string)}"?: .*${says}`))
    expect(await titles()).toEqual(['a.jpg'])
    await make()
    expect((await index('takeout')).code).toBe(0)
    expect(await titles()).toEqual(['a.jpg', 'b.jpg', 'c.jpg'])
  })

  test('an encrypted archive is told, with the way out', async () => {
    const [path = ''] = await make({ parts: 1 })
    const zip = await readFile(path)
    for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4))
      zip.writeUInt16LE(zip.readUInt16LE(at + 8) | 1, at + 8)
    await writeFile(path, zip)
    const { code, err } = await index('takeout')
    expect(code).toBe(3)
    expect(err).toContain('it is encrypted: unpack it with its password')
  })

  test('a sidecar that is none is told, and its photo arrives without it', async () => {
    await make({ format: 'folder', parts: 1 })
    const sidecar =
      'takeout/Takeout/Google Photos/Photos from 2024/c.jpg.supplemental-metadata.json'
    await writeFile(join(dir, sidecar), '{"title": "c.j')
    const { code, err } = await index('takeout')
    expect(code).toBe(0)
    expect(err).toContain('1 left: unreadable sidecar: no JSON')
    expect(await titles()).toContain('c.jpg')
  })
})

describe('--explain', () => {
  test('prints one line for every file, and writes nothing', async () => {
    await make()
    const { code, out } = await index('takeout', '--explain')
    expect(code).toBe(0)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(9)
    for (const line of lines) {
      expect(Object.keys(line).sort()).toEqual([
        'certain',
        'export',
        'of',
        'part',
        'path',
        'photo',
        'role',
        'sidecar',
        'why',
      ])
    }
    const at = 'Takeout/Google Photos/Photos from 2024'
    expect(lines.find(({ path }) => path === `${at}/b.jpg`)).toMatchObject({
      export: 'takeout-20260115T101500Z',
      part: 'takeout-20260115T101500Z-3-002.zip',
      role: 'original',
      sidecar: `${at}/b.jpg.supplemental-metadata.json`,
      of: null,
      certain: true,
    })
    expect(lines.map(({ role }) => role).sort()).toEqual([
      'album',
      'copy',
      'original',
      'original',
      'original',
      'sidecar',
      'sidecar',
      'sidecar',
      'sidecar',
    ])
    await expect(readFile(join(dir, 'state.json'))).rejects.toThrow('ENOENT')
  })

  test('can be asked for one folder, also when all is known', async () => {
    await make()
    await index('takeout')
    const { out } = await index('--explain', '--folder', 'Trip')
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).role)
        .sort(),
    ).toEqual(['album', 'copy', 'sidecar'])
  })

  test('a folder may be written as a keyboard has it, and one that is not there is told', async () => {
    const product = 'Google\u00a0Photos'
    const name = 'Été 2021'.normalize('NFD')
    await make({ parts: 1 }, { product, shots: [{ ...a, folder: name }, b] })
    const paths = async (folder: string) => {
      const { out } = await index('takeout', '--explain', '--folder', folder)
      return out.trim().split('\n').length
    }
    for (const folder of ['Été 2021', 'Google Photos/Été 2021', 'Takeout/Google Photos/Été 2021/'])
      expect(await paths(folder), folder).toBe(2)
    expect(await paths('Google Photos')).toBe(4)
    const { code, out, err } = await index('takeout', '--explain', '--folder', 'Été 2022')
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('Cannot explain the folder "Été 2022": there is none of that name')
  })
})

test('memories are left out and listed, comments go where they are asked to', async () => {
  await make(
    { parts: 1 },
    {
      shots: [a, ...inAlbum('2 years ago', a), ...inAlbum('Trip', a)],
      albums: [{ folder: '2 years ago', title: '2 years ago' }],
      others: [
        {
          path: 'Google Photos/Trip/metadata.json',
          text: '{"title":"Trip","sharedAlbumComments":[{"text":"lovely","contentOwnerName":"Ann"}]}',
        },
      ],
    },
  )
  const { err } = await index('takeout')
  expect(err).toContain('1 memories left out of the albums (--memories brings them)')
  expect(err).toContain('1 photo, 1 album:')
  await index('--memories', '--comments', 'description')
  const albums = Object.values((await load()).albums)
  expect(
    albums.map(({ title, description, leftOut }) => [title, description, leftOut]).sort(),
  ).toEqual([
    ['2 years ago', undefined, undefined],
    ['Trip', 'Ann: lovely', undefined],
  ])
})
