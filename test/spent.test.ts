import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clock } from '../lib/spent.ts'

function ticking() {
  let ms = 0
  const pass = (seconds: number) => {
    ms += seconds * 1000
  }
  return { ...clock(() => ms), pass }
}

test('time goes to what is being done, and to own work where nothing is', () => {
  const { begin, line, pass } = ticking()
  pass(2)
  const end = begin('reading')
  pass(3)
  end()
  pass(1)
  expect(line()).toBe('6.0 s = 3.0 s working + 3.0 s reading')
})

test('what goes on at once shares the time, so that the pieces add up to it', () => {
  const { begin, line, pass } = ticking()
  const waits = [1, 2, 3].map(() => begin('waiting for the server'))
  const send = begin('sending')
  pass(8)
  for (const end of [...waits, send]) end()
  expect(line()).toBe('8.0 s = 6.0 s waiting for the server + 2.0 s sending')
})

test('an end that is called twice ends once', () => {
  const { begin, line, pass } = ticking()
  const end = begin('reading')
  end()
  end()
  const other = begin('sending')
  pass(7)
  other()
  expect(line()).toBe('7.0 s = 7.0 s sending')
})

test('a short run has no line, unless it is asked for', () => {
  const { begin, line, pass } = ticking()
  const end = begin('reading')
  pass(4)
  end()
  expect(line()).toBe(undefined)
  expect(line(0)).toBe('4.0 s = 4.0 s reading')
})

test('the terms of the line are its sum, and that is the time that passed but for the rounding', () => {
  const what = fc.constantFrom(
    'reading' as const,
    'sending' as const,
    'waiting for the server' as const,
    'keeping the state' as const,
  )
  const step = fc.record({
    what,
    seconds: fc.double({ min: 0, max: 20, noNaN: true }),
    ends: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const { begin, line, pass } = ticking()
      const open: (() => void)[] = []
      for (const { what, seconds, ends } of steps) {
        if (ends) open.shift()?.()
        else open.push(begin(what))
        pass(seconds)
      }
      const [total = 0, ...terms] = (line(0)?.match(/\d+\.\d(?= s)/g) ?? []).map((text) =>
        Math.round(Number(text) * 10),
      )
      expect(terms.reduce((sum, term) => sum + term, 0)).toBe(total)
      const passed = steps.reduce((sum, { seconds }) => sum + seconds, 0)
      expect(Math.abs(total - passed * 10)).toBeLessThanOrEqual(3)
    }),
  )
})
