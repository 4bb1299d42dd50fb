import { STATUS_CODES } from 'node:http'
import { Fail, hint } from '../stage.ts'

/** Immich refused this one request for a reason of its own, or (0) never got it: callers count it against the item. */
export class Refused extends Error {
  status: number
  constructor(status: number, message: string) {
    super(status ? `Immich answered ${status}: ${message}` : message)
    this.name = 'Refused'
    this.status = status
  }
}

/** The connection broke in a body that cannot be read again in this run: the next run tries it. */
export class Interrupted extends Refused {
  constructor() {
    super(0, 'the connection broke, and this file can be read only once in a run')
  }
}

/** Worth another try, after `wait` ms. `doubt`: the server may have carried out the request all the same. */
export class Unanswered extends Error {
  doubt: boolean
  status: number
  wait: number
  /** The server's own words. */
  reason: string
  constructor(message: string, { doubt = true, status = 0, wait = 0, reason = '' } = {}) {
    super(message)
    this.reason = reason
    this.doubt = doubt
    this.status = status
    this.wait = wait
  }
}

export type Headers = Record<string, string | string[] | undefined>
type Answer = { status: number; headers: Headers; text: string }

export const cannotTalk = (base: string, found: string, cause?: unknown) =>
  new Fail(`Cannot talk to Immich at ${base}: ${found}`, { cause })
const settings = 'in Immich under Account Settings > API Keys'
const whatBase = 'is IMMICH_URL right, and is there no login page before it?'

/** What an answer of 300 and above means: Fail for what would meet every request, Unanswered, or Refused. */
export function problem(base: string, asked: URL, { status, headers, text }: Answer, now: number) {
  const failed = (found: string) => cannotTalk(base, found)
  const body = readJson(headers, text)
  const message = body ? reason(body) : (STATUS_CODES[status] ?? 'no reason given')
  if (status < 400) {
    const { origin, pathname } = new URL(String(headers.location ?? '/'), asked)
    const where = pathname === asked.pathname ? origin : origin + pathname
    return failed(`it redirects to ${where}: set IMMICH_URL to where Immich itself is`)
  }
  if (status === 413) {
    const where = 'raise client_max_body_size (or its like) on the proxy before Immich'
    return new Refused(status, `the file is too large: ${where}`)
  }
  if (status === 400 && /^Quota has been exceeded/.test(message)) {
    const where = 'raise it in Immich under Administration > Users, or make room'
    return failed(`the quota of this user is used up: ${where}, then run again`)
  }
  if (status === 429 || status >= 500) {
    const after = String(headers['retry-after'] ?? '')
    const wait = (/^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now) || 0
    const doubt = status !== 429 && status !== 503
    return new Unanswered(`it answers ${status} (${message})`, {
      doubt,
      status,
      wait,
      reason: message,
    })
  }
  if (!body) return notData(base, `answers ${status}`)
  if (status === 401 && !message.startsWith('Elevated')) {
    return failed(
      `it refuses this key (${message}): make a new one ${settings}, then ${hint('auth')}`,
    )
  }
  const permission = message.match(/^Missing required permission: (.+)/)?.[1]
  if (permission) {
    return new Fail(
      `Cannot use this Immich key: it lacks ${permission}: tick that ${settings}, then run again`,
    )
  }
  return new Refused(status, message)
}

export const notData = (base: string, how = 'answers') =>
  cannotTalk(base, `it ${how} with a web page, not with data: ${whatBase}`)

export const saysJson = (headers: Headers) => String(headers['content-type']).includes('json')

/** The value of a JSON answer; undefined where it is none. */
export function readJson(headers: Headers, text: string): unknown {
  if (!saysJson(headers)) return
  try {
    return JSON.parse(text)
  } catch {
    return
  }
}

/** Both error formats: v2 `message: string | string[]`, v3 `message` with `errors: [{ path, message }]`. */
function reason(body: unknown): string {
  const { message, errors } = body as { message?: unknown; errors?: unknown }
  const list = Array.isArray(errors) ? errors : []
  const details = list.map(({ path, message }) => `${[path].flat().join('.')}: ${message}`)
  const text = [[message].flat().join('; '), ...details].filter(Boolean).join('; ')
  return text.slice(0, 500) || 'no reason given'
}
