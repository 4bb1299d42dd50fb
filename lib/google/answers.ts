import { Fail, hint } from '../stage.ts'

export type Purpose = 'drive' | 'picker'

/** One of Google's error answers, as far as it can be read. */
export type GoogleError = { status: number; reason: string; message: string; link?: string }

const console_ = 'https://console.cloud.google.com'
export const PAGES = {
  project: `${console_}/projectcreate`,
  branding: `${console_}/auth/branding`,
  clients: `${console_}/auth/clients`,
  audience: `${console_}/auth/audience`,
  drive: `${console_}/apis/library/drive.googleapis.com`,
  onepick: `${console_}/apis/library/picker.googleapis.com`,
  picker: `${console_}/apis/library/photospicker.googleapis.com`,
  takeout: 'https://takeout.google.com',
}
const signInAgain = (purpose: Purpose) => hint('auth', `--google ${purpose}`)
const withClient = (purpose: Purpose) => hint('auth', `--google ${purpose} --client FILE`)

/** Reads the body of an answer: the API's `{error: {code, message, errors, details}}`, or OAuth's `{error, error_description}`. */
export function readError(status: number, body: unknown): GoogleError {
  const { error, error_description: described } = (body ?? {}) as {
    error?: unknown
    error_description?: string
  }
  if (typeof error === 'string') return { status, reason: error, message: described ?? error }
  const { message, status: name, errors, details } = (error ?? {}) as Answer
  const reason =
    details?.find((one) => one.reason)?.reason ?? errors?.find((one) => one.reason)?.reason ?? name
  const link =
    details?.find((one) => one.metadata?.activationUrl)?.metadata?.activationUrl ??
    /https:\/\/console\.[\w.-]+\/\S+?(?=[\s,]|$)/.exec(message ?? '')?.[0]
  return {
    status,
    reason: reason ?? '',
    message: message ?? `status ${status}`,
    ...(link && { link }),
  }
}
type Answer = {
  message?: string
  status?: string
  errors?: { reason?: string }[]
  details?: { reason?: string; metadata?: { activationUrl?: string } }[]
}

/** Whether the same request may be taken a moment later. Google says "slow down" by 403 as well as by 429. */
export function passes({ status, reason }: GoogleError): boolean {
  if (status === 403) return /^(user)?rateLimitExceeded$|^RATE_LIMIT_EXCEEDED$/i.test(reason)
  return status === 408 || status === 429 || status >= 500
}

/**
 * What a person can do about an answer that would come again for every request; undefined where it is about this one
 * request alone. `scope` is what the sign-in was given.
 */
export function explain(error: GoogleError, purpose: Purpose, scope = ''): Fail | undefined {
  const { status, reason, message, link } = error
  const cannot = (what: string) => new Fail(`Cannot use Google for ${purpose}: ${what}`)
  if (/invalid_grant/.test(reason)) {
    return cannot(
      `the sign-in has ended (${message}): ${signInAgain(purpose)}. If that happens every week, the project is in "Testing", where sign-ins live seven days: open ${PAGES.audience} and click "Publish app"`,
    )
  }
  if (/invalid_client|unauthorized_client|deleted_client|disabled_client/.test(reason)) {
    return cannot(
      `it does not know this client (${reason}): open ${PAGES.clients}, make one of type "Desktop app", click "Download JSON" and name the file: ${withClient(purpose)}`,
    )
  }
  if (/redirect_uri_mismatch/.test(reason)) {
    return cannot(
      `the client does not allow this address to come back to: open ${PAGES.clients} and make one of type "Desktop app", which allows every port`,
    )
  }
  if (/access_denied/.test(reason)) {
    return cannot(
      `nothing was allowed: sign in again and click "Allow"; if the page said that the app is being tested, open ${PAGES.audience} and add yourself under "Test users", or click "Publish app"`,
    )
  }
  if (/org_internal|admin_policy_enforced/.test(reason)) {
    return cannot(
      `your organisation's rules forbid it (${reason}): ask its administrator, or use an account of your own`,
    )
  }
  if (/accessNotConfigured|SERVICE_DISABLED/.test(reason)) {
    return cannot(
      `its API is switched off in your project: open ${link ?? PAGES[purpose]}, click "Enable", wait a minute and run again`,
    )
  }
  if (
    /insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficientPermissions/i.test(
      `${message} ${reason}`,
    )
  ) {
    return isClosedScope(scope)
      ? closedScope(purpose)
      : cannot(
          `the sign-in does not allow that: ${signInAgain(purpose)}, and leave every box on the page ticked`,
        )
  }
  if (status === 401) {
    return cannot(`it no longer takes the sign-in (${message}): ${signInAgain(purpose)}`)
  }
  if (/^(dailyLimitExceeded|quotaExceeded)/i.test(reason)) {
    return new Fail(
      `Cannot read more from Google today: its daily quota is used up (${reason}): run again tomorrow, it goes on where it stopped`,
      { exitCode: 3 },
    )
  }
}

/** The scopes by which whole libraries could be read until 31 March 2025. */
export function isClosedScope(scope: string): boolean {
  return /auth\/photoslibrary(\.readonly|\.sharing)?(\s|$)/.test(scope)
}

export function closedScope(purpose: Purpose): Fail {
  return new Fail(
    `Cannot use this sign-in: it is for Google's Library API, which since 31 March 2025 shows an app only what the app itself uploaded, whatever it was allowed before: ${signInAgain(purpose)} (drive: Takeouts in Google Drive; picker: photos that you pick)`,
  )
}
