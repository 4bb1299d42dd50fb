import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startGoogle } from './sandbox/google.ts'

const script = resolve('scripts/auth.ts')
const folder = await mkdtemp(join(tmpdir(), 'google-'))
process.chdir(folder)
const google = await startGoogle()
Object.assign(process.env, google.env, { PHOTOFERRY_RETRY_MS: '5', PHOTOFERRY_RETRIES: '2' })
const { endingSoon, keepGrant, readTokens, signedIn } = await import('../lib/google/google.ts')
const { readClient } = await import('../lib/google/client.ts')
const { explain, readError } = await import('../lib/google/answers.ts')
const { tokenMayGo } = await import('../lib/google/hosts.ts')
const { askGoogle } = await import('../lib/google/http.ts')

beforeEach(async () => {
  google.reset()
  google.faults.length = 0
  Object.assign(google.settings, { consent: 'allow', testing: false })
  await rm('data', { recursive: true, force: true })
  await mkdir('data')
  await writeFile('data/google-client.json', JSON.stringify(google.clientFile()))
})
afterAll(async () => {
  await google.stop()
  process.chdir(tmpdir())
  await rm(folder, { recursive: true })
})

type Person = (link: string, type: (text: string) => void) => unknown
const visits: Person = (link) => google.visit(link)

/** Runs `auth` as a person would who does `act` once the link is shown. */
async function auth(args: string[], act: Person = visits) {
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      ...process.env,
      IMMICH_URL: '',
      IMMICH_API_KEY: '',
      NODE_COMPILE_CACHE: join(tmpdir(), 'photoferry-compiled'),
    },
  })
  let text = ''
  let acted: unknown
  const hear = (data: Buffer) => {
    text += data
    const [link] = /http:\/\/\S+\/auth\?\S+/.exec(text) ?? []
    if (link && !acted) acted = act(link, (line) => child.stdin.write(`${line}\n`))
  }
  child.stderr.on('data', hear)
  child.stdout.on('data', hear)
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, text, acted: await acted }
}
const grants = async () => (await readTokens()).grants
const drive = ['--google', 'drive', '--unattended']

describe('auth --google', () => {
  test('signs in by a page that comes back here, and keeps what it got for its owner alone', async () => {
    const { code, text, acted } = await auth(drive)
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringContaining('signed in to Google for drive, unattended'),
    })
    expect(acted).toMatchObject({
      status: 200,
      text: expect.stringContaining('You can close this page'),
    })
    expect((await stat('data/google-tokens.json')).mode & 0o777).toBe(0o600)
    expect((await grants()).drive).toMatchObject({
      scope: 'https://www.googleapis.com/auth/drive.readonly',
      refresh_token: expect.stringMatching(/^1\/\//),
    })
  })

  test('asks for another state than its own in vain, and waits on for the right one', async () => {
    let wrong: number | undefined
    const { code } = await auth(drive, async (link) => {
      const back = new URL(await google.backFrom(link))
      const forged = new URL(back)
      forged.searchParams.set('state', 'x'.repeat(32))
      wrong = (await fetch(forged)).status
      await fetch(`${back.origin}/favicon.ico`)
      await fetch(back)
    })
    expect([wrong, code]).toEqual([400, 0])
  })

  test('takes the address that a person pastes, not one of another sign-in', async () => {
    const { code, text } = await auth([...drive, '--paste'], async (link, type) => {
      type('hello')
      type(`${(await google.backFrom(link)).replace(/state=[^&]*/, 'state=abc')}`)
      type(await google.backFrom(link))
    })
    expect(code).toBe(0)
    expect(text).toMatch(/that is not the address/)
    expect(text).toMatch(/of another sign-in/)
  })

  test('has two sign-ins that stand apart, and takes back one or all', async () => {
    await auth(drive)
    await auth(['--google', 'picker'])
    expect(Object.keys(await grants())).toEqual(['drive', 'picker'])
    expect((await grants()).picker?.scope).toMatch(/photospicker/)
    const { text } = await auth(['--revoke', 'drive'])
    expect(text).toMatch(/no longer signed in for drive/)
    expect(Object.keys(await grants())).toEqual(['picker'])
    expect(google.log.map(({ path }) => path)).toContain('/revoke')
    google.expire('all')
    expect((await auth(['--revoke', 'all'])).code).toBe(0)
    expect(await grants()).toEqual({})
  })

  test('by hand asks for the picked files only, and remembers all that were ever picked', async () => {
    const picks = [['a'], ['b', 'a']]
    google.settings.picks = () => picks.shift() ?? []
    await auth(['--google', 'drive', '--by-hand'])
    const { text } = await auth(['--google', 'drive', '--by-hand'])
    expect(text).toMatch(/by hand: 2 files picked/)
    expect((await grants()).drive).toMatchObject({
      scope: 'https://www.googleapis.com/auth/drive.file',
      picked: ['a', 'b'],
    })
  })

  test('where nobody can be asked wants to know by hand or unattended', async () => {
    const { code, text } = await auth(['--google', 'drive'])
    expect([code, text]).toEqual([2, expect.stringMatching(/--by-hand.*--unattended/)])
  })

  test('says when a sign-in will not last, and what to click', async () => {
    google.settings.testing = true
    const { text } = await auth(drive)
    expect(text).toMatch(/lives until \d{4}-\d\d-\d\d only.*Testing/)
    const { ends = 0 } = (await grants()).drive ?? {}
    expect(await endingSoon(['drive'], ends - 4 * 86_400_000)).toEqual([])
    expect(await endingSoon(['drive'], ends - 3 * 86_400_000)).toEqual([
      expect.stringMatching(/drive ends .*Publish app/),
    ])
  })

  test.each([
    [
      'was refused',
      () => Object.assign(google.settings, { consent: 'deny' }),
      /nothing was allowed.*Test users/,
    ],
    [
      'left the box empty',
      () => Object.assign(google.settings, { consent: 'untick' }),
      /box for drive was not ticked/,
    ],
    [
      'uses a client that was deleted',
      () => writeClient({ installed: { ...google.clientFile().installed, client_secret: 'old' } }),
      /does not know this client.*auth\/clients/,
    ],
  ])('that %s says what to open and what to click', async (_, before, said) => {
    await before()
    const { code, text } = await auth(drive)
    expect([code, text]).toEqual([1, expect.stringMatching(said)])
    expect(await grants()).toEqual({})
  })

  test.each([
    ['that is not there', undefined, /no client file[\s\S]*Desktop app.*Download JSON/],
    ['of a service account', { type: 'service_account' }, /service account/],
    ['of something else', { hello: 1 }, /neither "installed" nor "web"/],
    [
      'of a web client without a way back',
      google.clientFile('web', 'https://example.com/back'),
      /Authorized redirect URIs/,
    ],
  ])('does not begin with a client file %s', async (_, content, said) => {
    await (content ? writeClient(content) : rm('data/google-client.json'))
    await expect(readClient()).rejects.toThrow(said)
  })

  test.each([
    ['nothing', '{no', /it is no JSON/],
    ['null', 'null', /neither "installed" nor "web"/],
    ['a folder', undefined, /it is a folder: name the file/],
  ])('does not begin with a client file that holds %s', async (_, content, said) => {
    await rm('client.json', { recursive: true, force: true })
    await (content ? writeFile('client.json', content) : mkdir('client.json'))
    const { code, text } = await auth([...drive, '--client', 'client.json'])
    expect([code, text]).toEqual([1, expect.stringMatching(said)])
    await rm('client.json', { recursive: true })
  })

  test('without a client tells the way to one in steps, for what is wanted', async () => {
    await rm('data/google-client.json')
    const { code, text } = await auth(['--google', 'picker'])
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(
        /1\. make a project[\s\S]*2\. .*photospicker\.googleapis\.com[\s\S]*6\. `make auth ARGS="--google picker --client/,
      ),
    ])
    expect((await auth([...drive, '--client', 'none.json'])).text).toMatch(
      /client file none\.json: there is none/,
    )
  })

  test('keeps a client file only once it was good for a sign-in', async () => {
    await rm('data/google-client.json')
    await writeFile('client.json', JSON.stringify(google.clientFile()))
    google.settings.consent = 'deny'
    await auth([...drive, '--client', 'client.json'])
    expect(await readdir('data')).toEqual([])
    google.settings.consent = 'allow'
    const { text } = await auth([...drive, '--client', 'client.json'])
    expect(text).toMatch(/next: `make sync ARGS="--drive"`/)
    expect((await readdir('data')).sort()).toEqual(['google-client.json', 'google-tokens.json'])
  })

  test('goes on after a network that was away for a moment, and says so of one that stays away', async () => {
    google.faults.push({ path: /^\/token/, status: 503, times: 2 })
    expect((await auth(drive)).code).toBe(0)
    google.faults.push({ path: /^\/token/, status: 503, times: 99 })
    const { code, text } = await auth(drive)
    expect([code, text]).toEqual([1, expect.stringMatching(/Google itself has a trouble/)])
  })

  test('says so when what came back is too old', async () => {
    google.faults.push({ path: /^\/token/, status: 400, body: { error: 'invalid_grant' } })
    const { code, text } = await auth(drive)
    expect([code, text]).toEqual([1, expect.stringMatching(/good once and for some minutes/)])
  })

  test('takes a sign-in back though the client file is gone', async () => {
    await auth(drive)
    await rm('data/google-client.json')
    expect((await auth(['--revoke', 'all'])).text).toMatch(/no longer signed in for drive/)
    expect(google.log.map(({ path }) => path)).toContain('/revoke')
    expect(await grants()).toEqual({})
  })

  test('asks nobody to sign in where nothing can be kept', async () => {
    await writeFile('client.json', JSON.stringify(google.clientFile()))
    await rm('data', { recursive: true })
    await writeFile('data', '')
    const { code, text, acted } = await auth([...drive, '--client', 'client.json'])
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/data: a file stands where a folder should be: move /),
    ])
    expect(acted).toBeUndefined()
    await rm('data')
  })

  test('with --dry-run tries the sign-in that is there', async () => {
    await auth(drive)
    const tried = await auth([...drive, '--dry-run'])
    expect([tried.code, tried.text]).toEqual([0, expect.stringMatching(/sign-in for drive works/)])
    google.expire('all')
    const ended = await auth([...drive, '--dry-run'])
    expect([ended.code, ended.text]).toEqual([1, expect.stringMatching(/sign-in has ended/)])
  })

  test('with a web client comes back to the one address that is registered', async () => {
    const port = await freePort()
    await writeFile(
      'client.json',
      JSON.stringify(google.clientFile('web', `http://localhost:${port}/back`)),
    )
    const { code, acted } = await auth([...drive, '--client', 'client.json'], (link) => {
      expect(new URL(link).searchParams.get('redirect_uri')).toBe(`http://localhost:${port}/back`)
      return google.visit(link)
    })
    expect([code, acted]).toEqual([0, expect.objectContaining({ status: 200 })])
    expect((await stat('data/google-client.json')).mode & 0o777).toBe(0o600)
  })
})

describe('a sign-in', () => {
  test('is refreshed without losing what only the first answer held', async () => {
    await auth(drive)
    const before = (await grants()).drive
    google.expire('access')
    const { token } = await signedIn('drive')
    await token(true)
    await expect
      .poll(async () => (await grants()).drive?.access_token)
      .not.toBe(before?.access_token)
    expect((await grants()).drive).toMatchObject({
      refresh_token: before?.refresh_token,
      at: before?.at,
      scope: before?.scope,
    })
    expect((await stat('data/google-tokens.json')).mode & 0o777).toBe(0o600)
  })

  test('that is replaced while a stage runs stays as it then is', async () => {
    await auth(drive)
    const { token } = await signedIn('drive')
    await auth(['--google', 'drive', '--by-hand'])
    const anew = (await grants()).drive
    await token(true)
    expect((await grants()).drive).toEqual(anew)
  })

  test('that ends soon is told of those that are asked about', async () => {
    const before = { refresh_token: 'x', scope: '', at: 1, client: '' }
    await keepGrant('picker', { ...before, ends: 1000 })
    expect(await endingSoon(['drive'], 2000)).toEqual([])
    expect(await endingSoon(['picker'], 2000)).toEqual([expect.stringMatching(/ended 1970/)])
  })

  test('for the closed Library API is told apart', async () => {
    await keepGrant('drive', {
      refresh_token: 'x',
      scope: 'https://www.googleapis.com/auth/photoslibrary.readonly',
      at: 1,
      client: google.client.id,
    })
    await expect(signedIn('drive')).rejects.toThrow(/31 March 2025/)
  })

  test('is shown to no host that an answer sends on to', async () => {
    await auth(drive)
    const { token } = await signedIn('drive')
    google.faults.push({ path: /x/, status: 307, headers: { location: 'http://127.0.0.1:9/' } })
    await expect(askGoogle(`${google.url}/x`, { token })).rejects.toThrow(
      /sends on to another address/,
    )
    expect(google.log.filter(({ path }) => path === '/x').length).toBe(1)
  })
})

test.each([
  ['by 403', 403, /wants fewer requests.*in an hour/],
  ['by 429', 429, /wants fewer requests.*in an hour/],
])(
  'a quota that stays used up, %s, is not taken for a network that is away',
  async (_, status, said) => {
    const body = { error: { code: status, errors: [{ reason: 'userRateLimitExceeded' }] } }
    google.faults.push({ path: /x/, status, body, times: 9 })
    await expect(askGoogle(`${google.url}/x`)).rejects.toThrow(said)
  },
)

describe("Google's errors", () => {
  const api = (code: number, message: string, reason: string, extra = {}) =>
    readError(code, { error: { code, message, errors: [{ reason }], ...extra } })
  test.each([
    [
      'an API that is off',
      api(
        403,
        'Google Drive API has not been used in project 1 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/drive.googleapis.com/overview?project=1 then retry.',
        'accessNotConfigured',
      ),
      /open https:\/\/console\.developers\.google\.com\/apis\/api\/drive\.googleapis\.com\/overview\?project=1, click "Enable"/,
    ],
    [
      'the same by its newer name',
      readError(403, {
        error: {
          code: 403,
          message: 'disabled',
          status: 'PERMISSION_DENIED',
          details: [
            {
              reason: 'SERVICE_DISABLED',
              metadata: { activationUrl: 'https://console.cloud.google.com/a' },
            },
          ],
        },
      }),
      /open https:\/\/console\.cloud\.google\.com\/a, click "Enable"/,
    ],
    [
      'a scope that lacks',
      api(403, 'Request had insufficient authentication scopes.', 'insufficientPermissions'),
      /does not allow that.*ticked/,
    ],
    [
      'an ended sign-in',
      readError(400, {
        error: 'invalid_grant',
        error_description: 'Token has been expired or revoked.',
      }),
      /has ended \(Token has been expired or revoked.\).*Publish app/,
    ],
    ["an organisation's rule", readError(400, { error: 'admin_policy_enforced' }), /administrator/],
    ['the daily quota', api(403, 'x', 'dailyLimitExceeded'), /tomorrow/],
  ])('are explained: %s', (_, error, said) => {
    expect(explain(error, 'drive')?.message).toMatch(said)
  })

  test('are explained by the date when an old scope meets them', () => {
    const error = readError(403, {
      error: {
        code: 403,
        status: 'PERMISSION_DENIED',
        message: 'Request had insufficient authentication scopes.',
      },
    })
    expect(
      explain(error, 'picker', 'https://www.googleapis.com/auth/photoslibrary')?.message,
    ).toMatch(/31 March 2025/)
  })

  test('that are about one request alone are left to it', () => {
    expect(explain(api(404, 'File not found: .', 'notFound'), 'drive')).toBeUndefined()
  })
})

test.each([
  ['https://www.googleapis.com/drive/v3/files', true],
  ['https://photospicker.googleapis.com/v1/sessions', true],
  ['https://lh3.googleusercontent.com/ppa/x=d', true],
  ['http://www.googleapis.com/', false],
  ['https://googleapis.com.evil.example/', false],
  ['https://evilgoogleapis.com/', false],
  ['https://www.googleapis.com:8443/', false],
  ['https://www.googleapis.com@evil.example/', false],
  ['https://photos.google.com/share/x', false],
])('a token may go to %s: %s', (address, may) => {
  expect(tokenMayGo(new URL(address))).toBe(may)
})

function writeClient(content: object) {
  return writeFile('data/google-client.json', JSON.stringify(content))
}

async function freePort() {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
