import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isUnmounted, whyNot } from '../lib/backup/source.ts'
import { targetsIn } from '../lib/backup/targets.ts'
import { smallDisk } from './sandbox/campaign.ts'
import { has, photo, place } from './sandbox/tree.ts'

let p: ReturnType<typeof place>
let env: Record<string, string>
beforeEach(() => {
  p = place()
  env = { GALLERY: p.at('Gallery') }
  // Names of every kind, and a file that differs from another by its last byte alone.
  const names = [
    'a.jpg',
    'b c.jpg',
    '-n.jpg',
    'quo"te\'.jpg',
    'ü 😀.jpg',
    '[x] {y} *.jpg',
    '#1;$2.jpg',
  ]
  for (const [n, name] of names.entries()) p.put(`Gallery/2021/03-March/${name}`, photo(n))
  for (let n = 0; n < 15; n++) p.put(`Gallery/2022/IMG_${n}.jpg`, photo(n))
  p.put('Gallery/.photoferry-trash/x/gone.jpg', 'gone')
  p.put('Gallery/2022/.syncthing.y.jpg.tmp', 'half')
})
afterEach(() => p.end())
const backup = (to: string, ...args: string[]) => p.run('backup', args, { ...env, BACKUP_TO: to })
const lines = () =>
  readFileSync(p.at('data/backup.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const FILES = 22

describe.skipIf(!has('rsync'))('rsync', () => {
  let to: string
  beforeEach(() => {
    to = p.at('my disk')
    mkdirSync(to)
  })
  const rsync = (...args: string[]) => backup(`"${to}"`, ...args)

  test('copies what is new, keeps what it replaces, and says so in a line', async () => {
    const dry = await rsync('-n')
    expect(dry).toMatchObject({ code: 0, err: expect.stringContaining('22 files to be sent') })
    expect(dry.out.split('\n')).toContain('2021/03-March/b c.jpg')
    expect([p.files('my disk'), existsSync(p.at('data/backup.log'))]).toEqual([[], false])

    expect(await rsync()).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringMatching(/good: 22 files sent .* the gallery holds 22/),
    })
    expect(p.files('my disk')).toEqual(
      p.files('Gallery').filter((name) => !/trash|syncthing/.test(name)),
    )
    expect(lines()).toMatchObject([
      { what: 'copy', end: 'good', to, files: FILES, sent: FILES, deleted: 0 },
    ])

    p.put('Gallery/2022/IMG_1.jpg', 'another')
    rmSync(p.at('Gallery/2022/IMG_2.jpg'))
    expect((await rsync()).err).toContain('good: 1 file sent (7 bytes), 0 taken out')
    const kept = () =>
      p.files('my disk/.photoferry-kept').map((name) => name.replace(/^[^/]+\//, ''))
    expect(kept()).toEqual(['2022/IMG_1.jpg'])
    expect(p.files('my disk')).toContain('2022/IMG_2.jpg')

    expect((await rsync('--delete')).err).toContain('0 files sent (0 bytes), 1 taken out')
    expect(kept().sort()).toEqual(['2022/IMG_1.jpg', '2022/IMG_2.jpg'])
    expect(p.files('my disk')).not.toContain('2022/IMG_2.jpg')
  })

  test('--check finds a byte that changed and a file that is not there, and how old the copy is', async () => {
    expect(await rsync('--check')).toMatchObject({
      code: 4,
      err: expect.stringContaining('no good copy was ever made'),
    })
    await sleep(20)
    expect(await rsync('--and-check')).toMatchObject({
      code: 0,
      err: expect.stringContaining('22 files checked, 22 of them new = 22 agree'),
    })
    expect((await rsync('--check', '--sample', '3')).err).toContain(
      '3 files checked, 0 of them new = 3 agree',
    )
    const bad = p.read('my disk/2022/IMG_3.jpg')
    bad.writeUInt8(bad.readUInt8(99) ^ 1, 99)
    const { mtimeMs } = (await import('node:fs')).statSync(p.at('Gallery/2022/IMG_3.jpg'))
    p.put('my disk/2022/IMG_3.jpg', bad, mtimeMs)
    rmSync(p.at('my disk/2022/IMG_4.jpg'))
    p.put('Gallery/2022/later.jpg', photo(40))
    const ran = await rsync('--check', '--json')
    expect(ran).toMatchObject({
      code: 3,
      err: expect.stringMatching(
        /= 20 agree \+ 1 differ \+ 1 missing; the last good copy is \d+ s old; 1 came after that/,
      ),
    })
    expect(ran.out).toBe(
      'differs 2022/IMG_3.jpg\nmissing 2022/IMG_4.jpg\n{"good":0,"refused":0,"failed":1,"old":0}\n',
    )
    expect(lines().at(-1)).toMatchObject({
      what: 'check',
      end: 'bad',
      checked: FILES,
      differ: 1,
      missing: 1,
    })
    expect(await rsync('--check', '--max-age', '0h')).toMatchObject({ code: 3 })
    rmSync(p.at('my disk/2022/IMG_3.jpg'))
    expect(await rsync('--and-check')).toMatchObject({ code: 0 })
    expect(await rsync('--check', '--max-age', '0h')).toMatchObject({ code: 4 })
  })

  test('an empty, shrunken or vanished gallery is refused, and a place that is not there', async () => {
    await rsync()
    renameSync(p.at('Gallery'), p.at('away'))
    expect(await rsync()).toMatchObject({
      code: 1,
      err: expect.stringContaining('it is not there: mount its disk'),
    })
    p.folder('Gallery')
    expect(await rsync('--delete')).toMatchObject({
      code: 1,
      err: expect.stringContaining('it holds no pictures'),
    })
    p.copy('away/2022', 'Gallery/2022')
    expect(await rsync('--delete')).toMatchObject({
      code: 1,
      err: expect.stringContaining('it shrank from 22 to 15 files'),
    })
    expect(lines().at(-1)).toMatchObject({
      end: 'bad',
      error: expect.stringContaining('it shrank'),
    })
    expect(p.files('my disk').length).toBe(FILES)
    expect(await rsync('--delete', '--yes-it-shrank')).toMatchObject({ code: 0 })
    expect(await backup(p.at('nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('make it with mkdir'),
    })
    expect(await backup(p.at('Gallery/copy'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('one lies inside the other'),
    })
  })

  test('without a gallery it is the library that mirror filled; a link into it is inside', async () => {
    const state = { version: 1, runs: { mirror: { stage: 'mirror', library: p.at('Gallery') } } }
    p.put('data/state.json', JSON.stringify(state))
    env = { GALLERY: '' }
    expect(await rsync()).toMatchObject({
      code: 0,
      err: expect.stringContaining('good: 22 files sent'),
    })
    symlinkSync(p.at('Gallery/2022'), p.at('way in'))
    expect(await backup(`"${p.at('way in')}"`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('one lies inside the other'),
    })
  })

  test('a disk that was mounted and is so no more is refused', async () => {
    const unmount = await smallDisk(to, 8 << 20)
    if (!unmount) return console.log('NOT TESTED with a real mount: this user may mount none')
    expect((await rsync()).code).toBe(0)
    unmount()
    mkdirSync(to, { recursive: true })
    expect(await rsync()).toMatchObject({
      code: 1,
      err: expect.stringContaining(`the disk that was mounted at ${to} is not there`),
    })
    expect(p.files('my disk')).toEqual([])
  })

  test('over a remote shell the other end is a real rsync, too', async () => {
    // What ssh does, without the way there: runs the command in a shell.
    const shell = p.put(
      'rsh',
      '#!/bin/sh\nwhile [ "$1" != nas ]; do shift; done; shift\nexec sh -c "$*"\n',
    )
    chmodSync(shell, 0o755)
    env.RSYNC_RSH = shell
    expect((await backup(`anna@nas:${p.at('far')}`)).code).toBe(0)
    expect(p.files('far').length).toBe(FILES)
    rmSync(p.at('far/2022/IMG_4.jpg'))
    expect(await backup(`anna@nas:${p.at('far')}`, '--check')).toMatchObject({
      code: 3,
      out: 'missing 2022/IMG_4.jpg\n',
    })
  })

  test('a killed run leaves nothing half under its name, and the next goes on', async () => {
    for (let n = 0; n < 4; n++) p.put(`Gallery/big/${n}.mov`, Buffer.alloc(40 << 20, n))
    const run = p.begin('backup', [], { ...env, BACKUP_TO: `"${to}"` })
    while (!p.files('my disk').some((name) => name.includes('mov'))) await sleep(2)
    run.child.kill('SIGKILL')
    await run.done
    for (const name of p.files('my disk').filter((name) => /^big\/\d.mov$/.test(name)))
      expect(p.read(`my disk/${name}`).length).toBe(40 << 20)
    expect((await rsync('--and-check')).code).toBe(0)
    // rsync itself may leave a hidden draft.
    expect(p.files('my disk').filter((name) => !/(^|\/)\./.test(name)).length).toBe(FILES + 4)
  })
})

describe.skipIf(!has('rclone'))('rclone to a crypt remote', () => {
  beforeEach(() => {
    const obscured = String(execFileSync('rclone', ['obscure', 'secret'])).trim()
    Object.assign(env, {
      RCLONE_CONFIG_SAFE_TYPE: 'crypt',
      RCLONE_CONFIG_SAFE_REMOTE: p.at('cloud'),
      RCLONE_CONFIG_SAFE_PASSWORD: obscured,
    })
  })
  const rclone = (...args: string[]) => backup('rclone:safe:photos', ...args)

  test('the copy is encrypted, checked without a download, and keeps what it replaces', async () => {
    expect((await rclone('-n')).out.split('\n')).toContain('2021/03-March/ü 😀.jpg')
    expect(existsSync(p.at('cloud'))).toBe(false)
    expect(await rclone('--and-check')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/good: 22 files sent[\s\S]*22 files checked/),
    })
    expect(p.files('cloud').length).toBe(FILES)
    expect(p.files('cloud').some((name) => /jpg|March/.test(name))).toBe(false)
    expect(lines()[0]).toMatchObject({ end: 'good', to: 'rclone:safe:photos', sent: FILES })

    const one = p.at('cloud', p.files('cloud')[5] ?? '')
    const bytes = readFileSync(one)
    writeFileSync(
      one,
      Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
    )
    expect(await rclone('--check')).toMatchObject({
      code: 3,
      err: expect.stringContaining('= 21 agree + 1 differ'),
    })
    expect((await rclone('--check', '--download')).code).toBe(3)
    writeFileSync(one, bytes)
    p.put('Gallery/2022/IMG_1.jpg', 'another')
    rmSync(p.at('Gallery/2022/IMG_2.jpg'))
    // The one that was spoiled and mended has another time: it goes again.
    expect((await rclone('--delete')).err).toContain('good: 2 files sent')
    expect(p.files('cloud').length).toBe(FILES - 1 + 3)
    expect((await rclone('--check')).code).toBe(0)
  })

  test('where a remote keeps no checksums nothing is said to agree; another name of a crypt remote is one', async () => {
    Object.assign(env, {
      RCLONE_CONFIG_NICK_TYPE: 'alias',
      RCLONE_CONFIG_NICK_REMOTE: 'safe:',
      RCLONE_CONFIG_BITS_TYPE: 'chunker',
      RCLONE_CONFIG_BITS_REMOTE: 'safe:bits',
    })
    expect((await backup('rclone:nick:photos', '--and-check')).code).toBe(0)
    const [one = ''] = p.files('cloud')
    const bytes = readFileSync(p.at('cloud', one))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(p.at('cloud', one), bytes)
    expect(await backup('rclone:nick:photos', '--check')).toMatchObject({
      code: 3,
      err: expect.stringContaining('= 21 agree + 1 differ'),
    })
    expect(await backup('rclone:bits:photos', '--and-check')).toMatchObject({
      code: 3,
      err: expect.stringMatching(
        /keeps no checksums of 22 files: say --download\n.*= 0 agree; 22 not/,
      ),
    })
    expect((await backup('rclone:bits:photos', '--check', '--download')).code).toBe(0)
  })

  test('a remote that is not set up is told in its words; a bare remote has no room for what is kept', async () => {
    const { code, err } = await backup('rclone:nothing:photos')
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /didn't find section in config file[\s\S]*rclone:nothing:photos: failed/,
      ),
    ])
    expect(lines()).toMatchObject([{ end: 'bad', error: expect.stringContaining('nothing') }])
    expect((await backup('rclone:safe:')).code).toBe(2)
  })
})

describe.skipIf(!has('restic'))('restic', () => {
  beforeEach(() => {
    Object.assign(env, { RESTIC_PASSWORD_FILE: p.put('password', 'secret') })
  })
  const restic = (...args: string[]) => backup(`restic:${p.at('repo')}`, ...args)

  test('makes a snapshot, and checks it by what comes out', async () => {
    expect(await restic()).toMatchObject({
      code: 3,
      err: expect.stringContaining('Is there a repository at the following location?'),
    })
    execFileSync('restic', ['-r', p.at('repo'), 'init'], { env: { ...process.env, ...env } })
    expect((await restic('-n')).out.split('\n')).toContain(p.at('Gallery/2022/IMG_1.jpg'))
    expect(await restic()).toMatchObject({
      code: 0,
      err: expect.stringContaining('good: 22 files sent'),
    })
    p.put('Gallery/2022/IMG_1.jpg', 'another')
    expect(await restic('--and-check')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/good: 1 file sent[\s\S]*22 files checked/),
    })
    for (const pack of p.files('repo/data')) {
      const bytes = p.read(`repo/data/${pack}`)
      for (let at = 40; at < bytes.length; at += 64) bytes[at] = (bytes[at] ?? 0) ^ 1
      chmodSync(p.at('repo/data', pack), 0o600)
      writeFileSync(p.at('repo/data', pack), bytes)
    }
    expect((await restic('--check')).code).toBe(3)
  })
})

test('a program that is not installed is named, and how to get it', async () => {
  const ran = await backup(p.at('.'), '-n').then(() =>
    p.run('backup', ['-n'], { ...env, BACKUP_TO: 'restic:/r', PATH: p.dir }),
  )
  expect(ran).toMatchObject({
    code: 1,
    err: expect.stringContaining('Cannot run restic: it is not installed: apt install restic'),
  })
})

test.each([
  [[], {}, 'no place was named', 1],
  [['/tmp'], { GALLERY: '' }, 'no gallery was named', 1],
  [['--', '-rf'], {}, 'Cannot back up to -rf', 2],
  [['--max-age', '7w', '/tmp'], {}, 'write it like 7d', 2],
] as const)('refuses %j', async (args, more, said, code) => {
  expect(await p.run('backup', [...args], { ...env, ...more })).toMatchObject({
    code,
    err: expect.stringContaining(said),
  })
})

test('places in a setting', () => {
  const of = (text: string) => targetsIn(text).map(({ to, local }) => [to, local])
  expect(of(`/mnt/a "/mnt/b c" 'd e@nas:/x y'`)).toEqual([
    ['/mnt/a', true],
    ['/mnt/b c', true],
    ['d e@nas:/x y', false],
  ])
  expect(of('nas:/photos rsync://nas/photos rclone:safe:a/b/ restic:sftp:nas:/repo')).toEqual([
    ['nas:/photos', false],
    ['rsync://nas/photos', false],
    ['safe:a/b', false],
    ['sftp:nas:/repo', false],
  ])
})

describe('a source that is not as it was', () => {
  const last = { files: 100, bytes: 1000, mount: '/mnt/photos' }
  test.each([
    ['as it was', last, undefined],
    ['a tenth less', { ...last, files: 90 }, undefined],
    ['more than a tenth fewer', { ...last, files: 89 }, 'it shrank from 100 to 89 files'],
    ['fewer bytes', { ...last, bytes: 899 }, 'it shrank from 1,000 to 899 bytes'],
    ['nothing', { ...last, files: 0, bytes: 0 }, 'it holds no pictures'],
    [
      'another disk',
      { ...last, mount: '/' },
      'the disk that was mounted at /mnt/photos is not there',
    ],
  ])('%s', (_, now, why) => {
    const said = whyNot(now, last)
    if (why === undefined) expect(said).toBeUndefined()
    else expect(said).toContain(why)
  })
  test('a disk that came since is none that went', () => {
    expect(isUnmounted('/mnt/photos', '/')).toBe(false)
    expect(whyNot({ ...last, mount: join('/mnt/photos', 'x') }, last)).toBeUndefined()
  })
})
