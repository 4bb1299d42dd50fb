const KEY = Buffer.from('"sharedAlbumComments"')

/**
 * What people wrote and liked in a shared album or beside one of its pictures, from the bytes of the JSON that came with
 * it: one line each, who and what. Undefined where there is nothing; never throws.
 */
export function commentsIn(json: Buffer): string[] | undefined {
  if (!json.includes(KEY)) return undefined
  try {
    const fields = JSON.parse(json.toString())
    const comments: unknown = (fields.albumData ?? fields).sharedAlbumComments
    const lines = Array.isArray(comments) ? comments.flatMap(lineOf) : []
    return lines.length > 0 ? lines : undefined
  } catch {
    return undefined
  }
}

type Comment = { text?: unknown; contentOwnerName?: unknown; liked?: unknown }

function lineOf(comment: Comment | null): string[] {
  const { text, contentOwnerName, liked } = comment ?? {}
  const who = typeof contentOwnerName === 'string' ? contentOwnerName.trim() : ''
  const what = typeof text === 'string' ? text.trim() : ''
  if (what) return [who ? `${who}: ${what}` : what]
  return liked ? [`${who || 'somebody'} likes this`] : []
}
