import { isIP } from 'node:net'
import { Fail, say } from '../stage.ts'
import { connect } from './http.ts'
import { Unanswered } from './refusal.ts'

export type ServerVersion = { major: number; minor: number; patch: number }

/** The API base behind an address, and its version; without the key, which only an Immich shall see. */
export async function findServer(given: string): Promise<{ base: string; version: ServerVersion }> {
  if (!/^https?:\/\/[^/]/.test(given) || !URL.canParse(given)) {
    // Not shown: what stands there may be the key.
    throw new Fail('Cannot talk to Immich: IMMICH_URL is no address: write it like http://nas:2283')
  }
  const { origin, pathname, username } = new URL(given)
  if (username) throw new Fail('Cannot talk to Immich: IMMICH_URL holds a user name: leave it out')
  const path = pathname.replace(/\/+$/, '')
  const tried = new Set([
    path.endsWith('/api') ? path : `${path}/api`,
    await wellKnown(origin),
    '/api',
  ])
  let problem: unknown
  for (const base of [...tried].filter((base) => base !== undefined)) {
    try {
      const version = await connect(`${origin}${base}`).request<ServerVersion>(
        'GET',
        '/server/version',
        { retries: 2 },
      )
      if (typeof version?.major !== 'number') continue
      checkVersion(version)
      return { base: `${origin}${base}`, version }
    } catch (error) {
      if ((error as Error).cause instanceof Unanswered) throw error
      problem ??= error
    }
  }
  if (problem instanceof Fail) throw problem
  throw new Fail(
    `Cannot talk to Immich at ${origin}${path}: there is no Immich: is IMMICH_URL right?`,
  )
}

/** Where a person sees the server behind an address or an API base; '' where it is none, or holds what no link should. */
export function webAddress(given = ''): string {
  if (!URL.canParse(given)) return ''
  const { protocol, origin, pathname, username, password } = new URL(given)
  if (!/^https?:$/.test(protocol) || username || password) return ''
  return origin + pathname.replace(/\/+$/, '').replace(/\/api$/, '')
}

/** Says once in a run that the key goes over a network of others in the open. */
export function warnOfPlainHttp(base: string) {
  const { protocol, hostname } = new URL(base)
  if (protocol === 'https:' || isPrivate(hostname) || process.env.PHOTOFERRY_WARNED) return
  process.env.PHOTOFERRY_WARNED = '1'
  say(
    `warning: ${hostname} is reached over plain http: the key and the photos can be read on the way; use https`,
  )
}

const privateNetworks =
  /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe[89ab])/

/** Whether a URL's host is this machine or one of a network of one's own, by its looks: such need no https. */
export function isPrivate(hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address)) return privateNetworks.test(address)
  // Names of a tailnet (ts.net) lead through its own encryption.
  return (
    !hostname.includes('.') ||
    /\.(local|localhost|localdomain|lan|home|internal|home\.arpa|ts\.net)$/.test(hostname)
  )
}

async function wellKnown(origin: string): Promise<string | undefined> {
  try {
    const known = await connect(origin).request<{ api?: { endpoint?: string } }>(
      'GET',
      '/.well-known/immich',
      { retries: 2 },
    )
    const endpoint = new URL(known.api?.endpoint ?? '', `${origin}/`)
    // Another host's address is the person's to give, not a server's.
    return endpoint.origin === origin ? endpoint.pathname.replace(/\/+$/, '') : undefined
  } catch (error) {
    // Not there at all: no other path would be. Otherwise an answer of another kind says nothing.
    if ((error as Error).cause instanceof Unanswered) throw error
    return undefined
  }
}

function checkVersion({ major, minor, patch }: ServerVersion) {
  const found = `${major}.${minor}.${patch}`
  if (major < 2 || (major === 2 && minor < 7)) {
    throw new Fail(`Cannot use this Immich: it is ${found}: update it to 2.7 or later`)
  }
  if (major > 3)
    say(`Immich is ${found}; photoferry knows 2.7 to 3: check the first results closely`)
}
