import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { State } from '../lib/state/records.ts'
import { everyArrival, everyTakeout } from './sandbox/every-takeout.ts'
import { sha1Of, treeOf } from './sandbox/library.ts'
import { start } from './sandbox/run.ts'

// The exports with every kind of case that also go to Immich (every.test.ts): the same files, by the same rules.
let dir: string
let state: State
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'photoferry-'))
  const takeout = await everyTakeout(join(dir, 'takeout'))
  await rename(takeout.missing, join(dir, 'part-2'))
  const run = (stage: string, ...args: string[]) =>
    start(stage, [...args, '--state', join(dir, 'state.json')], { cwd: dir }).done
  await run('index-gphotos', ...takeout.paths.filter((path) => path !== takeout.missing))
  const mirrored = await run('mirror', '--include-trashed', '--include-locked', '--no-more-parts')
  if (mirrored.code !== 0) throw new Error(mirrored.err)
  state = JSON.parse(await readFile(join(dir, 'state.json'), 'utf8'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('what goes to Immich lies in the folders, each once, and nothing else', async () => {
  const media = treeOf(join(dir, 'data/library')).filter((path) => !/^albums\/|\.xmp$/.test(path))
  const found = await Promise.all(
    media.map(async (path) => sha1Of(await readFile(join(dir, 'data/library', path)))),
  )
  expect(new Set(found).size).toBe(found.length)
  // Of this one Immich takes the film inside its still, and throws away the one beside it.
  const isInside = (name: string) => name.endsWith('PXL_21.MP.mp4')
  const wanted = everyArrival().flatMap(({ name, sha1 }) => (isInside(name) ? [] : [sha1]))
  const beside = media.findIndex(isInside)
  expect(beside).toBeGreaterThan(0)
  found.splice(beside, 1)
  expect(found.toSorted()).toEqual([...new Set(wanted)].toSorted())
})

test('both halves of a live photo have one stem, and an edited copy that of its original', () => {
  for (const { files = [], main } of Object.values(state.mirrored)) {
    const [first, ...rest] = files
    if (!first || rest.length === 0) continue
    expect(first.key).toBe(main)
    const stem = first.path.replace(/\.[^./]*$/, '')
    for (const { path, role } of rest)
      expect(path.replace(/\.[^./]*$/, '')).toBe(`${stem}${role === 'edited' ? '-edited' : ''}`)
  }
})

test('every member of every album that is in the library is in its folder', () => {
  const links = treeOf(join(dir, 'data/library')).filter((line) => line.includes(' -> '))
  for (const [id, { photos, leftOut }] of Object.entries(state.albums)) {
    const { album, added = {} } = state.mirrored[id] ?? {}
    if (leftOut || !album) continue
    for (const photo of photos)
      for (const { path } of state.mirrored[photo]?.files ?? []) {
        const [name] = Object.entries(added[photo] ?? {}).find(([, to]) => to === path) ?? []
        expect(links).toContain(`${album}/${name} -> ../../${path}`)
      }
  }
})
