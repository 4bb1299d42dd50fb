import type { Seen } from '../dedupe/report.ts'
import type { Decided } from '../state/records.ts'

// What the page and its server say to each other. Whatever is decided by hand comes in these shapes: groups of duplicates
// (groups.ts), photos that could be several assets (pairs.ts), files that look alike (alike.ts), and what else a later stage
// leaves to a person.

/** How a thing stands: `clear` is done without a word, `open` waits for one. */
export type Status = 'open' | 'clear' | 'yes' | 'stack' | 'left'

/** Things that are alike, to be decided at once or looked at one by one. */
export type Class = {
  /** Key of the decision about all of them; absent where each is its own. */
  key?: string
  title: string
  /** Why a person has to look; empty where nothing speaks against doing it. */
  why: string[]
  /** What accepting it does. */
  does: string
  /** Nothing in it can be given up: it can be stacked, or left. */
  stacks?: true
  kind: string
  keys: string[]
}

/** One thing to decide. */
export type Item = {
  key: string
  kind: string
  class: string
  why: string[]
  sides: Side[]
  facts: Fact[]
  /** The side that was worked out. */
  proposed?: string
  /** By the side that is chosen, what then becomes of each, in the order of `sides`. */
  outcomes: Record<string, Outcome[]>
  /** What a person said of this very one. */
  decided?: Decided
}

export type Side = {
  id: string
  name: string
  /** What it is, in a few words. */
  what: string
  /** Address of its picture beside the page; absent where there is none to show. */
  picture?: string
  /** Its page at Immich or Google. */
  page?: string
  canBeChosen: boolean
}
export type Fact = {
  name: string
  values: string[]
  /** Two say otherwise; or only some say it at all. */
  mark?: 'differs' | 'lacks'
}
export type Outcome = {
  is: 'stays' | 'trash' | 'beside' | 'untouched' | 'linked' | 'other'
  /** What it has that the one that stays lacks, and gets. */
  gives?: string[]
}

export type Overview = Standing & { classes: Class[] }
export type Standing = {
  /** By the key of each thing. */
  standing: Record<string, Status>
  /** Keys of decisions about classes. */
  said: Record<string, Decided>
  /** Commands to type when all is said. */
  next: string[]
}

/** All that is to be decided of one kind. What was decided meanwhile counts at once. */
export type Kind = {
  classes: Class[]
  status(key: string): Status
  item(key: string): Item
  /** Throws Fail for a decision that makes no sense; gives it as it is to be kept. */
  check(key: string, decided: Decided): Decided
  /** Assets whose pictures the page may ask for. */
  assets: Set<string>
  /** Files on disk whose pictures it may ask for: the sides of a thing in their order. */
  files?(key: string): Seen[]
}
