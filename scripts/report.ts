#!/usr/bin/env node
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { count } from '../lib/progress.ts'
import { TOLD } from '../lib/report/account.ts'
import { pageOf } from '../lib/report/page.ts'
import { reportOf } from '../lib/report/report.ts'
import { tablesOf } from '../lib/report/tables.ts'
import { flags, jsonLine, print, say } from '../lib/stage.ts'
import { openState } from '../lib/state/state.ts'

const usage = `
What happened to the photos, as a page to look at: whether Google can be left, photos per month and album on both sides,
what did not fit and what to do about it, what was merged, which archives can go. From the state alone; takes no lock.

  reads   the state
  writes  report.html beside it

Usage: make report [ARGS="..."]
  --csv DIR                 the same rows, all of them, as tables for a spreadsheet
  --json                    the same to stdout; writes no page
  --state FILE, --quiet
Exit:  0 done, 1 the state cannot be read or the page not be written, 2 bad usage
`
const given = flags(usage, { csv: { type: 'string' } })
const { data } = await openState(given.state, { read: TOLD })
const report = reportOf(data)
if (given.csv) {
  const folder = resolve(given.csv)
  await mkdir(folder, { recursive: true })
  const tables = tablesOf(report)
  for (const [name, text] of tables) await writeWhole(join(folder, name), text)
  if (!given.quiet) say(`${count(tables.size, 'table')} written to ${folder}`)
}
if (given.json) {
  await print([jsonLine(report)])
  process.exit(0)
}
const page = resolve(dirname(given.state), 'report.html')
await writeWhole(page, pageOf(report))
if (!given.quiet) {
  say(`Safe to leave Google: ${report.verdict.text}`)
  say(`written to ${page}: open it in a browser`)
}

/** For you alone: it is full of names. One that was being looked at stays whole until the new one is. */
async function writeWhole(file: string, text: string) {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
