import { isLitter, mediaKind } from '../pairing/media.ts'
import type { ExportFile } from './takeout.ts'

/** Where a file stands inside the photos part of an export. Names are NFC, since macOS unpacks them decomposed. */
export type Placed = { file: ExportFile; folder: string; name: string }

export type FolderKind =
  | 'year'
  | 'album'
  | 'memories'
  | 'archive'
  | 'trash'
  | 'locked'
  | 'failed'
  | 'other'

/**
 * Finds the photos product among the files of one export, by its content: below `Takeout` (or without that folder) the
 * one whose folders hold sidecars, or media where there is no sidecar at all. `placed` are the files inside its folders,
 * `outside` all others with the reason.
 */
export function placeFiles(files: ExportFile[]) {
  const isMedia = (name: string) => /image|video/.test(mediaKind(name) ?? '')
  // A million files lie in some hundred folders: what a path says is worked out once for each of these.
  const byFolder = new Map<string, { inner: string[]; files: ExportFile[] }>()
  for (const file of files) {
    const at = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')))
    const known = byFolder.get(at)
    if (known) known.files.push(file)
    else byFolder.set(at, { inner: segmentsOf(`${at}/x`).slice(0, -1), files: [file] })
  }
  const folders = [...byFolder].map(([at, { inner, files }]) => ({
    inner,
    files,
    isForeign: `${at}/`.includes('__MACOSX/'),
    product: inner.length > 1 ? (inner[0] as string) : '',
    folder: inner.slice(inner.length > 1 ? 1 : 0).join('/'),
  }))
  const productsWith = (wanted: (file: ExportFile) => boolean) =>
    new Set(
      folders
        .filter(({ inner, files }) => inner.length > 0 && files.some(wanted))
        .map(({ product }) => product),
    )
  let products = productsWith((file) => file.json?.kind === 'photo')
  if (products.size === 0) products = productsWith((file) => isMedia(nameOf(file.path)))
  // A part may hold no more than what lies beside the folders, or albums of which all is in other parts.
  if (products.size === 0)
    for (const { inner, files } of folders)
      if (inner[0] !== undefined && files.some(({ json }) => json && json.kind !== 'broken'))
        products.add(inner[0])
  // A sidecar beside the folders does not make these products.
  if (products.size > 1) products.delete('')
  const placed: Placed[] = []
  const outside: { file: ExportFile; why: string }[] = []
  for (const { inner, product, folder, files, isForeign } of folders) {
    const isInside = inner.length > 0 && products.has(product)
    const isBeside = inner.length === 0 || products.has(inner[0] as string)
    for (const file of files) {
      const name = nameOf(file.path).normalize('NFC')
      if (isForeign || isLitter(name)) outside.push({ file, why: 'no part of the photos' })
      else if (isInside) placed.push({ file, folder, name })
      // At the product's own level lie print orders, titles of memories, the index page; seldom a picture.
      else if (isBeside && (isMedia(name) || file.json?.kind === 'photo'))
        placed.push({ file, folder: '', name })
      else outside.push({ file, why: isBeside ? 'account' : 'another product' })
    }
  }
  return { placed, outside }
}

/**
 * What is known of a folder before its kind is. `years` (UTC) of its sidecars, and how many are of each; `trashed`: every
 * sidecar says so.
 */
export type FolderSigns = {
  albumFile: boolean
  conversation: boolean
  trashed: boolean
  years: Map<number, number>
}

/**
 * What each folder of ONE export is, by what it holds and how the folders' names are alike, so that any language will do;
 * short lists of words are for what nothing else tells. An album is told by its album file. Exports of before about 2021
 * gave one to every folder, hence the names that are never albums.
 */
export function folderKinds(folders: Map<string, FolderSigns>): Map<string, FolderKind> {
  const kinds = new Map<string, FolderKind>()
  const years = new Set<number>()
  const add = (folder: string, year: number) => {
    kinds.set(folder, 'year')
    years.add(year)
  }
  for (const [folder, { albumFile }] of folders) {
    const year = yearIn(nameOf(folder))
    const template = templateOf(nameOf(folder))
    // Since year folders are translated they have no album file: with one it is an album that is called so.
    const known = template === 'Photos from #' || (!albumFile && YEAR_TEMPLATES.has(template))
    if (year !== null && known) add(folder, year)
  }
  const hasYears = kinds.size > 0
  const families = new Map<string, number>()
  for (const [folder, { albumFile }] of folders) {
    const template = templateOf(nameOf(folder))
    if (!albumFile) families.set(template, (families.get(template) ?? 0) + 1)
  }
  const hasAlbums = [...folders].some(([folder, { albumFile }]) => albumFile && !kinds.has(folder))
  for (const [folder, signs] of folders) {
    const name = nameOf(folder)
    const special = SPECIAL.find(([, names]) => names.test(name))?.[0]
    const year = yearIn(name)
    // Days took the place of years in old exports; beside years such a folder is an album.
    if (kinds.has(folder)) continue
    else if (!hasYears && /^\d{4}-\d{2}-\d{2}( #\d+)?$/.test(name)) kinds.set(folder, 'year')
    else if (MEMORIES.test(name)) kinds.set(folder, 'memories')
    else if (signs.albumFile) kinds.set(folder, 'album')
    else if (signs.trashed) kinds.set(folder, 'trash')
    else if (special) kinds.set(folder, special)
    else if (year !== null && isYear(year, signs, families.get(templateOf(name)) ?? 0, years))
      add(folder, year)
    // Where all album files are missing, what is no year and nothing special is taken for an album.
    else if (!hasAlbums && hasYears && folder !== '' && !signs.conversation)
      kinds.set(folder, 'album')
    else kinds.set(folder, 'other')
  }
  return kinds
}

/**
 * Without an album file a year in the name is that of a year folder where what it holds is of that year (but for some of
 * New Year's night), or where it is one of a family (`Fotos von 2023`, `Fotos von 2024`); no year has two.
 */
function isYear(year: number, { years }: FolderSigns, family: number, taken: Set<number>) {
  if (taken.has(year)) return false
  const all = [...years.values()].reduce((sum, count) => sum + count, 0)
  return all > 0 ? (years.get(year) ?? 0) >= all * 0.9 : family > 1
}

/** The only four-digit year in a name, or null. */
export function yearIn(name: string): number | null {
  const years = name.match(/(?<!\d)(?:1[89]|20)\d\d(?!\d)/g)
  return years?.length === 1 ? Number(years[0]) : null
}

const templateOf = (name: string) => name.replace(/(?<!\d)(?:1[89]|20)\d\d(?!\d)/, '#')
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

// Year folders as seen in real exports since they are translated (end of 2025).
const YEAR_TEMPLATES = new Set([
  'Fotos von #',
  'Photos de #',
  'Fotos de #',
  'Fotos del #',
  'Foto da #',
  'Foto_s van #',
  "Foto's van #",
  '# yılına ait fotoğraflar',
])

// What Google Photos shows again by itself: "2 years ago", "dinsdag Uitgelicht". They look like albums in everything else.
const YEARS =
  '(years?|Jahre?n?|ans?|anni|anno|años?|anos?|anys?|jaar|rok|roky|rokiem|lata?|lat|let|год|года|лет|år|vuotta|yıl|év|évvel)'
const MEMORIES = new RegExp(
  `^(\\d{1,2} ${YEARS} (ago|fa|geleden|atrás|temu|назад|sedan|siden|sitten|önce|ezelőtt|enrere)|(vor|il y a|hace|há|för|for|před|pred|acum|fa) \\d{1,2} ${YEARS}( sedan| siden)?|\\d{1,2} ?(年前|년 전)|\\p{L}+ uitgelicht)(\\(\\d+\\))?$`,
  'iu',
)

// They carry no album file; but for the bin, whose sidecars say so, nothing but the name tells them. Some as seen in
// exports, most as Google Photos calls the place in that language.
const SPECIAL: [FolderKind, RegExp][] = [
  [
    'archive',
    /^(Archive|Archiv|Archivieren|Archives|Archiver|Archivo|Arquivo|Archivio|Archief|Archiveren|Archiwum|Архив|Arxiu|Arkiv|Arkisto|Archív|Archívum|Arhivă|Arşiv|Архів|Αρχείο|Arsip|アーカイブ|归档|已归档|档案|封存|보관처리됨|보관함)$/i,
  ],
  [
    'trash',
    /^(Trash|Bin|Papierkorb|Corbeille|Papelera|Papelera de reciclaje|Lixeira|Cestino|Prullenbak|Kosz|Koš|Корзина|Кошик|Papperskorg|Papirkurv|Roskakori|Çöp kutusu|Paperera|Kôš|Lomtár|Kuka|Coș de gunoi|Кошче|Κάδος|Smeće|Sampah|Thùng rác|ถังขยะ|ゴミ箱|回收站|垃圾桶|휴지통)$/i,
  ],
  [
    'locked',
    /^(Locked Folder|Gesperrter Ordner|Dossier verrouillé|Carpeta privada|Carpeta bloqueada|Pasta trancada|Cartella bloccata|Vergrendelde map|Folder zablokowany|Заблокированная папка|Låst mappe|Låst mapp|Lukittu kansio|Uzamčená složka|Uzamknutý priečinok|Zárolt mappa|Dosar blocat|Kilitli Klasör|Заблокована папка|Заключена папка|Κλειδωμένος φάκελος|Zaključana mapa|Carpeta bloquejada|Pasta bloqueada|Folder Terkunci|锁定文件夹|锁定的文件夹|已鎖定的資料夾|ロックされたフォルダ|잠긴 폴더)$/i,
  ],
  ['failed', /^Failed Videos$/i],
]

/** The path inside the export, however deep that lies in its archive or folder. */
export function innerPath(path: string): string {
  return segmentsOf(path).join('/')
}

/**
 * The path below `Takeout`, `Takeout 2`, `takeout-…-001/Takeout`: the first such folder and those that follow it at once,
 * since an album may be called so, too.
 */
function segmentsOf(path: string) {
  const segments = path
    .normalize('NFC')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
  let root = segments.findIndex((segment) => ROOT.test(segment))
  if (root < 0) return segments
  while (ROOT.test(segments[root + 1] ?? '') && root + 2 < segments.length) root++
  return segments.slice(Math.min(root + 1, segments.length - 1))
}

const ROOT = /^takeout([ _-]?\(?\d+\)?|-\d{8}T\d{6}Z.*)?$/i
