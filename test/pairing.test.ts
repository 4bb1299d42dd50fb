import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLitter, mediaKind } from '../lib/pairing/media.ts'
import {
  type FolderFile,
  type FolderSidecar,
  type Pair,
  pairFolder,
} from '../lib/pairing/pairing.ts'

// Names of real and derived exports with their right answers: media -> [sidecar, what it is a half or a copy of].
// `unsure`: tools disagree, or the evidence is indirect, so no answer is as good as this one.
type Answer = { motionOf?: string; editedOf?: string | null; unsure?: true }
type Row = {
  id: string
  pairs: Record<string, [sidecar: string | null, answer?: Answer]>
  orphans?: string[]
  album?: string[]
  account?: string[]
  titles?: Record<string, string>
}
const fixture = new URL('fixtures/takeout-names.json', import.meta.url)
const rows: Row[] = JSON.parse(readFileSync(fixture, 'utf8')).folders

// Refused on purpose. cs-004: one sidecar without an extension fits a JPEG and a PNG. ts-014: an edited copy
// whose base is only the beginning of its original's.
const refused = new Set(['cs-004', 'ts-014'])

function filesOf({ pairs, orphans = [], titles = {} }: Row) {
  const taken = Object.values(pairs).map(([sidecar]) => sidecar)
  const names = new Set([...taken.filter((name) => name !== null), ...orphans])
  return {
    media: Object.keys(pairs).map((name): FolderFile => ({ name })),
    sidecars: [...names].map((name): FolderSidecar => {
      return titles[name] === undefined ? { name } : { name, title: titles[name] }
    }),
  }
}

describe('names of real exports', () => {
  test.each(rows)('$id pairs as it should, and no media file with a stranger', (row) => {
    const { media, sidecars } = filesOf(row)
    const { pairs, orphans } = pairFolder(media, sidecars)
    const got: Row['pairs'] = {}
    const wanted: Row['pairs'] = {}
    for (const { media: name, sidecar, role, of, certain } of pairs) {
      const [right = null, { unsure, ...relation } = {}] = row.pairs[name] ?? []
      if (unsure && sidecar === null && refused.has(row.id)) continue
      const link = role === 'motion' ? { motionOf: of } : role === 'edited' ? { editedOf: of } : {}
      got[name] = [sidecar, { ...link, ...(!certain && { unsure: true }) } as Answer]
      wanted[name] = [right, { ...relation, ...(unsure && { unsure }) }]
    }
    expect(got).toEqual(wanted)
    if (!refused.has(row.id)) expect(orphans).toEqual(row.orphans ?? [])
    else expect(pairs.every(({ sidecar }) => sidecar === null)).toBe(true)
  })

  test('titles that an export gives for the sidecars change nothing', () => {
    for (const row of rows) {
      const { media, sidecars } = filesOf(row)
      const titled = sidecars.map((sidecar) => ({ title: titleOf(row, sidecar.name), ...sidecar }))
      const known = titled.map(({ title, ...rest }) =>
        title === undefined ? rest : { title, ...rest },
      )
      expect(pairFolder(media, known), row.id).toEqual(pairFolder(media, sidecars))
    }
  })

  test.each(rows.filter(({ pairs }) => Object.keys(pairs).length > 0))(
    '$id holds only names that are, or may be, media',
    ({ pairs }) => {
      expect(Object.keys(pairs).map(mediaKind)).not.toContain(null)
    },
  )
})

/** The upload name of a sidecar's photo, where its media name shows it whole. */
function titleOf({ pairs }: Row, sidecar: string): string | undefined {
  const found = Object.entries(pairs).find(([, [name, rest]]) => name === sidecar && !rest)
  const name = found?.[0].replace(/\(([1-9]\d*)\)(\.[^.]*)?$/, '$2')
  return name !== undefined && name.length < 51 ? name : undefined
}

/** `media: sidecar role of ?` per file, the way the tables below are written. */
function told(media: (string | FolderFile)[], sidecars: (string | FolderSidecar)[]) {
  const { pairs, orphans } = pairFolder(
    media.map((file) => (typeof file === 'string' ? { name: file } : file)),
    sidecars.map((file) => (typeof file === 'string' ? { name: file } : file)),
  )
  const show = ({ sidecar, role, of, certain }: Pair) =>
    [sidecar ?? '', role === 'original' ? '' : role, of ?? '', certain ? '' : '?']
      .filter((part) => part !== '')
      .join(' | ')
  return {
    ...Object.fromEntries(pairs.map((pair) => [pair.media, show(pair)])),
    orphans: orphans.join(' '),
  }
}
const why = (pairs: Pair[]) => Object.fromEntries(pairs.map((pair) => [pair.media, pair.why]))
const M = '.supplemental-metadata.json'

// 41 letters, so that a four-letter extension makes 45, and so on.
const LONG = 'IMG_20240102_030405_abcdefghijklmnopqrstu'

describe('rules beyond the fixture', () => {
  const cases: [
    string,
    (string | FolderFile)[],
    (string | FolderSidecar)[],
    Record<string, string>,
  ][] = [
    [
      'a new sidecar wins over an older one',
      ['a.jpg'],
      ['a.jpg.json', `a.jpg${M}`],
      { 'a.jpg': `a.jpg${M}`, orphans: 'a.jpg.json' },
    ],
    [
      'an older sidecar is not lent to a neighbour',
      ['a.jpg', 'a.JPG'],
      ['a.jpg.json', `a.jpg${M}`],
      { 'a.jpg': `a.jpg${M}`, 'a.JPG': '', orphans: 'a.jpg.json' },
    ],
    [
      'exact case goes first',
      ['a.jpg', 'a.JPG'],
      [`a.JPG${M}`, `a.jpg${M}`],
      { 'a.jpg': `a.jpg${M}`, 'a.JPG': `a.JPG${M}`, orphans: '' },
    ],
    ['the base has its case', ['a.jpg'], [`A.jpg${M}`], { 'a.jpg': '', orphans: `A.jpg${M}` }],
    [
      'a still goes before its video where one name fits both',
      ['a.HEIC', 'a.MP4'],
      ['a.supplemental-metadata.json'],
      {
        'a.HEIC': 'a.supplemental-metadata.json',
        'a.MP4': 'a.supplemental-metadata.json | motion | a.HEIC',
        orphans: '',
      },
    ],
    [
      'a title decides between a number of the title and one of a collision',
      ['a(1).jpg'],
      [
        { name: `a(1).jpg${M}`, title: 'a(1).jpg' },
        { name: 'a.jpg.supplemental-metadata(1).json', title: 'b.jpg' },
      ],
      { 'a(1).jpg': `a(1).jpg${M}`, orphans: 'a.jpg.supplemental-metadata(1).json' },
    ],
    [
      'cut alike, told apart by the title',
      [`${LONG}012345X.jpg`.slice(-51), `${LONG}012345Y.jpg`.slice(-51)],
      [
        { name: `${`${LONG}012345`.slice(-46)}.json`, title: `${LONG}012345Y.jpg`.slice(-51) },
        { name: `${`${LONG}012345`.slice(-46)}(1).json`, title: `${LONG}012345X.jpg`.slice(-51) },
      ],
      {
        [`${LONG}012345X.jpg`.slice(-51)]: `${`${LONG}012345`.slice(-46)}(1).json | ?`,
        [`${LONG}012345Y.jpg`.slice(-51)]: `${`${LONG}012345`.slice(-46)}.json`,
        orphans: '',
      },
    ],
    [
      'cut alike without titles is refused',
      [`${LONG}01234X.jpg`, `${LONG}01234Y.jpg`],
      [`${LONG}01234.json`],
      { [`${LONG}01234X.jpg`]: '?', [`${LONG}01234Y.jpg`]: '?', orphans: `${LONG}01234.json` },
    ],
    [
      'cut alike, the other photo missing',
      [`${LONG}01234X.jpg`],
      [{ name: `${LONG}01234.json`, title: `${LONG}01234Y.jpg` }],
      { [`${LONG}01234X.jpg`]: '', orphans: `${LONG}01234.json` },
    ],
    [
      'a number behind a stem that was cut is no part of the title',
      [`${LONG}01234.jpeg`, `${LONG}01234(1).jpeg`, `${LONG}01234X.jpg`],
      [
        { name: `${LONG}01234.json`, title: `${LONG}01234-garden.jpeg` },
        { name: `${LONG}01234(1).json`, title: `${LONG}01234X.jpg` },
      ],
      {
        [`${LONG}01234.jpeg`]: `${LONG}01234.json`,
        [`${LONG}01234(1).jpeg`]: `${LONG}01234.json | ?`,
        [`${LONG}01234X.jpg`]: `${LONG}01234(1).json | ?`,
        orphans: '',
      },
    ],
    [
      'numbers of a stem that two names share are no proof',
      [`${LONG}01234X.jpg`, `${LONG}01234Y.jpg`, `${LONG}01234Y(1).jpg`],
      [
        { name: `${LONG}01234.json`, title: `${LONG}01234X.jpg` },
        { name: `${LONG}01234(1).json`, title: `${LONG}01234Y.jpg` },
        { name: `${LONG}01234(2).json`, title: `${LONG}01234Y.jpg` },
      ],
      {
        [`${LONG}01234X.jpg`]: `${LONG}01234.json`,
        [`${LONG}01234Y.jpg`]: '',
        [`${LONG}01234Y(1).jpg`]: '?',
        orphans: `${LONG}01234(1).json ${LONG}01234(2).json`,
      },
    ],
    [
      'a half that fits two stills, by a number of the title and by one of a collision',
      ['P.MP.jpg', 'P.MP(1).jpg', 'P(1).MP.jpg', 'P(1).MP'],
      [],
      {
        'P.MP.jpg': '',
        'P.MP(1).jpg': '',
        'P(1).MP.jpg': '',
        'P(1).MP': 'motion | P.MP(1).jpg | ?',
        orphans: '',
      },
    ],
    [
      'numbers of edited copies where a photo is really called so',
      ['a-edited.jpg', 'a.jpg', 'a(1).jpg', 'a-edited(1).jpg'],
      [`a-edited.jpg${M}`, `a.jpg${M}`, 'a.jpg.supplemental-metadata(1).json'],
      {
        'a-edited.jpg': `a-edited.jpg${M}`,
        'a.jpg': `a.jpg${M}`,
        'a(1).jpg': 'a.jpg.supplemental-metadata(1).json',
        'a-edited(1).jpg': 'a.jpg.supplemental-metadata(1).json | edited | a(1).jpg | ?',
        orphans: '',
      },
    ],
    [
      'a number without a sidecar, and the one before it has its own',
      ['a.jpg', 'a(1).jpg', 'a(2).jpg', 'b.jpg', 'b(1).jpg', 'b(2).jpg'],
      [`a.jpg${M}`, 'a.jpg.supplemental-metadata(1).json', `b.jpg${M}`],
      {
        'a.jpg': `a.jpg${M}`,
        'a(1).jpg': 'a.jpg.supplemental-metadata(1).json',
        'a(2).jpg': '',
        'b.jpg': `b.jpg${M}`,
        'b(1).jpg': `b.jpg${M} | ?`,
        'b(2).jpg': `b.jpg${M} | ?`,
        orphans: '',
      },
    ],
    [
      'an edited copy whose original is missing, and another picture is called alike',
      ['a.png', 'a-edited.jpg'],
      [`a.png${M}`, `a.jpg${M}`],
      { 'a.png': `a.png${M}`, 'a-edited.jpg': `a.jpg${M} | edited`, orphans: '' },
    ],
    [
      'the limit leaves the half of a HEIC a letter more than its still, which is no proof',
      [`${LONG}01234.HEIC`, `${LONG}01234X.MOV`, `${LONG}01234(1).HEIC`, `${LONG}01234X(1).MOV`],
      [
        { name: `${LONG}01234.json`, title: `${LONG}01234X.HEIC` },
        { name: `${LONG}01234(1).json`, title: `${LONG}01234X.HEIC` },
      ],
      {
        [`${LONG}01234.HEIC`]: `${LONG}01234.json`,
        [`${LONG}01234X.MOV`]: `${LONG}01234.json | motion | ${LONG}01234.HEIC | ?`,
        [`${LONG}01234(1).HEIC`]: `${LONG}01234(1).json`,
        [`${LONG}01234X(1).MOV`]: `${LONG}01234(1).json | motion | ${LONG}01234(1).HEIC | ?`,
        orphans: '',
      },
    ],
    [
      'the number of an edited copy that its original has from the title',
      ['a(1).jpg', 'a-edited(1).jpg'],
      [`a(1).jpg${M}`],
      {
        'a(1).jpg': `a(1).jpg${M}`,
        'a-edited(1).jpg': `a(1).jpg${M} | edited | a(1).jpg | ?`,
        orphans: '',
      },
    ],
    [
      'an edited copy of a title with a number, its original missing',
      ['a (2)-edited.jpg', 'b(2)-edited.jpg'],
      [`a (2).jpg${M}`, `b(2).jpg${M}`],
      {
        'a (2)-edited.jpg': `a (2).jpg${M} | edited`,
        'b(2)-edited.jpg': `b(2).jpg${M} | edited | ?`,
        orphans: '',
      },
    ],
    [
      'a collage whose word was cut may be of other photos, too',
      [`${LONG}012.jpg`, `${LONG}012-col.jpg`],
      [`${LONG}012.jpg${M}`],
      {
        [`${LONG}012.jpg`]: `${LONG}012.jpg${M}`,
        [`${LONG}012-col.jpg`]: `${LONG}012.jpg${M} | edited | ${LONG}012.jpg | ?`,
        orphans: '',
      },
    ],
    [
      'a sidecar without an extension that fits two is settled by its title, and stays in doubt',
      ['a.jpg', 'a.png'],
      [{ name: 'a.supplemental-metadata.json', title: 'a.png' }],
      { 'a.jpg': '', 'a.png': 'a.supplemental-metadata.json | ?', orphans: '' },
    ],
    [
      'a number in a cut title is no number of a collision',
      [`${LONG}01234(1).jpg`],
      [`${LONG}01234.json`],
      { [`${LONG}01234(1).jpg`]: '', orphans: `${LONG}01234.json` },
    ],
    [
      'emoji count as two, and a half one on the limit may be anything',
      [`${'😀'.repeat(23)}😛.jpg`, `a${'😀'.repeat(23)}.jpg`],
      [`${'😀'.repeat(23)}.json`, `a${'😀'.repeat(22)}\ufffd.json`],
      {
        [`${'😀'.repeat(23)}😛.jpg`]: `${'😀'.repeat(23)}.json`,
        [`a${'😀'.repeat(23)}.jpg`]: `a${'😀'.repeat(22)}\ufffd.json`,
        orphans: '',
      },
    ],
    [
      'a title matches where the file names differ in what was replaced',
      ['27_06_12 - 1.jpg'],
      [{ name: `27-06-12 - 1.jpg${M}`, title: '27/06/12 - 1.jpg' }],
      { '27_06_12 - 1.jpg': `27-06-12 - 1.jpg${M} | ?`, orphans: '' },
    ],
    [
      'a title that fits two is refused',
      ['27_06_12 - 1.jpg', '27-06_12 - 1.jpg'],
      [{ name: `27-06-12 - 1.jpg${M}`, title: '27/06/12 - 1.jpg' }],
      { '27_06_12 - 1.jpg': '', '27-06_12 - 1.jpg': '', orphans: `27-06-12 - 1.jpg${M}` },
    ],
    [
      'a title with another number is refused',
      ['a b.jpg'],
      [{ name: 'a_b.jpg.supplemental-metadata(1).json', title: 'a b.jpg' }],
      { 'a b.jpg': '', orphans: 'a_b.jpg.supplemental-metadata(1).json' },
    ],
    [
      'a HEIC edited as JPEG',
      ['a.HEIC', 'a-edited.jpg'],
      [`a.HEIC${M}`],
      { 'a.HEIC': `a.HEIC${M}`, 'a-edited.jpg': `a.HEIC${M} | edited | a.HEIC`, orphans: '' },
    ],
    [
      'a HEIC edited as JPEG, its original missing',
      ['a-edited.jpg'],
      [`a.HEIC${M}`],
      { 'a-edited.jpg': `a.HEIC${M} | edited | ?`, orphans: '' },
    ],
    [
      'an edited copy that fits two originals has none',
      ['a.HEIC', 'a.png', 'a-edited.jpg'],
      [`a.HEIC${M}`, `a.png${M}`],
      { 'a.HEIC': `a.HEIC${M}`, 'a.png': `a.png${M}`, 'a-edited.jpg': '', orphans: '' },
    ],
    [
      'edits of both halves of a live photo',
      ['a.HEIC', 'a.MOV', 'a-edited.HEIC', 'a-edited.MOV'],
      [`a.HEIC${M}`],
      {
        'a.HEIC': `a.HEIC${M}`,
        'a.MOV': `a.HEIC${M} | motion | a.HEIC`,
        'a-edited.HEIC': `a.HEIC${M} | edited | a.HEIC`,
        'a-edited.MOV': `a.HEIC${M} | motion | a-edited.HEIC`,
        orphans: '',
      },
    ],
    [
      'an edit of a creation that has a sidecar',
      ['a-EFFECTS.jpg', 'a-EFFECTS-bearbeitet.jpg', 'a.jpg'],
      [`a-EFFECTS.jpg${M}`, `a.jpg${M}`],
      {
        'a-EFFECTS.jpg': `a-EFFECTS.jpg${M}`,
        'a-EFFECTS-bearbeitet.jpg': `a-EFFECTS.jpg${M} | edited | a-EFFECTS.jpg`,
        'a.jpg': `a.jpg${M}`,
        orphans: '',
      },
    ],
    [
      'a collage without its sidecar may be of other photos',
      ['a.jpg', 'a-COLLAGE.jpg'],
      [`a.jpg${M}`],
      { 'a.jpg': `a.jpg${M}`, 'a-COLLAGE.jpg': `a.jpg${M} | edited | a.jpg | ?`, orphans: '' },
    ],
    [
      'the number of a second edited copy is another photo',
      ['a.jpg', 'a-edited.jpg', 'a-edited(1).jpg'],
      [`a.jpg${M}`],
      {
        'a.jpg': `a.jpg${M}`,
        'a-edited.jpg': `a.jpg${M} | edited | a.jpg`,
        'a-edited(1).jpg': '',
        orphans: '',
      },
    ],
    [
      'a word of an unlisted language, twice',
      ['a.jpg', 'b.jpg', 'a-ändrad.jpg', 'b-ändrad.jpg'],
      [`a.jpg${M}`, `b.jpg${M}`],
      {
        'a.jpg': `a.jpg${M}`,
        'b.jpg': `b.jpg${M}`,
        'a-ändrad.jpg': `a.jpg${M} | edited | a.jpg | ?`,
        'b-ändrad.jpg': `b.jpg${M} | edited | b.jpg | ?`,
        orphans: '',
      },
    ],
    [
      'a word that a photo of its own has, too, proves nothing',
      ['a.jpg', 'b.jpg', 'c.jpg', 'a-garden.jpg', 'b-garden.jpg', 'c-garden.jpg'],
      [`a.jpg${M}`, `b.jpg${M}`, `c.jpg${M}`, `c-garden.jpg${M}`],
      {
        'a.jpg': `a.jpg${M}`,
        'b.jpg': `b.jpg${M}`,
        'c.jpg': `c.jpg${M}`,
        'a-garden.jpg': '',
        'b-garden.jpg': '',
        'c-garden.jpg': `c-garden.jpg${M}`,
        orphans: '',
      },
    ],
    [
      'halves of Pixel photos, numbered',
      [
        'P.MP(1).jpg',
        'P(1).MP',
        'P.MP.jpg',
        'P.MP',
        'M.jpg',
        'M',
        'M(2).jpg',
        'M(2)',
        'C.COVER.jpg',
        'C.COVER',
        'V.jpg',
        'V.MV',
      ],
      [`P.MP.jpg${M}`, 'P.MP.jpg.supplemental-metadata(1).json'],
      {
        'P.MP(1).jpg': 'P.MP.jpg.supplemental-metadata(1).json',
        'P(1).MP': 'P.MP.jpg.supplemental-metadata(1).json | motion | P.MP(1).jpg',
        'P.MP.jpg': `P.MP.jpg${M}`,
        'P.MP': `P.MP.jpg${M} | motion | P.MP.jpg`,
        'M.jpg': '',
        M: 'motion | M.jpg',
        'M(2).jpg': '',
        'M(2)': 'motion | M(2).jpg',
        'C.COVER.jpg': '',
        'C.COVER': 'motion | C.COVER.jpg',
        'V.jpg': '',
        'V.MV': 'motion | V.jpg',
        orphans: '',
      },
    ],
    [
      'a video with a sidecar of its own that was taken later is no half',
      ['a.HEIC', 'a.MOV'],
      [
        { name: `a.HEIC${M}`, taken: 1_700_000_000 },
        { name: `a.MOV${M}`, taken: 1_700_000_060 },
      ],
      { 'a.HEIC': `a.HEIC${M}`, 'a.MOV': `a.MOV${M}`, orphans: '' },
    ],
    [
      'a camera that counts photos and videos apart',
      ['DSC_1.JPG', 'DSC_1.MP4'],
      [`DSC_1.JPG${M}`, `DSC_1.MP4${M}`],
      { 'DSC_1.JPG': `DSC_1.JPG${M}`, 'DSC_1.MP4': `DSC_1.MP4${M}`, orphans: '' },
    ],
    [
      'an AVI is no half',
      ['a.JPG', 'a.AVI'],
      [`a.JPG${M}`],
      { 'a.JPG': `a.JPG${M}`, 'a.AVI': '', orphans: '' },
    ],
    [
      'identical bytes leave no doubt about a number without a sidecar',
      [
        { name: 'a.jpg', size: 5, crc: 'abcdef01' },
        { name: 'a(1).jpg', size: 5, crc: 'abcdef01' },
      ],
      [`a.jpg${M}`],
      { 'a.jpg': `a.jpg${M}`, 'a(1).jpg': `a.jpg${M}`, orphans: '' },
    ],
    [
      'two stills, one video',
      ['a.jpg', 'a.jpeg', 'a.mp4'],
      [],
      { 'a.jpg': '', 'a.jpeg': '', 'a.mp4': '', orphans: '' },
    ],
    [
      'NFD media, NFC sidecar',
      ['Bäume.jpg'.normalize('NFD')],
      [`Bäume.jpg${M}`],
      { ['Bäume.jpg'.normalize('NFD')]: `Bäume.jpg${M}`, orphans: '' },
    ],
  ]
  test.each(cases)('%s', (_, media, sidecars, wanted) => {
    expect(told(media, sidecars)).toEqual(wanted)
  })

  test('every length of a name finds its cut sidecar, with a number and without, and whole where the export does not cut', () => {
    for (let length = 5; length <= 51; length++) {
      const name = `${'x'.repeat(length - 4)}.jpg`
      const cut = `${name}.supplemental-metadata`.slice(0, 46)
      for (const number of ['', '(1)', '(3516)']) {
        const media = name.replace('.jpg', `${number}.jpg`)
        for (const sidecar of [
          `${cut}${number}.json`,
          `${name}.supplemental-metadata${number}.json`,
          `${name.slice(0, 46)}${number}.json`,
        ]) {
          expect(told([media], [sidecar])).toEqual({ [media]: sidecar, orphans: '' })
        }
      }
    }
  })

  test('the rule is said', () => {
    const { pairs } = pairFolder(
      [
        'a.jpg',
        'b.jpg',
        'c.jpg',
        'd.jpg',
        'a-edited.jpg',
        'a.mp4',
        'z.jpg',
        'e.jpg',
        'f.jpg',
        'f.png',
      ].map((name) => ({ name })),
      [`a.jpg${M}`, 'b.jpg.supp.json', 'c.jpg.json', 'd.json', `e.JPG${M}`, 'f.json'].map(
        (name) => ({ name }),
      ),
    )
    expect(why(pairs)).toEqual({
      'a.jpg': 'whole name',
      'b.jpg': 'cut name',
      'c.jpg': 'old name',
      'd.jpg': 'old name, no extension',
      'a-edited.jpg': 'edited',
      'a.mp4': 'motion',
      'z.jpg': 'no sidecar',
      'e.jpg': 'whole name, other case',
      'f.jpg': 'its sidecar fits several files',
      'f.png': 'its sidecar fits several files',
    })
  })

  test.each([
    ['a.JPG', 'image'],
    ['a.dng', 'image'],
    ['a.MP', 'video'],
    ['a.MP~2', 'video'],
    ['a.MV(1)', 'video'],
    ['README', 'unknown'],
    ['21.12.11 - 1', 'unknown'],
    ['.hidden', 'unknown'],
    ['a.jpg.json', null],
    ['archive_browser.html', null],
    ['._a.jpg', null],
    ['.DS_Store', null],
  ])('%s is media of kind %s', (name, kind) => {
    expect(mediaKind(name)).toBe(kind)
  })

  test('what systems leave behind is litter, wherever it lies', () => {
    expect(
      ['__MACOSX/Takeout/a.jpg', 'x/Thumbs.db', 'x/desktop.ini', 'x/._a.jpg'].filter(isLitter),
    ).toHaveLength(4)
    expect(isLitter('Takeout/Google Photos/a.jpg')).toBe(false)
  })
})

describe('any folder', () => {
  const piece = fc.constantFrom(
    'a',
    'IMG_1',
    'x'.repeat(43),
    '(1)',
    '(2)',
    '-edited',
    '-EFFECTS',
    '~2',
    '.MP',
    ' ',
    'é',
    'e\u0301',
    '😀',
  )
  const extension = fc.constantFrom('.jpg', '.JPG', '.HEIC', '.MP4', '.png', '', '.MP', '.x')
  const marker = fc.constantFrom('', '.supplemental-metadata', '.supp', '.', '.s', '.settings')
  const number = fc.constantFrom('', '(1)', '(2)', '(0)')
  const base = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''))
  const odd = fc.oneof(
    { weight: 9, arbitrary: base },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const mediaName = fc.tuple(odd, number, extension).map((parts) => parts.join(''))
  const sidecarName = fc
    .tuple(odd, extension, marker, number, fc.boolean())
    .map(([b, e, m, n, cut]) => `${cut ? (b + e + m).slice(0, 46) : b + e + m}${n}.json`)
  const title = fc.option(fc.oneof(mediaName, fc.string()), { nil: undefined })
  const folder = fc.record({
    media: fc.uniqueArray(fc.record({ name: mediaName }), {
      selector: (file) => file.name,
      maxLength: 25,
    }),
    sidecars: fc.uniqueArray(fc.record({ name: sidecarName, title }), {
      selector: (file) => file.name,
      maxLength: 25,
    }),
  })

  test('gets one pair for each media file, from its own sidecars and media, and the exact orphans', () => {
    fc.assert(
      fc.property(folder, ({ media, sidecars }) => {
        const { pairs, orphans } = pairFolder(media as FolderFile[], sidecars as FolderSidecar[])
        expect(pairs.map((pair) => pair.media).toSorted()).toEqual(
          media.map((file) => file.name).toSorted(),
        )
        const taken = new Set(pairs.map((pair) => pair.sidecar))
        taken.delete(null)
        const names = sidecars.map((file) => file.name)
        expect([...taken, ...orphans].toSorted()).toEqual(names.toSorted())
        for (const { media: name, of, role } of pairs) {
          expect(of).not.toBe(name)
          if (of !== null) expect(media.map((file) => file.name)).toContain(of)
          expect(role === 'original' && of !== null).toBe(false)
        }
        // A certain sidecar stands for one photo: who else has it, is a half or a copy, or not certain.
        const owners = pairs.filter(
          (pair) => pair.sidecar && pair.certain && pair.role === 'original',
        )
        const keys = new Set(owners.map((pair) => pair.media.normalize('NFC')))
        expect(new Set(owners.map((pair) => pair.sidecar)).size).toBe(keys.size)
      }),
      { numRuns: 2000 },
    )
  })

  test('is paired alike in any order', () => {
    const order = (result: ReturnType<typeof pairFolder>) => ({
      pairs: result.pairs.toSorted((a, b) => (a.media < b.media ? -1 : 1)),
      orphans: result.orphans.toSorted(),
    })
    const shuffled = folder.chain(({ media, sidecars }) =>
      fc.record({
        media: fc.constant(media),
        sidecars: fc.constant(sidecars),
        otherMedia: fc.shuffledSubarray(media, { minLength: media.length }),
        otherSidecars: fc.shuffledSubarray(sidecars, { minLength: sidecars.length }),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ media, sidecars, otherMedia, otherSidecars }) => {
        const one = pairFolder(media as FolderFile[], sidecars as FolderSidecar[])
        const two = pairFolder(otherMedia as FolderFile[], otherSidecars as FolderSidecar[])
        expect(order(two)).toEqual(order(one))
      }),
      { numRuns: 1000 },
    )
  })

  test('of the fixture keeps its pairs when a stranger joins', () => {
    for (const row of rows) {
      const { media, sidecars } = filesOf(row)
      const before = pairFolder(media, sidecars)
      const after = pairFolder(
        [...media, { name: 'stranger.jpg' }],
        [...sidecars, { name: `stranger.jpg${M}` }],
      )
      const others = after.pairs.filter(({ media }) => media !== 'stranger.jpg')
      expect(others, row.id).toEqual(before.pairs)
    }
  })

  // Were each compared with each, the test would be given up long before.
  test('of 50,000 files is paired, also where none fits and all are alike', () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `IMG_${i}.jpg`)
    const files = names.map((name) => ({ name }))
    const plain = pairFolder(
      files,
      names.map((name) => ({ name: `${name}${M}`, title: name })),
    )
    expect(plain.orphans).toHaveLength(0)
    const alike = names.map((_, i) => ({ name: `x(${i + 1}).jpg` }))
    const edits = alike.map(({ name }) => ({ name: name.replace('x', 'x-edited') }))
    expect(pairFolder([...alike, ...edits], [{ name: 'x.jpg.json' }]).orphans).toHaveLength(1)
    const halves = names.map((_, i) => ({ name: `x.MP~${i}` }))
    expect(pairFolder([...halves, { name: 'x.jpg' }], []).pairs).toHaveLength(50_001)
  })
})
