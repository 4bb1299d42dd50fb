import { mediaKind, splitName } from './media.ts'

// How Google names the files of an export. A whole name has at most 51 UTF-16 units and so the stem of a sidecar 46;
// the number of a collision comes after the cutting. Exports since about July 2026 do not cut sidecars.
const LONGEST_NAME = 51
const LONGEST_STEM = LONGEST_NAME - '.json'.length
// No file system takes more.
const LONGEST_FILE_NAME = 255
const MARKER = 'supplemental-metadata'

// The language is the account's at the time of the export. The first line was seen in real exports or is on the lists
// of several tools; the second is what Google Photos calls an edited picture in the rest of its languages.
const edits =
  '-edited|-bearbeitet|-modifié|-modificato|-modificata|-ha editado|-editado|-bewerkt|-edytowane|-編集済み|-แก้ไข|-editat|-измененный|-отредактировано|-відредаговано|-düzenlendi|-muokattu|-redigeret|-upravené|-已修改|-编辑|-已編輯|-편집됨|' +
  '-redigerad|-redigert|-upraveno|-szerkesztve|-szerkesztett|-editată|-επεξεργασμένη|-редактирано|-uređeno|-urejeno|-diedit|-đã chỉnh sửa|-editada|-modifiée|-編集|-编辑过|-已编辑|-편집'
// English in every export. The last three are made of many photos, so they are no edit of the one they are named after.
const effects = '-effects|-smile|-mix|-motion|-collage|-animation|-movie'
const suffixes = [...new Set(`${edits}|${effects}`.normalize('NFC').split('|'))].sort(
  (a, b) => b.length - a.length || (a < b ? -1 : 1),
)
const madeOfMany = new Set(['-collage', '-animation', '-movie'])

/** A media name, or what a sidecar is named after, with the number of its collision apart ('' for none). */
export type Spelling = { name: string; number: string }

/**
 * The two ways to read a media name: the number belongs to the title (`skytree (2).jpg`), or tells two files of one
 * title apart and stands before the last extension (`IMG_1(2).jpg`). Google never writes 0 or a leading zero.
 */
export function readMediaName(name: string): { plain: Spelling; numbered: Spelling | null } {
  const { base, extension } = splitName(name)
  const inside = readNumber(base)
  const numbered = inside ? { ...inside, name: inside.name + extension } : readNumber(name)
  return { plain: { name, number: '' }, numbered }
}

/** `name` with a number before the last extension. */
export function writeNumber({ name, number }: Spelling): string {
  if (number === '') return name
  const { base, extension } = splitName(name)
  return `${base}(${number})${extension}`
}

function readNumber(text: string): Spelling | null {
  if (!text.endsWith(')')) return null
  const open = text.lastIndexOf('(')
  const number = text.slice(open + 1, -1)
  return open >= 0 && /^[1-9]\d{0,8}$/.test(number) ? { name: text.slice(0, open), number } : null
}

/** One way to read a sidecar's name. `marker` is how much is left of `supplemental-metadata`, -1 in the old form. */
export type Reading = Spelling & { form: 'full' | 'cut' | 'v1' | 'inner'; marker: number }

/** Every way to read a sidecar's name; which one is right only the media beside it can tell. */
export function readSidecarName(file: string): Reading[] {
  const stem = file.replace(/\.json$/i, '')
  const readings: Reading[] = []
  const numbered = readNumber(stem)
  for (const spelling of [{ name: stem, number: '' }, numbered]) {
    if (!spelling) continue
    const { name, number } = spelling
    // What is longer than such an export writes was cut first and numbered then.
    const isPastLimit = number === '' && numbered !== null && name.length > LONGEST_STEM
    const dot = name.lastIndexOf('.')
    const marker = name.length - dot - 1
    const isWhole = marker === MARKER.length && name.endsWith(MARKER)
    // No photo is called `x.supplemental-metadata`.
    if (!isPastLimit && !isWhole) readings.push({ name, number, form: 'v1', marker: -1 })
    if (dot < 1 || !(isWhole || MARKER.startsWith(name.slice(dot + 1)))) continue
    const target = name.slice(0, dot)
    readings.push({ name: target, number, form: isWhole ? 'full' : 'cut', marker })
    const inner = number === '' && readNumber(target)
    if (inner) readings.push({ ...inner, form: 'inner', marker })
  }
  return readings
}

/** What is left of a media name that is too long for a sidecar of the cutting kind; none if it is not, or is longer than such an export writes. */
export function cutStems(name: string): string[] {
  return name.length > LONGEST_STEM && !isOverlong(name) ? stemsOf(name) : []
}

/** The same for names longer than such an export writes. */
export function overlongStems(name: string): string[] {
  return isOverlong(name) ? stemsOf(name) : []
}

function isOverlong(name: string): boolean {
  // An emoji on the limit may stay whole.
  const room = /[\udc00-\udfff]$/.test(splitName(name).base) ? 1 : 0
  return name.length > LONGEST_NAME + room
}

function stemsOf(name: string): string[] {
  const stem = name.slice(0, LONGEST_STEM)
  // Half of an emoji is no text: archives hold something else there, or nothing.
  return stem.isWellFormed()
    ? [stem]
    : ['', '\ufffd', '?', '_', name.slice(LONGEST_STEM - 1, LONGEST_STEM + 1)].map(
        (end) => stem.slice(0, -1) + end,
      )
}

/** The base that a name at the limit would have with an extension of five letters, dot and all; null where it is not there. */
export function shorterBase(name: string): string | null {
  return name.length === LONGEST_NAME ? name.slice(0, LONGEST_NAME - '.heic'.length) : null
}

/** The name lost at least a letter of the extension, but not all. */
export function clippedExtensions(name: string): string[] {
  const { base, extension } = splitName(name)
  if (extension.length > 6) return []
  return Array.from(
    { length: Math.max(0, extension.length - 2) },
    (_, i) => base + extension.slice(0, extension.length - 1 - i),
  )
}

/** `name` without its extension, if that is one of a picture or a video: titles without one get it on the disk. */
export function withoutExtension(name: string): string | null {
  const kind = mediaKind(name)
  return kind === 'image' || kind === 'video' ? splitName(name).base : null
}

/** The other spellings of an extension that cameras use. */
export function otherCases(name: string): string[] {
  const { base, extension } = splitName(name)
  const cases = [extension.toLowerCase(), extension.toUpperCase()]
  return cases.filter((other) => other !== extension).map((other) => base + other)
}

/**
 * Takes the word for an edited copy from the end of a name, whole, or cut where the whole name is as long as a name can be.
 * `many`: a creation of many photos. null when there is none.
 */
export function readEdit({
  name,
}: Spelling): { base: string; suffix: string; cut: boolean; many: boolean } | null {
  const { base } = splitName(name)
  const lower = base.toLowerCase()
  const whole = suffixes.find((suffix) => lower.endsWith(suffix) && lower.length > suffix.length)
  // Lower case may change a length (İ), so the original's base is measured from the end.
  if (whole) {
    return {
      base: base.slice(0, -whole.length),
      suffix: whole,
      cut: false,
      many: madeOfMany.has(whole),
    }
  }
  const dash = base.lastIndexOf('-')
  const rest = lower.slice(lower.lastIndexOf('-'))
  // Two letters at least: `-e` would be anything.
  if (dash < 1 || rest.length < 3 || name.length < LONGEST_NAME) return null
  const started = suffixes.find((suffix) => suffix.startsWith(rest))
  if (!started) return null
  return { base: base.slice(0, dash), suffix: rest, cut: true, many: madeOfMany.has(started) }
}

/** Google's own title for every creation of a kind, so that only numbers tell them apart. */
export function isCreation({ name }: Spelling): boolean {
  return effects.split('|').includes(`-${splitName(name).base.toLowerCase()}`)
}

/** A word after the last dash that may mean "edited" in a language that we do not know. */
export function readWord({ name }: Spelling): { base: string; suffix: string } | null {
  const { base } = splitName(name)
  const dash = base.lastIndexOf('-')
  const suffix = base.slice(dash)
  if (dash < 1 || suffix.length > 24 || !/^-[\p{L}\p{M}][\p{L}\p{M} ]{2,}$/u.test(suffix))
    return null
  return { base: base.slice(0, dash), suffix }
}

/** Text with everything but letters and digits alike: which characters an export replaces, and by what, varies. */
export function fold(text: string): string {
  // Half an emoji at the end, where a name was cut, comes out as anything.
  const whole = /[\ufffd\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
  return whole.replace(/[^\p{L}\p{N}]/gu, '_')
}

/** The media names that a title may have got, folded; `extension` is what a title without one was given. */
export function namesOfTitle(title: string, extension: string): string[] {
  const name = title.slice(0, LONGEST_FILE_NAME)
  const own = withoutExtension(name) !== null
  const base = own ? splitName(name).base : name
  const end = own ? splitName(name).extension : extension
  const room = Math.max(0, LONGEST_NAME - end.length)
  const cut = base.slice(0, room)
  // An emoji on the limit may stay whole.
  const cuts = [base, cut, cut.isWellFormed() ? cut : base.slice(0, room + 1)]
  return [...new Set(cuts.map((start) => fold(start) + fold(end)))]
}

/**
 * A sidecar whose stem was cut says nothing of the 47th letter; its title does. True when the stem is the title's and the
 * media name is not: the photo of this sidecar is another one that begins alike.
 */
export function titleRefuses(title: string, reading: Spelling, name: string): boolean {
  if (!cutToTheLimit(reading) || title.length <= LONGEST_STEM) return false
  if (fold(title.slice(0, LONGEST_STEM)) !== fold(reading.name)) return false
  const wanted = fold(name).toLowerCase()
  return !namesOfTitle(title, splitName(name).extension).some((n) => n.toLowerCase() === wanted)
}

export function cutToTheLimit({ name }: Spelling): boolean {
  return name.length === LONGEST_STEM
}
