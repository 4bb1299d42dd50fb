import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { EnvHttpProxyAgent } from 'undici'
import { Fail, say } from '../stage.ts'
import { explain, type GoogleError, type Purpose, passes, readError } from './answers.ts'
import { tokenMayGo } from './hosts.ts'

/** Google refused this one request, for a reason of its own. */
export class GoogleRefused extends Error {
  error: GoogleError
  constructor(error: GoogleError) {
    super(
      `Google answered ${error.status}: ${error.message}${error.reason && ` (${error.reason})`}`,
    )
    this.name = 'GoogleRefused'
    this.error = error
  }
}

/** Worth another try, after `wait` ms at least; `advice` is for when it never passes. */
class Later extends Error {
  wait: number
  advice: string
  constructor(message: string, { wait = 0, advice = OFFLINE } = {}) {
    super(message)
    this.wait = wait
    this.advice = advice
  }
}
const OFFLINE = 'see that this machine is online, then run again, it goes on where it stopped'
const SLOWER =
  'Google wants fewer requests from your project than were made: run again in an hour, it goes on where it stopped'
const THEIRS = 'Google itself has a trouble: run again later, it goes on where it stopped'

export type Ask = {
  method?: 'GET' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  body?: string
  /** Whose sign-in pays: asked for at every attempt, `again` after a 401. Absent: nobody's. */
  token?: (again: boolean) => Promise<string>
  purpose?: Purpose
  scope?: string
  /** More bytes than these are not taken; 64 MiB if left out. */
  max?: number
  /** A good answer's bytes go into this file instead, written anew at every attempt. */
  into?: string
}
export type Answer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  bytes: Buffer
}

const env = (name: string, otherwise: number) => Number(process.env[name] || otherwise)
let agent: EnvHttpProxyAgent | undefined

/**
 * One request whose whole answer is held in memory. Tried again after "slow down", 5xx, a broken connection and silence, as
 * lib/immich/http.ts does with Immich and by the same variables. A token goes to Google's hosts only, and no redirect is followed with one.
 * Throws GoogleRefused for this one request's own trouble, Fail for what would befall them all.
 */
export function askGoogle(url: string, ask: Ask = {}): Promise<Answer> {
  return patiently(async () => {
    let token = await tokenFor(url, ask, false)
    let answer = await once(url, ask, token)
    if (answer.status === 401 && token) {
      token = await tokenFor(url, ask, true)
      answer = await once(url, ask, token)
    }
    const { status } = answer
    if (status < 300) return answer
    if (status < 400) {
      if (token)
        throw new Fail(
          `Cannot read from ${new URL(url).host}: it sends on to another address, and a sign-in is not shown there: run again later, and report it if it stays`,
        )
      return answer
    }
    throw trouble(answer, ask)
  })
}

/** Runs `work` again while it throws what passes; the last error comes out, of a dead network as Fail. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const retryMs = env('PHOTOFERRY_RETRY_MS', 1000)
  try {
    return await pRetry(work, {
      retries: env('PHOTOFERRY_RETRIES', 8),
      minTimeout: retryMs,
      maxTimeout: retryMs * 60,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof Later,
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
        if (!(error instanceof Later) || retriesLeft === 0) return
        if (attemptNumber >= 3) say(`Google: ${error.message}, trying again`)
        const wait = Math.min(error.wait, retryMs * 300)
        if (wait > retryDelay) await sleep(wait - retryDelay)
      },
    })
  } catch (error) {
    if (!(error instanceof Later)) throw error
    throw new Fail(`Cannot go on with Google: ${error.message}: ${error.advice}`, { cause: error })
  }
}

/** What an error answer means for the caller: Later, Fail or GoogleRefused. */
export function trouble({ status, headers, bytes }: Answer, { purpose = 'drive', scope }: Ask) {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString())
  } catch {}
  const error = readError(status, body)
  if (passes(error)) {
    const after = Number(headers['retry-after'])
    const advice = status >= 500 || status === 408 ? THEIRS : SLOWER
    return new Later(`${error.message} (${status})`, { wait: after > 0 ? after * 1000 : 0, advice })
  }
  return explain(error, purpose, scope) ?? new GoogleRefused(error)
}

/** The errors of the `googleapis` package in the same terms. */
export function troubleOf(error: unknown, ask: Ask): unknown {
  const { response, code, message } = error as {
    response?: { status: number; data: unknown; headers?: { get?(name: string): string | null } }
    code?: string
    message: string
  }
  if (response?.status) {
    const data = response.data
    return trouble(
      {
        status: response.status,
        headers: { 'retry-after': response.headers?.get?.('retry-after') ?? undefined },
        bytes: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data ?? {})),
      },
      ask,
    )
  }
  if (/redirect mode is set to error/.test(message)) {
    return new Fail('Cannot go on with Google: it sends on to another address: report it', {
      cause: error,
    })
  }
  return code &&
    /^(ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENET.*|EHOST.*|ERR_STREAM.*)$/.test(code)
    ? new Later(`no connection to Google (${code})`)
    : error
}

async function tokenFor(url: string, { token }: Ask, renew: boolean) {
  if (!token) return
  const to = new URL(url)
  if (!tokenMayGo(to)) {
    throw new Fail(
      `Cannot read from ${to.host}: it is none of Google's hosts, so your sign-in is not shown there: report it`,
    )
  }
  return token(renew)
}

async function once(url: string, ask: Ask, token?: string): Promise<Answer> {
  const {
    method = 'GET',
    headers,
    body,
    into,
    max = into ? Number.POSITIVE_INFINITY : 64 * 1024 * 1024,
  } = ask
  const idleMs = env('PHOTOFERRY_IDLE_MS', 60_000)
  // The system's proxy settings are honoured, as the googleapis package does for its part.
  const { EnvHttpProxyAgent, request: send } = await import('undici')
  agent ??= new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false })
  const stop = new AbortController()
  const silence = new Later(`no answer for ${Math.round(idleMs / 1000)} s`)
  const timer = setTimeout(() => stop.abort(silence), idleMs)
  let file: FileHandle | undefined
  try {
    const answer = await send(url, {
      method,
      dispatcher: agent,
      signal: stop.signal,
      headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body }),
    })
    const chunks: Buffer[] = []
    let length = 0
    if (into && answer.statusCode < 300) file = await open(into, 'w', 0o600)
    for await (const chunk of answer.body) {
      timer.refresh()
      length += chunk.length
      if (file) await file.writeFile(chunk)
      else chunks.push(chunk)
      if (length > max) {
        stop.abort()
        throw new Fail(
          `Cannot read from ${new URL(url).host}: it sends more than was asked for (status ${answer.statusCode}): a proxy on the way may drop "Range": read without it`,
        )
      }
    }
    return {
      status: answer.statusCode,
      headers: answer.headers,
      bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
    }
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (/CERT|SELF_SIGNED|VERIFY/.test(code))
      throw new Fail(`Cannot talk to Google: its certificate is not trusted (${code})`)
    if (
      /^(ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENET.*|EHOST.*|UND_ERR_.*|HPE_.*)$/.test(code)
    )
      throw new Later(`the connection to Google broke (${code})`)
    throw error
  } finally {
    clearTimeout(timer)
    await file?.close()
  }
}
