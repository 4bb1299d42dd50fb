import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type Package = { version: string; license?: string; dev?: true; integrity?: string }
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Package>
}
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

test('each package of the lockfile has its integrity', () => {
  expect(packages.length).toBeGreaterThan(100)
  expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
})

test('what is run has licences that an MIT project may depend on', () => {
  const free = /^(MIT|ISC|0BSD|BSD(-[23]-Clause)?|Apache-2\.0|Unlicense|CC0-1\.0|MPL-2\.0)$/
  const run = packages.filter(([, { dev }]) => !dev)
  const others = run.filter(
    ([, { license = 'none' }]) =>
      !license
        .replace(/[()]/g, '')
        .split(/ (?:OR|AND) /)
        .every((one) => free.test(one)),
  )
  // The optional decoder of pictures comes as a library of its own (LGPL): used as it is, and to be replaced by anyone.
  expect(others.filter(([path]) => !path.includes('node_modules/@img/sharp-'))).toEqual([])
  for (const [path, { license }] of others)
    expect([path, license]).toEqual([path, expect.stringMatching(/LGPL-3\.0-or-later/)])
})
