import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { driveRoutes } from './google-drive.ts'
import { pickerRoutes } from './google-picker.ts'
import { shareRoutes } from './google-share.ts'

export type Call = {
  request: IncomingMessage
  response: ServerResponse
  method: string
  path: string
  query: URLSearchParams
  body: string
}
export type Route = (call: Call) => Promise<boolean> | boolean
export type Logged = {
  method: string
  path: string
  token: boolean
  range?: string
  status: number
}

/** Answers that the next requests get instead of their own: taken one by one by those whose path matches. */
export type Fault = {
  path: RegExp
  status: number
  body?: unknown
  headers?: Record<string, string>
  times?: number
  cut?: number
  silent?: true
}

export type Options = {
  port?: number
  /** The consent page's answer. */
  consent?: 'allow' | 'deny' | 'untick'
  /** A project in "Testing": sign-ins end after seven days. */
  testing?: boolean
  /** What the person clicks in the picker of Drive's files. */
  picks?: () => string[]
}

export type DriveFile = {
  id: string
  name: string
  path: string
  size: number
  md5: string
  created: string
  modified: string
  mimeType: string
  owned: boolean
  trashed: boolean
  /** Google's virus scan has something against it. */
  abusive: boolean
}

/**
 * A Google on 127.0.0.1, as far as this project speaks with it: sign-in with PKCE, Drive v3 (list, get, Range, rate limits,
 * the abuse flag), the Photos Picker with its media, and the page of a shared album. `env` is what a stage needs to be told.
 */
export async function startGoogle(options: Options = {}) {
  const client = {
    id: `${randomBytes(6).toString('hex')}.apps.googleusercontent.com`,
    secret: `GOCSPX-${randomBytes(9).toString('base64url')}`,
  }
  const files = new Map<string, DriveFile>()
  const log: Logged[] = []
  const faults: Fault[] = []
  /** Bytes of bodies of media answers. */
  const served = { bytes: 0, requests: 0 }
  const codes = new Map<
    string,
    { challenge: string; redirect: string; scope: string; picked: string[] }
  >()
  const refreshes = new Map<string, { scope: string; picked: Set<string> }>()
  const accesses = new Map<string, { scope: string; picked: Set<string>; until: number }>()
  const settings = {
    consent: 'allow',
    testing: false,
    tokenSeconds: 3599,
    picks: () => [...files.keys()],
    ...options,
  }

  const send: Send = (response, status, body, headers = {}) => {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers })
    response.end(text)
    return true
  }
  /** What the bearer token of a request allows; without a good one the answer is sent already. */
  const allowed: Allowed = ({ request, response }, wanted) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const access = accesses.get(token)
    if (!access || access.until < Date.now()) {
      send(
        response,
        401,
        apiError(
          401,
          'authError',
          'UNAUTHENTICATED',
          'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
        ),
      )
      return
    }
    if (!access.scope.split(' ').some((scope) => wanted.test(scope))) {
      send(
        response,
        403,
        apiError(
          403,
          'insufficientPermissions',
          'PERMISSION_DENIED',
          'Request had insufficient authentication scopes.',
        ),
      )
      return
    }
    return access
  }

  const oauth: Route = ({ method, path, query, body, response }) => {
    if (method === 'GET' && path === '/o/oauth2/v2/auth') {
      const redirect = query.get('redirect_uri') ?? ''
      const scope = query.get('scope') ?? ''
      const onepick = query.get('trigger_onepick') === 'true'
      const wrong =
        query.get('client_id') !== client.id
          ? 'invalid_client'
          : !/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/.*)?$/.test(redirect)
            ? 'redirect_uri_mismatch'
            : query.get('response_type') !== 'code' ||
                query.get('code_challenge_method') !== 'S256' ||
                !query.get('code_challenge')
              ? 'invalid_request'
              : onepick &&
                  (scope !== 'https://www.googleapis.com/auth/drive.file' ||
                    query.get('prompt') !== 'consent' ||
                    query.get('include_granted_scopes') === 'true')
                ? 'invalid_request'
                : ''
      if (wrong) return send(response, 400, `Error 400: ${wrong}`, { 'content-type': 'text/html' })
      const back = new URL(redirect)
      back.searchParams.set('state', query.get('state') ?? '')
      if (settings.consent === 'deny') back.searchParams.set('error', 'access_denied')
      else {
        const code = `4/${randomBytes(24).toString('base64url')}`
        const granted = settings.consent === 'untick' ? 'openid' : scope
        const picked = onepick ? settings.picks() : []
        codes.set(code, {
          challenge: query.get('code_challenge') ?? '',
          redirect,
          scope: granted,
          picked,
        })
        back.searchParams.set('code', code)
        back.searchParams.set('scope', granted)
        if (onepick) back.searchParams.set('picked_file_ids', picked.join(','))
      }
      return send(response, 302, '', { location: back.href })
    }
    if (method === 'POST' && path === '/token') return token(new URLSearchParams(body), response)
    if (method === 'POST' && path === '/revoke') {
      if (!refreshes.delete(query.get('token') ?? ''))
        return send(response, 400, {
          error: 'invalid_token',
          error_description: 'Token expired or revoked',
        })
      return send(response, 200, {})
    }
    return false
  }

  function token(form: URLSearchParams, response: ServerResponse) {
    if (form.get('client_id') !== client.id || form.get('client_secret') !== client.secret)
      return send(response, 401, {
        error: 'invalid_client',
        error_description: 'The OAuth client was not found.',
      })
    let grant: { scope: string; picked: Set<string> } | undefined
    let refresh: string | undefined
    if (form.get('grant_type') === 'authorization_code') {
      const code = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (code && code.redirect !== form.get('redirect_uri'))
        return send(response, 400, {
          error: 'redirect_uri_mismatch',
          error_description: 'Bad Request',
        })
      if (code?.challenge === challenge) {
        grant = { scope: code.scope, picked: new Set(code.picked) }
        // What was picked in earlier sign-ins of this client stays open to it.
        for (const { picked } of refreshes.values()) for (const id of picked) grant.picked.add(id)
        refresh = `1//${randomBytes(24).toString('base64url')}`
        refreshes.set(refresh, grant)
      }
    } else if (form.get('grant_type') === 'refresh_token')
      grant = refreshes.get(form.get('refresh_token') ?? '')
    if (!grant)
      return send(response, 400, {
        error: 'invalid_grant',
        error_description: 'Token has been expired or revoked.',
      })
    const access = `ya29.${randomBytes(24).toString('base64url')}`
    accesses.set(access, { ...grant, until: Date.now() + settings.tokenSeconds * 1000 })
    return send(response, 200, {
      access_token: access,
      expires_in: settings.tokenSeconds,
      scope: grant.scope,
      token_type: 'Bearer',
      ...(refresh && { refresh_token: refresh }),
      ...(settings.testing && { refresh_token_expires_in: 604799 }),
    })
  }

  const picker = pickerRoutes({ send, allowed, served, base: () => url })
  const share = shareRoutes({ send, base: () => url })
  // A monitor of any kind, for --ping.
  const ping: Route = ({ path, response }) => path === '/ping' && send(response, 200, 'OK')
  const routes: Route[] = [
    oauth,
    ping,
    driveRoutes({ files, send, allowed, served }),
    picker.route,
    share.route,
  ]

  const server = createServer(async (request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const { method = 'GET' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    response.on('close', () => {
      const { range, authorization } = request.headers
      log.push({
        method,
        path,
        token: authorization !== undefined,
        status: response.statusCode,
        ...(range && { range }),
      })
    })
    const fault = faults.find((one) => one.path.test(request.url ?? ''))
    if (fault) {
      fault.times = (fault.times ?? 1) - 1
      if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
      if (fault.silent) return
      if (fault.cut !== undefined) {
        response.writeHead(206, { 'content-length': fault.cut * 2 })
        response.write(Buffer.alloc(fault.cut))
        setTimeout(() => response.destroy(), 20)
        return
      }
      return void send(response, fault.status, fault.body ?? {}, fault.headers)
    }
    for (const route of routes) {
      if (await route({ request, response, method, path, query, body })) return
    }
    send(response, 404, apiError(404, 'notFound', 'NOT_FOUND', `Nothing at ${path}.`))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const names = ['ACCOUNTS', 'OAUTH', 'DRIVE', 'PICKER', 'PHOTOS', 'MEDIA']

  return {
    url,
    client,
    files,
    log,
    faults,
    served,
    settings,
    picker,
    share,
    env: Object.fromEntries(names.map((name) => [`GOOGLE_${name}_URL`, url])),
    /** The client's file as the console gives it. */
    clientFile: (kind: 'installed' | 'web' = 'installed', redirect = 'http://localhost') => ({
      [kind]: {
        client_id: client.id,
        project_id: 'photoferry-test',
        auth_uri: 'https://accounts.google.com/o/oauth2/auth',
        token_uri: 'https://oauth2.googleapis.com/token',
        client_secret: client.secret,
        redirect_uris: [redirect],
      },
    }),
    /** What a browser does with the address that `auth` shows: the person allows (or not), and comes back. */
    async visit(address: string) {
      const answer = await fetch(address)
      return { status: answer.status, text: await answer.text() }
    },
    /** The same, without coming back: the address that would be opened. */
    async backFrom(address: string) {
      const answer = await fetch(address, { redirect: 'manual' })
      return answer.headers.get('location') ?? ''
    },
    /** A sign-in as `auth` keeps it, without the clicks. */
    grant(scope: string) {
      const refresh_token = `1//${randomBytes(24).toString('base64url')}`
      refreshes.set(refresh_token, { scope, picked: new Set() })
      return { refresh_token, scope, at: Date.now(), client: client.id }
    },
    /** Lays a file of the disk into the Drive. */
    async put(path: string, facts: Partial<DriveFile> = {}) {
      const { size } = await stat(path)
      const hash = createHash('md5')
      if (!facts.md5) for await (const chunk of createReadStream(path)) hash.update(chunk)
      const file: DriveFile = {
        id: `1${randomBytes(16).toString('base64url')}`,
        name: basename(path),
        path,
        size,
        md5: facts.md5 ?? hash.digest('hex'),
        created: '2026-01-16T08:00:00.000Z',
        modified: '2026-01-16T08:00:00.000Z',
        mimeType: 'application/x-zip',
        owned: true,
        trashed: false,
        abusive: false,
        ...facts,
      }
      files.set(file.id, file)
      return file
    },
    /** Ends all access tokens (they are fetched anew), or all sign-ins. */
    expire(what: 'access' | 'all') {
      accesses.clear()
      if (what === 'all') refreshes.clear()
    },
    reset() {
      log.length = 0
      served.bytes = 0
      served.requests = 0
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Send = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers?: Record<string, string>,
) => true
export type Allowed = (
  call: Call,
  wanted: RegExp,
) => { scope: string; picked: Set<string> } | undefined
export type GoogleStandin = Awaited<ReturnType<typeof startGoogle>>

/** An error as the APIs write it. */
export function apiError(
  code: number,
  reason: string,
  status: string,
  message: string,
  extra: object[] = [],
) {
  return {
    error: {
      code,
      message,
      errors: [{ message, domain: 'global', reason }],
      status,
      ...(extra.length > 0 && { details: extra }),
    },
  }
}
