import { dupesWorld, library } from './duplicates.ts'
import type { Standin } from './immich.ts'
import { world } from './run.ts'

/** A folder to run the stages in, and the library that they work on; `server` only where it is the stand-in. */
export type Circle = Omit<Awaited<ReturnType<typeof realWorld>>, 'server'> & { server?: Standin }
type Thing = { id: string }

/**
 * Where the whole circle is gone through: on the server for tests at IMMICH_URL, or else on the stand-in in both of its
 * versions.
 */
export function circles(): [name: string, begin: () => Promise<Circle>][] {
  const { IMMICH_URL: url, IMMICH_API_KEY: key } = process.env
  const standin = (version: '3.1.0' | '2.7.5') => () =>
    dupesWorld({ version, zoneAt: () => 'Europe/Berlin' })
  if (url && key) return [[url, () => realWorld(url.replace(/\/(api\/?)?$/, ''), key)]]
  return [
    ['Immich 3.1.0', standin('3.1.0')],
    ['Immich 2.7.5', standin('2.7.5')],
  ]
}

/** In the end the server is as it was. */
async function realWorld(url: string, key: string) {
  const env = { IMMICH_URL: url, IMMICH_API_KEY: key, PHOTOFERRY_POLL_MS: '2000' }
  const { server, ...w } = await world({ env })
  const lib = await library({ url, key }, 2000)
  const { client } = lib
  const before = await look()
  if (before.groups > 0)
    throw new Error(`${url} has duplicates, which the test would give up: it is not for tests`)

  async function look() {
    const assets: Thing[] = []
    let groups = 0
    for await (const page of client.searchAssets()) {
      assets.push(...page)
      groups += page.filter(({ duplicateId }) => duplicateId).length
    }
    const { people } = await client.request<{ people: Thing[] }>('GET', '/people?withHidden=true')
    const tags = await client.request<Thing[]>('GET', '/tags')
    const [albums, links] = [await client.albums(), await client.sharedLinks()]
    return { assets, albums, links, people, tags, groups }
  }

  async function end() {
    const now = await look()
    const fresh = (what: 'assets' | 'albums' | 'links' | 'people' | 'tags') =>
      now[what].map(({ id }) => id).filter((id) => before[what].every((one) => one.id !== id))
    const [assets, people] = [fresh('assets'), fresh('people')]
    if (assets.length > 0) await client.trash(assets, { force: true })
    if (people.length > 0) await client.request('DELETE', '/people', { json: { ids: people } })
    for (const id of fresh('albums')) await client.request('DELETE', `/albums/${id}`)
    for (const id of fresh('links')) await client.request('DELETE', `/shared-links/${id}`)
    // A tag goes with its parent.
    for (const id of fresh('tags'))
      await client.request('DELETE', `/tags/${id}`).catch(() => undefined)
    await server.stop()
    await w.end()
  }
  return { ...w, lib, url, end }
}
