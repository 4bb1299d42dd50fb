import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { openState } from '../../lib/state/state.ts'
import { startGoogle } from '../sandbox/google.ts'
import { startImmich } from '../sandbox/immich.ts'

type Stage = (name: string, args: string[], env: Record<string, string>) => Promise<unknown>

const PARTS = 4
const PHOTO_BYTES = 3_000_000

/**
 * A library of so many photos of 3 MB lies in a fake Drive and is known; then it comes again as a whole, with one photo more.
 * Gives the bytes that were fetched for that, and those that had to be: directories, sidecars, and the photo.
 */
export async function fullExportWithOneNew(
  folder: string,
  state: string,
  photos: number,
  stage: Stage,
) {
  const [google, server] = [await startGoogle(), await startImmich({ folder: null })]
  const env = {
    ...google.env,
    ACCOUNT: 'bench',
    IMMICH_URL: server.url,
    IMMICH_API_KEY: server.key,
  }
  try {
    const scope = 'https://www.googleapis.com/auth/drive.readonly'
    const tokens = { version: 1, grants: { drive: google.grant(scope) } }
    await writeFile(join(folder, 'google-client.json'), JSON.stringify(google.clientFile()))
    await writeFile(join(folder, 'google-tokens.json'), JSON.stringify(tokens))
    const lay = async (daysAgo: number, many: number) => {
      const created = new Date(Date.now() - daysAgo * 86_400_000).toISOString()
      const made = await sparseTakeout(
        join(folder, 'drive'),
        `${created.slice(0, 19).replace(/[-:]/g, '')}Z`,
        many,
      )
      for (const path of made.paths) await google.put(path, { created, md5: path })
      return made
    }
    await lay(60, photos)
    await stage('index-gphotos', ['--drive'], env)
    const opened = await openState(state, {
      read: ['photos'],
      write: ['transfers', 'runs'],
      stage: 'bench',
    })
    const at = new Date().toISOString()
    for (const id of Object.keys(opened.data.photos)) opened.put('transfers', id, { asset: id, at })
    opened.put('runs', 'index-immich', { stage: 'index-immich', at })
    await opened.save()

    const { needed, bytes } = await lay(1, photos + 1)
    google.reset()
    for (const name of ['index-gphotos', 'link', 'transfer']) await stage(name, ['--quiet'], env)
    const arrived = server.db.assets.size
    if (arrived !== 1) throw new Error(`${arrived} photos arrived, and not the one that is new`)
    return { fetched: google.served.bytes, requests: google.served.requests, needed, bytes }
  } finally {
    await Promise.all([google.stop(), server.stop()])
  }
}

/** An export whose pictures are holes in its files: it takes no room on the disk. The last picture is the newest. */
async function sparseTakeout(folder: string, stamp: string, photos: number) {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  let bytes = 0
  // No two of a size, so that no two are the same zeros.
  const crcs = new Map<number, number>()
  let crc = crc32(Buffer.alloc(PHOTO_BYTES))
  for (let n = 0; n < photos; n++) {
    crc = crc32(Buffer.alloc(1), crc)
    crcs.set(n, crc)
  }
  let needed = 0
  for (let part = 0; part < PARTS; part++) {
    const path = join(folder, `takeout-${stamp}-3-${String(part + 1).padStart(3, '0')}.zip`)
    paths.push(path)
    const file = await open(path, 'w')
    const records: Buffer[] = []
    let at = 0
    const add = async (name: string, size: number, crc: number, data?: Buffer) => {
      const header = Buffer.alloc(30)
      header.writeUInt32LE(0x04034b50)
      for (const [value, to] of [
        [crc, 14],
        [size, 18],
        [size, 22],
      ] as const)
        header.writeUInt32LE(value >>> 0, to)
      header.writeUInt16LE(name.length, 26)
      await file.write(
        Buffer.concat([header, Buffer.from(name), data ?? Buffer.alloc(0)]),
        0,
        null,
        at,
      )
      const record = Buffer.alloc(46 + name.length + 12)
      record.writeUInt32LE(0x02014b50)
      for (const [value, to] of [
        [crc, 16],
        [size, 20],
        [size, 24],
        [0xffffffff, 42],
      ] as const)
        record.writeUInt32LE(value >>> 0, to)
      record.writeUInt16LE(name.length, 28)
      record.writeUInt16LE(12, 30)
      record.write(name, 46)
      record.writeUInt16LE(1, 46 + name.length)
      record.writeUInt16LE(8, 48 + name.length)
      record.writeBigUInt64LE(BigInt(at), 50 + name.length)
      records.push(record)
      at += 30 + name.length + size
      return 30 + name.length + size
    }
    for (let n = part; n < photos; n += PARTS) {
      const name = `Takeout/Google Photos/Photos from 2020/IMG_${n}.jpg`
      const picture = await add(name, PHOTO_BYTES + n + 1, crcs.get(n) as number)
      if (n === photos - 1) needed += picture
      const sidecar = Buffer.from(JSON.stringify(sidecarOf(n, stamp), null, 2))
      needed += await add(
        `${name}.supplemental-metadata.json`,
        sidecar.length,
        crc32(sidecar),
        sidecar,
      )
    }
    const directory = Buffer.concat([...records, endOf(records, at)])
    await file.write(directory, 0, directory.length, at)
    await file.close()
    needed += directory.length
    bytes += at + directory.length
  }
  return { paths, needed, bytes }
}

function sidecarOf(n: number, stamp: string) {
  const time = {
    timestamp: String(1_577_900_000 + n * 60),
    formatted: 'a text that nobody reads, in the language of the account',
  }
  const geoData = { latitude: 0, longitude: 0, altitude: 0, latitudeSpan: 0, longitudeSpan: 0 }
  return {
    title: `IMG_${n}.jpg`,
    description: '',
    // Every look at a photo changes its sidecar.
    imageViews: stamp.slice(0, 8),
    creationTime: time,
    photoTakenTime: time,
    geoData,
    url: `https://photos.google.com/photo/AF1Qip${String(n).padStart(38, '0')}`,
    googlePhotosOrigin: {
      mobileUpload: { deviceFolder: { localFolderName: '' }, deviceType: 'ANDROID_PHONE' },
    },
  }
}

/** The end of a zip with 64-bit offsets, as Google's big ones have it. */
function endOf(records: Buffer[], at: number) {
  const length = records.reduce((sum, record) => sum + record.length, 0)
  const end = Buffer.alloc(56 + 20 + 22)
  end.writeUInt32LE(0x06064b50)
  end.writeBigUInt64LE(44n, 4)
  for (const [value, to] of [
    [records.length, 24],
    [records.length, 32],
    [length, 40],
    [at, 48],
  ] as const)
    end.writeBigUInt64LE(BigInt(value), to)
  end.writeUInt32LE(0x07064b50, 56)
  end.writeBigUInt64LE(BigInt(at + length), 64)
  end.writeUInt32LE(1, 72)
  end.writeUInt32LE(0x06054b50, 76)
  for (const to of [84, 86]) end.writeUInt16LE(0xffff, to)
  for (const to of [88, 92]) end.writeUInt32LE(0xffffffff, to)
  return end
}
