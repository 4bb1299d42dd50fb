import { expect, test } from 'vitest'
import type { Line, Told } from '../lib/report/account.ts'
import { partsOf } from '../lib/report/parts.ts'
import type { Leftover, Part, Photo, PhotoFile, Run } from '../lib/state/records.ts'
import type { Rules } from '../lib/transfer/standing.ts'

const parts = Object.fromEntries(
  ['a', 'b'].map((id, n) => [
    id,
    {
      export: 'x',
      number: n + 1,
      kind: 'zip',
      name: `${id}.zip`,
      path: `/${id}.zip`,
      size: 9,
    } as Part,
  ]),
)
const file = (part: string, role: PhotoFile['role'] = 'original', more = {}): PhotoFile => ({
  part,
  path: `${part}/${role}.jpg`,
  size: 1,
  crc: null,
  role,
  why: '',
  ...more,
})
const photo = (...files: PhotoFile[]) => ({ title: 'sea.jpg', kind: 'image', files }) as Photo
const right = (...files: PhotoFile[]): Line => ({
  photo: photo(...files),
  row: 'transferred',
  stands: { is: 'transferred', why: '' },
  proof: 'right',
})
const owed = (...files: PhotoFile[]): Line => ({
  photo: photo(...files),
  row: 'owed',
  stands: { is: 'to send', why: 'none' },
})
const trashed = (...files: PhotoFile[]): Line => ({
  photo: photo(...files),
  row: 'left out',
  stands: { is: 'left out', why: 'in the trash of Google Photos' },
})
const linked = (how: string): Line => ({
  ...right(file('a')),
  row: 'linked',
  stands: { is: 'linked', why: how },
})
const left = (part: string, why: string, broken = false): Leftover => ({
  part,
  path: `${part}/${why}`,
  why,
  size: 1,
  crc: null,
  ...(broken && { broken }),
})

type Known = { leftovers?: Leftover[]; mirrored?: string[]; runs?: Record<string, Run> }
test.each<[what: string, lines: Line[], a: string, known?: Known, rules?: Rules]>([
  ['verified', [right(file('a'))], 'can go'],
  [
    'its copy verified, which is in another part as well',
    [right(file('b'), file('a', 'copy'))],
    'can go',
  ],
  ['changed there by its owner', [{ ...right(file('a')), proof: 'changed' }], 'can go'],
  ['not sent', [right(file('a')), owed(file('a'))], 'stays: 1 not verified'],
  ['not checked', [{ ...right(file('a')), proof: 'unverified' }], 'stays: 1 not verified'],
  ['arrived otherwise', [{ ...right(file('a')), proof: 'differs' }], 'stays: 1 not verified'],
  [
    'gone again',
    [{ ...right(file('a')), row: 'removed' as const, proof: 'gone' }],
    'stays: 1 not verified',
  ],
  [
    'holding the sidecar of one that is not sent',
    [owed(file('b', 'original', { sidecarPart: 'a' }))],
    'stays: 1 not verified',
  ],
  ['left out', [trashed(file('a'))], 'but: 1 in it left out'],
  [
    'its edited copy not wanted',
    [right(file('b'), file('a', 'edited'))],
    'but: 1 in it left out',
    {},
    { edited: 'original' },
  ],
  [
    'its original not wanted',
    [right(file('a'), file('b', 'edited'))],
    'but: 1 in it left out',
    {},
    { edited: 'edited' },
  ],
  ['there before, by its bytes', [linked('checksum')], 'can go'],
  ['there before, as a person said', [linked('hand')], 'can go'],
  [
    'there before, by other bytes',
    [linked('name, time and dimensions')],
    'but: 1 linked to other bytes',
  ],
  [
    'a damaged file',
    [right(file('a'))],
    'stays: 1 damaged or not chosen',
    { leftovers: [left('a', 'its checksum is wrong', true)] },
  ],
  [
    'not chosen',
    [right(file('a'))],
    'stays: 1 damaged or not chosen',
    { leftovers: [left('a', 'not chosen')] },
  ],
  [
    'mail in the same zip',
    [right(file('a'))],
    'but: 2 that are no photos',
    { leftovers: [left('a', 'another product'), left('a', 'neither a photo nor a video')] },
  ],
  ['files of the account', [right(file('a'))], 'can go', { leftovers: [left('a', 'account')] }],
  [
    'what is wrong with another part',
    [right(file('a'))],
    'can go',
    { leftovers: [left('b', 'empty file', true)] },
  ],
  [
    'folders as well, where it is not',
    [right(file('a'))],
    'stays: 1 not in the folders yet',
    { runs: { mirror: { stage: 'mirror', at: '' } } },
  ],
  [
    'folders as well, where it is',
    [right(file('a'))],
    'can go',
    { runs: { mirror: { stage: 'mirror', at: '' } }, mirrored: ['0'] },
  ],
])(
  'a part whose photo is %s',
  (_, lines, a, { leftovers = [], mirrored = [], runs = {} } = {}, rules = {}) => {
    const told = {
      parts,
      leftovers: Object.fromEntries(leftovers.map((one, n) => [n, one])),
      mirrored: Object.fromEntries(mirrored.map((id) => [id, { at: '', files: [] }])),
      runs,
    } as unknown as Told
    const numbered = new Map(lines.map((line, n) => [String(n), line]))
    const [found] = partsOf(told, numbered, new Map(), rules)
    expect([found?.verdict, found?.why].filter(Boolean).join(': ')).toBe(a)
    const [kept] = partsOf(told, numbered, new Map([['x', [3]]]), rules)
    expect(kept?.verdict).toBe('stays')
    expect(kept?.why).toContain('part 3 of its export is missing')
  },
)
