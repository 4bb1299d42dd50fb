import { chmod, copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dataFolder, Fail, hint } from '../stage.ts'
import { PAGES } from './answers.ts'

/** What Google's console gives as a file. A web client comes back only to an address that is registered with it. */
export type Client = { id: string; secret: string; redirect?: string }

const clientFile = () => process.env.GOOGLE_CLIENT || `${dataFolder}/google-client.json`

/** The client's file, kept beside the state and readable by its owner alone. Throws Fail, with what to click, where there is none. */
export async function readClient(from?: string): Promise<Client> {
  const path = from ?? (await findClient())
  const client = clientIn(path, await readFile(path, 'utf8').catch(() => missing(path)))
  if (from && !process.env.GOOGLE_CLIENT) {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    await copyFile(from, clientFile())
    await chmod(clientFile(), 0o600)
  }
  return client
}

/** Whether anything was set up: stages that can do without Google ask before they mention it. */
export async function hasClient(): Promise<boolean> {
  return findClient().then(
    () => true,
    () => false,
  )
}

async function findClient() {
  const usual = clientFile()
  if (await readFile(usual).catch(() => null)) return usual
  const names = await readdir(dataFolder).catch(() => [])
  const found = names.find((name) => /^client_secret.*\.json$/.test(name))
  return found && !process.env.GOOGLE_CLIENT ? `${dataFolder}/${found}` : missing(usual)
}

function missing(path: string): never {
  throw new Fail(
    `Cannot sign in to Google: there is no client file at ${path}: open ${PAGES.clients}, click "Create client", type "Desktop app", "Download JSON", then ${hint('auth', '--google drive --client FILE')} (docs/google-sign-in.md goes through it)`,
  )
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
