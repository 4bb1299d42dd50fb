import type { Item, Overview, Standing } from '../items.ts'
import * as asking from './asking.ts'
import { classesPage, openOf } from './classes.ts'
import { button, byId, make, number } from './element.ts'
import { onePage, type Steps, shown } from './one.ts'
import { picturesAfter, prefetch } from './picture.ts'
import { zoom } from './zoom.ts'

// The address says what is looked at: nothing for the classes, `#rest/KEY` or `#2/KEY` for one of a queue.
let known: Overview
let noImmich = ''
let now: { item: Item; chosen: string | undefined; queue: string[]; name: string } | undefined
let isBusy = false
const TOLD_MS = 5000
const main = byId('main')

function useImmich(none: string) {
  noImmich = none
  if (none && !now) void show()
}

async function show() {
  const [, name = '', key = ''] = /^#([^/]*)\/(.*)$/.exec(location.hash) ?? []
  const queue = queueOf(name)
  const wanted = decodeURIComponent(key)
  const at = queue.indexOf(wanted)
  header()
  if (at < 0) {
    now = undefined
    document.title = 'photoferry review'
    main.replaceChildren(
      ...classesPage(known, noImmich, {
        decide: (key, decided, said = '') => say(() => asking.decide(key, decided), said, key),
        open: go,
      }),
    )
    return settle()
  }
  const [item] = (await asking.itemsOf([wanted]).catch(trouble)) ?? []
  if (!item) return
  const before = now?.item.key === wanted ? now.chosen : undefined
  const said = item.decided?.winner ?? item.decided?.asset
  now = { item, chosen: before ?? said ?? item.proposed, queue, name }
  draw()
  settle()
  const next = await asking.itemsOf(queue.slice(at + 1, at + 3)).catch(() => [])
  for (const { sides } of next) void prefetch(sides, 'preview')
}

function settle() {
  main.querySelector('h1')?.focus({ preventScroll: true })
  scrollTo(0, 0)
}

function draw() {
  if (!now) return
  const { item, queue, name, chosen } = now
  const ofClass = known.classes[Number(name)]
  const status = known.standing[item.key] ?? 'open'
  const place = {
    at: queue.indexOf(item.key),
    of: queue.length,
    title: ofClass?.title ?? 'One by one',
    status,
  }
  document.title = `${item.sides[0]?.name} · photoferry review`
  main.replaceChildren(...onePage({ item, chosen }, place, steps))
}

/** The keys that are gone through: those of a class, or all that need a word. */
function queueOf(name: string) {
  if (name === 'rest') return needing()
  return name === '' ? [] : (known.classes[Number(name)]?.keys ?? [])
}
const needing = () => known.classes.filter(({ why }) => why.length > 0).flatMap(({ keys }) => keys)

function go(name: string, key: string) {
  location.hash = `${name}/${encodeURIComponent(key)}`
}

function header() {
  const all = needing()
  const open = openOf(known).length
  const bar = byId('bar') as HTMLProgressElement
  bar.max = all.length || 1
  bar.value = all.length - open
  byId('decided').textContent =
    all.length === 0
      ? 'nothing needs a word'
      : `${number(all.length - open)} of ${number(all.length)} decided`
}

const steps: Steps = {
  accept() {
    if (!now || now.chosen === undefined) return told('Choose one first, by its number.')
    const { item, chosen } = now
    const which = item.kind === 'link' ? { asset: chosen } : { winner: chosen }
    const word = item.kind === 'link' ? 'linked' : 'accepted'
    return decide({ accept: true, ...which }, word)
  },
  leave: () => decide({ accept: false }, now?.item.kind === 'link' ? 'none of these' : 'left'),
  stack() {
    if (now?.item.kind !== 'group') return
    return decide({ accept: true, stack: true, winner: now.chosen as string }, 'to be stacked')
  },
  forget: () =>
    now && say(() => asking.decide(now?.item.key as string), 'taken back', now.item.key),
  undo: () => say(asking.undo, 'taken back'),
  back: () => move(-1),
  on: () => move(1),
  choose(n) {
    const side = now?.item.sides[n]
    if (!now || !side?.canBeChosen) return
    now.chosen = side.id
    draw()
    settle()
    told(`${n + (now.item.kind === 'link' ? 0 : 1)} chosen: ${side.name}`)
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
  const isKept = await say(
    () => asking.decide(item.key, decided),
    `${item.sides[0]?.name}: ${word}`,
    item.key,
  )
  if (!isKept) return
  const at = queue.indexOf(item.key)
  const rest = [...queue.slice(at + 1), ...queue.slice(0, at)]
  const next = rest.find((key) => known.standing[key] === 'open') ?? queue[at + 1]
  if (name === 'rest' && openOf(known).length === 0) location.hash = ''
  else if (next) go(name, next)
  else location.hash = ''
}

/** Sends what a person says; what comes of it is shown and told. False where it was not kept. */
async function say(
  send: () => Promise<Standing & { key?: string }>,
  word: string,
  key?: string,
): Promise<boolean> {
  if (isBusy) return false
  isBusy = true
  try {
    const answer = await send()
    const { standing, said, next } = answer
    known = { ...known, said, next, standing: { ...known.standing, ...standing } }
    const changed = key ?? answer.key
    if (changed === undefined) told('There is nothing to take back.')
    else {
      asking.forget(changed)
      told(word)
    }
    notice()
    const isOne = answer.key !== undefined && known.standing[answer.key] !== undefined
    if (isOne && now && answer.key !== now.item.key)
      go(queueHolding(answer.key as string), answer.key as string)
    else if (!now || changed === now.item.key) {
      if (now && word === 'taken back') now.chosen = undefined
      await stayAt(() => show())
    }
    return true
  } catch (error) {
    trouble(error, () => say(send, word, key))
    return false
  } finally {
    isBusy = false
  }
}

const queueHolding = (key: string) =>
  now?.queue.includes(key)
    ? now.name
    : String(known.classes.findIndex(({ keys }) => keys.includes(key)))

/** The page of classes stays where it was scrolled to. */
async function stayAt(redraw: () => Promise<unknown>) {
  const { scrollY } = window
  const focused = document.activeElement?.closest('.card')?.querySelector('h2')?.id
  await redraw()
  if (now) return
  scrollTo(0, scrollY)
  if (focused)
    byId(focused)
      ?.closest('.card')
      ?.querySelector<HTMLElement>('.acts button')
      ?.focus({ preventScroll: true })
}

let telling: ReturnType<typeof setTimeout> | undefined
function told(text: string) {
  byId('said').textContent = text
  clearTimeout(telling)
  telling = setTimeout(() => told(''), TOLD_MS)
}

function notice(...children: (Node | string)[]) {
  const box = byId('notice')
  box.hidden = children.length === 0
  box.replaceChildren(...children)
}

function trouble(error: unknown, again?: () => unknown): undefined {
  const { message } = error as Error
  const status = error instanceof asking.Refused ? error.status : 0
  if (!(error instanceof asking.Refused)) console.error(error)
  const retry = again && [423, 0].includes(status)
  const reload = async () => {
    known = await asking.again()
    asking.forget()
    notice()
    now = undefined
    await show()
  }
  const act =
    status === 409
      ? button('Look again', '', () => void reload().catch(trouble))
      : retry && button('Try again', '', () => void again())
  notice(
    make('span', {}, message),
    ...(act ? [act] : []),
    button('Close', '', () => notice(), { class: 'plain' }),
  )
}

function help() {
  ;(byId('keys') as HTMLDialogElement).showModal()
}

async function finish() {
  try {
    await asking.done()
    const typed = known.next.map((one) => make('code', {}, one))
    byId('main').replaceChildren(
      make('h1', { tabindex: -1 }, 'Kept'),
      make('p', { class: 'lead' }, 'The page has ended, and can be closed. Type next:'),
      make('aside', { class: 'next' }, ...typed),
    )
    for (const one of document.querySelectorAll<HTMLButtonElement>('header button'))
      one.disabled = true
    removeEventListener('keydown', press)
    settle()
  } catch (error) {
    trouble(error)
  }
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
  z: () => now && zoom(shown(now.item)),
  o: () => {
    location.hash = ''
  },
  '?': help,
}

function press(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
  if (document.querySelector('dialog[open]')) return
  const target = event.target as HTMLElement
  // A focused button or link is what Enter presses.
  if (event.key === 'Enter' && target.closest('button, a')) return
  const digit = /^[1-9]$/.exec(event.key)
  const act = digit
    ? () => steps.choose(Number(digit[0]) - (now?.item.kind === 'link' ? 0 : 1))
    : KEYS[event.key]
  if (!act || (!now && !['u', '?'].includes(event.key))) return
  event.preventDefault()
  void act()
}

try {
  known = await asking.overview()
  const immich = asking.immich()
  picturesAfter(immich.catch((error) => (error as Error).message))
  immich.then(useImmich, trouble)
  addEventListener('hashchange', () => void show())
  addEventListener('keydown', press)
  byId('help').addEventListener('click', help)
  byId('close').addEventListener('click', () => (byId('keys') as HTMLDialogElement).close())
  byId('skip').addEventListener('click', () => main.focus())
  byId('done').addEventListener('click', () => void finish())
  await show()
} catch (error) {
  trouble(error)
}
