import { utimesSync } from 'node:fs'
import { ExifTool } from 'exiftool-vendored'
import jpeg from 'jpeg-js'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Alike, keyOf, type Report, readReport } from '../lib/dedupe/report.ts'
import { openState } from '../lib/state/state.ts'
import { hasChromium, startBrowser } from './sandbox/browser.ts'
import { paint } from './sandbox/landscape.ts'
import { openPage, troubles } from './sandbox/review.ts'
import { place } from './sandbox/tree.ts'

let p: ReturnType<typeof place>
let report: Report
let page: Awaited<ReturnType<typeof openPage>>
const scene = (seed: number) =>
  jpeg.encode(paint({ seed, width: 320, height: 240 }), 95).data as Buffer
const smaller = (seed: number, width: number) => sharp(scene(seed)).resize(width).jpeg().toBuffer()

// No server, no state: folders alone.
beforeAll(async () => {
  p = place({ FOLDERS: 'tree' })
  p.put('tree/hill.jpg', scene(1))
  p.put('tree/hill small.jpg', await smaller(1, 120), 0)
  p.put('tree/lake.jpg', scene(5))
  const shot = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
    .tiff()
    .toBuffer()
  const raw = p.put('tree/raw/lake.dng', shot)
  const preview = p.put('preview.jpg', await smaller(5, 160))
  const exiftool = new ExifTool({ maxProcs: 1 })
  await exiftool
    .write(raw, {}, ['-overwrite_original', `-PreviewImage<=${preview}`])
    .finally(() => exiftool.end())
  p.put('tree/copies/lake.jpg', await smaller(5, 140))
  p.put('tree/old.jpg', scene(9))
  p.put('tree/old small.jpg', await smaller(9, 120))
  await p.run('dedupe', ['--similar'])
  report = (await readReport(p.at('data/similar.json'))) as Report
  // Of these two nothing is to be decided any more.
  utimesSync(p.at('tree/old.jpg'), 1, 1)
})
afterAll(async () => {
  page?.child.kill('SIGINT')
  await page?.done
  p?.end()
})

const decisions = async () =>
  (await openState(p.at('data/state.json'), { read: ['decisions'] })).data.decisions

describe.skipIf(!hasChromium)('files that look alike', () => {
  test('are shown from the disk, decided one by one, and taken out by dedupe', async () => {
    page = await openPage(p)
    const browser = await startBrowser()
    try {
      const tab = await browser.newPage()
      tab.setDefaultTimeout(10_000)
      const wrong = troubles(tab)
      await tab.goto(page.address)
      const card = tab.locator('.card')
      await card.filter({ hasText: 'Pictures that look alike' }).waitFor()
      expect(await card.locator('.many').allInnerTexts()).toEqual(['2'])
      // Looks are no proof: there is no word for all of them, and nobody asks for Immich.
      expect(await card.getByRole('button', { name: 'Accept class' }).count()).toBe(0)
      expect(await tab.getByText('Facts only').count()).toBe(0)
      expect(await tab.locator('#decided').textContent()).toBe('0 of 2 decided')
      await tab.waitForFunction(() =>
        [...document.querySelectorAll('.samples img')].some(
          (image) => (image as HTMLImageElement).naturalWidth === 320,
        ),
      )

      const widths = (...expected: number[]) =>
        tab.waitForFunction(
          (all) =>
            [...document.querySelectorAll('.side img')]
              .map((image) => (image as HTMLImageElement).naturalWidth)
              .join() === all,
          expected.join(),
        )
      const roles = () => tab.locator('.side .role span').allInnerTexts()
      const said = (text: string) => tab.locator('#said').filter({ hasText: text }).waitFor()
      const look = async (name: string) => {
        const group = report.groups.find(([one]) => one?.path === p.at('tree', name)) as Alike[]
        await tab.goto(`${page.address}#0/${encodeURIComponent(keyOf(group))}`)
        await tab.getByRole('heading', { level: 1, name, exact: true }).waitFor()
      }
      await look('lake.jpg')
      await widths(320, 140, 160)
      expect(await roles()).toEqual(['stays', 'goes to the trash', 'stays beside it'])
      await tab.keyboard.press('3')
      expect(await tab.locator('.bar .yes').isDisabled()).toBe(true)
      await look('hill.jpg')
      await widths(320, 120)
      expect(await roles()).toEqual(['stays', 'goes to the trash'])
      expect(await tab.locator('tr.differs th').allInnerTexts()).toEqual(
        expect.arrayContaining([expect.stringContaining('pixels')]),
      )
      expect(await tab.getByRole('button', { name: 'Stack' }).count()).toBe(0)
      await tab.keyboard.press('s')
      await tab.keyboard.press('2')
      expect(await roles()).toEqual(['goes to the trash', 'stays'])
      await tab.keyboard.press('1')
      await tab.keyboard.press('y')
      await said('hill.jpg: accepted')
      const hill = p.at('tree/hill.jpg')
      expect(Object.values(await decisions())).toEqual([
        {
          accept: true,
          winner: hill,
          of: [expect.stringContaining(p.at('tree/hill small.jpg')), expect.stringContaining(hill)],
          at: expect.stringMatching(/Z$/),
        },
      ])
      expect(wrong).toEqual([])

      const file = (rest: string) => fetch(`${page.address}file/${rest}`)
      const [key] = Object.keys(await decisions())
      expect((await file(`${key}/0?size=large`)).headers.get('content-type')).toBe('image/jpeg')
      for (const not of [
        `${key}/2`,
        `${key}/-1`,
        `${key}/length`,
        'similar:0/0',
        '..%2fpreview.jpg/0',
      ])
        expect([not, (await file(not)).status]).toEqual([not, 404])
      const was = p.read('tree/hill small.jpg')
      p.put('tree/hill small.jpg', 'another')
      const changed = await file(`${key}/1`)
      expect([changed.status, await changed.text()]).toEqual([
        404,
        'It is no longer as it was looked at',
      ])
      p.put('tree/hill small.jpg', was, 0)
      await tab.getByRole('button', { name: 'Done' }).click()
      await tab.getByText('make dedupe ARGS="--reviewed --dry-run"').waitFor()
      expect(await page.done).toMatchObject({ code: 0, err: expect.stringContaining('1 accepted') })
      const ran = await p.run('dedupe', ['--reviewed', '--yes'])
      expect(ran.err).toContain('1 photo = 1 in the trash')
      expect(p.files('tree').filter((name) => name.startsWith('hill'))).toEqual(['hill.jpg'])
    } finally {
      await browser.close()
    }
  })
})
