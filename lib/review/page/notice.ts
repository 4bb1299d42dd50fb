import { Refused } from './asking.ts'
import { button, byId, make } from './element.ts'

const TOLD_MS = 5000
let telling: ReturnType<typeof setTimeout> | undefined

/** Says what has just been done, also to a screen reader, for a while. */
export function told(text: string) {
  byId('said').textContent = text
  clearTimeout(telling)
  if (text) telling = setTimeout(() => told(''), TOLD_MS)
}

/** A line under the head of the page until it is taken away, by no children. */
export function notice(...children: Node[]) {
  const box = byId('notice')
  box.hidden = children.length === 0
  box.replaceChildren(...children)
}

/** Shows what went wrong, and the way on: the same `again`, or a `look` at what has changed since. */
export function trouble(
  error: unknown,
  { again, look }: { again?: (() => unknown) | undefined; look?: () => unknown } = {},
) {
  const status = error instanceof Refused ? error.status : undefined
  if (status === undefined) console.error(error)
  const acts =
    status === 409 && look
      ? [button('Look again', '', look)]
      : (status === 423 || status === 0) && again
        ? [button('Try again', '', again)]
        : []
  const close = button('Close', '', () => notice(), { class: 'plain' })
  notice(make('span', {}, (error as Error).message), ...acts, close)
}
