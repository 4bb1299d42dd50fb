import { copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { drive } from 'googleapis/build/src/apis/drive/index.js'
import { closedScope, isClosedScope, PAGES, type Purpose } from './google-answers.ts'
import { addressOf } from './google-hosts.ts'
import { troubleOf } from './google-http.ts'
import { dataFolder, Fail, hint } from './stage.ts'

/** What Google's console gives as a file. A web client comes back only to an address that is registered with it. */
export type Client = { id: string; secret: string; redirect?: string }

/** One sign-in. Times in ms since 1970. */
export type Grant = {
  refresh_token: string
  access_token?: string
  expiry_date?: number
  scope: string
  /** When the person signed in. */
  at: number
  /** When Google ends it by itself, where it says so: seven days for a project in "Testing". */
  ends?: number
  /** The client that it was given to. */
  client: string
  /** Files in Drive that the person picked one by one. */
  picked?: string[]
}
type Tokens = { version: 1; grants: Partial<Record<Purpose, Grant>> }

export const SCOPES = {
  /** Reads all of Drive: nobody has to be there when a new export arrives. */
  unattended: 'https://www.googleapis.com/auth/drive.readonly',
  /** Reads only files that the person picks on Google's own page. */
  byHand: 'https://www.googleapis.com/auth/drive.file',
  picker: 'https://www.googleapis.com/auth/photospicker.mediaitems.readonly',
}

const tokensFile = () => `${dataFolder}/google-tokens.json`
const clientFile = () => process.env.GOOGLE_CLIENT || `${dataFolder}/google-client.json`

/** The client's file, kept beside the state and readable by its owner alone. Throws Fail, with what to click, where there is none. */
export async function readClient(from?: string): Promise<Client> {
  const path = from ?? (await findClient())
  const client = clientIn(path, await readFile(path, 'utf8').catch(() => missing(path)))
  if (from && !process.env.GOOGLE_CLIENT) {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await copyFile(from, clientFile())
    await open(clientFile(), 'r').then(async (file) => {
      await file.chmod(0o600)
      await file.close()
    })
  }
  return client
}

/** Whether anything was set up: stages that can do without Google ask before they mention it. */
export async function hasClient(): Promise<boolean> {
  return findClient().then(
    () => true,
    () => false,
  )
}

async function findClient() {
  const usual = clientFile()
  if (await readFile(usual).catch(() => null)) return usual
  const names = await readdir(dataFolder).catch(() => [])
  const found = names.find((name) => /^client_secret.*\.json$/.test(name))
  return found && !process.env.GOOGLE_CLIENT ? `${dataFolder}/${found}` : missing(usual)
}

function missing(path: string): never {
  throw new Fail(
    `Cannot sign in to Google: there is no client file at ${path}: open ${PAGES.clients}, click "Create client", type "Desktop app", "Download JSON", then ${hint('auth', '--google drive --client FILE')} (docs/google-sign-in.md goes through it)`,
  )
}

function clientIn(path: string, text: string): Client {
  const wrong = (found: string) =>
    new Fail(
      `Cannot use the client file ${path}: ${found}: open ${PAGES.clients}, make a client of type "Desktop app" and download its JSON`,
    )
  let file: { installed?: Secrets; web?: Secrets; type?: string }
  try {
    file = JSON.parse(text) ?? {}
  } catch {
    throw wrong('it is no JSON')
  }
  if (file.type === 'service_account') throw wrong('it is a service account, which has no photos')
  const secrets = file.installed ?? file.web
  if (typeof secrets?.client_id !== 'string' || typeof secrets.client_secret !== 'string')
    throw wrong('it holds neither "installed" nor "web" with a client_id and a client_secret')
  const client = { id: secrets.client_id, secret: secrets.client_secret }
  if (file.installed) return client
  const redirect = secrets.redirect_uris?.find((uri) =>
    /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/|$)/.test(uri),
  )
  if (!redirect) {
    throw new Fail(
      `Cannot use the client file ${path}: it is a "Web application" without a way back to this machine: open ${PAGES.clients}, add http://127.0.0.1:8765 under "Authorized redirect URIs" and download it again, or make a client of type "Desktop app"`,
    )
  }
  return { ...client, redirect }
}
type Secrets = { client_id?: unknown; client_secret?: unknown; redirect_uris?: string[] }

/** All sign-ins. Throws Fail for a file that cannot be read. */
export async function readTokens(): Promise<Tokens> {
  const text = await readFile(tokensFile(), 'utf8').catch(() => '')
  if (text === '') return { version: 1, grants: {} }
  try {
    const tokens = JSON.parse(text) as Tokens
    if (typeof tokens.grants === 'object') return tokens
  } catch {}
  throw new Fail(
    `Cannot read ${tokensFile()}: it is damaged: delete it and ${hint('auth', '--google drive')}`,
  )
}

/** Keeps a sign-in (or, undefined, forgets it). What is not given stays: a refresh brings no new refresh token. */
export async function keepGrant(purpose: Purpose, changes?: Partial<Grant>): Promise<void> {
  const tokens = await readTokens()
  if (changes) tokens.grants[purpose] = { ...(tokens.grants[purpose] as Grant), ...changes }
  else delete tokens.grants[purpose]
  const file = tokensFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}`
  await rm(temporary, { force: true })
  // Made anew, so that no moment and no umask leaves it open to others.
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(tokens, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}

/** The `googleapis` package's OAuth client. It is loaded only here, and of it only Drive: the whole takes seconds. */
export async function oauthClient(client: Client, redirectUri?: string) {
  const api = await import('googleapis/build/src/apis/drive/index.js')
  const oauth = new api.auth.OAuth2({
    clientId: client.id,
    clientSecret: client.secret,
    ...(redirectUri && { redirectUri }),
    // Not from the client's file, which would tell it where to send the codes.
    endpoints: {
      oauth2AuthBaseUrl: `${addressOf('accounts')}/o/oauth2/v2/auth`,
      oauth2TokenUrl: `${addressOf('oauth')}/token`,
      oauth2RevokeUrl: `${addressOf('oauth')}/revoke`,
    },
  })
  return { oauth, api }
}

export type SignedIn = {
  grant: Grant
  /** An access token that is good for some minutes; `renew` where Google no longer took the last one. */
  token(renew?: boolean): Promise<string>
  /** The Drive API of the `googleapis` package, with this sign-in. */
  drive(): ReturnType<typeof drive>
}

/** The sign-in for a purpose. Throws Fail, with what to type, where there is none or where it has ended. */
export async function signedIn(purpose: Purpose): Promise<SignedIn> {
  const { [purpose]: grant } = (await readTokens()).grants
  if (!grant) {
    throw new Fail(
      `Cannot use Google for ${purpose}: nobody is signed in: ${hint('auth', `--google ${purpose}`)}`,
    )
  }
  if (isClosedScope(grant.scope)) throw closedScope(purpose)
  const client = await readClient()
  if (client.id !== grant.client) {
    throw new Fail(
      `Cannot use Google for ${purpose}: the sign-in belongs to another client than the file at hand: ${hint('auth', `--google ${purpose}`)}`,
    )
  }
  const { oauth, api } = await oauthClient(client)
  oauth.setCredentials(grant)
  oauth.on('tokens', ({ access_token, expiry_date, refresh_token }) => {
    keepGrant(purpose, {
      ...(access_token && { access_token }),
      ...(expiry_date && { expiry_date }),
      ...(refresh_token && { refresh_token }),
      // A token that is lost is fetched again.
    }).catch(() => {})
  })
  return {
    grant,
    async token(renew = false) {
      if (renew) oauth.setCredentials({ refresh_token: grant.refresh_token })
      try {
        return (await oauth.getAccessToken()).token as string
      } catch (error) {
        throw troubleOf(error, { purpose, scope: grant.scope })
      }
    },
    drive: () => api.drive({ version: 'v3', auth: oauth, rootUrl: addressOf('drive') }),
  }
}

/** Ends a sign-in at Google and here. False where there was none. */
export async function revoke(purpose: Purpose): Promise<boolean> {
  const { [purpose]: grant } = (await readTokens()).grants
  if (!grant) return false
  const { oauth } = await oauthClient(await readClient())
  try {
    await oauth.revokeToken(grant.refresh_token)
  } catch (error) {
    const { response } = error as { response?: { status: number } }
    // 400: it had ended before.
    if (response?.status !== 400) throw troubleOf(error, { purpose })
  }
  await keepGrant(purpose)
  return true
}

const DAY_MS = 86_400_000

/** What needs a person soon: sign-ins that end within three days, one line each. */
export async function endingSoon(now = Date.now()): Promise<string[]> {
  const { grants } = await readTokens()
  return (Object.keys(grants) as Purpose[]).flatMap((purpose) => {
    const { ends } = grants[purpose] as Grant
    if (!ends || ends - now > 3 * DAY_MS) return []
    const when = new Date(ends).toISOString().slice(0, 16).replace('T', ' ')
    return `the Google sign-in for ${purpose} ends ${when} UTC, since your project is in "Testing": open ${PAGES.audience}, click "Publish app", then ${hint('auth', `--google ${purpose}`)}`
  })
}
