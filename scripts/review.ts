#!/usr/bin/env node
import { hostname } from 'node:os'
import { join } from 'node:path'
import { showPage } from '../lib/google/show-page.ts'
import { webAddress } from '../lib/immich/address.ts'
import { immich } from '../lib/immich/immich.ts'
import { requirePermissions } from '../lib/immich/permissions.ts'
import { onInterrupt } from '../lib/interrupt.ts'
import { count, number } from '../lib/progress.ts'
import { openReview } from '../lib/review/review.ts'
import { servePage } from '../lib/review/serving.ts'
import { dataFolder, Fail, flags, hint, say, wholeNumber } from '../lib/stage.ts'

const usage = `
Decide on a page in your browser what photoferry does not decide by itself: groups of duplicates, as whole classes or one by one,
photos that could be several assets, and files in folders that look alike. The page is on this machine alone, and changes nothing but \`decisions\`.

  reads   duplicates, links, transfers, photos, assets, parts, albums, assetAlbums, data/similar.json; pictures from
          the server, the archives and your folders
  writes  decisions (each at once; the lock is held no longer than that)

Usage: make review [ARGS="..."]
  --port N                  the page's port, else a free one
  --no-open                 only print the address
  --dry-run (keeps no decision), --state FILE, --quiet, --json
Exit:  0 done or nothing to review, 1 could not start, 2 bad usage, 130 interrupted
`
const given = flags(usage, { port: { type: 'string' }, 'no-open': { type: 'boolean' } })
const port = given.port === undefined ? 0 : wholeNumber('--port', given.port, 0)
if (port > 65_535) throw new Fail(`Cannot read --port: ${port} is none`, { exitCode: 2 })

// 1. What waits for a person.
const server = webAddress(process.env.IMMICH_URL)
const similar = join(dataFolder, 'similar.json')
const review = await openReview(given.state, { server, similar, dryRun: given['dry-run'] })
const { classes } = review.overview()
if (classes.length === 0) {
  say(
    `nothing to review: ${hint('dupes-analyze')} finds duplicates, ${hint('link')} links, ${hint('dedupe', '--similar')} files that look alike`,
  )
  process.exit(0)
}

// 2. The page. Pictures come when the server answers; until then, and without it, the page has the facts.
// A person waits for each picture: rather a gap than minutes of trying.
process.env.PHOTOFERRY_RETRIES ||= '1'
const AGAIN_MS = 15_000
let asked: { server: ReturnType<typeof immich>; at: number } | undefined
const connect = () => {
  if (!asked || (asked.at > 0 && Date.now() - asked.at > AGAIN_MS)) {
    const now = { server: connected(), at: 0 }
    now.server.catch(() => {
      now.at = Date.now()
    })
    asked = now
  }
  return asked.server
}
const page = await servePage(review, { port, server: connect })
const stay = onInterrupt(end)
const of = (kind: string) => classes.filter((one) => one.kind === kind)
const many = (kind: string) => of(kind).reduce((sum, { keys }) => sum + keys.length, 0)
const waits = [
  many('group') > 0 &&
    `${count(many('group'), 'group')} of duplicates in ${count(of('group').length, 'class', 'classes')}`,
  many('link') > 0 && `${count(many('link'), 'photo')} that could be several assets`,
  many('alike') > 0 && `${count(many('alike'), 'group')} of files that look alike`,
]
say(waits.filter(Boolean).join(', '))
await showPage(page.address, { browser: !given['no-open'], what: 'the page', code: false })
const { SSH_CONNECTION = '' } = process.env
if (SSH_CONNECTION) {
  const here = SSH_CONNECTION.split(' ')[2] ?? hostname()
  say(
    `from your own machine: ssh -L ${page.port}:127.0.0.1:${page.port} ${process.env.USER ?? 'you'}@${here}, then open the address there`,
  )
}
say('Ctrl-C ends it, and so does the page; what is decided is kept at once')

// 3. Until the page or Ctrl-C says so.
await page.over
stay()
await end()

async function connected() {
  const found = await immich()
  await requirePermissions(found, ['asset.view'])
  return found
}

async function end() {
  await page.close()
  await review.save()
  const { standing, next } = review.overview()
  const tally = { yes: 0, stack: 0, left: 0, clear: 0, open: 0 }
  for (const status of Object.values(standing)) tally[status]++
  const { yes, stack, left, clear, open } = tally
  say(
    `${count(Object.keys(standing).length, 'thing')} = ${number(yes)} accepted + ${number(stack)} to be stacked + ${number(left)} left as they are + ${number(clear)} that need no word + ${number(open)} undecided`,
  )
  if (next.length > 0) say(`next: ${next.map((one) => `\`${one}\``).join(', ')}`)
  if (given.json) console.log(JSON.stringify(tally))
}
