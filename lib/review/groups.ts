import { type Choice, choiceOf, leftFor, WAITS } from '../dupes/choice.ts'
import { classOf, type Member } from '../dupes/deciding.ts'
import { kindOf } from '../dupes/kinds.ts'
import { lackOf } from '../dupes/lacks.ts'
import { count } from '../progress.ts'
import { Fail } from '../stage.ts'
import type { Decided, Duplicate, State } from '../state/records.ts'
import { memberFacts, table } from './facts.ts'
import type { Class, Item, Kind, Outcome, Status } from './items.ts'

const NOW = { accept: true, at: '9999' }

/** The groups of duplicates about which nothing was begun yet. */
export function groupsToDecide(
  { duplicates }: Pick<State, 'duplicates'>,
  decisions: Record<string, Decided>,
  server: string,
): Kind {
  const open = Object.entries(duplicates).filter(([, { steps }]) => !steps?.gave || steps.restored)
  const left = open.filter(([key, group]) => leftFor(key, group, decisions) !== undefined)
  const groups = new Map(left)
  const byClass = Map.groupBy(groups, ([, group]) => classOf(group.assets, group))
  const get = (key: string) => groups.get(key) as Duplicate
  const assets = new Set(left.flatMap(([, { assets }]) => Object.keys(assets)))

  function status(key: string): Status {
    const choice = leftFor(key, get(key), decisions) as NonNullable<ReturnType<typeof leftFor>>
    if (!('waits' in choice)) return choice.isPersons ? (choice.stack ? 'stack' : 'yes') : 'clear'
    const { look, changed, stranger } = WAITS
    return [look, changed, stranger].includes(choice.waits as typeof look) ? 'open' : 'left'
  }

  function item(key: string): Item {
    const group = get(key)
    const order = [group.winner, ...group.losers, ...group.beside, ...group.untouched]
    const sides = order.map((id) => sideOf(id, group.assets[id] as Member, server))
    const chosen = sides.filter(({ canBeChosen }) => canBeChosen).map(({ id }) => id)
    const decided = decisions[key]
    return {
      key,
      kind: 'group',
      class: classOf(group.assets, group),
      why: group.review.map(inWords),
      sides,
      facts: table(order.map((id) => memberFacts(group.assets[id] as Member))),
      proposed: group.winner,
      outcomes: Object.fromEntries(chosen.map((id) => [id, outcome(group, order, id)])),
      ...(decided && { decided }),
    }
  }

  function check(key: string, { accept, winner, stack, at }: Decided): Decided {
    const group = groups.get(key)
    if (!accept) return { accept, at }
    if (!group) return { accept, ...(stack && { stack }), at }
    const better = winner !== undefined && winner !== group.winner ? { winner } : {}
    const decided = { accept, ...better, ...(stack && { stack }), at }
    const choice = choiceOf(key, group, { [key]: { ...decided, at: NOW.at } })
    if ('waits' in choice) throw new Fail(`Cannot accept this group: one ${choice.waits}`)
    return decided
  }

  const classes = [...byClass].map(([name, all]) => classFor(name, all))
  return { classes: classes.sort(byWeight), status, item, check, assets }
}

function sideOf(id: string, one: Member, server: string) {
  return {
    id,
    name: one.name,
    what: one.library ? 'external library' : kindOf(one),
    picture: `asset/${id}`,
    ...(server && { page: `${server}/photos/${id}` }),
    canBeChosen: !one.library,
  }
}

/** What becomes of each member when `winner` stays: as dupes-execute would do it. */
function outcome(group: Duplicate, order: string[], winner: string): Outcome[] {
  const choice = choiceOf('', group, { '': { ...NOW, winner } })
  const losers = 'waits' in choice ? [] : choice.losers
  const best = group.assets[winner] as Member
  return order.map((id) => {
    const one = group.assets[id] as Member
    if (id === winner) return { is: 'stays' }
    if (one.library) return { is: 'untouched' }
    if (!losers.includes(id)) return { is: 'beside' }
    const gives = lackOf(best, one).map((lack) => GIVES[lack] ?? lack)
    return { is: 'trash', ...(gives.length > 0 && { gives }) }
  })
}

function classFor(name: string, all: [string, Duplicate][]): Class {
  const [, kind = '', size = ''] = CLASS.exec(name) ?? []
  const choices = all.flatMap(([key, group]) => {
    const choice = choiceOf(key, group, { [key]: NOW })
    return 'waits' in choice ? [] : [choice as Choice]
  })
  const losers = choices.reduce((sum, { losers }) => sum + losers.length, 0)
  const goes = losers === 1 ? 'goes' : 'go'
  const rest = all.some(([, { beside }]) => beside.length > 0)
    ? ' What is of another kind stays beside it.'
    : ''
  return {
    key: `class:${name}`,
    title: `${KINDS[kind] ?? kind}: ${SIZES[size]?.[0] ?? size}`,
    why: (all[0] as [string, Duplicate])[1].review.map(inWords),
    does:
      losers > 0
        ? `${SIZES[size]?.[1] ?? 'The best one stays'}, ${count(losers, 'copy', 'copies')} ${goes} to the trash.${rest}`
        : 'They are of different kinds, so nothing can be given up: stack them, or leave them.',
    ...(losers === 0 && { stacks: true }),
    kind: 'group',
    keys: all.map(([key]) => key),
  }
}

const byWeight = (a: Class, b: Class) =>
  Number(a.why.length > 0) - Number(b.why.length > 0) || b.keys.length - a.keys.length

// The words of classOf and decide, as a person reads them.
const CLASS =
  /^(.*?), (smaller in pixels|the same bytes|same size|same pixels, fewer bytes|of several sizes|nothing to give up), /
const KINDS: Record<string, string> = {
  picture: 'Pictures',
  video: 'Videos',
  RAW: 'RAW files',
  edit: 'Edited pictures',
  'live photo': 'Live photos',
  'edited in Immich': 'Pictures that were edited in Immich',
}
const SIZES: Record<string, [title: string, does: string]> = {
  'smaller in pixels': ['the copy is smaller', 'The larger one (on the left) stays'],
  'the same bytes': ['the very same bytes', 'One (on the left) stays'],
  'same size': ['the same size', 'The one that tells more of itself (on the left) stays'],
  'same pixels, fewer bytes': [
    'the same pixels in fewer bytes',
    'The one with the most bytes (on the left) stays',
  ],
  'of several sizes': ['copies of several sizes', 'The best one (on the left) stays'],
  'nothing to give up': ['of different kinds', ''],
}
const REASONS: Record<string, string> = {
  gps: 'different places',
  timezone: 'different time zones',
  camera_info: 'different cameras',
  capture_time: 'different times',
  'external library': 'one lies in an external library',
}
const inWords = (reason: string) => REASONS[reason] ?? reason
const GIVES: Record<string, string> = {
  gps: 'place',
  capture_time: 'date',
  timezone: 'time zone',
  description: 'caption',
  favorite: 'heart',
  visibility: 'archive',
}
