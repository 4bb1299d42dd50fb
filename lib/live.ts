import { harmless } from './stage.ts'

// Chinese, Japanese and Korean letters, full-width signs, emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u
const NO_WIDTH = /^\p{M}+$|^\p{Cf}+$/u

// Made when it is needed: that alone takes 25 ms.
let segmenter: Intl.Segmenter | undefined
/** A text of any script, letter by letter as people count them. */
function lettersOf(text: string) {
  segmenter ??= new Intl.Segmenter()
  return segmenter.segment(text)
}

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const { segment } of lettersOf(text))
    columns += WIDE.test(segment) ? 2 : NO_WIDTH.test(segment) ? 0 : 1
  return columns
}

/** The text in one line of at most so many columns, its end cut off where it is longer. */
export function oneLine(text: string, columns: number): string {
  const line = harmless(text.replace(/\s/g, ' '))
  if (columnsOf(line) <= columns) return line
  let fitting = ''
  let room = columns - 1
  for (const { segment } of lettersOf(line)) {
    room -= columnsOf(segment)
    if (room < 0) break
    fitting += segment
  }
  return columns > 0 ? `${fitting}…` : ''
}

/**
 * Lines at the bottom of the terminal that are drawn over and over. Whatever else is printed meanwhile, by whomever, goes above
 * them. `end` takes them away.
 */
export function liveLines() {
  const terminals = [process.stderr, process.stdout].filter(({ isTTY }) => isTTY)
  const writes = terminals.map((stream) => stream.write)
  let lines: { (text: string): void; clear(): void } | undefined
  let isShown = false
  let isOver = false
  // Brought when there is something to show: a stage's first second is its own.
  import('log-update').then(
    ({ createLogUpdate }) => {
      if (!isOver) lines = createLogUpdate(process.stderr, { showCursor: true })
    },
    () => {},
  )
  /** Does it with the streams as they are by themselves. */
  function undisturbed(draw: () => void) {
    const watching = terminals.map((stream) => stream.write)
    terminals.forEach((stream, at) => {
      stream.write = writes[at] as typeof stream.write
    })
    draw()
    terminals.forEach((stream, at) => {
      stream.write = watching[at] as typeof stream.write
    })
  }
  const clear = () => {
    if (!isShown) return
    isShown = false
    undisturbed(() => lines?.clear())
  }
  terminals.forEach((stream, at) => {
    const write = writes[at] as (...all: unknown[]) => boolean
    stream.write = (...all: unknown[]) => {
      clear()
      return write.apply(stream, all)
    }
  })
  return {
    show(text: string) {
      if (!lines) return
      undisturbed(() => lines?.(text))
      isShown = true
    },
    end() {
      isOver = true
      clear()
      terminals.forEach((stream, at) => {
        stream.write = writes[at] as typeof stream.write
      })
    },
  }
}
