import { createInterface } from 'node:readline'

/** The answer to a question on the terminal. Ctrl-C and the end of the input end the process (130). */
export function ask(text: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.once('close', () => {
      process.stderr.write('\n')
      process.exit(130)
    })
    lines.question(text, (answer) => {
      lines.removeAllListeners('close').close()
      resolve(answer.trim())
    })
  })
}
