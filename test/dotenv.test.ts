import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { writeSettings } from '../lib/dotenv.ts'

const file = (text?: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'photoferry-')), '.env')
  if (text !== undefined) writeFileSync(path, text, { mode: 0o644 })
  return path
}

test('a new file is for its owner alone', () => {
  const path = file()
  expect(writeSettings(path, { A: 'x', B: 'two words # no comment' })).toBe(true)
  expect(parseEnv(readFileSync(path, 'utf8'))).toEqual({ A: 'x', B: 'two words # no comment' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('other lines, comments and the order stay; the same again changes nothing', () => {
  const path = file('# mine\nexport A=old\nOTHER=1\nA = older\n')
  expect(writeSettings(path, { A: 'new' })).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe('# mine\nA=new\nOTHER=1\nA=new\n')
  expect(writeSettings(path, { A: 'new' })).toBe(false)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test.each(['a"b', "a'b", 'a\nb', 'a\\b'])(
  'a value that such a file cannot hold is refused: %j',
  (value) => {
    const path = file('A=1\n')
    expect(() => writeSettings(path, { A: value })).toThrow('Cannot write')
    expect(readFileSync(path, 'utf8')).toBe('A=1\n')
  },
)
