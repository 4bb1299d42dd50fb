import { setTimeout as sleep } from 'node:timers/promises'
import { Fail, hint } from '../stage.ts'
import { signedIn } from './google.ts'
import { addressOf } from './hosts.ts'
import { type Ask, askGoogle, GoogleRefused } from './http.ts'

/** A choice that a person makes on a page of Google's. Times in ms since 1970. */
export type Session = {
  id: string
  address: string
  set: boolean
  ends: number
  pollMs: number
  waitMs: number
}

/** One picked photo. Google tells neither its place nor its size in bytes. */
export type Picked = {
  /** The same in every session of this account and client. */
  id: string
  name: string
  kind: 'image' | 'video'
  /** UTC seconds; null where Google does not say. */
  taken: number | null
  width?: number
  height?: number
  /** Its bytes, for an hour and with the sign-in only: a photo as it is but for its place, a video transcoded. */
  address: string
  /** Why it cannot be had (yet). */
  problem?: string
}

type Answer = {
  id?: string
  pickerUri?: string
  mediaItemsSet?: boolean
  expireTime?: string
  pollingConfig?: { pollInterval?: string; timeoutIn?: string }
}
type Item = {
  id?: string
  createTime?: string
  type?: string
  mediaFile?: {
    baseUrl?: string
    mimeType?: string
    filename?: string
    mediaFileMetadata?: {
      width?: number
      height?: number
      videoMetadata?: { processingStatus?: string }
    }
  }
}

// An address lives an hour; a page that is older is asked for again before its next photo is fetched.
const FRESH_MS = Number(process.env.PHOTOFERRY_FRESH_MS || 50 * 60_000)
const PAGE_SIZE = 100
const WAIT_MS = 30 * 60_000

/** A duration as Google writes it, "5s" or "3.5s", in ms; undefined where it is none. */
export function durationMs(text: string | undefined): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

/** The Photos Picker: a person picks, and what was picked can be read. Throws Fail where nobody is signed in for it. */
export async function picker() {
  const { token, grant } = await signedIn('picker')
  const base = addressOf('picker')
  const ask: Ask = { token, purpose: 'picker', scope: grant.scope }

  async function call<T>(method: Ask['method'], path: string, body?: object): Promise<T> {
    const { bytes } = await askGoogle(base + path, {
      ...ask,
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return (bytes.length > 0 ? JSON.parse(bytes.toString()) : {}) as T
  }

  /** Opens a choice of at most `most` photos (2,000 is what Google allows). */
  async function open(most?: number): Promise<Session> {
    try {
      return sessionOf(
        await call<Answer>('POST', '/v1/sessions', {
          ...(most && { pickingConfig: { maxItemCount: String(most) } }),
        }),
      )
    } catch (error) {
      if (!(error instanceof GoogleRefused) || !/failed_?precondition/i.test(error.error.reason))
        throw error
      throw new Fail(
        'Cannot pick: this Google account has no Google Photos: open https://photos.google.com with it once, or sign in with the one that holds the photos',
        { cause: error },
      )
    }
  }

  async function state(id: string): Promise<Session> {
    try {
      return sessionOf(await call<Answer>('GET', `/v1/sessions/${encodeURIComponent(id)}`))
    } catch (error) {
      throw sessionGone(error) ?? error
    }
  }

  /** Waits for the person's "Done", asking as often as Google says. Throws Fail when that never comes. */
  async function untilPicked(session: Session): Promise<Session> {
    let now = session
    // By a clock that nobody sets; when the choice ends is for Google to say.
    const until = performance.now() + session.waitMs
    while (!now.set) {
      if (now.waitMs === 0 || performance.now() + now.pollMs > until) {
        await close(session.id)
        throw new Fail(
          `Cannot go on: nothing was picked in time: ${hint('index-gphotos', '--pick')} again, and click "Done" at the end`,
        )
      }
      await sleep(now.pollMs)
      now = await state(session.id)
    }
    return now
  }

  /** What was picked, in Google's order. Its addresses are fresh when each photo comes out, however long the last ones took. */
  async function* items(session: string): AsyncGenerator<Picked> {
    let pageToken = ''
    do {
      let page = await pageOf(session, pageToken)
      for (let at = 0; at < page.items.length; at++) {
        if (Date.now() - page.at > FRESH_MS) page = await pageOf(session, pageToken)
        const item = page.items[at]
        if (item) yield item
      }
      pageToken = page.next
    } while (pageToken)
  }

  async function pageOf(session: string, pageToken: string) {
    const query = new URLSearchParams({
      sessionId: session,
      pageSize: String(PAGE_SIZE),
      ...(pageToken && { pageToken }),
    })
    const at = Date.now()
    try {
      const { mediaItems = [], nextPageToken = '' } = await call<{
        mediaItems?: Item[]
        nextPageToken?: string
      }>('GET', `/v1/mediaItems?${query}`)
      return { at, items: mediaItems.flatMap((item) => pickedOf(item) ?? []), next: nextPageToken }
    } catch (error) {
      throw sessionGone(error) ?? error
    }
  }

  /** Ends the choice at Google. Its photos cannot be read any more. */
  async function close(id: string) {
    await call('DELETE', `/v1/sessions/${encodeURIComponent(id)}`).catch((error) => {
      if (!(error instanceof GoogleRefused)) throw error
    })
  }

  return { open, state, untilPicked, items, close, ask }
}

function sessionGone(error: unknown) {
  if (!(error instanceof GoogleRefused) || error.error.status !== 404) return
  return new Fail(
    `Cannot read what was picked: Google has ended that choice: ${hint('index-gphotos', '--pick')} and pick again`,
    { cause: error },
  )
}

function sessionOf({ id, pickerUri, mediaItemsSet, expireTime, pollingConfig }: Answer): Session {
  if (!id || !pickerUri)
    throw new Fail('Cannot pick: Google opened no page for it: try again in a minute')
  return {
    id,
    address: pickerUri,
    set: mediaItemsSet === true,
    ends: Date.parse(expireTime ?? '') || Date.now() + 7 * 86_400_000,
    pollMs: durationMs(pollingConfig?.pollInterval) ?? 5000,
    waitMs: durationMs(pollingConfig?.timeoutIn) ?? WAIT_MS,
  }
}

/** Every field may be lacking in a real answer; without an id or an address there is nothing to have. */
function pickedOf({ id, createTime, type, mediaFile = {} }: Item): Picked | undefined {
  const { baseUrl, filename, mimeType = '', mediaFileMetadata = {} } = mediaFile
  if (!id || !baseUrl) return
  const { width, height, videoMetadata } = mediaFileMetadata
  const isVideo = type === 'VIDEO' || mimeType.startsWith('video/')
  const taken = Date.parse(createTime ?? '')
  const status = videoMetadata?.processingStatus
  return {
    id,
    name: filename || `picked-${id.slice(-12)}.${isVideo ? 'mp4' : extensionOf(mimeType)}`,
    kind: isVideo ? 'video' : 'image',
    taken: Number.isNaN(taken) ? null : Math.floor(taken / 1000),
    ...(width && height && { width, height }),
    address: `${baseUrl}=${isVideo ? 'dv' : 'd'}`,
    ...(isVideo &&
      status === 'PROCESSING' && {
        problem: 'Google still works on this video: pick it again later',
      }),
    ...(isVideo && status === 'FAILED' && { problem: 'Google could not read this video itself' }),
  }
}

function extensionOf(mimeType: string) {
  const [, subtype = 'jpg'] = /^image\/(?:x-)?([a-z0-9]+)/.exec(mimeType) ?? []
  return subtype === 'jpeg' ? 'jpg' : subtype
}
