import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { JSONFile } from 'lowdb/node'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Decided, Link } from '../lib/state/records.ts'
import { openState, readCounts } from '../lib/state/state.ts'

const root = mkdtempSync(join(tmpdir(), 'journal-'))
afterAll(() => rmSync(root, { recursive: true }))

let file: string
let journal: string
beforeEach(() => {
  file = join(mkdtempSync(join(root, 'journal-')), 'state.json')
  journal = `${file}.journal`
})

type Op = { collection: 'links' | 'transfers'; id: string; how: string | null }
const link = (how: string): Op => ({ collection: 'links', id: how, how })
const both = ['links', 'transfers'] as const

/** A writer's run that is cut short after these. Gives what the state was after each of them, the first before any. */
async function run(path: string, ops: Op[]) {
  const state = await openState(path, { write: both, stage: 'test' })
  const seen = [JSON.stringify(state.data)]
  for (const { collection, id, how } of ops) {
    if (how === null) state.remove(collection, id)
    else if (collection === 'links') state.put(collection, id, { asset: null, how })
    else state.put(collection, id, { at: how })
    seen.push(JSON.stringify(state.data))
  }
  return { state, seen }
}

async function read(path: string) {
  const { data } = await openState(path, { read: both, stage: 'test' })
  return JSON.stringify(data)
}

const id = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '"', '\\', '1'),
  fc.string(),
)
const op = fc.record({
  collection: fc.constantFrom(...both),
  id,
  how: fc.option(fc.string({ unit: 'binary' }), { freq: 4 }),
})

test('a journal that is cut anywhere opens to what some of the first writes made', async () => {
  const property = async (before: Op[], ops: Op[], at: number) => {
    const path = join(mkdtempSync(join(root, 'journal-')), 'state.json')
    const first = await run(path, before)
    await first.state.save()
    const { state, seen } = await run(path, ops)
    await state.close()
    expect(await read(path)).toBe(seen.at(-1))
    if (!existsSync(`${path}.journal`)) return
    const { length } = readFileSync(`${path}.journal`)

    truncateSync(`${path}.journal`, at % (length + 1))
    const opened = await read(path)
    expect(seen).toContain(opened)
    const counts = await readCounts(path)
    const data = JSON.parse(opened) as Record<string, object>
    for (const name of both) {
      expect(counts[name] ?? 0, name).toBe(Object.keys(data[name] ?? {}).length)
    }

    // The next writer makes a document of it that any tool reads.
    const next = await openState(path, { write: ['checks'], stage: 'test' })
    await next.save()
    expect(existsSync(`${path}.journal`)).toBe(false)
    expect(await read(path)).toBe(opened)
    const stock = await new JSONFile<Record<string, object>>(path).read()
    for (const name of both) expect(stock?.[name] ?? {}).toEqual(data[name])
    expect(stock?.counts ?? {}).toEqual(await readCounts(path))
  }
  const ops = fc.array(op, { maxLength: 12 })
  await fc.assert(fc.asyncProperty(ops, ops, fc.nat(), property), { numRuns: 40 })
})

test('every cut of one journal loses the change that it goes through, and no other', async () => {
  const ops = ['ä', 'b', 'ä'].map((key, n): Op => ({ collection: 'links', id: key, how: `${n}` }))
  const { state, seen } = await run(file, ops)
  await state.close()
  const bytes = readFileSync(journal)
  for (let cut = 0; cut <= bytes.length; cut++) {
    writeFileSync(journal, bytes.subarray(0, cut))
    const whole = bytes.subarray(0, cut).filter((byte) => byte === 10).length
    expect(await read(file), `cut at ${cut}`).toBe(seen[Math.max(0, whole - 1)])
  }
})

test('garbage at the end of a journal is a torn end, in the middle it is shown', async () => {
  const { state, seen } = await run(file, [{ collection: 'links', id: 'a', how: 'b' }])
  await state.close()
  const good = readFileSync(journal)
  writeFileSync(journal, Buffer.concat([good, Buffer.alloc(4096), Buffer.from('\n\n["links",2\n')]))
  expect(await read(file)).toBe(seen.at(-1))
  writeFileSync(
    journal,
    Buffer.concat([good, Buffer.from('["links",2,"x",{]\n'), good.subarray(good.indexOf(10) + 1)]),
  )
  await expect(read(file)).rejects.toThrow(
    /line 3 of .*state\.json\.journal is broken: mend or delete that line/,
  )
})

test('a journal whose first line is something else is not thrown away', async () => {
  const { state } = await run(file, [link('a')])
  await state.close()
  const mangled = readFileSync(journal, 'utf8').replace('{"journal"', '{journal')
  writeFileSync(journal, mangled)
  await expect(openState(file, { write: both, stage: 'test' })).rejects.toThrow(
    /line 1 of .* is broken: mend it/,
  )
  expect(readFileSync(journal, 'utf8')).toBe(mangled)
})

test('a journal stays with its document through a copy of the folder, which changes the times', async () => {
  await (await run(file, [link('one')])).state.save()
  const { state, seen } = await run(file, [link('two')])
  await state.close()
  const copy = mkdtempSync(join(root, 'journal-'))
  cpSync(join(file, '..'), copy, { recursive: true })
  expect(await read(join(copy, 'state.json'))).toBe(seen.at(-1))
})

test('a journal that was folded and not removed changes nothing', async () => {
  await (await run(file, [link('one'), link('three')])).state.save()
  const ops: Op[] = [link('two'), { collection: 'links', id: 'three', how: null }]
  const { state, seen } = await run(file, ops)
  await state.flush()
  copyFileSync(journal, `${file}.kept`)
  await state.save()
  copyFileSync(`${file}.kept`, journal)
  expect(await read(file)).toBe(seen.at(-1))
  expect(await readCounts(file)).toEqual({ links: 2 })
  await (await openState(file, { write: ['checks'], stage: 'test' })).save()
  expect(existsSync(journal)).toBe(false)
  expect(await read(file)).toBe(seen.at(-1))
})

test('a journal of another document stops, and both ways out work', async () => {
  await (await run(file, [link('one')])).state.save()
  const { state, seen } = await run(file, [link('two')])
  await state.close()
  const before = readFileSync(file, 'utf8')
  const edited = before.replace('"how":"one"', '"how":"ONE"')
  writeFileSync(file, edited)
  const message =
    /state\.json\.journal holds changes to .* is another file now: .*delete .*journal; .*undo the edit/
  await expect(read(file)).rejects.toThrow(message)
  await expect(openState(file, { write: both, stage: 'test' })).rejects.toThrow(message)
  await expect(readCounts(file)).rejects.toThrow(message)
  expect(readFileSync(file, 'utf8')).toBe(edited)

  writeFileSync(file, before)
  expect(await read(file)).toBe(seen.at(-1))

  writeFileSync(file, edited)
  const kept = readFileSync(journal)
  writeFileSync(journal, '')
  const { links } = (await openState(file, { read: ['links'], stage: 'test' })).data
  expect(links).toEqual({ one: { asset: null, how: 'ONE' } satisfies Link })
  writeFileSync(journal, kept)
})

test('a journal whose document is gone stops', async () => {
  await (await run(file, [link('one')])).state.save()
  await (await run(file, [link('two')])).state.close()
  rmSync(file)
  await expect(read(file)).rejects.toThrow(/holds changes to a .*state\.json that is gone now/)
})

const yes = (at: string): Decided => ({ accept: true, at })
/** One record, as the page of `review` keeps it. */
async function put(id: string, { goOn = true } = {}) {
  const state = await openState(file, {
    read: ['links'],
    write: ['decisions'],
    stage: 'test',
    goOn,
  })
  state.put('decisions', id, yes(id))
  await state.close()
  return Object.keys(state.data.decisions).join()
}

test('one record at a time goes on in the journal, and the document is not made anew', async () => {
  const { state } = await run(file, [link('a')])
  await state.save()
  const before = readFileSync(file)
  expect(await put('1')).toBe('1')
  expect(await put('2')).toBe('1,2')
  const whole = readFileSync(journal)
  expect(await put('3')).toBe('1,2,3')
  expect(readFileSync(journal).subarray(0, whole.length)).toEqual(whole)
  expect(readFileSync(file)).toEqual(before)
  expect(existsSync(`${file}.lock`)).toBe(false)
  expect(await readCounts(file)).toMatchObject({ links: 1, decisions: 3 })
  // A torn end is cut off first.
  writeFileSync(
    journal,
    Buffer.concat([readFileSync(journal), Buffer.from('["decisions",4,"4",{"acc')]),
  )
  expect(await put('5')).toBe('1,2,3,5')
  expect(readFileSync(journal, 'utf8')).not.toContain('"4"')
  // Whoever writes next, writes the document.
  expect(await put('6', { goOn: false })).toBe('1,2,3,5,6')
  expect(readFileSync(file)).not.toEqual(before)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    links: { a: { how: 'a' } },
    decisions: { 5: yes('5') },
  })
})

test('a journal that holds more than that is folded first, and nothing of it is lost', async () => {
  const first = await run(file, [link('a')])
  await first.state.save()
  const { state } = await run(file, [link('b'), { collection: 'transfers', id: 't', how: 'x' }])
  await state.close()
  expect(await put('1')).toBe('1')
  const folded = JSON.parse(readFileSync(file, 'utf8'))
  expect(folded).toMatchObject({ links: { b: { how: 'b' } }, transfers: { t: { at: 'x' } } })
  expect(await put('2')).toBe('1,2')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(folded)
  // One that is in the document already, as a kill between rename and removal leaves it, is not gone on with.
  const stale = readFileSync(journal)
  const { state: later } = await run(file, [])
  await later.close()
  writeFileSync(journal, stale)
  expect(await put('3')).toBe('1,2,3')
  expect(readFileSync(journal, 'utf8')).not.toContain('"2"')
  const { data } = await openState(file, { read: ['decisions', 'links', 'transfers'] })
  expect([Object.keys(data.decisions), Object.keys(data.links)]).toEqual([
    ['1', '2', '3'],
    ['a', 'b'],
  ])
})
