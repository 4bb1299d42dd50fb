import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

const lib = join(import.meta.dirname, '../lib/interrupt.ts')

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the first %s waits for what is to be saved, the second ends at once',
  async (signal) => {
    const program = `
      import { onInterrupt } from ${JSON.stringify(lib)}
      onInterrupt(() => { console.log('saving'); return new Promise(() => {}) })
      setInterval(() => {}, 1000)
      console.log('ready')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    const lines = child.stdout.iterator({ destroyOnReturn: false })
    expect(String((await lines.next()).value)).toContain('ready')
    child.kill(signal)
    expect(String((await lines.next()).value)).toContain('saving')
    await sleep(700)
    expect(child.exitCode).toBeNull()
    child.kill(signal)
    const [code] = await once(child, 'exit')
    expect(code).toBe(130)
  },
)
