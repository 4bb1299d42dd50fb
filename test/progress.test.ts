import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { count, duration, number, size } from '../lib/progress.ts'
import { hasTerminal, onTerminal, screenOf } from './sandbox/terminal.ts'

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 KB'],
  [99_949, '99.9 KB'],
  [99_951, '100 KB'],
  [999_400, '999 KB'],
  [999_950, '1.0 MB'],
  [12_345_678, '12.3 MB'],
  [2e11, '200 GB'],
  [3e15, '3000 TB'],
])('size(%i) is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text)
})

test.each([
  [0.4, '0 s'],
  [89, '89 s'],
  [90, '2 min'],
  [5340, '89 min'],
  [7500, '2 h 5 min'],
])('duration(%d) is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('counts are written with thousands and the right noun', () => {
  expect(number(1234567)).toBe('1,234,567')
  expect([count(1, 'photo'), count(2345, 'photo'), count(0, 'entry', 'entries')]).toEqual([
    '1 photo',
    '2,345 photos',
    '0 entries',
  ])
})

const slow = join(import.meta.dirname, 'sandbox/slow-stage.ts')
const ESCAPE = '\x1b'
const colours = new RegExp(`${ESCAPE}\\[[\\d;]*m`)
const drawing = new RegExp(`${ESCAPE}\\[\\?2026h([\\s\\S]*)$`)
const LEFT = [
  'slow-stage: a warning',
  'Warning: of somebody else',
  'data',
  'slow-stage: 24 photos = 24 sent',
]

describe.skipIf(!hasTerminal)('on a terminal', () => {
  test.each([20, 50, 80, 200])(
    'of %i columns nothing wraps, warnings stay above, and nothing of it is left',
    async (columns) => {
      const { shown } = await onTerminal([slow], { cwd: tmpdir(), columns }, () => {})
      const pieces = shown.split('\x1b[?2026l')
      const own = pieces.flatMap((piece) => drawing.exec(piece)?.[1] ?? [])
      expect(own.length).toBeGreaterThan(5)
      for (const drawn of own) expect([drawn, screenOf(drawn, columns).wrapped]).toEqual([drawn, 0])
      const { lines } = screenOf(shown, columns)
      for (const told of LEFT) expect(lines.join('')).toContain(told)
      expect(lines.join('\n')).not.toMatch(/of 24 photos|MB|█/)
      if (columns < 50) return expect(shown).toContain('…')
      expect(shown).toMatch(/of 24 photos, \d+ s left/)
      expect(shown).toMatch(/[\d.]+ MB of 24.0 MB, [\d.]+ MB\/s/)
      expect(/█/.test(shown)).toBe(columns >= 80)
    },
  )

  test('NO_COLOR has no colours, --quiet nothing', async () => {
    const run = async (env: Record<string, string>, ...args: string[]) =>
      (await onTerminal([slow, ...args], { cwd: tmpdir(), env }, () => {})).shown
    expect(await run({})).toMatch(colours)
    expect(await run({ NO_COLOR: '1' })).not.toMatch(colours)
    expect(await run({}, '-q')).not.toMatch(/of 24 photos/)
  })
})

test('in a log there are plain lines, whole', () => {
  const { stderr, stdout } = spawnSync(process.execPath, [slow], { encoding: 'utf8' })
  expect(stdout).toBe('data\n')
  expect(stderr).not.toContain('\x1b')
  expect(stderr.trimEnd().split('\n').at(-1)).toBe('slow-stage: 24 photos = 24 sent')
})
