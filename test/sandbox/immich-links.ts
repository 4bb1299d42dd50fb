import { randomBytes, randomUUID } from 'node:crypto'
import { asset, type Call, text } from './immich-call.ts'
import { check, Problem, type Rules } from './immich-check.ts'
import type { SharedLink } from './immich-db.ts'
import { assetJson } from './immich-json.ts'

/** Of the assets of each, one is shown. */
export function listLinks(call: Call) {
  return [...call.db.links.values()].map((link) => {
    const { assets, ...json } = linkJson(call, link)
    return { ...json, assets: assets.slice(0, 1) }
  })
}

export function getLink(call: Call) {
  const link = call.db.links.get(call.params[0] ?? '')
  if (!link) throw new Problem(400, 'Shared link not found')
  return linkJson(call, link)
}

export function createLink(call: Call) {
  const { db, major, body } = call
  const rules: Rules = {
    type: { kind: ['ALBUM', 'INDIVIDUAL'], required: true },
    description: text,
    assetIds: { kind: 'uuid', list: true },
  }
  const { assetIds = [] } = check(major, rules, body, 'json') as { assetIds?: string[] }
  for (const id of assetIds) asset(db, id, 'read')
  const link = {
    id: randomUUID(),
    key: randomBytes(50).toString('base64url'),
    createdAt: Date.now(),
    assetIds: [...new Set(assetIds)],
  }
  db.links.set(link.id, link)
  return linkJson(call, link)
}

export function deleteLink({ db, params }: Call) {
  if (!db.links.delete(params[0] ?? '')) throw new Problem(400, 'Shared link not found')
}

export function removeFromLink({ db, major, params, body }: Call) {
  const rules: Rules = { assetIds: { kind: 'uuid', list: true, required: true } }
  const { assetIds } = check(major, rules, body, 'json') as { assetIds: string[] }
  const link = db.links.get(params[0] ?? '')
  if (!link) throw new Problem(400, 'Shared link not found')
  return assetIds.map((assetId) => {
    if (!link.assetIds.includes(assetId)) return { assetId, success: false, error: 'not_found' }
    link.assetIds = link.assetIds.filter((id) => id !== assetId)
    return { assetId, success: true }
  })
}

function linkJson({ db, major }: Call, { id, key, createdAt, assetIds }: SharedLink) {
  const assets = assetIds.flatMap((one) => db.assets.get(one) ?? [])
  return {
    id,
    key,
    type: 'INDIVIDUAL',
    description: null,
    password: null,
    userId: db.user.id,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: null,
    assets: assets
      .filter(({ deletedAt }) => deletedAt === null)
      .map((one) => assetJson(db, major, one)),
    allowUpload: false,
    allowDownload: true,
    showMetadata: true,
    slug: null,
  }
}
