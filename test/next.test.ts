import { afterAll, beforeAll, expect, test } from 'vitest'
import { lastNumbers } from '../lib/report/last-numbers.ts'
import { nextStep } from '../lib/report/next.ts'
import { verdict } from '../lib/report/verdict.ts'
import type { Decided, Part, Run } from '../lib/state/records.ts'

const KEY = process.env.IMMICH_API_KEY
beforeAll(() => {
  process.env.IMMICH_API_KEY = 'there'
})
afterAll(() => {
  if (KEY === undefined) delete process.env.IMMICH_API_KEY
  else process.env.IMMICH_API_KEY = KEY
})

const at = (hour: number) => `2026-11-01T${String(hour).padStart(2, '0')}:00:00.000Z`
const run = (stage: string, hour: number, more = {}): Record<string, Run> => ({
  [stage]: { stage, at: at(hour), seconds: 1, ...more },
})
const right = { right: 9, changed: 0, differs: 0, gone: 0, unverified: 0 }
const indexed = { ...run('index-gphotos', 1), ...run('index-immich', 2) }
const linked = { ...indexed, ...run('link', 3) }
const counted = (account: object, more = {}) =>
  run('transfer', 4, { account, indexed: at(1), linked: at(3), proven: right, ...more })
const sent = (account: object, more = {}) => ({ ...linked, ...counted(account, more) })
const all = { transferred: 9 }
const verified = (more = {}) => run('verify', 5, { proven: right, mendable: 0, ...more })
const done = (more = {}) => ({ ...sent(all), ...verified(more) })
const inFolders = (account: object, more = {}) => ({
  ...run('index-gphotos', 1),
  ...run('mirror', 4, { account, indexed: at(1), proven: right, ...more }),
})
const NOTHING = 'nothing: all is there. When there is a new Takeout: `make sync TAKEOUT="..."`'

test.each<[situation: string, runs: Record<string, Run>, next: string]>([
  ['nothing at all', {}, '`make index-gphotos TAKEOUT="/path/to/the/zips"`'],
  ['an index', run('index-gphotos', 1), '`make index-immich`'],
  ['both indexed', indexed, '`make link`'],
  ['linked', linked, '`make transfer`'],
  ['a transfer that was stopped', { ...sent(all, { seconds: undefined }) }, '`make transfer`'],
  ['a part of it sent', sent({ transferred: 5, 'to send': 4 }), '`make transfer`'],
  ['one to be completed', sent({ transferred: 8, 'to complete': 1 }), '`make transfer`'],
  ['one failed', sent({ transferred: 8, failed: 1 }), '`make transfer`'],
  ['albums to be filled', sent(all, { albums: { left: 1, waiting: 0 } }), '`make transfer`'],
  ['sent', sent(all), '`make verify ARGS="--wait 10m"`'],
  [
    'checked, but for those sent since',
    { ...done(), ...counted(all, { at: at(6), proven: { ...right, right: 8, unverified: 1 } }) },
    '`make verify ARGS="--wait 10m"`',
  ],
  ['still being read', done({ waiting: 1 }), '`make verify ARGS="--wait 10m"`'],
  ['something that was lost there', done({ mendable: 1, differ: 1 }), '`make transfer`'],
  ['all is right', done(), NOTHING],
  [
    'a transfer after that had nothing to send',
    { ...done(), ...counted(all, { at: at(6) }) },
    NOTHING,
  ],
  ['all left out by rule', sent({ 'left out: from a partner': 9 }), NOTHING],
  ['indexed again', { ...done(), ...run('index-gphotos', 6) }, '`make link`'],
  ['linked again', { ...done(), ...run('index-gphotos', 6), ...run('link', 7) }, '`make transfer`'],
  ['linked again, and no more', { ...done(), ...run('link', 7) }, '`make transfer`'],
  [
    'failed too often',
    { ...sent({ transferred: 8, failed: 1 }, { resting: 1 }), ...verified() },
    '`make status ARGS="--list failed"` says why they failed; `make transfer ARGS="--retry"` tries them again',
  ],
  [
    'several candidates',
    { ...sent({ transferred: 8, 'undecided: several': 1 }), ...verified() },
    '`make review`',
  ],
  [
    'a choice that Google has ended',
    {
      ...sent({
        transferred: 8,
        'left out: picked, and Google has ended that choice: pick it again': 1,
      }),
      ...verified(),
    },
    '`make index-gphotos ARGS="--pick"`',
  ],
  [
    'a part that cannot be read',
    { ...done(), ...run('index-gphotos', 1, { unreadable: 1 }) },
    '`make index-gphotos` says which part cannot be read: download it again, then `make sync`',
  ],
  [
    'a field that no run mends',
    done({ differ: 1 }),
    '`make status ARGS="--list differs"`, which no run mends',
  ],
  [
    'something to look at',
    sent({ transferred: 8, 'removed: gone from the server': 1 }),
    '`make verify ARGS="--wait 10m"`',
  ],
  [
    'something to look at, all else checked',
    { ...sent({ transferred: 8, 'removed: gone from the server': 1 }), ...verified() },
    '`make report`, and look at what it shows: nothing is left to send',
  ],
  [
    'folders as well, which lag behind',
    { ...done(), ...run('mirror', 3, { indexed: at(0) }) },
    '`make mirror`',
  ],
  ['folders alone, stopped', inFolders({}, { seconds: undefined }), '`make mirror`'],
  [
    'folders alone, not read again',
    inFolders({ mirrored: 9 }, { proven: { ...right, unverified: 9 } }),
    '`make mirror ARGS="--resync --checksum"`',
  ],
  [
    'folders alone, one failed too often',
    inFolders({ mirrored: 8, failed: 1 }, { resting: 1 }),
    '`make status ARGS="--list \'not mirrored\'"` says why they failed; `make mirror ARGS="--retry"` tries them again',
  ],
  [
    'folders alone, all there',
    inFolders({ mirrored: 9 }),
    'nothing: all is there. When there is a new Takeout: `make mirror TAKEOUT="..."`',
  ],
])('%s', (_, runs, next) => {
  expect(stepOf(runs)).toBe(next)
})

test('a part that is missing is to be downloaded, wherever the photos go', () => {
  const parts = {
    a: { export: 'takeout-20260920T080000Z-3', number: 1 },
    b: { export: 'takeout-20260920T080000Z-3', number: 3 },
  } as unknown as Record<string, Part>
  const download = 'download part 2 of takeout-20260920T080000Z-3, then'
  expect(stepOf({ ...sent({ transferred: 8, waits: 1 }), ...verified() }, { parts })).toBe(
    `${download} \`make sync\``,
  )
  expect(stepOf(inFolders({ mirrored: 8, waits: 1 }), { parts })).toBe(
    `${download} \`make mirror\``,
  )
  const ended = { rules: { noMoreParts: true } }
  expect(stepOf({ ...sent(all, ended), ...verified() }, { parts })).toMatch(/^`make report`/)
})

test('what a person has said is heard by link', () => {
  const runs = { ...sent({ transferred: 8, 'undecided: several': 1 }), ...verified() }
  const said = (key: string) => ({ [key]: { accept: true, at: at(6) } })
  expect(stepOf(runs, { decisions: said('link:photo') })).toBe('`make link`')
  expect(stepOf(runs, { decisions: said('class:whatever') })).toBe('`make review`')
})

test('without a key it begins there, or goes without a server', () => {
  process.env.IMMICH_API_KEY = ''
  expect(stepOf(run('index-gphotos', 1))).toBe(
    '`make auth`; or, without a server, `make mirror LIBRARY=/path/to/photos`',
  )
  process.env.IMMICH_API_KEY = 'there'
})

function stepOf(
  runs: Record<string, Run>,
  more: { parts?: Record<string, Part>; decisions?: Record<string, Decided> } = {},
) {
  const photos = Object.keys(runs).length === 0 ? 0 : 9
  const numbers = lastNumbers(runs, more.parts ?? {}, photos)
  return nextStep({ runs, decisions: more.decisions ?? {}, photos }, numbers, verdict(numbers))
}
