#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { parseEnv } from 'node:util'
import { envFile, Fail, flags, hint, say } from '../lib/stage.ts'
import { readCounts } from '../lib/state/state.ts'

const usage = `
Print what makes this machine run sync by itself: lines for crontab, and a systemd timer. So for organize, where IMPORTS and
GALLERY are set, and for backup, where BACKUP_TO is; for these alone where nothing of Google is known. Nothing is installed.

  reads   where it is run, and what it is given

Usage: make cron [ARGS="--at 04:30"]      what sync is to be run with goes behind --, as in ARGS="-- --drive"
  --at HH:MM                time of day (03:30); sync runs once a day, and a run with nothing to do takes seconds; backup an
                            hour later, organize every 15 minutes
  --ping URL                a monitor to call at the end of a good run (healthchecks.io and the like)
  --crontab, --systemd      only one of the two
Exit:  0 printed, 1 a path that neither can hold, 2 bad usage
`
const given = flags(
  usage,
  {
    at: { type: 'string', default: '03:30' },
    ping: { type: 'string' },
    crontab: { type: 'boolean' },
    systemd: { type: 'boolean' },
  },
  { positionals: true },
)
const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(given.at) ?? []
if (!hour || !minute)
  throw new Fail(`Cannot read --at "${given.at}": give a time of day like 03:30`, { exitCode: 2 })
if (given.ping !== undefined && !/^https?:\/\/[^\s'"%]+$/.test(given.ping))
  throw new Fail(`Cannot read --ping "${given.ping}": give an http address`, { exitCode: 2 })
const place = process.cwd()
for (const text of [place, ...given.positionals]) {
  // Both files have rules of their own for these, and no path needs them.
  if (/['"%\\$\n]/.test(text))
    throw new Fail(`Cannot print lines for ${text}: it holds quotes, %, $ or a backslash: move it`)
}

// Not by make, which turns every exit code into 2.
const ping = given.ping ? ['--ping', given.ping] : []
const args = ['--yes', '--quiet', ...given.positionals, ...ping]
const daily = (later = 0): When => {
  const at = (Number(hour) + later) % 24
  return [
    `${Number(minute)} ${at} * * *`,
    `*-*-* ${String(at).padStart(2, '0')}:${minute}:00`,
    'every day',
  ]
}
type When = [crontab: string, systemd: string, words: string]
type Job = { stage: string; args: string[]; what: string; when: When }
const { photos = 0 } = await readCounts(given.state)
const { IMMICH_URL, TAKEOUT, IMPORTS, GALLERY, BACKUP_TO } = process.env
const to = IMMICH_URL ? 'Immich' : 'folders'
const jobs: Job[] = [{ stage: 'sync', args, what: `Google Photos to ${to}`, when: daily() }]
// Where only folders are kept there is nothing to sync, and a line for it would mail each day.
const isForSync = IMMICH_URL || TAKEOUT || photos > 0 || given.positionals.length > 0
if (!isForSync && (IMPORTS || BACKUP_TO)) jobs.pop()
if (IMPORTS && GALLERY)
  jobs.push({
    stage: 'organize',
    args: ['--quiet', '--or-later'],
    what: 'Inboxes to the gallery',
    when: ['*/15 * * * *', '*-*-* *:00/15:00', 'every 15 minutes'],
  })
if (BACKUP_TO)
  jobs.push({
    stage: 'backup',
    args: ['--quiet', '--and-check'],
    what: 'Backup of the gallery',
    when: daily(1),
  })
const account = process.env.ACCOUNT ? `ACCOUNT=${process.env.ACCOUNT}` : ''

if (!given.systemd) {
  console.log(
    '# crontab -e, and these lines. Mail comes only when something needs you (exit 1, 3 or 4).',
  )
  for (const job of jobs) console.log(crontabOf(job))
}
if (!given.systemd && !given.crontab) console.log('')
if (!given.crontab) console.log(jobs.map(unitsOf).join('\n\n'))
for (const name of shellsAlone())
  say(
    `warning: ${name} is set in this shell alone, where neither of the two sees it: put it into ${envFile}`,
  )
say(
  `nothing was installed; ${jobs.map(({ stage, args }) => hint(stage, args.join(' '))).join(', ')} is what runs`,
)

function crontabOf({ stage, args, when: [fields] }: Job) {
  const words = commandOf(stage, args).map((word) => quoted(word, "'"))
  const line = [account, ...words].filter(Boolean).join(' ')
  const log = `data/${nameOf(stage)}.log`
  return `${fields}  cd '${place}' && ${line} >>${log} 2>&1 || tail -n 20 ${log}`
}

function unitsOf({ stage, args, what, when: [, calendar, words] }: Job) {
  const name = nameOf(stage)
  return `# ~/.config/systemd/user/${name}.service
[Unit]
Description=${what}

[Service]
Type=oneshot
WorkingDirectory=${place}
${account && `Environment=${account}\n`}ExecStart=${commandOf(stage, args)
    .map((word) => quoted(word, '"'))
    .join(' ')}
# 3: some items failed, the next run tries them again. 4: done, but something needs you soon: it shows as failed.
SuccessExitStatus=3
Nice=10

# ~/.config/systemd/user/${name}.timer
[Unit]
Description=${what}, ${words}

[Timer]
OnCalendar=${calendar}
${words === 'every day' ? 'RandomizedDelaySec=15min\n' : ''}Persistent=true

[Install]
WantedBy=timers.target

# then: systemctl --user daemon-reload && systemctl --user enable --now ${name}.timer
#       loginctl enable-linger ${userInfo().username}        (so that it runs while you are logged out)`
}

function nameOf(stage: string) {
  const own = stage === 'sync' ? '' : `-${stage}`
  return `photoferry${process.env.ACCOUNT ? `-${process.env.ACCOUNT}` : ''}${own}`
}

function commandOf(stage: string, args: string[]) {
  return [process.execPath, ...process.execArgv, `scripts/${stage}.ts`, ...args]
}

/** Settings that a run by itself would miss. TAKEOUT is remembered in the state. */
function shellsAlone() {
  const kept = existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {}
  return Object.keys(process.env).filter(
    (name) =>
      /^(IMMICH_(URL|API_KEY)|TIME_ZONE|GOOGLE_CLIENT|MAX_BYTES_PER_DAY|IMPORTS|GALLERY|BACKUP_\w+|PHOTOFERRY_\w+)$/.test(
        name,
      ) &&
      process.env[name] &&
      !(name in kept),
  )
}

function quoted(word: string, mark: string) {
  return /^[\w@:./=,+-]+$/.test(word) ? word : `${mark}${word}${mark}`
}
