import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { classOf } from '../lib/dupes/deciding.ts'
import { webAddress } from '../lib/immich/address.ts'
import { takeLock } from '../lib/state/lock.ts'
import { openState } from '../lib/state/state.ts'
import { hasChromium, startBrowser } from './sandbox/browser.ts'
import { keyOf } from './sandbox/duplicates.ts'
import {
  EVIL,
  openPage,
  type ReviewWorld,
  reviewWorld,
  troubles,
  without,
} from './sandbox/review.ts'
import { type World, world } from './sandbox/run.ts'

const inBrowser = describe.skipIf(!hasChromium)

let w: ReviewWorld
let page: Awaited<ReturnType<typeof openPage>>
beforeAll(async () => {
  w = await reviewWorld()
  await w.keep('begun.json')
})
afterAll(() => w?.end())
afterEach(async () => {
  page?.child.kill('SIGINT')
  await page?.done
  await rm(`${w.state}.journal`, { force: true })
  await w.back('begun.json')
})

/** What is decided on the disk, also while the page is open: the document with its journal. */
const decisions = async () => (await openState(w.state, { read: ['decisions'] })).data.decisions
const CLASS = 'class:picture, smaller in pixels, no conflict'

describe('nobody gets in but the page itself', () => {
  type Head = Record<string, string>
  const ask = (path: string, headers: Head = {}, method = 'GET', body = '{}') =>
    new Promise<{ status: number; headers: Head; text: string }>((resolve, reject) => {
      const url = new URL(path, page.address)
      const asked = request(url, { method, headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers as Head, text }),
        )
      })
      asked.on('error', reject)
      asked.end(method === 'POST' ? body : undefined)
    })

  test('by the address alone, from this machine and this origin', async () => {
    page = await openPage(w)
    const { origin, host, pathname, port } = new URL(page.address)
    const own = { origin, 'sec-fetch-site': 'same-origin' }
    const cases: [string, Head, string, number][] = [
      [pathname, {}, 'GET', 200],
      [pathname, { host: `localhost:${port}` }, 'GET', 200],
      ['/', {}, 'GET', 403],
      [`/${'x'.repeat(32)}/`, {}, 'GET', 403],
      [`${pathname.slice(0, -2)}/`, {}, 'GET', 403],
      [`${pathname}overview`, { host: `photos.example:${port}` }, 'GET', 403],
      [`${pathname}overview`, { host: `127.0.0.1.evil.example:${port}` }, 'GET', 403],
      [`${pathname}overview`, { origin: 'https://evil.example' }, 'GET', 403],
      [`${pathname}overview`, { origin: 'null' }, 'GET', 403],
      [`${pathname}overview`, { 'sec-fetch-site': 'cross-site' }, 'GET', 403],
      [`${pathname}overview`, { 'sec-fetch-site': 'same-site' }, 'GET', 403],
      [`${pathname}undo`, {}, 'POST', 403],
      [`${pathname}undo`, { origin: `http://${host}0` }, 'POST', 403],
      [`${pathname}undo`, { ...own, 'sec-fetch-site': 'none' }, 'POST', 403],
      [`${pathname}undo`, own, 'POST', 200],
      [`${pathname}asset/${keyOf('no asset of ours')}`, {}, 'GET', 404],
      [`${pathname}photo/link:${keyOf('no photo of ours')}`, {}, 'GET', 404],
      [`${pathname}page/..%2f..%2freview.ts`, {}, 'GET', 404],
      [`${pathname}decide`, own, 'POST', 400],
    ]
    for (const [path, headers, method, status] of cases) {
      const answer = await ask(path, headers, method)
      expect([path, headers, answer.status]).toEqual([path, headers, status])
      const policy = answer.headers['content-security-policy']
      expect(policy).toMatch(/^default-src 'none'; .*frame-ancestors 'none'; require-trusted-types/)
      expect(policy).not.toMatch(/unsafe|\*/)
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
    }
    const { headers } = await ask(pathname)
    expect(headers['content-security-policy']).toContain(`script-src http://${host}${pathname};`)
    expect(await decisions()).toEqual({})
  })

  test('what no page of ours says is refused, and is no bug', async () => {
    page = await openPage(w)
    const { origin, pathname } = new URL(page.address)
    for (const [body, status] of [
      ['null', 400],
      ['5', 400],
      ['{"key":', 400],
      ['{"key":"__proto__","decided":{"accept":true}}', 400],
      [' '.repeat(100_000), 413],
    ] as const)
      expect(await ask(`${pathname}decide`, { origin }, 'POST', body)).toMatchObject({ status })
    page.child.kill('SIGINT')
    expect((await page.done).err).not.toMatch(/Error|bug/)
    expect(await decisions()).toEqual({})
  })

  test('and the key of the server never leaves it', async () => {
    page = await openPage(w)
    const shown = [
      '',
      'overview',
      'immich',
      `items?key=${keyOf('evil')}`,
      'page/main.ts',
      `asset/${w.asset('late.jpg').id}?size=preview`,
    ]
    for (const path of shown) {
      const answer = await ask(path)
      expect([path, answer.status]).toEqual([path, 200])
      expect(JSON.stringify(answer)).not.toContain(w.server.key)
    }
  })
})

test('a picture that breaks off is no whole one, and ends nothing; nor does one that nobody waits for', async () => {
  page = await openPage(w)
  const path = `${page.address}asset/${w.asset('late.jpg').id}?size=preview`
  w.server.fail({ path: /thumbnail/, cut: 100 })
  await expect(fetch(path).then((answer) => answer.arrayBuffer())).rejects.toThrow()
  const left = new AbortController()
  await fetch(path, { signal: left.signal })
  left.abort()
  w.server.fail({ path: /thumbnail/, status: 404 })
  expect((await fetch(path)).status).toBe(404)
  expect((await fetch(path)).status).toBe(200)
  page.child.kill('SIGINT')
  const { code, err, out } = await page.done
  expect([code, out]).toEqual([130, ''])
  expect(err).toContain('review: a picture broke off: the connection broke')
  expect(err).not.toMatch(/bug|\n {4}at /)
})

test.each([
  ['http://nas:2283', 'http://nas:2283'],
  ['https://photos.example.org/api/', 'https://photos.example.org'],
  ['https://example.org/immich/api', 'https://example.org/immich'],
  ['https://anna:secret@example.org', ''],
  ['javascript:alert(1)', ''],
  ['', ''],
])('links to an asset at %j begin with %j', (given, expected) => {
  expect(webAddress(given)).toBe(expected)
})

test('without anything to review it says so, and ends', async () => {
  const empty: World = await world({})
  expect(await empty.run('review')).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^review: nothing to review: .*make dupes-analyze.*\n$/),
  })
  expect(await empty.run('review', ['--port', '70000'])).toMatchObject({ code: 2 })
  await empty.end()
})

inBrowser('the page in a browser', () => {
  let browser: Browser
  let tab: Page
  let wrong: string[]
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    await tab?.close()
    expect(wrong).toEqual([])
  })

  async function open({ env, at = '' }: { env?: Record<string, string>; at?: string } = {}) {
    page = await openPage(w, env)
    tab = await browser.newPage()
    tab.setDefaultTimeout(10_000)
    wrong = troubles(tab)
    await tab.goto(page.address + at)
    await tab.waitForSelector('h1')
  }
  const button = (name: string | RegExp) => tab.getByRole('button', { name })
  const card = (title: string, reason: string) =>
    tab.locator('.card').filter({ hasText: title }).filter({ hasText: reason })
  const heading = (text: string) =>
    tab.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
  const press = (key: string) => tab.keyboard.press(key)
  const said = (text: string) => tab.locator('#said').filter({ hasText: text }).waitFor()
  const look = async (title: string) => {
    await tab.goto(page.address + one(keyOf(title.replace('.jpg', ''))))
    await heading(title)
  }
  const one = (key: string) => `#rest/${encodeURIComponent(key)}`

  test('shows every class with its count and samples, and accepts and leaves them as a whole', async () => {
    await open()
    const counts = await tab
      .locator('.card')
      .evaluateAll((cards) =>
        cards.map((card) =>
          [...card.querySelectorAll('h2, .many, .chip')]
            .map((part) => part.textContent)
            .join(' | '),
        ),
      )
    expect(counts.toSorted()).toEqual([
      'Photos that could be several assets | 2 | only you can tell',
      'Pictures: the copy is smaller | 1 | different cameras',
      'Pictures: the copy is smaller | 1 | different times',
      'Pictures: the copy is smaller | 3 | no conflict',
      'Pictures: the same pixels in fewer bytes | 2 | found by name and second',
      'RAW files: of different kinds | 1 | RAW and picture',
    ])
    const groups = Object.values(w.load().duplicates)
    const classes = Map.groupBy(groups, (group) => classOf(group.assets, group))
    expect(counts.length).toBe(classes.size + 1)
    expect(await tab.locator('#decided').textContent()).toBe('0 of 7 decided')
    const first = card('the copy is smaller', 'no conflict')
    expect(await first.textContent()).toContain(
      'The larger one (on the left) stays, 3 copies go to the trash.',
    )
    await first.locator('.samples li').nth(2).waitFor()
    expect(await first.locator('.samples li').count()).toBe(3)
    await tab.waitForFunction(() => document.querySelector('img')?.naturalWidth === 60)

    await first.getByRole('button', { name: 'Accept class' }).click()
    await first.getByText('Accepted as a class').waitFor()
    expect(await decisions()).toEqual({
      [CLASS]: { accept: true, at: expect.stringMatching(/Z$/) },
    })
    await first.getByRole('button', { name: 'Take back' }).click()
    await first.getByRole('button', { name: 'Leave class' }).click()
    await first.getByText('Left as a class').waitFor()
    expect(await decisions()).toMatchObject({ [CLASS]: { accept: false } })
    await press('u')
    await first.getByRole('button', { name: 'Accept class' }).waitFor()
    expect(await decisions()).toEqual({})
    await card('RAW files', 'RAW and picture').getByRole('button', { name: 'Stack all' }).click()
    await tab.getByText('To be stacked as a class').waitFor()
    expect(await tab.locator('#decided').textContent()).toBe('1 of 7 decided')
    expect(Object.values(await decisions())).toEqual([
      { accept: true, stack: true, at: expect.any(String) },
    ])
  })

  test('one by one, by keys; what is said can be changed and taken back', async () => {
    await open({ at: one(keyOf('late')) })
    await heading('late.jpg')
    expect(await tab.locator('tr.differs th').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining('taken'), expect.stringContaining('pixels')]),
    )
    expect(await tab.locator('.side .role span').allInnerTexts()).toEqual([
      'stays',
      'goes to the trash',
    ])
    const [late, late1] = [w.asset('late.jpg').id, w.asset('late-1.jpg').id]
    const at = expect.any(String)
    const decided = async () => (await decisions())[keyOf('late')]

    await press('y')
    await said('late.jpg: accepted')
    expect(await decided()).toEqual({ accept: true, at })
    await press('u')
    await heading('late.jpg')
    expect(await decided()).toBeUndefined()
    await press('2')
    await tab.locator('.side').nth(1).getByText('stays').waitFor()
    await press('Enter')
    await said('accepted')
    expect(await decided()).toEqual({ accept: true, winner: late1, at })
    await look('late.jpg')
    await tab.locator('.state', { hasText: 'accepted' }).waitFor()
    await press('1')
    await press('s')
    await said('to be stacked')
    expect(await decided()).toEqual({ accept: true, stack: true, at })
    await look('late.jpg')
    await press('n')
    await said('left')
    expect(await decided()).toEqual({ accept: false, at })
    await look('late.jpg')
    await press('x')
    await tab.locator('.state', { hasText: 'undecided' }).waitFor()
    expect(await decisions()).toEqual({})
    expect(late).not.toBe(late1)

    const title = () => tab.locator('h1').textContent()
    const here = await title()
    await press('ArrowRight')
    await tab.waitForFunction((old) => document.querySelector('h1')?.textContent !== old, here)
    await press('ArrowLeft')
    await heading('late.jpg')
    await press('?')
    await tab.getByRole('heading', { name: 'Keys' }).waitFor()
    await press('Escape')
    await press('z')
    await tab.locator('.zoom .pane img').nth(1).waitFor()
    await press('z')
    await tab.locator('.zoom').waitFor({ state: 'detached' })
    await press('o')
    await heading('What you decide')
  })

  test('names from strangers’ files stay text', async () => {
    await open({ at: one(keyOf('evil')) })
    await heading(EVIL)
    expect(await tab.locator('img[src="x"]').count()).toBe(0)
    expect(await tab.locator('.side').count()).toBe(3)
    await tab.goto(page.address)
    await card('the copy is smaller', 'different cameras').scrollIntoViewIfNeeded()
    await tab.locator('.samples', { hasText: EVIL }).waitFor()
    expect(await tab.locator('img[src="x"]').count()).toBe(0)
  })

  test('while another stage writes it says who, offers to try again, and keeps the word', async () => {
    await open({ at: one(keyOf('late')) })
    const release = await takeLock(`${w.state}.lock`, 'transfer', w.state)
    await press('y')
    await tab.getByText(/`transfer` \(pid \d+\) is using it/).waitFor()
    expect(await decisions()).toEqual({})
    wrong.splice(0, 1) // the browser tells of the 423
    release()
    await button('Try again').click()
    await said('accepted')
    expect(await decisions()).toMatchObject({ [keyOf('late')]: { accept: true } })
    expect(await tab.locator('#notice').isHidden()).toBe(true)
  })

  test('what was looked at before another stage ran is looked at again', async () => {
    await open({ at: one(keyOf('late')) })
    await w.stages('dupes-analyze')
    await press('y')
    await tab.getByText(/`dupes-analyze` has run since/).waitFor()
    expect(await decisions()).toEqual({})
    wrong.splice(0, 1)
    await button('Look again').click()
    await tab.locator('#notice').waitFor({ state: 'hidden' })
    await press('y')
    await said('accepted')
  })

  test('changes decisions and not a byte else, ends by its button, and says what to type', async () => {
    const before = w.load()
    await open({ at: one(keyOf('late')) })
    await press('y')
    await said('accepted')
    expect(readFileSync(w.state)).toEqual(readFileSync(`${w.dir}/begun.json`))
    await button('Done').click()
    await heading('Kept')
    const ended = await page.done
    expect(ended).toMatchObject({ code: 0, err: expect.stringContaining('make dupes-execute') })
    expect(ended.err).toContain(' 1 accepted ')
    const after = w.load()
    expect(without(after, 'decisions')).toEqual(without(before, 'decisions'))
    expect(Object.keys(after.decisions)).toEqual([keyOf('late')])
    expect((await w.run('status')).out).toMatch(
      /^Duplicates +8 = .*5 to be looked at.*; 1 decision since: `make dupes-execute ARGS="--dry-run"`$/m,
    )
    expect(await w.run('dupes-execute', ['--yes'])).toMatchObject({ code: 0 })
    expect((await w.run('status')).out).toMatch(
      /^Duplicates +8 = .*4 done.*4 to be looked at.*: `make review`$/m,
    )
    expect(w.load().duplicates[keyOf('late')]?.steps?.trashed).toBeTruthy()
  })

  test('a photo that could be several assets: one of them, or none; link takes the word', async () => {
    const [first, second] = ['hill-1.jpg', 'hill-2.jpg'].map((title) => `link:${w.photoOf(title)}`)
    await open({ at: one(first as string) })
    await tab.waitForFunction(() =>
      [...document.querySelectorAll('.side')].every(
        (side) => side.querySelector('img')?.naturalWidth === 60,
      ),
    )
    expect(await tab.locator('.side img').count()).toBe(3)
    expect(await tab.locator('.bar .yes').isDisabled()).toBe(true)
    await press('2')
    await press('y')
    await said('linked')
    await tab.goto(page.address + one(second as string))
    await heading('hill-2.jpg')
    await press('n')
    await said('none of these')
    const of = w.hills[0]?.toSorted()
    const kept = await decisions()
    expect(kept[first as string]).toMatchObject({ accept: true })
    expect(kept[first as string]?.of?.toSorted()).toEqual(of)
    await tab.close()
    page.child.kill('SIGINT')
    expect(await page.done).toMatchObject({ code: 130 })

    await w.stages('index-gphotos', 'index-immich')
    expect((await w.stages('link')).err).toContain('1 linked by hand')
    const { links } = w.load()
    expect(links[w.photoOf('hill-1.jpg')]).toMatchObject({
      asset: kept[first as string]?.asset,
      how: 'hand',
    })
    expect(links[w.photoOf('hill-2.jpg')]).toMatchObject({ asset: null, how: 'none' })
  })

  test('without a server the facts are there, and it says so', async () => {
    await open({ env: { IMMICH_URL: 'http://127.0.0.1:9' } })
    await tab.getByText('Facts only, no pictures.').waitFor()
    await look('late.jpg')
    await tab.getByText('no picture without Immich').first().waitFor()
    await press('n')
    await said('left')
    expect(await decisions()).toMatchObject({ [keyOf('late')]: { accept: false } })
  })

  test('5,000 groups open at once, are not all in the page, and answer', async () => {
    const state = w.load()
    const [late, evil] = [keyOf('late'), keyOf('evil')].map((key) => state.duplicates[key])
    for (let n = 0; n < 5000; n++)
      state.duplicates[keyOf(`many ${n}`)] = structuredClone(n % 3 ? late : evil) as never
    await writeFile(w.state, JSON.stringify(state))
    await open()
    expect(await tab.locator('.many').allInnerTexts()).toEqual(
      expect.arrayContaining(['3,334', '1,668']),
    )
    await button('go through the rest').click()
    for (let n = 1; n <= 3; n++) {
      await tab.locator('.head', { hasText: `One by one · ${n} of 5,0` }).waitFor()
      await press('y')
    }
    await tab.locator('.head', { hasText: '4 of 5,0' }).waitFor()
    expect(await tab.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(500)
    expect(await tab.locator('#decided').textContent()).toMatch(/^3 of 5,0\d\d decided$/)
  })
})
