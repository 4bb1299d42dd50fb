import type { Class, Item, Overview } from '../items.ts'
import { itemsOf } from './asking.ts'
import { button, count, make, number } from './element.ts'
import { pictureOf } from './picture.ts'
import { openOf } from './place.ts'

const DOZEN = 12

export type Acts = {
  decide(key: string, decided?: { accept: boolean; stack?: boolean }, said?: string): unknown
  open(queue: string, key: string): unknown
}

/** First page: what there is to decide, class by class, with samples; `acts` does what the buttons say. */
export function classesPage(known: Overview, noImmich: string, acts: Acts): HTMLElement[] {
  const { classes, next } = known
  const open = openOf(known)
  const isAll = open.length === 0
  const asClasses = classes.some(({ key }) => key)
  const rest = isAll
    ? make('p', { class: 'lead' }, 'All is decided. Whatever you said can still be changed here.')
    : make(
        'p',
        { class: 'lead' },
        `${count(open.length, 'thing waits', 'things wait')} for your word. ${asClasses ? 'Accept or leave a class as a whole, then ' : ''}`,
        button(
          `${asClasses ? 'go through the rest' : 'Go through them'} one by one`,
          '',
          () => acts.open('rest', open[0] as string),
          {
            class: 'plain',
          },
        ),
        '.',
      )
  const without =
    noImmich && make('p', { class: 'note' }, make('b', {}, 'Facts only, no pictures. '), noImmich)
  const commands = make(
    'aside',
    { class: 'next' },
    make('h2', {}, isAll ? 'Type next' : 'When you are done, type'),
    ...next.map((one) => make('code', {}, one)),
  )
  const cards = classes.map((one, n) => card(one, n, known, acts))
  return [
    make('h1', { tabindex: -1 }, 'What you decide'),
    rest,
    ...(without ? [without] : []),
    ...cards,
    commands,
  ]
}

function card(one: Class, n: number, { standing, said }: Overview, acts: Acts) {
  const { key = '', title, why, does, stacks, keys } = one
  const decided = said[key]
  const id = `class-${n}`
  const many = (is: string) => keys.filter((key) => standing[key] === is).length
  const counts = [
    [many('yes'), 'accepted'],
    [many('stack'), 'to be stacked'],
    [many('left'), 'left'],
    [many('open'), 'open'],
  ] as const
  const stands = counts
    .filter(([many]) => many > 0)
    .map(([many, word]) => `${number(many)} ${word}`)
    .join(', ')
  const samples = make('ul', { class: 'samples', 'aria-label': `Samples of ${title}` })
  const deal = dealer(keys)
  const show = () => void dealInto(samples, deal(), (item) => acts.open(String(n), item.key))
  whenSeen(samples, show)
  const about = { 'aria-describedby': id }
  const act = (text: string, word: string, decided?: { accept: boolean; stack?: boolean }) =>
    button(text, '', () => acts.decide(key, decided, word), {
      ...about,
      // What needs a word stands out.
      class: text === 'Accept class' && why.length > 0 && 'yes',
    })
  const asClass = decided
    ? [make('span', { class: 'decided' }, wordFor(decided)), act('Take back', 'taken back')]
    : [
        stacks
          ? act('Stack all of them', 'to be stacked', { accept: true, stack: true })
          : act('Accept class', 'accepted', { accept: true }),
        act('Leave class', 'left as they are', { accept: false }),
      ]
  return make(
    'section',
    { class: 'card', 'aria-labelledby': id },
    make(
      'div',
      { class: 'head' },
      make('h2', { id }, title),
      make('span', { class: 'many' }, number(keys.length)),
      ...(why.length > 0
        ? why.map((reason) => make('span', { class: 'chip doubt' }, reason))
        : [make('span', { class: 'chip' }, 'no conflict')]),
    ),
    make(
      'p',
      {},
      does,
      why.length === 0 && ' Nothing speaks against it: it is done unless you leave it.',
    ),
    samples,
    make(
      'div',
      { class: 'acts' },
      ...(key ? asClass : []),
      button('Look one by one', '', () => acts.open(String(n), keys[0] as string), about),
      keys.length > DOZEN && button('Another dozen', '', show, { class: 'plain' }),
      stands !== '' && make('span', { class: 'quiet' }, stands),
    ),
  )
}

const wordFor = ({ accept, stack }: { accept: boolean; stack?: boolean }) =>
  !accept ? 'Left as a class' : stack ? 'To be stacked as a class' : 'Accepted as a class'

/** A dozen at a time in random order, none twice before all were shown. */
function dealer(keys: string[]) {
  let pack: string[] = []
  return () => {
    if (pack.length === 0) pack = [...keys]
    const hand: string[] = []
    while (hand.length < DOZEN && pack.length > 0) {
      const [one] = pack.splice(Math.floor(Math.random() * pack.length), 1)
      hand.push(one as string)
    }
    return hand
  }
}

async function dealInto(list: HTMLElement, keys: string[], open: (item: Item) => unknown) {
  const items = await itemsOf(keys)
  const rows = items.map((item) => {
    const [first, second] = item.sides
    const pair = [first, second].filter((side) => side !== undefined)
    const more = item.sides.length - 2
    const pixels = item.facts.find(({ name }) => name === 'pixels')
    const told = (n: number) => pixels?.values[n]?.replace(/ \(.*| /g, '') ?? ''
    const name = first?.name ?? ''
    return make(
      'li',
      {},
      make(
        'button',
        { type: 'button', on: { click: () => open(item) }, title: name },
        make(
          'span',
          { class: 'pair' },
          ...pair.map((side, n) =>
            make(
              'span',
              {},
              pictureOf(side, 'thumbnail', { lazy: true, alt: '' }),
              make('span', { class: 'label quiet' }, told(n)),
            ),
          ),
        ),
        make('span', { class: 'label' }, name, more > 0 && ` +${more}`),
      ),
    )
  })
  list.replaceChildren(...rows)
}

function whenSeen(element: HTMLElement, show: () => void) {
  const seen = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return
      seen.disconnect()
      show()
    },
    { rootMargin: '300px' },
  )
  seen.observe(element)
}
