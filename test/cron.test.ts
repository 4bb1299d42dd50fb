import { execFile, spawnSync } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { googleWorld, recently, shots } from './sandbox/google-world.ts'

const run = promisify(execFile)
async function cron(...args: string[]) {
  const env = { ...process.env, ACCOUNT: '' }
  return run(process.execPath, [resolve('scripts/cron.ts'), ...args], { env }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

test('cron prints a crontab line and a systemd timer for sync, with what it is to be run with', async () => {
  const { stdout, stderr } = await cron('--at', '4:05', '--', '--drive', '--albums', 'Trip *')
  const line = `${process.execPath} scripts/sync.ts --yes --quiet --drive --albums`
  expect(stdout).toContain(
    `5 4 * * *  cd '${process.cwd()}' && ${line} 'Trip *' >>data/photoferry.log`,
  )
  expect(stdout).toContain(`WorkingDirectory=${process.cwd()}\n`)
  expect(stdout).toContain(`ExecStart=${line} "Trip *"\n`)
  expect(stdout).toContain('OnCalendar=*-*-* 04:05:00\n')
  expect(stderr).toMatch(/nothing was installed/)
})

test('cron prints one of the two where that is asked for', async () => {
  expect((await cron('--crontab')).stdout).not.toContain('[Timer]')
  expect((await cron('--systemd')).stdout).not.toContain('crontab')
})

test.each([
  [['--at', '25:00'], /give a time of day/],
  [['--ping', 'ftp://x'], /give an http address/],
  [['--', "--albums='x'; rm -rf ."], /it holds quotes/],
  [['--hourly'], /Unknown option/],
])('cron refuses %j', async (args, said) => {
  const { stdout, stderr, code } = (await cron(...args)) as {
    stdout: string
    stderr: string
    code?: number
  }
  expect(code).toBe(args[0] === '--' ? 1 : 2)
  expect([stdout, stderr]).toEqual(['', expect.stringMatching(said)])
})

describe('what cron prints works, with nothing but what cron and systemd give', async () => {
  const world = await googleWorld()
  const { google, immich, folder, newPlace, stateOf } = world
  afterAll(() => world.end())
  // With a space, which both have to hold.
  const place = join(folder, 'annas place')
  await newPlace('annas place', 'drive')
  for (const name of ['scripts', 'lib', 'node_modules', 'package.json'])
    await symlink(resolve(name), join(place, name))
  const settings = { ...google.env, IMMICH_URL: immich.url, IMMICH_API_KEY: immich.key }
  const dotenv = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  await writeFile(join(place, '.env'), `${dotenv.join('\n')}\nPHOTOFERRY_WAIT=1s\n`)
  await world.lay(recently(3), { shots: shots(600, 602) })
  const ping = `${google.url}/ping`
  const args = ['--import', 'tsx', 'scripts/cron.ts', '--ping', ping, '--', '--drive']
  const { stdout } = await run(process.execPath, args, { cwd: place, env: {} })

  const bare = (command: string, cwd = '/') =>
    spawn('/bin/sh', ['-c', command], cwd, { HOME: folder, PATH: '/usr/bin:/bin', LOGNAME: 'anna' })
  async function spawn(file: string, args: string[], cwd: string, env: Record<string, string>) {
    const ended = run(file, args, { cwd, env })
    return ended.then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, text: stdout + stderr }),
    )
  }
  const pings = () => google.log.filter(({ path }) => path === '/ping').length

  test('the line of crontab: a good run mails nothing and calls the monitor', async () => {
    const [, line = ''] = /^\d+ \d+ \* \* \* {2}(.*)$/m.exec(stdout) ?? []
    const { code, text } = await bare(line)
    const log = await readFile(join(place, 'data/photoferry.log'), 'utf8')
    expect({ code, text, log }).toMatchObject({
      code: 0,
      text: '',
      log: expect.stringMatching(/2 photos = 2 sent/),
    })
    expect(Object.keys((await stateOf('annas place')).transfers).length).toBe(2)
    expect(pings()).toBe(1)
  })

  test('the line of crontab: a run that needs somebody mails the end of its log', async () => {
    google.expire('all')
    const [, line = ''] = /^\d+ \d+ \* \* \* {2}(.*)$/m.exec(stdout) ?? []
    const { text } = await bare(line)
    expect(text).toMatch(/sign-in has ended.*make auth ARGS="--google drive"/)
    expect(pings()).toBe(1)
  })

  test("the service's ExecStart, in its WorkingDirectory", async () => {
    await signInAgain()
    const [, cwd = ''] = /^WorkingDirectory=(.*)$/m.exec(stdout) ?? []
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(stdout) ?? []
    const { code, text } = await bare(command, cwd)
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/nothing left/) })
    expect(pings()).toBe(2)
  })

  const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0
  if (!canVerify) console.warn('NOT TESTED: the systemd units, since systemd-analyze is not here')
  test.skipIf(!canVerify)('both units are what systemd wants', async () => {
    const [, service = ''] = /^# \S+\.service\n([\s\S]*?)\n# ~/m.exec(stdout) ?? []
    const [, timer = ''] = /^# \S+\.timer\n([\s\S]*?)\n# then/m.exec(stdout) ?? []
    await writeFile(join(folder, 'photoferry.service'), service)
    await writeFile(join(folder, 'photoferry.timer'), timer)
    const units = ['photoferry.service', 'photoferry.timer'].map((name) => join(folder, name))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units])
    expect([status, String(stderr)]).toEqual([0, ''])
  })

  async function signInAgain() {
    const drive = google.grant('https://www.googleapis.com/auth/drive.readonly')
    const tokens = join(place, 'data/google-tokens.json')
    await writeFile(tokens, JSON.stringify({ version: 1, grants: { drive } }))
  }
})

test('cron prints lines for organize and backup where they are set up', async () => {
  const set = { IMPORTS: 'a b', GALLERY: 'c' }
  const env = { ...process.env, ACCOUNT: '', ...set, BACKUP_TO: '/mnt/d' }
  const { stdout, stderr } = await run(process.execPath, [resolve('scripts/cron.ts')], { env })
  const line = (fields: string, stage: string, args: string) =>
    `${fields}  cd '${process.cwd()}' && ${process.execPath} scripts/${stage}.ts ${args} >>data/photoferry-${stage}.log 2>&1`
  expect(stdout).toContain(line('*/15 * * * *', 'organize', '--quiet --or-later'))
  expect(stdout).toContain(line('30 4 * * *', 'backup', '--quiet --and-check'))
  expect(stdout).toContain('photoferry-organize.timer')
  expect(stdout).toContain('OnCalendar=*-*-* *:00/15:00\n')
  expect(stderr).toMatch(/IMPORTS is set in this shell alone/)
  // Nothing of Google is known here: sync would fail each day.
  expect(stdout).not.toContain('scripts/sync.ts')
  const more = { ...env, TAKEOUT: '/mnt/takeout' }
  const both = await run(process.execPath, [resolve('scripts/cron.ts')], { env: more })
  expect(both.stdout).toMatch(/scripts\/sync.ts --yes[\s\S]*Description=Google Photos to folders/)
})

test('cron warns of settings that stand in this shell alone', async () => {
  const env = { ...process.env, ACCOUNT: '', PHOTOFERRY_EDITED: 'original' }
  const { stderr } = await run(process.execPath, [resolve('scripts/cron.ts')], { env })
  expect(stderr).toMatch(/warning: PHOTOFERRY_EDITED is set in this shell alone.*\.env/)
})
