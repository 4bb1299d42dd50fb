import { spawn } from 'node:child_process'
import { say } from '../stage.ts'

/**
 * Shows a person a page of Google's: the link, on a terminal its QR code (`code`), and the page itself in a browser of this
 * machine where `browser` allows that: `here` is its address there, where that is another.
 */
export async function showPage(
  address: string,
  {
    browser,
    what,
    code = true,
    here = address,
  }: { browser: boolean; what: string; code?: boolean; here?: string },
): Promise<void> {
  say(`${what}:\n\n${address}\n`)
  if (!process.stderr.isTTY) return
  if (code) process.stderr.write(`${await qrCode(address)}\n\n`)
  if (browser) openBrowser(here)
}

/** The colours are written out: on a light terminal a code without them is its own negative. */
async function qrCode(address: string) {
  const { renderUnicodeCompact } = await import('uqr')
  return renderUnicodeCompact(address, { border: 2 })
    .split('\n')
    .map((line) => `\x1b[97;40m${line}\x1b[0m`)
    .join('\n')
}

function openBrowser(address: string) {
  const isMac = process.platform === 'darwin'
  // Without a screen xdg-open takes a text browser, which would take the terminal.
  if (!isMac && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return
  const child = spawn(isMac ? 'open' : 'xdg-open', [address], { detached: true, stdio: 'ignore' })
  // Where there is none, the link is there.
  child.on('error', () => {})
  // It may be the browser itself, and live as long.
  child.unref()
}
