import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian and CI have it. */
const CHROMIUM = '/usr/bin/chromium'
export const hasChromium = existsSync(CHROMIUM)
if (!hasChromium)
  console.error(`\n!!! NO CHROMIUM at ${CHROMIUM}: pages are NOT TESTED in a browser\n`)

/** A real browser with a profile of its own, that asks nobody on the network for anything. */
export function startBrowser(): Promise<Browser> {
  const quiet = ['quic', 'gpu', 'background-networking', 'component-update', 'sync']
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--no-first-run', ...quiet.map((what) => `--disable-${what}`)],
  })
}
