import { createInterface } from 'node:readline/promises'
import { Fail, say } from '../stage.ts'

/**
 * Asks the person at the terminal, and throws Fail unless they mean it; what is for good is asked twice, `yes` or not. Where
 * nobody can be asked, `yes` has to be given.
 */
export async function askWhether(
  what: string,
  { yes, forGood }: { yes: boolean | undefined; forGood: boolean },
) {
  say(`about to ${what}`)
  if (!process.stdin.isTTY) {
    if (yes) return
    throw new Fail('Cannot ask whether to go on: nobody is there: say --yes')
  }
  if (yes && !forGood) return
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const words = 'delete for good'
  const first = (await terminal.question('Go on? [y/N] ')).trim()
  let isMeant = /^y(es)?$/i.test(first)
  if (isMeant && forGood)
    isMeant =
      (await terminal.question(`No trash will hold them. Type "${words}": `)).trim() === words
  terminal.close()
  if (!isMeant) throw new Fail('stopped, nothing was changed', { exitCode: 130 })
}
