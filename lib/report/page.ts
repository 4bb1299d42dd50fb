import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html, raw } from 'hono/html'
import { count, duration, number, size } from '../progress.ts'
import { harmless, hint } from '../stage.ts'
import { core, monthChart, monthName, shareBar } from './chart.ts'
import type { Group, Item } from './groups.ts'
import type { Report } from './report.ts'
import { ROWS } from './verdict.ts'

// So that a library of a hundred thousand makes a page that a phone opens; the rest is in the tables of --csv.
const MOST_ITEMS = 100
const MOST_ALBUMS = 300
const MOST_DAYS = 30
const MOST_CHARACTERS = 1_300_000

const asset = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')
const NAMES: Record<(typeof ROWS)[number], [is: string, kind: string]> = {
  'left out': ['left out by rule', 'left'],
  removed: ['no longer there', 'removed'],
  failed: ['failed', 'failed'],
  owed: ['owed', 'owed'],
  transferred: ['transferred', 'transferred'],
  linked: ['linked: there before', 'linked'],
}
// What is there comes first.
const DRAWN = ['transferred', 'linked', 'left out', 'owed', 'failed', 'removed'] as const
const WEIGH = {
  owed: 'Still owed',
  look: 'Worth a look',
  rule: 'Left out by rule',
  note: 'Good to know',
}
const THERE = 'Immich'

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
<footer><p>Made by photoferry from its state file alone, on ${moment(report.made)}. Nothing on this page asks the network for anything; its links open Google Photos and ${THERE}.</p></footer>
<script type="module">${raw(script)}</script>
</body>
</html>
`
  return String(page)
}

function top({ verdict: { safe, text, because }, asOf, made }: Report) {
  const tone = safe === 'yes' ? 'yes' : safe === 'yes, but' ? 'but' : 'not'
  const more = because.filter((what) => !text.endsWith(what))
  return html`<header>
<p class="name">photoferry, ${moment(made)}${asOf && `. Google as of the Takeout of ${stampDay(asOf)}: what came there since is not in it`}</p>
<h1><small>Safe to leave Google</small> <span class="${tone}" id="verdict">${capital(text)}</span></h1>
${more.length > 0 ? html`<ul class="because">${more.map((what) => html`<li>${capital(what)}</li>`)}</ul>` : ''}
</header>`
}

function account({ photos, files }: Report) {
  const all = ROWS.reduce((sum, row) => sum + photos.rows[row], 0)
  const { right, changed, differs, gone, unverified } = photos.proven
  const there = right + changed + differs + gone + unverified
  const reasons = Object.entries(photos.reasons).filter(([name]) => name.includes(': '))
  const terms = DRAWN.filter((row) => row !== 'removed' || photos.rows.removed > 0)
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
        ? `Each that is in ${THERE} was verified: every field is as it was sent.`
        : `Of the ${number(there)} that are in ${THERE}, ${verified(photos.proven)}.`
      : `Nothing is in ${THERE} yet.`
  }${reasons.map(([name, many]) => ` ${number(many)} ${name}.`)}</p>
<details><summary><span class="what">The files of the export, each in one row</span><span class="many">${number(allFiles)}</span></summary><div class="in">
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

function verified({ right, changed, differs, gone, unverified }: Report['photos']['proven']) {
  const terms: [number, string][] = [
    [right, 'were verified: every field is as it was sent'],
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

function months({ months, undated }: Report) {
  const { drawn, before, after } = core(months)
  const owed = months.reduce((sum, month) => sum + month.owed, undated.owed)
  const empty = drawn.filter(({ google }) => google === 0).length
  return html`<section>
<h2>Photos per month</h2>
<p class="lead">The whole bar is Google, its filled part ${THERE}.${empty > 0 ? ` ${count(empty, 'month')} of ${number(drawn.length)} ${empty === 1 ? 'has' : 'have'} none.` : ''}${undrawn(before, drawn[0], 'earlier than')}${undrawn(after, drawn.at(-1), 'later than')}${undated.google > 0 ? ` ${count(undated.google, 'photo')} without a time.` : ''}</p>
<ul class="keys"><li class="key google">Google</li><li class="key there">${THERE}</li>${owed > 0 ? html`<li class="key owed">something is owed</li>` : ''}</ul>
${monthChart(drawn, THERE)}
<details><summary><span class="what">The same as a table</span></summary><div class="in">
<table class="sides"><caption>By the month in which they were taken (UTC). Left out: by rule, or removed in ${THERE}.</caption>${sidesHead('Month')}<tbody>${months
    .filter(({ google }) => google > 0)
    .map((one) => html`<tr><th scope="row">${monthName(one.month)}</th>${sidesCells(one)}</tr>`)}${
    undated.google > 0 ? html`<tr><th scope="row">no time</th>${sidesCells(undated)}</tr>` : ''
  }</tbody></table></div></details>
</section>`
}

function undrawn(many: number, edge: { month: string } | undefined, where: string) {
  return many > 0 && edge
    ? ` ${count(many, 'photo')} ${where} ${monthName(edge.month)} ${many === 1 ? 'is' : 'are'} in the table alone.`
    : ''
}

const sidesHead = (first: string) =>
  html`<thead><tr><th scope="col">${first}</th><th scope="col" class="n">Google</th><th scope="col" class="n">${THERE}</th><th scope="col" class="n">Left out</th><th scope="col" class="n">Owed</th></tr></thead>`

function sidesCells(one: { google: number; there: number; left: number; owed: number }) {
  return [one.google, one.there, one.left, one.owed].map(
    (many) => html`<td class="n">${many === 0 ? '·' : number(many)}</td>`,
  )
}

function albums({ albums }: Report) {
  if (albums.length === 0) return ''
  const lacking = albums.filter(({ owed, taken }) => owed + taken > 0).length
  return html`<section>
<h2>${count(albums.length, 'album')}</h2>
<p class="lead">${lacking === 0 ? 'Every photo that is not left out is in its albums.' : `${count(lacking, 'album')} ${lacking === 1 ? 'lacks' : 'lack'} photos: these come first.`}</p>
<table class="sides"><caption>Photos of each album on both sides</caption>${sidesHead('Album')}<tbody>${albums
    .slice(0, MOST_ALBUMS)
    .map(
      (album) =>
        html`<tr><th scope="row">${album.immich ? html`<a href="${album.immich}" rel="noreferrer"><bdi>${name(album.title)}</bdi></a>` : html`<bdi>${name(album.title)}</bdi>`}${remark(album)}</th>${sidesCells(album)}</tr>`,
    )}</tbody></table>
${rest(albums.length - MOST_ALBUMS, 'album')}
</section>`
}

function remark({ taken, note }: Report['albums'][number]) {
  const says = [
    taken > 0 && `${number(taken)} taken out there`,
    note === 'several' && 'waits: there are several of this title',
    note === 'shared' && 'waits: others can see the one there',
    note === 'gone from the server' && 'no longer there',
  ].filter((text) => text !== false)
  return says.length > 0 ? html`<span class="path">${says.join('; ')}</span>` : ''
}

function unfit({ groups }: Report) {
  if (groups.length === 0)
    return html`<section id="unfit"><h2>What did not fit</h2><p class="lead">Nothing.</p></section>`
  let room = MOST_CHARACTERS
  const drawn = groups.map((group) => {
    const rows: string[] = []
    for (const item of group.items.slice(0, MOST_ITEMS)) {
      const row = String(itemRow(item))
      room -= row.length
      if (room < 0) break
      rows.push(row)
    }
    return { weight: group.weight, block: groupBlock(group, rows) }
  })
  return html`<section id="unfit">
<h2>What did not fit, and what to do</h2>
<p class="lead">What keeps you from leaving comes first. A photo may stand under more than one reason.</p>
<p class="filter" hidden><label for="filter">Find</label><input id="filter" type="search" placeholder="name, folder or reason" autocomplete="off" spellcheck="false"><output id="found" for="filter"></output></p>
${[...Map.groupBy(drawn, ({ weight }) => weight)].map(
  ([weight, blocks]) =>
    html`<div class="weight"><h3 class="${weight}">${WEIGH[weight]}</h3>${blocks.map(({ block }) => block)}</div>`,
)}
</section>`
}

function groupBlock({ key, title, weight, todo, items }: Group, rows: string[]) {
  const isOpen = weight === 'owed' && items.length <= MOST_ITEMS
  return html`<details data-reason="${key}"${isOpen ? raw(' open') : ''}><summary><span class="what">${title}</span><span class="many">${number(items.length)}</span></summary><div class="in">
<p class="todo">${commands(todo)}</p>
<table class="files"><caption class="skip">${title}</caption><thead><tr><th scope="col">Name</th><th scope="col">Why</th><th scope="col">Look at it</th></tr></thead><tbody>${raw(rows.join('\n'))}</tbody></table>
${rest(items.length - rows.length, 'row')}
</div></details>`
}

function itemRow({ name: title, path, why = '', google, immich }: Item) {
  const link = (href: string | undefined, where: string) =>
    href
      ? html`<a href="${href}" rel="noreferrer">${where}<span class="skip">: ${name(title)}</span></a>`
      : ''
  return html`<tr><th scope="row"><bdi>${name(title)}</bdi>${path ? html`<span class="path"><bdi>${name(path)}</bdi></span>` : ''}</th><td>${name(why)}</td><td class="links">${link(google, 'Google')}${link(immich, THERE)}</td></tr>`
}

function merged({ merged: { same, sizes, smaller, groups, trashed } }: Report) {
  const lines: [number, string][] = [
    [
      same.files,
      `${count(same.files, 'copy', 'copies')} of equal bytes, ${size(same.bytes)} that were not sent twice`,
    ],
    [
      sizes.length,
      `${count(sizes.length, 'smaller size', 'smaller sizes')} of a photo whose largest was sent`,
    ],
    [smaller, `${count(smaller, 'photo')} of which Immich has a larger one`],
    [
      trashed,
      `${count(trashed, 'duplicate')} given up on the server, of ${count(groups, 'group')}`,
    ],
  ]
  const told = lines.filter(([many]) => many > 0)
  if (told.length === 0) return ''
  return html`<section>
<h2>What was merged</h2>
<p class="lead">The same photo several times over is one, in all the albums that any of the copies was in.</p>
<ul class="because">${told.map(([, text]) => html`<li>${text}</li>`)}</ul>
${
  sizes.length > 0
    ? html`<details><summary><span class="what">Sizes that were left out</span><span class="many">${number(sizes.length)}</span></summary><div class="in"><table class="files"><caption class="skip">Smaller sizes of a photo</caption><thead><tr><th scope="col">Name</th><th scope="col" class="n">Sent</th><th scope="col" class="n">Left out</th></tr></thead><tbody>${sizes
        .slice(0, MOST_ITEMS)
        .map(
          (one) =>
            html`<tr><th scope="row"><bdi>${name(one.name)}</bdi><span class="path"><bdi>${name(one.path)}</bdi></span></th><td class="n">${size(one.kept)}</td><td class="n">${size(one.left)}</td></tr>`,
        )}</tbody></table>${rest(sizes.length - MOST_ITEMS, 'size')}</div></details>`
    : ''
}
</section>`
}

const GO = {
  'can go': ['can go', 'go'],
  but: ['can go, but', 'look'],
  stays: ['keep', ''],
} as const

function parts({ parts }: Report) {
  if (parts.length === 0) return ''
  const free = parts.filter(({ verdict }) => verdict === 'can go')
  const bytes = free.reduce((sum, { size }) => sum + size, 0)
  return html`<section>
<h2>What can go</h2>
<p class="lead">${
    free.length > 0
      ? `Of ${count(free.length, 'part')} every photo is verified in ${THERE}: ${free.length === 1 ? 'it' : 'these'} can go${bytes > 0 ? `, and free ${size(bytes)}` : ''}. Nothing is deleted by itself.`
      : 'None yet: a part can go when every photo of it is verified.'
  }</p>
<table class="sides"><caption>The parts of the export</caption><thead><tr><th scope="col">Part</th><th scope="col">Verdict</th><th scope="col" class="n">Photos</th><th scope="col" class="n">Verified</th><th scope="col" class="n">Size</th></tr></thead><tbody>${parts
    .slice(0, MOST_ALBUMS)
    .map((part) => {
      const [word, tone] = GO[part.verdict]
      return html`<tr><th scope="row"><bdi>${name(part.name)}</bdi><span class="path">${part.where}</span></th><td><span class="badge ${tone}">${word}</span>${part.why && html`<span class="path">${part.why}</span>`}</td><td class="n">${number(part.photos)}</td><td class="n">${number(part.verified)}</td><td class="n">${part.size > 0 ? size(part.size) : ''}</td></tr>`
    })}</tbody></table>
${rest(parts.length - MOST_ALBUMS, 'part')}
</section>`
}

function times({ stages, days }: Report) {
  if (stages.length === 0) return ''
  return html`<section>
<h2>Time and bytes</h2>
<p class="lead">The last run of each stage, and what was sent on which day.</p>
<table><caption>Stages (times in UTC)</caption><thead><tr><th scope="col">Stage</th><th scope="col">Began</th><th scope="col" class="n">Took</th><th scope="col" class="n">Bytes</th></tr></thead><tbody>${stages.map(
    ({ stage, at, seconds, bytes }) =>
      html`<tr><th scope="row">${stage}</th><td>${moment(at)}</td><td class="n">${seconds === undefined ? 'not finished' : duration(seconds)}</td><td class="n">${bytes === undefined ? '' : size(bytes)}</td></tr>`,
  )}</tbody></table>
${
  days.length > 0
    ? html`<table><caption class="more">Sent, by the day on which each was last written to</caption><thead><tr><th scope="col">Day</th><th scope="col" class="n">Photos</th><th scope="col" class="n">Bytes</th></tr></thead><tbody>${days
        .slice(0, MOST_DAYS)
        .map(
          ({ day, photos, bytes }) =>
            html`<tr><th scope="row">${day}</th><td class="n">${number(photos)}</td><td class="n">${size(bytes)}</td></tr>`,
        )}</tbody></table>${rest(days.length - MOST_DAYS, 'day')}`
    : ''
}
</section>`
}

function rest(many: number, what: string) {
  if (many <= 0) return ''
  return html`<p class="more">And ${count(many, `more ${what}`, `more ${what}s`)}: ${commands(hint('report', '--csv data/report'))} writes all of them.</p>`
}

/** A text with commands in backticks, these as code. */
function commands(text: string) {
  return text.split('`').map((piece, at) => (at % 2 ? html`<code>${piece}</code>` : piece))
}

// A name of a file may turn letters round or hold what no page should: as everywhere, without that.
const name = (text: string) => harmless(text)
const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)
const moment = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`
const stampDay = (stamp: string) => `${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}`

function digest(text: string) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
