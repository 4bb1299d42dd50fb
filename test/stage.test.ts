import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const stages = (await readdir('scripts')).map((name) => name.replace(/\.ts$/, ''))
const root = resolve('.')

/** Runs the first command line as a shell would find it; never throws. */
function run(command: string, args: string[], { cwd = root, env = {} } = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    const clean = { PATH: process.env.PATH, HOME: process.env.HOME, ...env }
    const child = execFile(command, args, { cwd, env: clean }, (_, stdout, stderr) => {
      done({ code: child.exitCode ?? 1, stdout, stderr })
    })
  })
}

test('the README has a row, make a target and a line, for every stage', async () => {
  const readme = await readFile('README.md', 'utf8')
  const { stdout } = await run('make', [])
  for (const stage of stages) {
    expect(readme).toContain(`| \`${stage}\` |`)
    expect(stdout).toMatch(new RegExp(`^  ${stage} `, 'm'))
  }
})

test('make lists the five stages of the pipeline first, in their order', async () => {
  const { stdout } = await run('make', [])
  const named = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name)
  expect(named.slice(0, 5)).toEqual(['auth', 'index-gphotos', 'index-immich', 'link', 'transfer'])
})

test.each(stages)(
  '%s --help tells what it reads, writes and exits with, under node and tsx',
  async (stage) => {
    const file = `scripts/${stage}.ts`
    const plain = await run(process.execPath, [file, '--help'])
    const tsx = await run(process.execPath, ['--import', 'tsx', file, '--help'])
    expect(plain).toEqual(tsx)
    expect(plain.code).toBe(0)
    expect(plain.stderr).toBe('')
    expect(plain.stdout).toMatch(/\n *(reads|All stages)|^All stages/)
    expect(plain.stdout).toContain(`Usage: make ${stage}`)
    expect(plain.stdout).toMatch(/\nExit: {2}/)
  },
)

test.each(stages)('%s refuses an unknown flag with exit 2 and its usage', async (stage) => {
  const { code, stdout, stderr } = await run(process.execPath, [`scripts/${stage}.ts`, '--dryrun'])
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(new RegExp(`^${stage}: Unknown option '--dryrun'`))
  expect(stderr).toContain(`Usage: make ${stage}`)
})

test('a setting stands for a flag that is not given; what is no setting is told', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'photoferry-'))
  const file = resolve('scripts/link.ts')
  const link = (args: string[], env: Record<string, string>) =>
    run(process.execPath, [file, ...args], { cwd, env })
  const set = { PHOTOFERRY_STRICTNESS: 'bananas' }
  expect(await link([], set)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--strictness: "bananas"'),
  })
  expect((await link(['--strictness', 'low'], set)).stderr).toContain('has no photos')
  await writeFile(join(cwd, '.env'), 'PHOTOFERRY_STATE=elsewhere.json\nPHOTOFERRY_DRY_RUN=0\n')
  expect((await link([], {})).stderr).toContain('elsewhere.json has no photos')
  expect(await link([], { PHOTOFERRY_DRY_RUN: 'maybe' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Cannot read PHOTOFERRY_DRY_RUN="maybe"'),
  })
})

test('make hands ARGS on to the stage', async () => {
  const { stdout } = await run('make', ['link', 'ARGS=--help'])
  expect(stdout).toContain('Usage: make link')
})

test('ACCOUNT must be a plain name, since it becomes a file and a folder', async () => {
  const { code, stderr } = await run(process.execPath, ['scripts/status.ts'], {
    env: { ACCOUNT: '../anna' },
  })
  expect(code).toBe(2)
  expect(stderr).toContain('Cannot use ACCOUNT="../anna"')
})

test('a setting comes from the flag, then the environment, then .env.ACCOUNT', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stage-'))
  await writeFile(
    join(folder, '.env.anna'),
    'IMMICH_URL=http://127.0.0.1:9\nIMMICH_API_KEY=from-file\n',
    { mode: 0o600 },
  )
  const script = join(root, 'scripts/doctor.ts')
  const env = { ACCOUNT: 'anna', PHOTOFERRY_RETRY_MS: '1' }
  const fromFile = await run(process.execPath, [script], { cwd: folder, env })
  expect(fromFile.stdout).toContain('http://127.0.0.1:9')
  expect(fromFile.stdout).toContain('data/anna/state.json')
  const fromEnvironment = await run(process.execPath, [script], {
    cwd: folder,
    env: { ...env, IMMICH_URL: 'http://127.0.0.1:10' },
  })
  expect(fromEnvironment.stdout).toContain('http://127.0.0.1:10')
  expect(fromEnvironment.stdout).not.toContain('from-file')
})

test.each<[string, string | Buffer, RegExp]>([
  [
    'that begins with the mark of an editor',
    '\ufeffIMMICH_URL=http://127.0.0.1:9\r\nIMMICH_API_KEY=k\r\n',
    /127\.0\.0\.1:9: no connection/,
  ],
  [
    'of another coding',
    Buffer.from('\ufeffIMMICH_URL=http://x', 'utf16le'),
    /^index-immich: Cannot read \.env: it is no plain text: save it as UTF-8\n$/,
  ],
])('a .env %s is read, or named', async (_, text, said) => {
  const folder = await mkdtemp(join(tmpdir(), 'stage-'))
  await writeFile(join(folder, '.env'), text)
  const script = join(root, 'scripts/index-immich.ts')
  const { code, stderr } = await run(process.execPath, [script], {
    cwd: folder,
    env: { PHOTOFERRY_RETRY_MS: '1', PHOTOFERRY_RETRIES: '0' },
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(said)
})

test('what a person can mend about files is told without a stack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stage-'))
  const env = { IMMICH_URL: 'http://127.0.0.1:9', IMMICH_API_KEY: 'k' }
  const stage = (name: string, ...args: string[]) =>
    run(process.execPath, [join(root, `scripts/${name}.ts`), ...args], { cwd: folder, env })
  await mkdir(join(folder, '.env'))
  expect((await stage('status')).stderr).toBe(
    'status: Cannot read .env: it is a folder: name a file\n',
  )
  await rm(join(folder, '.env'), { recursive: true })
  expect((await stage('status', '--state', '.')).stderr).toMatch(
    /^status: Cannot open .*: it is no file: name one\n$/,
  )
  await writeFile(join(folder, 'data'), '')
  expect((await stage('index-immich')).stderr).toBe(
    'index-immich: Cannot make the folder data: a file stands where a folder should be: move that file away\n',
  )
})
