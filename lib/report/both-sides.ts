import { html } from 'hono/html'
import { count, number } from '../progress.ts'
import { core, monthChart, monthName } from './chart.ts'
import type { Report } from './report.ts'
import { capital, name, rest } from './words.ts'

// Months and albums: what Google has of each, and what is there.
// So that a library of a hundred thousand makes a page that a phone opens; the rest is in the tables of --csv.
const MOST_ALBUMS = 300

export function months({ months, undated, there }: Report) {
  const { drawn, before, after } = core(months)
  const owed = months.reduce((sum, month) => sum + month.owed, undated.owed)
  const empty = drawn.filter(({ google }) => google === 0).length
  return html`<section>
<h2>Photos per month</h2>
<p class="lead">${drawn.length > 0 ? `The whole bar is Google, its filled part ${there}.` : ''}${empty > 0 ? ` ${count(empty, 'month')} of ${number(drawn.length)} ${empty === 1 ? 'has' : 'have'} none.` : ''}${undrawn(before, drawn[0], 'earlier than')}${undrawn(after, drawn.at(-1), 'later than')}${undated.google > 0 ? ` ${count(undated.google, 'photo')} without a time.` : ''}</p>
${drawn.length > 0 ? html`<ul class="keys"><li class="key google">Google</li><li class="key there">${capital(there)}</li>${owed > 0 ? html`<li class="key owed">something is owed</li>` : ''}</ul>` : ''}
${monthChart(drawn, there)}
<details><summary><span class="what">The same as a table</span></summary><div class="in">
<table class="sides"><caption>By the month in which they were taken (UTC). Left out: by rule, or removed there.</caption>${sidesHead('Month', there)}<tbody>${months
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

const sidesHead = (first: string, there: string) =>
  html`<thead><tr><th scope="col">${first}</th><th scope="col" class="n">Google</th><th scope="col" class="n">${capital(there)}</th><th scope="col" class="n">Left out</th><th scope="col" class="n">Owed</th></tr></thead>`

function sidesCells(one: { google: number; there: number; left: number; owed: number }) {
  return [one.google, one.there, one.left, one.owed].map(
    (many) => html`<td class="n${many === 0 ? ' none' : ''}">${number(many)}</td>`,
  )
}

export function albums({ albums, there }: Report) {
  if (albums.length === 0) return ''
  const lacking = albums.filter(({ owed, taken }) => owed + taken > 0).length
  return html`<section>
<h2>${count(albums.length, 'album')}</h2>
<p class="lead">${lacking === 0 ? 'Every photo that is not left out is in its albums.' : `${count(lacking, 'album')} ${lacking === 1 ? 'lacks' : 'lack'} photos: these come first.`}</p>
<table class="sides"><caption>Photos of each album on both sides</caption>${sidesHead('Album', there)}<tbody>${albums
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
