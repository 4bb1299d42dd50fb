import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findParts, gaps, readPartName, stampOf } from '../lib/takeout/parts.ts'

test.each([
  ['takeout-20260115T101500Z-001.zip', 'takeout-20260115T101500Z', 1],
  ['takeout-20260115T101500Z-3-012.zip', 'takeout-20260115T101500Z', 12],
  ['takeout-20260115T101500Z-3-012 (1).zip', 'takeout-20260115T101500Z', 12],
  ['takeout-20260115T101500Z-3-012(2).tgz', 'takeout-20260115T101500Z', 12],
  ['takeout-20260115T101500Z-1-001.tar.gz', 'takeout-20260115T101500Z', 1],
  ['takeout-20260115T101500Z.zip', 'takeout-20260115T101500Z', null],
  ['Photos-001.zip', 'Photos', 1],
  ['takeout (1).zip', 'takeout', null],
  ['my photos.zip', 'my photos', null],
  ['IMG_20260115.zip', 'IMG_20260115', null],
])('%s is of the export %s, part %s', (name, of, number) => {
  expect(readPartName(name)).toEqual({ export: of, number })
})

test('a stamp tells when an export was made', () => {
  expect(stampOf('takeout-20260115T101500Z')).toBe('20260115T101500Z')
  expect(stampOf('Takeout')).toBe('')
})

test('holes in the numbers of an export are found', () => {
  const part = (name: string, number: number | null) => ({ export: name, number })
  const parts = [
    part('a', 1),
    part('a', 4),
    part('b', 1),
    part('b', 2),
    part('c', null),
    part('d', 2),
  ]
  expect(gaps(parts)).toEqual(
    new Map([
      ['a', [2, 3]],
      ['d', [1]],
    ]),
  )
})

describe('what is meant by TAKEOUT', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'photoferry-'))
    const stamped = ['takeout-20260115T101500Z-3-001.zip', 'takeout-20260115T101500Z-3-002.zip']
    for (const name of ['takeout (1).zip', 'a [b].zip', ...stamped, 'notes.txt'])
      await put(`zips/${name}`, 'PK\x03\x04')
    await put('Takeout/Google Photos/Trip/a.jpg', 'a')
    await put('many/Takeout 1/Google Photos/Trip/a.jpg', 'a')
    await put('many/Takeout 2/Google Photos/Trip/b.jpg', 'b')
    await put('unpacked/takeout-20260115T101500Z-3-001/Takeout/Google Photos/Trip/a.jpg', 'a')
    await put('unpacked/takeout-20260115T101500Z-3-002/Takeout/Google Photos/Trip/b.jpg', 'b')
    await put('unpacked/Documents/a.txt', 'a')
    await put('zips/export.tgz', '\x1f\x8b')
  })
  afterAll(() => rm(dir, { recursive: true }))
  const put = async (path: string, text: string) => {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), text, 'latin1')
  }
  const shown = async (...given: string[]) => {
    const { found, passedOver } = await findParts(given.map((text) => text.replaceAll('$', dir)))
    return [
      ...found.map((part) => `${part.kind} ${part.export} ${part.number} ${basename(part.path)}`),
      ...passedOver.map((path) => `- ${basename(path)}`),
    ]
  }

  test.each<[string, string[], string[]]>([
    [
      'one file',
      ['$/zips/takeout-20260115T101500Z-3-001.zip'],
      ['zip takeout-20260115T101500Z 1 takeout-20260115T101500Z-3-001.zip'],
    ],
    [
      'a name with a space and a number',
      ['$/zips/takeout (1).zip'],
      ['zip takeout null takeout (1).zip'],
    ],
    [
      'several in one text',
      ['$/zips/takeout (1).zip $/zips/a [b].zip'],
      ['zip a [b] null a [b].zip', 'zip takeout null takeout (1).zip'],
    ],
    [
      'quotes that a shell left',
      ["'$/zips/takeout (1).zip'"],
      ['zip takeout null takeout (1).zip'],
    ],
    [
      'a glob',
      ['$/zips/takeout-*-3-*.zip'],
      [
        'zip takeout-20260115T101500Z 1 takeout-20260115T101500Z-3-001.zip',
        'zip takeout-20260115T101500Z 2 takeout-20260115T101500Z-3-002.zip',
      ],
    ],
    ['a glob beside parentheses', ['$/zips/takeout (*).zip'], ['zip takeout null takeout (1).zip']],
    ['one twice', ['$/zips/export.tgz', '$/zips/export.tgz'], ['tgz export null export.tgz']],
    ['a folder of folders of one export', ['$/many'], ['folder many null many']],
    [
      'these folders',
      ['$/many/Takeout 1', '$/many/Takeout 2'],
      ['folder many null Takeout 1', 'folder many null Takeout 2'],
    ],
    ['the product folder', ['$/many/Takeout 1/Google Photos'], ['folder many null Google Photos']],
    [
      'folders that were unpacked by name',
      ['$/unpacked'],
      [
        'folder takeout-20260115T101500Z 1 takeout-20260115T101500Z-3-001',
        'folder takeout-20260115T101500Z 2 takeout-20260115T101500Z-3-002',
        '- Documents',
      ],
    ],
    [
      'what was unpacked into such a folder',
      ['$/unpacked/takeout-20260115T101500Z-3-002/Takeout'],
      ['folder takeout-20260115T101500Z 2 Takeout'],
    ],
  ])('%s', async (_, given, wanted) => {
    expect(await shown(...given)).toEqual(wanted)
  })

  test('a folder holds its archives, and an unpacked export beside them', async () => {
    await cp(join(dir, 'Takeout'), join(dir, 'zips/Takeout'), { recursive: true })
    expect((await shown('$/zips')).map((line) => line.split(' ')[0]).sort()).toEqual(
      ['zip', 'tgz', 'zip', 'zip', 'zip', 'folder'].sort(),
    )
  })

  test('a name that leads nowhere is told with what to do', async () => {
    await expect(shown('$/zips/nothing.zip')).rejects.toThrow(
      /Cannot find the Takeout ".*nothing.zip": .*: set TAKEOUT/,
    )
  })
})
