import type { Decided } from '../../state/records.ts'
import type { Item, Overview, Standing } from '../items.ts'

/** Why the page's server did not do as asked, in its words. */
export class Refused extends Error {
  status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function ask<T>(path: string, json?: unknown): Promise<T> {
  const post = { method: 'POST', body: JSON.stringify(json) }
  const answer = await fetch(path, json === undefined ? {} : post).catch(() => undefined)
  if (!answer)
    throw new Refused(
      0,
      'The page’s own server does not answer: is `make review` still running? Nothing is lost.',
    )
  const text = await answer.text()
  if (!answer.ok) throw new Refused(answer.status, messageIn(text))
  return JSON.parse(text)
}

function messageIn(text: string) {
  try {
    return String(JSON.parse(text).message)
  } catch {
    return text
  }
}

export const overview = () => ask<Overview>('overview')
/** What keeps Immich's pictures away; '' for nothing. */
export const immich = async () => (await ask<{ none: string }>('immich')).none
export const again = () => ask<Overview>('again', {})
export const done = () => ask('done', {})
export const undo = () => ask<Standing & { key?: string }>('undo', {})
/** `decided` undefined takes back what was said. */
export const decide = (key: string, decided?: Partial<Decided>) =>
  ask<Standing>('decide', { key, decided })

const items = new Map<string, Promise<Item>>()

/** Things by their keys, each asked for once until `forget`. */
export function itemsOf(keys: string[]): Promise<Item[]> {
  const missing = keys.filter((key) => !items.has(key))
  if (missing.length > 0) {
    const query = new URLSearchParams(missing.map((key) => ['key', key]))
    const asked = ask<Item[]>(`items?${query}`)
    missing.forEach((key, n) => {
      const item = asked.then((all) => all[n] as Item)
      item.catch(() => items.delete(key))
      items.set(key, item)
    })
  }
  return Promise.all(keys.map((key) => items.get(key) as Promise<Item>))
}

export const forget = (key?: string) => (key ? items.delete(key) : items.clear())
