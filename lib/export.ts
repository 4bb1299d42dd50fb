import { basename } from 'node:path'
import type { ExportFile } from './takeout.ts'

/** Where a file stands inside the photos part of an export. Names are NFC, since macOS unpacks them decomposed. */
export type Placed = { file: ExportFile; folder: string; name: string }

export type FolderKind = 'year' | 'album' | 'archive' | 'trash' | 'locked' | 'failed' | 'other'

/**
 * Finds the photos product among the files of one export, by its content: below `Takeout` (or without that folder) the
 * one whose folders hold sidecars, or media where there is no sidecar at all. `placed` are the files inside its folders,
 * `outside` all others with the reason. `isMedia` decides by name.
 */
export function placeFiles(files: ExportFile[], isMedia: (name: string) => boolean) {
  const split = files.map((file) => ({ file, segments: segmentsOf(file.path) }))
  const productsWith = (wanted: (file: ExportFile) => boolean) =>
    new Set(
      split
        .filter(({ file, segments }) => segments.length >= 2 && wanted(file))
        .map(({ segments }) => (segments.length > 2 ? (segments[0] as string) : '')),
    )
  let products = productsWith((file) => file.json?.kind === 'photo')
  if (products.size === 0) products = productsWith((file) => isMedia(basename(file.path)))
  const placed: Placed[] = []
  const outside: { file: ExportFile; why: string }[] = []
  for (const { file, segments } of split) {
    const name = segments.at(-1) as string
    const deep = segments.length > 2
    const product = deep ? (segments[0] as string) : ''
    if (segments.length >= 2 && products.has(product)) {
      placed.push({ file, folder: segments.slice(deep ? 1 : 0, -1).join('/'), name })
    } else if (segments.length === 1 || products.has(segments[0] as string)) {
      // At the product's own level lie print orders, titles of memories, the index page; seldom a picture.
      if (isMedia(name)) placed.push({ file, folder: '', name })
      else outside.push({ file, why: 'account' })
    } else outside.push({ file, why: 'another product' })
  }
  return { placed, outside }
}

/**
 * What a folder is. Google's own folders carry no album file and are told by place and name; an album is told by its
 * album file. Exports before about 2021 gave every folder one, hence the two shapes that are never albums.
 */
export function folderKind(
  folder: string,
  hasAlbumFile: boolean,
  siblings: Set<string>,
): FolderKind {
  const name = basename(folder)
  if (/^Photos from \d{4}$/.test(name) || /^\d{4}-\d{2}-\d{2}( #\d+)?$/.test(name)) return 'year'
  if (hasAlbumFile) return 'album'
  for (const [kind, names] of SPECIAL) if (names.test(name)) return kind
  const year = yearIn(name)
  if (year === null) return 'other'
  // An album whose file is in a missing part may hold a year, too. A year folder is one of a family
  // (`Fotos von 2023`, `Fotos von 2024`) or stands alone with its year.
  const template = name.replace(String(year), '#')
  if (YEAR_TEMPLATES.has(template)) return 'year'
  const family = [...siblings].filter((other) => other.replace(/\d{4}/, '#') === template)
  return family.length > 1 ? 'year' : 'other'
}

/** The only four-digit year in a name, or null. */
export function yearIn(name: string): number | null {
  const years = name.match(/(?<!\d)(?:1[89]|20)\d\d(?!\d)/g)
  return years?.length === 1 ? Number(years[0]) : null
}

// Year folders as seen in real exports since they are translated (end of 2025).
const YEAR_TEMPLATES = new Set([
  'Photos from #',
  'Fotos von #',
  'Photos de #',
  'Fotos de #',
  'Fotos del #',
  'Foto da #',
  'Foto_s van #',
  "Foto's van #",
  '# yılına ait fotoğraflar',
])

// They carry no album file; nothing but the name tells them.
const SPECIAL: [FolderKind, RegExp][] = [
  [
    'archive',
    /^(Archive|Archiv|Archivieren|Archives|Archiver|Archivo|Arquivo|Archivio|Archief|Archiveren|Archiwum|Архив|Arxiu|アーカイブ|归档|已归档|档案|보관처리됨)$/i,
  ],
  [
    'trash',
    /^(Trash|Bin|Papierkorb|Corbeille|Papelera|Papelera de reciclaje|Lixeira|Cestino|Prullenbak|Kosz|Koš|Корзина|Кошик|Papperskorg|Papirkurv|Roskakori|Çöp kutusu|Paperera|ゴミ箱|回收站|垃圾桶|휴지통)$/i,
  ],
  [
    'locked',
    /^(Locked Folder|Gesperrter Ordner|Dossier verrouillé|Carpeta privada|Carpeta bloqueada|Pasta trancada|Cartella bloccata|Vergrendelde map|Folder zablokowany|Заблокированная папка|锁定文件夹|ロックされたフォルダ|잠긴 폴더)$/i,
  ],
  ['failed', /^Failed Videos$/i],
]

function segmentsOf(path: string) {
  const segments = path
    .normalize('NFC')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
  const root = segments.findLastIndex(
    (segment, at) => /^takeout$/i.test(segment) && at < segments.length - 1,
  )
  return segments.slice(root + 1)
}
