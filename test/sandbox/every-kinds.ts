import type { Place } from '../../lib/state/records.ts'
import {
  again,
  arrivalOf,
  movie,
  onlyExif,
  sample,
  still,
  type Told,
  truncated,
  withMovie,
} from './every-shot.ts'
import { bytesOf } from './takeout.ts'

const ALPS: Place = [47.5596, 10.7498, 796]
const TOKYO: Place = [35.6586, 139.7454]
const IN_ALPS = { facts: { place: ALPS }, arrives: { zone: 'Europe/Berlin' } }
const HEIC = (salt: string) => sample('live.heic', salt)
const JPEG = (name: string) => bytesOf(still(name))
const MOV = (salt: string) => sample('live.mov', salt)

export const kinds = (): Told[] => [
  ...live(),
  ...edits(),
  ...lies(),
  ...facts(),
  ...places(),
  ...copies(),
  ...damage(),
]

/** A still and its motion half: one photo. */
function pair(image: Told, half: string, bytes: Buffer, more: Partial<Told> = {}): Told[] {
  const { name, folder, export: key, arrives } = image
  const { albums: _, ...same } = arrivalOf(image)
  const base = same.name.slice(0, same.name.lastIndexOf('.'))
  const ending = /\.(mp4|mov)$/i.exec(half)?.[0] ?? '.mp4'
  return [
    { ...image, arrives: { ...arrives, live: half } },
    {
      folder,
      name: half,
      bytes,
      role: 'motion',
      of: name,
      ...(key && { export: key }),
      arrives: {
        name: base + ending,
        visibility: 'hidden',
        instant: null,
        local: null,
        zone: undefined,
        place: null,
      },
      ...more,
    },
  ]
}

function live(): Told[] {
  const heic = (name: string, more: Partial<Told> = {}) =>
    still(name, { bytes: HEIC(name), ...IN_ALPS, ...more })
  const own = pair(heic('IMG_9.HEIC', { bytes: HEIC('9') }), 'IMG_9.MOV', MOV('9'))
  const two = still('IMG_10.JPG', {
    exif: onlyExif({ contentId: 'A' }),
    arrives: { zone: 'UTC+2' },
  })
  const aloneId = still('IMG_11.JPG')
  return [
    ...pair(heic('IMG_1.HEIC', { bytes: HEIC('1') }), 'IMG_1.MOV', MOV('1')),
    ...pair(heic('IMG_2.HEIC'), 'IMG_2.MP4', movie('2')),
    ...pair(still('IMG_3.JPG'), 'IMG_3.MP4', movie('3')),
    ...pair(still('IMG_4.JPG'), 'IMG_4.MOV', MOV('4')),
    still('IMG_5.JPG'),
    ...pair(
      still('IMG_5(1).JPG', {
        title: 'IMG_5.JPG',
        sidecar: 'IMG_5.JPG.supplemental-metadata(1).json',
      }),
      'IMG_5(1).MOV',
      MOV('5'),
    ),
    ...pair(still('PXL_6.MP.jpg'), 'PXL_6.MP', movie('6')),
    ...pair(still('PXL_7.MP~2.jpg'), 'PXL_7.MP~2', movie('7')),
    // Pixels hold their half in the picture, too: it is the same, or the picture's own stays.
    ...pair(
      still('PXL_20.MP.jpg', { bytes: withMovie(JPEG('PXL_20'), movie('20')) }),
      'PXL_20.MP',
      movie('20'),
    ),
    ...pair(
      still('PXL_21.MP.jpg', { bytes: withMovie(JPEG('PXL_21'), movie('21')) }),
      'PXL_21.MP',
      movie('another'),
      { becomes: movie('21') },
    ),
    ...pair(still('MVIMG_8.jpg'), 'MVIMG_8', movie('8')),
    // The half came with a sidecar of its own, of the same second: the ids agree, so it is a half.
    own[0] as Told,
    {
      ...(own[1] as Told),
      role: undefined,
      of: undefined,
      title: 'IMG_9.MOV',
      taken: (own[0] as Told).taken,
    } as Told,
    // A video of the same name that was taken an hour later, and one that lasts too long: videos of their own.
    two,
    still('IMG_10.MP4', { bytes: movie('10'), utc: '2024-05-01T10:00:00' }),
    aloneId,
    still('IMG_11.MP4', {
      bytes: movie('11', { seconds: 40 }),
      taken: aloneId.taken as number,
      arrives: {},
    }),
    // Of a JPEG and a HEIC of one name the HEIC has the half.
    still('IMG_12.JPG', { utc: '2024-05-02T10:00:00' }),
    ...pair(heic('IMG_12.HEIC'), 'IMG_12.MP4', movie('12')),
    ...pair(
      still('IMG_13.JPG', {
        facts: { archived: true, favorite: true, description: 'It moves', people: ['Mira'] },
      }),
      'IMG_13.MP4',
      movie('13'),
    ),
    // Its halves lie in two parts, the movie in the later one; and in a tgz, which brings the still first.
    ...pair(still('IMG_14.JPG', { part: 1 }), 'IMG_14.MP4', movie('14'), { part: 2 }),
    ...pair(still('IMG_15.JPG', { export: 'v1', sidecar: 'v1' }), 'IMG_15.MP4', movie('15')),
    ...pair(
      still('20250501_103356.heic', { bytes: HEIC('s'), ...IN_ALPS }),
      '20250501_103356.MP4',
      movie('s'),
    ),
    // In an album, too: one photo.
    ...inAlbum(
      'Bewegte Bilder',
      'Bewegte Bilder',
      pair(still('IMG_16.JPG'), 'IMG_16.MP4', movie('16')),
    ),
    // Edited: the copy lies on the live one.
    ...pair(
      still('IMG_17.JPG', { arrives: { under: 'IMG_17-edited.JPG' } }),
      'IMG_17.MP4',
      movie('17'),
    ),
    edit(still('IMG_17.JPG'), 'IMG_17-edited.JPG'),
  ]
}

/** The files, and the same again in an album's folder. */
const inAlbum = (folder: string, title: string, shots: Told[]): Told[] => [
  ...shots.map((shot) =>
    shot.role === 'motion' ? shot : { ...shot, arrives: { ...shot.arrives, albums: [title] } },
  ),
  ...shots.map((shot) => again(folder, shot)),
]

/** An edited copy, on top of its stack: all that is said of the original holds for it. */
function edit(original: Told, name: string, more: Partial<Told> = {}): Told {
  return {
    ...original,
    name,
    warm: true,
    role: 'edited',
    of: original.name,
    ...more,
    arrives: { ...arrivalOf(original), name, under: name, albums: [], live: null, ...more.arrives },
  }
}

const under = (name: string) => ({ arrives: { under: name } })

function edits(): Told[] {
  const sea = still('sea.jpg', under('sea-edited.jpg'))
  const second = still('sea(1).jpg', {
    title: 'sea.jpg',
    utc: '2021-08-01T10:00:00',
    sidecar: 'sea.jpg.supplemental-metadata(1).json',
    ...under('sea-edited(1).jpg'),
  })
  const apple = still('IMG_20.HEIC', {
    bytes: HEIC('20'),
    facts: { place: ALPS },
    arrives: { zone: 'Europe/Berlin', under: 'IMG_20-edited.jpg' },
  })
  const told = still('told and edited.jpg', {
    facts: { description: 'Both say this', favorite: true, people: ['Jonas'], place: TOKYO },
    exif: null,
    arrives: { under: 'told and edited-edited.jpg', zone: 'Asia/Tokyo' },
  })
  told.arrives = { ...told.arrives, local: shifted(told, 9) }
  const filed = still('archived and edited.jpg', {
    facts: { archived: true },
    ...under('archived and edited-edited.jpg'),
  })
  const gone = still('clip.mp4', { bytes: movie('clip'), ...under('clip-edited.mp4') })
  const same = still('same again.jpg')
  const twice = still('edited twice.jpg', under('edited twice-bearbeitet.jpg'))
  const french = still('la mer.jpg', {
    export: 'french',
    ...under('la mer-modifié.jpg'),
    folder: 'Photos de 2024',
  })
  const long = 'a name so long that the word edited is cut.'
  const clipped = still(`${long}.jpg`, {
    export: 'cut',
    sidecar: `${long}.jp.json`
      .replace('.jp.', '.jpg.')
      .slice(0, 46)
      .concat('.json') as `${string}.json`,
    ...under(`${long}-edi.jpg`),
  })
  return [
    sea,
    edit(sea, 'sea-edited.jpg'),
    second,
    edit(second, 'sea-edited(1).jpg'),
    apple,
    edit(apple, 'IMG_20-edited.jpg', { bytes: bytesOf(still('IMG_20-edited.jpg')) }),
    told,
    edit(told, 'told and edited-edited.jpg'),
    filed,
    edit(filed, 'archived and edited-edited.jpg'),
    gone,
    edit(gone, 'clip-edited.mp4', { bytes: movie('clip edited') }),
    // Google at times exports the original once more under the edited name: one asset, which lies on nothing.
    same,
    { ...same, name: 'same again-edited.jpg', role: 'edited', of: same.name, arrives: false },
    twice,
    edit(twice, 'edited twice-bearbeitet.jpg'),
    french,
    edit(french, 'la mer-modifié.jpg'),
    // The original is not in the export: the copy stands for it.
    still('lost-edited.jpg', { title: 'lost.jpg', sidecar: 'lost.jpg.supplemental-metadata.json' }),
    // What Google made of many has a sidecar of its own.
    still('fest-COLLAGE.jpg'),
    still('fest-EFFECTS.jpg', { utc: '2021-09-01T10:00:00' }),
    still('fest.jpg', { utc: '2021-09-02T10:00:00' }),
    clipped,
    edit(clipped, `${long}-edi.jpg`),
  ]
}

const shifted = (shot: Told, hours: number) =>
  new Date(((shot.taken as number) + hours * 3600) * 1000).toISOString().slice(0, 19)

/** Endings that say another format than the file has. */
function lies(): Told[] {
  return [
    still('jpeg.HEIC', { arrives: { name: 'jpeg.jpg' } }),
    still('jpeg.png', { arrives: { name: 'jpeg.jpg' } }),
    still('png.jpg', { bytes: sample('screenshot.png', 'lie'), arrives: { name: 'png.png' } }),
    still('heic.jpg', {
      bytes: HEIC('lying'),
      ...IN_ALPS,
      arrives: { zone: 'Europe/Berlin', name: 'heic.heic' },
    }),
    still('webp', {
      title: 'webp',
      bytes: sample('night.webp', 'lie'),
      sidecar: 'webp.supplemental-metadata.json',
      arrives: { name: 'webp.webp' },
    }),
    still('mov.mp4', {
      bytes: MOV('lie'),
      facts: { place: ALPS },
      arrives: { zone: 'Europe/Berlin' },
    }),
    still('movie.jpg', { bytes: movie('lie'), arrives: { name: 'movie.mp4' } }),
    still('animation.gif', { bytes: sample('clouds.gif', 'true') }),
    still('screenshot.png', { bytes: sample('screenshot.png', 'true') }),
    still('night.webp', { bytes: sample('night.webp', 'true') }),
  ]
}

/** What is said of a photo, and where it lies. */
function facts(): Told[] {
  const said = (name: string, description: string, kept = description, more: Partial<Told> = {}) =>
    still(name, { facts: { description }, ...more, arrives: { description: kept } })
  return [
    said('a caption.jpg', 'Wind & "Sand" <b>all day</b>\nand a second line &amp; more 🌊 نص עברית'),
    said('a caption of spaces.jpg', '  in the middle  ', 'in the middle'),
    said('a caption of digits.jpg', '0012'),
    said('a caption that is a number.jpg', '1.50', '1.5'),
    said('a long caption.jpg', 'No end in sight. '.repeat(400).trim()),
    said('a caption of the file.jpg', 'by hand', 'by hand', {
      exif: { description: 'OLYMPUS DIGITAL CAMERA' },
    }),
    still('a caption of the file alone.jpg', {
      exif: { description: 'in the file' },
      arrives: { description: 'in the file' },
    }),
    said('a caption of both.jpg', 'the same', 'the same', { exif: { description: 'the same' } }),
    said('a caption of a movie.mp4', 'It moves & sings', 'It moves & sings', {
      bytes: movie('caption'),
    }),
    still('a favourite.jpg', { facts: { favorite: true } }),
    still('a favourite movie.mp4', { bytes: movie('favourite'), facts: { favorite: true } }),
    still('archived.jpg', { facts: { archived: true } }),
    still('archived favourite.jpg', { facts: { archived: true, favorite: true } }),
    still('in the archive folder.jpg', { folder: 'Archive', arrives: { visibility: 'archive' } }),
    still('of a partner.jpg', { facts: { partner: true } }),
    still('one person.jpg', { facts: { people: ['Mira'] } }),
    still('people.jpg', {
      facts: {
        people: ['Jonas', 'Ann/Bo', '"Opa", der Große & <Kleine>', '日本 太郎', 'Jonas', ' '],
      },
      arrives: {
        tags: [
          'People/"Opa", der Große & <Kleine>',
          'People/Ann⁄Bo',
          'People/Jonas',
          'People/日本 太郎',
        ],
      },
    }),
    still('people in a movie.mp4', { bytes: movie('people'), facts: { people: ['Mira'] } }),
    still('deleted.jpg', { facts: { trashed: true } }),
    still('in the bin folder.jpg', { folder: 'Trash', arrives: { trashed: true } }),
    // One of two of the same bytes was deleted: the photo was not.
    still('half deleted.jpg'),
    again('Trash', still('half deleted.jpg'), { facts: { trashed: true } }),
    still('locked.jpg', { folder: 'Locked Folder', arrives: { visibility: 'locked' } }),
    ...pair(
      still('locked live.jpg', { folder: 'Locked Folder', arrives: { visibility: 'locked' } }),
      'locked live.mp4',
      movie('locked'),
    ),
    ...lockedEdit(),
    still('a video that failed.mp4', { folder: 'Failed Videos', bytes: movie('failed') }),
  ]
}

/** A stack cannot be made of what is locked: both lie there. */
function lockedEdit(): Told[] {
  const original = still('locked sea.jpg', {
    folder: 'Locked Folder',
    arrives: { visibility: 'locked' },
  })
  return [original, edit(original, 'locked sea-edited.jpg', { arrives: { under: null } })]
}

/** Places that differ between what the user said, what Google kept of the file, and the file. */
function places(): Told[] {
  const geo = ([latitude, longitude]: Place) => ({
    latitude,
    longitude,
    altitude: 0,
    latitudeSpan: 0,
    longitudeSpan: 0,
  })
  const placed = (
    name: string,
    place: Place | null,
    zone: string,
    hours: number,
    more: Partial<Told>,
  ) => {
    const shot = still(name, { exif: null, ...more })
    return {
      ...shot,
      arrives: {
        place: place && ([place[0], place[1]] as [number, number]),
        zone,
        local: shifted(shot, hours),
      },
    }
  }
  const PARIS: Place = [48.8584, 2.2945]
  return [
    placed('of the user alone.jpg', TOKYO, 'Asia/Tokyo', 9, { json: { geoData: geo(TOKYO) } }),
    placed('of the file as Google kept it.jpg', TOKYO, 'Asia/Tokyo', 9, {
      json: { geoDataExif: geo(TOKYO) },
    }),
    placed('corrected by the user.jpg', TOKYO, 'Asia/Tokyo', 9, {
      json: { geoData: geo(TOKYO), geoDataExif: geo(PARIS) },
    }),
    placed('corrected, and the file says so.jpg', TOKYO, 'Asia/Tokyo', 9, {
      json: { geoData: geo(TOKYO), geoDataExif: geo(PARIS) },
      exif: { place: PARIS },
    }),
    placed('known to the file alone.jpg', PARIS, 'Europe/Paris', 2, {
      exif: { place: PARIS, offset: undefined },
    }),
    placed('nowhere.jpg', null, 'UTC+2', 2, {
      json: { geoData: geo([0, 0]), geoDataExif: geo([0, 0]) },
    }),
    placed('on the meridian of Greenwich.jpg', [51.4779, 0], 'Europe/London', 1, {
      json: { geoData: geo([51.4779, 0]) },
    }),
    placed('far south and west.jpg', [-54.8019, -68.303], 'America/Argentina/Ushuaia', -3, {
      json: { geoData: geo([-54.8019, -68.303]) },
    }),
  ]
}

/** One photo several times, and several photos that look like one. */
function copies(): Told[] {
  const newer = (seconds: number, description: string) => ({
    photoLastModifiedTime: { timestamp: String(seconds) },
    description,
  })
  const sized = still('two sizes.jpg', { size: [96, 72], arrives: { albums: ['Best of'] } })
  const grown = still('larger in the album.jpg', { size: [48, 36], arrives: false })
  const first = still('same bytes a.jpg', {
    json: newer(1_700_000_000, 'the older'),
    arrives: false,
  })
  return [
    sized,
    again('Best of', sized, { size: [48, 36] }),
    grown,
    { ...grown, folder: 'Best of', size: [96, 72], arrives: { albums: ['Best of'] } },
    first,
    still('same bytes b.jpg', {
      bytes: bytesOf(first),
      json: newer(1_710_000_000, 'the newer'),
      arrives: { description: 'the newer' },
    }),
    // The number of a name means another photo in another folder.
    still('IMG_30.jpg', { utc: '2021-10-01T10:00:00', arrives: { albums: ['Best of'] } }),
    still('IMG_30(1).jpg', {
      utc: '2021-10-02T10:00:00',
      title: 'IMG_30.jpg',
      sidecar: 'IMG_30.jpg.supplemental-metadata(1).json',
    }),
    again('Best of', still('IMG_30.jpg', { utc: '2021-10-01T10:00:00' })),
    // In two albums and in no year.
    still('albums alone.jpg', { folder: 'Best of', arrives: { albums: ['Best of', 'Trip'] } }),
    again('Trip', still('albums alone.jpg')),
  ]
}

/** What an export holds broken. */
function damage(): Told[] {
  const cut = still('truncated.jpg', { size: [96, 72] })
  const bare = still('json first.jpg', { exif: null })
  return [
    { ...cut, bytes: truncated(cut) },
    { ...bare, bytes: Buffer.concat([Buffer.from('{"a": 1}\n'), bytesOf(bare)]) },
    still('empty.jpg', { bytes: Buffer.alloc(0), arrives: false }),
    still('never came.jpg', { media: false, arrives: false }),
  ]
}
