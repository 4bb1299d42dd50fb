import type { Item, Outcome, Side, Status } from '../items.ts'
import { button, make, number } from './element.ts'
import { pictureOf } from './picture.ts'

export type Choice = { item: Item; chosen: string | undefined }
export type Place = { at: number; of: number; title: string; status: Status }
export type Steps = Record<
  'accept' | 'closely' | 'leave' | 'stack' | 'undo' | 'back' | 'on' | 'forget',
  () => unknown
> & {
  choose(n: number): unknown
}

/** One thing: its pictures side by side, what becomes of each, and the facts in which they differ. */
export function onePage({ item, chosen }: Choice, place: Place, steps: Steps): HTMLElement[] {
  const { sides, facts, outcomes, kind, why } = item
  const after = chosen === undefined ? undefined : outcomes[chosen]
  const isLink = kind === 'link'
  const rows = facts.map(({ name, values, mark }) =>
    make(
      'tr',
      { class: mark },
      make('th', { scope: 'row' }, name, mark && make('span', { class: 'mark' }, MARKS[mark])),
      ...values.map((value) => make('td', { class: !value && 'lacking' }, value || '—')),
    ),
  )
  const table = make(
    'table',
    {},
    make('caption', { class: 'hidden' }, 'Facts, those that differ first'),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        make('td'),
        ...sides.map((side, n) =>
          make('th', { scope: 'col', class: side.id === chosen && 'chosen' }, label(n, isLink)),
        ),
      ),
    ),
    make('tbody', {}, ...rows),
  )
  table.style.minWidth = `${6 + 7 * sides.length}rem`
  return [
    make(
      'div',
      { class: 'head one' },
      make('h1', { tabindex: -1 }, sides[0]?.name ?? ''),
      make(
        'span',
        { class: 'quiet' },
        `${place.title} · ${number(place.at + 1)} of ${number(place.of)}`,
      ),
      ...why.map((reason) => make('span', { class: 'chip doubt' }, reason)),
      make('span', { class: `chip state ${place.status}` }, stateWords(item, place.status)),
    ),
    make(
      'div',
      { class: `sides n${Math.min(sides.length, 4)}` },
      ...sides.map((side, n) => sideOf(side, n, after?.[n], chosen, item, steps)),
    ),
    make('div', { class: 'table', role: 'region', 'aria-label': 'Facts', tabindex: 0 }, table),
    bar(item, chosen, place.status, steps),
  ]
}

const label = (n: number, isLink: boolean) =>
  isLink ? (n === 0 ? 'Google' : `${n}`) : String(n + 1)

function sideOf(
  side: Side,
  n: number,
  after: Outcome | undefined,
  chosen: string | undefined,
  item: Item,
  { choose, closely }: Steps,
) {
  const isLink = item.kind === 'link'
  const is = after?.is ?? 'other'
  const picture = pictureOf(side, 'preview', { alt: `${label(n, isLink)}: ${side.name}` })
  picture.addEventListener('click', closely)
  const words = isLink && n === 0 ? 'your photo' : chosen === undefined ? 'could be it' : IS[is]
  const { gives } = after ?? {}
  // From the tenth on there is no key.
  const keyFor = label(n, isLink).length > 1 ? '' : label(n, isLink)
  return make(
    'figure',
    { class: `side ${is}` },
    picture,
    make(
      'figcaption',
      {},
      make(
        'div',
        { class: 'role' },
        make('b', {}, label(n, isLink)),
        make('span', {}, words),
        side.canBeChosen &&
          side.id !== chosen &&
          button(isLink ? 'It is this one' : 'Keep this one', keyFor, () => choose(n), {
            class: 'plain',
          }),
      ),
      make(
        'div',
        { class: 'quiet' },
        `${side.name} · ${side.what}`,
        side.page &&
          make(
            'a',
            { href: side.page, target: '_blank', rel: 'noreferrer noopener' },
            side.page.includes('photos.google.com') ? 'open in Google Photos' : 'open in Immich',
          ),
      ),
      gives && make('div', { class: 'gives' }, `gives to the one that stays: ${gives.join(', ')}`),
    ),
  )
}

const MARKS = { differs: 'differs', lacks: 'not in all' }
const IS: Record<Outcome['is'], string> = {
  stays: 'stays',
  trash: 'goes to the trash',
  beside: 'stays beside it',
  untouched: 'stays: external library',
  linked: 'is the photo',
  other: 'is another picture',
}

/** Whether there is anything to accept: of RAW and JPEG beside each other nothing is given up. */
export function canAccept({ kind, outcomes }: Item, chosen: string | undefined) {
  if (chosen === undefined) return false
  return kind === 'link' || (outcomes[chosen] ?? []).some(({ is }) => is === 'trash')
}

function bar(item: Item, chosen: string | undefined, status: Status, steps: Steps) {
  const { kind, decided } = item
  const isLink = kind === 'link'
  const yes = isLink ? 'It is this one' : 'Accept'
  return make(
    'div',
    { class: 'bar', role: 'group', 'aria-label': 'Decide' },
    button(yes, 'y', steps.accept, { class: 'yes', disabled: !canAccept(item, chosen) }),
    button(isLink ? 'None of these: send it' : 'Leave as they are', 'n', steps.leave),
    kind === 'group' && button('Stack', 's', steps.stack),
    button('Closely', 'z', steps.closely, { class: 'plain' }),
    make('span', { class: 'gap' }),
    decided && status !== 'open' && button('Take back', 'x', steps.forget, { class: 'plain' }),
    button('Undo', 'u', steps.undo, { class: 'plain' }),
    button('Back', '←', steps.back, { class: 'plain' }),
    button('Next', '→', steps.on, { class: 'plain' }),
  )
}

function stateWords({ kind, decided }: Item, status: Status) {
  const isLink = kind === 'link'
  const words: Record<Status, string> = {
    open: 'undecided',
    clear: 'needs no word',
    yes: isLink ? 'linked' : 'accepted',
    stack: 'to be stacked',
    left: isLink ? 'to be sent' : 'left as they are',
  }
  return `${words[status]}${!decided && ['yes', 'stack', 'left'].includes(status) ? ' as a class' : ''}`
}
