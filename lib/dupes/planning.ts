import { size } from '../progress.ts'
import type { Duplicate } from '../state/records.ts'
import type { Choice } from './choice.ts'
import type { Member } from './deciding.ts'

type Todo = [key: string, choice: Choice][]

/** What the key must be allowed for these groups: faces, stacks and the like only where one of them has any. */
export function needed(todo: Todo, duplicates: Record<string, Duplicate>): string[] {
  const losers = todo.flatMap(([key, { losers }]) =>
    losers.flatMap((id) => duplicates[key]?.assets[id] ?? []),
  )
  const some = (has: (one: Member) => unknown) => losers.some((one) => Boolean(has(one)))
  return [
    'user.read',
    'asset.read',
    'asset.download',
    'asset.update',
    'asset.delete',
    'asset.copy',
    'album.read',
    'stack.read',
    'sharedLink.read',
    ...(some(({ albums }) => albums) ? ['albumAsset.create'] : []),
    ...(some(({ tags }) => tags) ? ['tag.create', 'tag.asset'] : []),
    ...(some(({ people }) => people) ? ['face.read', 'face.create'] : []),
    ...(some(({ stack }) => stack) ? ['stack.update'] : []),
    ...(todo.some(([, { stack }]) => stack) ? ['stack.create'] : []),
  ]
}

/** What dupes-restore needs for these groups. */
export function neededBack(groups: Duplicate[]): string[] {
  const gave = groups.flatMap(({ steps }) => steps?.gave ?? [])
  const some = (has: (one: (typeof gave)[number]) => unknown) => gave.some((one) => has(one))
  return [
    'user.read',
    'asset.read',
    'asset.update',
    'asset.delete',
    'asset.upload',
    'album.read',
    'albumAsset.create',
    'stack.read',
    'sharedLink.read',
    ...(some(({ albums }) => albums.length > 0) ? ['albumAsset.delete'] : []),
    ...(some(({ tags }) => tags.length > 0) ? ['tag.create', 'tag.asset'] : []),
    ...(some(({ people }) => people.length > 0) ? ['face.read', 'face.create', 'face.delete'] : []),
    ...(some(({ links }) => links.length > 0) ? ['sharedLink.update', 'asset.copy'] : []),
    ...(some(({ stack }) => stack) ? ['stack.create', 'stack.update', 'stack.delete'] : []),
    ...(groups.some(({ steps }) => steps?.stacked) ? ['stack.delete'] : []),
  ]
}

/** A group's plan as lines for a person. */
export function summary(key: string, { assets, lacks }: Duplicate, choice: Choice): string[] {
  const { winner, losers, stack } = choice
  const told = (id: string) => {
    const { name, width, height, size: bytes } = assets[id] as Member
    return `${name} (${width ?? '?'} x ${height ?? '?'}, ${bytes ? size(bytes) : '?'}) ${id}`
  }
  return [
    `${key}: ${stack ? 'stack under' : 'keep'} ${told(winner)}`,
    ...losers.map((id) => {
      const more = lacks[id]?.join(', ')
      return `  ${stack ? 'stack' : 'give up'} ${told(id)}${more && !stack ? `, which gives ${more}` : ''}`
    }),
  ]
}
