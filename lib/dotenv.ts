import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { troubleText } from './errno.ts'
import { Fail } from './stage.ts'

/**
 * Puts settings into a .env file, whose other lines stay as they are. The file is readable by its owner alone (0600).
 * False where nothing had to be changed. Throws Fail for a value that such a file cannot hold.
 */
export function writeSettings(file: string, settings: Record<string, string>): boolean {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  let lines = before.split('\n')
  for (const [name, value] of Object.entries(settings)) {
    if (/[\r\n"'`\\]/.test(value))
      throw new Fail(`Cannot write ${file}: ${name} holds quotes or a line end: copy it again`)
    const line = /[\s#]/.test(value) ? `${name}="${value}"` : `${name}=${value}`
    const isIt = (text: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(text)
    if (lines.some(isIt)) lines = lines.map((text) => (isIt(text) ? line : text))
    else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, line)
  }
  const after = lines.join('\n').replace(/\n*$/, '\n')
  if (after === before) {
    chmodSync(file, 0o600)
    return false
  }
  const draft = `${file}.new`
  try {
    // One that a kill left may be open to others.
    rmSync(draft, { force: true })
    writeFileSync(draft, after, { mode: 0o600 })
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new Fail(`Cannot write ${file}: ${troubleText(error)}`, { cause: error })
  }
  return true
}
