import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { splitName } from '../pairing/media.ts'
import { Fail } from '../stage.ts'

/** What the path of a file is made of. */
export type PathFacts = {
  /** The file's name, with its extension. */
  title: string
  /** Wall clock, `YYYY-MM-DDTHH:MM:SS`; absent where nobody knows when it was taken. */
  local?: string
  /** Where no more than that is known. */
  year?: string
  /** Titles of its albums; a path takes the first. */
  albums?: string[]
  camera?: string
}
export type PathMaker = (facts: PathFacts) => string

/** Where files go whose date the path needs and nobody knows. */
export const UNDATED = 'undated'

export const pathUsage = `  --path "YYYY/MM/DD"       folders, of YYYY YY MM M(onth) m DD DDD(of year) U W(eek) HH mm ss, Month, {album} {camera}
                            {title}; or ./my-path.ts, a function from photo to folder (docs/folders.md)`

const MONTHS =
  'January February March April May June July August September October November December'.split(' ')

type Clock = { local: string; month: number; day: number; week: number }
const two = (value: number) => String(value).padStart(2, '0')

// phockup's letters, and those of a clock. `day` counts from 0, as does `week`, which begins with Sunday.
const DATE: Record<string, (clock: Clock) => string> = {
  YYYY: ({ local }) => local.slice(0, 4),
  YY: ({ local }) => local.slice(2, 4),
  Month: ({ month }) => MONTHS[month] as string,
  MM: ({ local }) => local.slice(5, 7),
  M: ({ month }) => MONTHS[month] as string,
  m: ({ month }) => MONTHS[month]?.slice(0, 3) as string,
  DDD: ({ day }) => String(day + 1).padStart(3, '0'),
  DD: ({ local }) => local.slice(8, 10),
  U: ({ day, week }) => two(Math.floor((day + 7 - week) / 7)),
  W: ({ day, week }) => two(Math.floor((day + 7 - ((week + 6) % 7)) / 7)),
  HH: ({ local }) => local.slice(11, 13),
  mm: ({ local }) => local.slice(14, 16),
  ss: ({ local }) => local.slice(17, 19),
}
const OTHER: Record<string, (facts: PathFacts) => string> = {
  album: ({ albums = [] }) => albums[0] ?? '',
  camera: ({ camera = '' }) => camera,
  title: ({ title }) => splitName(title).base,
}
// Digits stand together, `YYYYMMDD`; a single letter is a word of its own, so that "Images" is no month.
const TOGETHER = /^(?:YYYY|YY|MM|DDD|DD|HH|mm|ss)+$/
const EACH = /YYYY|YY|MM|DDD|DD|HH|mm|ss/g

/**
 * Makes the path of a file, name included, below a library's root: every part of it is safe on any file system. `given` is a
 * template of folders (with `{title}` in its last part, of the name as well), or the path of a module whose default export is
 * a function from photo to folder. Throws a usage Fail for one that cannot be understood.
 */
export async function pathMaker(given: string): Promise<PathMaker> {
  if (/\.[cm]?[jt]s$/.test(given)) return fromModule(given)
  return fromTemplate(given)
}

/** The same of a template alone. */
export function fromTemplate(template: string): PathMaker {
  if (template.startsWith('/') || template.split('/').some((part) => /^\s*\.{1,2}\s*$/.test(part)))
    throw cannot(template, 'it leads out of the library: name folders inside it, as in YYYY/MM/DD')
  const parts = template
    .split('/')
    .filter((part) => part.trim() !== '')
    .map((part) => fields(part, template))
  const needs = new Set(parts.flat().flatMap(({ date }) => date ?? []))
  const isNamed = parts.at(-1)?.some(({ other }) => other === 'title') ?? false
  return (facts) => {
    const { local, year } = facts
    const title = facts.title.trim() || '_'
    const isYearEnough = year !== undefined && [...needs].every((name) => /^YY(YY)?$/.test(name))
    if (needs.size > 0 && local === undefined && !isYearEnough)
      return safePath([UNDATED, year ?? '', title])
    const clock = clockOf(local ?? `${year}-01-01T00:00:00`)
    const made = parts.map((part) =>
      part
        .map(({ date, other, text }) =>
          date ? DATE[date]?.(clock) : other ? OTHER[other]?.(facts) : text,
        )
        .join('')
        .replaceAll('/', '_'),
    )
    const { extension } = splitName(title)
    const name = isNamed ? `${made.pop()}${extension}` : title
    return safePath([...made, name])
  }
}

type Field = { date?: string; other?: string; text?: string }

function fields(part: string, template: string): Field[] {
  const found: Field[] = []
  for (const [piece] of part.matchAll(/\{[^{}]*\}|[A-Za-z]+|[^A-Za-z{]+|\{/g)) {
    if (piece.startsWith('{')) {
      const other = piece.slice(1, -1)
      if (!Object.hasOwn(OTHER, other))
        throw cannot(template, `${piece} is none of ${Object.keys(OTHER).map((one) => `{${one}}`)}`)
      found.push({ other })
    } else if (Object.hasOwn(DATE, piece)) found.push({ date: piece })
    else if (TOGETHER.test(piece))
      found.push(...(piece.match(EACH) ?? []).map((date) => ({ date })))
    else found.push({ text: piece })
  }
  return found
}

async function fromModule(given: string): Promise<PathMaker> {
  const file = resolve(given)
  if (!existsSync(file)) throw cannot(given, 'there is no such file: name it as ./my-path.ts')
  const { default: own } = await import(pathToFileURL(file).href).catch((error) => {
    throw cannot(given, `it cannot be loaded (${saidBy(error)}): mend it`)
  })
  if (typeof own !== 'function')
    throw cannot(given, 'its default export is no function: export default (photo) => "folder"')
  return (facts) => {
    let folder: unknown
    try {
      // Of its own: what it does to that is nobody else's matter.
      folder = own(structuredClone(facts))
    } catch (error) {
      throw cannot(given, `it threw "${saidBy(error)}" for ${facts.title}: mend it`)
    }
    if (typeof folder !== 'string') {
      const is = folder instanceof Promise ? 'a promise (it cannot be async)' : typeof folder
      throw cannot(given, `for ${facts.title} it gives no text but ${is}: mend it`)
    }
    const parts = folder.split(/[/\\]/)
    const [last = ''] = parts.slice(-1)
    // A whole path ends with the file's own extension.
    const { extension } = splitName(facts.title)
    const isWhole = extension !== '' && last.toLowerCase().endsWith(extension.toLowerCase())
    return safePath(isWhole ? parts : [...parts, facts.title])
  }
}

/** JavaScript throws anything. */
const saidBy = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))

function cannot(given: string, why: string) {
  return new Fail(`Cannot use --path "${given}": ${why}`, { exitCode: 2 })
}

function clockOf(local: string): Clock {
  const time = new Date(`${local.slice(0, 10)}T00:00:00Z`)
  const day = Math.round((+time - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000)
  return { local, month: time.getUTCMonth(), day, week: time.getUTCDay() }
}

// What all file systems of today take (255), with room for what this program puts before and behind it.
const NAME_BYTES = 200

/** The parts of a path as one that stays below its root; empty ones fall out. */
function safePath(parts: string[]): string {
  return parts
    .filter((part) => part.trim() !== '')
    .map(safeName)
    .join('/')
}

/** A name that stays in its folder and that any file system takes, in NFC; the extension is kept. */
export function safeName(name: string): string {
  const plain = name
    .toWellFormed()
    .normalize('NFC')
    .replace(/[/\\:*?"<>|]|\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '_')
  const { base, extension } = splitName(plain)
  const ending = extension.length < 2 || extension.length > 20 ? '' : extension
  let stem = (ending ? base : plain).replace(/^\.+/, '_').trim() || '_'
  const room = NAME_BYTES - Buffer.byteLength(ending)
  if (Buffer.byteLength(stem) > room) stem = clipped(stem, room)
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(stem.replace(/\..*/, ''))
  return `${isReserved ? `_${stem}` : stem}${ending}`.replace(/[. ]+$/, '_')
}

// It takes milliseconds to make.
let letters: Intl.Segmenter | undefined

/** As many whole letters as fit into so many bytes. */
function clipped(text: string, room: number) {
  let kept = ''
  let bytes = 0
  letters ??= new Intl.Segmenter()
  for (const { segment } of letters.segment(text)) {
    bytes += Buffer.byteLength(segment)
    if (bytes > room) break
    kept += segment
  }
  return kept.trimEnd() || '_'
}

/** `IMG_1.jpg` -> `IMG_1-2.jpg`, for the second of a name; the first keeps its own. */
export function numbered(name: string, number: number): string {
  const { base, extension } = splitName(name)
  return number === 1 ? name : `${base}-${number}${extension}`
}

/** Two paths of one key are one file on a disk that does not tell capitals. */
export function pathKey(path: string): string {
  return path.normalize('NFC').toLowerCase()
}
