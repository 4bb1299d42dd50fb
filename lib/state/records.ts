import type { Decision, Found, Member } from '../dupes/deciding.ts'
import type { Steps } from '../dupes/steps.ts'
import type { XmpFields } from '../picture/xmp.ts'

// What the state holds: the records of each collection, and the document.

/** `[latitude, longitude]` in degrees, or with the altitude in metres as a third. */
export type Place = [number, number] | [number, number, number]

/** One file of a photo, as an archive holds it. */
export type PhotoFile = {
  /** Key in `parts`. */
  part: string
  /** As the archive spells it. */
  path: string
  /** Bytes, unpacked. */
  size: number
  /** CRC-32 of the bytes, 8 hex digits; null where a folder's file was never read. */
  crc: string | null
  role: 'original' | 'edited' | 'motion' | 'copy'
  /** Path of the sidecar that it was paired with. */
  sidecar?: string
  /** Key in `parts` of that sidecar, where it lies in another part. */
  sidecarPart?: string
  /** What the file says of itself, where a doubt made the index read it. */
  head?: Seen
  /** The pair is not certain, so its sidecar gave no time and no place by itself. */
  uncertain?: true
  /** The rule that made the pair or the role. */
  why: string
}

/**
 * What the index keeps of a file's head. Pixels; wall clock; seconds of a movie; Apple's id of a live photo; and which picture
 * it shows: the same for files that agreed when they were decoded.
 */
export type Seen = {
  width?: number
  height?: number
  local?: string
  seconds?: number
  contentId?: string
  picture?: string
}

/** What a sidecar says, in our words. Times are UTC seconds. */
export type Facts = {
  title?: string
  taken?: number
  created?: number
  modified?: number
  description?: string
  /** What Google shows (the user's own correction). */
  place?: Place
  /** What the file held when it was uploaded. */
  placeExif?: Place
  people?: string[]
  url?: string
  favorite?: true
  archived?: true
  trashed?: true
  partner?: true
  sharedAlbum?: true
}

export type Photo = {
  /** The upload name, whole, with the extension of the file. */
  title: string
  /** The name as the sidecar has it, where that is another. */
  named?: string
  kind: 'image' | 'video'
  /** UTC seconds; null where nothing in the index tells. */
  taken: number | null
  /**
   * Where `taken` came from; absent: the sidecar. `cluster`: the sidecar, but so many photos share that second that it may
   * be Google's guess, and a file that says otherwise wins.
   */
  takenFrom?: 'name' | 'year' | 'cluster'
  /** The original first (or the best there is), then edited, motion, and copies. */
  files: PhotoFile[]
  description?: string
  place?: Place
  people?: string[]
  url?: string
  favorite?: true
  archived?: true
  trashed?: true
  locked?: true
  partner?: true
  /** When Google last changed what its sidecar says; the newer sidecar wins. UTC seconds. */
  known?: number
  /** It was picked on Google's page: its id there, its pixels, what its copy lacks, until when it can be had (ms since 1970). */
  picked?: {
    id: string
    width?: number
    height?: number
    lacks: 'place' | 'transcoded'
    until?: number
  }
  /** Of a picked one: the photo of a Takeout that is its original. */
  replacedBy?: string
  /** It has no sidecar yet that is surely its own, and a part of its export is known to be missing: it waits for that. */
  waits?: true
}

export type Album = {
  title: string
  description?: string
  /** UTC seconds of the album file. */
  date?: number
  /** Folder inside the product folder, its key within one export. */
  folder: string
  export: string
  /** Where its album file lies. */
  file?: { part: string; path: string }
  /** The same album in older exports. */
  also?: Pick<Album, 'export' | 'folder' | 'title' | 'date' | 'file'>[]
  /** Keys in `photos`. */
  photos: string[]
  /** A memories folder and the like: listed, not carried over. */
  leftOut?: string
}

export type Part = {
  /** Everything under one Takeout stamp, or the folder's name. */
  export: string
  /** Number within the export; null where the name has none. */
  number: number | null
  /** `picked`: a choice on Google's page, whose photos are fetched when they are sent. */
  kind: 'zip' | 'tgz' | 'folder' | 'picked'
  name: string
  /** Where it was last seen; in Drive `drive:` and its id there. */
  path: string
  /** It lies in Google Drive: its id and Google's checksum (MD5). */
  drive?: { id: string; checksum: string }
  /** It is one album of this title, downloaded by itself. */
  album?: string
  /** Bytes; of a folder, of all its files. */
  size: number
  /** ms since 1970. */
  modified: number
  entries: number
}

/**
 * A file of an export that is in no photo. Key: `<part>:<path>`. What a later part may need of it stays here:
 * size and CRC of media, what a sidecar says.
 */
export type Leftover = {
  part: string
  path: string
  why: string
  size: number
  crc: string | null
  facts?: Facts
  /** Of an album file that makes no album. */
  album?: { title: string; description?: string; date?: number }
  /** It cannot be used by anything: damaged, empty, unreadable. */
  broken?: true
  /** What people wrote beside it: who, and what, one each. */
  comments?: string[]
}

export type Asset = {
  name: string
  /** SHA-1 in hex (of the path, not of the bytes, where `library` is set). */
  sha1: string
  /** Bytes; null until the server has extracted it. */
  size: number | null
  kind: 'image' | 'video' | 'other'
  /** The instant, ISO in UTC (Immich's fileCreatedAt). */
  taken: string
  /** The wall clock, ISO written as if UTC (Immich's localDateTime). */
  local: string
  zone?: string
  width?: number
  height?: number
  visibility: 'timeline' | 'archive' | 'hidden' | 'locked'
  favorite?: true
  trashed?: true
  /** The motion half's asset. */
  live?: string
  place?: Place
  description?: string
  /** Of an external library. */
  library?: string
  duplicate?: string
  /** ISO, moved by every change of the row on the server. */
  updated: string
}

export type AssetAlbum = {
  title: string
  description?: string
  /** Other people can see it. */
  shared?: true
  updated: string
  /** As the server counts it, without trashed ones. */
  count: number
  assets: string[]
  /** When (by our own clock) its members were last listed. */
  seen: string
}

/** photo -> asset. `asset` null with a reason is an answer; an absent key is work left. */
export type Link = {
  asset: string | null
  how: string
  /** Hex, where the photo's original had to be hashed to tell. */
  sha1?: string
  candidates?: string[]
  /** The duplicate that it was linked to before that was given up. */
  was?: string
}

export type AlbumLink = { album: string | null; how: string; candidates?: string[] }

/** What the server should hold after a transfer; only the fields that we gave. */
export type Want = {
  name?: string
  sha1?: string
  /** ISO in UTC. */
  instant?: string
  /** Its wall clock, `YYYY-MM-DDTHH:MM:SS`. */
  local?: string
  place?: Place
  description?: string
  favorite?: true
  visibility?: 'archive' | 'locked' | 'hidden'
  live?: string
  /** Assets of its stack, the one on top first. */
  stack?: string[]
  /** Whole paths. */
  tags?: string[]
  trashed?: true
  title?: string
}

/** Of a photo, or of an album (then `album` is the id on the server). */
export type Transfer = {
  asset?: string
  album?: string
  /** Hex, of the original as it was sent. */
  sha1?: string
  /** Which of its files that was: CRC-32 and size. */
  main?: string
  /** Of files that the index had not read: the key that each went over by, and CRC-32 and size, by which it may be known later. */
  bytes?: Record<string, string>
  /** Bytes sent, all its files together. */
  size?: number
  at: string
  /** When Google said that it was taken, as it was sent: UTC seconds. */
  taken?: number
  /** It was on the server before; only what it lacked was added. */
  had?: true
  want?: Want
  /** What the file says of itself, where we gave something else: what a server falls back to. */
  own?: { local?: string; offset?: string; place?: Place; description?: string }
  /** Still to be done for it: `live`, `stack`, `trash`; `albums`, those of the asset that it was before. */
  owes?: string[]
  /** Assets of its edited copies and its motion half, by CRC-32 and size (by path where these were never read). */
  others?: Record<string, string>
  /** Assets that it was before a better file of it came. */
  before?: string[]
  /** What each of these was given, by the same key; not of what was on the server before. */
  gave?: Record<string, Pick<Transfer, 'want' | 'own'>>
  /** Of a picked one: the original's asset, which has got its albums. */
  replaced?: string
  /** Of an album: keys of the photos that were put into it. */
  added?: string[]
  /** A body was on its way when this was written, or an album was made: the server is asked before that goes again. */
  sending?: true
  /** Its owner removed it from the server and wants it back: its link and what was sent before no longer count. */
  again?: true
  /** How often a field that the server lost was given again. */
  repaired?: number
  /** Smaller renditions that it took the place of; they lie in the trash. */
  upgraded?: string[]
  /** The asset that it was before that was given up as a duplicate. */
  was?: string
  failed?: string
  tries?: number
}

/** A file of a photo as it lies in the folders. */
export type MirroredFile = {
  /** Below the library's root. */
  path: string
  /** Bytes and SHA-1 (hex) of what lies there. */
  size: number
  sha1: string
  /** Which of the photo's files: CRC-32 and size (size and path in the export where it was never read). */
  key: string
  /** CRC-32 and size where `key` is none of its bytes: its key as soon as the index has read it, too. */
  bytes?: string
  role: PhotoFile['role']
  /** SHA-1 as Google gave it, where metadata was written into it. */
  was?: string
  /** What was said of it, in its sidecar or inside. */
  said?: XmpFields
  /** SHA-1 of its sidecar; `merged` where others have a share in that, `kept` where it could not be read. */
  sidecar?: string
}

/** Of a photo, or of an album (then `album` is its folder below the root). */
export type Mirrored = {
  at: string
  files?: MirroredFile[]
  /** Which of them is the photo itself, by its key. */
  main?: string
  /** Tells whether the index says something else of it by now. */
  seen?: string
  album?: string
  title?: string
  /** How its members lie there: links, hardlinks, copies or json. */
  as?: string
  /** photo -> name in the album's folder (the path, where it is in album.json alone) -> path of the file. Not put there again. */
  added?: Record<string, Record<string, string>>
  /** SHA-1 of its album.json. */
  json?: string
  failed?: string
  tries?: number
}

export type Check = {
  at: string
  ok?: true
  waiting?: true
  /** It was right before: the difference is its owner's doing. */
  changed?: true
  /** [there, wanted]; of another asset than the photo's own with its name before the field: `sea-edited.jpg: favorite`. */
  differs?: Record<string, [unknown, unknown]>
}

/** A group of duplicates: what was found, what was decided, and what was done about it so far. */
export type Duplicate = Decision & {
  how: Found
  /** When it was looked at. */
  at: string
  assets: Record<string, Member>
  steps?: Steps
}

/**
 * What a person said of a group of duplicates (the key is the group's), of a whole class of them (`class:` and its words), or
 * of a photo that could be several assets (`link:` and the photo's key), or of files that look alike (`similar:` and a hash of
 * their paths; `winner` is a path). Without `accept` a group is left as it is, and a photo is none of those assets: it is sent.
 */
export type Decided = {
  accept: boolean
  /** This one stands for the others, not the one that was worked out. */
  winner?: string
  /** Nothing is given up: they become one stack, with the winner on top. */
  stack?: boolean
  /** Of a photo: the asset that it is, and those that were to choose from. Of files: each with its size and time. */
  asset?: string
  of?: string[]
  /** ISO. What was accepted of a group that has changed since no longer counts. */
  at: string
}

export type Run = { stage: string; at: string; seconds?: number; [count: string]: unknown }

/**
 * A file of an inbox: how it was when it was looked at, where it went, and what gave the time. `to` null with a reason is an
 * answer. The key is its path.
 */
export type Organized = {
  size: number
  /** ms since 1970. */
  modified: number
  to: string | null
  from?: string
  why?: string
}

/**
 * The document. Each collection has one writer stage, named beside it; where dupes-execute gives a copy up, `links` and
 * `transfers` go over to the one that stays.
 */
export type State = {
  parts: Record<string, Part> // index-gphotos
  photos: Record<string, Photo> // index-gphotos
  albums: Record<string, Album> // index-gphotos
  leftovers: Record<string, Leftover> // index-gphotos
  assets: Record<string, Asset> // index-immich
  assetAlbums: Record<string, AssetAlbum> // index-immich
  links: Record<string, Link> // link
  albumLinks: Record<string, AlbumLink> // link
  transfers: Record<string, Transfer> // transfer
  checks: Record<string, Check> // verify
  mirrored: Record<string, Mirrored> // mirror
  duplicates: Record<string, Duplicate> // dupes-*
  decisions: Record<string, Decided> // review
  organized: Record<string, Organized> // organize
  runs: Record<string, Run> // every stage, its last run by its name, and each by name and time
}
export type Collection = keyof State
