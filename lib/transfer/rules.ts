import { Fail } from '../stage.ts'
import { EDITED, type Edited } from '../takeout/photo-files.ts'
import type { Rules } from './standing.ts'

/** The flags that bend the rules of what is carried over: the same for transfer and sync. */
export const ruleFlags = {
  edited: { type: 'string', default: 'stack' },
  'include-trashed': { type: 'boolean' },
  'include-locked': { type: 'boolean' },
  'no-partner': { type: 'boolean' },
  'no-more-parts': { type: 'boolean' },
  'into-shared': { type: 'boolean' },
  'restore-deleted': { type: 'boolean' },
  upgrade: { type: 'boolean' },
  'replace-picked': { type: 'boolean' },
  overwrite: { type: 'boolean' },
  retry: { type: 'boolean' },
} as const

export const rulesUsage = `  --edited stack            edited copies: stack (on their original), both, original or edited (only that one)
  --include-trashed         also what is in Google's trash    --include-locked   also the locked folder
  --no-partner              not what a partner shared         --no-more-parts    do not wait for missing parts
  --into-shared             also into albums of Immich that other people can see
  --restore-deleted         bring back what was removed from Immich: pictures, from albums, emptied captions
  --upgrade                 where Immich had a smaller one: carry its albums over, and put it into the trash
  --replace-picked          picked photos whose originals came in a Takeout go to the trash of Immich
  --overwrite               what Google says goes over what Immich has: times, places, captions, favourites, archived,
                            people's tags; also of photos that were there before
  --retry                   also what failed three times`

type Given = {
  [F in keyof typeof ruleFlags]?: (typeof ruleFlags)[F]['type'] extends 'boolean' ? boolean : string
}

/** Throws a usage Fail for an unknown way with edited copies. */
export function rulesOf(given: Given): Rules {
  const edited = (given.edited ?? 'stack') as Edited
  if (!EDITED.includes(edited)) {
    throw new Fail(`Cannot read --edited: "${edited}" is none of ${EDITED.join(', ')}`, {
      exitCode: 2,
    })
  }
  const is = (flag: keyof Given) => given[flag] === true
  return {
    edited,
    includeTrashed: is('include-trashed'),
    includeLocked: is('include-locked'),
    noPartner: is('no-partner'),
    noMoreParts: is('no-more-parts'),
    intoShared: is('into-shared'),
    restoreDeleted: is('restore-deleted'),
    upgrade: is('upgrade'),
    replacePicked: is('replace-picked'),
    overwrite: is('overwrite'),
    retry: is('retry'),
  }
}

/** What the key must be allowed beyond what every run needs; `replacing` where originals of picked photos came. */
export function permissionsFor(rules: Rules, replacing = false): string[] {
  const { includeTrashed, restoreDeleted, upgrade, replacePicked } = rules
  const trashes = includeTrashed || restoreDeleted || upgrade || (replacing && replacePicked)
  return [...(trashes ? ['asset.delete'] : []), ...(upgrade || replacing ? ['asset.copy'] : [])]
}
