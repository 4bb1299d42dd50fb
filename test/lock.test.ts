import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { thisProcess } from '../lib/state/holder.ts'
import { takeLock } from '../lib/state/lock.ts'

const root = mkdtempSync(join(tmpdir(), 'lock-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder: string
let lock: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'lock-'))
  lock = join(folder, 'state.json.lock')
})

/** A pid that was given out and is free again. */
async function deadPid() {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid as number
}

const holder = (changes: object) =>
  writeFileSync(
    lock,
    JSON.stringify({
      key: 'k',
      ...thisProcess(),
      started: 'x',
      stage: 'link',
      ...changes,
    }),
  )

test('a lock names its holder to the next one, and is gone when let go', async () => {
  const release = await takeLock(lock, 'transfer', 'data/state.json')
  expect(statSync(lock).mode & 0o777).toBe(0o600)
  await expect(takeLock(lock, 'link', 'data/state.json')).rejects.toThrow(
    `Cannot open data/state.json: \`transfer\` (pid ${process.pid}) is using it: wait for it or stop it`,
  )
  release()
  expect(readdirSync(folder)).toEqual([])
})

test('the lock of a process that is gone is taken over', async () => {
  holder({ pid: await deadPid() })
  const release = await takeLock(lock, 'transfer', 'f')
  expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({
    pid: process.pid,
    stage: 'transfer',
  })
  expect(readdirSync(folder)).toEqual(['state.json.lock'])
  release()
})

test.runIf(process.platform !== 'win32')(
  'a pid that is in use again does not keep a lock alive',
  async () => {
    holder({ pid: process.pid, started: 'Thu Jan  1 00:00:00 1970' })
    const release = await takeLock(lock, 'transfer', 'f')
    release()
    expect(existsSync(lock)).toBe(false)
  },
)

test('a lock from another machine is not judged, only shown', async () => {
  holder({ host: 'elsewhere', pid: await deadPid() })
  await expect(takeLock(lock, 'transfer', 'f')).rejects.toThrow(
    /on elsewhere.*delete .*state\.json\.lock if/,
  )
})

test.runIf(process.platform === 'linux')(
  'a lock from another container of this machine is not judged, only shown',
  async () => {
    holder({ space: 'pid:[1]', pid: await deadPid() })
    await expect(takeLock(lock, 'transfer', 'f')).rejects.toThrow(
      /in another container.*delete .*state\.json\.lock if/,
    )
  },
)

test('what a killed taker left beside the lock goes with the next one', async () => {
  const pid = await deadPid()
  const drafts = [`${lock}.${pid}-0123456789ab`, `${lock}.k.dead`, `${lock}.k.dead.${pid}-0123`]
  writeFileSync(drafts[0] as string, '')
  for (const draft of drafts.slice(1))
    writeFileSync(draft, JSON.stringify({ ...thisProcess(), key: 'k', pid, stage: 'link' }))
  const own = `${lock}.${process.pid}-0123456789ab`
  writeFileSync(own, '')
  const release = await takeLock(lock, 'transfer', 'f')
  // That of one who is at it stays.
  expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([lock, own])
  release()
})

test('a file that is no lock is left alone, with a word on what to do', async () => {
  writeFileSync(lock, 'something else')
  await expect(takeLock(lock, 'transfer', 'f')).rejects.toThrow(/cannot be read: delete it/)
  expect(readFileSync(lock, 'utf8')).toBe('something else')
})

test('a dead lock is removed by one taker at a time', async () => {
  const dead = { pid: await deadPid() }
  holder(dead)
  const text = readFileSync(lock, 'utf8')
  // The right to remove the lock of the key k, as another taker holds it.
  let done = await takeLock(`${lock}.k.dead`, 'another', 'f')
  const taking = takeLock(lock, 'transfer', 'f')
  await sleep(100)
  expect(readFileSync(lock, 'utf8')).toBe(text)
  done()
  ;(await taking)()

  holder(dead)
  done = await takeLock(`${lock}.k.dead`, 'another', 'f')
  const late = takeLock(lock, 'transfer', 'f')
  rmSync(lock)
  const release = await takeLock(lock, 'another', 'f')
  done()
  await expect(late).rejects.toThrow('`another` (pid')
  release()
})

test('of many takers of a dead lock only one at a time has it', async () => {
  const script = join(folder, 'taker.ts')
  const inside = join(folder, 'inside')
  // Each one leaves its lock behind as a dead process would.
  writeFileSync(
    script,
    `import { renameSync, readFileSync, writeFileSync, rmSync } from 'node:fs'
    import { takeLock } from ${JSON.stringify(join(import.meta.dirname, '../lib/state/lock.ts'))}
    for (let turns = 0; turns < 25; ) {
      try { await takeLock(${JSON.stringify(lock)}, 'taker', 'f') } catch { continue }
      writeFileSync(${JSON.stringify(inside)}, '', { flag: 'wx' })
      await new Promise((go) => setTimeout(go, 1))
      rmSync(${JSON.stringify(inside)})
      const dead = JSON.parse(readFileSync(${JSON.stringify(lock)}, 'utf8'))
      const draft = ${JSON.stringify(lock)} + '-' + process.pid
      writeFileSync(draft, JSON.stringify({ ...dead, started: 'x' }))
      renameSync(draft, ${JSON.stringify(lock)})
      turns++
    }`,
  )
  const takers = Array.from({ length: 3 }, () =>
    spawn(process.execPath, [script], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(takers.map(async (taker) => (await once(taker, 'exit'))[0]))
  expect(codes).toEqual([0, 0, 0])
})
