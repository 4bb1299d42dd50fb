import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { drive } from 'googleapis/build/src/apis/drive/index.js'
import { dataFolder, Fail, hint } from '../stage.ts'
import { closedScope, isClosedScope, PAGES, type Purpose } from './answers.ts'
import { type Client, readClient } from './client.ts'
import { addressOf } from './hosts.ts'
import { troubleOf } from './http.ts'

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
    // A token that Google no longer takes is exchanged once, though its time is not over.
    forceRefreshOnFailure: true,
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
