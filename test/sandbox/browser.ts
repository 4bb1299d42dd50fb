import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const program = process.env.CHROMIUM || '/usr/bin/chromium'

/** Whether a real browser is here: Debian's chromium, or the one that CHROMIUM names. */
export const hasBrowser = existsSync(program)
if (!hasBrowser) console.warn(`NOT TESTED: pages in a real browser, since ${program} is not here`)

/** A browser without a window. Nothing that it opens comes from elsewhere, so it needs no sandbox of its own. */
export function browser() {
  return chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
}
