import { basename } from 'node:path'
import {
  type Alike,
  areAsTheyWere,
  byWorth,
  goesFor,
  keyOf,
  kindsOf,
  readReport,
  saidOf,
  shownOf,
} from '../dedupe/report.ts'
import { count } from '../progress.ts'
import { Fail, hint, say } from '../stage.ts'
import type { Decided } from '../state/records.ts'
import { fileFacts, table } from './facts.ts'
import type { Class, Item, Kind, Outcome, Status } from './items.ts'

/** The groups of the report that can be decided: every file is as it was, and something would go. */
export async function readAlike(file: string): Promise<Alike[][]> {
  const groups = ((await readReport(file))?.groups ?? []).map(byWorth)
  const still: Alike[][] = []
  for (const group of groups)
    if (await areAsTheyWere(group.flatMap(({ files }) => files))) still.push(group)
  const gone = groups.length - still.length
  if (gone > 0)
    say(
      `${count(gone, 'group')} of files that look alike changed since: ${hint('dedupe', '--similar')} looks again`,
    )
  return still.filter((group) => group.some((one) => goesFor(one, group).length > 0))
}

/** Files on disk that look alike. */
export function alikeToDecide(groups: Alike[][], decisions: Record<string, Decided>): Kind {
  const known = new Map(groups.map((group) => [keyOf(group), group]))
  const get = (key: string) => {
    const group = known.get(key)
    if (!group) throw new Fail(`Cannot decide ${key}: those files do not wait any more`)
    return group
  }

  function status(key: string): Status {
    const said = saidOf(get(key), decisions[key])
    return !said ? 'open' : said.accept ? 'yes' : 'left'
  }

  function item(key: string): Item {
    const group = get(key)
    const best = group.find((one) => goesFor(one, group).length > 0) as Alike
    const said = saidOf(group, decisions[key])
    return {
      key,
      kind: 'alike',
      class: 'alike',
      why: [],
      sides: group.map((one, n) => ({
        id: one.path,
        name: basename(one.path),
        what: `${[...kindsOf(one)].join(' + ')}${one.reference ? ', in a folder of reference' : ''}`,
        picture: `file/${key}/${n}`,
        canBeChosen: true,
      })),
      facts: table(group.map(fileFacts)),
      proposed: best.path,
      outcomes: Object.fromEntries(group.map((one) => [one.path, outcome(one, group)])),
      ...(said && { decided: said }),
    }
  }

  function check(key: string, { accept, winner, at }: Decided): Decided {
    const group = get(key)
    const of = shownOf(group)
    if (!accept) return { accept, of, at }
    const stays = group.find(({ path }) => path === winner)
    if (!stays || goesFor(stays, group).length === 0)
      throw new Fail('Cannot accept this: nothing would go: choose which one stays')
    return { accept, winner: stays.path, of, at }
  }

  // No key, so that the class cannot be accepted as a whole: looks are no proof, and nothing goes unseen.
  const all: Class = {
    title: 'Pictures that look alike',
    why: ['only you can tell'],
    does: 'Files in your folders. Say of each group which one stays: the others go to a trash folder there, by the command below.',
    kind: 'alike',
    keys: [...known.keys()],
  }
  return {
    classes: known.size > 0 ? [all] : [],
    status,
    item,
    check,
    assets: new Set(),
    files: (key) => get(key).map(({ files }) => files[0] as Alike['files'][number]),
  }
}

function outcome(stays: Alike, group: Alike[]): Outcome[] {
  const goes = goesFor(stays, group)
  return group.map((one) => ({
    is: one === stays ? 'stays' : goes.includes(one) ? 'trash' : 'beside',
  }))
}
