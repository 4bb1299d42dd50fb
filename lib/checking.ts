import { samePlace } from './arrival.ts'
import { isExtracted, toAsset } from './assets.ts'
import type { RawAsset } from './immich.ts'
import type { Check, Want } from './state.ts'

/** What the server shows of an asset against what its transfer gave it: only those fields, each with [there, wanted]. */
export function checkAsset(
  want: Want,
  raw: RawAsset,
  stackOf: (id: string) => string[] | undefined,
): Omit<Check, 'at'> {
  if (!isExtracted(raw)) return { waiting: true }
  const there = toAsset(raw)
  const differs: NonNullable<Check['differs']> = {}
  const compare = (field: keyof Want, is: unknown, same: boolean) => {
    if (want[field] !== undefined && !same) differs[field] = [is ?? null, want[field]]
  }
  compare('name', there.name, there.name === want.name)
  compare('sha1', there.sha1, there.sha1 === want.sha1)
  compare('instant', there.taken, sameSecond(there.taken, want.instant))
  compare('place', there.place, samePlace(there.place, want.place))
  compare('description', there.description, sameText(there.description, want.description))
  compare('favorite', there.favorite, there.favorite === want.favorite)
  compare('visibility', there.visibility, there.visibility === want.visibility)
  compare('live', there.live, there.live === want.live)
  const stack = stackOf(raw.id)
  compare('stack', stack, stack?.[0] === want.stack?.[0] && sameSet(stack, want.stack))
  return Object.keys(differs).length > 0 ? { differs } : { ok: true }
}

function sameSecond(a: string, b: string | undefined) {
  return Math.floor(Date.parse(a) / 1000) === Math.floor(Date.parse(b ?? '') / 1000)
}

/** A server cuts the ends off, writes line ends its own way, and rewrites a text that is a number (`1.50` to `1.5`). */
function sameText(a = '', b = '') {
  const plain = (text: string) => text.normalize('NFC').replace(/\r\n?/g, '\n').trim()
  if (plain(a) === plain(b)) return true
  return plain(a) !== '' && Number(plain(a)) === Number(plain(b))
}

function sameSet(a: string[] = [], b: string[] = []) {
  return a.length === b.length && a.every((id) => b.includes(id))
}
