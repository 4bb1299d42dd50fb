import type { State } from '../../lib/state/records.ts'
import { openState } from '../../lib/state/state.ts'

// One step on a state of a whole library's size: `write photos 1000000`, `open photos,albums`, `append transfers`.
const [step = '', names = '', many = '0'] = process.argv.slice(2)
const file = process.env.STATE as string
const YEAR_ONE = Date.UTC(2004, 0, 1) / 1000
const PER_ALBUM = 200

const hex = (n: number, digits: number) =>
  ((n + 1) * 2_654_435_761).toString(16).padStart(digits, 'c0ffee9b')
const uuid = (n: number) => `${hex(n, 12).slice(-8)}-ca8b-4067-b59d-${hex(n, 12).slice(-12)}`
const instant = (n: number) => new Date((YEAR_ONE + n * 600) * 1000).toISOString()
const place = (n: number): [number, number, number] => [
  47 + (n % 9973) / 1e4,
  10 + (n % 997) / 1e3,
  812.4,
]

/** As the stages write them, of a library that was sent in part and linked in part. */
const makers: { [C in keyof State]?: (n: number) => [string, State[C][string]] } = {
  photos: (n) => {
    const name = `IMG_${String(n).padStart(7, '0')}.jpg`
    const folder = `Takeout/Google Photos/Photos from ${2004 + Math.floor(n / 52_560)}`
    const file = {
      part: `3f9a1c${n % 20}`,
      size: 2_000_000 + (n % 900_000),
      crc: hex(n, 8).slice(-8),
    }
    return [
      `${file.crc}-${file.size}-${n}`,
      {
        title: name,
        kind: 'image',
        taken: YEAR_ONE + n * 600,
        files: [
          {
            ...file,
            path: `${folder}/${name}`,
            role: 'original',
            sidecar: `${folder}/${name}.supplemental-metadata.json`,
            why: 'supplemental',
          },
          ...(n % 4 === 0
            ? [
                {
                  ...file,
                  path: `Takeout/Google Photos/Trip ${n % 5000}/${name}`,
                  role: 'copy',
                  why: 'the same bytes',
                } as const,
              ]
            : []),
        ],
        known: 1_768_000_000,
        place: place(n),
        url: `https://photos.google.com/photo/AF1QipN${hex(n, 36)}`,
        ...(n % 10 === 0 && {
          description: 'A walk round the lake with everybody, before the rain',
        }),
        ...(n % 5 === 0 && { people: ['Mira Example', 'Jo Example'] }),
      },
    ]
  },
  albums: (n) => [
    `album-${n}`,
    {
      title: `Trip ${n}`,
      folder: `Trip ${n}`,
      export: 'takeout-20260115T101500Z',
      photos: Array.from({ length: PER_ALBUM }, (_, at) => idOf(n * PER_ALBUM + at)),
    },
  ],
  assets: (n) => [
    uuid(n),
    {
      name: `IMG_${String(n).padStart(7, '0')}.jpg`,
      sha1: hex(n, 40),
      size: 2_000_000 + (n % 900_000),
      kind: 'image',
      taken: instant(n),
      local: instant(n),
      zone: 'Europe/Berlin',
      width: 4032,
      height: 3024,
      visibility: 'timeline',
      place: place(n).slice(0, 2) as [number, number],
      updated: '2026-01-15T10:15:00.000Z',
    },
  ],
  links: (n) => [
    idOf(n),
    n % 2 ? { asset: null, how: 'none' } : { asset: uuid(n), how: 'checksum', sha1: hex(n, 40) },
  ],
  transfers: (n) => [
    idOf(n),
    {
      asset: uuid(n),
      sha1: hex(n, 40),
      size: 2_000_000 + (n % 900_000),
      at: '2026-01-15T10:15:00.000Z',
      want: {
        name: `IMG_${String(n).padStart(7, '0')}.jpg`,
        sha1: hex(n, 40),
        instant: instant(n),
        local: instant(n).slice(0, 19),
        place: place(n),
        ...(n % 5 === 0 && { tags: ['People/Mira Example', 'People/Jo Example'] }),
      },
      own: { local: instant(n).slice(0, 19), offset: '+01:00' },
    },
  ],
  checks: (n) => [idOf(n), { at: '2026-01-15T10:15:00.000Z', ok: true }],
}

function idOf(n: number) {
  return `${hex(n, 8).slice(-8)}-${2_000_000 + (n % 900_000)}-${n}`
}

const read = names.split(',') as (keyof State)[]
if (step === 'open') await openState(file, { read, stage: 'bench' })
else {
  const name = read[0] as keyof State
  const make = makers[name] as (n: number) => [string, State[typeof name][string]]
  const state = await openState(file, { read: read.slice(1), write: [name], stage: 'bench' })
  const from = step === 'append' ? 10_000_000 : 0
  // A stage waits for the disk or the network now and then.
  const began = performance.now()
  for (let n = from; n < from + Number(many); n++) {
    state.put(name, ...make(n))
    if (n % 1000 === 0) await new Promise((go) => setImmediate(go))
  }
  await state.flush()
  const put = performance.now()
  await state.save()
  const saved = performance.now()
  const micros = ((put - began) / Number(many)) * 1000
  console.log(JSON.stringify({ micros, fold: (saved - put) / 1000 }))
}
