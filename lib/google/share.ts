import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataFolder, Fail, say } from '../stage.ts'
import { addressOf } from './hosts.ts'
import { type Answer, type Ask, askGoogle, GoogleRefused } from './http.ts'

/** A public album, fetched: `folder` holds its pictures, `fresh` of them came now. */
export type Shared = {
  title: string
  folder: string
  pictures: number
  fresh: number
  gone: number
}

type Item = { id: string; address: string; taken: number | null }

// Nobody promised that this page may be read by a program: one request after the other, with a pause between.
const PAUSE_MS = Number(process.env.PHOTOFERRY_POLITE_MS || 1500)
const MAX_PAGES = 400
const MAX_REDIRECTS = 5

/**
 * Fetches what is new in the album behind a public link, as a browser without an account would, into data/shared/. What
 * Google puts into that page is written down nowhere: when it changes, this throws Fail and says so, and nothing else in
 * photoferry depends on it.
 */
export async function fetchShared(link: string): Promise<Shared> {
  const { url, text } = await page(link)
  const [, album = ''] = /^\/share\/([\w-]+)$/.exec(url.pathname) ?? []
  const key = url.searchParams.get('key') ?? ''
  const first = inlineData(text)
  if (!album || !first) throw changed('its page holds no list of pictures')
  const title = titleIn(text)
  const folder = `${dataFolder}/shared/${album}`
  await mkdir(folder, { recursive: true })
  // Each picture has a folder of its own, called by its id, so that the next run knows what is here.
  const here = new Set((await readdir(folder)).filter((name) => !name.endsWith('.part')))
  const ids = new Set<string>()
  let fresh = 0
  for await (const item of allItems(first, { album, key, url, text })) {
    const id = item.id.replace(/[^\w-]/g, '')
    if (id === '') throw changed('its pictures have no names')
    ids.add(id)
    if (here.has(id)) continue
    await fetchPicture(item, `${folder}/${id}`)
    fresh++
  }
  const gone = [...here].filter((id) => !ids.has(id)).length
  return { title, folder, pictures: ids.size, fresh, gone }
}

async function page(link: string) {
  let url = URL.canParse(link) ? new URL(link) : undefined
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (!url || !isShareHost(url)) {
      if (hop > 0 && url?.origin === new URL(addressOf('accounts')).origin) {
        throw new Fail(
          'Cannot read the shared album: Google wants a sign-in for it, so its link is not public: ask its owner for the link of "Share" > "Create link"',
        )
      }
      throw new Fail(
        `Cannot read the shared album "${link}": it is no link like https://photos.app.goo.gl/...: copy it in Google Photos from the album's "Share" > "Create link"`,
        { exitCode: hop === 0 ? 2 : 1 },
      )
    }
    const answer = await politely(url.href)
    if (answer.status < 300) return { url, text: answer.bytes.toString() }
    const to = String(answer.headers.location ?? '')
    url = URL.canParse(to, url) ? new URL(to, url) : undefined
  }
  throw changed('it sends on and on')
}

function isShareHost({ protocol, hostname, origin }: URL) {
  if (origin === new URL(addressOf('photos')).origin) return true
  return (
    protocol === 'https:' && /^(photos\.app\.goo\.gl|goo\.gl|photos\.google\.com)$/.test(hostname)
  )
}

async function* allItems(
  first: unknown[],
  { album, key, url, text }: { album: string; key: string; url: URL; text: string },
): AsyncGenerator<Item> {
  let [, items, next] = first
  const session = /"FdrFJe":"(-?\d+)"/.exec(text)?.[1] ?? ''
  const build = /"cfb2h":"([\w.-]+)"/.exec(text)?.[1] ?? ''
  for (let page = 0; page < MAX_PAGES; page++) {
    if (!Array.isArray(items)) throw changed('its list of pictures is none')
    for (const item of items) yield itemOf(item)
    if (typeof next !== 'string' || next === '') return
    const query = new URLSearchParams({
      rpcids: 'snAcKc',
      'source-path': url.pathname,
      'f.sid': session,
      bl: build,
      rt: 'c',
    })
    const call = [['snAcKc', JSON.stringify([album, next, null, key || null]), null, 'generic']]
    const { bytes } = await politely(`${url.origin}/_/PhotosUi/data/batchexecute?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: new URLSearchParams({ 'f.req': JSON.stringify([call]) }).toString(),
    })
    ;[, items, next] = batchAnswer(bytes.toString())
  }
}

function itemOf(item: unknown): Item {
  const [id, picture, taken] = Array.isArray(item) ? item : []
  const address = Array.isArray(picture) ? picture[0] : undefined
  if (typeof id !== 'string' || typeof address !== 'string' || !URL.canParse(address))
    throw changed('its pictures are listed in another way')
  const { protocol, hostname, origin } = new URL(address)
  const isMedia = protocol === 'https:' && hostname.endsWith('.googleusercontent.com')
  if (!isMedia && origin !== new URL(process.env.GOOGLE_MEDIA_URL || 'https://x.invalid').origin)
    throw changed(`its pictures lie on ${hostname}`)
  return { id, address, taken: typeof taken === 'number' ? Math.floor(taken / 1000) : null }
}

/** A video gives itself under `=dv` alone; of it `=d` is a still, so that is asked for first and its type looked at. */
async function fetchPicture({ address }: Item, path: string) {
  const temporary = `${path}.part`
  try {
    const video = await politely(`${address}=dv`, { into: temporary }).catch((error) => {
      if (error instanceof GoogleRefused) return
      throw error
    })
    const isVideo = /^video\//.test(String(video?.headers['content-type']))
    const answer = isVideo && video ? video : await politely(`${address}=d`, { into: temporary })
    if (answer.status !== 200) throw changed('its pictures lie somewhere else')
    await mkdir(path)
    await rename(temporary, `${path}/${nameOf(answer)}`)
  } finally {
    await rm(temporary, { force: true })
  }
}

function nameOf({ headers }: Answer) {
  const said = String(headers['content-disposition'] ?? '')
  const [, encoded] = /filename\*=UTF-8''([^;]+)/i.exec(said) ?? []
  const [, plain] = /filename="([^"]*)"/i.exec(said) ?? []
  let name = plain ?? ''
  try {
    if (encoded) name = decodeURIComponent(encoded)
  } catch {}
  const [, type = 'jpg'] = /^\w+\/(?:x-)?(\w+)/.exec(String(headers['content-type'])) ?? []
  // It becomes a file's name here, whatever the other side says.
  const safe = name
    .replace(/[/\\\p{Cc}]/gu, '_')
    .replace(/^\.+/, '')
    .slice(-200)
  return safe || `picture.${type === 'jpeg' ? 'jpg' : type}`
}

/** The array behind `key: 'ds:1'`, cut out by its brackets: what stands around it is JavaScript. */
export function inlineData(text: string): unknown[] | undefined {
  const key = /AF_initDataCallback\(\{\s*key:\s*'ds:1'/.exec(text)
  const from = key ? text.indexOf('[', text.indexOf('data:', key.index)) : -1
  if (from < 0) return
  let depth = 0
  let inText = false
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (inText) {
      if (sign === '\\') at++
      else if (sign === '"') inText = false
    } else if (sign === '"') inText = true
    else if (sign === '[') depth++
    else if (sign === ']' && --depth === 0) {
      try {
        return JSON.parse(text.slice(from, at + 1))
      } catch {
        return
      }
    }
  }
}

function batchAnswer(text: string): unknown[] {
  for (const line of text.split('\n')) {
    if (!line.includes('wrb.fr')) continue
    try {
      const found = (JSON.parse(line) as unknown[][]).find((row) => row[0] === 'wrb.fr')
      const data = JSON.parse(String(found?.[2]))
      if (Array.isArray(data)) return data
    } catch {}
  }
  throw changed('its further pages are written in another way')
}

function titleIn(text: string) {
  const [, content = ''] = /<meta property="og:title" content="([^"]*)"/.exec(text) ?? []
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  const title = content.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name] ?? '')
  // Google adds the dates of what is in it.
  return title.replace(/ · [^·]*$/, '').trim() || 'Shared album'
}

let last = -PAUSE_MS
async function politely(url: string, ask: Ask = {}): Promise<Answer> {
  await sleep(Math.max(0, last + PAUSE_MS - performance.now()))
  try {
    return await askGoogle(url, ask)
  } catch (error) {
    if (!(error instanceof GoogleRefused)) throw error
    const { status } = error.error
    if (url.endsWith('=dv')) throw error
    if (status === 404 || status === 410) {
      throw new Fail(
        'Cannot read the shared album: Google knows no such link: ask its owner whether the album is still shared by link',
      )
    }
    throw changed(`it answers ${status}`)
  } finally {
    last = performance.now()
  }
}

function changed(found: string) {
  say(
    '--share reads a page that Google may change at any time; the rest of photoferry does not need it',
  )
  return new Fail(
    `Cannot read the shared album: ${found}, so Google seems to have changed its page: use "Download all" in the album and ${'`'}make index-gphotos ARGS='--album "Title=/path/to/the.zip"'${'`'}`,
  )
}
