#!/usr/bin/env node
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { $ } from 'zx'
import { say } from '../../lib/stage.ts'
import { demoTakeout } from './demo-takeout.ts'
import { startGoogle } from './google.ts'
import { startImmich } from './immich.ts'
import { bytesOf, makeTakeout, type Shot } from './takeout.ts'

// The whole pipeline on a made-up Takeout, a stand-in Immich and a stand-in Google, as a person would type it. Everything stays in data/demo.
const folder = resolve('data/demo')
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })

say('making a Takeout of a few dozen pictures, in two zips')
const { paths } = await demoTakeout(`${folder}/takeout`)
const server = await startImmich({ folder: `${folder}/immich`, extractDelayMs: 200 })
const google = await startGoogle()
const run = $({
  stdio: ['inherit', 'inherit', 'pipe'],
  env: {
    ...process.env,
    ...google.env,
    // Its own sign-in to Google, not that of whoever runs this.
    ACCOUNT: 'demo',
    LIBRARY: `${folder}/library`,
    IMMICH_URL: server.url,
    IMMICH_API_KEY: server.key,
    TIME_ZONE: 'Europe/Berlin',
    PHOTOFERRY_POLL_MS: '300',
  },
})
const here = `${process.cwd()}/`
const state = `${folder}/state.json`
const stage = (name: string, ...args: string[]) => {
  const typed = args[0]?.startsWith('/')
    ? `TAKEOUT=${args.map((path) => path.replace(here, ''))}`
    : `ARGS="${args.join(' ')}"`
  process.stderr.write(`\n$ make ${name} ${args.length > 0 ? typed : ''}\n`)
  const running = run`${process.execPath} ${process.execArgv} scripts/${name}.ts ${args} --state ${state}`
  running.stderr.on('data', (text) => {
    const [link] = /http:\S+\/o\/oauth2\S+/.exec(`${text}`) ?? []
    // What a person does in a browser.
    if (link) void google.visit(link)
  })
  return running
}
/** Pictures of a week ago that the first Takeout does not hold. */
const recent = (day: number): Shot => ({
  folder: 'Photos from 2026',
  name: `PXL_2026110${day}_120000.jpg`,
  taken: Date.UTC(2026, 10, day, 12) / 1000,
})
/** The folders of a library, a line each; of links, where they lead. */
async function listed(root: string) {
  const lines: string[] = []
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const shown = Map.groupBy(
    entries.filter((entry) => !entry.isDirectory()),
    ({ parentPath }) => parentPath.slice(root.length + 1),
  )
  for (const [path, inside] of [...shown].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const names = inside.map((entry) => (entry.isSymbolicLink() ? `${entry.name}@` : entry.name))
    const more = names.length > 4 ? `, and ${names.length - 4} more` : ''
    lines.push(`  ${path.padEnd(22)} ${names.sort().slice(0, 4).join('  ')}${more}\n`)
  }
  return lines.join('')
}
const threeDaysAgo = new Date(Date.now() - 3 * 86_400_000).toISOString()
try {
  await stage('auth', '--dry-run')
  await stage('index-gphotos', `${folder}/takeout`)
  await stage('index-immich')
  await stage('link')
  await stage('transfer')
  await stage('verify', '--wait', '1m')
  process.stderr.write('\nThe same again: nothing is left to do.\n')
  for (const name of ['index-gphotos', 'index-immich', 'link', 'transfer', 'verify'])
    await stage(name)

  process.stderr.write('\nA Takeout that lies in Google Drive (a stand-in, too), read in pieces.\n')
  await writeFile(`${folder}/google-client.json`, JSON.stringify(google.clientFile()))
  const stamp = `${threeDaysAgo.slice(0, 19).replace(/[-:]/g, '')}Z`
  const inDrive = await makeTakeout(
    `${folder}/drive-takeout`,
    { shots: [1, 2, 3].map(recent) },
    { stamp },
  )
  for (const path of inDrive.paths) await google.put(path, { created: threeDaysAgo })
  await stage('auth', '--google', 'drive', '--unattended')
  await stage('index-gphotos', '--drive')
  for (const name of ['index-immich', 'link', 'transfer']) await stage(name)

  process.stderr.write("\nTwo photos that somebody picks on a page of Google's.\n")
  google.picker.settings.choose = () =>
    [4, 5].map((day) => ({
      id: `picked-${day}`,
      name: recent(day).name,
      taken: new Date((recent(day).taken ?? 0) * 1000).toISOString(),
      bytes: bytesOf(recent(day)),
      width: 320,
      height: 240,
    }))
  await stage('auth', '--google', 'picker')
  await stage('index-gphotos', '--pick')
  process.stderr.write('\nThe same library as plain folders, which needs no server.\n')
  await stage('mirror')
  process.stderr.write('\nAnd what was picked to Immich, too.\n')
  for (const name of ['index-immich', 'link', 'transfer']) await stage(name)
  await stage('verify', '--wait', '1m')
  process.stderr.write(
    `\nWhat lies in data/demo/library (@ is a link):\n${await listed(`${folder}/library`)}`,
  )
  await stage('status')
  await stage('report')
} finally {
  await server.stop()
  await google.stop()
}
process.stderr.write(`
Left for playing:
  data/demo/library      the photos in folders; open it in any viewer
  ${paths.map((path) => path.replace(here, '')).join('  ')}
  data/demo/report.html  open it in a browser
  data/demo/state.json   jq '.photos | length' data/demo/state.json
                         jq '.transfers[] | .want' data/demo/state.json
`)
