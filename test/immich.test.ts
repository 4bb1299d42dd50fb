import { createHash, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Immich, immich, Refused } from '../lib/immich/immich.ts'
import { storedName } from '../lib/immich/upload.ts'
import { type Standin, startImmich } from './sandbox/immich.ts'

const stops: (() => unknown)[] = []
beforeEach(() => {
  vi.stubEnv('PHOTOFERRY_RETRY_MS', '1')
  vi.stubEnv('PHOTOFERRY_RETRIES', '4')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const stop of stops.splice(0)) await stop()
})

async function start(options: Parameters<typeof startImmich>[0] = {}) {
  const standin = await startImmich({ extractDelayMs: 1, ...options })
  stops.push(standin.stop)
  return standin
}
async function both(options: Parameters<typeof startImmich>[0] = {}) {
  const standin = await start(options)
  return { standin, server: await immich(standin) }
}
/** A server that is no Immich, or an odd one. */
async function other(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const date = '2020-01-02T03:04:05.000Z'
const fields = { fileCreatedAt: date, fileModifiedAt: date }
const bytes = (length = 1000) => randomBytes(length)
const sha1 = (data: Buffer) => createHash('sha1').update(data).digest('hex')
const send = (server: Immich, body: Buffer, more = {}) =>
  server.upload({ name: 'a.jpg', size: body.length, body, fields, ...more })
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it went well'),
    (error) => error as Error & { status?: number },
  )
async function* inPieces(data: Buffer, size = 65_536) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size)
}

describe('finding the server', () => {
  test.each(['', '/', '/api', '/api/', '/photos', '/user-settings?isOpen=api-keys'])(
    'at its address with "%s"',
    async (path) => {
      const standin = await start()
      const server = await immich({ url: standin.url + path, key: standin.key })
      expect(server.url).toBe(`${standin.url}/api`)
      expect(server.version).toMatchObject({ major: 3, minor: 1 })
    },
  )

  test.each([
    [undefined, 'k', /no IMMICH_URL/],
    ['http://127.0.0.1:1', undefined, /no IMMICH_API_KEY/],
    ['nas:2283', 'k', /write it like http/],
    ['http://me:secret@nas', 'k', /leave it out/],
    ['http://127.0.0.1:1', 'two words', /copy it again/],
    ['http://127.0.0.1:1', 'k', /no connection \(ECONNREFUSED\)/],
  ])('%s with key %s stops with what to do', async (url, key, message) => {
    vi.stubEnv('IMMICH_URL', '')
    vi.stubEnv('IMMICH_API_KEY', '')
    const error = await failure(immich({ url, key }))
    expect([error.name, error.message]).toEqual(['Fail', expect.stringMatching(message)])
    expect(error.message).not.toContain('secret')
  })

  test('a web page, a redirect and an old Immich are told apart, and none of them sees the key', async () => {
    const seen: unknown[] = []
    const strange = (listener: RequestListener) =>
      other((request, response) => {
        seen.push(request.headers['x-api-key'])
        listener(request, response)
      })
    const page = await strange((_, response) =>
      response.setHeader('content-type', 'text/html').end('<html>'),
    )
    expect((await failure(immich({ url: page, key: 'k' }))).message).toMatch(/a web page/)
    const moved = await strange((_, response) =>
      response.writeHead(301, { location: 'https://elsewhere/x?y' }).end(),
    )
    expect((await failure(immich({ url: moved, key: 'k' }))).message).toMatch(
      /redirects to https:\/\/elsewhere\/x:/,
    )
    const old = await strange((_, response) =>
      response.setHeader('content-type', 'application/json').end('{"major":2,"minor":6,"patch":1}'),
    )
    expect((await failure(immich({ url: old, key: 'k' }))).message).toMatch(
      /it is 2\.6\.1: update it/,
    )
    expect(new Set(seen)).toEqual(new Set([undefined]))
  })
})

describe('trying again', () => {
  test.each([
    ['a 500', { status: 500 }],
    ['a 502', { status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['a 429', { status: 429 }],
    ['a broken connection', { drop: 'before' as const }],
    ['a lost answer', { drop: 'after' as const }],
  ])('after %s, twice', async (_, fault) => {
    const { standin, server } = await both()
    standin.fail({ ...fault, path: /albums/, times: 2 })
    expect(await server.albums()).toEqual([])
    expect(standin.count('GET', /albums/)).toBe(3)
  })

  test('after silence', async () => {
    vi.stubEnv('PHOTOFERRY_IDLE_MS', '50')
    const { standin, server } = await both()
    standin.fail({ path: /albums/, hang: true })
    expect(await server.albums()).toEqual([])
  })

  test('after an answer that stops in the middle', async () => {
    vi.stubEnv('PHOTOFERRY_IDLE_MS', '50')
    let asked = 0
    const url = await other((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url?.endsWith('version')) return response.end('{"major":3,"minor":1,"patch":0}')
      if (asked++ === 0) return response.writeHead(200, { 'content-length': 9 }).write('[')
      return response.end('[]')
    })
    expect(await (await immich({ url, key: 'k' })).stacks()).toEqual([])
    expect(asked).toBe(3)
  })

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('not before Retry-After says, in %s', async (_, after) => {
    vi.stubEnv('PHOTOFERRY_RETRY_MS', '20')
    const { standin, server } = await both()
    standin.fail({ path: /albums/, status: 503, headers: { 'retry-after': after() } })
    const begun = Date.now()
    await server.albums()
    expect(Date.now() - begun).toBeGreaterThan(700)
  })

  test('not for ever as long as Retry-After says', async () => {
    const { standin, server } = await both()
    standin.fail({ path: /albums/, status: 429, headers: { 'retry-after': '86400' } })
    await server.albums()
    expect(standin.count('GET', /albums/)).toBe(2)
  })

  test('never after a refusal', async () => {
    const { standin, server } = await both()
    const error = await failure(server.asset('00000000-0000-4000-8000-000000000000'))
    expect(error).toBeInstanceOf(Refused)
    expect(error.message).toBe('Immich answered 400: Not found or no asset.read access')
    expect(standin.count('GET', /assets/)).toBe(1)
  })

  test('ends with Fail when the server stays away, with Refused when it is about the item', async () => {
    const { standin, server } = await both()
    standin.fail({ path: /albums/, status: 503, times: 99 })
    const away = await failure(server.albums())
    expect([away.name, away.message]).toEqual([
      'Fail',
      expect.stringMatching(/answers 503.*see that the server runs/),
    ])
    standin.fail({ path: /tags/, status: 500, times: 99 })
    const sick = await failure(server.tagAssets(['a'], []))
    expect([sick.name, sick.status]).toEqual(['Refused', 500])
  })
})

test('no more requests a second go out than were asked for, retries among them', async () => {
  vi.stubEnv('PHOTOFERRY_RATE_LIMIT', '50')
  const { standin, server } = await both()
  standin.fail({ path: /api-keys/, status: 503 })
  const before = standin.requests.length
  const started = performance.now()
  await Promise.all(Array.from({ length: 5 }, () => server.keyInfo()))
  expect(standin.requests.length - before).toBe(6)
  expect(performance.now() - started).toBeGreaterThan(95)
})

describe('refusals', () => {
  test.each(['3.1.0', '2.7.5'] as const)('%s: every reason is in the message', async (version) => {
    const { server } = await both({ version })
    const error = await failure(
      server.request('POST', '/search/metadata', { json: { size: 0, order: 'x' } }),
    )
    expect(error).toMatchObject({ name: 'Refused', status: 400 })
    expect(error.message).toMatch(/size.*order/)
  })

  test('a key that is refused or lacks a permission ends the run, and no error shows it', async () => {
    const standin = await start({ permissions: ['asset.read'] })
    const wrong = await immich({ url: standin.url, key: 'not-the-key-at-all' })
    const unknown = await failure(wrong.albums())
    expect([unknown.name, unknown.message]).toEqual([
      'Fail',
      expect.stringMatching(/refuses this key.*make auth/),
    ])
    const server = await immich(standin)
    const lacking = await failure(server.albums())
    expect([lacking.name, lacking.message]).toEqual([
      'Fail',
      expect.stringMatching(/lacks album\.read/),
    ])
    standin.fail({ drop: 'before', times: 99 })
    const away = await failure(server.albums())
    for (const error of [unknown, lacking, away]) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(
        new RegExp(`not-the-key|${standin.key}`),
      )
    }
  })

  test('a file too large for the proxy is about that file', async () => {
    const { standin, server } = await both()
    const nginx = { status: 413, body: '<html>', headers: { 'content-type': 'text/html' } }
    standin.fail({ method: 'POST', path: /assets/, ...nginx })
    const error = await failure(send(server, bytes()))
    expect(error).toMatchObject({ name: 'Refused', status: 413 })
    expect(error.message).toMatch(/client_max_body_size/)
  })

  test('a login page in the way ends the run', async () => {
    const { standin, server } = await both()
    standin.fail({
      path: /albums/,
      status: 200,
      body: '<html>',
      headers: { 'content-type': 'text/html' },
    })
    expect((await failure(server.albums())).message).toMatch(/web page.*login page/)
  })
})

describe('the key', () => {
  test('what it lacks is known beforehand', async () => {
    const { server } = await both({ permissions: ['asset.read', 'asset.upload'] })
    expect(await server.missingPermissions(['asset.read', 'tag.read'])).toEqual(['tag.read'])
    const { server: all } = await both()
    expect(await all.missingPermissions(['asset.read', 'tag.read'])).toEqual([])
  })

  test('its owner is known without user.read, too, by what is theirs', async () => {
    const { standin, server } = await both({ permissions: ['asset.read'] })
    standin.db.add({ checksum: 'aa', originalFileName: 'partner.jpg', ownerId: 'p' })
    standin.db.partners.add('p')
    expect(await server.me()).toBeUndefined()
    const again = await immich(standin)
    standin.db.add({ checksum: 'bb', originalFileName: 'own.jpg', visibility: 'archive' })
    expect(await again.me()).toBe(standin.db.user.id)
  })
})

describe.each(['3.1.0', '2.7.5'] as const)('upload to %s', (version) => {
  test('brings bytes, name, sidecar and fields, and says the sum of what it sent', async () => {
    const { standin, server } = await both({ version })
    const body = bytes(200_000)
    const sidecar = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    const name = 'Ä"b/日本.jpg'
    const sent = await server.upload({
      name,
      size: body.length,
      body: () => inPieces(body),
      sidecar,
      fields: { ...fields, isFavorite: true, visibility: 'archive' },
    })
    expect(sent).toEqual({ id: expect.any(String), status: 'created', sha1: sha1(body) })
    expect(await server.asset(sent.id)).toMatchObject({
      originalFileName: storedName(name),
      isFavorite: true,
      visibility: 'archive',
    })
    expect(storedName(name)).toBe('Ä%22b_日本.jpg')
    expect(standin.db.assets.get(sent.id)?.sidecar).toEqual({})
    const back: Buffer[] = []
    for await (const chunk of server.original(sent.id)) back.push(chunk)
    expect(Buffer.concat(back).equals(body)).toBe(true)
  })

  test('of known bytes is a duplicate', async () => {
    const { server } = await both({ version })
    const body = bytes()
    const { id } = await send(server, body)
    expect(await send(server, body, { name: 'b.jpg' })).toEqual({
      id,
      status: 'duplicate',
      sha1: sha1(body),
    })
  })

  test('sends again from the start after a broken connection', async () => {
    const { standin, server } = await both({ version })
    const body = bytes(300_000)
    standin.fail({ method: 'POST', path: /assets$/, drop: 'before' })
    expect(await send(server, body, { body: () => inPieces(body) })).toMatchObject({
      status: 'created',
      sha1: sha1(body),
    })
    expect(standin.db.assets.size).toBe(1)
  })

  test('does not send again what arrived though its answer was lost', async () => {
    const { standin, server } = await both({ version })
    const body = bytes(300_000)
    standin.fail({ method: 'POST', path: /assets$/, drop: 'after' })
    expect(await send(server, body)).toMatchObject({ status: 'created', sha1: sha1(body) })
    expect(standin.count('POST', /assets$/)).toBe(1)
    expect(standin.db.assets.size).toBe(1)
  })
})

describe('upload', () => {
  test('an error of the body comes out as it is, once, and leaves nothing behind', async () => {
    const { standin, server } = await both()
    const bad = new Error('CRC')
    async function* body() {
      yield bytes(100_000)
      throw bad
    }
    expect(await failure(server.upload({ name: 'a.jpg', size: 200_000, body, fields }))).toBe(bad)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([standin.db.assets.size, standin.count('POST', /assets$/)]).toEqual([0, 1])
    expect(await send(server, bytes())).toMatchObject({ status: 'created' })
  })

  test.each([[-1], [1]])('a body that is %i bytes off its size is broken off', async (off) => {
    const { standin, server } = await both()
    const body = bytes(100_000)
    const error = await failure(
      server.upload({ name: 'a.jpg', size: body.length + off, body: () => inPieces(body), fields }),
    )
    expect(error.message).toMatch(/"a\.jpg" has/)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(standin.db.assets.size).toBe(0)
  })

  test('an empty file is refused here, since v2 would take it', async () => {
    const { standin, server } = await both({ version: '2.7.5' })
    await failure(send(server, Buffer.alloc(0)))
    expect(standin.count('POST', /assets$/)).toBe(0)
  })

  test('an iterable that can be read once is not read twice', async () => {
    const { standin, server } = await both()
    const body = bytes(1_000_000)
    standin.fail({ method: 'POST', path: /assets$/, drop: 'before' })
    const error = await failure(send(server, body, { body: inPieces(body) }))
    expect(error.message).toMatch(/can be read only once/)
  })

  test('a checksum that the server knows is answered before the body is sent', async () => {
    const { standin, server } = await both()
    const body = bytes(1000)
    const { id } = await send(server, body)
    let read = 0
    const closed = vi.fn()
    async function* endless() {
      try {
        for (;;) {
          read++
          yield Buffer.alloc(65_536)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      } finally {
        closed()
      }
    }
    const given = { size: 2 ** 33, body: endless, sha1: sha1(body) }
    expect(await send(server, body, given)).toEqual({ id, status: 'duplicate', sha1: sha1(body) })
    expect(read).toBeLessThan(1000)
    await vi.waitFor(() => expect(closed).toHaveBeenCalled())
    expect(standin.db.assets.size).toBe(1)
  })

  test('a source that is slow is no silence of the server', async () => {
    vi.stubEnv('PHOTOFERRY_IDLE_MS', '60')
    const { standin, server } = await both()
    async function* body() {
      yield bytes(500)
      await new Promise((resolve) => setTimeout(resolve, 200))
      yield bytes(500)
    }
    expect(await server.upload({ name: 'a.jpg', size: 1000, body, fields })).toMatchObject({
      status: 'created',
    })
    expect(standin.count('POST', /assets$/)).toBe(1)
  })

  test('a big file goes through in little memory', async () => {
    const { server } = await both({ folder: null })
    const size = 2 ** 29
    const piece = bytes(2 ** 16)
    let most = 0
    async function* body() {
      for (let at = 0; at < size; at += piece.length) {
        if (at % 2 ** 24 === 0) most = Math.max(most, process.memoryUsage().rss)
        yield piece
      }
    }
    const before = process.memoryUsage().rss
    await server.upload({ name: 'a.mp4', size, body, fields })
    expect(most - before).toBeLessThan(150 * 2 ** 20)
  })
})

describe.each(['3.1.0', '2.7.5'] as const)('walking %s', (version) => {
  async function walked(server: Immich, walk = {}) {
    const ids: string[] = []
    for await (const page of server.searchAssets(walk)) ids.push(...page.map(({ id }) => id))
    return ids
  }
  function fill(standin: Standin, count: number, more: (n: number) => object = () => ({})) {
    const start = Date.parse('2001-01-01')
    return Array.from({ length: count }, (_, n) =>
      standin.db.add({
        checksum: `${n}`.padStart(40, '0'),
        originalFileName: `${n}.jpg`,
        fileCreatedAt: start + Math.floor(n / 3) * 1000,
        createdAt: start + n,
        ...more(n),
      }),
    )
  }

  test('finds each own asset once, in every visibility and in the trash, without counting pages', async () => {
    const { standin, server } = await both({ version })
    const all = fill(standin, 3500, (n) => ({
      visibility: n % 10 === 1 ? 'archive' : n % 10 === 2 ? 'hidden' : 'timeline',
      deletedAt: n % 10 === 3 ? Date.now() : null,
    }))
    standin.db.partners.add('p')
    fill(standin, 1500, () => ({ ownerId: 'p' }))
    const ids = await walked(server)
    expect(ids.length).toBe(3500)
    expect(new Set(ids)).toEqual(new Set(all.map(({ id }) => id)))
  })

  test('finds more of one instant than a page holds', async () => {
    const { standin, server } = await both({ version })
    const before = Date.parse('1999-01-01')
    fill(standin, 10)
    fill(standin, 3400, () => ({ fileCreatedAt: before }))
    fill(standin, 1100, () => ({ fileCreatedAt: before - 1 }))
    fill(standin, 20, (n) => ({ fileCreatedAt: before - 100 - n }))
    const ids = await walked(server, { visibilities: ['timeline'] })
    expect([ids.length, new Set(ids).size]).toEqual([4530, 4530])
  })

  test('finds what has changed since', async () => {
    const { standin, server } = await both({ version })
    const [first, second] = fill(standin, 3, () => ({ updatedAt: Date.parse('2002-01-01') }))
    const since = server.now().toISOString()
    if (second) await server.updateAsset(second.id, { isFavorite: true })
    expect(first && (await walked(server, { updatedAfter: since }))).toEqual([second?.id])
  })

  test('the ids of the timeline and the count agree with it', async () => {
    const { standin, server } = await both({ version })
    const all = fill(standin, 400, (n) => ({
      localDateTime: Date.parse('2001-01-01') + n * 86_400_000,
      deletedAt: n % 7 ? null : Date.now(),
      visibility: n % 5 ? 'timeline' : 'hidden',
    }))
    const ids: string[] = []
    for await (const page of server.ownIds()) for (const id of page) ids.push(id)
    expect(ids.sort()).toEqual(all.map(({ id }) => id).sort())
    const count = (visibility: string) => server.count({ visibility, withDeleted: true })
    expect((await count('timeline')) + (await count('hidden'))).toBe(400)
    expect(await server.count({ visibility: 'timeline' })).toBeLessThan(await count('timeline'))
  })

  test('an album has its members of every visibility', async () => {
    const { standin, server } = await both({ version })
    const all = fill(standin, 30, (n) => ({
      visibility: n % 3 ? 'timeline' : 'archive',
      deletedAt: n === 5 ? Date.now() : null,
    }))
    const { id } = await server.createAlbum({ albumName: 'x' })
    await server.addToAlbum(
      id,
      all.map((asset) => asset.id),
    )
    const ids: string[] = []
    for await (const page of server.albumAssets(id)) ids.push(...page)
    expect(ids.sort()).toEqual(all.map((asset) => asset.id).sort())
  })

  test('albums are those of the owner and those shared with them, each once with its owner', async () => {
    const { standin, server } = await both({ version })
    const own = await server.createAlbum({ albumName: 'own' })
    const shared = await server.createAlbum({ albumName: 'own, shared' })
    const theirs = await server.createAlbum({ albumName: 'theirs' })
    const { db } = standin
    db.users.set('p', { id: 'p', email: 'p@example.com', name: 'P' })
    db.albums.get(shared.id)?.users.push({ userId: 'p', role: 'viewer' })
    Object.assign(db.albums.get(theirs.id) ?? {}, {
      ownerId: 'p',
      users: [{ userId: db.user.id, role: 'editor' }],
    })
    const found = (await server.albums()).map(({ id, ownerId, shared }) => ({
      id,
      ownerId,
      shared,
    }))
    const wanted = [
      { id: own.id, ownerId: db.user.id, shared: false },
      { id: shared.id, ownerId: db.user.id, shared: true },
      { id: theirs.id, ownerId: 'p', shared: true },
    ]
    expect(found.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      wanted.sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
  })
})

describe('calls', () => {
  test('an album whose making was not answered is not made twice', async () => {
    const { standin, server } = await both()
    standin.fail({ method: 'POST', path: /albums$/, drop: 'after' })
    const { id } = await server.createAlbum({ albumName: 'Summer' })
    expect([...standin.db.albums.keys()]).toEqual([id])
    standin.fail({ method: 'POST', path: /albums$/, drop: 'before' })
    await server.createAlbum({ albumName: 'Winter' })
    expect(standin.db.albums.size).toBe(2)
  })

  test('a namesake that is known is never taken for the album whose making was not answered', async () => {
    const { standin, server } = await both()
    const first = await server.createAlbum({ albumName: 'Trip' })
    for (const drop of ['before', 'after'] as const) {
      const known = new Set(standin.db.albums.keys())
      standin.fail({ method: 'POST', path: /albums$/, drop })
      const { id } = await server.createAlbum({ albumName: 'Trip' }, known)
      expect(known).not.toContain(id)
    }
    expect(standin.db.albums.size).toBe(3)
    expect(standin.db.albums.has(first.id)).toBe(true)
  })

  test('checks go in pieces and come back in order', async () => {
    const { standin, server } = await both()
    const body = bytes()
    const { id } = await send(server, body)
    const sums = Array.from({ length: 7000 }, (_, n) =>
      n === 6000 ? sha1(body) : sha1(Buffer.from(`${n}`)),
    )
    const known = await server.check(sums)
    expect(known.map(({ assetId }, n) => [assetId, n]).filter(([assetId]) => assetId)).toEqual([
      [id, 6000],
    ])
    expect(standin.count('POST', /bulk-upload-check/)).toBe(2)
    expect(await server.check([])).toEqual([])
  })

  test('an original that breaks off goes on where it was', async () => {
    const { standin, server } = await both()
    const body = bytes(500_000)
    const { id } = await send(server, body)
    standin.fail({ path: /original/, cut: 200_000 })
    standin.fail({ path: /original/, cut: 100_000 })
    const back: Buffer[] = []
    for await (const chunk of server.original(id)) back.push(chunk)
    expect(Buffer.concat(back).equals(body)).toBe(true)
    const part: Buffer[] = []
    for await (const chunk of server.original(id, { from: 10, to: 19 })) part.push(chunk)
    expect(Buffer.concat(part).equals(body.subarray(10, 20))).toBe(true)
  })

  test('trash, restore, stacks and tags do what they say', async () => {
    const { standin, server } = await both()
    const [a, b] = [(await send(server, bytes())).id, (await send(server, bytes())).id]
    await server.trash([a])
    expect((await server.asset(a)).isTrashed).toBe(true)
    await server.restore([a])
    expect((await server.asset(a)).isTrashed).toBe(false)
    const stack = await server.createStack([b, a])
    expect((await server.stacks()).map(({ id, primaryAssetId }) => [id, primaryAssetId])).toEqual([
      [stack.id, b],
    ])
    await server.tagAssets(['People/Anna', 'two'], [a])
    await standin.settled()
    expect((await server.asset(a)).tags?.map(({ value }) => value)).toEqual(['People/Anna', 'two'])
    await server.refreshMetadata([a])
    await server.trash([a, b], { force: true })
    await standin.settled()
    expect(standin.db.assets.size).toBe(0)
  })

  test('what the server is and can do', async () => {
    const { server } = await both()
    const { features, config, media } = await server.facts()
    expect([features.trash, config.trashDays]).toEqual([true, 30])
    expect(media.image).toContain('.jpg')
  })
})
