import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startGoogle } from './sandbox/google.ts'
import type { PickedItem } from './sandbox/google-picker.ts'

const folder = await mkdtemp(join(tmpdir(), 'picker-'))
process.chdir(folder)
const google = await startGoogle()
Object.assign(process.env, google.env, {
  PHOTOFERRY_RETRY_MS: '5',
  PHOTOFERRY_RETRIES: '2',
  PHOTOFERRY_FRESH_MS: '30',
})
const { durationMs, picker } = await import('../lib/google/picker.ts')
const { SCOPES } = await import('../lib/google/google.ts')
const { readClient } = await import('../lib/google/client.ts')
const { askGoogle } = await import('../lib/google/http.ts')
const { signIn } = await import('../lib/google/signin.ts')

await mkdir('data')
await writeFile('data/google-client.json', JSON.stringify(google.clientFile()))
await signIn({
  client: await readClient(),
  purpose: 'picker',
  scope: SCOPES.picker,
  paste: false,
  show: (address) => void google.visit(address),
})
const usual = { ...google.picker.settings }
const item = (n: number, facts: Partial<PickedItem> = {}): PickedItem => ({
  id: `picked-${n}`,
  name: `IMG_${n}.jpg`,
  taken: '2026-08-01T10:00:00Z',
  bytes: Buffer.from(`picture ${n}`),
  width: 640,
  height: 480,
  ...facts,
})
beforeEach(() => {
  google.reset()
  Object.assign(google.picker.settings, usual)
})
afterAll(async () => {
  await google.stop()
  process.chdir(tmpdir())
  await rm(folder, { recursive: true })
})

describe('a choice', () => {
  test('is waited for as often as Google says, and read page by page', async () => {
    Object.assign(google.picker.settings, {
      choose: () => Array.from({ length: 250 }, (_, n) => item(n)),
      pollsUntilDone: 3,
      pollInterval: '0.02s',
    })
    const { open, untilPicked, items, close } = await picker()
    const session = await untilPicked(await open(2000))
    expect(google.picker.sessions.get(session.id)?.polls).toBe(3)
    const picked = await Array.fromAsync(items(session.id))
    expect(picked.length).toBe(250)
    expect(picked[0]).toEqual({
      id: 'picked-0',
      name: 'IMG_0.jpg',
      kind: 'image',
      taken: Date.parse('2026-08-01T10:00:00Z') / 1000,
      width: 640,
      height: 480,
      address: expect.stringMatching(/=d$/),
    })
    await close(session.id)
    expect(google.picker.sessions.get(session.id)?.deleted).toBe(true)
  })

  test('that nobody makes ends in time, and is ended at Google', async () => {
    Object.assign(google.picker.settings, { pollsUntilDone: 1e9, timeoutIn: '0.2s' })
    const { open, untilPicked } = await picker()
    const session = await open()
    await expect(untilPicked(session)).rejects.toThrow(/nothing was picked in time/)
    expect(google.picker.sessions.get(session.id)?.deleted).toBe(true)
  })

  test('that Google has ended says to pick again', async () => {
    const { items, close, open } = await picker()
    const session = await open()
    await close(session.id)
    await expect(Array.fromAsync(items(session.id))).rejects.toThrow(
      /has ended that choice.*pick again/,
    )
    await close(session.id)
  })

  test('of an account without photos says so', async () => {
    google.picker.settings.noAccount = true
    const { open } = await picker()
    await expect(open()).rejects.toThrow(/has no Google Photos/)
  })

  test('has fresh addresses though each photo takes its time', async () => {
    Object.assign(google.picker.settings, {
      choose: () => [item(1), item(2), item(3), item(4)],
      addressMs: 60,
    })
    const { open, untilPicked, items, ask } = await picker()
    const session = await untilPicked(await open())
    const texts: string[] = []
    for await (const { address } of items(session.id)) {
      texts.push((await askGoogle(address, ask)).bytes.toString())
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect(texts).toEqual(['picture 1', 'picture 2', 'picture 3', 'picture 4'])
  })

  test('names what has no name, asks for a film as a film, and passes on what Google cannot give', async () => {
    google.picker.settings.choose = () => [
      item(1, { name: undefined }),
      item(2, { kind: 'VIDEO', name: 'a.mp4' }),
      item(3, { kind: 'VIDEO', status: 'PROCESSING' }),
      item(4, { kind: 'VIDEO', status: 'FAILED' }),
    ]
    const { open, untilPicked, items } = await picker()
    const picked = await Array.fromAsync(items((await untilPicked(await open())).id))
    expect(picked.map(({ name, kind, problem }) => [name, kind, problem])).toEqual([
      ['picked-picked-1.jpg', 'image', undefined],
      ['a.mp4', 'video', undefined],
      ['IMG_3.jpg', 'video', 'Google still works on this video: pick it again later'],
      ['IMG_4.jpg', 'video', 'Google could not read this video itself'],
    ])
    expect(picked[1]?.address).toMatch(/=dv$/)
  })

  test('shows the sign-in to Google alone', async () => {
    const { ask } = await picker()
    await expect(
      askGoogle('https://lh3.googleusercontent.com.evil.example/x=d', ask),
    ).rejects.toThrow(/none of Google's hosts/)
    await expect(askGoogle('http://lh3.googleusercontent.com/x=d', ask)).rejects.toThrow(
      /none of Google's hosts/,
    )
  })
})

test.each([
  ['5s', 5000],
  ['3.5s', 3500],
  ['0s', 0],
  ['1800s', 1_800_000],
  ['5', undefined],
  ['five', undefined],
  [undefined, undefined],
])('a duration of %s is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})
