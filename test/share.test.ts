import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startGoogle } from './sandbox/google.ts'

const folder = await mkdtemp(join(tmpdir(), 'share-'))
process.chdir(folder)
const google = await startGoogle()
Object.assign(process.env, google.env, {
  PHOTOFERRY_POLITE_MS: '1',
  PHOTOFERRY_RETRY_MS: '5',
  PHOTOFERRY_RETRIES: '2',
})
const { fetchShared, inlineData } = await import('../lib/google/share.ts')

const picture = (n: number, video = false) => ({
  id: `AF1Qip${n}`,
  name: video ? `VID_${n}.mp4` : `IMG_${n}.jpg`,
  bytes: Buffer.from(`${video ? 'film' : 'picture'} ${n}`),
  takenMs: 1_720_000_000_000 + n,
  ...(video && { video: true as const }),
})
beforeEach(async () => {
  google.reset()
  google.faults.length = 0
  Object.assign(google.share.settings, { pageSize: 300, changed: false })
  await rm('data', { recursive: true, force: true })
})
afterAll(async () => {
  await google.stop()
  process.chdir(tmpdir())
  await rm(folder, { recursive: true })
})

describe('a public album', () => {
  test('is fetched over all its pages, films as films, each file by its own name', async () => {
    google.share.settings.pageSize = 3
    google.share.albums.set('trip', {
      title: 'Tom & Ann',
      key: 'K',
      pictures: [1, 2, 3, 4, 5, 6, 7].map((n) => picture(n, n === 5)),
    })
    const shared = await fetchShared(google.share.link('trip'))
    expect(shared).toMatchObject({ title: 'Tom & Ann', pictures: 7, fresh: 7, gone: 0 })
    const ids = (await readdir(shared.folder)).sort()
    const names = await Promise.all(
      ids.map(async (id) => (await readdir(join(shared.folder, id)))[0]),
    )
    expect(names).toEqual([
      'IMG_1.jpg',
      'IMG_2.jpg',
      'IMG_3.jpg',
      'IMG_4.jpg',
      'VID_5.mp4',
      'IMG_6.jpg',
      'IMG_7.jpg',
    ])
    expect(await readFile(join(shared.folder, 'AF1Qip5', 'VID_5.mp4'), 'utf8')).toBe('film 5')
  })

  test('costs its pages alone when nothing is new, and brings only what is', async () => {
    const pictures = [picture(1), picture(2)]
    google.share.albums.set('trip', { title: 'Trip', key: 'K', pictures })
    await fetchShared(google.share.link('trip'))
    google.reset()
    expect(await fetchShared(google.share.link('trip'))).toMatchObject({ fresh: 0, pictures: 2 })
    expect(google.log.map(({ path }) => path)).toEqual(['/s/trip', '/share/trip'])
    pictures.splice(0, 1, picture(3))
    expect(await fetchShared(google.share.link('trip'))).toMatchObject({ fresh: 1, gone: 1 })
  })

  test('is read without showing a sign-in', async () => {
    google.share.albums.set('trip', { title: 'Trip', key: 'K', pictures: [picture(1)] })
    await fetchShared(google.share.link('trip'))
    expect(google.log.filter(({ token }) => token)).toEqual([])
  })

  test('whose page Google changed stops with a word on what else there is, and leaves no half files', async () => {
    google.share.albums.set('trip', { title: 'Trip', key: 'K', pictures: [picture(1)] })
    google.share.settings.changed = true
    await expect(fetchShared(google.share.link('trip'))).rejects.toThrow(
      /changed its page.*Download all/,
    )
    google.share.settings.changed = false
    google.faults.push({ path: /=d$/, status: 400, times: 9 })
    await expect(fetchShared(google.share.link('trip'))).rejects.toThrow(/answers 400/)
    expect(await readdir('data/shared/trip')).toEqual([])
  })

  test.each([
    ['a link of another site', 'https://photos.example/share/x', /is no link like/],
    ['no link', 'my album', /is no link like/],
    ['a file', 'file:///etc/passwd', /is no link like/],
  ])('is not looked for behind %s', async (_, link, said) => {
    await expect(fetchShared(link)).rejects.toThrow(said)
    expect(google.log).toEqual([])
  })

  test('that sends on to another site is not followed there', async () => {
    google.faults.push({
      path: /^\/s\//,
      status: 302,
      headers: { location: 'https://photos.example/x' },
    })
    await expect(fetchShared(google.share.link('trip'))).rejects.toThrow(/is no link like/)
  })

  test('that asks for a sign-in is not public', async () => {
    google.faults.push({
      path: /^\/s\//,
      status: 302,
      headers: { location: 'https://accounts.google.com/signin' },
    })
    vi.stubEnv('GOOGLE_ACCOUNTS_URL', '')
    await expect(fetchShared(google.share.link('trip'))).rejects.toThrow(
      /wants a sign-in.*not public.*Create link/,
    )
    vi.unstubAllEnvs()
  })

  test('keeps a file inside of its folder, whatever it is called', async () => {
    google.share.albums.set('trip', {
      title: 'Trip',
      key: 'K',
      pictures: [{ ...picture(1), name: '../../evil.jpg' }],
    })
    const shared = await fetchShared(google.share.link('trip'))
    expect(await readdir(join(shared.folder, 'AF1Qip1'))).toEqual(['_.._evil.jpg'])
  })
})

describe('the data in the page', () => {
  test.each([
    [
      'brackets inside of texts',
      `AF_initDataCallback({key: 'ds:1', data:["a]\\"]",[1]]})`,
      ['a]"]', [1]],
    ],
    ['no such block', `AF_initDataCallback({key: 'ds:0', data:[1]})`, undefined],
    ['a block that is cut', `AF_initDataCallback({key: 'ds:1', data:[1,[2]`, undefined],
    ['what is no JSON', `AF_initDataCallback({key: 'ds:1', data:[undefined]})`, undefined],
  ])('is found by its brackets: %s', (_, text, found) => {
    expect(inlineData(text)).toEqual(found)
  })
})
