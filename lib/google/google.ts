import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { drive } from 'googleapis/build/src/apis/drive/index.js'
import { dataFolder, Fail, hint } from '../stage.ts'
import { closedScope, isClosedScope, PAGES, type Purpose } from './answers.ts'
import { type Client, readClient } from './client.ts'
import { addressOf } from './hosts.ts'
import { askGoogle, GoogleRefused, patiently, troubleOf } from './http.ts'

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

/** Keeps a sign-in in the place of the one before, or, undefined, forgets it. */
export async function keepGrant(purpose: Purpose, grant?: Grant): Promise<void> {
  const tokens = await readTokens()
  if (grant) tokens.grants[purpose] = grant
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
  const client = await readClient({ purpose })
  if (client.id !== grant.client) {
    throw new Fail(
      `Cannot use Google for ${purpose}: the sign-in belongs to another client than the file at hand: ${hint('auth', `--google ${purpose}`)}`,
    )
  }
  const { oauth, api } = await oauthClient(client)
  oauth.setCredentials(grant)
  let kept = Promise.resolve()
  oauth.on('tokens', ({ access_token, expiry_date, refresh_token }) => {
    kept = keepRenewed({
      ...(access_token && { access_token }),
      ...(expiry_date && { expiry_date }),
      ...(refresh_token && { refresh_token }),
      // A token that is lost is fetched again.
    }).catch(() => {})
  })
  /** Somebody may have signed in anew meanwhile: then ours are of the sign-in before. */
  async function keepRenewed(tokens: Partial<Grant>) {
    const now = (await readTokens()).grants[purpose]
    // What is not given stays: a refresh brings no new refresh token.
    if (now && now.refresh_token === grant?.refresh_token)
      await keepGrant(purpose, { ...now, ...tokens })
  }
  return {
    grant,
    async token(renew = false) {
      if (renew) oauth.setCredentials({ refresh_token: grant.refresh_token })
      try {
        const { token } = await oauth.getAccessToken()
        await kept
        return token as string
      } catch (error) {
        throw troubleOf(error, { purpose, scope: grant.scope })
      }
    },
    drive: () => api.drive({ version: 'v3', auth: oauth, rootUrl: addressOf('drive') }),
  }
}

/** Ends a sign-in at Google and here. False where there was none. It needs no client: that may be gone by then. */
export async function revoke(purpose: Purpose): Promise<boolean> {
  const { [purpose]: grant } = (await readTokens()).grants
  if (!grant) return false
  const { oauth } = await oauthClient({ id: grant.client, secret: '' })
  await patiently(() =>
    oauth.revokeToken(grant.refresh_token).catch((error) => {
      const { response } = error as { response?: { status: number } }
      // 400: it had ended before.
      if (response?.status !== 400) throw troubleOf(error, { purpose })
    }),
  )
  await keepGrant(purpose)
  return true
}

/**
 * Asks Google whether a sign-in still does what it is for: by a fresh token, and one call that changes nothing. Throws Fail
 * with what to do where it does not.
 */
export async function tryOut(purpose: Purpose): Promise<void> {
  const { token, grant } = await signedIn(purpose)
  const url =
    purpose === 'drive'
      ? `${addressOf('drive')}/drive/v3/files?pageSize=1&fields=files(id)`
      : `${addressOf('picker')}/v1/sessions/none`
  try {
    await askGoogle(url, { token: () => token(true), purpose, scope: grant.scope })
  } catch (error) {
    // That there is no such choice is the answer of an API that is on, to somebody who may ask.
    if (!(error instanceof GoogleRefused)) throw error
  }
}

const DAY_MS = 86_400_000

/** What needs a person soon: those of the sign-ins that end within three days, one line each. */
export async function endingSoon(purposes: Purpose[], now = Date.now()): Promise<string[]> {
  const { grants } = await readTokens()
  return purposes.flatMap((purpose) => {
    const { ends } = grants[purpose] ?? {}
    if (!ends || ends - now > 3 * DAY_MS) return []
    const when = new Date(ends).toISOString().slice(0, 16).replace('T', ' ')
    return `the Google sign-in for ${purpose} ${ends < now ? 'ended' : 'ends'} ${when} UTC, since your project is in "Testing": open ${PAGES.audience}, click "Publish app", then ${hint('auth', `--google ${purpose}`)}`
  })
}
