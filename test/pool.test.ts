import { expect, test } from 'vitest'
import { pool, turns } from '../lib/pool.ts'

const later = (ms = 1) => new Promise<void>((resolve) => setTimeout(resolve, ms))

test('every item once, and never more than so many at a time', async () => {
  let now = 0
  let most = 0
  const done: number[] = []
  await pool(
    Array.from({ length: 20 }, (_, n) => n),
    3,
    async (n) => {
      most = Math.max(most, ++now)
      await later()
      done.push(n)
      now--
    },
  )
  expect(most).toBe(3)
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n))
})

test('the first error comes out after what was under way; nothing new is begun', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = async (n: number) => {
    begun.push(n)
    await later(n === 1 ? 1 : 10)
    if (n === 1) throw new Error('one')
    ended.push(n)
  }
  await expect(pool([0, 1, 2, 3, 4], 2, work)).rejects.toThrow('one')
  expect(begun).toEqual([0, 1])
  expect(ended).toEqual([0])
})

test('a source that waits for a reader who never comes does not hold the error back', async () => {
  async function* source() {
    yield 1
    await new Promise(() => {})
    yield 2
  }
  const ended = pool(source(), 2, async () => {
    throw new Error('stop')
  })
  const soon = later(500).then(() => 'still waiting')
  await expect(Promise.race([ended.catch((error) => error.message), soon])).resolves.toBe('stop')
})

test('work on one key never overlaps, and goes on after an error', async () => {
  const inTurn = turns()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`${name} begins`)
    await later(3)
    log.push(`${name} ends`)
    if (name === 'a') throw new Error('a')
  }
  const all = await Promise.allSettled([
    inTurn('x', work('a')),
    inTurn('x', work('b')),
    inTurn('y', work('c')),
  ])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(log.indexOf('b begins')).toBeGreaterThan(log.indexOf('a ends'))
  expect(log.indexOf('c begins')).toBeLessThan(log.indexOf('a ends'))
})
