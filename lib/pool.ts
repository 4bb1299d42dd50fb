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
  let failed: { error: unknown } | undefined
  const one = async () => {
    while (!failed) {
      try {
        const next = await rest.next()
        if (next.done) return
        await work(next.value)
      } catch (error) {
        failed ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, one))
  await rest.return?.()
  if (failed) throw failed.error
}
