import type { Place } from '../../lib/state/records.ts'
import { type Description, makeTakeout, type Shot } from './takeout.ts'

const at = (utc: string) => Date.parse(`${utc}Z`) / 1000
const year = (taken: number) => `Photos from ${new Date(taken * 1000).getUTCFullYear()}`

/** A shot in its year's folder, named as a Pixel names it where no name is given. */
function shot(utc: string, more: Partial<Shot> = {}): Shot {
  const taken = at(utc)
  const name = `PXL_${utc.replace(/[-:]/g, '').replace('T', '_')}000.jpg`
  return { folder: year(taken), name, taken, size: [400, 300], ...more }
}

/** Several of one outing, some minutes apart. */
const outing = (utc: string, count: number, more: Partial<Shot> = {}) =>
  Array.from({ length: count }, (_, n) =>
    shot(new Date((at(utc) + n * 1117) * 1000).toISOString().slice(0, 19), more),
  )

/** The same photo again in an album's folder; what the year's folder has beside it stays there. */
const inAlbum = (folder: string, shots: (Shot | undefined)[], more: Partial<Shot> = {}): Shot[] =>
  shots.filter((one) => one !== undefined).map((one) => ({ ...one, folder, ...more }))

const BALTIC: Place = [54.4858, 10.1228]
const ALPS: Place = [47.5596, 10.7498, 796]
const LISBON: Place = [38.7139, -9.1335, 45]

const [SEA, GRANDPARENTS, BEST] = ['Sommer am See', 'Oma _ Opa_ 50 Jahre_', 'Best of 2023']

/** Two years' pictures of a person, with one of each thing that makes an export hard. */
export function demoDescription(): Description {
  const sea = outing('2023-07-22T09:12:40', 6, { facts: { place: BALTIC, people: ['Mira'] } })
  const party = outing('2022-09-10T12:30:05', 6, { facts: { people: ['Mira', 'Jonas'] } })
  const lisbon = outing('2024-03-02T10:01:09', 5, { offset: '+00:00', facts: { place: LISBON } })
  const alps = outing('2024-08-14T16:20:00', 4, { facts: { place: ALPS } })
  const winter = outing('2022-12-27T08:45:31', 4, { offset: '+01:00' })

  const captioned = shot('2023-07-23T19:40:02', {
    facts: {
      description: 'Grüße vom "Strand"\nund <b>alles</b> Liebe & so weiter 🌊',
      place: BALTIC,
      favorite: true,
    },
  })
  const movie = shot('2023-07-22T15:04:05', {
    name: 'VID_20230722_170405.mp4',
    sample: 'lake.mp4',
    facts: { place: BALTIC, description: 'Wind!' },
  })
  const live = shot('2024-08-14T18:31:07', {
    name: 'IMG_4711.HEIC',
    sample: 'live.heic',
    facts: { place: ALPS },
  })
  const lively = shot('2024-06-01T10:34:56', { name: 'IMG_4802.JPG', seed: 4 * 7919 })
  const edited = shot('2024-03-02T17:25:44', {
    name: 'IMG_2040.jpg',
    offset: '+00:00',
    facts: { place: LISBON },
  })
  const half = (still: Shot, name: string, sample: string): Shot => {
    return { folder: still.folder, name, sample, role: 'motion', of: still.name }
  }

  return {
    shots: [
      ...party,
      ...winter,
      // Two cameras, one name: told apart by the number alone.
      shot('2022-12-27T14:02:00', { name: 'IMG_0007.jpg', offset: '+01:00' }),
      shot('2022-12-31T22:59:58', {
        name: 'IMG_0007(1).jpg',
        title: 'IMG_0007.jpg',
        offset: '+01:00',
      }),
      // No sidecar came with it.
      shot('2022-11-05T13:15:00', { name: 'DSC_0815.jpg', offset: '+01:00', sidecar: false }),
      // A long name of the days when names were cut.
      shot('2022-10-03T07:30:00', {
        name: 'Herbstspaziergang mit Mira rund um den großen W.jpg',
        title: 'Herbstspaziergang mit Mira rund um den großen Waldsee im Nebel.jpg',
        sidecar: 'cut',
      }),
      // A camera that kept the time of another continent.
      shot('2022-10-09T11:00:00', {
        name: 'P1010042.jpg',
        exif: { local: '2022-10-09T16:30:00', offset: undefined, make: 'Panasonic' },
      }),
      ...sea,
      captioned,
      movie,
      shot('2023-05-18T06:10:00', { facts: { archived: true } }),
      shot('2023-05-19T06:12:00', { folder: 'Trash', facts: { trashed: true } }),
      shot('2023-11-11T18:20:00', { offset: '+01:00', facts: { partner: true } }),
      shot('2023-02-14T20:05:33', {
        name: 'Screenshot_20230214-210533.png',
        sample: 'screenshot.png',
      }),
      shot('2023-02-15T20:00:00', { name: 'clouds.gif', sample: 'clouds.gif' }),
      shot('2023-02-16T20:00:00', { name: 'night.webp', sample: 'night.webp', sidecar: 'v1' }),
      ...lisbon,
      edited,
      {
        ...edited,
        name: 'IMG_2040-edited.jpg',
        warm: true,
        role: 'edited',
        of: 'IMG_2040.jpg',
        photo: `${edited.name}@${edited.taken}`,
      },
      ...alps,
      live,
      half(live, 'IMG_4711.MOV', 'live.mov'),
      lively,
      half(lively, 'IMG_4802.MP4', 'motion.mp4'),
      // Media in one part, sidecar in the other.
      shot('2024-01-05T12:00:00', { offset: '+01:00', part: 1, sidecarPart: 2 }),

      ...inAlbum(SEA, [...sea, captioned, movie], { part: 1 }),
      ...inAlbum(GRANDPARENTS, party.slice(0, 4), { part: 2 }),
      ...inAlbum(BEST, [captioned, sea[2]], { part: 2 }),
      // A member whose picture lies in the year's folder only ...
      ...inAlbum(BEST, [sea[4]], { media: false, part: 2 }),
      // ... and one that the album has smaller.
      ...inAlbum(BEST, [sea[5]], { size: [240, 180], part: 2 }),
    ],
    albums: [
      {
        folder: SEA,
        title: 'Sommer am See',
        description: 'Zwei Wochen Ostsee: "nur" Wind & Sonne',
        date: at('2023-08-01T08:00:00'),
      },
      {
        folder: GRANDPARENTS,
        title: 'Oma & Opa: 50 Jahre?',
        date: at('2022-09-11T08:00:00'),
        part: 2,
      },
      { folder: BEST, title: 'Best of 2023', date: at('2023-12-31T12:00:00'), part: 2 },
    ],
    others: [
      { path: 'archive_browser.html', text: '<!doctype html><title>Google Takeout</title>\n' },
      { path: 'Google Photos/print-subscriptions.json', text: '{\n  "subscriptions": []\n}\n' },
      {
        path: 'Google Photos/user-generated-memory-titles.json',
        text: '{\n  "title": ["Am See", "Fünfzig Jahre"]\n}\n',
        part: 2,
      },
    ],
  }
}

/** The demo's export as two zip parts below `target`, and what should come of it. */
export const demoTakeout = (target: string) => makeTakeout(target, demoDescription())
