import { randomBytes } from 'node:crypto'
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { troubleText } from '../errno.ts'
import { Fail } from '../stage.ts'
import { type Holder, isAlive, isNear, isRunning, thisProcess } from './holder.ts'

/** Somebody else is writing. */
export class Locked extends Fail {}

/**
 * Takes the lock at `path` for `stage`, also from a process that died; gives the function that lets it go.
 * Throws Locked naming the process that holds it. `file` is what the lock is for.
 */
export async function takeLock(path: string, stage: string, file: string): Promise<() => void> {
  const key = `${process.pid}-${randomBytes(6).toString('hex')}`
  const own: Holder = { key, ...thisProcess(), stage }
  for (let tries = 0; ; ) {
    if (create(path, own)) {
      sweep(path)
      return () => letGo(path, key)
    }
    const holder = read(path)
    if (holder && isAlive(holder)) throw new Locked(`Cannot open ${file}: ${whose(holder, path)}`)
    if (holder && (await bury(path, holder, stage, file))) continue
    // Just released, just being taken, or no lock of ours.
    if (++tries > 50) throw new Fail(`Cannot open ${file}: ${path} cannot be read: delete it`)
    await sleep(20)
  }
}

function whose(holder: Holder, path: string) {
  const { stage, pid, host } = holder
  if (isNear(holder)) return `\`${stage}\` (pid ${pid}) is using it: wait for it or stop it`
  const where = host === hostname() ? 'in another container' : `on ${host}`
  const there = `\`${stage}\` (pid ${pid} ${where}) is using it`
  return `${there}: wait for it, or delete ${path} if it is no longer running`
}

/** The file comes to be with its text in it: no one ever reads half a lock. */
function create(path: string, own: Holder) {
  const text = `${JSON.stringify(own)}\n`
  const draft = `${path}.${own.key}`
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
    linkSync(draft, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) {
      throw cannotLock(path, error)
    }
  } finally {
    rmSync(draft, { force: true })
  }
  // A file system without hard links.
  let fd: number
  try {
    fd = openSync(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cannotLock(path, error)
  }
  try {
    writeFileSync(fd, text)
    return true
  } catch (error) {
    rmSync(path, { force: true })
    throw cannotLock(path, error)
  } finally {
    closeSync(fd)
  }
}

/** Takes away what killed takers of the lock left beside it. Only for the one who holds it. */
function sweep(path: string) {
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`)) continue
    const left = join(dirname(path), name)
    const holder = read(left)
    // A draft may be empty: its name tells whose it is.
    const pid = Number(/\.(\d+)-[0-9a-f]+$/.exec(name)?.[1])
    if (holder ? !isAlive(holder) : pid && !isRunning(pid)) rmSync(left, { force: true })
  }
}

const cannotLock = (path: string, error: unknown) =>
  new Fail(`Cannot write in ${dirname(path)}: ${troubleText(error)}`, { cause: error })

function read(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder
    return typeof holder?.key === 'string' && Number.isInteger(holder.pid) ? holder : undefined
  } catch {
    return undefined
  }
}

/**
 * Removes a dead holder's lock. Two takers must not both do it, or the second would remove the lock that the first
 * has made since: so only the one who holds the lock on this very lock (by its key) may, and looks again before.
 */
async function bury(path: string, dead: Holder, stage: string, file: string) {
  const right = `${path}.${dead.key.replace(/[^\w-]/g, '')}.dead`
  let done: () => void
  try {
    done = await takeLock(right, stage, file)
  } catch (error) {
    if (error instanceof Fail) return false // another taker is at it
    throw error
  }
  if (read(path)?.key === dead.key) rmSync(path, { force: true })
  done()
  return true
}

function letGo(path: string, key: string) {
  if (read(path)?.key === key) rmSync(path, { force: true })
}
