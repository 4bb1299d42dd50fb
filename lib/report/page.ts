import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html, raw } from 'hono/html'
import { count, number } from '../progress.ts'
import { albums, months } from './both-sides.ts'
import { shareBar } from './chart.ts'
import { groupId, merged, parts, times, unfit } from './lists.ts'
import type { Report } from './report.ts'
import { ROWS } from './verdict.ts'
import { capital, commands, moment, name, stampDay } from './words.ts'

// How the next step begins where there is none: then it says so by itself.
const NOTHING = 'nothing: '

const asset = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')
const NAMES: Record<(typeof ROWS)[number], [is: string, kind: string]> = {
  'left out': ['left out by rule', 'left'],
  removed: ['no longer there', 'removed'],
  failed: ['failed', 'failed'],
  owed: ['owed', 'owed'],
  transferred: ['transferred', 'transferred'],
  linked: ['linked: there before', 'linked'],
}
const AS_SENT = {
  Immich: 'every field is as it was sent',
  'the folders': 'its bytes are as they were written',
}
// What is there comes first.
const DRAWN = ['transferred', 'linked', 'left out', 'owed', 'failed', 'removed'] as const

/** The page: one file that asks nobody for anything. Whatever comes from names and titles is escaped by `html`. */
export function pageOf(report: Report): string {
  const [style, script] = [asset('page.css'), asset('filter.js')]
  const policy = `default-src 'none'; img-src data:; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Safe to leave Google: ${report.verdict.text}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<a class="skip" href="#numbers">Skip to the numbers</a>
${top(report)}
<main>
${account(report)}
${months(report)}
${unfit(report)}
${albums(report)}
${merged(report)}
${parts(report)}
${times(report)}
</main>
<footer><p>Made by photoferry from its state file alone, on ${moment(report.made)}. Nothing on this page asks the network for anything; its links open Google Photos${report.server && ' and Immich'}.</p></footer>
${report.groups.length > 0 ? html`<script type="module">${raw(script)}</script>` : ''}
</body>
</html>
`
  return String(page)
}

function top({ verdict: { safe, text, because }, next, groups, ...report }: Report) {
  const { asOf, made, there, library } = report
  const tone = safe === 'yes' ? 'yes' : safe === 'yes, but' ? 'but' : 'not'
  const more = because.filter((what) => !text.endsWith(what))
  const owed = groups.flatMap(({ weight, title, items }, at) =>
    weight === 'owed' ? [{ to: groupId(at), says: `${title}: ${number(items.length)}` }] : [],
  )
  return html`<header>
<p class="name">photoferry, ${moment(made)}${asOf && `. Google as of the Takeout of ${stampDay(asOf)}: what came there since is not in it`}${there === 'the folders' && library ? html`. The folders: <bdi>${name(library)}</bdi>` : ''}</p>
<h1><small>Safe to leave Google</small> <span class="${tone}" id="verdict">${capital(text)}</span></h1>
${owed.length + more.length > 0 ? html`<ul class="because">${owed.map(({ to, says }) => html`<li><a href="#${to}">${says}</a></li>`)}${more.map((what) => html`<li>${capital(what)}</li>`)}</ul>` : ''}
<p class="next">${commands(next.startsWith(NOTHING) ? capital(next.slice(NOTHING.length)) : `Next: ${next}`)}</p>
</header>`
}

function account({ photos, files, there: where }: Report) {
  const all = ROWS.reduce((sum, row) => sum + photos.rows[row], 0)
  const { right, changed, differs, gone, unverified } = photos.proven
  const there = right + changed + differs + gone + unverified
  const reasons = Object.entries(photos.reasons).filter(([name]) => name.includes(': '))
  const isSeldom = (row: string) => row === 'removed' || (row === 'linked' && where !== 'Immich')
  const terms = DRAWN.filter((row) => !isSeldom(row) || photos.rows[row] > 0)
  const fileRows: [string, number, string?][] = [
    ...DRAWN.map((row): [string, number, string] => [
      `of photos ${NAMES[row][0]}`,
      files.rows[row],
      row,
    ]),
    ['sidecars and album files, read', files.rows.read],
    ['in no photo', files.rows['in no photo']],
  ]
  const allFiles = fileRows.reduce((sum, [, many]) => sum + many, 0)
  const stray = files.listed - allFiles
  return html`<section id="numbers" tabindex="-1">
<h2>${count(all, 'photo')}</h2>
<p class="lead">Each photo counts once, in the first that applies, so the numbers add up.</p>
<dl class="sum">${terms.map(
    (row) =>
      html`<div${raw(photos.rows[row] === 0 ? ' class="zero"' : '')}><dt class="key ${NAMES[row][1]}">${NAMES[row][0]}</dt><dd data-row="${row}">${number(photos.rows[row])}</dd></div>`,
  )}</dl>
${shareBar(DRAWN.map((row) => [NAMES[row][1], photos.rows[row], NAMES[row][0]]))}
<p class="lead more">${
    there > 0
      ? right === there
        ? `Each that is in ${where} was verified: ${AS_SENT[where]}.`
        : `Of the ${number(there)} that are in ${where}, ${verified(photos.proven, AS_SENT[where])}.`
      : `Nothing is in ${where} yet.`
  }${reasons.map(([name, many]) => ` ${number(many)} ${name}.`)}</p>
<details class="whole"><summary><span class="what">The files of the export, each in one row</span><span class="many">${number(allFiles)}</span></summary><div class="in">
<table><caption>Originals, edited copies, live halves and albums’ copies stand with their photo.</caption><thead><tr><th scope="col">Files</th><th scope="col" class="n">How many</th></tr></thead><tbody>${fileRows
    .filter(([, many]) => many > 0)
    .map(
      ([what, many, row]) =>
        html`<tr><th scope="row">${what}</th><td class="n" data-files="${row ?? what}">${number(many)}</td></tr>`,
    )}
<tr class="total"><th scope="row">together</th><td class="n">${number(allFiles)}</td></tr></tbody></table>
${stray === 0 ? '' : html`<p class="more">The parts list ${number(files.listed)} files by their own directories, ${number(Math.abs(stray))} ${stray > 0 ? 'more' : 'fewer'} than these.</p>`}
</div></details>
</section>`
}

function verified(
  { right, changed, differs, gone, unverified }: Report['photos']['proven'],
  asSent: string,
) {
  const terms: [number, string][] = [
    [right, `were verified: ${asSent}`],
    [changed, 'were verified, and changed by you since'],
    [differs, 'arrived with a field that differs'],
    [gone, 'are gone again'],
    [unverified, 'are not verified yet'],
  ]
  return terms
    .filter(([many]) => many > 0)
    .map(([many, what]) => `${number(many)} ${what}`)
    .join('; ')
}

function digest(text: string) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
