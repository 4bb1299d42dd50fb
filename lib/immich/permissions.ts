import { Fail, hint } from '../stage.ts'
import type { Immich } from './immich.ts'

/** What the key must be allowed, each with what it is for: the names as Immich's key dialog has them. */
export const NEEDED: Record<string, string> = {
  'user.read': 'whose library it is',
  'asset.read': 'list what is there',
  'asset.statistics': 'see what is gone',
  'asset.upload': 'send photos',
  'asset.update': 'captions, places and times of what was there before; live photos',
  'album.read': 'list the albums',
  'album.create': 'make albums',
  'album.update': 'descriptions of albums',
  'albumAsset.create': 'put photos into albums',
  'stack.create': 'an edited copy on top of its original',
  'stack.read': 'check that it is there',
  'tag.read': 'check that people are there as tags',
  'tag.create': 'give tags again that the server lost',
  'tag.asset': 'the same',
}

/** Throws Fail with the whole list of what the key lacks. */
export async function requirePermissions(
  server: Immich,
  needed = Object.keys(NEEDED),
): Promise<void> {
  const lacking = await server.missingPermissions(needed)
  if (lacking.length === 0) return
  throw new Fail(
    `Cannot use this Immich key: it lacks ${lacking.join(', ')}: tick these in Immich under Account Settings > API Keys, or make a new key and run ${hint('auth')}`,
  )
}
