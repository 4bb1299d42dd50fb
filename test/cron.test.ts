import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

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
