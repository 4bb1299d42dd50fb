import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startGoogle } from './sandbox/google.ts'
import { readQr } from './sandbox/qr.ts'
import { hasTerminal, onTerminal } from './sandbox/terminal.ts'

const folder = await mkdtemp(join(tmpdir(), 'terminal-'))
const google = await startGoogle()
const bin = join(folder, 'bin')
const opened = join(folder, 'opened')
// A browser that stays open, as one that was not running before does, longer than a test may take.
await mkdir(bin)
const browsers = join(folder, 'browsers')
await writeFile(
  join(bin, 'xdg-open'),
  `#!/bin/sh\necho "$1" >'${opened}'\necho $$ >>'${browsers}'\nexec sleep 100\n`,
)
await chmod(join(bin, 'xdg-open'), 0o755)

beforeEach(async () => {
  google.reset()
  google.faults.length = 0
  google.picker.settings.pollsUntilDone = 1
  google.picker.settings.choose = () => []
  await rm(join(folder, 'data'), { recursive: true, force: true })
  await rm(opened, { force: true })
  await mkdir(join(folder, 'data'))
  const grants = {
    picker: google.grant('https://www.googleapis.com/auth/photospicker.mediaitems.readonly'),
  }
  await writeFile(join(folder, 'data/google-client.json'), JSON.stringify(google.clientFile()))
  await writeFile(join(folder, 'data/google-tokens.json'), JSON.stringify({ version: 1, grants }))
})
afterAll(async () => {
  const pids = await readFile(browsers, 'utf8').catch(() => '')
  for (const pid of pids.match(/\d+/g) ?? []) process.kill(Number(pid))
  await google.stop()
  await rm(folder, { recursive: true })
})

type Act = Parameters<typeof onTerminal>[2]
function stage(name: string, args: string[], act: Act = () => {}, env = {}) {
  return onTerminal(
    [resolve(`scripts/${name}.ts`), ...args],
    {
      cwd: folder,
      env: {
        ...google.env,
        PATH: `${bin}:${process.env.PATH}`,
        IMMICH_URL: '',
        IMMICH_API_KEY: '',
        DISPLAY: ':9',
        WAYLAND_DISPLAY: '',
        ...env,
      },
    },
    act,
  )
}
/** Does `act` once, when the shown text has that in it. */
function when(what: RegExp, act: (found: string, type: (keys: string) => void) => unknown): Act {
  let isDone = false
  return (shown, type) => {
    const [found] = what.exec(shown) ?? []
    if (!found || isDone) return
    isDone = true
    void act(found, type)
  }
}
const browsed = () => readFile(opened, 'utf8').then((text) => text.trim())
const grants = async () =>
  JSON.parse(await readFile(join(folder, 'data/google-tokens.json'), 'utf8')).grants

describe.skipIf(!hasTerminal)('on a terminal', () => {
  test('a link to pick photos comes as a QR code, too, and a browser opens it, for which nobody waits', async () => {
    const { shown } = await stage('index-gphotos', ['--pick'])
    const [link = ''] = /http:\/\/\S+\/picker\/[\w-]+/.exec(shown) ?? []
    expect(link).toMatch(/picker/)
    expect(readQr(shown)).toBe(link)
    // Only a tab that is here can close itself.
    expect(await browsed()).toBe(`${link}/autoclose`)
  })

  test.each([
    ['that is asked for', ['--no-browser'], {}],
    ['there is no screen', [], { DISPLAY: '' }],
  ])('no browser is opened where %s', async (_, args, env) => {
    const { shown } = await stage('index-gphotos', ['--pick', ...args], () => {}, env)
    expect(readQr(shown)).toMatch(/picker/)
    await expect(browsed()).rejects.toThrow(/ENOENT/)
  })

  test('Ctrl-C while Google waits for the picking ends the choice there', async () => {
    google.picker.settings.pollsUntilDone = 1e9
    const { code } = await stage(
      'index-gphotos',
      ['--pick', '--no-browser'],
      when(/http:\/\/\S+\/picker\/\S+\s[\s\S]*█/, async (_, type) => {
        await expect.poll(() => google.log.some(({ path }) => /sessions\//.test(path))).toBe(true)
        type('\x03')
      }),
    )
    expect(code).toBe(130)
    expect([...google.picker.sessions.values()].at(-1)).toMatchObject({ deleted: true })
  })

  test('auth asks by hand or unattended until it is told, and opens the page', async () => {
    const asks = when(/h\/u\]/, (_, type) => type('what?\n'))
    const again = when(/h\/u\][\s\S]*h\/u\]/, (_, type) => type('u\n'))
    const visits = when(/http:\/\/\S+\/auth\?\S+/, (link) => google.visit(link))
    const { code, shown } = await stage('auth', ['--google', 'drive'], (...all) => {
      asks(...all)
      again(...all)
      visits(...all)
    })
    expect({ code, shown }).toMatchObject({ code: 0 })
    expect(shown).toMatch(/signed in to Google for drive, unattended/)
    expect(await browsed()).toMatch(/\/o\/oauth2\/v2\/auth\?.*code_challenge=/)
    expect(await grants()).toMatchObject({ drive: { scope: expect.stringMatching(/readonly$/) } })
  })

  test('auth takes the address that is pasted, without being told that one will be', async () => {
    const asks = when(/h\/u\]/, (_, type) => type('by hand\n'))
    const pastes = when(/http:\/\/\S+\/auth\?\S+/, async (link, type) =>
      type(`${await google.backFrom(link)}\n`),
    )
    const { code, shown } = await stage('auth', ['--google', 'drive'], (...all) => {
      asks(...all)
      pastes(...all)
    })
    expect({ code, shown }).toMatchObject({ code: 0 })
    expect(await grants()).toMatchObject({ drive: { scope: expect.stringMatching(/file$/) } })
  })
})
