import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import {
  fromTemplate,
  numbered,
  type PathFacts,
  pathKey,
  pathMaker,
  safeName,
} from '../lib/folders/paths.ts'

const dir = mkdtempSync(join(tmpdir(), 'paths-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const photo: PathFacts = {
  title: 'IMG_1.jpg',
  local: '2021-01-03T09:08:07',
  albums: ['AC/DC', 'Summer'],
  camera: 'Pixel 7',
}

test.each([
  ['YYYY/MM/DD', '2021/01/03/IMG_1.jpg'],
  ['YYYY/MM-Month', '2021/01-January/IMG_1.jpg'],
  ['YYYY/MM-M', '2021/01-January/IMG_1.jpg'],
  ['YY/m', '21/Jan/IMG_1.jpg'],
  ['YYYYMMDD', '20210103/IMG_1.jpg'],
  ['YYYY_MM_DD', '2021_01_03/IMG_1.jpg'],
  ['YYYY/DDD', '2021/003/IMG_1.jpg'],
  // 3 January 2021 was a Sunday: a week that begins with it is the first, one that begins with Monday is not over yet.
  ['YYYY/U', '2021/01/IMG_1.jpg'],
  ['YYYY/W', '2021/00/IMG_1.jpg'],
  ['Images/Movies/YYYY', 'Images/Movies/2021/IMG_1.jpg'],
  ['{album}/YYYY', 'AC_DC/2021/IMG_1.jpg'],
  ['{camera}', 'Pixel 7/IMG_1.jpg'],
  ['{title}', 'IMG_1.jpg'],
  ['YYYY/{title}/x', '2021/IMG_1/x/IMG_1.jpg'],
  ['YYYY/YYYY-MM-DD HH.mm.ss {title}', '2021/2021-01-03 09.08.07 IMG_1.jpg'],
  ['', 'IMG_1.jpg'],
  ['/ /'.slice(1), 'IMG_1.jpg'],
])('--path %j puts a photo at %s', (template, path) => {
  expect(fromTemplate(template)(photo)).toBe(path)
})

test.each<[string, Partial<PathFacts>, string]>([
  ['YYYY/MM/DD', { local: undefined }, 'undated/IMG_1.jpg'],
  ['YYYY/MM/DD', { local: undefined, year: '2019' }, 'undated/2019/IMG_1.jpg'],
  ['YYYY', { local: undefined, year: '2019' }, '2019/IMG_1.jpg'],
  ['{album}', { local: undefined }, 'AC_DC/IMG_1.jpg'],
  ['{album}/{camera}', { albums: [], camera: '' }, 'IMG_1.jpg'],
  ['YYYY/{album}', { albums: ['..'] }, '2021/_/IMG_1.jpg'],
  ['{album}', { albums: ['/etc/passwd'] }, '_etc_passwd/IMG_1.jpg'],
  ['YYYY', { title: '../../up.jpg' }, '2021/__.._up.jpg'],
  ['YYYY', { title: '' }, '2021/_'],
  ['YYYY/MM/DD', { local: '0042-12-31T00:00:00' }, '0042/12/31/IMG_1.jpg'],
])('--path %j with %j is %s', (template, facts, path) => {
  expect(fromTemplate(template)({ ...photo, ...facts } as PathFacts)).toBe(path)
})

test.each(['/abs', '../up', 'YYYY/../x', '{nothing}', 'YYYY/{', '{Album}'])(
  '--path %j is refused',
  (template) => {
    expect(() => fromTemplate(template)).toThrow(/^Cannot use --path .*: .*/)
  },
)

test('a function of its owner makes the path, and stays in the library', async () => {
  const own = join(dir, 'my-path.ts')
  writeFileSync(
    own,
    `type Photo = { title: string; local?: string; albums?: string[] }
export default ({ title, local }: Photo) =>
  title === 'whole.jpg' ? 'a/b/other name.JPG' : title === 'bad.jpg' ? '../../../x' : title === 'no.jpg' ? (3 as never) : \`\${local?.slice(0, 4)}\`
`,
  )
  const path = await pathMaker(own)
  expect(path(photo)).toBe('2021/IMG_1.jpg')
  expect(path({ title: 'whole.jpg' })).toBe('a/b/other name.JPG')
  expect(path({ title: 'bad.jpg' })).toBe('_/_/_/x/bad.jpg')
  expect(() => path({ title: 'no.jpg' })).toThrow(/it gives no text but number/)
  await expect(pathMaker(join(dir, 'none.ts'))).rejects.toThrow(/there is no such file/)
  writeFileSync(join(dir, 'empty.ts'), 'export const x = 1\n')
  await expect(pathMaker(join(dir, 'empty.ts'))).rejects.toThrow(/is no function/)
})

test.each([
  ['throw new Error("boom")', /it threw "boom" for IMG_1.jpg/],
  ['throw null', /it threw "null" for IMG_1.jpg/],
  ['throw "text"', /it threw "text"/],
  ['return null', /no text but object/],
  ['return Promise.resolve("x")', /no text but a promise/],
  ['return "\\u0000/../c:"', '_/_/c_/IMG_1.jpg'],
  ['photo.albums.pop(); photo.title = "x"; return "m"', 'm/IMG_1.jpg'],
])('a function that does %s harms nothing', async (body, is) => {
  const own = join(dir, `${Buffer.from(body).toString('hex').slice(0, 40)}.mjs`)
  writeFileSync(own, `export default (photo) => { ${body} }`)
  const path = await pathMaker(own)
  const facts = { ...photo, albums: ['Trip'] }
  if (typeof is === 'string') expect(path(facts)).toBe(is)
  else expect(() => path(facts)).toThrow(is)
  expect(facts).toEqual({ ...photo, albums: ['Trip'] })
})

test.each([
  ['plain.jpg', 'plain.jpg'],
  ['a/b\\c.jpg', 'a_b_c.jpg'],
  ['..', '_'],
  ['.', '_'],
  ['.hidden', '_hidden'],
  ['con.jpg', '_con.jpg'],
  ['NUL', '_NUL'],
  ['aux.tar.gz', '_aux.tar.gz'],
  ['trailing. . ', 'trailing_'],
  ['what?.jpg', 'what_.jpg'],
  ['tab\there\n.jpg', 'tab_here_.jpg'],
  ['right\u202egpj.exe', 'right_gpj.exe'],
  ['u\u0308ber.jpg', 'über.jpg'],
  [`${'x'.repeat(300)}.jpg`, `${'x'.repeat(196)}.jpg`],
  ['lone\ud800.jpg', 'lone\ufffd.jpg'],
])('%j is called %j on any disk', (name, safe) => {
  expect(safeName(name)).toBe(safe)
})

test('any name becomes one that stays in its folder, fits, and is safe already', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const safe = safeName(name)
      expect(safe).not.toMatch(/[/\\\0:]|^\.|[. ]$/)
      expect(Buffer.byteLength(safe)).toBeLessThan(210)
      expect(safe.length).toBeGreaterThan(0)
      expect(safeName(safe)).toBe(safe)
    }),
  )
})

test('the second of a name gets a number, and capitals make no other file', () => {
  expect([numbered('IMG_1.jpg', 1), numbered('IMG_1.jpg', 2), numbered('noext', 3)]).toEqual([
    'IMG_1.jpg',
    'IMG_1-2.jpg',
    'noext-3',
  ])
  expect(pathKey('A/U\u0308.JPG')).toBe(pathKey('a/\u00fc.jpg'))
})
