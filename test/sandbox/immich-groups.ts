import { randomUUID } from 'node:crypto'
import { asset, type Call, ids, text } from './immich-call.ts'
import { check, type Major, Problem, type Rules } from './immich-check.ts'
import type { Db } from './immich-db.ts'
import { assetJson, tagJson } from './immich-json.ts'

export function stackJson(db: Db, major: Major, id: string) {
  const stack = db.stacks.get(id)
  if (!stack) throw new Problem(400, 'Not found or no stack.read access')
  const assets = [...db.assets.values()].filter(
    ({ stackId, deletedAt }) => stackId === id && deletedAt === null,
  )
  assets.sort(
    (a, b) => Number(b.id === stack.primaryAssetId) - Number(a.id === stack.primaryAssetId),
  )
  return { ...stack, assets: assets.map((one) => assetJson(db, major, one)) }
}

export function createStack({ db, major, body }: Call) {
  const rules: Rules = { assetIds: { kind: 'uuid', list: true, required: true, least: 2 } }
  const { assetIds } = check(major, rules, body, 'json') as { assetIds: string[] }
  const found = assetIds.map((id) => asset(db, id, 'update'))
  const id = randomUUID()
  db.stacks.set(id, { id, primaryAssetId: assetIds[0] ?? '' })
  for (const one of found) {
    const old = [...db.stacks.values()].find(
      (stack) => stack.id === one.stackId && stack.primaryAssetId === one.id,
    )
    if (old) {
      // A stack whose top one is taken comes whole.
      for (const member of db.assets.values()) if (member.stackId === old.id) member.stackId = id
      db.stacks.delete(old.id)
    }
    one.stackId = id
  }
  db.touch(...found)
  return stackJson(db, major, id)
}

export function updateStack({ db, major, params, body }: Call) {
  const given = check(major, { primaryAssetId: { kind: 'uuid' } }, body, 'json') as {
    primaryAssetId?: string
  }
  const stack = db.stacks.get(params[0] ?? '')
  if (!stack) throw new Problem(400, 'Not found or no stack.update access')
  const top = db.assets.get(given.primaryAssetId ?? stack.primaryAssetId)
  if (top?.stackId !== stack.id || top.deletedAt !== null)
    throw new Problem(400, 'Primary asset must be in the stack')
  stack.primaryAssetId = top.id
  return stackJson(db, major, stack.id)
}

export function leaveStack({ db, params }: Call) {
  const stack = db.stacks.get(params[0] ?? '')
  if (!stack) throw new Problem(400, 'Not found or no stack.update access')
  const found = db.assets.get(params[1] ?? '')
  if (found?.stackId !== stack.id) throw new Problem(400, 'Asset not in stack')
  if (stack.primaryAssetId === found.id)
    throw new Problem(400, "Cannot remove stack's primary asset")
  found.stackId = null
  db.touch(found)
}

export function deleteStacks({ db, major, body }: Call) {
  const given = check(major, ids, body, 'json') as { ids: string[] }
  for (const id of given.ids)
    if (!db.stacks.has(id)) throw new Problem(400, 'Not found or no stack.delete access')
  for (const id of given.ids) {
    db.stacks.delete(id)
    for (const one of db.assets.values()) if (one.stackId === id) one.stackId = null
  }
  db.touch()
}

export function upsertTags({ db, major, body }: Call) {
  const { tags } = check(
    major,
    { tags: { ...text, list: true, required: true } },
    body,
    'json',
  ) as { tags: string[] }
  if (major === 2 && tags.includes(''))
    throw new Problem(400, ['each value in tags should not be empty'])
  return tags.flatMap((value) => db.upsertTag(value) ?? []).map(tagJson)
}

export function deleteTag({ db, params }: Call) {
  const root = params[0] ?? ''
  if (!db.tags.has(root)) throw new Problem(400, 'Not found or no tag.delete access')
  const gone = new Set([root])
  for (const tag of db.tags.values()) if (gone.has(tag.parentId ?? '')) gone.add(tag.id)
  for (const id of gone) db.tags.delete(id)
  for (const one of db.assets.values()) one.tagIds = one.tagIds.filter((id) => !gone.has(id))
  db.touch()
}

export function tagAssets({ db, major, jobs, body }: Call) {
  const rules: Rules = {
    tagIds: { kind: 'uuid', list: true, required: true },
    assetIds: { kind: 'uuid', list: true, required: true },
  }
  const given = check(major, rules, body, 'json') as { tagIds: string[]; assetIds: string[] }
  const tagIds = given.tagIds.filter((id) => db.tags.has(id))
  let count = 0
  for (const id of given.assetIds) {
    const found = db.assets.get(id)
    if (!found || found.ownerId !== db.user.id || tagIds.length === 0) continue
    const fresh = new Set(tagIds).difference(new Set(found.tagIds))
    if (fresh.size === 0) continue
    found.tagIds.push(...fresh)
    count += fresh.size
    found.locked = [...new Set([...found.locked, 'tags'])]
    db.touch()
    jobs.writeSidecar(found)
  }
  return { count }
}

export function untagAssets({ db, major, jobs, params, body }: Call) {
  const given = check(
    major,
    { ids: { kind: 'uuid', list: true, required: true } },
    body,
    'json',
  ) as {
    ids: string[]
  }
  const tag = params[0] ?? ''
  if (!db.tags.has(tag)) throw new Problem(400, 'Not found or no tag.asset access')
  return given.ids.map((id) => {
    const found = db.assets.get(id)
    if (!found?.tagIds.includes(tag)) return { id, success: false, error: 'not_found' }
    found.tagIds = found.tagIds.filter((other) => other !== tag)
    found.locked = [...new Set([...found.locked, 'tags'])]
    db.touch()
    jobs.writeSidecar(found)
    return { id, success: true }
  })
}
