import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExifTool } from 'exiftool-vendored'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takeLock } from '../lib/state/lock.ts'
import { withExif } from './sandbox/exif.ts'
import { filesBelow, photo, place, sample } from './sandbox/tree.ts'

const exiftool = new ExifTool({ maxProcs: 1 })
afterAll(() => exiftool.end())
let p: ReturnType<typeof place>
beforeEach(() => {
  p = place({ IMPORTS: 'Phone PC', GALLERY: 'Gallery' })
  for (const folder of ['Phone', 'PC', 'Gallery']) p.folder(folder)
})
afterEach(() => p.end())
const organize = (...args: string[]) => p.run('organize', ['--settle', '0', ...args])
const shot = (seed: number, local: string, more = {}) => withExif(photo(seed), { local, ...more })
const google = (title: string, taken: string, more = {}) =>
  JSON.stringify({
    title,
    photoTakenTime: { timestamp: String(Date.parse(taken) / 1000) },
    ...more,
  })

describe('what gives the time', () => {
  test("an XMP sidecar, then Google's JSON, EXIF, a movie, the name, each told per file", async () => {
    p.put('Phone/a.jpg', shot(1, '2019-05-05T10:00:00'))
    p.put('Phone/a.jpg.json', google('a.jpg', '2018-04-04T10:00:00Z'))
    await exiftool.write(
      p.put('Phone/a.xmp', '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
      { 'XMP-exif:DateTimeOriginal': '2017:03:03 10:00:00' } as object,
      ['-overwrite_original'],
    )
    p.put('Phone/b.jpg', shot(2, '2019-05-05T10:00:00'))
    p.put('Phone/b.jpg.supplemental-metadata.json', google('b.jpg', '2018-04-30T22:30:00Z'))
    await exiftool.write(
      p.put('Phone/c.jpg', photo(3)),
      { DateTimeOriginal: '2016:02:29 23:59:59' },
      ['-overwrite_original'],
    )
    p.put('Phone/d.mp4', sample('lake.mp4'))
    p.put('Phone/IMG-20150131-WA0001.jpg', photo(4))
    p.put('Phone/e.jpg', photo(5), Date.UTC(2014, 0, 2))
    const ran = await organize('--json')
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('1 photo without any time') })
    const rows = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ to, time }) => [to.slice(p.at('Gallery').length + 1), time]).sort()).toEqual(
      [
        ['2015/01-January/IMG-20150131-WA0001.jpg', 'name'],
        ['2016/02-February/c.jpg', 'exif'],
        ['2017/03-March/a.jpg', 'xmp'],
        ['2017/03-March/a.jpg.json', 'xmp'],
        ['2017/03-March/a.xmp', 'xmp'],
        // Half past midnight in Berlin.
        ['2018/05-May/b.jpg', 'json'],
        ['2018/05-May/b.jpg.supplemental-metadata.json', 'json'],
        ['2023/07-July/d.mp4', 'movie'],
        ['undated/e.jpg', null],
      ],
    )
    expect(p.state().organized[p.at('Phone/d.mp4')]).toMatchObject({ from: 'movie' })
    rmSync(p.at('Gallery/undated/e.jpg'))
    const again = await organize('--mtime', '--restore-deleted')
    expect(again.out).toBe(`${p.at('Phone/e.jpg')} -> 2014/01-January/e.jpg  mtime\n`)
  })

  test('what our own reader cannot see exiftool can', async () => {
    const pixels = Buffer.alloc(500 * 500 * 3, 90)
    const tiff = await sharp(pixels, { raw: { width: 500, height: 500, channels: 3 } })
      .tiff({ compression: 'none' })
      .toBuffer()
    await exiftool.write(p.put('PC/scan.tif', tiff), { DateTimeOriginal: '1987:06:05 04:03:02' }, [
      '-overwrite_original',
    ])
    expect((await organize()).out).toContain('-> 1987/06-June/scan.tif  exif\n')
  })
})

describe('what belongs together', () => {
  test('a live photo, its edit and its sidecars keep one stem, also beside a photo of that name', async () => {
    p.put('Gallery/2024/08-August/IMG_1.HEIC', sample('live.heic').subarray(0, 5000))
    p.put('Phone/IMG_1.HEIC', sample('live.heic'))
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    p.put('Phone/IMG_1.AAE', '<aae/>')
    p.put('Phone/IMG_1.HEIC.xmp', '<x:xmpmeta/>')
    p.put('Phone/IMG_E1.JPG', shot(1, '2024-08-14T20:31:07'))
    p.put('PC/DSC_1.NEF', shot(2, '2024-08-01T10:00:00'))
    p.put('PC/DSC_1.JPG', shot(3, '2024-08-01T10:00:00'))
    p.put('PC/DSC_1.xmp', '<x/>')
    expect(await organize()).toMatchObject({ code: 0, err: 'organize: 8 files = 8 copied\n' })
    expect(p.files('Gallery')).toEqual([
      '2024/08-August/DSC_1.JPG',
      '2024/08-August/DSC_1.NEF',
      '2024/08-August/DSC_1.xmp',
      '2024/08-August/IMG_1-2.AAE',
      '2024/08-August/IMG_1-2.HEIC',
      '2024/08-August/IMG_1-2.HEIC.xmp',
      '2024/08-August/IMG_1-2.MOV',
      '2024/08-August/IMG_1.HEIC',
      '2024/08-August/IMG_E1.JPG',
    ])
  })

  test('a half that comes later finds its still, and no other of that name', async () => {
    p.put('Gallery/2024/08-August/IMG_1.HEIC', shot(1, '2024-08-02T10:00:00'))
    p.put('Phone/IMG_1.HEIC', sample('live.heic'))
    await organize('--move')
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    await organize('--move')
    expect(p.files('Gallery')).toEqual(
      ['IMG_1-2.HEIC', 'IMG_1-2.MOV', 'IMG_1.HEIC'].map((name) => `2024/08-August/${name}`),
    )
    expect(p.files('Phone')).toEqual([])
  })

  test('a film of the same name that is too long, or has another id, is no half', async () => {
    p.put('Phone/IMG_1.JPG', shot(1, '2020-01-05T10:00:00', { contentId: 'another' }))
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    await organize()
    expect(p.files('Gallery')).toEqual(['2020/01-January/IMG_1.JPG', '2024/08-August/IMG_1.MOV'])
  })

  test('a sidecar that came before its picture goes with it when that comes', async () => {
    p.put('Phone/IMG_1.AAE', 'edits')
    expect((await organize()).err).toContain('1 left alone: a sidecar without its picture')
    expect((await organize()).err).toContain('1 file = 0 copied + 1 left alone')
    p.put('Phone/IMG_1.HEIC', sample('live.heic'))
    expect((await organize()).err).toBe('organize: 2 files = 2 copied\n')
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    expect((await organize()).err).toBe('organize: 3 files = 1 copied + 2 done before\n')
    expect(p.files('Gallery')).toEqual(
      ['AAE', 'HEIC', 'MOV'].map((end) => `2024/08-August/IMG_1.${end}`),
    )
  })

  test('while one of them is still on its way all wait', async () => {
    p.put('Phone/IMG_1.HEIC', sample('live.heic'))
    await sleep(1100)
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    p.put('Phone/IMG_1.AAE', '')
    const ran = await p.run('organize', ['--settle', '1'])
    expect(ran).toMatchObject({
      code: 0,
      err: expect.stringContaining('3 files = 0 copied + 2 waiting to be whole + 1 left alone'),
    })
    expect(p.files('Gallery')).toEqual([])
    expect((await organize()).err).toContain('= 2 copied + 1 left alone')
  })
})

describe('names that are taken', () => {
  test('the same bytes are there already; other bytes get a number, also where only capitals differ', async () => {
    const one = shot(1, '2021-03-04T10:00:00')
    p.put('Phone/IMG_1.jpg', one)
    p.put('PC/IMG_1.jpg', one)
    p.put('PC/more/img_1.JPG', shot(2, '2021-03-05T10:00:00'))
    p.put('PC/most/IMG_1.jpg', shot(3, '2021-03-06T10:00:00'))
    const dry = await organize('-n')
    expect(p.files('Gallery')).toEqual([])
    const ran = await organize()
    expect(ran.err).toBe('organize: 4 files = 3 copied + 1 in the gallery already\n')
    expect(dry.err).toBe('organize: 4 files = 3 to be copied + 1 in the gallery already\n')
    expect(dry.out.split('\n').sort()).toEqual(ran.out.split('\n').sort())
    expect(p.files('Gallery')).toEqual(
      ['IMG_1-3.jpg', 'IMG_1.jpg', 'img_1-2.JPG'].map((name) => `2021/03-March/${name}`),
    )
    expect(await organize()).toMatchObject({
      out: '',
      err: 'organize: 4 files = 0 copied + 4 done before\n',
    })
  })

  test('a sidecar that its owner changed in the gallery stays as it is, and is told of', async () => {
    p.put('Phone/a.jpg', shot(1, '2021-03-04T10:00:00'))
    p.put('Phone/a.xmp', 'theirs')
    p.put('Gallery/2021/03-March/a.jpg', shot(1, '2021-03-04T10:00:00'))
    p.put('Gallery/2021/03-March/a.xmp', 'mine')
    const { err } = await organize('--move')
    expect(err).toContain('1 left alone: a sidecar that says otherwise in the gallery')
    expect(String(p.read('Gallery/2021/03-March/a.xmp'))).toBe('mine')
    expect(p.files('Phone')).toEqual(['a.xmp'])
  })

  test('odd names arrive, safe on any disk; what is no text is left and told of', async () => {
    const names = ['-rf.jpg', 'a b\n"c".jpg', '😀 é.jpg', `${'x'.repeat(240)}.jpg`]
    for (const [n, name] of names.entries()) p.put(`Phone/${name}`, shot(n, '2021-03-04T10:00:00'))
    writeFileSync(
      Buffer.concat([
        Buffer.from(`${p.at('Phone')}/`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('.jpg'),
      ]),
      photo(9),
    )
    const ran = await organize('--move')
    expect(ran).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 left alone: its name is no UTF-8'),
    })
    expect(ran.err).toContain('5 files = 4 moved + 1 left alone')
    expect(p.files('Gallery').map((name) => name.slice(14))).toEqual(
      ['-rf.jpg', 'a b__c_.jpg', `${'x'.repeat(196)}.jpg`, '😀 é.jpg'].sort(),
    )
  })

  test('--rename, and another --path', async () => {
    p.put('Phone/IMG_1.HEIC', sample('live.heic'))
    p.put('Phone/IMG_1.MOV', sample('live.mov'))
    p.put('Phone/IMG_2.JPG', shot(1, '2024-08-14T20:31:07'))
    await organize('--rename', '--path', 'YYYY')
    expect(p.files('Gallery')).toEqual(
      ['20240814-203107-2.jpg', '20240814-203107.heic', '20240814-203107.mov'].map(
        (name) => `2024/${name}`,
      ),
    )
  })
})

describe('what is left alone', () => {
  test('hidden and tool folders, half-received files, links, what is no picture; the folders stay', async () => {
    const litter = [
      '.stfolder/syncthing-folder.txt',
      '.stversions/a~20210101-101010.jpg',
      '@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg',
      '.syncthing.a.jpg.tmp',
      '~syncthing~a.jpg.tmp',
      '.a.jpg.Xy12Ab',
      'a.jpg.part',
      'a.jpg.crdownload',
      'empty.jpg',
      'notes.txt',
      'lonely.xmp',
      'metadata.json',
    ]
    for (const name of litter)
      p.put(`Phone/${name}`, name === 'empty.jpg' ? '' : shot(1, '2021-03-04T10:00:00'))
    p.put('elsewhere/a.jpg', photo(1))
    symlinkSync(p.at('elsewhere'), p.at('Phone/loop'))
    symlinkSync(p.at('Phone'), p.at('Phone/self'))
    p.put('Phone/truncated.jpg', shot(2, '2021-03-04T10:00:00').subarray(0, 400))
    const ran = await organize('--move', '--yes-inbox-is-receive-only')
    expect(ran.code).toBe(0)
    expect(p.files('Gallery')).toEqual(['2021/03-March/truncated.jpg'])
    expect(p.files('Phone')).toEqual([...litter, 'loop', 'self'].sort())
    expect(ran.err).toBe(`organize:   5 left alone: half received
organize:   2 left alone: a symbolic link
organize:   1 left alone: empty
organize:   1 left alone: no picture or movie
organize:   1 left alone: a JSON that is no sidecar
organize:   1 left alone: a sidecar without its picture
organize: 12 files = 1 moved + 11 left alone
`)
  })

  test('an empty inbox is a quiet success; one that is not there, or inside the gallery, is refused', async () => {
    expect(await organize()).toMatchObject({ code: 0, err: 'organize: 0 files = 0 copied\n' })
    p.folder('Gallery/in')
    const refused = async (env: Record<string, string>, why: string) =>
      expect(await p.run('organize', [], env)).toMatchObject({
        code: 1,
        err: expect.stringContaining(why),
      })
    await refused({ IMPORTS: 'Phone Tablet' }, 'there is no such folder: check IMPORTS')
    await refused({ GALLERY: 'away' }, 'there is no such folder: mount its disk')
    await refused({ IMPORTS: 'Gallery/in' }, 'one of the folders lies inside the other')
    await refused({ IMPORTS: '.' }, 'one of the folders lies inside the other')
    await refused({ IMPORTS: 'Gallery' }, 'they are one folder')
    await refused({ IMPORTS: '' }, 'no inbox was named')
  })

  test('what the owner moved or deleted in the gallery stays so, but for --restore-deleted', async () => {
    p.put('Phone/a.jpg', shot(1, '2021-03-04T10:00:00'))
    await organize()
    rmSync(p.at('Gallery/2021/03-March/a.jpg'))
    expect((await organize()).err).toContain('0 copied + 1 done before')
    expect(p.files('Gallery')).toEqual([])
    expect((await organize('--restore-deleted')).err).toContain('1 copied')
  })
})

describe('ways', () => {
  test('--link is one file under two names; --move leaves none behind', async () => {
    p.put('Phone/a.jpg', shot(1, '2021-03-04T10:00:00'), Date.UTC(2021, 2, 9))
    await organize('--link')
    const [there, here] = [
      statSync(p.at('Gallery/2021/03-March/a.jpg')),
      statSync(p.at('Phone/a.jpg')),
    ]
    expect([there.ino, there.nlink]).toEqual([here.ino, 2])
    expect((await organize('--link')).err).toContain('1 done before')
    expect((await organize('--move')).err).toContain('1 in the gallery already')
    expect(p.files('Phone')).toEqual([])
    expect(statSync(p.at('Gallery/2021/03-March/a.jpg')).mtimeMs).toBe(Date.UTC(2021, 2, 9))
    expect(await organize('--copy', '--move')).toMatchObject({
      code: 2,
      err: expect.stringContaining('choose one'),
    })
  })

  test('a copy keeps the time of the file, and is no link', async () => {
    p.put('Phone/a.jpg', shot(1, '2021-03-04T10:00:00'), Date.UTC(2021, 2, 9))
    await organize()
    expect(statSync(p.at('Gallery/2021/03-March/a.jpg'))).toMatchObject({
      mtimeMs: Date.UTC(2021, 2, 9),
      nlink: 1,
    })
  })

  test('out of a folder that Syncthing keeps nothing moves without its word', async () => {
    p.put('Phone/.stfolder/x', 'x')
    p.put('Phone/Camera/a.jpg', shot(1, '2021-03-04T10:00:00'))
    const env = { IMPORTS: 'Phone/Camera' }
    expect(await p.run('organize', ['--move', '--settle', '0'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--yes-inbox-is-receive-only'),
    })
    expect(p.files('Phone')).toContain('Camera/a.jpg')
    expect(
      await p.run('organize', ['--move', '--settle', '0', '--yes-inbox-is-receive-only'], env),
    ).toMatchObject({ code: 0 })
    expect(p.files('Phone')).toEqual(['.stfolder/x'])
  })

  test('what cannot be put where it belongs is counted, the rest goes on (exit 3)', async () => {
    p.put('Gallery/2021', 'a file where a folder should be')
    p.put('Phone/a.jpg', shot(1, '2021-03-04T10:00:00'))
    p.put('Phone/b.jpg', shot(2, '2022-03-04T10:00:00'))
    const ran = await organize('--move')
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('1 moved + 1 failed') })
    expect([p.files('Phone'), p.files('Gallery')]).toEqual([
      ['a.jpg'],
      ['2021', '2022/03-March/b.jpg'],
    ])
  })

  test('--limit takes so many photos, and the next run the rest', async () => {
    for (const n of [1, 2, 3]) p.put(`Phone/${n}.jpg`, shot(n, '2021-03-04T10:00:00'))
    await organize('--limit', '2')
    expect(p.files('Gallery').length).toBe(2)
    expect((await organize('--limit', '2')).err).toContain('1 copied + 2 done before')
  })
})

test('while another stage is at work --or-later does nothing, and is no error', async () => {
  p.put('Phone/IMG_20210304_101112.jpg', photo(1))
  p.folder('data')
  const letGo = await takeLock(p.at('data/state.json.lock'), 'transfer', 'the state')
  try {
    expect(await organize()).toMatchObject({ code: 1, err: expect.stringContaining('Cannot open') })
    expect(await organize('--or-later')).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^organize: later: Cannot open .*`transfer` \(pid \d+\) is using it/,
      ),
    })
  } finally {
    letGo()
  }
})

test('two runs are kept apart, and a killed one is gone on with', async () => {
  for (let n = 0; n < 300; n++)
    p.put(
      `Phone/IMG_${n}.jpg`,
      shot(n % 7, `2021-03-04T10:00:0${n % 9}`, { description: String(n) }),
    )
  const before = contents(p.at('Phone'))
  for (const enough of [20, 120]) {
    const run = p.begin('organize', ['--settle', '0', '--move'])
    while (p.files('Gallery').length < enough) await sleep(2)
    run.child.kill('SIGSTOP')
    if (enough === 20)
      expect(await organize()).toMatchObject({
        code: 1,
        err: expect.stringContaining('`organize` (pid'),
      })
    run.child.kill('SIGKILL')
    await run.done
    expect(contents(p.at('Phone'), p.at('Gallery'))).toEqual(before)
  }
  expect((await organize('--move')).code).toBe(0)
  expect(p.files('Phone')).toEqual([])
  expect(contents(p.at('Gallery'))).toEqual(before)
  expect(p.files('Gallery').length).toBe(300)
})

test('whatever lies in the inboxes, after --move every content is in an inbox or the gallery', async () => {
  const name = fc.constantFrom(
    'IMG_1.JPG',
    'IMG_1.HEIC',
    'img_1.jpg',
    'IMG_1.MOV',
    'IMG_1.xmp',
    'IMG_1.JPG.xmp',
    'IMG_1.AAE',
    'IMG_1.JPG.json',
    'IMG_E1.JPG',
    'IMG_1-2.JPG',
    'IMG_1-edited.JPG',
    'IMG_1(1).JPG',
    '.x.jpg',
    'a.txt',
    'IMG_20210304_101112.png',
  )
  const bytes = fc.oneof(
    fc.constantFrom(
      shot(1, '2021-03-04T10:00:00'),
      shot(2, '2021-03-04T10:00:00'),
      sample('live.heic'),
      sample('live.mov'),
      Buffer.from(google('IMG_1.JPG', '2020-01-01T00:00:00Z')),
    ),
    fc.uint8Array({ minLength: 0, maxLength: 4 }).map((some) => Buffer.from(some)),
  )
  const file = fc.record({
    folder: fc.constantFrom('Phone', 'PC', 'PC/deep', 'Gallery/2021/03-March', 'Gallery/undated'),
    name,
    bytes,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 12 }), async (files) => {
      const q = place({ IMPORTS: 'Phone PC', GALLERY: 'Gallery' })
      for (const folder of ['Phone', 'PC', 'Gallery']) q.folder(folder)
      for (const { folder, name, bytes } of files) q.put(`${folder}/${name}`, bytes)
      const kept = new Map(
        q.files('Gallery').map((path) => [path, hash(q.read(`Gallery/${path}`))]),
      )
      const before = contents(q.dir)
      const ran = await q.run('organize', ['--move', '--settle', '0'])
      expect(ran.code, ran.err).toBe(0)
      expect(contents(q.at('Phone'), q.at('PC'), q.at('Gallery'))).toEqual(before)
      for (const [path, was] of kept) expect(hash(q.read(`Gallery/${path}`))).toBe(was)
      q.end()
    }),
    { numRuns: 15 },
  )
})

const hash = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

/** Every content below these folders, once. */
function contents(...folders: string[]) {
  const all = folders.flatMap((folder) =>
    filesBelow(folder)
      .filter((name) => !name.endsWith('.photoferry-part'))
      .map((name) => hash(readFileSync(join(folder, name)))),
  )
  return [...new Set(all)].sort()
}
