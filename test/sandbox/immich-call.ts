import { type Major, Problem, type Rule, type Rules } from './immich-check.ts'
import type { Album, Asset, Db } from './immich-db.ts'

/** The jobs that run behind a call. */
export type Jobs = {
  extract(asset: Asset): void
  writeSidecar(asset: Asset): void
  destroy(asset: Asset): void
}
export type ApiKey = { id: string; name: string; permissions: string[] }
/** By their secrets. */
export type Keys = Map<string, ApiKey>
export type Call = {
  db: Db
  major: Major
  jobs: Jobs
  keys: Keys
  apiKey: ApiKey | undefined
  version: { major: number; minor: number; patch: number }
  params: string[]
  query: Record<string, string>
  body: unknown
}

export const text: Rule = { kind: 'string' }
export const flag: Rule = { kind: 'bool' }
export const ids: Rules = { ids: { kind: 'uuid', list: true, required: true } }
export const visibility: Rule = { kind: ['archive', 'timeline', 'hidden', 'locked'] }

/** An own asset, or for reading one that the owner may see; any other id is refused alike. */
export function asset(
  db: Db,
  id: string | undefined,
  action: 'read' | 'update' | 'delete' | 'download' | 'view' | 'copy',
) {
  const found = db.assets.get(id ?? '')
  const seen =
    found &&
    (found.ownerId === db.user.id ||
      (/read|download|view/.test(action) &&
        (db.partners.has(found.ownerId) || shared(db, found.id))))
  if (!found || !seen || found.visibility === 'locked')
    throw new Problem(400, `Not found or no asset.${action} access`)
  return found
}
const shared = (db: Db, id: string) =>
  [...db.albums.values()].some((one) => one.assetIds.includes(id) && mayRead(db, one))
export const mayRead = (db: Db, { ownerId, users }: Album) =>
  ownerId === db.user.id || users.some(({ userId }) => userId === db.user.id)

export function album(db: Db, id: string | undefined, permission: string) {
  const found = db.albums.get(id ?? '')
  const own = found?.ownerId === db.user.id
  const allowed = found && (own || (mayRead(db, found) && !/update|delete/.test(permission)))
  if (!allowed) throw new Problem(400, `Not found or no ${permission} access`)
  return found
}
