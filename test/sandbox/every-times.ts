import type { Place } from '../../lib/state/records.ts'
import { type Arrives, movie, onlyExif, sample, still, type Told } from './every-shot.ts'
import type { Exif } from './exif.ts'

const PLACES: Record<string, Place> = {
  Tokyo: [35.6586, 139.7454],
  Kolkata: [22.5448, 88.3426],
  Kathmandu: [27.7045, 85.307],
  "St John's": [47.5705, -52.6819],
  Chatham: [-43.9535, -176.5597],
  'Lord Howe': [-31.5553, 159.0821],
  Eucla: [-31.6772, 128.8893],
  Kiritimati: [1.8721, -157.4278],
  'Pago Pago': [-14.2781, -170.7025],
  Apia: [-13.8333, -171.7667],
  Caracas: [10.4806, -66.9036],
  Berlin: [52.5163, 13.3777],
  'New York': [40.7484, -73.9857],
  Sydney: [-33.8568, 151.2153],
}
const TOKYO = PLACES.Tokyo as Place
const NEW_YORK = PLACES['New York'] as Place

// These runs are at home in Europe/Berlin. What the sidecar says; EXIF (@: with the place); the sidecar's place; then the
// wall clock and the zone that must be shown.
const rows = `
  offset in EXIF                       | 2023-07-01T10:00:00 | 2023-07-01T12:00:00 +02:00   |            | 2023-07-01T12:00:00 | UTC+2
  offset of elsewhere in EXIF          | 2023-07-01T10:00:01 | 2023-07-01T02:00:01 -08:00   |            | 2023-07-01T02:00:01 | UTC-8
  EXIF without offset, summer          | 2023-07-01T10:00:02 | 2023-07-01T12:00:02          |            | 2023-07-01T12:00:02 | UTC+2
  EXIF without offset, of elsewhere    | 2023-07-01T10:00:03 | 2023-07-01T15:30:03          |            | 2023-07-01T15:30:03 | UTC+5:30
  EXIF off by a second                 | 2023-07-01T10:00:04 | 2023-07-01T12:00:05          |            | 2023-07-01T12:00:04 | UTC+2
  no EXIF, summer                      | 2023-07-01T10:00:05 |                              |            | 2023-07-01T12:00:05 | UTC+2
  no EXIF, winter                      | 2023-01-01T10:00:06 |                              |            | 2023-01-01T11:00:06 | UTC+1
  clock three years behind             | 2023-07-01T10:00:07 | 2020-05-05T05:05:05 +02:00   |            | 2023-07-01T12:00:07 | UTC+2
  clock minutes off                    | 2023-07-01T10:00:08 | 2023-07-01T11:43:21          |            | 2023-07-01T12:00:08 | UTC+2
  clock of 1980                        | 2023-07-01T10:00:09 | 1980-01-01T00:00:00          |            | 2023-07-01T12:00:09 | UTC+2
  clock of zeros                       | 2023-07-01T10:00:10 | 0000-00-00T00:00:00          |            | 2023-07-01T12:00:10 | UTC+2
  place of the user, no EXIF           | 2023-07-01T10:00:11 |                              | Tokyo      | 2023-07-01T19:00:11 | Asia/Tokyo
  place of the user, EXIF of home      | 2023-07-01T10:00:12 | 2023-07-01T12:00:12 +02:00   | Tokyo      | 2023-07-01T19:00:12 | Asia/Tokyo
  place of the user, EXIF of there     | 2023-07-01T10:00:13 | 2023-07-01T19:00:13          | Tokyo      | 2023-07-01T19:00:13 | Asia/Tokyo
  place and clock in the file          | 2023-07-01T10:00:14 | 2023-07-01T19:00:14 @        | Tokyo      | 2023-07-01T19:00:14 | Asia/Tokyo
  place and clock of home in the file  | 2023-07-01T10:00:15 | 2023-07-01T12:00:15 @        | Tokyo      | 2023-07-01T19:00:15 | Asia/Tokyo
  place and offset of home in the file | 2023-07-01T10:00:16 | 2023-07-01T12:00:16 +02:00 @ | Tokyo      | 2023-07-01T19:00:16 | Asia/Tokyo
  Kolkata                              | 2023-07-01T10:01:00 |                              | Kolkata    | 2023-07-01T15:31:00 | Asia/Kolkata
  Kathmandu                            | 2023-07-01T10:01:01 |                              | Kathmandu  | 2023-07-01T15:46:01 | Asia/Kathmandu
  St John's                            | 2023-07-01T10:01:02 |                              | St John's  | 2023-07-01T07:31:02 | America/St_Johns
  Chatham                              | 2023-07-01T10:01:03 |                              | Chatham    | 2023-07-01T22:46:03 | UTC+12:45
  Lord Howe, summer                    | 2023-01-15T10:01:04 |                              | Lord Howe  | 2023-01-15T21:01:04 | UTC+11
  Lord Howe, winter                    | 2023-07-01T10:01:05 |                              | Lord Howe  | 2023-07-01T20:31:05 | UTC+10:30
  Eucla                                | 2023-07-01T10:01:06 |                              | Eucla      | 2023-07-01T18:46:06 | UTC+8:45
  Kiritimati                           | 2023-07-01T10:02:00 |                              | Kiritimati | 2023-07-02T00:02:00 | UTC+14
  Pago Pago                            | 2023-07-01T10:02:01 |                              | Pago Pago  | 2023-06-30T23:02:01 | Pacific/Pago_Pago
  Apia before it changed sides         | 2011-12-30T09:30:00 |                              | Apia       | 2011-12-29T23:30:00 | Pacific/Apia
  Apia after it                        | 2011-12-30T10:30:00 |                              | Apia       | 2011-12-31T00:30:00 | Pacific/Apia
  Caracas of 2010                      | 2010-07-01T12:00:00 |                              | Caracas    | 2010-07-01T07:30:00 | America/Caracas
  before summer time                   | 2024-03-31T00:59:59 |                              |            | 2024-03-31T01:59:59 | UTC+1
  after summer time began              | 2024-03-31T01:00:00 |                              |            | 2024-03-31T03:00:00 | UTC+2
  half past two, the first             | 2023-10-29T00:30:00 |                              |            | 2023-10-29T02:30:00 | UTC+2
  half past two, the second            | 2023-10-29T01:30:00 |                              |            | 2023-10-29T02:30:00 | UTC+1
  the first at its place               | 2023-10-29T00:31:00 | 2023-10-29T02:31:00 @        | Berlin     | 2023-10-29T02:31:00 | Europe/Berlin
  the second at its place              | 2023-10-29T01:31:00 | 2023-10-29T02:31:00 @        | Berlin     | 2023-10-29T02:31:00 | Europe/Berlin
  New York, the second                 | 2023-11-05T06:30:00 |                              | New York   | 2023-11-05T01:30:00 | America/New_York
  Sydney, summer                       | 2023-12-25T01:00:00 |                              | Sydney     | 2023-12-25T12:00:00 | Australia/Sydney
  New Year in Berlin                   | 2023-12-31T23:30:00 | 2024-01-01T00:30:00 +01:00   |            | 2024-01-01T00:30:00 | UTC+1
  New Year in Berlin, no EXIF          | 2023-12-31T23:30:01 |                              |            | 2024-01-01T00:30:01 | UTC+1
  New Year in New York                 | 2024-01-01T03:00:00 |                              | New York   | 2023-12-31T22:00:00 | America/New_York
  29 February                          | 2024-02-29T23:30:00 |                              | Tokyo      | 2024-03-01T08:30:00 | Asia/Tokyo
  the second before 1970               | 1969-12-31T23:59:59 |                              |            | 1970-01-01T00:59:59 | UTC+1
  the first of 1970                    | 1970-01-01T00:00:01 |                              |            | 1970-01-01T01:00:01 | UTC+1
  1955                                 | 1955-06-15T11:00:00 |                              |            | 1955-06-15T12:00:00 | UTC+1
  1947, double summer time             | 1947-06-01T10:00:00 |                              | Berlin     | 1947-06-01T13:00:00 | Europe/Berlin
  the last second of 32 bits           | 2038-01-19T03:14:07 |                              |            | 2038-01-19T04:14:07 | UTC+1
  one more                             | 2038-01-19T03:14:08 |                              |            | 2038-01-19T04:14:08 | UTC+1
  2099                                 | 2099-07-01T10:00:00 |                              | New York   | 2099-07-01T06:00:00 | America/New_York
`

/** Photos whose time is all that is hard about them. */
export function times(): Told[] {
  const timed = rows
    .trim()
    .split('\n')
    .map((row) => timedOf(row.split('|').map((cell) => cell.trim())))
  const old: [string, string, string][] = [
    ['a scan of 1904.jpg', '1904-05-01T11:00:00', '1904-05-01T12:00:00'],
    ['a painting of 1850.jpg', '1850-01-01T00:00:00', '1850-01-01T00:53:00'],
  ]
  // Before there were zones no two programs agree about the wall clock.
  const ancient = old.map(([name, utc]) =>
    still(name, { utc, exif: null, arrives: { local: null, zone: undefined } }),
  )
  return [...timed, ...ancient, ...withoutTime(), ...withoutSidecar(), ...cluster(), ...movies()]
}

function timedOf([what = '', utc = '', exif = '', where = '', local = '', zone = '']: string[]) {
  const place = PLACES[where]
  const [clock, offset] = exif.replace(/ ?@$/, '').split(' ')
  const own = { local: clock, offset, ...(exif.endsWith('@') && place && { place }) } as Exif
  return still(`${what}.jpg`, {
    utc,
    exif: exif ? onlyExif(own) : null,
    ...(place && { facts: { place } }),
    arrives: { local, zone },
  })
}

const nothing = { json: { photoTakenTime: { timestamp: '0', formatted: '1 Jan 1970' } } }
const guessed = { tags: ['photoferry/date-guessed'] }

/** Sidecars whose time is "0": nobody knows it. */
function withoutTime(): Told[] {
  const none = (name: string, exif: Exif | null, arrives: Partial<Arrives>) =>
    still(name, { folder: 'Photos from 2019', exif: exif && onlyExif(exif), ...nothing, arrives })
  return [
    none(
      'zero, EXIF knows.jpg',
      { local: '2019-03-04T05:06:07', offset: '+03:00' },
      {
        instant: '2019-03-04T02:06:07',
        local: '2019-03-04T05:06:07',
        zone: 'UTC+3',
      },
    ),
    none(
      'zero, EXIF without offset.jpg',
      { local: '2019-03-04T05:06:08' },
      {
        instant: '2019-03-04T04:06:08',
        local: '2019-03-04T05:06:08',
        zone: 'UTC+1',
      },
    ),
    none(
      'zero, EXIF with place.jpg',
      { local: '2019-03-04T05:06:09', place: TOKYO },
      {
        instant: '2019-03-03T20:06:09',
        local: '2019-03-04T05:06:09',
        zone: 'Asia/Tokyo',
        place: [TOKYO[0], TOKYO[1]],
      },
    ),
    none('IMG_20190304_101112.jpg', null, {
      instant: '2019-03-04T09:11:12',
      local: '2019-03-04T10:11:12',
      zone: 'UTC+1',
      ...guessed,
    }),
    none('zero, the year knows.jpg', null, {
      instant: '2019-01-01T00:00:00',
      local: '2019-01-01T00:00:00',
      zone: null,
      ...guessed,
    }),
  ]
}

/** Media that came without a sidecar: their own date, then the name's, then the year's. */
function withoutSidecar(): Told[] {
  const bare = (
    name: string,
    exif: Exif | null,
    arrives: Partial<Arrives>,
    more: Partial<Told> = {},
  ) =>
    still(name, {
      folder: 'Photos from 2018',
      exif: exif && onlyExif(exif),
      sidecar: false,
      ...more,
      arrives,
    })
  return [
    bare(
      'bare, EXIF with offset.jpg',
      { local: '2018-08-09T10:11:12', offset: '-04:00' },
      {
        instant: '2018-08-09T14:11:12',
        local: '2018-08-09T10:11:12',
        zone: 'UTC-4',
      },
    ),
    bare(
      'bare, EXIF without offset.jpg',
      { local: '2018-08-09T10:11:13' },
      {
        instant: '2018-08-09T08:11:13',
        local: '2018-08-09T10:11:13',
        zone: 'UTC+2',
      },
    ),
    bare(
      'bare, EXIF with place.jpg',
      { local: '2018-08-09T10:11:14', place: NEW_YORK },
      {
        instant: '2018-08-09T14:11:14',
        local: '2018-08-09T10:11:14',
        zone: 'America/New_York',
        place: [NEW_YORK[0], NEW_YORK[1]],
      },
    ),
    bare('PXL_20180809_081115000.jpg', null, {
      instant: '2018-08-09T08:11:15',
      local: '2018-08-09T10:11:15',
      zone: 'UTC+2',
      ...guessed,
    }),
    bare('IMG-20180809-WA0007.jpg', null, {
      instant: '2018-08-09T10:00:00',
      local: '2018-08-09T12:00:00',
      zone: 'UTC+2',
      ...guessed,
    }),
    bare('bare, the year knows.jpg', null, {
      instant: '2018-01-01T00:00:00',
      local: '2018-01-01T00:00:00',
      zone: null,
      ...guessed,
    }),
    bare(
      'bare, a movie knows.mp4',
      null,
      {
        instant: '2018-08-09T08:11:16',
        local: '2018-08-09T10:11:16',
        zone: 'UTC+2',
      },
      { bytes: movie('bare', { utc: '2018-08-09T08:11:16' }) },
    ),
  ]
}

/** One second that Google gave to seven photos: what a file says of itself wins, where it says so. */
function cluster(): Told[] {
  const one = (name: string, exif: Exif | null, arrives: Partial<Arrives>) =>
    still(name, { utc: '2015-05-05T00:00:00', exif: exif && onlyExif(exif), arrives })
  const own = [1, 2, 3, 4].map((n) =>
    one(
      `one of many ${n}.jpg`,
      { local: `2009-02-0${n}T10:20:30`, offset: '+01:00' },
      {
        instant: `2009-02-0${n}T09:20:30`,
        local: `2009-02-0${n}T10:20:30`,
        zone: 'UTC+1',
      },
    ),
  )
  return [
    ...own,
    one(
      'one of many, no offset.jpg',
      { local: '2009-02-05T10:20:31' },
      {
        instant: '2009-02-05T09:20:31',
        local: '2009-02-05T10:20:31',
        zone: 'UTC+1',
      },
    ),
    one(
      'one of many, agrees.jpg',
      { local: '2015-05-05T02:00:00' },
      {
        local: '2015-05-05T02:00:00',
      },
    ),
    one('one of many, says nothing.jpg', null, { local: '2015-05-05T02:00:00' }),
  ]
}

function movies(): Told[] {
  const LAKE = sample('lake.mp4', 'time')
  return [
    still('a movie of the same clock.mp4', {
      utc: '2023-07-22T15:04:05',
      bytes: LAKE,
      facts: { place: [54.4858, 10.1228] },
      arrives: { zone: 'Europe/Berlin' },
    }),
    still('a movie of another clock.mp4', {
      utc: '2016-04-04T04:04:04',
      bytes: movie('other', { utc: '2016-04-04T06:04:04' }),
    }),
    still('a movie of 1904.mp4', {
      utc: '2016-04-04T04:04:05',
      bytes: movie('1904', { utc: '1904-01-01T00:00:00' }),
    }),
    still('a movie of 2036.mp4', {
      utc: '2016-04-04T04:04:06',
      bytes: movie('2036', { utc: '2036-02-06T06:28:16' }),
    }),
    still('a movie at its place.mp4', {
      utc: '2016-04-04T04:04:07',
      bytes: movie('place'),
      facts: { place: TOKYO },
      arrives: { local: '2016-04-04T13:04:07', zone: 'Asia/Tokyo' },
    }),
  ]
}
