import { again, onlyExif, still, type Told } from './every-shot.ts'

// What is left of the marker behind a name of so many letters, where names were cut.
const CUT: [length: number, stem: number, ending: string][] = [
  [24, 24, '.supplemental-metadata.json'],
  [25, 25, '.supplemental-metadat.json'],
  [26, 26, '.supplemental-metada.json'],
  [29, 29, '.supplemental-met.json'],
  [30, 30, '.supplemental-me.json'],
  [32, 32, '.supplemental-.json'],
  [34, 34, '.supplementa.json'],
  [39, 39, '.supple.json'],
  [40, 40, '.suppl.json'],
  [44, 44, '.s.json'],
  [45, 45, '..json'],
  [46, 46, '.json'],
  [47, 46, '.json'],
  [48, 46, '.json'],
  [49, 46, '.json'],
  [50, 46, '.json'],
  [51, 46, '.json'],
]

/** Photos whose name, or the name of whose sidecar, is all that is hard about them. */
export function names(): Told[] {
  return [...cut(), ...old(), ...numbered(), ...odd(), ...decomposed()]
}

function cut(): Told[] {
  return CUT.map(([length, stem, ending]) => {
    const letters = `of ${length} letters `
    const name = `${letters.padEnd(length - 4, 'abcdefghijklmnopqrstuvwxyz'.repeat(2))}.jpg`
    return still(name, {
      export: 'cut',
      sidecar: `${name.slice(0, stem)}${ending}` as `${string}.json`,
    })
  })
}

/** As names were before October 2024. */
function old(): Told[] {
  const LONG = 'Ein sehr langer Name von dem am Ende nur der Anfang bleibt'
  return [
    still('plain of old.jpg', { export: 'v1', sidecar: 'v1' }),
    still('number of old.jpg', { export: 'v1', sidecar: 'v1' }),
    still('number of old(1).jpg', {
      export: 'v1',
      title: 'number of old.jpg',
      sidecar: 'number of old.jpg(1).json',
    }),
    still(`${LONG.slice(0, 47)}.jpg`, {
      export: 'v1',
      title: `${LONG}.jpg`,
      sidecar: `${LONG.slice(0, 46)}.json`,
    }),
    still('an upper case.jpg', { export: 'v1', sidecar: 'an upper case.JPG.json' }),
    still('title without ending.jpg', {
      export: 'v1',
      title: 'title without ending',
      sidecar: 'title without ending.json',
      arrives: { name: 'title without ending.jpg' },
    }),
  ]
}

function numbered(): Told[] {
  const twin = (name: string, utc: string, more: Partial<Told> = {}) =>
    still(name, { utc, title: 'twin.jpg', ...more })
  return [
    twin('twin.jpg', '2021-07-01T10:00:00'),
    twin('twin(1).jpg', '2021-07-02T10:00:00', {
      sidecar: 'twin.jpg.supplemental-metadata(1).json',
    }),
    twin('twin(2).jpg', '2021-07-03T10:00:00', {
      sidecar: 'twin.jpg.supplemental-metadata(2).json',
    }),
    still('skytree (2).jpg'),
    still('Negative(1).jpg', { sidecar: 'Negative(1).jpg.supplemental-metadata.json' }),
    still('Negative(1)(1).jpg', {
      title: 'Negative(1).jpg',
      sidecar: 'Negative(1).jpg.supplemental-metadata(1).json',
    }),
    still('21.12.11 - 1', {
      sidecar: '21.12.11 - 1.supplemental-metadata.json',
      arrives: { name: '21.12.11 - 1.jpg' },
    }),
    still('PXL_1.MP(1).jpg', {
      title: 'PXL_1.MP.jpg',
      sidecar: 'PXL_1.MP.jpg.supplemental-metadata(1).json',
    }),
  ]
}

/** Titles that no file system takes, and those that are no good as names. */
function odd(): Told[] {
  const LONG = `${'A day that took no end '.repeat(6)}.jpg`
  return [
    still('27_06_12 - 1.jpg', { title: '27/06/12 - 1', arrives: { name: '27_06_12 - 1.jpg' } }),
    still('a_b_c_d_.jpg', { title: 'a:b*c?d".jpg', arrives: { name: 'a:b*c?d%22.jpg' } }),
    still('back_slash.jpg', { title: 'back\\slash.jpg', arrives: { name: 'back_slash.jpg' } }),
    still('100_ _ more_.jpg', { title: '100% & more;.jpg' }),
    still('Größe 日本 🏔️👨‍👩‍👧.jpg'),
    still('an ending of its own.jpeg', {
      title: 'an ending of its own.JPG',
      arrives: { name: 'an ending of its own.jpeg' },
    }),
    still('no title.jpg', {
      title: '',
      sidecar: 'no title.jpg.supplemental-metadata.json',
      arrives: { name: 'no title.jpg' },
    }),
    still(`${LONG.slice(0, 47)}.jpg`, {
      title: LONG,
      sidecar: `${LONG}.supplemental-metadata.json`,
    }),
    still('.jpg', { sidecar: '.jpg.supplemental-metadata.json', arrives: { name: '.jpg.jpg' } }),
  ]
}

/** As an unpacker on macOS leaves them; the same in an album, spelt as the export does. */
function decomposed(): Told[] {
  const one = still('Träume am Fluß.jpg', { photo: 'decomposed' })
  const spelt = one.name.normalize('NFD')
  return [
    {
      ...one,
      export: 'unpacked',
      name: spelt,
      title: one.name,
      sidecar: `${spelt}.supplemental-metadata.json`,
      arrives: { name: one.name, albums: ['Träume'] },
    },
    again('Träume'.normalize('NFD'), one, { export: 'unpacked' }),
    still('no clock.jpg', { export: 'unpacked', exif: onlyExif({}), arrives: {} }),
  ]
}
