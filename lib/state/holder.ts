import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What a lock file says. `key` is of one taking and never comes again. */
export type Holder = {
  key: string
  pid: number
  started: string
  host: string
  /** Of its pid: two containers of one host may both have a pid 7. */
  space: string
  stage: string
}

/** Of this process, what tells it from all others. */
export function thisProcess() {
  const { pid } = process
  return { pid, started: startOf(pid), host: hostname(), space: pidSpace() }
}

/** Whether it still runs; one that cannot be asked counts as running. */
export function isAlive(holder: Holder) {
  if (!isNear(holder)) return true
  const { pid, started } = holder
  if (!isRunning(pid)) return false
  const now = startOf(pid)
  return now !== 'ended' && (now === '' || started === '' || now === started)
}

export function isRunning(pid: number) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Not on another machine that shares the folder, nor in another container. */
export function isNear({ host, space = '' }: Holder) {
  return host === hostname() && space === pidSpace()
}

/** Linux' name of the space in which pids are counted, the same for all that is in no container; '' elsewhere. */
function pidSpace() {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
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
