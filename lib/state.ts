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
  /** The pair is not certain, so its sidecar gave no time and no place by itself. */
  uncertain?: true
  /** The rule that made the pair or the role. */
  why: string
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
  kind: 'image' | 'video'
  /** UTC seconds; null where nothing in the index tells. */
  taken: number | null
  /** Where `taken` came from; absent: the sidecar. */
  takenFrom?: 'name' | 'year'
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
  /** When its sidecar was last changed or its export was made: the newer one wins. UTC seconds. */
  known?: number
}

export type Album = {
  title: string
  description?: string
  /** UTC seconds of the album file. */
  date?: number
  /** Folder inside the product folder, its key within one export. */
  folder: string
  export: string
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
  kind: 'zip' | 'tgz' | 'folder'
  name: string
  /** Where it was last seen. */
  path: string
  /** Bytes; of a folder, of all its files. */
  size: number
  /** ms since 1970. */
  modified: number
  entries: number
}

/** A file of an export that is in no photo. Key: `<part>:<path>`. */
export type Leftover = { part: string; path: string; why: string; facts?: Facts }

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
  assets: string[]
}

/** photo -> asset. `asset` null with a reason is an answer; an absent key is work left. */
export type Link = {
  asset: string | null
  how: string
  /** Hex, where the photo's original had to be hashed to tell. */
  sha1?: string
  candidates?: string[]
}

export type AlbumLink = { album: string | null; how: string; candidates?: string[] }

/** What the server should hold after a transfer; only the fields that we gave. */
export type Want = {
  name?: string
  sha1?: string
  /** ISO in UTC. */
  instant?: string
  place?: Place
  description?: string
  favorite?: true
  visibility?: 'archive' | 'locked'
  live?: string
  title?: string
}

/** Of a photo, or of an album (then `album` is the id on the server). */
export type Transfer = {
  asset?: string
  album?: string
  sha1?: string
  /** Bytes sent. */
  size?: number
  at: string
  want?: Want
  /** What is still to be done for it, e.g. `album:<key>`, `stack`, `live`. */
  owes?: string[]
  /** Assets of its other files: path -> id. */
  others?: Record<string, string>
  /** Its body was on the way when this was written: ask the server before sending it again. */
  sending?: true
  failed?: string
  tries?: number
}

export type Check = {
  at: string
  ok?: true
  waiting?: true
  differs?: Record<string, [unknown, unknown]>
}

export type Run = { stage: string; at: string; seconds?: number; [count: string]: unknown }

/** The document. Each collection has one writer stage, named beside it. */
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
  runs: Record<string, Run> // every stage
}
export type Collection = keyof State
