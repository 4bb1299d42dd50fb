import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { inAlbum, picture, type World, world } from './sandbox/run.ts'
import { makeTakeout } from './sandbox/takeout.ts'

let w: World
afterEach(() => w?.end())

test('tells what to type next, all along the way, and changes nothing', async () => {
  w = await world({
    shots: [
      picture('sea.jpg', 1),
      picture('old.jpg', 2, { facts: { trashed: true } }),
      picture('empty.jpg', 3, { bytes: Buffer.alloc(0) }),
    ],
  })
  const next = async () => /^Next +(.*)$/m.exec((await w.run('status')).out)?.[1]
  expect(await next()).toContain('make index-gphotos')
  await w.stages('index-gphotos')
  expect(await next()).toContain('make index-immich')
  await w.stages('index-immich')
  expect(await next()).toContain('make link')
  await w.stages('link')
  expect(await next()).toContain('make transfer')
  await w.stages('transfer')
  expect(await next()).toContain('make verify')
  await w.stages('verify --wait 1m')
  // The empty file keeps the verdict from a plain yes.
  expect(await next()).toBe('`make report`, and look at what it shows: nothing is left to send')

  const before = await readFile(w.state)
  const { out } = await w.run('status')
  expect(out).toMatch(/^Google Photos +2 photos in 0 albums, from 1 part; \d+ files? in no photo$/m)
  expect(out).toMatch(/^In no photo +2 = 1 empty file \+ 1 its photo is not in the export$/m)
  expect(out).toMatch(/^Photos +2 = 1 transferred \+ 1 left out: in the trash of Google Photos$/m)
  expect(out).toMatch(/^Checked +1 right, 0 differ/m)
  const { counts } = JSON.parse((await w.run('status', ['--json'])).out)
  expect(counts).toMatchObject({ photos: 2, transfers: 1, checks: 1 })
  expect((await w.run('status', ['--list', 'left out'])).out).toContain('"title":"old.jpg"')
  expect((await w.run('status', ['--list', 'empty file'])).out).toContain('empty.jpg')
  const none = await w.run('status', ['--list', 'bananas'])
  expect(none).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringMatching(/there is: empty file, in no photo, .*left out/),
  })
  expect(await readFile(w.state)).toEqual(before)
  expect(await w.run('status', ['--nonsense'])).toMatchObject({ code: 2 })
})

/** Types what is next, again and again, as somebody would who trusts it. Gives the last, when it no longer changes anything. */
async function followed() {
  const typed: string[] = []
  for (;;) {
    const { out } = await w.run('status')
    const next = /^Next +(.*)$/m.exec(out)?.[1] ?? ''
    const [, stage = '', args = ''] = /^`make ([\w-]+)(?: ARGS="([^"]*)")?/.exec(next) ?? []
    if (!stage || stage === 'report' || stage === 'status' || stage === 'review')
      return { typed, next, verdict: out.split('\n')[0] }
    typed.push(stage)
    expect(typed.length, typed.join(', ')).toBeLessThan(16)
    await w.stages([stage, ...args.split(' ').filter(Boolean)].join(' '))
  }
}
const SENT = ['index-gphotos', 'index-immich', 'link', 'transfer', 'verify']
const ALL_THERE = 'nothing: all is there. When there is a new Takeout: `make sync TAKEOUT="..."`'

test('who follows it comes to the end, from nothing and after a new Takeout', async () => {
  const sea = picture('sea.jpg', 1)
  w = await world({
    shots: [sea, ...inAlbum('Trip', sea)],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  expect(await followed()).toEqual({
    typed: SENT,
    next: ALL_THERE,
    verdict: 'Safe to leave Google: yes',
  })
  // The same again: one stage finds that out.
  await w.stages('index-gphotos')
  expect(await followed()).toMatchObject({ typed: [], next: ALL_THERE })
  await makeTakeout(
    join(w.dir, 'takeout'),
    { shots: [picture('sea.jpg', 1, { facts: { description: 'calm' } }), picture('lake.jpg', 2)] },
    { stamp: '20260301T101500Z' },
  )
  await w.stages('index-gphotos')
  expect((await w.run('status')).out).toMatch(/^Safe to leave Google: not yet/)
  expect(await followed()).toMatchObject({
    typed: ['link', 'transfer', 'verify'],
    next: ALL_THERE,
    verdict: 'Safe to leave Google: yes',
  })
})

test('who follows it comes to the end where nothing is to be sent', async () => {
  w = await world({ shots: [picture('old.jpg', 1, { facts: { trashed: true } })] })
  expect(await followed()).toEqual({
    typed: SENT.slice(0, 4),
    next: ALL_THERE,
    verdict: 'Safe to leave Google: yes',
  })
})

test('who follows it comes to a person where a photo is refused each time', async () => {
  w = await world({ shots: [picture('sea.jpg', 1), picture('lake.jpg', 2)] })
  const body = '{"message":"Unsupported file type"}'
  w.server.fail({ method: 'POST', path: /assets$/, status: 400, body, skip: 1, times: 9 })
  const { typed, next, verdict } = await followed()
  expect(typed).toEqual([...SENT.slice(0, 3), 'transfer', 'transfer', 'transfer', 'verify'])
  expect(next).toMatch(/^`make status ARGS="--list failed"` says why they failed/)
  expect(verdict).toBe('Safe to leave Google: not yet, 1 photo failed')
})

test('runs beside a transfer, without its lock', async () => {
  w = await world({ shots: [picture('sea.jpg', 1)] })
  await w.stages('index-gphotos', 'index-immich', 'link')
  w.server.fail({ method: 'POST', path: /assets$/, hang: true })
  const { child, done } = w.begin('transfer')
  while (w.server.count('POST', /assets$/) < 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect((await w.run('status')).out).toMatch(/transfer +.*not finished/)
  child.kill('SIGINT')
  expect((await done).code).toBe(130)
})

test('a transfer that was stopped leaves the account of the one before', async () => {
  w = await world({ shots: [picture('sea.jpg', 1), picture('lake.jpg', 2)] })
  await w.stages('index-gphotos', 'index-immich', 'link', 'transfer --limit 1')
  w.server.fail({ method: 'POST', path: /assets$/, hang: true })
  const before = w.server.count('POST', /assets$/)
  const { child, done } = w.begin('transfer')
  while (w.server.count('POST', /assets$/) === before)
    await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await done
  const { out } = await w.run('status')
  expect(out).toMatch(/^Safe to leave Google: not yet, 1 photo owed\n/)
  expect(out).toMatch(/^Last +transfer .*not finished$/m)
})
