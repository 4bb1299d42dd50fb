type Child = Node | string | false | null | undefined
type Wish = {
  class?: string | false
  on?: Record<string, (event: Event) => unknown>
  [attribute: string]: unknown
}

/**
 * An element with its attributes, listeners and children. Texts become text nodes, never markup: names come from strangers'
 * files.
 */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { on = {}, ...attributes }: Wish = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener)
  element.append(...children.filter((child): child is Node | string => Boolean(child)))
  return element
}

const ARROWS: Record<string, string> = { '←': 'ArrowLeft', '→': 'ArrowRight' }

/** A button that says its key, too. */
export function button(text: string, key: string, press: () => unknown, more: Wish = {}) {
  const shown = key && make('kbd', { 'aria-hidden': 'true' }, key)
  const keys = key && { 'aria-keyshortcuts': ARROWS[key] ?? key }
  return make('button', { type: 'button', on: { click: press }, ...keys, ...more }, text, shown)
}

export const byId = (id: string) => document.getElementById(id) as HTMLElement
export const number = (value: number) => value.toLocaleString('en-US')
export const count = (value: number, one: string, many = `${one}s`) =>
  `${number(value)} ${value === 1 ? one : many}`
