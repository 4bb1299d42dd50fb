import { say } from '../stage.ts'

/**
 * Shows a person a page of Google's: the link, on a terminal its QR code, and the page itself in a browser of this machine
 * where `browser` allows that.
 */
export async function showPage(
  address: string,
  { browser, what, code = true }: { browser: boolean; what: string; code?: boolean },
): Promise<void> {
  say(`${what}:\n\n${address}\n`)
  if (!process.stderr.isTTY) return
  if (code) {
    const { renderUnicodeCompact } = await import('uqr')
    process.stderr.write(`${renderUnicodeCompact(address)}\n\n`)
  }
  if (!browser) return
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as 'darwin'] ?? 'xdg-open'
  const { $ } = await import('zx')
  // Where there is none, the link is there.
  $({ nothrow: true, quiet: true, detached: true })`${opener} ${address}`.catch(() => {})
}
