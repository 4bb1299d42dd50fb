import { html } from 'hono/html'
import { count } from '../progress.ts'
import { harmless, hint } from '../stage.ts'

/** What did not find room on the page. */
export function rest(many: number, what: string) {
  if (many <= 0) return ''
  return html`<p class="more">And ${count(many, `more ${what}`, `more ${what}s`)}: ${commands(hint('report', '--csv data/report'))} writes all of them.</p>`
}

/** A text with commands in backticks, these as code. */
export function commands(text: string) {
  return text.split('`').map((piece, at) => (at % 2 ? html`<code>${piece}</code>` : piece))
}

const LONG = 240
// A name of a file may turn letters round or hold what no page should: as everywhere, without that.
// Of a very long one both ends are enough: the whole is in the tables.
export const name = (text: string) => harmless(text.length > LONG ? shortened(text) : text)
function shortened(text: string) {
  const letters = [...text]
  return `${letters.slice(0, LONG / 2).join('')}…${letters.slice(-LONG / 4).join('')}`
}
export const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)
export const moment = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`
export const stampDay = (stamp: string) =>
  `${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}`
