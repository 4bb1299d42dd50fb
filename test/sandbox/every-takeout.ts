import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { albums, inAlbums, texts } from './every-albums.ts'
import { kinds } from './every-kinds.ts'
import { names } from './every-names.ts'
import { type Arrives, arrivalOf, type ExportKey, type Told } from './every-shot.ts'
import { times } from './every-times.ts'
import { bytesOf, makeTakeout } from './takeout.ts'

// Google's product folder in French has a no-break space.
const exports: Record<
  ExportKey,
  { stamp: string; format: 'zip' | 'tgz' | 'folder'; parts: number; product: string }
> = {
  days: { stamp: '20190310T080000Z', format: 'zip', parts: 1, product: 'Google Fotos' },
  v1: { stamp: '20230310T080000Z', format: 'tgz', parts: 1, product: 'Google Photos' },
  older: { stamp: '20240110T080000Z', format: 'zip', parts: 1, product: 'Google Photos' },
  cut: { stamp: '20251103T080000Z', format: 'zip', parts: 2, product: 'Google Photos' },
  french: { stamp: '20260210T080000Z', format: 'zip', parts: 1, product: 'Google\u00a0Photos' },
  unpacked: { stamp: '', format: 'folder', parts: 1, product: 'Google Photos' },
  gap: { stamp: '20260801T080000Z', format: 'zip', parts: 3, product: 'Google Photos' },
  main: { stamp: '20260920T080000Z', format: 'zip', parts: 3, product: 'Google Photos' },
}

export type Arriving = Arrives & { what: string; sha1: string; bytes: Buffer }

/** Every file from which something must arrive, with what. */
export function everyArrival(): Arriving[] {
  return shots().flatMap((shot) => {
    if (!shot.arrives) return []
    const bytes = shot.becomes ?? bytesOf(shot)
    const sha1 = createHash('sha1').update(bytes).digest('hex')
    return [{ ...arrivalOf(shot), what: `${shot.folder}/${shot.name}`, sha1, bytes }]
  })
}

/**
 * Writes exports with every kind of case below `target`: what to give to index-gphotos, how many files they hold, and a way
 * to bring the part that is missing.
 */
export async function everyTakeout(target: string) {
  const all = shots()
  let files = 0
  let missing = ''
  const give: string[] = []
  for (const [key, { stamp, format, parts, product }] of Object.entries(exports)) {
    const own = <T extends { export?: string }>(list: T[]) =>
      list.filter(({ export: name = 'main' }) => name === key).map(({ export: _, ...rest }) => rest)
    const folder = join(target, key)
    const { paths, expected } = await makeTakeout(
      folder,
      { product, shots: own(all) as Told[], albums: own(albums), others: own(texts) },
      { parts, format, stamp },
    )
    const { media, sidecars, albums: albumFiles, others } = expected.files
    files += media + sidecars + albumFiles + others
    if (key === 'gap') missing = paths[1] as string
    give.push(...paths)
  }
  return { paths: give, files, missing, inMissing: 1 }
}

const shots = () => [...times(), ...names(), ...kinds(), ...inAlbums()]
