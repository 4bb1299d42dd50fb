import { derive } from './derived.ts'
import {
  type Folder,
  type FolderFile,
  type FolderSidecar,
  type Hit,
  type Media,
  type Pair,
  push,
  readFolder,
  type Sidecar,
  target,
} from './folder.ts'
import { formulas, hitsOf, pick, type Rule, rules, sharesNumbers, titleFits } from './formulas.ts'
import { splitName } from './media.ts'
import { cutStems, cutToTheLimit, fold, namesOfTitle, withoutExtension } from './naming.ts'

export type { FolderFile, FolderSidecar, Pair } from './folder.ts'

/**
 * Pairs the media of ONE folder (all parts of its export together) with its sidecars, by their names and, where those leave
 * a doubt, titles. Pure; the order of the input does not matter; time grows with the number of files.
 * One pair for each media file, in an order of their own; `orphans` are the sidecars that none took, `refused` those of them that fit several.
 */
export function pairFolder(
  media: FolderFile[],
  sidecars: FolderSidecar[],
): { pairs: Pair[]; orphans: string[]; refused: string[] } {
  const folder = readFolder(media, sidecars)
  for (const rule of rules) claim(folder, rule)
  claimByTitle(folder)
  const pairs = derive(folder)
  const taken = new Set(pairs.map(({ sidecar }) => sidecar))
  const refused = folder.sidecars.filter(({ contested }) => contested).map(({ file }) => file.name)
  return {
    pairs,
    orphans: sidecars.map(({ name }) => name).filter((name) => !taken.has(name)),
    refused: refused.filter((name) => !taken.has(name)),
  }
}

/** Every media file without a sidecar claims by one rule; only then is anything given. */
function claim(folder: Folder, rule: Rule) {
  const claims = new Map<Sidecar, { media: Media; hit: Hit; sure: boolean }[]>()
  for (const media of folder.media) {
    if (media.own || media.contested) continue
    const hits: Hit[] = []
    for (const spelling of media.spellings) hits.push(...hitsOf(folder, rule, spelling))
    const best = pick(hits)
    if (best && sharesNumbers(folder, best.hit)) media.contested = best.hit.sidecar.contested = true
    else if (best) push(claims, best.hit.sidecar, { media, ...best })
  }
  for (const [sidecar, claimants] of claims) {
    sidecar.free = false
    const winner = claimants.length === 1 ? claimants[0] : settle(claimants)
    if (!winner) {
      sidecar.contested = true
      for (const { media } of claimants) media.contested = true
      continue
    }
    const { media, hit, sure } = winner
    const rivals = rivalsOf(folder, media, hit)
    const certain = rule.certain && sure && !rivals
    media.own = { sidecar, number: hit.spelling.number, certain, why: rule.why }
  }
}

/** One sidecar, several media: a still before its motion halves, else the one that the title names, else nobody. */
function settle<Claim extends { media: Media; hit: Hit; sure: boolean }>(claims: Claim[]) {
  const stills = claims.filter(({ media }) => media.kind === 'image')
  const bases = new Set(claims.map(({ media }) => splitName(media.key).base))
  if (stills.length === 1 && bases.size === 1) return stills[0]
  const fitting = claims.filter(({ hit }) => titleFits(hit))
  return fitting[0] && fitting.length === 1 ? { ...fitting[0], sure: false } : undefined
}

/**
 * Other sidecars that bear the very name. Of the same reading they are an older generation, which nobody else may have;
 * of the other reading (`x(1).jpg` as a title, or as the second `x.jpg`) they leave a doubt: true.
 */
function rivalsOf(folder: Folder, { spellings }: Media, hit: Hit): boolean {
  let doubt = false
  for (const spelling of spellings) {
    // As with most: names that only this sidecar bears, and that nothing is cut of.
    const bearers = folder.byTarget.get(target(spelling))
    if (
      bearers?.length === 1 &&
      bearers[0]?.sidecar === hit.sidecar &&
      cutStems(spelling.name).length === 0
    )
      continue
    for (const formula of Object.values(formulas)) {
      for (const rival of formula(folder, spelling)) {
        rival.sidecar.free = false
        doubt ||= spelling.number !== hit.spelling.number && (!titleFits(hit) || titleFits(rival))
      }
    }
  }
  return doubt
}

/**
 * What is left: a title that only one media file can have got its name from, the number the same, and a sidecar's name that
 * is the beginning of that title. Unique both ways, and never certain.
 */
function claimByTitle(folder: Folder) {
  // null: several media, so nobody.
  const byTitle = new Map<string, Media | null>()
  const offer = (key: string, media: Media) =>
    byTitle.set(
      key,
      (byTitle.get(key) ?? media) === media && byTitle.get(key) !== null ? media : null,
    )
  for (const media of folder.media) {
    if (media.own || media.contested) continue
    for (const { name, number } of media.spellings) {
      offer(target({ name: fold(name), number }), media)
      const base = withoutExtension(name)
      if (base !== null) offer(`bare ${target({ name: fold(base), number })}`, media)
    }
  }
  const claims = new Map<Media, Sidecar[]>()
  for (const sidecar of folder.sidecars) {
    const found = titleTargets(folder, sidecar).map((key) => byTitle.get(key))
    const [media, ...more] = new Set(found.filter((one) => one !== undefined))
    if (media && more.length === 0) push(claims, media, sidecar)
  }
  for (const [media, [sidecar, ...more]] of claims) {
    if (!sidecar || more.length > 0) continue
    media.own = { sidecar, certain: false, why: 'title in the sidecar' }
    sidecar.free = false
  }
}

function titleTargets({ byTarget }: Folder, { file: { title }, readings, free }: Sidecar) {
  if (!free || !title) return []
  const start = withoutExtension(title) === null ? 'bare ' : ''
  const names = start ? [fold(title), fold(title.slice(0, 47))] : namesOfTitle(title, '')
  return readings.flatMap((reading) => {
    const { name, number } = reading
    if (!fold(title).startsWith(fold(name))) return []
    // Where cutting made two stems alike, and not their media, only the sidecars got numbers.
    const alike = cutToTheLimit(reading) && byTarget.get(target({ name, number: '' }))
    const numbers =
      alike && number && alike.every((other) => !other.sidecar.free) ? [number, ''] : [number]
    return numbers.flatMap((n) => names.map((other) => start + target({ name: other, number: n })))
  })
}
