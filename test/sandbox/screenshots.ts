#!/usr/bin/env node
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { say } from '../../lib/stage.ts'
import { startBrowser } from './browser.ts'
import { world } from './run.ts'
import { onTerminal, screenOf } from './terminal.ts'

// The pictures of the README, from what `make demo` leaves: its report, and a run as a terminal shows it half way.
const COLUMNS = 112
const target = resolve('docs/images')
await mkdir(target, { recursive: true })
const chromium = await startBrowser()
const run = await halfWay()
for (const colorScheme of ['light', 'dark'] as const) {
  await shoot(
    `report-${colorScheme}.png`,
    String(pathToFileURL(resolve('data/demo/report.html'))),
    {
      colorScheme,
      width: 1100,
      height: 1000,
    },
  )
}
await shoot('run.png', `data:text/html;charset=utf-8,${encodeURIComponent(terminalPage(run))}`, {
  colorScheme: 'dark',
  width: 1010,
  height: 200,
  fullPage: true,
})
await chromium.close()

/** All that `make sync` shows until more than half is sent. The server takes its time for each picture. */
async function halfWay() {
  const w = await world()
  w.server.fail({ method: 'POST', path: /assets$/, delayMs: 300, times: 1000 })
  let seen = ''
  await onTerminal(
    [resolve('scripts/sync.ts'), '--yes', '--state', w.state],
    {
      cwd: w.dir,
      columns: COLUMNS,
      env: {
        TAKEOUT: resolve('data/demo/takeout'),
        IMMICH_URL: w.server.url,
        IMMICH_API_KEY: w.server.key,
        TIME_ZONE: 'Europe/Berlin',
        PHOTOFERRY_POLL_MS: '300',
      },
    },
    (shown) => {
      if (/ 6\d% +transfer: /.test(shown)) seen ||= shown
    },
  )
  await w.end()
  // As it stood when that was drawn, and with an address as a person would have.
  const whole = seen.slice(0, seen.lastIndexOf('\x1b[?2026l'))
  const { lines } = screenOf(whole.replaceAll(w.server.url, 'http://nas:2283'), COLUMNS)
  return ['$ make sync TAKEOUT=~/Downloads IMMICH_URL=http://nas:2283 IMMICH_API_KEY=...', ...lines]
}

function terminalPage(lines: string[]) {
  const escaped = (text: string) => text.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const drawn = lines.map((line) =>
    escaped(line)
      .replace(/█+/, '<b>$&</b>')
      .replace(/░+/, '<i>$&</i>')
      .replace(/^\$ .*/, '<strong>$&</strong>'),
  )
  return `<style>
    body { margin: 0; padding: 24px 28px; background: #14161a; color: #d9d6d0; }
    pre { margin: 0; font: 14px/1.5 "DejaVu Sans Mono", monospace; }
    b { color: #4fb3a7; font-weight: 400; } i { color: #444a53; } strong { color: #fff; }
  </style><pre>${drawn.join('\n')}</pre>`
}

async function shoot(
  name: string,
  address: string,
  {
    colorScheme,
    width,
    height,
    fullPage = false,
  }: { colorScheme: 'light' | 'dark'; width: number; height: number; fullPage?: boolean },
) {
  const page = await chromium.newPage({
    viewport: { width, height },
    colorScheme,
    deviceScaleFactor: 1.5,
  })
  await page.goto(address)
  const picture = await page.screenshot({ fullPage })
  await page.close()
  // Few colours are enough for letters and bars.
  const { size } = await sharp(picture)
    .png({ palette: true, colours: 64, effort: 10, compressionLevel: 9 })
    .toFile(`${target}/${name}`)
  say(`docs/images/${name}: ${Math.round(size / 1000)} KB`)
}
