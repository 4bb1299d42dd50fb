import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Line } from '../lib/report/account.ts'
import { monthsOf } from '../lib/report/account.ts'
import { core } from '../lib/report/chart.ts'
import { googlePage } from '../lib/report/groups.ts'
import type { Report } from '../lib/report/report.ts'
import { tablesOf } from '../lib/report/tables.ts'
import { type Numbers, noPhotos, proven, verdict } from '../lib/report/verdict.ts'
import type { Photo } from '../lib/state/records.ts'
import { openState } from '../lib/state/state.ts'
import { writeBigState } from './sandbox/big-state.ts'
import { hasChromium, startBrowser } from './sandbox/browser.ts'
import { inAlbum, picture, start, type World, world } from './sandbox/run.ts'

let w: World | undefined
afterEach(async () => {
  await w?.end()
  w = undefined
})
const opened = hasChromium ? await startBrowser() : undefined
afterAll(() => opened?.close())

const EVIL = '<img src=x onerror=alert(1)>'
const ROWS = ['left out', 'removed', 'failed', 'owed', 'transferred', 'linked'] as const
const reportOf = async (state: string) =>
  JSON.parse(
    (await start('report', ['--state', state, '--json'], { cwd: tmpdir() }).done).out,
  ) as Report
const sum = (rows: Record<string, number>) =>
  Object.values(rows).reduce((all, many) => all + many, 0)

const nothing: Numbers = {
  there: 'Immich',
  photos: noPhotos(),
  proven: proven([], {}, {}),
  locked: 0,
  missing: new Map(),
  unreadable: 0,
  damaged: 0,
  lost: 0,
  notChosen: 0,
  albums: { left: 0, waiting: 0 },
  isOld: false,
}
const sent = (photos: Partial<Numbers['photos']>, more: Partial<Numbers> = {}): Numbers => ({
  ...nothing,
  photos: { ...noPhotos(), transferred: 40, ...photos },
  ...more,
})
test.each<[string, Numbers]>([
  ['not yet, no photo is known', nothing],
  ['yes', sent({})],
  ['yes', sent({ linked: 3, 'left out': 2 })],
  ['not yet, 14 photos owed', sent({ owed: 14 })],
  ['not yet, 1 photo owed, 2 failed', sent({ owed: 1, failed: 2 })],
  ['not yet, 1 photo failed', sent({ failed: 1 })],
  ['not yet, a part of the export is missing', sent({}, { missing: new Map([['takeout', [2]]]) })],
  ['not yet, a part of the export is missing', sent({}, { unreadable: 1 })],
  [
    'yes, but part 2 of takeout is missing: what lies in it is unknown',
    sent({}, { missing: new Map([['takeout', [2]]]), noMoreParts: true }),
  ],
  [
    'not yet, all is sent, 3 photos are not verified',
    sent({}, { proven: { ...nothing.proven, unverified: 3 } }),
  ],
  ['yes, but 2 photos are no longer in Immich', sent({ removed: 2 })],
  ['yes, but 1 photo is no longer in Immich', sent({}, { proven: { ...nothing.proven, gone: 1 } })],
  ['yes, but 2 photos of the locked folder are left out', sent({ 'left out': 2 }, { locked: 2 })],
  ['yes, but 1 file came damaged in the export', sent({}, { damaged: 1, lost: 1 })],
  ['yes, but of 1 photo the export has only the sidecar', sent({}, { lost: 1 })],
  ['not yet, 1 album lacks photos', sent({}, { albums: { left: 1, waiting: 2 } })],
  ['yes, but 2 albums wait for a word of yours', sent({}, { albums: { left: 0, waiting: 2 } })],
  [
    'not yet, the export was indexed again, and transfer has not looked since',
    sent({}, { isOld: true }),
  ],
  ['yes, but 5 files of the export are not chosen', sent({}, { notChosen: 5 })],
])('verdict: %s', (text, numbers) => {
  const found = verdict(numbers)
  expect(found.text).toBe(text)
  expect(text.startsWith(found.safe)).toBe(true)
})

test('a part that is missing is told even where more is owed', () => {
  const { because } = verdict(
    sent({ owed: 1 }, { missing: new Map([['takeout', [2, 3]]]), lost: 1 }),
  )
  expect(because).toEqual([
    'part 2, 3 of takeout is missing: what lies in it is unknown',
    'of 1 photo the export has only the sidecar',
  ])
})

test.each([
  ['https://photos.google.com/photo/AF1QipN_a-b?x=1', true],
  ['https://photos.google.com.evil.example/photo', false],
  ['javascript:alert(1)//https://photos.google.com/', false],
  ['https://photos.google.com/"><script>', false],
  [undefined, false],
])('a page of Google Photos: %s', (url, is) => {
  expect(googlePage(url)).toBe(is ? url : undefined)
})

const taken = (...times: (string | null)[]) =>
  times.map((time) => {
    const seconds = time === null ? null : Date.parse(time) / 1000
    return { row: 'transferred', photo: { taken: seconds } } as Line
  })

test('months run from the first to the last with those between; impossible times are none', () => {
  const { months, undated } = monthsOf([
    ...taken('2023-12-31T23:59:59Z', '2024-02-01T00:00:00Z', null),
    ...[1e15, -1e15, 1e9 * 1000].map((far) => ({ row: 'owed', photo: { taken: far } }) as Line),
  ])
  expect(months.map(({ month, google }) => [month, google])).toEqual([
    ['2023-12', 1],
    ['2024-01', 0],
    ['2024-02', 1],
  ])
  expect(undated).toEqual({ google: 4, there: 1, left: 0, owed: 3 })
  expect(monthsOf([]).months).toEqual([])
})

test('a few photos of clocks that were never set are not drawn, and counted', () => {
  const life = Array.from({ length: 300 }, (_, n) => new Date(Date.UTC(2020, n % 12)).toISOString())
  const { months } = monthsOf(taken('1970-01-01T00:00:00Z', ...life, '2038-01-19T00:00:00Z'))
  const { drawn, before, after } = core(months)
  expect([drawn[0]?.month, drawn.at(-1)?.month, before, after]).toEqual([
    '2020-01',
    '2020-12',
    1,
    1,
  ])
  // Of a small library each counts.
  const few = monthsOf(taken('1970-01-01T00:00:00Z', '2020-01-01T00:00:00Z')).months
  expect(core(few).drawn).toHaveLength(few.length)
})

test.each([
  ['=HYPERLINK("http://evil","x")', `"'=HYPERLINK(""http://evil"",""x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1', "'＝1"],
  ['\n=1', `"'\n=1"`],
  ['a=1', 'a=1'],
  ['a\0\u202eb', 'a\ufffd\ufffdb'],
])('a text that a spreadsheet would take for a formula is none: %j', (title, cell) => {
  const empty = { google: 0, there: 0, left: 0, owed: 0 }
  const albums = [{ title, ...empty, taken: 0 }]
  const report = {
    photos: { rows: {}, proven: {} },
    files: { rows: {} },
    months: [],
    undated: empty,
    groups: [],
    merged: { sizes: [] },
    parts: [],
    runs: [],
    days: [],
  }
  const csv = tablesOf({ ...report, albums } as unknown as Report).get('albums.csv')
  expect(csv).toContain(`\r\n${cell},0,0,0,0,0,,\r\n`)
})

test('status, report and the page tell the same, in rows that add up', async () => {
  const sea = picture('sea.jpg', 1)
  w = await world({
    shots: [
      sea,
      picture('lake.jpg', 2),
      ...inAlbum('Trip', sea),
      picture('old.jpg', 3, { facts: { trashed: true } }),
      picture('_img src=x onerror=alert(1)_.jpg', 4, { title: `${EVIL}.jpg` }),
      picture('empty.jpg', 5, { bytes: Buffer.alloc(0) }),
    ],
    albums: [{ folder: 'Trip', title: `</script>${EVIL}` }],
  })
  await w.stages('index-gphotos')
  const told = async () => {
    const { verdict: safe } = JSON.parse((await w?.run('status', ['--json']))?.out ?? '')
    const report = await reportOf(w?.state as string)
    expect(report.verdict).toEqual(safe)
    expect(sum(report.files.rows)).toBe(report.files.listed)
    const { months, undated, photos } = report
    expect(sum(photos.rows)).toBe(months.reduce((all, { google }) => all + google, undated.google))
    return report
  }
  expect((await told()).verdict.text).toBe('not yet, 3 photos owed')
  await w.stages('index-immich', 'link', 'transfer')
  expect((await told()).verdict.text).toBe('not yet, all is sent, 3 photos are not verified')
  await w.stages('verify --wait 1m')
  const report = await told()
  expect(report.verdict).toEqual({
    safe: 'yes, but',
    text: 'yes, but 1 file came damaged in the export',
    because: ['1 file came damaged in the export', 'of 1 photo the export has only the sidecar'],
  })
  expect(report.photos.rows).toEqual({ ...noPhotos(), transferred: 3, 'left out': 1 })
  expect(report.albums).toMatchObject([{ google: 1, there: 1, left: 0, owed: 0, taken: 0 }])
  expect(report.parts).toMatchObject([{ photos: 4, verified: 3, left: 1, verdict: 'stays' }])
  expect(report.merged.same.files).toBe(1)

  // A state that is there is not touched, and a page that is there is replaced.
  const before = await readFile(w.state)
  expect(await w.run('report', ['--csv', join(w.dir, 'tables')])).toMatchObject({
    code: 0,
    out: '',
  })
  expect((await w.run('report', ['--quiet'])).err).toBe('')
  expect(await readFile(w.state)).toEqual(before)
  const unfit = readFileSync(join(w.dir, 'tables/did-not-fit.csv'), 'utf8')
  expect(unfit).toContain('empty.jpg,Takeout/')
  expect(await w.run('report', ['--nonsense'])).toMatchObject({ code: 2 })
  if (!opened) return

  await look(join(w.dir, 'report.html'), report, async (page) => {
    // What strangers wrote is text.
    await expect(page.locator('img, script:not([type=module])').count()).resolves.toBe(0)
    expect(await page.locator('tbody', { hasText: `</script>${EVIL}` }).count()).toBeGreaterThan(0)
  })
})

test.skipIf(!opened)('of nothing there is a page, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'))
  const file = join(folder, 'state.json')
  expect((await start('report', ['--state', file], { cwd: folder }).done).code).toBe(0)
  await look(join(folder, 'report.html'), await reportOf(file), async () => {})
  await rm(folder, { recursive: true })
})

test('in folders it counts what lies there and was read again', async () => {
  const sea = picture('sea.jpg', 1)
  w = await world({
    shots: [sea, ...inAlbum('Trip', sea), picture('old.jpg', 2, { facts: { trashed: true } })],
    albums: [{ folder: 'Trip', title: 'Trip' }],
  })
  const told = async () => {
    const { verdict: safe } = JSON.parse((await w?.run('status', ['--json']))?.out ?? '')
    const report = await reportOf(w?.state as string)
    expect(report.verdict).toEqual(safe)
    return report
  }
  const mirror = (...args: string[]) =>
    w?.run('mirror', args, {
      TAKEOUT: join(w.dir, 'takeout'),
      LIBRARY: join(w.dir, 'library'),
      IMMICH_URL: '',
      IMMICH_API_KEY: '',
    })
  await mirror()
  expect((await told()).verdict.text).toBe('not yet, all is sent, 1 photo is not verified')
  await mirror('--resync', '--checksum')
  const report = await told()
  expect(report).toMatchObject({
    there: 'the folders',
    verdict: { text: 'yes' },
    photos: { rows: { transferred: 1, 'left out': 1 } },
    albums: [{ google: 1, there: 1, owed: 0, taken: 0 }],
  })
})

test.skipIf(!opened)(
  'a word of 2,000 letters makes no page wider, and what is owed leads to its reason',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'report-'))
    const file = join(folder, 'state.json')
    await writeBigState(file, 200)
    const state = await openState(file, { stage: 'test', write: ['photos', 'transfers'] })
    const [first, ...more] = Object.keys(state.data.photos)
    const photo = state.data.photos[first as string] as Photo
    state.put('photos', first as string, { ...photo, title: 'x'.repeat(2000) })
    for (const id of [first as string, ...more.slice(0, 60)])
      state.put('transfers', id, {
        at: '2026-10-02T08:00:00Z',
        failed: `refused ${'y'.repeat(2000)}`,
      })
    await state.save()
    await start('report', ['--state', file], { cwd: folder }).done
    const report = await reportOf(file)
    await look(join(folder, 'report.html'), report, async (page) => {
      expect(await page.locator('.next').textContent()).toBe('Next: make transfer')
      const link = page.locator('.because a', { hasText: /^Failed: \d+$/ })
      const reason = page.locator('details', { has: page.locator(`[id="reason-1"]`) })
      expect(await reason.getAttribute('open')).toBeNull()
      // On paper there is nothing to unfold.
      await page.emulateMedia({ media: 'print' })
      expect(await reason.locator('tbody tr').first().isVisible()).toBe(true)
      await page.emulateMedia({ media: 'screen' })
      await link.press('Enter')
      expect(await reason.getAttribute('open')).not.toBeNull()
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(width).toBeLessThanOrEqual(390)
    })
    await rm(folder, { recursive: true })
  },
)

describe.skipIf(!opened)('a library of 100,000 photos', () => {
  // Making it alone takes a while.
  test('is a page of less than 2 MB, whose numbers are those of the state', {
    timeout: 180_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'report-'))
    const file = join(folder, 'state.json')
    await writeBigState(file, 100_000)
    const { code } = await start('report', ['--state', file], { cwd: folder }).done
    const report = await reportOf(file)
    expect([code, sum(report.photos.rows), sum(report.files.rows)]).toEqual([
      0,
      100_000,
      report.files.listed,
    ])
    expect((await stat(join(folder, 'report.html'))).size).toBeLessThan(2e6)
    await look(join(folder, 'report.html'), report, async (page) => {
      const shown = () => page.locator('#unfit tbody tr:visible').count()
      // By the keyboard alone: the skip link, then on to the filter.
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip')
      for (let n = 0; n < 10; n++) {
        if (await page.evaluate(() => document.activeElement?.id === 'filter')) break
        await page.keyboard.press('Tab')
      }
      const all = await shown()
      await page.keyboard.type('failed img_')
      expect(await shown()).toBe(0)
      await page.keyboard.press('Escape')
      expect(await shown()).toBe(all)
      await page.keyboard.type('pxl_7011 google')
      expect(await shown()).toBe(1)
      expect(await page.locator('#found').textContent()).toBe('1 row shown here')
    })
    await rm(folder, { recursive: true })
  })
})

/** Opens the page as a person would, who is offline: no error, no request, the numbers, and nothing wider than the screen. */
async function look(file: string, report: Report, more: (page: Page) => Promise<void>) {
  const page = (await opened?.newPage({ viewport: { width: 390, height: 844 } })) as Page
  const trouble: string[] = []
  page.on('console', (message) => trouble.push(message.text()))
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('dialog', (dialog) => trouble.push(dialog.message()))
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  const address = String(pathToFileURL(file))
  await page.goto(address)
  expect((await page.locator('#verdict').textContent())?.toLowerCase()).toBe(
    report.verdict.text.toLowerCase(),
  )
  for (const row of ROWS) {
    const cell = page.locator(`[data-row="${row}"]`)
    const text = (await cell.count()) > 0 ? await cell.textContent() : '0'
    expect([row, text]).toEqual([row, report.photos.rows[row].toLocaleString('en-US')])
  }
  const groups = report.groups.map(({ title, items }) => [
    title,
    items.length.toLocaleString('en-US'),
  ])
  const summaries = page.locator('#unfit summary')
  expect(
    await summaries.evaluateAll((all) =>
      all.map((one) => [...one.children].map((child) => child.textContent)),
    ),
  ).toEqual(groups)
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  expect(width).toBeLessThanOrEqual(390)
  await more(page)
  expect([trouble, asked.filter((url) => url !== address && !url.startsWith('data:'))]).toEqual([
    [],
    [],
  ])
  await page.close()
}
