#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { ask } from '../lib/ask.ts'
import { writeSettings } from '../lib/dotenv.ts'
import { googleFlags, googleSignIns, googleUsage, setUpGoogle } from '../lib/google/setup.ts'
import { immich } from '../lib/immich/immich.ts'
import { NEEDED } from '../lib/immich/permissions.ts'
import { envFile, Fail, flags, hint, say } from '../lib/stage.ts'

const usage = `
Set up the Immich server: its address and an API key, what the key may do, and where both are kept. With --google sign in
to Google instead, for Takeouts in Drive or for photos that you pick.

  reads   IMMICH_URL, IMMICH_API_KEY (flags, environment, .env; on a terminal it asks for what is missing)
  writes  .env (or .env.NAME with ACCOUNT=NAME); data/google-tokens.json; both readable by you alone

Usage: make auth [IMMICH_URL=http://nas:2283 IMMICH_API_KEY=...] [ARGS="..."]
${googleUsage}
  --dry-run                 check, and write nothing
Exit:  0 all is there, 1 no server, no sign-in, a wrong key or permissions that it lacks, 2 bad usage
`
const given = flags(usage, googleFlags)
if (given.google || given.revoke !== undefined) {
  await setUpGoogle(given)
  process.exit(0)
}
const url =
  process.env.IMMICH_URL ||
  (await settle('IMMICH_URL', 'Address of Immich (like http://nas:2283): '))
const key =
  process.env.IMMICH_API_KEY ||
  (await settle('IMMICH_API_KEY', `API key (make one at ${url}/user-settings?isOpen=api-keys): `))

const server = await immich({ url, key })
const { version, features, config } = await server.facts()
const { name, permissions } = await server.keyInfo()
say(
  `Immich ${version.major}.${version.minor}.${version.patch} at ${server.url.replace(/\/api$/, '')}, trash ${features.trash ? `keeps ${config.trashDays} days` : 'is off'}`,
)

const missing = await server.missingPermissions(Object.keys(NEEDED))
const who = missing.includes('user.read')
  ? ''
  : ` of ${(await server.request<{ name: string; email: string }>('GET', '/users/me')).email}`
const all = permissions.includes('all')
  ? 'may do all'
  : `may do ${Object.keys(NEEDED).length - missing.length} of ${Object.keys(NEEDED).length} needed`
say(`key "${name}"${who} ${all}`)
if (missing.length > 0) {
  for (const [permission, why] of Object.entries(NEEDED)) {
    console.log(`  [${missing.includes(permission) ? ' ' : 'x'}] ${permission.padEnd(20)} ${why}`)
  }
  throw new Fail(
    `Cannot use this key: it lacks ${missing.length} permissions: tick the empty ones of this list in Immich under Account Settings > API Keys, then ${hint('auth')}`,
  )
}
for (const line of await googleSignIns()) say(line)
if (!given['dry-run']) {
  const isNew = writeSettings(envFile, { IMMICH_URL: url, IMMICH_API_KEY: key })
  if (isNew) say(`kept in ${envFile}, readable by you alone`)
}

async function settle(name: string, text: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const where = existsSync(envFile) ? envFile : `the environment or ${envFile} (see .env.example)`
    throw new Fail(
      `Cannot set up Immich: ${name} is not given: put it into ${where}, or run ${hint('auth')} on a terminal`,
    )
  }
  return (await ask(text)) || settle(name, text)
}
