#!/usr/bin/env node
import { mkdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { $ } from 'zx'
import { say } from '../../lib/stage.ts'
import { demoTakeout } from './demo-takeout.ts'
import { startImmich } from './immich.ts'

// The whole pipeline on a made-up Takeout and a stand-in Immich, as a person would type it. Everything stays in data/demo.
const folder = resolve('data/demo')
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })

say('making a Takeout of a few dozen pictures, in two zips')
const { paths } = await demoTakeout(`${folder}/takeout`)
const server = await startImmich({ folder: `${folder}/immich`, extractDelayMs: 200 })
const run = $({
  stdio: 'inherit',
  env: {
    ...process.env,
    ACCOUNT: '',
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
  return run`${process.execPath} ${process.execArgv} scripts/${name}.ts ${args} --state ${state}`
}
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
  await stage('status')
} finally {
  await server.stop()
}
process.stderr.write(`
Left for playing:
  ${paths.map((path) => path.replace(here, '')).join('  ')}
  data/demo/state.json   jq '.photos | length' data/demo/state.json
                         jq '.transfers[] | .want' data/demo/state.json
`)
