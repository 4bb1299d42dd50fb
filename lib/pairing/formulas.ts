import { type Folder, type Hit, named } from './folder.ts'
import { splitName } from './media.ts'
import {
  clippedExtensions,
  cutStems,
  cutToTheLimit,
  fold,
  namesOfTitle,
  otherCases,
  overlongStems,
  readMediaName,
  type Spelling,
  titleRefuses,
  withoutExtension,
} from './naming.ts'

type Formula = (folder: Folder, spelling: Spelling) => Hit[]
export type Rule = { why: string; certain: boolean; hits: Formula }

// Named as --explain says them: `x.jpg.supplemental-metadata.json`, `x.jpg.supplem.json`, `x.jpg.json`.
const whole: Record<string, Formula> = {
  'whole name': (folder, spelling) => named(folder, spelling, ['full']),
  'cut name': (folder, spelling) => named(folder, spelling, ['cut']),
  'old name': (folder, spelling) => named(folder, spelling, ['v1']),
}
export const formulas: Record<string, Formula> = {
  ...whole,
  'cut name': (folder, spelling) => [
    ...named(folder, spelling, ['cut']),
    ...respell(cutStems(spelling.name), spelling).flatMap((stem) => named(folder, stem, ['v1'])),
  ],
}
const bare = (name: string) => [withoutExtension(name)].filter((base) => base !== null)

// From the surest to what only some have seen; what a rule takes, the next ones do not get.
export const rules: Rule[] = [
  ...Object.entries(formulas).map(([why, hits]) => ({ why, certain: true, hits })),
  ...vary(', other case', formulas, otherCases),
  // Where a stem was cut nothing is left of the extension: that is the first rule's.
  ...vary(', no extension', whole, bare),
  {
    why: 'number inside the name',
    certain: true,
    hits: (folder, s) => named(folder, s, ['inner']),
  },
  {
    why: 'cut extension',
    certain: true,
    hits: (folder, s) =>
      respell(clippedExtensions(s.name), s).flatMap((t) => named(folder, t, ['full', 'cut'])),
  },
  {
    why: 'cut name, of a file past the limit',
    certain: false,
    hits: (folder, s) =>
      readMediaName(s.name).numbered
        ? []
        : respell(overlongStems(s.name), s).flatMap((t) => named(folder, t, ['v1'])),
  },
]

function vary(
  what: string,
  formulas: Record<string, Formula>,
  names: (name: string) => string[],
): Rule[] {
  return Object.entries(formulas).map(([form, formula]) => ({
    why: form + what,
    certain: true,
    hits: (folder, s) => respell(names(s.name), s).flatMap((other) => formula(folder, other)),
  }))
}

function respell(names: string[], { number }: Spelling): Spelling[] {
  return names.map((name) => ({ name, number }))
}

/** Sidecars that `rule` gives to a spelling, without those whose title names another photo. */
export function hitsOf(folder: Folder, rule: Rule, spelling: Spelling): Hit[] {
  const hits = rule.hits(folder, spelling)
  if (hits.length === 0) return hits
  const kept = hits.filter(({ sidecar: { file }, reading }) => {
    return file.title === undefined || !titleRefuses(file.title, reading, spelling.name)
  })
  // Found by a spelling that it may be known by as well: what counts is the file's own.
  for (const hit of kept) hit.spelling = spelling
  return kept
}

/** The first hit of the first rule that has any. For originals that are not there. */
export function findSidecar(folder: Folder, spelling: Spelling) {
  for (const rule of rules) {
    const best = pick(hitsOf(folder, rule, spelling))
    if (!best) continue
    const certain = rule.certain && best.sure && !sharesNumbers(folder, best.hit)
    return { sidecar: best.hit.sidecar, certain }
  }
  return null
}

/** Of several sidecars for one media file the one whose title says so; else the reading without a number, unsure. */
export function pick(hits: Hit[]): { hit: Hit; sure: boolean } | null {
  const [first] = hits
  if (!first) return null
  if (hits.every(({ sidecar }) => sidecar === first.sidecar)) return { hit: first, sure: true }
  const fitting = hits.filter(titleFits)
  if (fitting.length === 1) return { hit: fitting[0] as Hit, sure: true }
  const order = (a: Hit, b: Hit) =>
    a.spelling.number.length - b.spelling.number.length || b.reading.marker - a.reading.marker
  return { hit: hits.toSorted(order)[0] as Hit, sure: false }
}

/**
 * Where titles of two media names are alike in the first 46 letters their sidecars are numbered together, their media each
 * for itself: the number is no proof then. True unless the title tells this name from the others, and only one bears it.
 */
export function sharesNumbers({ byStem }: Folder, { reading, spelling: { name } }: Hit): boolean {
  if (!cutToTheLimit(reading) || name === reading.name) return false
  const stem = byStem.get(reading.name)
  if (!stem) return false
  // Names are few where their beginning is one, so each is asked about once.
  const known = stem.shared.get(name)
  if (known !== undefined) return known
  const refused = stem.titles.filter((title) => titleRefuses(title, reading, name)).length
  const shared = refused > 0 && stem.titles.length - refused > 1
  stem.shared.set(name, shared)
  return shared
}

export function titleFits({ sidecar: { file }, spelling: { name } }: Hit): boolean {
  const { title } = file
  return title !== undefined && namesOfTitle(title, splitName(name).extension).includes(fold(name))
}
