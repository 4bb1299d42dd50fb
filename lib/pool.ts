/**
 * Calls `work` on every item, `workers` of them at a time. When one throws, no more are begun, those under way are
 * waited for, and the first error comes out.
 */
export async function pool<T>(
  items: Iterable<T> | AsyncIterable<T>,
  workers: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  const stop = Promise.withResolvers<{ done: true; value?: undefined }>()
  let failed: { error: unknown } | undefined
  const one = async () => {
    while (!failed) {
      try {
        // A source may wait until what it gave last is read, which after an error nobody does.
        const next = await Promise.race([rest.next(), stop.promise])
        if (next.done) return
        await work(next.value)
      } catch (error) {
        failed ??= { error }
        stop.resolve({ done: true })
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, one))
  if (!failed) return
  Promise.resolve(rest.return?.()).catch(() => {})
  throw failed.error
}

/** Lets work on one key never overlap: the next waits for the last, whatever became of that. */
export function turns() {
  const last = new Map<string, Promise<void>>()
  return async (key: string, work: () => Promise<void>): Promise<void> => {
    const mine = (last.get(key) ?? Promise.resolve()).catch(() => {}).then(work)
    last.set(key, mine)
    try {
      await mine
    } finally {
      if (last.get(key) === mine) last.delete(key)
    }
  }
}
