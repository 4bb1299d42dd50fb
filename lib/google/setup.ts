import { access, constants, mkdir } from 'node:fs/promises'
import { ask } from '../ask.ts'
import { dataFolder, Fail, hint, say } from '../stage.ts'
import type { Purpose } from './answers.ts'
import { hasClient, keepClient, readClient } from './client.ts'
import { endingSoon, readTokens, revoke, SCOPES, tryOut } from './google.ts'
import { showPage } from './show-page.ts'
import { signIn } from './signin.ts'

export const googleFlags = {
  google: { type: 'string', multiple: true },
  client: { type: 'string' },
  'by-hand': { type: 'boolean' },
  unattended: { type: 'boolean' },
  paste: { type: 'boolean' },
  'no-browser': { type: 'boolean' },
  revoke: { type: 'string' },
} as const

export const googleUsage = `  --google drive            sign in to Google for Takeouts in Drive; --google picker: for photos that you pick
    --unattended            for drive: read all of Drive, so that nobody has to be there when an export arrives
    --by-hand               for drive: read only the files that you pick on Google's page, one click per export
    --client FILE           the JSON of a "Desktop app" client (docs/google-sign-in.md); kept under data/
    --paste                 type the address that the browser came back to (a machine without a browser)
    --no-browser            show the link only
  --revoke drive|picker|all end a sign-in, at Google and here`

export type GoogleFlags = {
  google?: string[]
  client?: string
  'by-hand'?: boolean
  unattended?: boolean
  paste?: boolean
  'no-browser'?: boolean
  revoke?: string
  'dry-run'?: boolean
}

/** The Google side of `auth`: signs in for each purpose that was asked for, or ends a sign-in. */
export async function setUpGoogle(given: GoogleFlags): Promise<void> {
  if (given.revoke !== undefined) return endSignIns(given.revoke)
  const asked = given.google?.length ? given.google : ['drive']
  const purposes = asked.flatMap((text) => purposesIn('--google', text))
  if (given['by-hand'] && given.unattended)
    throw new Fail('Cannot read the flags: --by-hand and --unattended are two ways: give one', {
      exitCode: 2,
    })
  for (const purpose of purposes) {
    const client = await readClient({
      ...(given.client !== undefined && { from: given.client }),
      purpose,
    })
    if (given['dry-run']) {
      await tryOut(purpose)
      say(`the sign-in for ${purpose} works`)
      continue
    }
    // Before the person does anything for it.
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await access(dataFolder, constants.W_OK)
    const scope = purpose === 'picker' ? SCOPES.picker : SCOPES[await wayOf(given)]
    const { grant, picked } = await signIn({
      client,
      purpose,
      scope,
      paste: Boolean(given.paste || process.stdin.isTTY),
      show: (address) => show(address, given),
    })
    if (given.client !== undefined) await keepClient(given.client)
    say(`signed in to Google for ${purpose}${whatFor(scope, picked.length)}`)
    say(
      purpose === 'drive'
        ? `next: ${hint('sync', '--drive')}`
        : `next: ${hint('index-gphotos', '--pick')}, then ${hint('sync')}`,
    )
    if (grant.ends) {
      say(
        `warning: this sign-in lives until ${new Date(grant.ends).toISOString().slice(0, 10)} only, since the project is in "Testing": docs/google-sign-in.md, step 5, makes it last`,
      )
    }
  }
}

/** What stands, for `auth` without a wish and for `doctor`: one line each. */
export async function googleSignIns(): Promise<string[]> {
  const { grants } = await readTokens()
  const lines = (Object.keys(grants) as Purpose[]).map((purpose) => {
    const since = new Date(grants[purpose]?.at ?? 0).toISOString().slice(0, 10)
    return `signed in to Google for ${purpose} since ${since}${whatFor(grants[purpose]?.scope ?? '')}`
  })
  if (lines.length === 0 && (await hasClient()))
    lines.push(
      `a Google client is there, and nobody is signed in: ${hint('auth', '--google drive')} for Takeouts in Drive`,
    )
  return [...lines, ...(await endingSoon(['drive', 'picker']))]
}

function whatFor(scope: string, picked = 0) {
  if (scope.includes(SCOPES.unattended)) return ', unattended: it reads all of Drive'
  if (!scope.includes(SCOPES.byHand)) return ''
  return picked > 0 ? `, by hand: ${picked} files picked` : ', by hand: only files that you pick'
}

async function wayOf(given: GoogleFlags) {
  if (given['by-hand']) return 'byHand'
  if (given.unattended) return 'unattended'
  if (!process.stdin.isTTY) {
    throw new Fail(
      `Cannot sign in for drive: it can be by hand or unattended, and nobody can be asked here: ${hint('auth', '--google drive --by-hand')} (you pick each export on a page of Google's) or ${hint('auth', '--google drive --unattended')} (it may read all of Drive, and finds new exports itself)`,
      { exitCode: 2 },
    )
  }
  say('Takeouts in Drive can be reached in two ways:')
  say('  h  by hand: only files that you pick on a page of Google, one click for each export')
  say('  u  unattended: it may read all of your Drive, and nobody has to be there')
  for (;;) {
    const answer = (await ask('by hand or unattended? [h/u] ')).toLowerCase()
    if (/^h/.test(answer) || answer === 'by hand') return 'byHand'
    if (/^u/.test(answer)) return 'unattended'
  }
}

async function show(address: string, given: GoogleFlags) {
  await showPage(address, {
    what: 'open this link and allow it',
    browser: !given['no-browser'],
    code: false,
  })
  if (given.paste || process.stdin.isTTY)
    say(
      'no browser on this machine? open it anywhere, and paste the address here that it ends up at (the page cannot be shown there)',
    )
}

async function endSignIns(which: string) {
  for (const purpose of purposesIn('--revoke', which, true)) {
    const was = await revoke(purpose)
    say(was ? `no longer signed in for ${purpose}` : `nobody was signed in for ${purpose}`)
  }
  say('what was indexed and sent stays')
}

function purposesIn(flag: string, text: string, orAll = false): Purpose[] {
  if (text === 'drive' || text === 'picker') return [text]
  if (orAll && text === 'all') return ['drive', 'picker']
  throw new Fail(`Cannot read ${flag}: "${text}" is none of drive, picker${orAll ? ', all' : ''}`, {
    exitCode: 2,
  })
}
