import { describe, expect, test } from 'vitest'
import { folderKinds, innerPath, placeFiles, yearIn } from '../lib/takeout/export.ts'
import type { ExportFile } from '../lib/takeout/takeout.ts'

const file = (path: string): ExportFile => ({
  part: 'p',
  path,
  size: 9,
  crc: null,
  ...(path.endsWith('.jpg.json') && { json: { kind: 'photo', facts: {} } }),
})

describe('where a file stands', () => {
  test.each([
    ['Takeout/Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Takeout 2/Takeout/Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Takeout 2/Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['takeout-20260115T101500Z-3-001/Takeout/Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['backup/old/Takeout/Google Photos/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Takeout/Google Photos/Takeout/a.jpg', 'Takeout', 'a.jpg'],
    ['Takeout/Zdje\u0328cia Google/Trip/a.jpg', 'Trip', 'a.jpg'],
    ['Takeout/Google Photos/Trip/Cafe\u0301.jpg', 'Trip', 'Caf\u00e9.jpg'],
  ])('%s', (path, folder, name) => {
    const { placed } = placeFiles([file(path), file(`${path}.json`)])
    expect(placed[0]).toMatchObject({ folder, name })
  })

  test('the photos are told from other products by their sidecars, else by their pictures', () => {
    const files = [file('Takeout/Photos/Trip/a.jpg'), file('Takeout/Drive/Trip/b.jpg')]
    expect(placeFiles(files).placed).toHaveLength(2)
    const { placed, outside } = placeFiles([...files, file('Takeout/Photos/Trip/a.jpg.json')])
    expect(placed.map(({ name }) => name)).toEqual(['a.jpg', 'a.jpg.json'])
    expect(outside.map(({ why }) => why)).toEqual(['another product'])
  })

  test('what lies beside the folders is of the account, but for pictures', () => {
    const { placed, outside } = placeFiles([
      file('Takeout/archive_browser.html'),
      file('Takeout/Google Photos/print-orders.json'),
      file('Takeout/Google Photos/loose.jpg'),
      file('Takeout/Google Photos/Trip/a.jpg'),
      file('Takeout/Google Photos/Trip/a.jpg.json'),
      file('__MACOSX/Takeout/Google Photos/Trip/._a.jpg'),
    ])
    expect(placed.map(({ folder, name }) => `${folder}/${name}`)).toEqual([
      '/loose.jpg',
      'Trip/a.jpg',
      'Trip/a.jpg.json',
    ])
    expect(outside.map(({ why }) => why)).toEqual(['account', 'account', 'no part of the photos'])
  })

  test('what lies beside the folders is of the account, too, where a part holds nothing else', () => {
    const orders = { ...file('Takeout/Google Photos/print-orders.json'), json: { kind: 'account' } }
    const { outside } = placeFiles([orders as ExportFile, file('Takeout/Drive/notes.txt')])
    expect(outside.map(({ why }) => why)).toEqual(['account', 'another product'])
  })

  test('a path inside the export does not depend on where that lies', () => {
    expect(innerPath('/x/Takeout/Google Photos/Trip/a.jpg')).toBe('Google Photos/Trip/a.jpg')
    expect(innerPath('Google Photos/Trip/a.jpg')).toBe('Google Photos/Trip/a.jpg')
  })
})

/** Folders of one export: `+` has an album file, `-` trashed sidecars only; a year behind `:` is that of its sidecars. */
function kinds(...folders: string[]) {
  const signs = folders.map((text) => {
    const [, sign, name = '', years = ''] = /^([+-]?)([^:]*)(?::(.*))?$/.exec(text) ?? []
    const counts = new Map<number, number>()
    for (const year of years.split(',').filter(Boolean).map(Number))
      counts.set(year, (counts.get(year) ?? 0) + 1)
    return [
      name,
      { albumFile: sign === '+', conversation: false, trashed: sign === '-', years: counts },
    ] as const
  })
  return Object.fromEntries(folderKinds(new Map(signs)))
}

describe('what a folder is', () => {
  test.each<[string, string[], Record<string, string>]>([
    [
      'a year folder, in any export',
      ['Photos from 2019', '+Photos from 2018'],
      { 'Photos from 2019': 'year', 'Photos from 2018': 'year' },
    ],
    ['a translated year folder', ['Fotos von 2019', '+Trip'], { 'Fotos von 2019': 'year' }],
    [
      'an album that is called like one',
      ['Photos from 2019', '+Fotos von 2019'],
      { 'Fotos von 2019': 'album' },
    ],
    [
      'year folders in a language nobody listed, by what they hold',
      ['Ljósmyndir 2019:2019,2019', '+Trip'],
      { 'Ljósmyndir 2019': 'year' },
    ],
    [
      'or by each other',
      ['Ljósmyndir 2019', 'Ljósmyndir 2020', '+Trip'],
      { 'Ljósmyndir 2019': 'year', 'Ljósmyndir 2020': 'year' },
    ],
    [
      'with some pictures of New Year',
      [`Myndir 2019:${'2019,'.repeat(30)}2018`, '+Trip'],
      { 'Myndir 2019': 'year' },
    ],
    [
      'an album with a year in its name',
      ['Photos from 2019', '+Thailand 2019:2019'],
      { 'Thailand 2019': 'album' },
    ],
    [
      'a second folder of a year that has one',
      ['Photos from 2019', 'Thailand 2019:2019', '+Trip'],
      { 'Thailand 2019': 'other' },
    ],
    [
      'an album without its file, where no album has one',
      ['Photos from 2022', 'Amsterdam 2022:2022', '1 anno fa'],
      { 'Amsterdam 2022': 'album', '1 anno fa': 'memories' },
    ],
    [
      'days of an old export',
      ['+2013-12-31', '+2013-12-31 #2', '+Trip'],
      { '2013-12-31': 'year', '2013-12-31 #2': 'year', Trip: 'album' },
    ],
    [
      'an album of a day in a new one',
      ['Photos from 2013', '+2013-12-31'],
      { '2013-12-31': 'album' },
    ],
    [
      'Google\u2019s own folders',
      ['Archiv', 'Prullenbak', 'Locked Folder', 'Failed Videos', '+Trip'],
      {
        Archiv: 'archive',
        Prullenbak: 'trash',
        'Locked Folder': 'locked',
        'Failed Videos': 'failed',
      },
    ],
    [
      'a bin in a language nobody listed, by what its sidecars say',
      ['Photos from 2019', '-Ruslatunnan:2019', '+-Trip', '-Photos from 2018'],
      { Ruslatunnan: 'trash', '-Trip': 'album', 'Photos from 2018': 'year' },
    ],
    [
      'an album that is called like one of them',
      ['+Archive', '+Bin'],
      { Archive: 'album', Bin: 'album' },
    ],
    [
      'memories',
      ['+1 year ago', '+2 anni fa', '+vor 3 Jahren', '+dinsdag Uitgelicht', '+10 years together'],
      {
        '1 year ago': 'memories',
        '2 anni fa': 'memories',
        'vor 3 Jahren': 'memories',
        'dinsdag Uitgelicht': 'memories',
        '10 years together': 'album',
      },
    ],
  ])('%s', (_, folders, wanted) => {
    expect(kinds(...folders)).toMatchObject(wanted)
  })

  test.each([
    ['Photos from 2019', 2019],
    ['2015 yılına ait fotoğraflar', 2015],
    ['2019 to 2020', null],
    ['IMG20190304', null],
    ['Trip', null],
  ])('the year in %s', (name, year) => {
    expect(yearIn(name)).toBe(year)
  })
})
