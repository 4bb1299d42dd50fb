import type { Overview } from '../items.ts'

// The address says what is looked at: nothing for the classes, `#rest/KEY` or `#2/KEY` for one thing of a queue.

/** What the address says now. */
export function here() {
  const [, name = '', key = ''] = /^#([^/]*)\/(.*)$/.exec(location.hash) ?? []
  return { name, key: decodeURIComponent(key) }
}

/** Goes to one thing of a queue; without any, back to the classes. */
export function go(name = '', key = '') {
  location.hash = key ? `${name}/${encodeURIComponent(key)}` : ''
}

/** The keys that are gone through: those of a class, or all that need a word. */
export function queueOf(name: string, known: Overview): string[] {
  if (name === 'rest') return needing(known)
  return name === '' ? [] : (known.classes[Number(name)]?.keys ?? [])
}

export const needing = ({ classes }: Overview) =>
  classes.filter(({ why }) => why.length > 0).flatMap(({ keys }) => keys)

/** Keys of what waits for a word, in the order of the classes. */
export const openOf = ({ classes, standing }: Overview) =>
  classes.flatMap(({ keys }) => keys.filter((key) => standing[key] === 'open'))

/** The next that waits for a word, from `key` on and round; where none does, the one after it. */
export function nextOf(queue: string[], key: string, { standing }: Overview) {
  const at = queue.indexOf(key)
  const rest = [...queue.slice(at + 1), ...queue.slice(0, at)]
  return rest.find((one) => standing[one] === 'open') ?? queue[at + 1]
}
