import type { Changes } from '../immich/immich.ts'
import type { Link, Transfer } from '../state/records.ts'
import type { Member } from './deciding.ts'

/** What was done about a group, one step after another; each is on disk before the next begins. */
export type Steps = {
  /** The run of dupes-execute that began it, ISO. */
  run: string
  /** What stays, and what was given up for it: as decided, or as a person said. */
  winner: string
  losers: string[]
  /** 1. Whole copies of the losers, by asset, and the folder that they are in. */
  folder?: string
  backedUp?: Record<string, Backup>
  /** 2. The winner as it was, and what it is given. */
  before?: Member
  gave?: Gifts
  /** 3. When the server was seen to hold that. */
  checked?: string
  /** 4. The request to trash them (`forced`: for good; `resolved`: by the server's own call) is on its way, then done. */
  deleting?: string
  forced?: true
  resolved?: true
  trashed?: string
  /** 5. Photos whose link or transfer went over to the winner, with what they said before. */
  moved?: Record<string, { link?: Link; transfer?: Transfer }>
  /** Instead of 1 to 5: all of them are one stack, of this id. */
  stacked?: string
  /** Why it stopped; the next run tries again. */
  failed?: string
  /** When dupes-restore had brought all back; and the new ids of those that the server had no more. */
  restored?: string
  restoredAs?: Record<string, string>
}

export type Backup = {
  /** Inside the backup folder. */
  file: string
  /** Hex. */
  sha1: string
  /** Bytes. */
  size: number
  /** The motion half of a live photo. */
  motion?: {
    asset: string
    file: string
    sha1: string
    size: number
    name: string
    fileCreatedAt: string
    fileModifiedAt: string
  }
}

/** What the winner lacked. */
export type Gifts = {
  /** Its own fields, in one update. */
  changes: Changes
  albums: string[]
  /** Whole paths. */
  tags: string[]
  people: Face[]
  /** Shared links that a loser was in, with the loser that they come by. */
  links: { id: string; from: string }[]
  /** The stack that a loser was in, the one on top first. `joins`: the winner was not in it. */
  stack?: { id: string; from: string; members: string[]; joins?: true }
}

/** Where a person is in a picture: parts of its width and height, 0 to 1. */
export type Face = { person: string; x: number; y: number; width: number; height: number }
