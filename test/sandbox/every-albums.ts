import { again, at, still, type Told } from './every-shot.ts'
import type { AlbumFolder } from './takeout.ts'

type Text = { path: string; text: string; export?: Told['export'] }
const file = (path: string, json: object, key?: Told['export']): Text => {
  return { path: `Google Photos/${path}`, text: JSON.stringify(json), ...(key && { export: key }) }
}

/** A member of albums, once in its year's folder and once in each of their folders. */
function member(name: string, albums: Record<string, string>, more: Partial<Told> = {}): Told[] {
  const one = still(name, { ...more, arrives: { albums: Object.values(albums) } })
  return [one, ...Object.keys(albums).map((folder) => again(folder, one))]
}

const LONG = 'Once upon a time in a land far away, with a title that goes on and on'
const title = (folder: string, title: string, more: Partial<AlbumFolder> = {}) => ({
  folder,
  title,
  ...more,
})

export const albums: (AlbumFolder & { export?: Told['export'] })[] = [
  title('Trip', 'Trip', { description: 'Two "days" & a <night>' }),
  title('Trip(1)', 'Trip', { date: at('2022-01-01T00:00:00') }),
  title('Oma _ Opa_ 50 Jahre_', 'Oma & Opa: 50 Jahre?'),
  title(LONG.slice(0, 50).trim(), LONG),
  title('🏔️ Über 日本', '🏔️ Über 日本'),
  title('Untitled(1)', ''),
  title('Thailand 2019', 'Thailand 2019'),
  title('Archives', 'Archives'),
  title('Takeout', 'Takeout'),
  title('__proto__', '__proto__'),
  title('Best of', 'Best of'),
  title('Bewegte Bilder', 'Bewegte Bilder'),
  title('Nur Zettel', 'Nur Zettel'),
  title('2 years ago', '2 years ago'),
  title('Träume'.normalize('NFD'), 'Träume', { export: 'unpacked' } as object),
  title('Été', 'Été', { file: 'métadonnées.json', export: 'french' } as object),
  title('Sommer', 'Sommer', { date: at('2018-01-01T00:00:00'), export: 'older' } as object),
  title('Sommer am See', 'Sommer am See', { date: at('2018-01-01T00:00:00') }),
]

export const texts: Text[] = [
  // As album files were before 2021: of every folder, wrapped.
  ...['2005-02-05', '2013-12-31 #2'].map((folder): Text => {
    const album = {
      title: folder,
      description: '',
      access: 'protected',
      location: '',
      date: { timestamp: '1107561600' },
    }
    return {
      path: `Google Fotos/${folder}/Metadaten.json`,
      text: JSON.stringify({ albumData: album }),
      export: 'days',
    }
  }),
  {
    path: 'Google Fotos/Urlaub/Metadaten.json',
    text: JSON.stringify({ albumData: { title: 'Urlaub', description: 'alt' } }),
    export: 'days',
  },
  file('Shared/metadata.json', {
    title: 'Shared',
    description: 'With friends',
    enrichments: [
      { narrativeEnrichment: { text: 'The first day' } },
      {
        locationEnrichment: {
          location: [{ name: 'Füssen', latitudeE7: 475596000, longitudeE7: 107498000 }],
        },
      },
    ],
    sharedAlbumComments: [
      { text: 'How nice!', creationTime: { timestamp: '1720000000' }, contentOwnerName: 'Ann' },
      { creationTime: { timestamp: '1720000001' }, contentOwnerName: 'Bo', liked: true },
    ],
  }),
  // Pictures that were sent to somebody: no album.
  file('Ann and Bo/metadata.json', {
    title: '',
    sharedAlbumComments: [{ text: 'Hi', contentOwnerName: 'Ann' }],
  }),
  file('print-subscriptions.json', { subscriptions: [] }),
  file('shared_album_comments.json', { comments: [] }),
  file('user-generated-memory-titles.json', { title: ['By the sea', 'Fifty years'] }),
  file('Photos from 2024/broken.jpg.supplemental-metadata.json', {}),
  { path: 'archive_browser.html', text: '<!doctype html><title>Google Takeout</title>' },
  { path: 'Drive/notes.txt', text: 'another product' },
  { path: 'Google Photos/Photos from 2024/.DS_Store', text: 'litter' },
  { path: '__MACOSX/Google Photos/._x.jpg', text: 'litter' },
]
texts.push({
  path: 'Google Photos/Photos from 2024/torn.jpg.supplemental-metadata.json',
  text: '{"title": "torn.jpg", "photoTa',
})

/** Titles and texts as they must be on the server, one for each album. */
export const arrivingAlbums: { title: string; description: string }[] = [
  ['Trip', 'Two "days" & a <night>'],
  ['Trip', ''],
  ['Oma & Opa: 50 Jahre?', ''],
  [LONG, ''],
  ['🏔️ Über 日本', ''],
  ['Untitled(1)', ''],
  ['Thailand 2019', ''],
  ['Archives', ''],
  ['Takeout', ''],
  ['__proto__', ''],
  ['Best of', ''],
  ['Bewegte Bilder', ''],
  ['Nur Zettel', ''],
  ['Träume', ''],
  ['Été', ''],
  ['Sommer am See', ''],
  ['Urlaub', 'alt'],
  ['Shared', 'With friends\nThe first day\nFüssen\nAnn: How nice!\nBo likes this'],
].map(([title = '', description = '']) => ({ title, description }))

/** Files that are in no photo, and why, until the missing part comes. */
export const leftBehind = `
  Drive/notes.txt | another product
  Google Fotos/2005-02-05/Metadaten.json | album file of a year or a day
  Google Fotos/2013-12-31 #2/Metadaten.json | album file of a year or a day
  Google Photos/Ann and Bo/metadata.json | a conversation
  Google Photos/Nur Zettel/a slip by its link.jpg.supplemental-metadata.json | its photo lies in another folder
  Google Photos/Nur Zettel/a slip by name and time.jpg.supplemental-metadata.json | its photo lies in another folder
  Google Photos/Photos from 2024/.DS_Store | no part of the photos
  Google Photos/Photos from 2024/broken.jpg.supplemental-metadata.json | account
  Google Photos/Photos from 2024/commented.jpg.supplemental-metadata.json | comments on a photo
  Google Photos/Photos from 2024/empty.jpg | empty file
  Google Photos/Photos from 2024/empty.jpg.supplemental-metadata.json | its photo is not in the export
  Google Photos/Photos from 2024/never came.jpg.supplemental-metadata.json | its photo is not in the export
  Google Photos/Photos from 2024/same bytes a.jpg.supplemental-metadata.json | a newer sidecar says otherwise
  Google Photos/Photos from 2024/torn.jpg.supplemental-metadata.json | unreadable sidecar: no JSON
  Google Photos/Shared/metadata.json | comments on an album
  Google Photos/Trash/half deleted.jpg.supplemental-metadata.json | a newer sidecar says otherwise
  Google Photos/print-subscriptions.json | account
  Google Photos/shared_album_comments.json | account
  Google Photos/user-generated-memory-titles.json | account
  __MACOSX/Google Photos/._x.jpg | no part of the photos
  archive_browser.html | account
`
  .trim()
  .split('\n')
  .map((row) => row.split('|').map((cell) => cell.trim()))

/** Photos whose albums are all that is hard about them. */
export function inAlbums(): Told[] {
  const sea = still('am See.jpg', {
    export: 'older',
    utc: '2018-01-01T10:00:00',
    sidecar: 'v1',
    arrives: { albums: ['Sommer am See'] },
  })
  const lake = still('im See.jpg', {
    export: 'older',
    utc: '2018-01-02T10:00:00',
    sidecar: 'v1',
    arrives: { albums: ['Sommer am See'] },
  })
  const slip = still('a slip by its link.jpg', { arrives: { albums: ['Nur Zettel'] } })
  const bare = still('a slip by name and time.jpg', {
    facts: { url: '' },
    arrives: { albums: ['Nur Zettel'] },
  })
  return [
    ...member('in two of one title.jpg', { Trip: 'Trip', 'Trip(1)': 'Trip' }),
    ...member('in the second.jpg', { 'Trip(1)': 'Trip' }),
    ...member('in many.jpg', {
      'Oma _ Opa_ 50 Jahre_': 'Oma & Opa: 50 Jahre?',
      [LONG.slice(0, 50).trim()]: LONG,
      '🏔️ Über 日本': '🏔️ Über 日本',
      'Untitled(1)': 'Untitled(1)',
      'Thailand 2019': 'Thailand 2019',
      Archives: 'Archives',
      Takeout: 'Takeout',
      ['__proto__']: '__proto__',
      Shared: 'Shared',
    }),
    // Only their sidecars lie in the album.
    slip,
    again('Nur Zettel', slip, { media: false }),
    bare,
    again('Nur Zettel', bare, { media: false }),
    // Google's own album of memories, and a conversation.
    ...again2('2 years ago', 'a memory.jpg'),
    ...again2('Ann and Bo', 'sent to a friend.jpg'),
    // An album of an older export that was renamed since, and got one more.
    sea,
    again('Sommer', sea),
    lake,
    again('Sommer', lake),
    ...newerOf(sea),
    ...newerOf(lake),
    ...member('zuletzt am See.jpg', { 'Sommer am See': 'Sommer am See' }),
    // Days instead of years, as before 2021.
    ...[
      still('von einem Tag.jpg', {
        utc: '2005-02-05T10:00:00',
        folder: '2005-02-05',
        export: 'days' as const,
        sidecar: 'v1',
      }),
    ],
    ...[
      still('vom zweiten.jpg', {
        utc: '2013-12-31T10:00:00',
        folder: '2013-12-31 #2',
        export: 'days' as const,
        sidecar: 'v1',
        arrives: { albums: ['Urlaub'] },
      }),
    ],
    again(
      'Urlaub',
      still('vom zweiten.jpg', {
        utc: '2013-12-31T10:00:00',
        export: 'days' as const,
        sidecar: 'v1',
      }),
    ),
    // Translated years.
    still('en été.jpg', {
      folder: 'Photos de 2024',
      export: 'french',
      arrives: { albums: ['Été'] },
    }),
    again('Été', still('en été.jpg'), { export: 'french' }),
    {
      ...still('commented.jpg'),
      json: { sharedAlbumComments: [{ text: 'Look!', contentOwnerName: 'Ann' }] },
    },
    // Of an export that lacks its second part: the sidecar of one lies there, the other never had one.
    still('its sidecar is missing.jpg', { export: 'gap', part: 1, sidecarPart: 2, exif: null }),
    still('complete.jpg', { export: 'gap', part: 3 }),
  ]
}

const again2 = (folder: string, name: string): Told[] => {
  const one = still(name)
  return [one, again(folder, one)]
}

const newerOf = (shot: Told): Told[] => [
  { ...shot, export: 'main', sidecar: 'full', arrives: false },
  { ...again('Sommer am See', shot), export: 'main', sidecar: 'full' },
]
