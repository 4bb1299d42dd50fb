import { type Folder, type Media, type Pair, push, type Sidecar } from './folder.ts'
import { findSidecar } from './formulas.ts'
import { splitName } from './media.ts'
import {
  isCreation,
  readEdit,
  readMediaName,
  readWord,
  type Spelling,
  writeNumber,
} from './naming.ts'

export type Relation = {
  role: Pair['role']
  of: Media | null
  /** Where there is nothing to take it from. */
  sidecar?: Sidecar | null
  certain: boolean
  why: string
}

/** An edited copy: its name is an original's with a word for "edited", the number last. */
export function editOf(folder: Folder, media: Media): Omit<Relation, 'role'> | null {
  for (const spelling of media.spellings) {
    const edit = readEdit(spelling)
    if (!edit) continue
    const { extension } = splitName(spelling.name)
    const original = { name: edit.base + extension, number: spelling.number }
    const found = originalOf(folder, media, original)
    // What is the collision's number here may be the title's there: `x-edited(1).jpg` and the photo `x(1).jpg`.
    const isOther = found?.own?.number !== undefined && found.own.number !== original.number
    // Where a photo is really called `x-edited.jpg` the copies that came after it got other numbers than their originals.
    const isShifted = spelling.number !== '' && !!folder.byKey.get(spelling.name)?.own
    const certain = !edit.many && !isOther && !isShifted
    if (found) return { of: found, certain, why: edit.cut ? 'edited, cut suffix' : 'edited' }
    const missing = missingOriginal(folder, original)
    if (missing) return { of: null, ...missing, certain: certain && missing.certain }
    // Edited again: `x-EFFECTS-edited.jpg` where nothing is left of `x-EFFECTS.jpg`.
    const again = readEdit(original)
    const first = again && originalOf(folder, media, { ...original, name: again.base + extension })
    if (first) return { of: first, certain: false, why: 'edited twice' }
    // The number of an edited copy whose original has none; unless another copy has that place.
    const plain = { ...original, number: '' }
    if (original.number === '' || folder.byKey.has(spelling.name)) continue
    const unnumbered = originalOf(folder, media, plain)
    if (unnumbered) return { of: unnumbered, certain: false, why: 'edited, number dropped' }
    const last = missingOriginal(folder, plain)
    if (last) return { of: null, ...last, certain: false, why: 'edited, number dropped' }
  }
  return null
}

/** Lower case, with its dot. */
export function extensionOf({ key }: Media): string {
  return splitName(key).extension.toLowerCase()
}

/**
 * The file itself, or the only one of its kind with another extension, since a HEIC may be edited as JPEG; unless a sidecar
 * is left of the file itself.
 */
function originalOf(folder: Folder, media: Media, original: Spelling): Media | null {
  const name = writeNumber(original)
  const exact = folder.byKey.get(name)
  if (exact) return exact
  const { base, extension } = splitName(name)
  const same = (folder.byBase.get(`${media.kind}/${base}`) ?? []).filter((m) => m !== media)
  const [alike, ...more] = same.filter((m) => extensionOf(m) === extension.toLowerCase())
  if (alike && more.length === 0) return alike
  return (same.length === 1 && !findSidecar(folder, original) && same[0]) || null
}

/** Of stills. */
export const extensions = [
  'heic',
  'HEIC',
  'heif',
  'HEIF',
  'jpg',
  'JPG',
  'jpeg',
  'JPEG',
  'png',
  'PNG',
  'dng',
  'DNG',
  'webp',
  'WEBP',
]

/** The sidecar of an original that is not there. */
function missingOriginal(folder: Folder, original: Spelling) {
  const why = 'edited, original missing'
  const found = findSidecar(folder, original)
  // `x(1)-edited.jpg`: some claim that it occurs; the number may be the title's or not. Behind a space it is.
  const { numbered } = original.number === '' ? readMediaName(original.name) : { numbered: null }
  const isDoubtful = numbered !== null && !/ \.[^.]*$/.test(numbered.name)
  if (found)
    return { ...found, certain: found.certain && !isDoubtful && !isCreation(original), why }
  const inner = numbered && findSidecar(folder, numbered)
  return inner ? { ...inner, certain: false, why } : only(folder, original, extensions, why)
}

/** The one sidecar of this base with one of the extensions; never certain. */
export function only(folder: Folder, { name, number }: Spelling, endings: string[], why: string) {
  const { base } = splitName(name)
  const found = endings.map((e) => findSidecar(folder, { name: `${base}.${e}`, number })?.sidecar)
  const [sidecar, ...more] = new Set(found.filter((one) => one !== undefined))
  return sidecar && more.length === 0 ? { sidecar, certain: false, why } : null
}

/**
 * Words that mean "edited" in a language that we do not know: two files or more of the folder have one behind an original's
 * name and no sidecar of their own, and none has one.
 */
export function unlistedWords(folder: Folder): Set<string> {
  const counts = new Map<string, number[]>()
  for (const media of folder.media) {
    const word = media.kind !== 'unknown' && readWordOf(folder, media)
    if (word) push(counts, word.suffix, media.own ? 1 : 0)
  }
  const proven = [...counts].filter(([, own]) => own.length > 1 && !own.includes(1))
  return new Set(proven.map(([suffix]) => suffix))
}

export function wordOf(folder: Folder, media: Media, words: Set<string>) {
  const word = readWordOf(folder, media)
  if (!word || !words.has(word.suffix)) return null
  return { of: word.original, certain: false, why: 'edited, unlisted word' }
}

function readWordOf(folder: Folder, media: Media) {
  const [spelling] = media.spellings as [Spelling]
  const word = readWord(spelling)
  if (!word) return null
  const name = word.base + splitName(spelling.name).extension
  const original = originalOf(folder, media, { ...spelling, name })
  return original?.own ? { suffix: word.suffix, original } : null
}
