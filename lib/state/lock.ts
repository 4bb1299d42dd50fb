import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fail } from '../stage.ts'

/** What a lock file says. `key` is of one taking and never comes again. */
type Holder = { key: string; pid: number; started: string; host: string; stage: string }

/**
 * Takes the lock at `path` for `stage`, also from a process that died; gives the function that lets it go.
 * Throws Fail naming the process that holds it. `file` is what the lock is for.
 */
export async function takeLock(path: string, stage: string, file: string): Promise<() => void> {
  const key = `${process.pid}-${randomBytes(6).toString('hex')}`
  const own: Holder = {
    key,
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    stage,
  }
  for (let tries = 0; ; ) {
    if (create(path, own)) return () => letGo(path, key)
    const holder = read(path)
    if (holder && isAlive(holder)) throw new Fail(`Cannot open ${file}: ${whose(holder, path)}`)
    if (holder && (await bury(path, holder, stage, file))) continue
    // Just released, just being taken, or no lock of ours.
    if (++tries > 50) throw new Fail(`Cannot open ${file}: ${path} cannot be read: delete it`)
    await sleep(20)
  }
}

function whose({ stage, pid, host }: Holder, path: string) {
  if (host === hostname()) return `\`${stage}\` (pid ${pid}) is using it: wait for it or stop it`
  const there = `\`${stage}\` (pid ${pid} on ${host}) is using it`
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
      throw new Fail(`Cannot lock ${path}: ${(error as Error).message}: mend that`, {
        cause: error,
      })
    }
  } finally {
    rmSync(draft, { force: true })
  }
  // A file system without hard links.
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new Fail(`Cannot lock ${path}: ${(error as Error).message}: mend that`, { cause: error })
  }
}

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

function isAlive({ pid, started, host }: Holder) {
  // Another machine on a shared folder: it cannot be asked.
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = startOf(pid)
  return now !== 'ended' && (now === '' || started === '' || now === started)
}

/**
 * When a process started, as a text to compare: pids are used again. Linux: field 22 of /proc/<pid>/stat (clock ticks
 * since boot, man 5 proc) with the boot's id; elsewhere `ps`; '' where neither tells, 'ended' for a zombie.
 */
function startOf(pid: number): string {
  try {
    // The name, in brackets, may hold spaces and brackets itself.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(/\) (?=[A-Za-z] )/)
      .at(-1)
      ?.split(' ')
    if (fields?.[0] === 'Z' || fields?.[0] === 'X') return 'ended'
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return `${boot}-${fields?.[19]}`
  } catch {
    if (process.platform === 'linux' || process.platform === 'win32') return ''
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}
