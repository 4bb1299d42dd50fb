import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { googleWorld, picked, recently, shots } from './sandbox/google-world.ts'
import { makeTakeout } from './sandbox/takeout.ts'

const world = await googleWorld()
const { google, immich, folder, newPlace, stage, stages, stateOf, lay } = world
afterAll(() => world.end())
beforeEach(() => {
  google.files.clear()
  google.reset()
})
afterEach(() => {
  google.faults.length = 0
})
const arrived = async (place: string) =>
  Object.values((await stateOf(place)).transfers ?? {}).filter(({ asset }) => asset).length
const times = (text: string, what: RegExp) => text.match(new RegExp(what, 'g'))?.length ?? 0

describe('between index and transfer', () => {
  test.each([
    [
      'the sign-in is taken back',
      'revoked',
      () => google.expire('all'),
      /the sign-in has ended.*make auth ARGS="--google drive"/,
      0,
    ],
    [
      'a part goes from Drive',
      'vanished',
      () => google.files.delete([...google.files.keys()][0] as string),
      /takeout-\S+-001\.zip": it is no longer in Drive.*bin/,
      2,
    ],
    [
      'Google gives no more for the whole day',
      'quota',
      () => fault({ reason: 'userRateLimitExceeded', message: 'User Rate Limit Exceeded' }),
      /User Rate Limit Exceeded \(403\).*run again in an hour/,
      0,
    ],
    [
      'the daily quota is used up',
      'daily',
      () => fault({ reason: 'dailyLimitExceeded', message: 'Daily Limit Exceeded' }),
      /daily quota is used up.*tomorrow/,
      0,
    ],
  ])('%s: that is said once, and the next run goes on', async (_, place, happens, said, there) => {
    const from = { revoked: 400, vanished: 410, quota: 420, daily: 430 }[place] as number
    await newPlace(place, 'drive')
    const files = await lay(recently(3), { shots: shots(from, from + 4) })
    const { code } = await stage(place, 'index-gphotos', ['--drive'])
    expect(code).toBe(0)
    await stages(place, 'index-immich', 'link')
    happens()
    const cut = await stage(place, 'transfer')
    expect({ ...cut, there: await arrived(place) }).toEqual({
      code: 3,
      text: expect.stringMatching(said),
      there,
    })
    expect(times(cut.text, said)).toBe(1)
    expect(Object.values((await stateOf(place)).transfers ?? {}).some(({ failed }) => failed)).toBe(
      false,
    )

    google.faults.length = 0
    for (const file of files) google.files.set(file.id, file)
    const tokens = join(folder, place, 'data/google-tokens.json')
    const drive = google.grant('https://www.googleapis.com/auth/drive.readonly')
    await writeFile(tokens, JSON.stringify({ version: 1, grants: { drive } }))
    await stages(place, 'transfer')
    expect(await arrived(place)).toBe(4)
  })

  function fault(error: { reason: string; message: string }) {
    const body = { error: { code: 403, message: error.message, errors: [error] } }
    google.faults.push({ path: /alt=media/, status: 403, body, times: 1000 })
  }
})

describe('what was picked', () => {
  const choose = async (place: string, ...numbers: number[]) => {
    google.picker.settings.choose = () => numbers.map((n) => picked(n))
    const { code, text } = await stage(place, 'index-gphotos', ['--pick'])
    expect({ code, text }).toMatchObject({ code: 0 })
  }
  const sessions = () => [...google.picker.sessions.values()]

  test('and has ended at Google since: says what to type, and all else goes on', async () => {
    await newPlace('ended', 'picker')
    const { paths } = await makeTakeout(join(folder, 'beside'), { shots: shots(500, 502) })
    await stage('ended', 'index-gphotos', paths)
    await choose('ended', 510, 511)
    const dry = await stage('ended', 'transfer', ['--dry-run']).then(async () => {
      await stages('ended', 'index-immich', 'link')
      return stage('ended', 'transfer', ['--dry-run'])
    })
    expect(dry.text).toMatch(/4 photos \(40\d KB and 2 picked photos of unknown size\)/)
    for (const session of sessions()) session.deleted = true
    const { code, text } = await stage('ended', 'transfer')
    expect([code, text]).toEqual([
      3,
      expect.stringMatching(/has ended that choice: `make index-gphotos ARGS="--pick"`.*2 sent/s),
    ])
    expect(await arrived('ended')).toBe(2)

    await choose('ended', 510, 511)
    await stages('ended', 'index-immich', 'link', 'transfer')
    expect(await arrived('ended')).toBe(4)
    expect(sessions().at(-1)?.deleted).toBe(true)
    expect(await readdir(join(folder, 'ended/data/picked'))).toEqual([])
  })

  test('and cannot be had by itself: is told by name, the others arrive, and a later run gets it', async () => {
    await newPlace('refused', 'picker')
    await choose('refused', 520, 521, 522)
    await stages('refused', 'index-immich', 'link')
    google.faults.push(
      { path: /^\/media\//, status: 403, body: 'Forbidden' },
      {
        path: /^\/media\//,
        status: 200,
        body: '<!doctype html>Sorry',
        headers: { 'content-type': 'text/html' },
      },
    )
    const { code, text } = await stage('refused', 'transfer')
    expect([code, text]).toEqual([
      3,
      expect.stringMatching(
        /PICK_520\.jpg: Google answered 403[\s\S]*PICK_521\.jpg: Google sent no picture of it/,
      ),
    ])
    expect(await arrived('refused')).toBe(1)
    expect(sessions().at(-1)?.deleted).toBe(false)
    await stages('refused', 'transfer')
    expect(await arrived('refused')).toBe(3)
    expect(sessions().at(-1)?.deleted).toBe(true)
    expect(await readdir(join(folder, 'refused/data/picked'))).toEqual([])
  })

  test('and of which nothing at all can be had: each is told, and nothing is held to be gone', async () => {
    await newPlace('none', 'picker')
    await choose('none', 525)
    await stages('none', 'index-immich', 'link')
    google.faults.push({ path: /^\/media\//, status: 404, body: 'Not Found' })
    const { code, text } = await stage('none', 'transfer')
    expect([code, text]).toEqual([3, expect.stringMatching(/PICK_525\.jpg: Google.*404/)])
    expect(text).not.toMatch(/no longer at/)
  })

  test('and was never sent in the week that Google keeps it: is left out, and says so', async () => {
    await newPlace('week', 'picker')
    await choose('week', 530)
    await stages('week', 'index-immich', 'link')
    const file = join(folder, 'week/data/state.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/"until":\d+/, '"until":1000'))
    google.reset()
    await stages('week', 'transfer')
    expect((await stage('week', 'sync', ['--dry-run'])).text).toMatch(
      /1 left out: picked, and Google has ended that choice: pick it again/,
    )
    expect(google.log.some(({ path }) => path === '/v1/mediaItems')).toBe(false)
  })

  test('while too many choices are open, says that Google wants fewer', async () => {
    await newPlace('many', 'picker')
    google.faults.push({
      path: /^\/v1\/sessions$/,
      status: 429,
      times: 9,
      body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Too many sessions.' } },
    })
    const { code, text } = await stage('many', 'index-gphotos', ['--pick'])
    expect([code, text]).toEqual([1, expect.stringMatching(/Too many sessions.*in an hour/)])
  })
})

describe('doctor', () => {
  test('tries each sign-in at Google, and says what stands in the way of it', async () => {
    await newPlace('doctor', 'drive', 'picker')
    const well = await stage('doctor', 'doctor')
    expect(well.text).toMatch(/ok +google +signed in to Google for drive.*picker.*tried just now/)
    google.faults.push({
      path: /drive\/v3\/files/,
      status: 403,
      body: { error: { code: 403, message: 'off', errors: [{ reason: 'accessNotConfigured' }] } },
    })
    expect((await stage('doctor', 'doctor')).text).toMatch(
      /TODO google +.*API is switched off.*drive\.googleapis\.com, click "Enable"/,
    )
    google.expire('all')
    const ended = await stage('doctor', 'doctor')
    expect([ended.code, ended.text]).toEqual([
      1,
      expect.stringMatching(/TODO google +.*sign-in has ended.*Publish app/),
    ])
  })

  test('says nothing of Google to those who never asked for it, and what lacks where nobody signed in', async () => {
    await newPlace('nobody')
    expect((await stage('nobody', 'doctor')).text).toMatch(/TODO google +.*nobody is signed in/)
    const { text } = await stage('..', 'doctor')
    expect(text).not.toMatch(/google/)
  })
})

test('immich got each of them once', () => {
  const names = [...immich.db.assets.values()].map(({ originalFileName }) => originalFileName)
  expect(new Set(names).size).toBe(names.length)
})
