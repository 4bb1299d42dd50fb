import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { NEEDED } from '../lib/immich/permissions.ts'
import { takeLock } from '../lib/state/lock.ts'
import { padded } from './sandbox/campaign.ts'
import { picture, start, type World, world } from './sandbox/run.ts'

const [, section = ''] = readFileSync('README.md', 'utf8').split('\n## When it stops\n')
const table = section.slice(0, section.indexOf('\n| exit |'))
/** What the README says that a stage says, one row each. */
const rows = [...table.matchAll(/^\| (.*?`) \|/gm)].map(([, said = '']) => said)

let w: World
afterEach(() => w?.end())
const READY = ['index-gphotos', 'index-immich', 'link']
const shots = [1, 2, 3].map((n) => picture(`IMG_${n}.jpg`, n, { part: n }))
const library = async (...stages: string[]) => {
  w = await world({ shots, takeout: { parts: 3 } })
  await w.stages(...stages)
}
const said = async (stage: string, args: string[] = [], env: Record<string, string> = {}) => {
  const { out, err } = await w.run(stage, args, env)
  return out + err
}
const index = () => said('index-gphotos', [dirname(w.paths[0] as string)])
const refuse = (status: number, body: string) =>
  w.server.fail({ method: 'POST', path: /assets$/, status, body, times: 99 })
const part = (n: number) => w.paths[n - 1] as string

/** How each comes about: what was said altogether. */
const scenes: Record<string, () => Promise<string>> = {
  'it is a web page': async () => {
    await library()
    writeFileSync(part(2), '<!DOCTYPE html><html><body>Sign in</body></html>')
    writeFileSync(part(3), readFileSync(part(3)).subarray(0, 900))
    return index()
  },
  'part 2 is missing': async () => {
    await library()
    renameSync(part(2), `${part(2)}.crdownload`)
    return index()
  },
  'it refuses this key': async () => {
    await library(...READY)
    const wrong = await said('transfer', [], { IMMICH_API_KEY: 'wrong' })
    w.server.allow(Object.keys(NEEDED).filter((name) => name !== 'asset.upload'))
    return wrong + (await said('transfer'))
  },
  'no connection': async () => {
    await library(...READY)
    const away = await said('transfer', [], { IMMICH_URL: 'http://127.0.0.1:9' })
    w.server.fail({
      status: 200,
      body: '<html>',
      headers: { 'content-type': 'text/html' },
      times: 99,
    })
    return away + (await said('transfer'))
  },
  'the file is too large': async () => {
    await library(...READY)
    refuse(413, '')
    return said('transfer')
  },
  'each time': async () => {
    await library(...READY)
    w.server.fail({ method: 'POST', path: /assets$/, drop: 'before', times: 99 })
    return said('transfer')
  },
  'in a row failed alike': async () => {
    w = await world({ shots: Array.from({ length: 26 }, (_, n) => picture(`IMG_${n}.jpg`, n)) })
    await w.stages(...READY)
    refuse(500, '{"message":"Internal server error"}')
    return said('transfer', [], { PHOTOFERRY_RETRIES: '0' })
  },
  'the quota': async () => {
    await library(...READY)
    refuse(400, '{"message":"Quota has been exceeded!"}')
    return said('transfer')
  },
  'it is no longer at': async () => {
    await library(...READY)
    renameSync(part(2), `${part(2)}.away`)
    const folder = dirname(part(1))
    const gone = await said('transfer')
    renameSync(folder, `${folder}.away`)
    mkdirSync(folder)
    return gone + (await index())
  },
  'its checksum is wrong': async () => {
    const noise = padded(Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 4000, 1)
    w = await world({ shots: [picture('noise.jpg', 1, { bytes: noise, exif: null })] })
    await w.stages(...READY)
    const bytes = readFileSync(part(1))
    const at = bytes.indexOf(noise.subarray(2000, 2100))
    bytes.writeUInt8(bytes.readUInt8(at) ^ 255, at)
    writeFileSync(part(1), bytes)
    return said('transfer')
  },
  'disk full': async () => {
    await library()
    // A limit on the size of files; test/full-disk.test.ts has a disk.
    const { err } = await start('index-gphotos', [dirname(part(1)), '--state', w.state], {
      cwd: w.dir,
      blocks: 1,
    }).done
    return err
  },
  'is using it': async () => {
    await library()
    const release = await takeLock(`${w.state}.lock`, 'transfer', w.state)
    const text = await index()
    release()
    return text
  },
  'put data/state.json.bak': async () => {
    await library(...READY)
    writeFileSync(w.state, readFileSync(w.state).subarray(0, 1500))
    expect(existsSync(`${w.state}.bak`)).toBe(true)
    return said('status')
  },
  'plain http': async () => {
    await library()
    const url = w.server.url.replace('127.0.0.1', '0.0.0.0')
    return said('index-immich', [], { IMMICH_URL: url })
  },
}

describe('what the README says that a stage says, it says:', () => {
  test.each(rows)('%s', async (row) => {
    const scene = Object.keys(scenes).find((name) => row.includes(name))
    expect(scene, 'a row that no test brings about').toBeDefined()
    const text = await scenes[scene as string]?.()
    for (const [, quoted = ''] of row.matchAll(/(?:^| \/ )(`.*?`|`` .*?``)(?= \/ |$)/g)) {
      const plain = quoted.replace(/^`` ?| ?``$/g, '').replace(/^`|`$/g, '')
      const pattern = plain
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace('data/state', '.*state')
        .replace('…', '.*')
        .replace('pid 123', 'pid \\d+')
      expect(text).toMatch(new RegExp(pattern))
    }
  })

  test('each of these has its row', () => {
    for (const scene of Object.keys(scenes))
      expect(
        rows.filter((row) => row.includes(scene)),
        scene,
      ).toHaveLength(1)
  })
})
