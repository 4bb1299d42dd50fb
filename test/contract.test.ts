import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { xmp } from '../lib/picture/xmp.ts'
import { sample, withMovie } from './sandbox/every-shot.ts'
import { withExif } from './sandbox/exif.ts'
import { startImmich } from './sandbox/immich.ts'
import { landscape } from './sandbox/landscape.ts'

// What this project relies on, said of any server: the real one at IMMICH_URL with IMMICH_API_KEY (which must have all
// permissions), or else the stand-in in both of its versions. It touches what it made itself and nothing else.
type Server = { url: string; key: string; stop?: () => Promise<void> }
const { IMMICH_URL: url, IMMICH_API_KEY: key } = process.env
const plain = Buffer.from(landscape({ seed: 1, width: 64, height: 48 }))
const zoneAt = (_: number, longitude: number) => (longitude > 100 ? 'Asia/Tokyo' : 'Europe/Berlin')
const servers: [string, () => Promise<Server>][] =
  url && key
    ? [[url, async () => ({ url: url.replace(/\/(api\/?)?$/, ''), key })]]
    : [
        ['the stand-in for v3', () => startImmich({ version: '3.1.0', zoneAt })],
        ['the stand-in for v2', () => startImmich({ version: '2.7.5', zoneAt })],
      ]

describe.each(servers)('%s', (_, start) => {
  const mark = `photoferry-contract-${randomBytes(4).toString('hex')}`
  const nobody = '00000000-0000-4000-8000-000000000000'
  const made = {
    assets: new Set<string>(),
    albums: new Set<string>(),
    stacks: new Set<string>(),
    links: new Set<string>(),
    people: new Set<string>(),
    keys: new Set<string>(),
  }
  let server: Server
  let major = 0
  let me = ''

  beforeAll(async () => {
    server = await start()
    major = (await call('GET', '/server/version')).json.major
    me = (await call('GET', '/users/me')).json.id
  })

  afterAll(async () => {
    for (const id of made.keys) await call('DELETE', `/api-keys/${id}`)
    for (const id of made.links) await call('DELETE', `/shared-links/${id}`)
    if (made.people.size) await call('DELETE', '/people', { ids: [...made.people] })
    if (made.stacks.size) await call('DELETE', '/stacks', { ids: [...made.stacks] })
    for (const id of made.albums) await call('DELETE', `/albums/${id}`)
    if (made.assets.size) {
      const { status } = await call('DELETE', '/assets', { ids: [...made.assets], force: true })
      expect(status).toBe(204)
    }
    for (const tag of (await call('GET', '/tags')).json) {
      if (tag.value === mark) await call('DELETE', `/tags/${tag.id}`)
    }
    await server.stop?.()
  })

  describe('address and key', () => {
    test('the API is at /api, and /.well-known/immich says so', async () => {
      const answer = await fetch(`${server.url}/.well-known/immich`)
      expect(await answer.json()).toEqual({ api: { endpoint: '/api' } })
    })

    test('any other address is a page or nothing, never JSON of the API', async () => {
      const answer = await fetch(`${server.url}/server/version`, {
        headers: { accept: 'text/html' },
      })
      expect(answer.headers.get('content-type') ?? '').not.toMatch(/json/)
    })

    test('version, features, settings and media types need no key', async () => {
      const open = (path: string) =>
        fetch(`${server.url}/api${path}`).then((answer) => answer.json())
      expect(await open('/server/ping')).toEqual({ res: 'pong' })
      expect([2, 3]).toContain((await open('/server/version')).major)
      expect(await open('/server/features')).toMatchObject({
        trash: expect.any(Boolean),
        sidecar: expect.any(Boolean),
      })
      expect(await open('/server/config')).toMatchObject({ trashDays: expect.any(Number) })
      const { image, video, sidecar } = await open('/server/media-types')
      expect(image).toEqual(
        expect.arrayContaining(['.jpg', '.heic', '.dng', '.png', '.gif', '.webp']),
      )
      expect(video).toEqual(expect.arrayContaining(['.mp4', '.mov', '.m4v', '.3gp']))
      expect(video).not.toContain('.mp')
      expect(sidecar).toEqual(['.xmp'])
    })

    test('no key and a wrong key are 401, each in its words', async () => {
      const none = await fetch(`${server.url}/api/users/me`)
      expect([none.status, (await none.json()).message]).toEqual([401, 'Authentication required'])
      const wrong = await fetch(`${server.url}/api/users/me`, { headers: { 'x-api-key': 'wrong' } })
      expect([wrong.status, (await wrong.json()).message]).toEqual([401, 'Invalid API key'])
    })

    test('a key without the permission is 403 with its name, and still knows itself', async () => {
      const { status, json } = await call('POST', '/api-keys', {
        name: mark,
        permissions: ['asset.read'],
      })
      expect(status).toBe(201)
      made.keys.add(json.apiKey.id)
      const headers = { 'x-api-key': json.secret }
      const self = await fetch(`${server.url}/api/api-keys/me`, { headers })
      expect(await self.json()).toMatchObject({ name: mark, permissions: ['asset.read'] })
      const refused: [string, string, string][] = [
        ['GET', '/users/me', 'user.read'],
        ['GET', '/albums', 'album.read'],
        ['POST', '/albums', 'album.create'],
        ['POST', '/assets', 'asset.upload'],
        ['POST', '/assets/bulk-upload-check', 'asset.upload'],
        ['POST', '/search/statistics', 'asset.statistics'],
        ['PUT', `/assets/${nobody}`, 'asset.update'],
        ['DELETE', '/assets', 'asset.delete'],
        ['POST', '/trash/restore/assets', 'asset.delete'],
        ['POST', '/assets/jobs', 'job.create'],
        ['PUT', `/albums/${nobody}/assets`, 'albumAsset.create'],
        ['DELETE', `/albums/${nobody}/assets`, 'albumAsset.delete'],
        ['PATCH', `/albums/${nobody}`, 'album.update'],
        ['GET', '/stacks', 'stack.read'],
        ['POST', '/stacks', 'stack.create'],
        ['PUT', '/tags', 'tag.create'],
        ['PUT', '/tags/assets', 'tag.asset'],
        ['DELETE', `/tags/${nobody}/assets`, 'tag.asset'],
        ['PUT', '/assets', 'asset.update'],
        ['PUT', '/assets/copy', 'asset.copy'],
        ['PUT', `/stacks/${nobody}`, 'stack.update'],
        ['DELETE', `/stacks/${nobody}/assets/${nobody}`, 'stack.update'],
        ['GET', `/faces?id=${nobody}`, 'face.read'],
        ['POST', '/faces', 'face.create'],
        ['DELETE', `/faces/${nobody}`, 'face.delete'],
        ['GET', '/shared-links', 'sharedLink.read'],
        ['DELETE', `/shared-links/${nobody}/assets`, 'sharedLink.update'],
        ['POST', '/duplicates/resolve', 'duplicate.delete'],
        ['GET', `/assets/${nobody}/original`, 'asset.download'],
        ['GET', `/assets/${nobody}/thumbnail`, 'asset.view'],
      ]
      for (const [method, path, permission] of refused) {
        const answer = await fetch(`${server.url}/api${path}`, { method, headers })
        const { message } = await answer.json()
        expect([path, answer.status, message]).toEqual([
          path,
          403,
          `Missing required permission: ${permission}`,
        ])
      }
      const own = await fetch(`${server.url}/api/timeline/buckets`, { headers })
      expect(own.status).toBe(200)
    })

    test('an unknown call is 404 in JSON', async () => {
      const { status, json } = await call('GET', '/nowhere')
      expect([status, json.message]).toEqual([404, 'Cannot GET /api/nowhere'])
    })

    test('a bad value is 400: v2 lists sentences, v3 lists paths', async () => {
      const { status, json } = await call('POST', '/search/metadata', { size: 1001 })
      expect(status).toBe(400)
      if (major === 2)
        expect(json).toMatchObject({
          message: ['size must not be greater than 1000'],
          statusCode: 400,
        })
      else
        expect(json).toMatchObject({ message: 'Validation failed', errors: [{ path: ['size'] }] })
    })
  })

  describe('upload', () => {
    test('makes an asset at once: bytes, name and fields as sent', async () => {
      const bytes = picture()
      const { status, json } = await send({
        name: `${mark} Ä 日本 100%;.jpg`,
        bytes,
        fields: { isFavorite: 'true', visibility: 'archive' },
      })
      expect([status, json]).toEqual([201, { id: expect.any(String), status: 'created' }])
      const asset = await get(json.id)
      expect(asset).toMatchObject({
        ownerId: me,
        type: 'IMAGE',
        originalFileName: `${mark} Ä 日本 100%;.jpg`,
        checksum: base64(bytes),
        isFavorite: true,
        visibility: 'archive',
        isTrashed: false,
        libraryId: null,
        livePhotoVideoId: null,
        stack: null,
      })
      expect(asset.exifInfo.fileSizeInByte).toBe(bytes.length)
    })

    test('the same bytes again are 200 with the same id, and their fields are dropped', async () => {
      const bytes = picture()
      const first = await send({ bytes })
      const again = await send({ bytes, name: 'other.jpg', fields: { isFavorite: 'true' } })
      expect([again.status, again.json]).toEqual([200, { id: first.json.id, status: 'duplicate' }])
      expect(await get(first.json.id)).toMatchObject({
        isFavorite: false,
        originalFileName: `${mark}.jpg`,
      })
    })

    test('identical uploads at the same time make one asset', async () => {
      const bytes = picture()
      const all = await Promise.all(Array.from({ length: 4 }, () => send({ bytes })))
      expect(new Set(all.map(({ json }) => json.id)).size).toBe(1)
      expect(all.filter(({ status }) => status === 201)).toHaveLength(1)
    })

    test('a known x-immich-checksum is answered without a body', async () => {
      const bytes = picture()
      const { json } = await send({ bytes })
      for (const sum of [hex(bytes), base64(bytes)]) {
        const headers = { 'x-api-key': server.key, 'x-immich-checksum': sum }
        const answer = await fetch(`${server.url}/api/assets`, { method: 'POST', headers })
        expect([answer.status, await answer.json()]).toEqual([
          200,
          { id: json.id, status: 'duplicate' },
        ])
      }
    })

    test('an unknown x-immich-checksum is not compared with the bytes', async () => {
      const bytes = picture()
      const { status, json } = await send({
        bytes,
        headers: { 'x-immich-checksum': hex(randomBytes(9)) },
      })
      expect(status).toBe(201)
      expect((await get(json.id)).checksum).toBe(base64(bytes))
    })

    test('the name in a part: quotes stay as the form escapes them, folders are cut off', async () => {
      const quote = await send({ name: 'x', rawName: `${mark}%22q%0A.jpg` })
      expect((await get(quote.json.id)).originalFileName).toBe(`${mark}%22q%0A.jpg`)
      const folder = await send({ name: 'x', rawName: `a/b\\${mark}.jpg` })
      expect((await get(folder.json.id)).originalFileName).toBe(`${mark}.jpg`)
    })

    test.each([
      ['an unknown type', { name: 'a.xyz' }, 'Unsupported file type a.xyz'],
      ['no extension', { name: 'a' }, 'Unsupported file type a'],
      [
        'a sidecar that is no .xmp',
        { sidecarName: 'a.json', sidecar: '{}' },
        'Unsupported file type a.json',
      ],
      ['an unknown file part', { part: 'other' }, 'Unexpected field - other'],
      ['no video to link', { fields: { livePhotoVideoId: nobody } }, 'Live photo video not found'],
    ])('%s is 400', async (_, given, message) => {
      const { status, json } = await send(given)
      expect([status, json.message]).toEqual([400, message])
    })

    test.each([
      ['no date', { fileCreatedAt: undefined }],
      ['a date that is none', { fileCreatedAt: 'yesterday' }],
      ['a favourite that is neither true nor false', { isFavorite: 'yes' }],
      ['an unknown visibility', { visibility: 'secret' }],
      ['a livePhotoVideoId that is no id', { livePhotoVideoId: 'x' }],
    ])('%s is 400', async (_, fields) => {
      expect((await send({ fields })).status).toBe(400)
    })

    test('no file at all is 400', async () => {
      const { status, json } = await send({ part: null, sidecar: xmp({ description: 'x' }) })
      expect([status, json.message]).toEqual([400, 'Field(s) assetData should not be empty'])
    })

    test('device names: v2 wants them, v3 does not mind', async () => {
      const { status } = await send({ fields: { deviceAssetId: undefined, deviceId: undefined } })
      expect(status).toBe(major === 2 ? 400 : 201)
    })

    test('a date without its zone: v3 refuses it', async () => {
      const { status } = await send({ fields: { fileCreatedAt: '2001-02-03 04:05:06' } })
      expect(status).toBe(major === 2 ? 201 : 400)
    })

    test('an empty file: v3 refuses it', async () => {
      const { status } = await send({ bytes: Buffer.alloc(0) })
      // v2 has one at most, so that it may be there from before.
      expect(major === 2 ? [200, 201] : [400]).toContain(status)
    })

    test('the field `filename` judges the files that come after it', async () => {
      const { status, json } = await send({
        fields: { filename: 'q.jpg' },
        sidecar: xmp({ description: 'x' }),
      })
      expect([status, json.message]).toEqual([400, 'Unsupported file type q.jpg'])
    })

    test('an upload that is broken off leaves nothing', async () => {
      const bytes = picture()
      const broken = new AbortController()
      const body = new ReadableStream({
        async pull(stream) {
          stream.enqueue(formOf({ bytes }).subarray(0, -200))
          await sleep(100)
          broken.abort()
        },
      })
      const headers = {
        'x-api-key': server.key,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      }
      const init = {
        method: 'POST',
        headers,
        body,
        duplex: 'half',
        signal: broken.signal,
      } as RequestInit
      await expect(fetch(`${server.url}/api/assets`, init)).rejects.toThrow()
      await sleep(300)
      expect((await known(bytes)).action).toBe('accept')
    })
  })

  describe('bulk-upload-check', () => {
    test('finds a checksum in hex and in base64, in the order asked', async () => {
      const bytes = picture()
      const { json } = await send({ bytes })
      const assets = [
        { id: 'new', checksum: hex(randomBytes(9)) },
        { id: 'hex', checksum: hex(bytes) },
        { id: 'base64', checksum: base64(bytes) },
        { id: 'nonsense', checksum: 'zz' },
      ]
      const { results } = (await call('POST', '/assets/bulk-upload-check', { assets })).json
      const there = { action: 'reject', reason: 'duplicate', assetId: json.id, isTrashed: false }
      expect(results).toEqual([
        { id: 'new', action: 'accept' },
        { id: 'hex', ...there },
        { id: 'base64', ...there },
        { id: 'nonsense', action: 'accept' },
      ])
    })

    test('takes five thousand at once, but not none', async () => {
      const assets = Array.from({ length: 5000 }, (_, n) => ({
        id: `${n}`,
        checksum: hex(Buffer.from(`${mark}${n}`)),
      }))
      const { json } = await call('POST', '/assets/bulk-upload-check', { assets })
      expect(
        json.results.filter(({ action }: { action: string }) => action === 'accept'),
      ).toHaveLength(5000)
      expect((await call('POST', '/assets/bulk-upload-check', { assets: [] })).status).toBe(500)
    })
  })

  describe('trash', () => {
    test('a trashed asset is still the duplicate of its bytes, and comes back by restore alone', async () => {
      const bytes = picture()
      const { json } = await send({ bytes })
      const { id } = json
      expect((await call('DELETE', '/assets', { ids: [id] })).status).toBe(204)
      expect((await get(id)).isTrashed).toBe(true)
      expect(await known(bytes)).toMatchObject({ action: 'reject', assetId: id, isTrashed: true })
      const again = await send({ bytes })
      expect([again.status, again.json.id]).toEqual([200, id])
      expect((await get(id)).isTrashed).toBe(true)
      expect((await call('POST', '/trash/restore/assets', { ids: [id] })).json).toEqual({
        count: 1,
      })
      expect((await get(id)).isTrashed).toBe(false)
    })

    test('one unknown id refuses the whole batch', async () => {
      const { json } = await send({})
      const ids = [json.id, nobody]
      for (const [method, path] of [
        ['DELETE', '/assets'],
        ['POST', '/trash/restore/assets'],
      ] as const) {
        const answer = await call(method, path, { ids })
        expect([answer.status, answer.json.message]).toEqual([
          400,
          'Not found or no asset.delete access',
        ])
      }
      expect((await get(json.id)).isTrashed).toBe(false)
    })

    test('deleted for good it is gone after a while, and its bytes are new again', async () => {
      const bytes = picture()
      const { json } = await send({ bytes })
      expect((await call('DELETE', '/assets', { ids: [json.id], force: true })).status).toBe(204)
      await until(async () => (await call('GET', `/assets/${json.id}`)).status === 400)
      made.assets.delete(json.id)
      expect((await known(bytes)).action).toBe('accept')
      expect((await send({ bytes })).status).toBe(201)
    })
  })

  describe('metadata', () => {
    test('are read some time after the upload, which modifyDate tells', async () => {
      const { json } = await send({ bytes: picture({ make: 'Contract', model: 'One' }) })
      const { exifInfo, width, height } = await extracted(json.id)
      expect(exifInfo).toMatchObject({
        make: 'Contract',
        model: 'One',
        exifImageWidth: 64,
        exifImageHeight: 48,
      })
      expect([width, height]).toEqual([64, 48])
    })

    const cases: [
      string,
      { exif?: Parameters<typeof withExif>[1]; sidecar?: string; sent?: string },
      object,
    ][] = [
      [
        'without any date the earlier of the two sent stands, in no zone',
        { sent: '2003-02-01T00:00:00.500Z' },
        { instant: '2003-02-01T00:00:00.500Z', local: '2003-02-01T00:00:00.500Z', zone: null },
      ],
      [
        'EXIF without a zone is read as UTC, in no zone',
        { exif: { local: '2011-01-02T03:04:05' } },
        { instant: '2011-01-02T03:04:05.000Z', local: '2011-01-02T03:04:05.000Z', zone: null },
      ],
      [
        'EXIF with an offset is that instant',
        { exif: { local: '2011-01-02T03:04:05', offset: '+05:00' } },
        { instant: '2011-01-01T22:04:05.000Z', local: '2011-01-02T03:04:05.000Z', zone: 'UTC+5' },
      ],
      [
        "EXIF with a place has the place's zone",
        { exif: { local: '2011-01-02T12:00:00', place: [35.68, 139.76] } },
        {
          instant: '2011-01-02T03:00:00.000Z',
          local: '2011-01-02T12:00:00.000Z',
          zone: 'Asia/Tokyo',
          latitude: 35.68,
        },
      ],
      [
        'EXIF with an offset and a place keeps the offset',
        { exif: { local: '2011-01-02T12:00:00', offset: '+02:00', place: [35.68, 139.76] } },
        { instant: '2011-01-02T10:00:00.000Z', local: '2011-01-02T12:00:00.000Z', zone: 'UTC+2' },
      ],
      [
        "a date in the sidecar without a place does not get the zone of the file's place",
        {
          exif: { local: '2011-01-02T12:00:00', place: [35.68, 139.76] },
          sidecar: xmp({ instant: '2012-06-07T08:09:10Z' }),
        },
        {
          instant: '2012-06-07T08:09:10.000Z',
          local: '2012-06-07T08:09:10.000Z',
          zone: 'UTC+0',
          latitude: 35.68,
        },
      ],
      [
        "a place in the sidecar changes the zone, not the instant that the file's place gave",
        {
          exif: { local: '2011-01-02T12:00:00', place: [52.5, 13.4] },
          sidecar: xmp({ place: [35.68, 139.76] }),
        },
        {
          instant: '2011-01-02T11:00:00.000Z',
          local: '2011-01-02T20:00:00.000Z',
          zone: 'Asia/Tokyo',
        },
      ],
      [
        "half an hour's zone has it in its name",
        { sidecar: xmp({ instant: '2012-06-07T08:09:10+05:30' }) },
        {
          instant: '2012-06-07T02:39:10.000Z',
          local: '2012-06-07T08:09:10.000Z',
          zone: 'UTC+5:30',
        },
      ],
      [
        'a date in the sidecar takes the place of all dates of the file',
        {
          exif: { local: '2011-01-02T03:04:05', offset: '+05:00' },
          sidecar: xmp({ instant: '2012-06-07T08:09:10+02:00' }),
        },
        { instant: '2012-06-07T06:09:10.000Z', local: '2012-06-07T08:09:10.000Z', zone: 'UTC+2' },
      ],
      [
        'an offset beside the date wins over the place',
        {
          sidecar: xmp({
            instant: '2012-06-07T10:00:00+02:00',
            offset: '+02:00',
            place: [35.68, 139.76],
          }),
        },
        { instant: '2012-06-07T08:00:00.000Z', local: '2012-06-07T10:00:00.000Z', zone: 'UTC+2' },
      ],
      [
        'a date with an offset that no country has today is dropped',
        {
          sidecar: xmp({ instant: '2010-07-01T07:30:00-04:30' }),
          sent: '2003-02-01T00:00:00.500Z',
        },
        { instant: '2003-02-01T00:00:00.500Z', local: '2003-02-01T00:00:00.500Z', zone: null },
      ],
      [
        'a clock time that was twice is the second',
        { exif: { local: '2023-10-29T02:30:00', place: [52.5, 13.4] } },
        { instant: '2023-10-29T01:30:00.000Z', local: '2023-10-29T02:30:00.000Z' },
      ],
      [
        'a date in UTC without a place stays in UTC',
        { sidecar: xmp({ instant: '2012-06-07T08:09:10Z' }) },
        { instant: '2012-06-07T08:09:10.000Z', local: '2012-06-07T08:09:10.000Z', zone: 'UTC+0' },
      ],
      [
        'date and place together keep the instant, in the zone of the place',
        { sidecar: xmp({ instant: '2012-06-07T10:00:00+02:00', place: [35.68, 139.76] }) },
        {
          instant: '2012-06-07T08:00:00.000Z',
          local: '2012-06-07T17:00:00.000Z',
          zone: 'Asia/Tokyo',
          longitude: 139.76,
        },
      ],
      [
        'a place alone moves a date that has no zone, so the date always goes with it',
        { exif: { local: '2011-01-02T12:00:00' }, sidecar: xmp({ place: [35.68, 139.76] }) },
        {
          instant: '2011-01-02T12:00:00.000Z',
          local: '2011-01-02T21:00:00.000Z',
          zone: 'Asia/Tokyo',
        },
      ],
      [
        'a place at 0,0 is none',
        { sidecar: xmp({ place: [0, 0] }) },
        { latitude: null, longitude: null },
      ],
      [
        'south and west are negative',
        { sidecar: xmp({ place: [-33.8688, -70.65] }) },
        { latitude: -33.8688, longitude: -70.65 },
      ],
      [
        "the sidecar's text wins over the file's, as we write it",
        {
          exif: { description: 'in the file' },
          sidecar: xmp({ description: 'Grüße & <b>\n"zwei"' }),
        },
        { description: 'Grüße & <b>\n"zwei"' },
      ],
      [
        "dc:description alone loses against the file's",
        {
          exif: { description: 'in the file' },
          sidecar: sidecarOf('<dc:description>in the sidecar</dc:description>'),
        },
        { description: 'in the file' },
      ],
      [
        'text that looks like a number is rewritten',
        { sidecar: xmp({ description: '1.50' }) },
        { description: '1.5' },
      ],
      ['leading zeros stay', { sidecar: xmp({ description: '0012' }) }, { description: '0012' }],
      [
        'space around a text is cut',
        { sidecar: xmp({ description: '  a  ' }) },
        { description: 'a' },
      ],
      ['a rating is read', { sidecar: sidecarOf('<xmp:Rating>4</xmp:Rating>') }, { rating: 4 }],
      [
        'a sidecar that is no XML is passed over',
        { exif: { description: 'kept' }, sidecar: 'no XML' },
        { description: 'kept' },
      ],
    ]
    test.each(cases)(
      '%s',
      async (_, { exif, sidecar, sent = '2020-01-01T00:00:00.000Z' }, wanted) => {
        const later = '2022-02-02T02:02:02.000Z'
        const { json } = await send({
          bytes: picture(exif),
          sidecar,
          fields: { fileCreatedAt: later, fileModifiedAt: sent },
        })
        const asset = await extracted(json.id)
        expect({
          ...asset.exifInfo,
          zone: asset.exifInfo.timeZone,
          instant: asset.fileCreatedAt,
          local: asset.localDateTime,
        }).toMatchObject(wanted)
      },
    )

    test('tags of the sidecar are made with their parents, and found by searching', async () => {
      const tags = [`${mark}/People/Anna`, `${mark}/two`]
      const { json } = await send({ sidecar: xmp({ tags, description: 'tagged' }) })
      const asset = await extracted(json.id)
      const values = asset.tags.map(({ value }: { value: string }) => value)
      expect(values.sort()).toEqual(tags)
      const list = (await call('GET', '/tags')).json as {
        id: string
        value: string
        parentId?: string
      }[]
      const tag = list.find(({ value }) => value === tags[0])
      expect(list.find(({ id }) => id === tag?.parentId)?.value).toBe(`${mark}/People`)
      const root = list.find(({ value }) => value === mark)
      expect(await found({ tagIds: [root?.id] })).toEqual([json.id])
    })

    test('refresh-metadata keeps what the sidecar gave', async () => {
      const { json } = await send({ sidecar: xmp({ description: 'from the sidecar' }) })
      const before = await extracted(json.id)
      const { status } = await call('POST', '/assets/jobs', {
        assetIds: [json.id],
        name: 'refresh-metadata',
      })
      expect(status).toBe(204)
      await until(async () => (await get(json.id)).updatedAt !== before.updatedAt)
      expect((await get(json.id)).exifInfo.description).toBe('from the sidecar')
      expect(
        (await call('POST', '/assets/jobs', { assetIds: [nobody], name: 'refresh-metadata' }))
          .status,
      ).toBe(400)
    })
  })

  describe('changing an asset', () => {
    test('what is put right after the upload lasts', async () => {
      const { json } = await send({
        bytes: picture({ local: '2011-01-02T03:04:05', description: 'file' }),
      })
      const changes = {
        description: 'mine',
        dateTimeOriginal: '2012-06-07T10:00:00+02:00',
        isFavorite: true,
      }
      const answer = await call('PUT', `/assets/${json.id}`, changes)
      expect([answer.status, answer.json.exifInfo.description]).toEqual([200, 'mine'])
      await until(async () => (await get(json.id)).fileCreatedAt === '2012-06-07T08:00:00.000Z')
      await sleep(300)
      const asset = await get(json.id)
      expect(asset).toMatchObject({ isFavorite: true, localDateTime: '2012-06-07T10:00:00.000Z' })
      expect(asset.exifInfo).toMatchObject({ description: 'mine', timeZone: 'UTC+2' })
    })

    test('a place moves the local time to its zone', async () => {
      const { json } = await send({ sidecar: xmp({ instant: '2012-06-07T10:00:00+02:00' }) })
      await extracted(json.id)
      const changes = { latitude: 35.68, longitude: 139.76 }
      expect((await call('PUT', `/assets/${json.id}`, changes)).json.exifInfo).toMatchObject(
        changes,
      )
      await until(async () => (await get(json.id)).localDateTime === '2012-06-07T17:00:00.000Z')
      expect((await get(json.id)).fileCreatedAt).toBe('2012-06-07T08:00:00.000Z')
    })

    test('an empty description clears that of the file, and entities come back plain', async () => {
      const { json } = await send({ bytes: picture({ description: 'file' }) })
      await extracted(json.id)
      await call('PUT', `/assets/${json.id}`, { description: '' })
      await settled(json.id)
      expect((await get(json.id)).exifInfo.description).toBe('')
      await call('PUT', `/assets/${json.id}`, { description: 'a &amp; b' })
      await until(async () => (await get(json.id)).exifInfo.description === 'a & b')
    })

    test('0,0 takes back a place that was given, but not the one in the file', async () => {
      const nowhere = { latitude: 0, longitude: 0 }
      const place: [number, number] = [35.68, 139.76]
      const given = (await send({ sidecar: xmp({ place }) })).json.id
      const inFile = (await send({ bytes: picture({ place }) })).json.id
      for (const id of [given, inFile]) {
        await extracted(id)
        await call('PUT', `/assets/${id}`, nowhere)
      }
      await until(async () => (await get(given)).exifInfo.latitude === null)
      await until(async () => (await get(inFile)).exifInfo.latitude === 35.68)
    })

    test('what goes to the sidecar moves an asset once that was read back, not when it is said', async () => {
      const { id } = (await send({})).json
      const before = await extracted(id)
      const said = (await call('PUT', `/assets/${id}`, { description: 'A' })).json
      expect(said.updatedAt).toBe(before.updatedAt)
      await until(async () => (await get(id)).updatedAt !== said.updatedAt)
      await settled(id)
      const liked = (await call('PUT', `/assets/${id}`, { rating: 3, isFavorite: true })).json
      await until(async () => (await get(id)).updatedAt !== liked.updatedAt)
      await settled(id)
      const { updatedAt } = (await call('PUT', `/assets/${id}`, { isFavorite: false })).json
      const [tag] = (await call('PUT', '/tags', { tags: [mark] })).json
      await settled(id)
      expect((await get(id)).updatedAt).toBe(updatedAt)
      const given = { tagIds: [tag.id], assetIds: [id] }
      await call('PUT', '/tags/assets', given)
      await until(async () => (await get(id)).updatedAt !== updatedAt)
      await settled(id)
      const tagged = await get(id)
      await call('PUT', '/tags/assets', given)
      await settled(id)
      expect((await get(id)).updatedAt).toBe(tagged.updatedAt)
      await call('DELETE', `/tags/${tag.id}/assets`, { ids: [id] })
      await until(async () => (await get(id)).updatedAt !== tagged.updatedAt)
      await settled(id)
      expect((await get(id)).tags).toEqual([])
    })

    test('visibility and favourite change at once', async () => {
      const { json } = await send({})
      const { json: asset } = await call('PUT', `/assets/${json.id}`, {
        visibility: 'archive',
        isFavorite: true,
      })
      expect(asset).toMatchObject({ visibility: 'archive', isFavorite: true })
    })

    test('an edit is in no file: another size, the same bytes; it lasts in the trash, and can be taken back', async () => {
      const { id } = (await send({})).json
      const before = await extracted(id)
      const parameters = { x: 0, y: 0, width: 32, height: 24 }
      const edits = [{ action: 'crop', parameters }]
      expect((await call('PUT', `/assets/${id}/edits`, { edits })).status).toBe(200)
      await until(async () => (await get(id)).width === 32)
      const { exifInfo, checksum } = before
      const { exifImageWidth, exifImageHeight, fileSizeInByte } = exifInfo
      const edited = {
        isEdited: true,
        height: 24,
        checksum,
        exifInfo: { exifImageWidth, exifImageHeight, fileSizeInByte },
      }
      expect(await get(id)).toMatchObject(edited)
      await call('DELETE', '/assets', { ids: [id] })
      await call('POST', '/trash/restore/assets', { ids: [id] })
      expect(await get(id)).toMatchObject(edited)
      expect((await call('DELETE', `/assets/${id}/edits`)).status).toBe(204)
      await until(async () => (await get(id)).width === before.width)
      expect(await get(id)).toMatchObject({ isEdited: false, height: before.height })
    })

    test('half a place, an unknown asset and a word for true are 400', async () => {
      const { json } = await send({})
      expect((await call('PUT', `/assets/${json.id}`, { latitude: 1 })).status).toBe(400)
      expect((await call('PUT', `/assets/${json.id}`, { isFavorite: 'yes' })).status).toBe(400)
      const unknown = await call('PUT', `/assets/${nobody}`, { isFavorite: true })
      expect([unknown.status, unknown.json.message]).toEqual([
        400,
        'Not found or no asset.update access',
      ])
      const read = await call('GET', `/assets/${nobody}`)
      expect([read.status, read.json.message]).toEqual([400, 'Not found or no asset.read access'])
    })
  })

  describe('searching', () => {
    test('takes bounds as inclusive, newest first, and gives the next page as text', async () => {
      const ids: string[] = []
      for (const second of [1, 2, 3])
        ids.push((await send({ fields: datesOf(`1971-01-01T00:00:0${second}.000Z`) })).json.id)
      const window = {
        originalFileName: mark,
        takenAfter: '1971-01-01T00:00:01.000Z',
        takenBefore: '1971-01-01T00:00:03.000Z',
      }
      expect(await found(window)).toEqual(ids.toReversed())
      expect(await found({ ...window, order: 'asc' })).toEqual(ids)
      const first = (await call('POST', '/search/metadata', { ...window, size: 2 })).json.assets
      expect(first).toMatchObject({ nextPage: '2', count: 2, total: 2 })
      const second = (await call('POST', '/search/metadata', { ...window, size: 2, page: 2 })).json
        .assets
      expect(second).toMatchObject({ nextPage: null, count: 1 })
      expect(second.items[0].id).toBe(ids[0])
    })

    test('dates are shown in milliseconds, and the millisecond after an instant holds all of it', async () => {
      const time = '1972-01-01T00:00:00.123Z'
      const { json } = await send({ fields: datesOf(time) })
      await extracted(json.id)
      const asset = await get(json.id)
      expect(asset.fileCreatedAt).toBe(time)
      expect(await found({ takenAfter: time, takenBefore: '1972-01-01T00:00:00.124Z' })).toContain(
        json.id,
      )
      const after = new Date(Date.parse(asset.createdAt)).toISOString()
      const before = new Date(Date.parse(asset.createdAt) + 1).toISOString()
      expect(await found({ createdAfter: after, createdBefore: before })).toContain(json.id)
      expect(await found({ originalFileName: mark, updatedAfter: asset.updatedAt })).toContain(
        json.id,
      )
    })

    test('without a visibility v2 finds the timeline alone, v3 all that is not locked', async () => {
      const { json } = await send({ name: `${mark}-hid.jpg`, fields: { visibility: 'archive' } })
      const filter = { originalFileName: `${mark}-hid` }
      expect(await found(filter)).toEqual(major === 2 ? [] : [json.id])
      expect(await found({ ...filter, visibility: 'archive' })).toEqual([json.id])
      expect(await found({ ...filter, visibility: 'timeline' })).toEqual([])
      expect((await call('POST', '/search/metadata', { visibility: 'locked' })).status).toBe(401)
    })

    test('leaves the trash out unless asked, and counting does not know withDeleted', async () => {
      const { json } = await send({
        name: `${mark}-bin.jpg`,
        fields: datesOf('1973-01-01T00:00:00.000Z'),
      })
      await call('DELETE', '/assets', { ids: [json.id] })
      const filter = {
        visibility: 'timeline',
        takenAfter: '1973-01-01T00:00:00.000Z',
        takenBefore: '1973-01-01T00:00:00.000Z',
      }
      expect(await found(filter)).toEqual([])
      expect(await found({ ...filter, withDeleted: true })).toEqual([json.id])
      const trashedAfter = '1970-01-01T00:00:00.000Z'
      expect(await found({ ...filter, trashedAfter })).toEqual([json.id])
      const count = async (more: object) =>
        (await call('POST', '/search/statistics', { ...filter, ...more })).json.total
      expect([
        await count({}),
        await count({ withDeleted: true }),
        await count({ trashedAfter }),
      ]).toEqual([0, 0, 1])
    })

    test('gives EXIF when asked, and neither tags nor stacks', async () => {
      const { json } = await send({ fields: datesOf('1974-01-01T00:00:00.000Z') })
      const at = { takenAfter: '1974-01-01T00:00:00.000Z', takenBefore: '1974-01-01T00:00:00.000Z' }
      await extracted(json.id)
      const [plain] = (await call('POST', '/search/metadata', at)).json.assets.items
      expect(plain.exifInfo).toBeUndefined()
      const [full] = (await call('POST', '/search/metadata', { ...at, withExif: true })).json.assets
        .items
      expect(full).toMatchObject({
        id: json.id,
        ownerId: me,
        visibility: 'timeline',
        isTrashed: false,
        libraryId: null,
      })
      expect(full.exifInfo).toMatchObject({
        fileSizeInByte: expect.any(Number),
        description: '',
        timeZone: null,
      })
      expect([full.tags, full.stack]).toEqual([undefined, undefined])
    })

    test('drops a filter that it does not know, without a word', async () => {
      const { status } = await call('POST', '/search/metadata', { size: 1, noSuchFilter: true })
      expect(status).toBe(200)
    })

    test('the timeline lists own ids by month, hidden and trashed ones when asked', async () => {
      const hidden = await send({
        fields: { ...datesOf('1975-05-15T00:00:00.000Z'), visibility: 'hidden' },
      })
      const binned = await send({ fields: datesOf('1975-06-15T00:00:00.000Z') })
      await call('DELETE', '/assets', { ids: [binned.json.id] })
      const bucket = async (timeBucket: string, query: string) => {
        const list = (await call('GET', `/timeline/buckets?${query}`)).json as {
          timeBucket: string
          count: number
        }[]
        const count = list.find((one) => one.timeBucket === timeBucket)?.count ?? 0
        const { id, ownerId } = (
          await call('GET', `/timeline/bucket?${query}&timeBucket=${timeBucket}`)
        ).json
        expect([id.length, ownerId.length]).toEqual([count, count])
        return id
      }
      expect(await bucket('1975-05-01', 'visibility=hidden&isTrashed=false')).toContain(
        hidden.json.id,
      )
      expect(await bucket('1975-05-01', 'visibility=timeline&isTrashed=false')).not.toContain(
        hidden.json.id,
      )
      expect(await bucket('1975-06-01', 'visibility=timeline&isTrashed=true')).toContain(
        binned.json.id,
      )
      expect(await bucket('1975-06-01', 'visibility=timeline&isTrashed=false')).not.toContain(
        binned.json.id,
      )
    })
  })

  describe('albums', () => {
    test('keep any title, may share one, and are listed without their assets', async () => {
      const albumName = `${mark} "Zoë" <b> a/b 🎉 __proto__`
      const one = await album({ albumName, description: 'first' })
      const two = await album({ albumName })
      expect(one.id).not.toBe(two.id)
      const list = (await call('GET', '/albums')).json as { id: string; albumName: string }[]
      const both = list.filter((album) => album.albumName === albumName)
      expect(both.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort())
      expect(both[0]).toMatchObject({ assetCount: 0, shared: false })
      expect((both[0] as { assets?: unknown[] }).assets ?? []).toEqual([])
      const asked = (await call('GET', '/albums?shared=true')).json as { id: string }[]
      // v3 does not know this filter, and lists all.
      expect(asked.some(({ id }) => id === one.id)).toBe(major === 3)
    })

    test('say whose they are', async () => {
      const { ownerId, albumUsers } = await album({ albumName: mark })
      if (major === 2) expect(ownerId).toBe(me)
      else expect(albumUsers).toMatchObject([{ role: 'owner', user: { id: me } }])
    })

    test('take assets, one answer for each in order', async () => {
      const [a, b] = [(await send({})).json.id, (await send({})).json.id]
      const { id, assetCount } = await album({ albumName: mark, assetIds: [a, nobody] })
      expect(assetCount).toBe(1)
      const answer = await call('PUT', `/albums/${id}/assets`, { ids: [a, b, nobody, b] })
      expect([answer.status, answer.json]).toEqual([
        200,
        [
          { id: a, success: false, error: 'duplicate' },
          { id: b, success: true },
          { id: nobody, success: false, error: 'no_permission' },
          { id: b, success: false, error: 'duplicate' },
        ],
      ])
      expect((await call('GET', `/albums/${id}`)).json.assetCount).toBe(2)
      const removed = (await call('DELETE', `/albums/${id}/assets`, { ids: [a, a] })).json
      expect(removed).toEqual([
        { id: a, success: true },
        { id: a, success: false, error: 'not_found' },
      ])
      expect(await found({ albumIds: [id], visibility: 'timeline' })).toEqual([b])
    })

    test('keep a trashed member, uncounted', async () => {
      const { json } = await send({})
      const { id } = await album({ albumName: mark, assetIds: [json.id] })
      await call('DELETE', '/assets', { ids: [json.id] })
      expect((await call('GET', `/albums/${id}`)).json.assetCount).toBe(0)
      expect(await found({ albumIds: [id], visibility: 'timeline', withDeleted: true })).toEqual([
        json.id,
      ])
      await call('POST', '/trash/restore/assets', { ids: [json.id] })
      expect((await call('GET', `/albums/${id}`)).json.assetCount).toBe(1)
    })

    test('can be renamed and described; their cover must be in them', async () => {
      const { id } = await album({ albumName: mark })
      const { json } = await call('PATCH', `/albums/${id}`, {
        albumName: `${mark} new`,
        description: 'said',
        order: 'asc',
      })
      expect(json).toMatchObject({ albumName: `${mark} new`, description: 'said', order: 'asc' })
      expect((await call('PATCH', `/albums/${id}`, { albumThumbnailAssetId: nobody })).status).toBe(
        400,
      )
    })

    test('that are not there are 400', async () => {
      const add = await call('PUT', `/albums/${nobody}/assets`, { ids: [nobody] })
      expect([add.status, add.json.message]).toEqual([400, 'Album not found'])
      const read = await call('GET', `/albums/${nobody}`)
      expect([read.status, read.json.message]).toEqual([400, 'Not found or no album.read access'])
      expect((await call('POST', '/search/metadata', { albumIds: [nobody] })).status).toBe(
        major === 2 ? 200 : 400,
      )
      expect((await call('POST', '/albums', {})).status).toBe(400)
    })
  })

  describe('stacks, tags, live photos', () => {
    test('a stack has its first asset on top, and an asset tells its stack', async () => {
      const [top, under] = [(await send({})).json.id, (await send({})).json.id]
      const { status, json } = await call('POST', '/stacks', { assetIds: [top, under] })
      made.stacks.add(json.id)
      expect([status, json.primaryAssetId]).toEqual([201, top])
      expect((await get(under)).stack).toEqual({ id: json.id, primaryAssetId: top, assetCount: 2 })
      const list = (await call('GET', '/stacks')).json as { id: string; assets: { id: string }[] }[]
      const ids = list.find(({ id }) => id === json.id)?.assets.map(({ id }) => id)
      expect(ids?.sort()).toEqual([top, under].sort())
      expect(
        (await found({ originalFileName: mark, visibility: 'timeline' })).length,
      ).toBeGreaterThan(1)
      expect((await call('DELETE', '/stacks', { ids: [json.id] })).status).toBe(204)
      made.stacks.delete(json.id)
      expect((await get(under)).stack).toBeNull()
      expect((await call('POST', '/stacks', { assetIds: [top] })).status).toBe(400)
      expect((await call('POST', '/stacks', { assetIds: [top, nobody] })).status).toBe(400)
    })

    test('an archived stack is in the list alone', async () => {
      const fields = { visibility: 'archive' }
      const [top, under] = [(await send({ fields })).json.id, (await send({ fields })).json.id]
      const { json } = await call('POST', '/stacks', { assetIds: [top, under] })
      made.stacks.add(json.id)
      for (const id of [top, under]) expect((await get(id)).stack).toBeNull()
      const list = (await call('GET', '/stacks')).json as { id: string; primaryAssetId: string }[]
      expect(list.find(({ id }) => id === json.id)?.primaryAssetId).toBe(top)
    })

    test('tags are made by their whole path, once, and counted where they are new', async () => {
      const { json } = await send({})
      await extracted(json.id)
      const tags = [`${mark}/x/y`, `${mark}/z`]
      const first = (await call('PUT', '/tags', { tags })).json as { id: string; value: string }[]
      expect(first.map(({ value }) => value)).toEqual(tags)
      const again = (await call('PUT', '/tags', { tags })).json as { id: string }[]
      expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id))
      const pairs = { tagIds: first.map(({ id }) => id), assetIds: [json.id, nobody] }
      expect((await call('PUT', '/tags/assets', pairs)).json).toEqual({ count: 2 })
      await settled(json.id)
      expect((await get(json.id)).tags.map(({ value }: { value: string }) => value).sort()).toEqual(
        tags,
      )
      expect((await call('PUT', '/tags/assets', pairs)).json).toEqual({ count: 0 })
      const off = await call('DELETE', `/tags/${first[0]?.id}/assets`, { ids: [json.id, nobody] })
      expect(off.json).toEqual([
        { id: json.id, success: true },
        { id: nobody, success: false, error: 'not_found' },
      ])
      await settled(json.id)
      expect((await get(json.id)).tags.map(({ value }: { value: string }) => value)).toEqual([
        tags[1],
      ])
      expect((await call('DELETE', `/tags/${nobody}/assets`, { ids: [json.id] })).status).toBe(400)
    })

    test('the video that a still names is hidden by itself', async () => {
      const video = (await send({ name: `${mark}.mp4`, bytes: movie() })).json.id
      const still = (await send({ fields: { livePhotoVideoId: video } })).json.id
      expect((await get(video)).visibility).toBe('hidden')
      expect((await get(still)).livePhotoVideoId).toBe(video)
      expect(await found({ originalFileName: `${mark}.mp4`, visibility: 'hidden' })).toContain(
        video,
      )
    })

    test('a video that was archived is not hidden', async () => {
      const fields = { visibility: 'archive' }
      const bytes = movie()
      const video = (await send({ name: `${mark}-kept.mp4`, bytes, fields })).json.id
      const still = (await send({ fields: { livePhotoVideoId: video } })).json.id
      expect((await get(video)).visibility).toBe('archive')
      const late = (await send({ name: `${mark}-kept2.mp4`, bytes: movie(), fields })).json.id
      await call('PUT', `/assets/${still}`, { livePhotoVideoId: late })
      expect((await get(late)).visibility).toBe('archive')
    })

    test('a video may be sent hidden, and linked then', async () => {
      const fields = { visibility: 'hidden' }
      const video = (await send({ name: `${mark}-hid.mp4`, bytes: movie(), fields })).json.id
      const still = (await send({ fields: { livePhotoVideoId: video } })).json.id
      expect((await get(video)).visibility).toBe('hidden')
      expect((await get(still)).livePhotoVideoId).toBe(video)
    })

    test('a movie inside a picture is taken out, and another half gives way to it', async () => {
      const [inside, other] = [movie(), movie()]
      const bytes = withMovie(picture(), inside)
      const video = (await send({ name: `${mark}-in.mp4`, bytes: other })).json.id
      const still = (await send({ bytes, fields: { livePhotoVideoId: video } })).json.id
      await until(async () => (await call('GET', `/assets/${video}`)).status === 400)
      made.assets.delete(video)
      const own = await get((await get(still)).livePhotoVideoId)
      expect([own.checksum, own.visibility]).toEqual([base64(inside), 'hidden'])
      made.assets.add(own.id)

      const same = movie()
      const known = (await send({ name: `${mark}-same.mp4`, bytes: same })).json.id
      const again = await send({
        bytes: withMovie(picture(), same),
        fields: { livePhotoVideoId: known },
      })
      await extracted(again.json.id)
      expect((await get(again.json.id)).livePhotoVideoId).toBe(known)
    })

    test("halves with one of Apple's ids find each other", async () => {
      const fields = datesOf('2001-01-01T00:00:00.000Z')
      const video = (await send({ name: `${mark}.mov`, bytes: sample('live.mov', mark), fields }))
        .json.id
      await extracted(video)
      const still = (await send({ name: `${mark}.heic`, bytes: sample('live.heic', mark), fields }))
        .json.id
      await until(async () => (await get(still)).livePhotoVideoId === video)
      expect((await get(video)).visibility).toBe('hidden')
    })

    test('a still that is there already hides the new video, but is not linked to it', async () => {
      const bytes = picture()
      const still = (await send({ bytes })).json.id
      const video = (await send({ name: `${mark}-orphan.mp4`, bytes: movie() })).json.id
      expect((await send({ bytes, fields: { livePhotoVideoId: video } })).status).toBe(200)
      expect((await get(video)).visibility).toBe('hidden')
      expect((await get(still)).livePhotoVideoId).toBeNull()
    })

    test('the trash takes the still alone, deleting for good its video too', async () => {
      const video = (await send({ name: `${mark}-gone.mp4`, bytes: movie() })).json.id
      const still = (await send({ fields: { livePhotoVideoId: video } })).json.id
      await call('DELETE', '/assets', { ids: [still] })
      expect((await get(video)).isTrashed).toBe(false)
      await call('DELETE', '/assets', { ids: [still], force: true })
      await until(async () => (await call('GET', `/assets/${video}`)).status === 400)
      for (const id of [still, video]) made.assets.delete(id)
    })

    test('a still can be linked afterwards, but to a video only', async () => {
      const video = (await send({ name: `${mark}-late.mp4`, bytes: movie() })).json.id
      const still = (await send({})).json.id
      const other = (await send({})).json.id
      const { json } = await call('PUT', `/assets/${still}`, { livePhotoVideoId: video })
      expect(json.livePhotoVideoId).toBe(video)
      expect((await get(video)).visibility).toBe('hidden')
      const wrong = await call('PUT', `/assets/${still}`, { livePhotoVideoId: other })
      expect([wrong.status, wrong.json.message]).toEqual([400, 'Live photo video must be a video'])
    })
  })

  describe('duplicates', () => {
    test('a group is set on many at once, is found by searching, and lasts in the trash', async () => {
      const ids = [(await send({})).json.id, (await send({})).json.id]
      for (const id of ids) await extracted(id)
      const group = randomUUID()
      expect((await call('PUT', '/assets', { ids, duplicateId: group })).status).toBe(204)
      const { json } = await call('POST', '/search/metadata', {
        originalFileName: mark,
        size: 1000,
      })
      const members = json.assets.items.filter(
        (one: { duplicateId: string }) => one.duplicateId === group,
      )
      expect(members).toHaveLength(2)
      await settled(ids[1])
      await call('DELETE', '/assets', { ids: [ids[1]] })
      expect(await get(ids[1])).toMatchObject({ isTrashed: true, duplicateId: group })
      await call('POST', '/trash/restore/assets', { ids: [ids[1]] })
      expect(await get(ids[1])).toMatchObject({ isTrashed: false, duplicateId: group })
      expect((await call('PUT', '/assets', { ids, duplicateId: null })).status).toBe(204)
      expect((await get(ids[0])).duplicateId).toBeNull()
      const unknown = { ids: [ids[0], nobody], duplicateId: group }
      expect((await call('PUT', '/assets', unknown)).status).toBe(400)
      expect((await get(ids[0])).duplicateId).toBeNull()
    })

    test('a rating is given and taken back, and lasts', async () => {
      const { id } = (await send({})).json
      await extracted(id)
      await call('PUT', `/assets/${id}`, { rating: 4 })
      await settled(id)
      expect((await get(id)).exifInfo.rating).toBe(4)
      expect((await call('PUT', `/assets/${id}`, { rating: null })).status).toBe(200)
      await settled(id)
      expect((await get(id)).exifInfo.rating).toBeNull()
    })

    test('the albums of an asset are asked for, trashed or not', async () => {
      const { id } = (await send({})).json
      const { id: one } = await album({ albumName: mark, assetIds: [id] })
      const ask = async () =>
        (await call('GET', `/albums?assetId=${id}`)).json.map(({ id }: { id: string }) => id)
      expect(await ask()).toEqual([one])
      await call('DELETE', '/assets', { ids: [id] })
      expect(await ask()).toEqual([one])
    })

    test('copy gives what it is not told to leave', async () => {
      const [from, to] = [
        (await send({ fields: { isFavorite: 'true' } })).json.id,
        (await send({})).json.id,
      ]
      const under = (await send({})).json.id
      const { id: one } = await album({ albumName: mark, assetIds: [from] })
      const { json: stack } = await call('POST', '/stacks', { assetIds: [from, under] })
      made.stacks.add(stack.id)
      const none = {
        albums: false,
        favorite: false,
        sharedLinks: false,
        stack: false,
        sidecar: false,
      }
      const copy = (what: object) =>
        call('PUT', '/assets/copy', { sourceId: from, targetId: to, ...none, ...what })
      const { json: link } = await call('POST', '/shared-links', {
        type: 'INDIVIDUAL',
        assetIds: [from],
      })
      made.links.add(link.id)
      const linked = async () =>
        (await call('GET', `/shared-links/${link.id}`)).json.assets
          .map(({ id }: { id: string }) => id)
          .sort()
      const listed = async () =>
        (await call('GET', '/shared-links')).json.find(({ id }: { id: string }) => id === link.id)
      expect((await copy({})).status).toBe(204)
      expect(await get(to)).toMatchObject({ isFavorite: false, stack: null })
      expect(await linked()).toEqual([from])
      await copy({ sharedLinks: true, stack: true })
      expect(await linked()).toEqual([from, to].sort())
      expect(await listed()).toMatchObject({ type: 'INDIVIDUAL', assets: [{}] })
      expect(await get(to)).toMatchObject({
        isFavorite: false,
        stack: { id: stack.id, primaryAssetId: from, assetCount: 3 },
      })
      expect((await call('GET', `/albums?assetId=${to}`)).json).toEqual([])
      await copy({ albums: true, favorite: true })
      expect((await get(to)).isFavorite).toBe(true)
      expect((await call('GET', `/albums?assetId=${to}`)).json).toMatchObject([{ id: one }])
      // And back.
      const left = await call('DELETE', `/shared-links/${link.id}/assets`, {
        assetIds: [to, nobody],
      })
      expect(left.json).toEqual([
        { assetId: to, success: true },
        { assetId: nobody, success: false, error: 'not_found' },
      ])
      expect(await linked()).toEqual([from])
      expect((await call('DELETE', `/stacks/${stack.id}/assets/${from}`)).status).toBe(400)
      expect((await call('DELETE', `/stacks/${stack.id}/assets/${to}`)).status).toBe(204)
      expect((await get(to)).stack).toBeNull()
      expect((await copy({ targetId: from })).status).toBe(400)
      await call('DELETE', '/assets', { ids: [from] })
      expect(await linked()).toEqual([])
    })

    test('copy between two of one stack makes an end of the stack', async () => {
      const [from, to] = [(await send({})).json.id, (await send({})).json.id]
      const { json: stack } = await call('POST', '/stacks', { assetIds: [from, to] })
      made.stacks.add(stack.id)
      const none = { albums: false, favorite: false, sharedLinks: false, sidecar: false }
      const what = { sourceId: from, targetId: to, ...none, stack: true }
      expect((await call('PUT', '/assets/copy', what)).status).toBe(204)
      made.stacks.delete(stack.id)
      for (const id of [from, to]) expect((await get(id)).stack).toBeNull()
      expect((await call('GET', `/stacks/${stack.id}`)).status).toBe(400)
    })

    test('a stack has another on top, is found by that, and lets go of its others', async () => {
      const ids = [(await send({})).json.id, (await send({})).json.id, (await send({})).json.id]
      const { json: stack } = await call('POST', '/stacks', { assetIds: ids })
      made.stacks.add(stack.id)
      const under = async (id: string) => (await call('GET', `/stacks?primaryAssetId=${id}`)).json
      expect(await under(ids[1])).toEqual([])
      expect((await call('PUT', `/stacks/${stack.id}`, { primaryAssetId: ids[1] })).status).toBe(
        200,
      )
      expect(await under(ids[1])).toMatchObject([{ id: stack.id, primaryAssetId: ids[1] }])
      expect((await call('PUT', `/stacks/${stack.id}`, { primaryAssetId: nobody })).status).toBe(
        400,
      )
      // What is trashed stays in it, unseen.
      await call('DELETE', '/assets', { ids: [ids[0]] })
      const [found] = await under(ids[1])
      expect(found.assets.map(({ id }: { id: string }) => id).sort()).toEqual(
        [ids[1], ids[2]].sort(),
      )
      await call('POST', '/trash/restore/assets', { ids: [ids[0]] })
      expect((await under(ids[1]))[0].assets).toHaveLength(3)
    })

    test('faces are made, listed with their person, and deleted', async () => {
      const { id } = (await send({})).json
      await extracted(id)
      const { json: person } = await call('POST', '/people', { name: mark })
      made.people.add(person.id)
      const box = { imageWidth: 64, imageHeight: 48, x: 8, y: 6, width: 16, height: 12 }
      const face = { assetId: id, personId: person.id, ...box }
      expect((await call('POST', '/faces', face)).status).toBe(201)
      const { json } = await call('GET', `/faces?id=${id}`)
      expect(json).toMatchObject([
        {
          imageWidth: 64,
          imageHeight: 48,
          boundingBoxX1: 8,
          boundingBoxY1: 6,
          boundingBoxX2: 24,
          boundingBoxY2: 18,
          person: { id: person.id },
        },
      ])
      expect((await get(id)).people).toMatchObject([{ id: person.id, name: mark }])
      expect((await call('POST', '/faces', { ...face, personId: nobody })).status).toBe(400)
      expect((await call('DELETE', `/faces/${json[0].id}`, { force: true })).status).toBe(204)
      expect((await call('GET', `/faces?id=${id}`)).json).toEqual([])
      expect((await get(id)).people).toEqual([])
    })

    test('resolve merges into the one that is kept, and trashes the rest at once', async () => {
      const name = `${mark}-resolve.jpg`
      const keep = (await send({ name })).json.id
      const lose = (await send({ name, fields: { isFavorite: 'true' } })).json.id
      for (const id of [keep, lose]) await extracted(id)
      await call('PUT', `/assets/${lose}`, { description: 'Two', rating: 3 })
      await call('PUT', `/assets/${keep}`, { description: 'One' })
      for (const id of [keep, lose]) await settled(id)
      const { id: one } = await album({ albumName: mark, assetIds: [lose] })
      const [tag] = (await call('PUT', '/tags', { tags: [mark] })).json
      await call('PUT', '/tags/assets', { tagIds: [tag.id], assetIds: [lose] })
      await settled(lose)
      const duplicateId = randomUUID()
      await call('PUT', '/assets', { ids: [keep, lose], duplicateId })
      for (const id of [keep, lose]) await settled(id)
      const resolve = (keepAssetIds: string[], trashAssetIds: string[], id = duplicateId) =>
        call('POST', '/duplicates/resolve', {
          groups: [{ duplicateId: id, keepAssetIds, trashAssetIds }],
        })
      expect((await resolve([keep], [lose], nobody)).status).toBe(400)
      expect((await resolve([keep], [])).json).toEqual([
        {
          id: duplicateId,
          success: false,
          error: 'validation',
          errorMessage: 'Every asset must be in either keepAssetIds or trashAssetIds',
        },
      ])
      expect((await resolve([keep], [lose])).json).toEqual([{ id: duplicateId, success: true }])
      await settled(keep)
      const { exifInfo, tags, ...kept } = await get(keep)
      expect(kept).toMatchObject({ isFavorite: true, duplicateId: null })
      expect(exifInfo.rating).toBe(3)
      expect(exifInfo.description.split('\n').sort()).toEqual(['One', 'Two'])
      expect(tags.map(({ value }: { value: string }) => value)).toEqual([mark])
      expect((await call('GET', `/albums?assetId=${keep}`)).json).toMatchObject([{ id: one }])
      expect(await get(lose)).toMatchObject({ isTrashed: true, duplicateId: null })
    })
  })

  describe('bytes', () => {
    test('the original comes back as it was sent, whole or in part', async () => {
      const bytes = picture({ description: 'kept' })
      const { json } = await send({ bytes, sidecar: xmp({ description: 'beside' }) })
      await extracted(json.id)
      const headers = { 'x-api-key': server.key }
      const path = `${server.url}/api/assets/${json.id}/original`
      const whole = await fetch(path, { headers })
      expect([whole.status, Buffer.from(await whole.arrayBuffer()).equals(bytes)]).toEqual([
        200,
        true,
      ])
      const part = await fetch(path, { headers: { ...headers, range: 'bytes=5-' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes 5-${bytes.length - 1}/${bytes.length}`,
      ])
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5))).toBe(true)
    })

    test('a thumbnail is a picture that browsers show, once it has been made; of what is not there it is none', async () => {
      const { json } = await send({})
      await until(async () => (await get(json.id)).thumbhash !== null)
      const thumbnail = (id: string, size: string) =>
        fetch(`${server.url}/api/assets/${id}/thumbnail?size=${size}`, {
          headers: { 'x-api-key': server.key },
        })
      for (const size of ['thumbnail', 'preview']) {
        const answer = await thumbnail(json.id, size)
        expect([size, answer.status, answer.headers.get('content-type')]).toEqual([
          size,
          200,
          expect.stringMatching(/^image\/(jpeg|webp)$/),
        ])
        expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0)
      }
      expect([400, 404]).toContain((await thumbnail(nobody, 'preview')).status)
    })
  })

  type Json = Record<string, never> & { [name: string]: never }
  // biome-ignore lint/suspicious/noExplicitAny: answers are what the tests are about
  type Answer = { status: number; json: any }
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = {
      'x-api-key': server.key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(`${server.url}/api${path}`, { method, headers, ...init })
    const text = await answer.text()
    return { status: answer.status, json: text ? (JSON.parse(text) as Json) : undefined }
  }
  const get = async (id: string) => (await call('GET', `/assets/${id}`)).json

  type Sent = {
    name?: string
    rawName?: string
    bytes?: Buffer
    fields?: Record<string, string | undefined>
    sidecar?: string | undefined
    sidecarName?: string
    part?: string | null
    headers?: Record<string, string>
  }
  const boundary = `${mark}-boundary`
  // Built by hand, so that the order and the very bytes are ours.
  function formOf({
    name = `${mark}.jpg`,
    rawName = name,
    bytes = picture(),
    fields = {},
    sidecar,
    sidecarName = 'a.xmp',
    part = 'assetData',
  }: Sent) {
    const texts = {
      deviceAssetId: mark,
      deviceId: mark,
      ...datesOf('2020-01-01T00:00:00.000Z'),
      ...fields,
    }
    const chunks: Buffer[] = []
    const add = (head: string, body: string | Buffer) =>
      chunks.push(
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
        Buffer.from(body),
        Buffer.from('\r\n'),
      )
    for (const [field, value] of Object.entries(texts))
      if (value !== undefined) add(`name="${field}"`, value)
    const type = '\r\nContent-Type: application/octet-stream'
    if (sidecar !== undefined) add(`name="sidecarData"; filename="${sidecarName}"${type}`, sidecar)
    if (part) add(`name="${part}"; filename="${rawName}"${type}`, bytes)
    return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)])
  }
  async function send(sent: Sent): Promise<Answer> {
    const headers = {
      'x-api-key': server.key,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...sent.headers,
    }
    const answer = await fetch(`${server.url}/api/assets`, {
      method: 'POST',
      headers,
      body: formOf(sent),
    })
    const json = await answer.json()
    // A 200 may name an asset that was there before.
    if (answer.status === 201) made.assets.add(json.id)
    return { status: answer.status, json }
  }
  async function album(album: object) {
    const { status, json } = await call('POST', '/albums', album)
    expect(status).toBe(201)
    made.albums.add(json.id)
    return json
  }
  async function found(filter: object): Promise<string[]> {
    const { status, json } = await call('POST', '/search/metadata', filter)
    expect(status).toBe(200)
    return json.assets.items.map(({ id }: { id: string }) => id)
  }
  async function known(bytes: Buffer) {
    const assets = [{ id: 'x', checksum: hex(bytes) }]
    return (await call('POST', '/assets/bulk-upload-check', { assets })).json.results[0]
  }
  async function extracted(id: string) {
    await until(async () => (await get(id)).exifInfo.modifyDate !== null)
    // The tags come a moment after the rest.
    await settled(id)
    return get(id)
  }
  /** Waits until nothing has moved the asset for a while. */
  async function settled(id: string) {
    let last = ''
    await until(async () => {
      const { updatedAt } = await get(id)
      const still = updatedAt === last
      last = updatedAt
      if (!still) await sleep(server.stop ? 60 : 700)
      return still
    })
  }
})

/** A picture that no server has. */
function picture(exif: Parameters<typeof withExif>[1] = {}) {
  return Buffer.concat([withExif(plain, exif), randomBytes(16)])
}
function movie() {
  return Buffer.concat([Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom', 'latin1'), randomBytes(64)])
}
function sidecarOf(properties: string) {
  const spaces =
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ${spaces}>${properties}</rdf:Description></rdf:RDF></x:xmpmeta>`
}
function datesOf(time: string) {
  return { fileCreatedAt: time, fileModifiedAt: time }
}
function hex(bytes: Buffer) {
  return createHash('sha1').update(bytes).digest('hex')
}
function base64(bytes: Buffer) {
  return createHash('sha1').update(bytes).digest('base64')
}
function sleep(ms: number) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
async function until(done: () => Promise<boolean>) {
  for (let tries = 0; tries < 200; tries++) {
    if (await done()) return
    await sleep(tries < 20 ? 25 : 200)
  }
  throw new Error('It never came about')
}
