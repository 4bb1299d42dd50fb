import type { Item, Overview, Standing } from '../items.ts'
import * as asking from './asking.ts'
import { classesPage } from './classes.ts'
import { byId, make, number } from './element.ts'
import { notice, told, trouble } from './notice.ts'
import { canAccept, onePage, type Steps } from './one.ts'
import { picturesAfter, prefetch } from './picture.ts'
import { go, here, needing, nextOf, openOf, queueOf } from './place.ts'
import { zoom } from './zoom.ts'

let known: Overview
let noImmich = ''
/** The thing that is shown, and the side of it that is chosen so far. */
let now: { item: Item; chosen: string | undefined; queue: string[]; name: string } | undefined
let isBusy = false
const main = byId('main')

/** Shows what the address says. */
async function show() {
  const { name, key } = here()
  const queue = queueOf(name, known)
  const at = queue.indexOf(key)
  header()
  if (at < 0) return showClasses()
  const [item] = (await asking.itemsOf([key]).catch(wrong)) ?? []
  // Somebody went on meanwhile.
  if (!item || here().key !== key) return
  const said = item.decided?.winner ?? item.decided?.asset
  now = { item, chosen: said ?? item.proposed, queue, name }
  draw()
  scrollTo(0, 0)
  const next = await asking.itemsOf(queue.slice(at + 1, at + 3)).catch(() => [])
  for (const { sides } of next) void prefetch(sides, 'preview')
}

function showClasses() {
  now = undefined
  document.title = 'photoferry review'
  const acts = {
    decide: (key: string, decided?: object, word = '') =>
      say(() => asking.decide(key, decided), word, stay),
    open: go,
  }
  main.replaceChildren(...classesPage(known, noImmich, acts))
  focusTitle()
}

function draw() {
  if (!now) return
  const { item, queue, name, chosen } = now
  const title = known.classes[Number(name)]?.title ?? 'One by one'
  const status = known.standing[item.key] ?? 'open'
  const place = { at: queue.indexOf(item.key), of: queue.length, title, status }
  document.title = `${item.sides[0]?.name} · photoferry review`
  main.replaceChildren(...onePage({ item, chosen }, place, steps))
  focusTitle()
}

function focusTitle() {
  main.querySelector('h1')?.focus({ preventScroll: true })
}

function header() {
  const all = needing(known).length
  const done = all - openOf(known).length
  const bar = byId('bar') as HTMLProgressElement
  bar.max = all || 1
  bar.value = done
  byId('decided').textContent =
    all === 0 ? 'nothing needs a word' : `${number(done)} of ${number(all)} decided`
}

const isLink = () => now?.item.kind === 'link'
const steps: Steps = {
  accept() {
    if (!now?.chosen) return told('Choose one first, by its number.')
    if (!canAccept(now.item, now.chosen))
      return told(
        `Nothing is given up here: ${now.item.kind === 'group' ? 'stack them, or ' : ''}leave them.`,
      )
    const which = isLink() ? { asset: now.chosen } : { winner: now.chosen }
    return decide({ accept: true, ...which }, isLink() ? 'linked' : 'accepted')
  },
  leave: () => decide({ accept: false }, isLink() ? 'none of these' : 'left'),
  stack() {
    if (!now?.chosen || now.item.kind !== 'group') return
    return decide({ accept: true, stack: true, winner: now.chosen }, 'to be stacked')
  },
  forget() {
    const key = now?.item.key
    return key && say(() => asking.decide(key), 'taken back', show)
  },
  undo: () =>
    say(asking.undo, 'taken back', ({ key }) => {
      if (!key) return told('There is nothing to take back.')
      if (!now || known.standing[key] === undefined) return stay()
      if (key === now.item.key) return show()
      const holds = known.classes.findIndex(({ keys }) => keys.includes(key))
      go(now.queue.includes(key) ? now.name : String(holds), key)
    }),
  back: () => move(-1),
  on: () => move(1),
  closely: () => now && zoom(now.item.sides.filter(({ picture }) => picture)),
  choose(n) {
    const side = now?.item.sides[n]
    if (!now || !side?.canBeChosen) return
    now.chosen = side.id
    draw()
    told(`${isLink() ? n : n + 1} chosen: ${side.name}`)
  },
}

function move(by: number) {
  if (!now) return
  const { queue, item, name } = now
  const key = queue[queue.indexOf(item.key) + by]
  if (key) go(name, key)
  else told(by > 0 ? 'That was the last one.' : 'That is the first one.')
}

async function decide(decided: object, word: string) {
  if (!now) return
  const { item, queue, name } = now
  const on = () => {
    const isOver = name === 'rest' && openOf(known).length === 0
    go(name, isOver ? '' : nextOf(queue, item.key, known))
  }
  await say(() => asking.decide(item.key, decided), `${item.sides[0]?.name}: ${word}`, on)
}

type Answer = Standing & { key?: string }

/** Sends what a person says, and tells what came of it; one thing at a time. */
async function say(send: () => Promise<Answer>, word: string, then: (answer: Answer) => unknown) {
  if (isBusy) return
  isBusy = true
  told('')
  try {
    const answer = await send()
    const { standing, said, next } = answer
    known = { ...known, said, next, standing: { ...known.standing, ...standing } }
    asking.forget()
    notice()
    told(word)
    await then(answer)
  } catch (error) {
    wrong(error, () => say(send, word, then))
  } finally {
    isBusy = false
  }
}

/** Draws the classes anew, and stays where they were scrolled to. */
async function stay() {
  const { scrollY } = window
  const title = document.activeElement?.closest('.card')?.querySelector('h2')?.id
  await show()
  scrollTo(0, scrollY)
  const card = title && byId(title)?.closest('.card')
  if (card) card.querySelector<HTMLElement>('.acts button')?.focus({ preventScroll: true })
}

function wrong(error: unknown, again?: () => unknown): undefined {
  const look = async () => {
    known = await asking.again()
    asking.forget()
    notice()
    await show()
  }
  trouble(error, { again, look: () => void look().catch(wrong) })
}

function help() {
  ;(byId('keys') as HTMLDialogElement).showModal()
}

async function finish() {
  await asking.done()
  const typed = known.next.map((one) => make('code', {}, one))
  main.replaceChildren(
    make('h1', { tabindex: -1 }, 'Kept'),
    make('p', { class: 'lead' }, 'The page has ended, and can be closed. Type next:'),
    make('aside', { class: 'next' }, ...typed),
  )
  for (const one of document.querySelectorAll<HTMLButtonElement>('header button'))
    one.disabled = true
  removeEventListener('keydown', press)
  removeEventListener('hashchange', show)
  focusTitle()
}

const KEYS: Record<string, () => unknown> = {
  y: steps.accept,
  Enter: steps.accept,
  n: steps.leave,
  s: steps.stack,
  u: steps.undo,
  x: steps.forget,
  ArrowLeft: steps.back,
  ArrowRight: steps.on,
  z: steps.closely,
  o: () => go(),
  '?': help,
}

function press(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
  if (document.querySelector('dialog[open]')) return
  const target = event.target as HTMLElement
  // A focused button or link is what Enter presses.
  if (event.key === 'Enter' && target.closest('button, a')) return
  const digit = /^[1-9]$/.exec(event.key)
  const act = digit ? () => steps.choose(Number(digit[0]) - (isLink() ? 0 : 1)) : KEYS[event.key]
  if (!act || (!now && !['u', '?'].includes(event.key))) return
  event.preventDefault()
  // The next one is on its way: a quick key is not meant for the one before.
  if (!now || here().key === now.item.key) void act()
}

try {
  known = await asking.overview()
  const immich = asking.immich()
  picturesAfter(immich.catch((error) => (error as Error).message))
  immich.then((none) => {
    noImmich = none
    if (none && !now) showClasses()
  }, wrong)
  addEventListener('hashchange', show)
  addEventListener('keydown', press)
  byId('help').addEventListener('click', help)
  byId('close').addEventListener('click', () => (byId('keys') as HTMLDialogElement).close())
  byId('skip').addEventListener('click', () => main.focus())
  byId('done').addEventListener('click', () => void finish().catch(wrong))
  await show()
} catch (error) {
  wrong(error)
}
