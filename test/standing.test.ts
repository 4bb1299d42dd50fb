import { expect, test } from 'vitest'
import type { Asset, Check, Link, Photo, Transfer } from '../lib/state/records.ts'
import { type Rules, standing, tally } from '../lib/transfer/standing.ts'

const photo: Photo = {
  title: 'sea.jpg',
  kind: 'image',
  taken: 0,
  files: [{ part: 'p', path: 'sea.jpg', size: 1, crc: null, role: 'original', why: '' }],
}
const asset = {} as Asset
const sent: Transfer = { asset: 'a', at: '2024-01-01', want: {} }
const linked: Link = { asset: 'a', how: 'checksum' }
const late = { ...sent, at: '2024-03-01' }
const lost: Check = { at: '2024-01-02', differs: { description: [null, 'x'] } }

type Case = [
  what: string,
  ReturnType<typeof standing>['is'],
  Partial<Photo>,
  Link?,
  Transfer?,
  Record<string, Asset>?,
  Rules?,
  Check?,
]
test.each<Case>([
  ['nothing known', 'to send', {}],
  ['not on the server', 'to send', {}, { asset: null, how: 'none' }],
  ['linked, nothing done', 'to complete', {}, linked, undefined, { a: asset }],
  ['linked and completed', 'linked', {}, linked, { ...sent, had: true }, { a: asset }],
  ['sent', 'transferred', {}, undefined, sent, { a: asset }],
  ['sent after the list was fetched', 'transferred', {}, undefined, late, {}],
  ['sent and gone', 'removed', {}, undefined, sent, {}],
  ['linked and gone', 'removed', {}, linked, undefined, {}],
  [
    'in the trash of the server',
    'removed',
    {},
    undefined,
    sent,
    { a: { ...asset, trashed: true } },
  ],
  ['brought back', 'to send', {}, linked, { at: '2024-03-01', again: true }, {}],
  [
    'sent to the trash',
    'transferred',
    { trashed: true },
    undefined,
    { ...sent, want: { trashed: true } },
    { a: { ...asset, trashed: true } },
  ],
  [
    'in the locked folder, which no list shows',
    'transferred',
    { locked: true },
    undefined,
    { ...sent, want: { visibility: 'locked' } },
    {},
  ],
  ['owing a stack', 'to complete', {}, undefined, { ...sent, owes: ['stack'] }, { a: asset }],
  [
    'owing a stack that is not wanted',
    'transferred',
    {},
    undefined,
    { ...sent, owes: ['stack'] },
    { a: asset },
    { edited: 'both' },
  ],
  [
    'a caption that the server lost',
    'to complete',
    {},
    undefined,
    { ...sent, want: { description: 'x' } },
    { a: asset },
    {},
    lost,
  ],
  [
    'a caption that its owner cleared',
    'transferred',
    {},
    undefined,
    { ...sent, want: { description: 'x' } },
    { a: asset },
    {},
    { ...lost, changed: true },
  ],
  ['failed', 'failed', {}, undefined, { at: '', failed: 'no' }],
  ['in Google’s trash', 'left out', { trashed: true }],
  [
    'in Google’s trash, wanted',
    'to send',
    { trashed: true },
    undefined,
    undefined,
    {},
    { includeTrashed: true },
  ],
  ['locked', 'left out', { locked: true }],
  ['a partner’s', 'to send', { partner: true }],
  [
    'a partner’s, unwanted',
    'left out',
    { partner: true },
    undefined,
    undefined,
    {},
    { noPartner: true },
  ],
  ['waiting for its sidecar', 'waits', { waits: true }],
  [
    'not waiting any more',
    'to send',
    { waits: true },
    undefined,
    undefined,
    {},
    { noMoreParts: true },
  ],
  ['several candidates', 'undecided', {}, { asset: null, how: 'several' }],
  ['disputed', 'undecided', {}, { asset: null, how: 'disputed' }],
])('%s: %s', (_, is, more, link, transfer, assets = {}, rules = {}, check = undefined) => {
  const seen = { assets, indexed: '2024-02-01' }
  expect(standing({ ...photo, ...more }, link, transfer, check, seen, rules).is).toBe(is)
})

test('the rows of an account name why photos are left out, undecided or removed', () => {
  const rows = [
    { is: 'left out', why: 'x' },
    { is: 'left out', why: 'y' },
    { is: 'failed', why: 'z' },
    { is: 'failed', why: 'w' },
  ] as const
  expect(tally(rows)).toEqual({ 'left out: x': 1, 'left out: y': 1, failed: 2 })
})
