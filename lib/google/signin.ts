import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline/promises'
import { Fail, hint, say } from '../stage.ts'
import { explain, type Purpose, readError } from './answers.ts'
import type { Client } from './client.ts'
import { keepGrant, oauthClient, readTokens, SCOPES } from './google.ts'
import { patiently, troubleOf } from './http.ts'

type Wish = {
  client: Client
  purpose: Purpose
  scope: string
  /** Shows the address to the person. */
  show(address: string): unknown
  /** Read the address that the browser was sent back to from stdin, too. */
  paste: boolean
}

/**
 * Signs a person in: OAuth for installed apps, by a page that comes back to a port of this machine (or whose address is
 * pasted), with PKCE S256 and a state that must come back. Keeps the sign-in. Throws Fail when it was refused, or after
 * ten minutes.
 */
export async function signIn({ client, purpose, scope, show, paste }: Wish) {
  const state = randomBytes(24).toString('base64url')
  const way = await listen(client, purpose, state)
  const over = new AbortController()
  try {
    const { oauth } = await oauthClient(client, way.redirect)
    const { codeVerifier, codeChallenge } = await oauth.generateCodeVerifierAsync()
    const address = oauth.generateAuthUrl({
      access_type: 'offline',
      prompt: 'consent',
      // Each sign-in stands alone: picking files works with its one scope only.
      include_granted_scopes: false,
      scope,
      state,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256' as never,
      ...(scope === SCOPES.byHand && { trigger_onepick: 'true', allow_multiple: 'true' }),
    })
    await show(address)
    const back = await (paste ? Promise.race([way.back, pasted(state, over.signal)]) : way.back)
    const refused = back.get('error')
    if (refused)
      throw (
        explain(readError(400, { error: refused }), purpose) ??
        new Fail(`Cannot sign in: Google says ${refused}`)
      )
    const code = back.get('code') as string
    const { tokens } = await patiently(() =>
      oauth.getToken({ code, codeVerifier }).catch((error) => {
        throw spent(error, purpose) ?? troubleOf(error, { purpose })
      }),
    )
    const granted = tokens.scope ?? back.get('scope') ?? ''
    if (!granted.split(' ').includes(scope)) {
      throw new Fail(
        `Cannot sign in: the box for ${purpose} was not ticked: ${hint('auth', `--google ${purpose}`)} again, and tick it`,
      )
    }
    if (!tokens.refresh_token)
      throw new Fail(
        'Cannot sign in: Google gave no lasting token: remove photoferry at https://myaccount.google.com/connections and sign in again',
      )
    const seconds = Number(
      (tokens as { refresh_token_expires_in?: number }).refresh_token_expires_in,
    )
    const picked = (back.get('picked_file_ids') ?? '').split(',').filter(Boolean)
    const before = (await readTokens()).grants[purpose]?.picked ?? []
    const grant = {
      refresh_token: tokens.refresh_token,
      access_token: tokens.access_token as string,
      expiry_date: tokens.expiry_date as number,
      scope: granted,
      at: Date.now(),
      client: client.id,
      ...(seconds > 0 ? { ends: Date.now() + seconds * 1000 } : {}),
      ...(scope === SCOPES.byHand ? { picked: [...new Set([...before, ...picked])] } : {}),
    }
    await keepGrant(purpose, grant)
    return { grant, picked }
  } finally {
    over.abort()
    await way.close()
  }
}

/** What was brought back is good once, and for some minutes. */
function spent(error: unknown, purpose: Purpose) {
  const { response } = error as { response?: { data?: { error?: string } } }
  if (response?.data?.error !== 'invalid_grant') return
  return new Fail(
    `Cannot sign in: Google no longer takes what it sent back, which is good once and for some minutes: ${hint('auth', `--google ${purpose}`)} again, and see that this machine's clock is right`,
  )
}

const WAIT_MS = 600_000

/** A server on a free port of this machine alone, that waits for the browser to come back with our `state`. */
async function listen(client: Client, purpose: Purpose, state: string) {
  let done = (_: URLSearchParams) => {}
  let late = (_: Error) => {}
  const back = new Promise<URLSearchParams>((resolve, reject) => {
    done = resolve
    late = reject
  })
  // Nobody listens while a paste is awaited.
  back.catch(() => {})
  const wanted = client.redirect ? new URL(client.redirect) : undefined
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(
      `http://127.0.0.1/${(request.url ?? '').replace(/^\/+/, '')}`,
    )
    const isBack = pathname === (wanted?.pathname ?? '/') && searchParams.has('state')
    const isOurs = isBack && same(searchParams.get('state') ?? '', state)
    response.writeHead(isOurs ? 200 : isBack ? 400 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      connection: 'close',
    })
    const text = isOurs
      ? searchParams.has('error')
        ? 'Nothing was allowed. You can close this page; the terminal says more.'
        : 'photoferry is signed in. You can close this page.'
      : 'This is not the sign-in that photoferry waits for.'
    // Not before the page is on its way: what comes next closes the server.
    response.end(`<!doctype html><title>photoferry</title><p>${text}</p>`, () => {
      if (isOurs) done(searchParams)
    })
  })
  const port = await bind(server, Number(wanted?.port || (wanted ? 80 : 0)))
  const redirect = client.redirect ?? `http://127.0.0.1:${port}`
  const timer = setTimeout(
    () =>
      late(
        new Fail(
          `Cannot sign in: nobody came back within ten minutes: ${hint('auth', `--google ${purpose}`)} again`,
        ),
      ),
    WAIT_MS,
  )
  const close = async () => {
    clearTimeout(timer)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { redirect, back, close }
}

async function bind(server: Server, port: number) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Fail(
          `Cannot wait for the browser on port ${port} (${error.code}): free it, or use a client of type "Desktop app", which takes any port`,
        ),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** What a person pastes: the address that the browser could not open. */
async function pasted(state: string, over: AbortSignal): Promise<URLSearchParams> {
  const lines = createInterface({ input: process.stdin, terminal: false, signal: over })
  try {
    for await (const line of lines) {
      const text = line.trim()
      if (text === '') continue
      const query = /[?&](code|error)=/.test(text)
        ? new URLSearchParams(text.slice(text.indexOf('?')).replace(/#.*/, ''))
        : undefined
      if (!query) say('that is not the address: it begins with http://127.0.0.1 and holds "code="')
      else if (!same(query.get('state') ?? '', state))
        say('that address is of another sign-in: open the link above again')
      else return query
    }
  } finally {
    lines.close()
  }
  // stdin has ended: the browser may still come back.
  return new Promise(() => {})
}

function same(a: string, b: string) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
