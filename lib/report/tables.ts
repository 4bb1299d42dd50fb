import { harmless } from '../stage.ts'
import type { Report } from './report.ts'

type Cell = string | number | undefined

/** What the page shows as tables for a spreadsheet, whole: file name -> its text. */
export function tablesOf(report: Report): Map<string, string> {
  const { photos, files, months, undated, albums, groups, merged, parts, runs, days } = report
  const sides = ['google', 'there', 'left out', 'owed']
  const cells = (one: { google: number; there: number; left: number; owed: number }) => [
    one.google,
    one.there,
    one.left,
    one.owed,
  ]
  return new Map([
    [
      'account.csv',
      csv(
        ['of', 'row', 'how many'],
        [
          ...Object.entries(photos.rows).map(([row, many]) => ['photos', row, many]),
          ...Object.entries(photos.proven).map(([row, many]) => ['verified', row, many]),
          ...Object.entries(files.rows).map(([row, many]) => ['files', row, many]),
        ],
      ),
    ],
    [
      'months.csv',
      csv(
        ['month', ...sides],
        [...months.map((one) => [one.month, ...cells(one)]), ['no time', ...cells(undated)]],
      ),
    ],
    [
      'albums.csv',
      csv(
        ['album', ...sides, 'taken out there', 'remark', 'immich'],
        albums.map((one) => [one.title, ...cells(one), one.taken, one.note, one.immich]),
      ),
    ],
    [
      'did-not-fit.csv',
      csv(
        ['reason', 'weight', 'name', 'path', 'why', 'google', 'immich'],
        groups.flatMap(({ title, weight, items }) =>
          items.map((one) => [
            title,
            weight,
            one.name,
            one.path,
            one.why,
            one.google,
            one.immich?.join(' '),
          ]),
        ),
      ),
    ],
    [
      'merged.csv',
      csv(
        ['name', 'path', 'bytes sent', 'bytes left out'],
        merged.sizes.map((one) => [one.name, one.path, one.kept, one.left]),
      ),
    ],
    [
      'parts.csv',
      csv(
        [
          'part',
          'where',
          'bytes',
          'photos',
          'verified',
          'left out',
          'not verified',
          'verdict',
          'why',
        ],
        parts.map((one) => [
          one.name,
          one.where,
          one.size,
          one.photos,
          one.verified,
          one.left,
          one.owed,
          one.verdict,
          one.why,
        ]),
      ),
    ],
    [
      'times.csv',
      csv(
        ['stage or day', 'began', 'seconds', 'photos', 'bytes'],
        [
          ...runs.map((one) => [one.stage, one.at, one.seconds, undefined, one.bytes]),
          ...days.map((one) => [one.day, undefined, undefined, one.photos, one.bytes]),
        ],
      ),
    ],
  ])
}

// What begins a formula: also as full-width letters, and behind what is cut off before it is looked at.
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/

/** With the mark by which spreadsheets know UTF-8. A text that they would take for a formula is one no more. */
function csv(head: string[], rows: Cell[][]): string {
  const cell = (value: Cell = '') => {
    const text = typeof value === 'number' ? String(value) : harmless(value).replace(FORMULA, "'$&")
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return `\ufeff${[head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}
