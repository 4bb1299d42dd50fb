import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  draft,
  drop,
  holds,
  inGroups,
  lookAt,
  partName,
  place,
  syncFolders,
} from '../lib/folders/writing.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'writing-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')

test('a file is written under another name, hashed, with its time, and then gets its own', async () => {
  const folder = join(dir, 'a/b')
  const made = await draft(folder, 'x.jpg', [Buffer.from('he'), Buffer.from('llo')], {
    modified: -86_400,
  })
  expect(made).toEqual({
    path: join(folder, '.x.jpg.photoferry-part'),
    size: 5,
    sha1: sha1('hello'),
  })
  expect(await place(made.path, join(folder, 'x.jpg'))).toBe(true)
  await syncFolders([folder], dir)
  expect(readdirSync(folder)).toEqual(['x.jpg'])
  expect(statSync(join(folder, 'x.jpg')).mtimeMs).toBe(-86_400_000)
  expect(await holds(join(folder, 'x.jpg'), { size: 5, sha1: sha1('hello') })).toBe(true)
  expect(await holds(join(folder, 'x.jpg'), { size: 5, sha1: sha1('hallo') })).toBe(false)
  expect(await lookAt(join(folder, 'none'))).toBeUndefined()
})

test('a file that is there is never written over', async () => {
  writeFileSync(join(dir, 'x.jpg'), 'mine')
  const made = await draft(dir, 'x.jpg', [Buffer.from('yours')])
  expect(await place(made.path, join(dir, 'x.jpg'))).toBe(false)
  expect(readFileSync(join(dir, 'x.jpg'), 'utf8')).toBe('mine')
  await drop(made)
  expect(readdirSync(dir)).toEqual(['x.jpg'])
})

test('what a killed run left is written over, and a file with both names keeps the right one', async () => {
  writeFileSync(join(dir, partName('x.jpg')), 'half of something longer')
  const made = await draft(dir, 'x.jpg', [Buffer.from('whole')])
  linkSync(made.path, join(dir, 'x.jpg'))
  expect(await place(made.path, join(dir, 'x.jpg'))).toBe(true)
  expect(readdirSync(dir)).toEqual(['x.jpg'])
  expect(readFileSync(join(dir, 'x.jpg'), 'utf8')).toBe('whole')
})

test('chunks that break off leave nothing, and their error comes out', async () => {
  function* broken() {
    yield Buffer.from('some')
    throw new Error('torn')
  }
  await expect(draft(dir, 'x.jpg', broken())).rejects.toThrow('torn')
  expect(readdirSync(dir)).toEqual([])
})

test('on a disk without hard links a file gets its name all the same, over none', async ({
  skip,
}) => {
  const image = join(dir, 'disk.img')
  const mount = join(dir, 'fat')
  const made = spawnSync('sh', [
    '-c',
    `mkdir ${mount} && dd if=/dev/zero of=${image} bs=1M count=4 && mkfs.vfat ${image} && mount -o loop ${image} ${mount}`,
  ])
  if (made.status !== 0) {
    console.log('NOT TESTED on a real FAT disk: this user may mount none')
    return skip()
  }
  try {
    const one = await draft(mount, 'x.jpg', [Buffer.from('one')])
    expect(await place(one.path, join(mount, 'x.jpg'))).toBe(true)
    const two = await draft(mount, 'X.jpg', [Buffer.from('two')])
    expect(await place(two.path, join(mount, 'X.jpg'))).toBe(false)
    expect(readFileSync(join(mount, 'x.jpg'), 'utf8')).toBe('one')
  } finally {
    spawnSync('umount', [mount])
  }
})

test('what is recorded in groups is recorded in its order, and after its folder is on disk', async () => {
  const groups = inGroups(dir, 0)
  const seen: string[] = []
  await Promise.all([
    groups.add(
      ['a', 'b', 'c', 'd'].map((name) => folderIn(name)),
      () => seen.push('first'),
    ),
    groups.add([], () => seen.push('second')),
    groups.add([folderIn('e')], () => seen.push('third')),
  ])
  await groups.settle()
  expect(seen).toEqual(['first', 'second', 'third'])
  await groups.add([join(dir, 'gone')], () => seen.push('never')).catch(() => {})
  await expect(groups.settle()).rejects.toThrow(/ENOENT/)
  expect(seen.length).toBe(3)
})

function folderIn(name: string) {
  mkdirSync(join(dir, name))
  return join(dir, name)
}
