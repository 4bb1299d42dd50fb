import { Fail } from '../stage.ts'

// Each can be set in the environment, for the stand-in and for those who have to go through a mirror of their own.
const hosts = {
  /** Where a person signs in. */
  accounts: ['GOOGLE_ACCOUNTS_URL', 'https://accounts.google.com'],
  oauth: ['GOOGLE_OAUTH_URL', 'https://oauth2.googleapis.com'],
  drive: ['GOOGLE_DRIVE_URL', 'https://www.googleapis.com'],
  picker: ['GOOGLE_PICKER_URL', 'https://photospicker.googleapis.com'],
  /** Public pages of shared albums. */
  photos: ['GOOGLE_PHOTOS_URL', 'https://photos.google.com'],
} as const
export type GoogleHost = keyof typeof hosts

/** The base address of one of Google's services, without a slash at its end. Throws Fail where the environment holds none. */
export function addressOf(host: GoogleHost): string {
  const [variable, usual] = hosts[host]
  const text = process.env[variable] || usual
  if (!URL.canParse(text))
    throw new Fail(`Cannot use ${variable}="${text}": it is no address: unset it`)
  return text.replace(/\/+$/, '')
}

/**
 * Whether a bearer token may be sent there: https to Google's own API and media hosts, or an address that the
 * environment names. Addresses of pictures come out of answers, so they are asked about one by one.
 */
export function tokenMayGo(url: URL): boolean {
  const { origin, protocol, hostname, port, username } = url
  if (username) return false
  if (protocol === 'https:' && !port && /\.(googleapis|googleusercontent)\.com$/.test(hostname))
    return true
  const configured = (Object.keys(hosts) as GoogleHost[])
    .filter((host) => process.env[hosts[host][0]])
    .map((host) => new URL(addressOf(host)).origin)
  const media = process.env.GOOGLE_MEDIA_URL
  if (media && URL.canParse(media)) configured.push(new URL(media).origin)
  return configured.includes(origin)
}
