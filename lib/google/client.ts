import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dataFolder, Fail, hint } from '../stage.ts'
import { PAGES, type Purpose } from './answers.ts'

/** What Google's console gives as a file. A web client comes back only to an address that is registered with it. */
export type Client = { id: string; secret: string; redirect?: string }

const clientFile = () => process.env.GOOGLE_CLIENT || `${dataFolder}/google-client.json`

/** The client's file, the usual one or `from`. Throws Fail, with what to click for this purpose, where there is none. */
export async function readClient({
  from,
  purpose = 'drive',
}: {
  from?: string
  purpose?: Purpose
} = {}): Promise<Client> {
  const path = from ?? (await findClient()) ?? clientFile()
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    if (from === undefined && code === 'ENOENT') throw missing(path, purpose)
    const found = { ENOENT: 'there is none', EISDIR: 'it is a folder' }[code ?? ''] ?? code
    throw new Fail(
      `Cannot use the client file ${path}: ${found}: name the file that "Download JSON" gave you at ${PAGES.clients}`,
    )
  })
  return clientIn(path, text)
}

/** Keeps a client's file beside the state, readable by its owner alone: later stages find it there. */
export async function keepClient(from: string): Promise<void> {
  if (process.env.GOOGLE_CLIENT) return
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const temporary = `${clientFile()}.${process.pid}`
  await writeFile(temporary, await readFile(from), { mode: 0o600 })
  await rename(temporary, clientFile())
}

/** Whether anything was set up: stages that can do without Google ask before they mention it. */
export async function hasClient(): Promise<boolean> {
  return (await findClient()) !== undefined
}

async function findClient() {
  const usual = clientFile()
  if (await readFile(usual).catch(() => null)) return usual
  const names = await readdir(dataFolder).catch(() => [])
  const found = names.find((name) => /^client_secret.*\.json$/.test(name))
  return found && !process.env.GOOGLE_CLIENT ? `${dataFolder}/${found}` : undefined
}

function missing(path: string, purpose: Purpose) {
  const api =
    purpose === 'drive'
      ? 'Google Drive API (to sign in by hand also its "Google Picker API")'
      : 'Google Photos Picker API'
  const file = hint('auth', `--google ${purpose} --client ~/Downloads/client_secret_XXX.json`)
  return new Fail(`Cannot sign in to Google: there is no client file at ${path}. Each user makes one, once, in ten minutes:
  1. make a project ("Create"): ${PAGES.project}
  2. switch on the ${api} ("Enable"): ${PAGES[purpose]}
  3. give it a name ("Get started", Audience "External"): ${PAGES.branding}
  4. "Create client", type "Desktop app", "Create", "Download JSON": ${PAGES.clients}
  5. "Publish app", or else every sign-in ends after seven days: ${PAGES.audience}
  6. ${file}
docs/google-sign-in.md goes through it page by page`)
}

function clientIn(path: string, text: string): Client {
  const wrong = (found: string) =>
    new Fail(
      `Cannot use the client file ${path}: ${found}: open ${PAGES.clients}, make a client of type "Desktop app" and download its JSON`,
    )
  let file: { installed?: Secrets; web?: Secrets; type?: string }
  try {
    file = JSON.parse(text) ?? {}
  } catch {
    throw wrong('it is no JSON')
  }
  if (file.type === 'service_account') throw wrong('it is a service account, which has no photos')
  const secrets = file.installed ?? file.web
  if (typeof secrets?.client_id !== 'string' || typeof secrets.client_secret !== 'string')
    throw wrong('it holds neither "installed" nor "web" with a client_id and a client_secret')
  const client = { id: secrets.client_id, secret: secrets.client_secret }
  if (file.installed) return client
  const redirect = secrets.redirect_uris?.find((uri) =>
    /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/|$)/.test(uri),
  )
  if (!redirect) {
    throw new Fail(
      `Cannot use the client file ${path}: it is a "Web application" without a way back to this machine: open ${PAGES.clients}, add http://127.0.0.1:8765 under "Authorized redirect URIs" and download it again, or make a client of type "Desktop app"`,
    )
  }
  return { ...client, redirect }
}
type Secrets = { client_id?: unknown; client_secret?: unknown; redirect_uris?: string[] }
