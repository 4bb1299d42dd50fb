import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

/** 192 bits, new for each run. */
export const newToken = () => randomBytes(24).toString('base64url')

/**
 * Lets nobody in but the page itself, opened by whoever holds the address. The token stays in the path: a cookie would go to
 * every other server on 127.0.0.1 too, whatever its port. Host is checked against names that lead here from outside, Origin
 * and Sec-Fetch-Site against pages of other origins; and whatever is answered may run and load nothing but our own.
 */
export function guard(token: string): MiddlewareHandler {
  const right = digest(token)
  return async (c, next) => {
    const { host = '', origin, 'sec-fetch-site': site = '' } = c.req.header()
    const [, given = ''] = c.req.path.split('/')
    const isPost = c.req.method !== 'GET'
    const isHere = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host)
    const isOwn = origin === undefined ? !isPost : origin === `http://${host}`
    const isFromHere = ['', 'same-origin', ...(isPost ? [] : ['none'])].includes(site)
    const isLetIn = isHere && isOwn && isFromHere && timingSafeEqual(digest(given), right)
    if (isLetIn) await next()
    else c.res = c.text('This is not the address that `make review` printed.', 403)
    const own = isLetIn ? `http://${host}/${token}/` : "'none'"
    const policy = [
      "default-src 'none'",
      ...['script-src', 'style-src', 'img-src', 'connect-src'].map((what) => `${what} ${own}`),
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]
    const headers = {
      'content-security-policy': policy.join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
    }
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
  }
}

// Of equal length, whatever was given.
const digest = (text: string) => createHash('sha256').update(text).digest()
