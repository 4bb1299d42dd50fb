import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JSONFile } from 'lowdb/node'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Collection } from '../lib/state/records.ts'
import { openState, readCounts } from '../lib/state/state.ts'

const root = mkdtempSync(join(tmpdir(), 'state-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder: string
let file: string
beforeEach(() => {
  folder = join(mkdtempSync(join(root, 'state-')), 'data')
  file = join(folder, 'state.json')
})

const link = (how: string) => ({ asset: null, how })
const read = async <C extends Collection>(...names: C[]) =>
  (await openState(file, { read: names, stage: 'test' })).data
const text = () => readFileSync(file, 'utf8')
const listing = () => readdirSync(folder).sort()

/** A document of two collections and an unknown one. */
async function fill() {
  const state = await openState(file, { write: ['links', 'transfers', 'runs'], stage: 'test' })
  for (const id of ['a', 'b', 'c', '__proto__', 'with "quotes" and \\', 'zwölf\n']) {
    state.put('links', id, link(`how ${id}`))
  }
  state.put('transfers', 'a', { at: '2026' })
  state.put('runs', 'r', { stage: 'x', at: '2026' })
  await state.save()
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text()), mine: { x: [1] }, empty: {} }))
  await (await openState(file, { write: ['links'], stage: 'test' })).save()
  return JSON.parse(text())
}

/** A stage that is run as a process of its own; `body` has `state`, open for links and transfers. */
function stage(body: string) {
  const script = join(mkdtempSync(join(root, 'stage-')), 'stage.ts')
  const lib = join(import.meta.dirname, '../lib/state/state.ts')
  writeFileSync(
    script,
    `import { openState } from ${JSON.stringify(lib)}
    const open = () => openState(${JSON.stringify(file)}, { write: ['links', 'transfers'], stage: 'child' })
    const state = await open()
    ${body}`,
  )
  return script
}
async function start(body: string, said: string) {
  const child = spawn(process.execPath, [stage(body)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  if (said) await once(child.stdout, 'data')
  return { child, exit }
}

test('an empty state is no file, and stays none while nothing is put', async () => {
  expect(await read('links')).toEqual({ links: {} })
  expect(await readCounts(file)).toEqual({})
  expect(existsSync(folder)).toBe(false)
  await (await openState(file, { write: ['links'], stage: 'test' })).save()
  expect(listing()).toEqual([])
})

test('the document is one record a line, with the counts on top, and stock lowdb reads it', async () => {
  const state = await openState(file, { write: ['links', 'transfers'], stage: 'test' })
  state.put('links', 'a', link('x'))
  state.put('links', 'b', link('y'))
  state.put('transfers', 'a', { at: 'z' })
  state.remove('transfers', 'a')
  await state.save()
  const [first, head, ...lines] = text().split('\n')
  expect(first).toBe('{"version":1,')
  expect(head).toMatch(/^"saved":\{.*\},"counts":\{"links":2,"transfers":0\}, *$/)
  expect(lines).toEqual([
    '"links":{',
    '"a":{"asset":null,"how":"x"},',
    '"b":{"asset":null,"how":"y"}',
    '},',
    '"transfers":{',
    '}',
    '}',
    '',
  ])
  expect(await new JSONFile(file).read()).toMatchObject({ links: { a: link('x'), b: link('y') } })
})

test('ids that mean something to JavaScript are ids like others', async () => {
  await fill()
  const { links } = await read('links')
  expect(Object.keys(links)).toEqual([
    'a',
    'b',
    'c',
    '__proto__',
    'with "quotes" and \\',
    'zwölf\n',
  ])
  expect(new Map(Object.entries(links)).get('__proto__')).toEqual(link('how __proto__'))
  expect(links.toString).toBeUndefined()
  expect(({} as { how?: string }).how).toBeUndefined()
})

test('collections that a stage does not name are carried over byte for byte', async () => {
  await fill()
  const section = (name: string) => text().split(`"${name}":{\n`)[1]?.split('\n}')[0]
  const before = ['transfers', 'runs', 'mine', 'empty'].map(section)
  const state = await openState(file, { read: ['runs'], write: ['links'], stage: 'test' })
  expect(Object.keys(state.data)).toEqual(['runs', 'links'])
  state.put('links', 'new', link('new'))
  await state.save()
  expect(['transfers', 'runs', 'mine', 'empty'].map(section)).toEqual(before)
  expect(JSON.parse(text()).links.new).toEqual(link('new'))
  expect(await readCounts(file)).toEqual({ links: 7, transfers: 1, runs: 1, mine: 1, empty: 0 })
})

test('records longer than what is read at a time come back whole', async () => {
  const long = 'ü€😀'.repeat(1_000_000)
  const state = await openState(file, { write: ['links'], stage: 'test' })
  state.put('links', 'a', link('short'))
  state.put('links', 'long', link(long))
  state.put('links', 'b', link('short'))
  await state.save()
  const { links } = await read('links')
  expect(links.long?.how === long).toBe(true)
  expect(Object.keys(links)).toEqual(['a', 'long', 'b'])
})

test('everything is readable by its owner alone', async () => {
  const modes = () =>
    listing().map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8))
  await fill()
  const state = await openState(file, { write: ['links'], stage: 'test' })
  state.put('links', 'x', link('x'))
  await state.flush()
  expect(listing()).toEqual([
    'state.json',
    'state.json.bak',
    'state.json.journal',
    'state.json.lock',
  ])
  expect(modes()).toEqual(['600', '600', '600', '600'])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  await state.save()
  expect(listing()).toEqual(['state.json', 'state.json.bak'])
  expect(modes()).toEqual(['600', '600'])
})

test('a run that puts nothing leaves the file as it is', async () => {
  await fill()
  const before = statSync(file, { bigint: true })
  const state = await openState(file, { write: ['links'], stage: 'test' })
  state.remove('links', 'not there')
  await state.save()
  const { ino, mtimeNs } = statSync(file, { bigint: true })
  expect({ ino, mtimeNs }).toEqual({ ino: before.ino, mtimeNs: before.mtimeNs })
  expect(listing()).toEqual(['state.json', 'state.json.bak'])
})

test('a dry run and a reader change no file, also where a journal was left', async () => {
  await fill()
  const left = await openState(file, { write: ['links'], stage: 'test' })
  left.put('links', 'left', link('left'))
  await left.close()
  const before = listing().map((name) => [name, readFileSync(join(folder, name), 'utf8')])
  const dry = await openState(file, { write: ['links'], stage: 'test', dryRun: true })
  dry.put('links', 'dry', link('dry'))
  dry.remove('links', 'a')
  await dry.flush()
  expect(dry.data.links.dry).toEqual(link('dry'))
  expect(dry.data.links.left).toEqual(link('left'))
  await dry.save()
  expect((await read('links')).links.left).toEqual(link('left'))
  expect((await readCounts(file)).links).toBe(7)
  expect(listing().map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual(before)
})

test('a state that is a symbolic link stays one', async () => {
  await fill()
  const path = join(folder, 'link.json')
  symlinkSync(file, path)
  const state = await openState(path, { write: ['links'], stage: 'test' })
  state.put('links', 'new', link('new'))
  await state.flush()
  expect((await readCounts(path)).links).toBe(7)
  await state.save()
  expect(lstatSync(path).isSymbolicLink()).toBe(true)
  expect((await read('links')).links.new).toEqual(link('new'))
})

test('a collection is replaced as a whole, and tells how many records changed', async () => {
  const before = await fill()
  const state = await openState(file, { write: ['links', 'transfers'], stage: 'test' })
  const { a, b } = before.links
  expect(state.replace('links', { a, b: link('other'), new: link('new') })).toBe(6)
  expect(state.replace('links', { a, b: link('other'), new: link('new') })).toBe(0)
  state.put('links', 'late', link('late'))
  await state.save()
  const after = JSON.parse(text())
  expect(after.links).toEqual({ a, b: link('other'), new: link('new'), late: link('late') })
  expect(after.counts).toMatchObject({ links: 4, transfers: 1 })
  expect([after.transfers, after.mine]).toEqual([before.transfers, before.mine])
  expect(b).not.toEqual(after.links.b)
})

test('a collection that is replaced by the same leaves the file as it is', async () => {
  const { links } = await fill()
  const [before, { ino }] = [text(), statSync(file)]
  const state = await openState(file, { write: ['links'], stage: 'test' })
  expect(state.replace('links', links)).toBe(0)
  await state.save()
  expect([text(), statSync(file).ino]).toEqual([before, ino])
})

test('what was replaced is on disk wholly or not at all, with what was put after it', async () => {
  await fill()
  const before = text()
  const put = `state.replace('links', { x: { asset: null, how: 'x' } })
    state.put('transfers', 'done', { at: '2027' })`
  const kill = "process.kill(process.pid, 'SIGKILL')"
  await (await start(`${put}; ${kill}`, '')).exit
  expect(text()).toBe(before)
  expect((await read('transfers')).transfers).not.toHaveProperty('done')
  await (await start(`${put}; await state.flush(); ${kill}`, '')).exit
  const { links, transfers } = await read('links', 'transfers')
  expect([Object.keys(links), transfers.done]).toEqual([['x'], { at: '2027' }])
})

test('a put to a collection that is not open for writing is refused', async () => {
  const state = await openState(file, { read: ['photos'], write: ['links'], stage: 'test' })
  // @ts-expect-error the types say so too
  expect(() => state.put('photos', 'a', {})).toThrow('not open for writing')
  // @ts-expect-error
  expect(state.data.albums).toBeUndefined()
  await state.save()
  expect(() => state.put('links', 'a', link('late'))).toThrow('not open for writing')
})

type Edit = (lines: string[], whole: Record<string, Record<string, unknown>>) => string
const edits: [string, Edit][] = [
  ['indented', (_, whole) => JSON.stringify(whole, null, 2)],
  ['on one line', (_, whole) => JSON.stringify(whole)],
  ['with a byte order mark', (_, whole) => `\uFEFF${JSON.stringify(whole, null, 1)}`],
  ['without head', (_, { saved, counts, ...rest }) => JSON.stringify(rest, null, '\t')],
  ['with Windows line ends', (lines) => lines.join('\r\n')],
  ['without the newline at the end', (lines) => lines.join('\n').trimEnd()],
  ['with blank lines', (lines) => lines.join('\n').replace('"a":', '\n"a":')],
  ['with the head line taken out', (lines) => lines.toSpliced(1, 1).join('\n')],
]
test.each(edits)('a document that was laid out anew, %s, holds what it held', async (_, edit) => {
  const { saved, counts, ...before } = await fill()
  const edited = edit(text().split('\n'), JSON.parse(text()))
  writeFileSync(file, edited)
  expect((await read('links')).links).toEqual(before.links)
  expect(await readCounts(file)).toEqual(counts)
  expect(text()).toBe(edited)

  const state = await openState(file, { write: ['checks'], stage: 'test' })
  await state.save()
  const { saved: _saved, counts: countsAfter, ...after } = JSON.parse(text())
  expect(after).toEqual(before)
  expect(countsAfter).toEqual(counts)
  expect(text()).toMatch(/^\{"version":1,\n"saved":/)
  expect(readFileSync(`${file}.bak`, 'utf8')).toBe(edited)
})

test('lines may be changed, taken out and doubled with an editor', async () => {
  await fill()
  const lines = text()
    .split('\n')
    .filter((line) => !/^"(b|zw.*)":/.test(line))
  const edited = lines
    .join('\n')
    .replace('"how":"how c"', '"how":"by hand"')
    .replace('"a":{', '"d":{"asset":null,"how":"d"},\n"a":{')
  writeFileSync(file, edited)
  const { links } = await read('links')
  expect(Object.keys(links)).toEqual(['d', 'a', 'c', '__proto__', 'with "quotes" and \\'])
  expect(links.c).toEqual(link('by hand'))
  expect((await readCounts(file)).links).toBe(5)
  await (await openState(file, { write: ['checks'], stage: 'test' })).save()
  // The line before the one taken out ended in a comma.
  expect(Object.keys(JSON.parse(text()).links)).toHaveLength(5)
})

test('a change that keeps the length is seen', async () => {
  await fill()
  writeFileSync(file, text().replace('"how":"how c"', '"how":"hoW C"'))
  expect((await read('links')).links.c).toEqual(link('hoW C'))
})

const broken: [string, (whole: string) => string, RegExp][] = [
  ['empty', () => '', /it is empty/],
  ['of blanks', () => '\n\n', /it is empty/],
  [
    'cut in a record',
    (whole) => whole.slice(0, whole.indexOf('how b')),
    /it ends in the middle, at line \d+/,
  ],
  ['cut in the head', (whole) => whole.slice(0, 60), /Cannot read .*state\.json: /],
  ['with a broken record', (whole) => whole.replace('"b":{', '"b":{{'), /line 5 \(byte \d+\)/],
  [
    'with a broken record of the same length',
    (whole) => whole.replace('"b":{', '"b":['),
    /line 5 \(byte \d+\)/,
  ],
  ['with text behind it', (whole) => `${whole}{}`, /JSON|line/],
  ['of another kind', () => '{"name":"photoferry"}', /no state of photoferry/],
  ['that is a list', () => '[]', /no state of photoferry/],
  ['that is null', () => 'null', /no state of photoferry/],
  [
    'of a newer version',
    (whole) => whole.replace('{"version":1', '{"version":2'),
    /newer photoferry.*update/,
  ],
  ['of version 0', () => '{"version":0}', /only 1 is known/],
  [
    'with a collection twice',
    () => '{"version":1,\n"links":{\n},\n"links":{\n}\n}\n',
    /"links" stands there twice/,
  ],
  ['with a list for a collection', () => '{"version":1,"links":[]}', /"links" is no collection/],
]
test.each(broken)(
  'a document %s stops, is named, and is not touched',
  async (_, breakIt, message) => {
    await fill()
    const bad = breakIt(text())
    writeFileSync(file, bad)
    const attempts = [
      () => openState(file, { write: ['links'], stage: 'test' }),
      () => openState(file, { read: ['links'], stage: 'test' }),
    ]
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toThrow(message)
      await expect(attempt()).rejects.toMatchObject({
        name: 'Fail',
        message: expect.stringContaining(file),
      })
    }
    expect(text()).toBe(bad)
    expect(listing()).toEqual(['state.json', 'state.json.bak'])
  },
)

test('a document that is cut anywhere is never taken for a whole one', async () => {
  await fill()
  const whole = text()
  for (let cut = 0; cut < whole.length - 1; cut += 7) {
    writeFileSync(file, whole.slice(0, cut))
    await expect(read('links'), `cut at ${cut}`).rejects.toThrow(`Cannot read ${file}`)
  }
})

test('an edit while a stage runs is not overwritten', async () => {
  await fill()
  const state = await openState(file, { write: ['links'], stage: 'test' })
  state.put('links', 'x', link('x'))
  const edited = text().replace('"how":"how c"', '"how":"by hand"')
  writeFileSync(file, edited)
  await expect(state.save()).rejects.toThrow(
    /something else changed it.*delete .*journal; .*undo the edit/,
  )
  expect(text()).toBe(edited)
  expect(listing()).toEqual(['state.json', 'state.json.bak', 'state.json.journal'])
})

test('a second writer is told who the first is; a reader is let in', async () => {
  const state = await openState(file, { write: ['links'], stage: 'transfer' })
  state.put('links', 'a', link('x'))
  await state.flush()
  await expect(openState(file, { write: ['albums'], stage: 'link' })).rejects.toThrow(
    `Cannot open ${file}: \`transfer\` (pid ${process.pid}) is using it`,
  )
  expect((await read('links')).links.a).toEqual(link('x'))
  await state.save()
})

test('a failed open lets go of the lock', async () => {
  await fill()
  const good = text()
  writeFileSync(file, '{')
  await expect(openState(file, { write: ['links'], stage: 'test' })).rejects.toThrow('Cannot read')
  writeFileSync(file, good)
  await (await openState(file, { write: ['links'], stage: 'test' })).save()
})

test('what was flushed before a SIGKILL is there, also over folds in the middle of a run', async () => {
  const { child, exit } = await start(
    `const how = 'x'.repeat(500_000)
    for (let n = 0; ; n++) {
      state.put('links', 'k' + n, { asset: null, how: n + how })
      await state.flush()
      if (n === 60) console.log('60')
    }`,
    '60',
  )
  child.kill('SIGKILL')
  await exit
  expect(listing()).toContain('state.json.lock')
  // 30 MB went in; the journal never held more than a fraction of it.
  expect(statSync(file).size).toBeGreaterThan(7e6)
  const { links } = await read('links')
  const count = Object.keys(links).length
  expect(count).toBeGreaterThan(60)
  for (let n = 0; n < count; n++) expect(links[`k${n}`]?.how.startsWith(`${n}x`)).toBe(true)
  expect(await readCounts(file)).toEqual({ links: count })
  await (await openState(file, { write: ['transfers'], stage: 'test' })).save()
  expect(listing()).toEqual(['state.json', 'state.json.bak'])
  expect(Object.keys((await read('links')).links)).toHaveLength(count)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 130],
  ['SIGHUP', 130],
] as const)('%s saves the state and ends with %i', async (signal, code) => {
  const { child, exit } = await start(
    `state.put('links', 'a', { asset: null, how: 'x' })
    setInterval(() => {}, 1000)
    console.log('ready')`,
    'ready',
  )
  child.kill(signal)
  expect(await exit).toEqual([code, null])
  expect(listing()).toEqual(['state.json'])
  expect((await read('links')).links.a).toEqual(link('x'))
})

test.each([
  ['process.exit', 'process.exit(7)', 7],
  ['an error', 'throw new Error("on purpose")', 1],
  ['the end of the script', '', 0],
])('what was put before %s is in the journal', async (_, last, code) => {
  const { status } = spawnSync(process.execPath, [
    stage(`state.put('links', 'a', { asset: null, how: 'x' })
    void state.flush()
    state.put('links', 'b', { asset: null, how: 'y' })
    ${last}`),
  ])
  expect(status).toBe(code)
  expect(listing()).toEqual(['state.json.journal'])
  expect((await read('links')).links).toEqual({ a: link('x'), b: link('y') })
})

test.skipIf(process.platform === 'win32')(
  'a full disk stops the stage and loses nothing that was promised',
  async () => {
    const script = stage(
      `for (let n = 0; ; n++) {
      state.put('links', 'k' + n, { asset: null, how: 'x'.repeat(1000) })
      if (n % 10 === 0) await state.flush().then(() => console.log(n))
    }`,
    )
    // A limit on the size of files stands in for the disk: EFBIG where a disk says ENOSPC.
    const run = spawnSync('sh', ['-c', `ulimit -f 100; exec "$0" "$1"`, process.execPath, script], {
      encoding: 'utf8',
    })
    expect(run.status).toBe(1)
    expect(
      run.stderr.match(/Cannot write the state: disk full \(.*state\.json\.journal\): make room/g),
    ).toHaveLength(1)
    const promised = Number(run.stdout.trim().split('\n').at(-1))
    const { links } = await read('links')
    expect(Object.keys(links).length).toBeGreaterThan(promised)
    expect(promised).toBeGreaterThan(10)
  },
)

test.skipIf(process.platform === 'win32')(
  'a disk that is full at the save leaves document and journal as they were',
  async () => {
    const state = await openState(file, { write: ['links'], stage: 'test' })
    state.put('links', 'long', link('x'.repeat(200_000)))
    await state.save()
    const before = text()
    const script = stage(
      "state.put('links', 'short', { asset: null, how: 'x' })\nawait state.save()",
    )
    const run = spawnSync('sh', ['-c', `ulimit -f 100; exec "$0" "$1"`, process.execPath, script], {
      encoding: 'utf8',
    })
    expect(run.status).toBe(1)
    expect(run.stderr).toMatch(/Cannot write the state: disk full/)
    expect(text()).toBe(before)
    expect(listing()).toEqual(['state.json', 'state.json.journal'])
    expect(Object.keys((await read('links')).links)).toEqual(['long', 'short'])
  },
)

test('a reader beside a running writer always sees document and journal of one moment', async () => {
  const { exit } = await start(
    `await state.save()
    console.log('go')
    for (let n = 1; n <= 150; n++) {
      const turn = await open()
      turn.put('links', 'a', { asset: null, how: String(n) })
      turn.put('transfers', 'b', { at: String(n) })
      if (n % 3 === 0) await turn.flush()
      await turn.save()
    }`,
    'go',
  )
  let isOver = false
  exit.then(() => {
    isOver = true
  })
  const seen: number[] = []
  while (!isOver) {
    const { links, transfers } = await read('links', 'transfers')
    const a = Number(links.a?.how ?? 0)
    const b = Number(transfers.b?.at ?? 0)
    expect([a, a - 1]).toContain(b)
    seen.push(a)
  }
  expect(await exit).toEqual([0, null])
  expect(seen).toEqual(seen.toSorted((x, y) => x - y))
  expect(new Set(seen).size).toBeGreaterThan(3)
  expect((await read('links')).links.a).toEqual(link('150'))
})
