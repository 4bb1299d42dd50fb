import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { NEEDED } from '../lib/immich/permissions.ts'
import { type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())

test.each(['3.1.0', '2.7.5'] as const)(
  'Immich %s: tells version, owner and rights, and keeps both for oneself',
  async (version) => {
    w = await world({ server: { version } })
    const env = join(w.dir, '.env')
    expect(await w.run('auth', ['--dry-run'])).toMatchObject({ code: 0 })
    expect(existsSync(env)).toBe(false)
    const ran = await w.run('auth', [], { IMMICH_URL: `${w.server.url}/api/` })
    expect(ran.code).toBe(0)
    expect(ran.err).toContain(`Immich ${version} at ${w.server.url}`)
    expect(ran.err).toContain('owner@example.com may do all')
    expect(readFileSync(env, 'utf8')).toContain(`IMMICH_API_KEY=${w.server.key}`)
    expect(statSync(env).mode & 0o777).toBe(0o600)
    const again = await w.run('auth', [], { IMMICH_URL: '', IMMICH_API_KEY: '' })
    expect(again).toMatchObject({ code: 0 })
    expect(again.err).not.toContain('kept in')
  },
)

test('a key that lacks something: the list to tick, and nothing is kept', async () => {
  w = await world()
  w.server.allow(Object.keys(NEEDED).filter((name) => !/^(stack|user)/.test(name)))
  const ran = await w.run('auth')
  expect(ran.code).toBe(1)
  expect(ran.out).toMatch(/\[ \] stack\.create/)
  expect(ran.out).toMatch(/\[x\] asset\.upload/)
  expect(ran.err).toContain('it lacks 3 permissions')
  expect(existsSync(join(w.dir, '.env'))).toBe(false)
})

test('a web page, a wrong key, no server, nothing given', async () => {
  w = await world()
  const page = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<html>log in</html>')
  })
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
  const elsewhere = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
  for (const [env, message] of [
    [{ IMMICH_URL: elsewhere }, 'web page'],
    [{ IMMICH_API_KEY: 'wrong' }, 'Invalid API key'],
    [{ IMMICH_URL: 'http://127.0.0.1:9' }, 'ECONNREFUSED'],
    [{ IMMICH_URL: 'nas' }, 'is no address'],
    [{ IMMICH_URL: '' }, 'IMMICH_URL is not given'],
  ] as [Record<string, string>, string][]) {
    const ran = await w.run('auth', [], env)
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining(message) })
  }
  page.close()
  expect(await w.run('auth', ['--nonsense'])).toMatchObject({ code: 2 })
})
