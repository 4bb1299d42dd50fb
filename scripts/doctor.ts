#!/usr/bin/env node
import { existsSync, statSync } from 'node:fs'
import { stillThere } from '../lib/archive/archive.ts'
import { freeAt } from '../lib/folders/free.ts'
import type { Purpose } from '../lib/google/answers.ts'
import { hasClient } from '../lib/google/client.ts'
import { endingSoon, readTokens, tryOut } from '../lib/google/google.ts'
import { googleSignIns } from '../lib/google/setup.ts'
import { immich } from '../lib/immich/immich.ts'
import { NEEDED } from '../lib/immich/permissions.ts'
import { count, size } from '../lib/progress.ts'
import { dataFolder, envFile, Fail, flags, hint } from '../lib/stage.ts'
import type { Part } from '../lib/state/records.ts'
import { openState, readCounts } from '../lib/state/state.ts'
import { findParts } from '../lib/takeout/parts.ts'
import { homeZone } from '../lib/time.ts'

const usage = `
What is configured, reachable and permitted, and what to do about the rest. Changes nothing.

  reads   .env, the environment, the state, the parts of the Takeout (their names), the Immich server

Usage: make doctor [ARGS="..."]
  --state FILE
Exit:  0 all is well, 1 something stands in the way, 2 bad usage
`
const given = flags(usage, {})
let wrong = 0

await look('node', () => `${process.versions.node} at ${process.execPath}`)
await look('settings', settings)
await look('zone', () => {
  const zone = homeZone()
  new Intl.DateTimeFormat('en', { timeZone: zone }) // throws for one that is none
  return `${zone}: for wall clocks that name none (TIME_ZONE sets another)`
})
await look('state', async () => {
  if (!existsSync(given.state)) return `${given.state} is not there yet: the first stage makes it`
  const counts = Object.entries(await readCounts(given.state))
  return `${given.state}: ${counts.map(([name, many]) => `${many} ${name}`).join(', ')}`
})
await look('disk', async () => {
  const free = await freeAt(dataFolder)
  if (free < 1e9) throw new Fail(`${size(free)} free for the state: make room, it may need a GB`)
  return `${size(free)} free for the state`
})
await look('takeout', takeout)
if (await hasClient()) await look('google', google)
const reachable = await look('immich', async () => {
  const server = await immich()
  const { version, features, config } = await server.facts()
  const trash = features.trash ? `its trash keeps ${config.trashDays} days` : 'its trash is off'
  return `${version.major}.${version.minor}.${version.patch} at ${server.url}, ${trash}`
})
if (reachable)
  await look('key', async () => {
    const server = await immich()
    const { name } = await server.keyInfo()
    const missing = await server.missingPermissions(Object.keys(NEEDED))
    if (missing.length > 0)
      throw new Fail(
        `"${name}" lacks ${missing.join(', ')}: tick these in Immich under Account Settings > API Keys`,
      )
    return `"${name}" may do all that is needed`
  })
console.log(wrong === 0 ? 'all is well' : `${count(wrong, 'thing')} to do`)
process.exitCode = wrong === 0 ? 0 : 1

/** One line for each thing: what was found, or what to do. False where there is something to do. */
async function look(what: string, at: () => string | Promise<string>) {
  try {
    console.log(`ok   ${what.padEnd(9)} ${await at()}`)
    return true
  } catch (error) {
    wrong++
    console.log(`TODO ${what.padEnd(9)} ${(error as Error).message}`)
    return false
  }
}

function settings() {
  if (!existsSync(envFile)) {
    if (process.env.IMMICH_URL && process.env.IMMICH_API_KEY) return 'from the environment'
    throw new Fail(
      `no ${envFile} and no IMMICH_URL, IMMICH_API_KEY in the environment: run ${hint('auth')}`,
    )
  }
  const mode = statSync(envFile).mode & 0o777
  if (mode & 0o077)
    throw new Fail(
      `${envFile} can be read by others (mode ${mode.toString(8)}): chmod 600 ${envFile}`,
    )
  return `${envFile}, readable by you alone`
}

async function google() {
  const purposes = Object.keys((await readTokens()).grants) as Purpose[]
  if (purposes.length === 0)
    throw new Fail(
      `a client is there, and nobody is signed in: ${hint('auth', '--google drive')} (Takeouts in Drive) or ${hint('auth', '--google picker')} (photos that you pick)`,
    )
  for (const purpose of purposes) await tryOut(purpose)
  const soon = await endingSoon(purposes)
  if (soon.length > 0) throw new Fail(soon.join('; '))
  return `${(await googleSignIns()).join('; ')}; tried just now`
}

async function takeout() {
  const { data } = await openState(given.state, { read: ['runs', 'parts'] })
  const remembered = (data.runs['index-gphotos']?.sources ?? []) as string[]
  const sources = [process.env.TAKEOUT ?? '', ...remembered].filter(Boolean)
  if (sources.length === 0)
    throw new Fail(`none was named yet: run ${hint('index-gphotos TAKEOUT="/path/to/the/zips"')}`)
  const gone: Part[] = []
  for (const part of Object.values<Part>(data.parts)) {
    if (part.drive || part.kind === 'picked') continue
    await stillThere(part).catch(() => gone.push(part))
  }
  const { found } = await findParts(sources.filter((source) => existsSync(source)))
  const bytes = found.reduce((sum, part) => sum + part.size, 0)
  const there = `${count(found.length, 'part')} there (${size(bytes)})`
  if (gone.length === 0) return there
  const owed = Object.entries((data.runs.transfer?.account ?? {}) as Record<string, number>)
    .filter(([row]) => /^(to send|failed|waits)$/.test(row))
    .reduce((sum, [, many]) => sum + many, 0)
  if (owed === 0) return `${there}, ${gone.length} known that are gone, and nothing in them is owed`
  throw new Fail(
    `${there}, ${gone.length} known that are gone (${gone[0]?.path}), and ${count(owed, 'photo')} to send: bring them back`,
  )
}
