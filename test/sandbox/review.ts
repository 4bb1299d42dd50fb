import type { Page } from 'playwright-core'
import type { State } from '../../lib/state/records.ts'
import { dupesWorld, keyOf, type Sent } from './duplicates.ts'
import { withExif } from './exif.ts'
import { landscape } from './landscape.ts'
import { picture, type Running } from './run.ts'

/** Starts the stage; gives it with the address that it printed. */
export async function openPage(w: Pick<ReviewWorld, 'begin'>, env: Record<string, string> = {}) {
  const running: Running = w.begin('review', [], env)
  let text = ''
  const address = await new Promise<string>((resolve, reject) => {
    running.child.stderr?.on('data', (chunk) => {
      text += chunk
      const [found] = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(text) ?? []
      if (found) resolve(found)
    })
    running.done.then(() => reject(new Error(`it ended: ${text}`)), reject)
  })
  return { ...running, address }
}

/** What the browser's console and network found wrong with a page. */
export function troubles(page: Page): string[] {
  const found: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(message.text())
  })
  page.on('pageerror', (error) => found.push(error.message))
  return found
}

export type ReviewWorld = Awaited<ReturnType<typeof reviewWorld>>
export const EVIL = '<img src=x onerror=alert(1)>.jpg'

/**
 * Groups of four classes (`many` of the first), and photos of a Takeout that link cannot tell. `size` in pixels across.
 */
export async function reviewWorld({ many = 3, size = 60 } = {}) {
  const shots = [1, 2, 3].map((n) =>
    picture(`hill-${n}.jpg`, n, { seed: 50 + n, size: [size, size * 0.75] }),
  )
  const w = await dupesWorld({}, { shots })
  const { lib } = w
  const add = (
    name: string,
    { seed, across, tail = name, exif = {}, ...more }: Scene & Partial<Sent>,
  ) => {
    const still = landscape({ seed, width: across, height: Math.round(across * 0.75) })
    const bytes = Buffer.concat([withExif(Buffer.from(still), exif), Buffer.from(tail)])
    return lib.add({ name, bytes, ...more })
  }
  const noon = (minute: number) => ({
    local: `2024-06-01T12:${String(minute).padStart(2, '0')}:00`,
    offset: '+00:00',
  })
  const small = Math.round(size * 0.6)
  for (let n = 0; n < many; n++) {
    const name = `IMG_${2000 + n}.jpg`
    await add(name, { seed: n, across: size, exif: noon(10) })
    await add(`IMG_${2000 + n}(1).jpg`, {
      seed: n,
      across: small,
      exif: noon(10),
      ...(n === 0 && { favorite: true }),
    })
    await lib.group(keyOf(name), name, `IMG_${2000 + n}(1).jpg`)
  }
  await add(EVIL, {
    seed: 91,
    across: size,
    exif: { ...noon(20), make: 'Canon', model: 'EOS 80D' },
  })
  await add('scan.jpg', {
    seed: 91,
    across: small,
    exif: { ...noon(20), make: 'Nikon', model: 'D750' },
  })
  await add('third.jpg', { seed: 91, across: small - 4, exif: noon(20) })
  await lib.group(keyOf('evil'), EVIL, 'scan.jpg', 'third.jpg')
  await add('late.jpg', { seed: 92, across: size, exif: noon(30) })
  await add('late-1.jpg', { seed: 92, across: small, exif: noon(45) })
  await lib.group(keyOf('late'), 'late.jpg', 'late-1.jpg')
  await add('bird.dng', { seed: 93, across: size, exif: noon(50) })
  await add('bird.jpg', { seed: 93, across: size, exif: noon(50), tail: 'jpg' })
  await lib.group(keyOf('bird'), 'bird.dng', 'bird.jpg')
  // Two assets of one name, second and size for each of two photos of the Takeout, none for the third.
  const hills: string[][] = []
  for (const n of [1, 2]) {
    const sides: string[] = []
    for (const tail of ['a', 'bb'])
      sides.push(
        await add(`hill-${n}.jpg`, {
          seed: 50 + n,
          across: size,
          exif: noon(n),
          tail,
          ...(tail === 'bb' && { favorite: true }),
        }),
      )
    hills.push(sides)
  }
  await lib.settled()
  await w.stages('index-gphotos', 'index-immich', 'link', 'dupes-analyze')
  const photoOf = (title: string) => {
    const [id] = Object.entries(w.load().photos).find(([, one]) => one.title === title) ?? []
    return id as string
  }
  return { ...w, hills, photoOf }
}
type Scene = { seed: number; across: number }

/** All of a state but one collection and what each save changes. */
export function without(state: State, collection: keyof State) {
  const {
    [collection]: _,
    saved: __,
    counts: ___,
    ...rest
  } = state as State & Record<string, unknown>
  return rest
}
