import type { Side } from '../items.ts'
import { make } from './element.ts'

// What was looked at lately and what comes next: an element keeps its picture, a cache may not (no-store).
const kept = new Map<string, HTMLImageElement>()
const KEPT = 40

// Resolves with what keeps Immich's pictures away, '' for nothing: before that none is asked for.
let immich: Promise<string> = Promise.resolve('')

export function picturesAfter(known: Promise<string>) {
  immich = known
}

/** A side's picture, or why there is none. `lazy`: only when it comes into view. */
export function pictureOf(side: Side, size: string, { lazy = false, alt = side.name } = {}) {
  const box = make('div', { class: 'picture' })
  void isThere(side).then((is) => {
    if (!is) none(box, side.picture ? 'no picture without Immich' : 'no picture')
    else box.append(imageOf(side, size, lazy, alt, (why) => none(box, why)))
  })
  return box
}

async function isThere({ picture = '' }: Side) {
  return picture !== '' && !(picture.startsWith('asset/') && (await immich))
}

function imageOf(
  side: Side,
  size: string,
  lazy: boolean,
  alt: string,
  fail: (why: string) => void,
) {
  const address = `${side.picture}?size=${size}`
  const image = kept.get(address) ?? make('img', { decoding: 'async', loading: lazy && 'lazy' })
  image.alt = alt
  image.onerror = () => void why(address).then(fail)
  if (!image.src) image.src = address
  else if (image.complete && image.naturalWidth === 0) void why(address).then(fail)
  if (lazy) return image
  kept.delete(address)
  kept.set(address, image)
  for (const [old] of [...kept].slice(0, -KEPT)) kept.delete(old)
  return image
}

/** Fetches what will be looked at next. */
export async function prefetch(sides: Side[], size: string) {
  for (const side of sides) if (await isThere(side)) imageOf(side, size, false, side.name, () => {})
}

async function why(address: string) {
  const answer = await fetch(address).catch(() => undefined)
  return answer && !answer.ok ? await answer.text() : 'it cannot be shown'
}

function none(box: HTMLElement, why: string) {
  box.replaceChildren(make('span', { class: 'none' }, why))
}
