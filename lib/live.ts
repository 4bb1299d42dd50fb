/** What draws: brought when there is something to show, since a stage's first second is its own. */
async function brought() {
  const [{ createLogUpdate }, { default: widthOf }, { default: slice }] = await Promise.all([
    import('log-update'),
    import('string-width'),
    import('slice-ansi'),
  ])
  const update = createLogUpdate(process.stderr, { showCursor: true })
  const cut = (line: string, columns: number) =>
    widthOf(line) <= columns ? line : `${slice(line, 0, columns - 1)}…`
  // The last column stays free: some terminals wrap when it is written to.
  const show = (lines: string[]) =>
    update(lines.map((line) => cut(line, (process.stderr.columns || 80) - 1)).join('\n'))
  return { show, clear: update.clear }
}

/**
 * Lines at the bottom of the terminal that are drawn over and over, each cut off where it is longer than the terminal is wide.
 * Whatever else is printed meanwhile, by whomever, goes above them. `end` takes them away.
 */
export function liveLines() {
  const terminals = [process.stderr, process.stdout].filter(({ isTTY }) => isTTY)
  const writes = terminals.map((stream) => stream.write)
  let drawing: Awaited<ReturnType<typeof brought>> | undefined
  let isShown = false
  let isOver = false
  brought().then(
    (found) => {
      if (!isOver) drawing = found
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
    undisturbed(() => drawing?.clear())
  }
  terminals.forEach((stream, at) => {
    const write = writes[at] as (...all: unknown[]) => boolean
    stream.write = (...all: unknown[]) => {
      clear()
      return write.apply(stream, all)
    }
  })
  return {
    show(lines: string[]) {
      if (!drawing) return
      undisturbed(() => drawing?.show(lines))
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
