import { html, raw } from 'hono/html'
import { count, duration, number, size } from '../progress.ts'
import type { Group, Item } from './groups.ts'
import type { Report } from './report.ts'
import { commands, moment, name, rest } from './words.ts'

// The lists of the page: what did not fit, what was merged, which parts can go, when what was done.
const MOST_ITEMS = 100
const MOST_CANDIDATES = 4
// More would push the other reasons out of sight.
const MOST_OPEN = 25
const MOST_WHYS = 6
const MOST_PARTS = 300
const MOST_DAYS = 30
const MOST_RUNS = 30
const MOST_CHARACTERS = 1_300_000
const WEIGH = {
  owed: 'Still owed',
  look: 'Worth a look',
  rule: 'Left out by rule',
  note: 'Good to know',
}

export function unfit({ groups }: Report) {
  if (groups.length === 0)
    return html`<section id="unfit"><h2>What did not fit</h2><p class="lead">Nothing.</p></section>`
  let room = MOST_CHARACTERS
  const drawn = groups.map((group, at) => {
    const hasWhys = group.items.some(({ why }) => why)
    const rows: string[] = []
    for (const item of group.items.slice(0, MOST_ITEMS)) {
      const row = String(itemRow(item, hasWhys))
      room -= row.length
      if (room < 0) break
      rows.push(row)
    }
    return { weight: group.weight, block: groupBlock(group, rows, at, hasWhys) }
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

/** A link to it opens it, since what it leads to lies inside. */
export const groupId = (at: number) => `reason-${at + 1}`

function groupBlock(
  { key, title, weight, todo, items }: Group,
  rows: string[],
  at: number,
  hasWhys: boolean,
) {
  const isOpen = weight === 'owed' && items.length <= MOST_OPEN
  return html`<details${raw(weight === 'owed' ? ' class="whole"' : '')} data-reason="${key}"${isOpen ? raw(' open') : ''}><summary><span class="what">${title}</span><span class="many">${number(items.length)}</span></summary><div class="in" id="${groupId(at)}">
<p class="todo">${commands(todo)}</p>
${whysOf(items)}
<table class="files"><caption class="skip">${title}</caption><thead><tr><th scope="col">Name</th>${hasWhys ? html`<th scope="col">Why</th>` : ''}<th scope="col">Look at it</th></tr></thead><tbody>${raw(rows.join('\n'))}</tbody></table>
${rest(items.length - rows.length, 'row')}
</div></details>`
}

/** Of many the few things that were said of them, the most frequent first: the list may not show each. */
function whysOf(items: Item[]) {
  const whys = [...Map.groupBy(items, ({ why = '' }) => why)].sort(
    ([, a], [, b]) => b.length - a.length,
  )
  if (items.length <= MOST_ITEMS || whys.length < 2 || whys.length === items.length) return ''
  const more = whys.length - MOST_WHYS
  return html`<ul class="because">${whys
    .slice(0, MOST_WHYS)
    .map(
      ([why, { length }]) => html`<li>${number(length)}: ${name(why || 'nothing is said')}</li>`,
    )}${more > 0 ? html`<li>and ${count(more, 'more reason')}</li>` : ''}</ul>`
}

function itemRow({ name: title, path, why = '', google, immich = [] }: Item, hasWhys: boolean) {
  const link = (href: string | undefined, where: string) =>
    href
      ? html`<a href="${href}" rel="noreferrer">${where}<span class="skip">: ${name(title)}</span></a>`
      : ''
  return html`<tr><th scope="row"><bdi>${name(title)}</bdi>${path ? html`<span class="path"><bdi>${name(path)}</bdi></span>` : ''}</th>${hasWhys ? html`<td>${name(why)}</td>` : ''}<td class="links">${link(google, 'Google')}${immich.slice(0, MOST_CANDIDATES).map((href, at) => link(href, immich.length > 1 ? `Immich ${at + 1}` : 'Immich'))}</td></tr>`
}

export function merged({ merged: { same, sizes, smaller, groups, trashed } }: Report) {
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

export function parts({ parts, there }: Report) {
  if (parts.length === 0) return ''
  const free = parts.filter(({ verdict }) => verdict === 'can go')
  const bytes = free.reduce((sum, { size }) => sum + size, 0)
  return html`<section>
<h2>What can go</h2>
<p class="lead">${
    free.length > 0
      ? `Of ${count(free.length, 'part')} every photo is verified in ${there}: ${free.length === 1 ? 'it' : 'these'} can go${bytes > 0 ? `, and free ${size(bytes)}` : ''}. Nothing is deleted by itself; make a backup of ${there} first.`
      : 'None yet: a part can go when every photo of it is verified.'
  }</p>
<table class="sides"><caption>The parts of the export</caption><thead><tr><th scope="col">Part</th><th scope="col">Verdict</th><th scope="col" class="n">Photos</th><th scope="col" class="n">Verified</th><th scope="col" class="n">Size</th></tr></thead><tbody>${parts
    .slice(0, MOST_PARTS)
    .map((part) => {
      const [word, tone] = GO[part.verdict]
      return html`<tr><th scope="row"><bdi>${name(part.name)}</bdi><span class="path">${part.where}</span></th><td><span class="badge ${tone}">${word}</span>${part.why && html`<span class="path">${part.why}</span>`}</td><td class="n">${number(part.photos)}</td><td class="n">${number(part.verified)}</td><td class="n">${part.size > 0 ? size(part.size) : ''}</td></tr>`
    })}</tbody></table>
${rest(parts.length - MOST_PARTS, 'part')}
</section>`
}

export function times({ stages, runs, days }: Report) {
  if (runs.length === 0) return ''
  const took = (seconds?: number) => (seconds === undefined ? 'not finished' : duration(seconds))
  const sent = (bytes = 0) => (bytes > 0 ? size(bytes) : '')
  return html`<section>
<h2>Time and bytes</h2>
<table><caption>What each stage took, all its runs together</caption><thead><tr><th scope="col">Stage</th><th scope="col" class="n">Runs</th><th scope="col" class="n">Time</th><th scope="col" class="n">Bytes</th></tr></thead><tbody>${stages.map(
    (one) =>
      html`<tr><th scope="row">${one.stage}</th><td class="n">${number(one.runs)}</td><td class="n">${duration(one.seconds)}</td><td class="n">${sent(one.bytes)}</td></tr>`,
  )}</tbody></table>
<details><summary><span class="what">Each run</span><span class="many">${number(runs.length)}</span></summary><div class="in">
<table><caption>The newest first, in UTC</caption><thead><tr><th scope="col">Stage</th><th scope="col">Began</th><th scope="col" class="n">Took</th><th scope="col" class="n">Bytes</th></tr></thead><tbody>${runs
    .slice(0, MOST_RUNS)
    .map(
      ({ stage, at, seconds, bytes }) =>
        html`<tr><th scope="row">${stage}</th><td>${moment(at)}</td><td class="n">${took(seconds)}</td><td class="n">${sent(bytes)}</td></tr>`,
    )}</tbody></table>
${rest(runs.length - MOST_RUNS, 'run')}
</div></details>
${
  days.length > 0
    ? html`<details><summary><span class="what">Sent on each day</span><span class="many">${number(days.length)}</span></summary><div class="in"><table><caption>By the day on which each photo was last written to</caption><thead><tr><th scope="col">Day</th><th scope="col" class="n">Photos</th><th scope="col" class="n">Bytes</th></tr></thead><tbody>${days
        .slice(0, MOST_DAYS)
        .map(
          ({ day, photos, bytes }) =>
            html`<tr><th scope="row">${day}</th><td class="n">${number(photos)}</td><td class="n">${size(bytes)}</td></tr>`,
        )}</tbody></table>${rest(days.length - MOST_DAYS, 'day')}</div></details>`
    : ''
}
</section>`
}
