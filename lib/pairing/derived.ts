import {
  editOf,
  extensionOf,
  extensions,
  only,
  type Relation,
  unlistedWords,
  wordOf,
} from './edits.ts'
import type { Folder, Media, Pair } from './folder.ts'
import { splitName } from './media.ts'
import { type Spelling, shorterBase, writeNumber } from './naming.ts'

// Edited copies and motion halves have no sidecar of their own (177 of 177 and 692 of 692 in one measured export):
// they take what their original or their still has.

/** The pair of every media file, by name, once all own sidecars are given. */
export function derive(folder: Folder): Pair[] {
  const words = unlistedWords(folder)
  const related = folder.media.map((media) => relate(folder, media, words))
  // With a sidecar of its own, as most, nothing leads on from it.
  const relations = new Map<Media, Relation>()
  for (const [at, media] of folder.media.entries())
    if (!media.own) relations.set(media, related[at] as Relation)
  const pairs: Pair[] = []
  for (const [at, media] of folder.media.entries()) {
    const relation = related[at] as Relation
    const { role, why } = relation
    const from = follow(relations, media)
    const sidecar = from.sidecar?.file.name ?? null
    const of = relation.of?.files[0]?.name ?? null
    const certain = relation.certain && from.certain
    for (const { name } of media.files) pairs.push({ media: name, sidecar, role, of, certain, why })
  }
  return pairs
}

/** An edit of a video half: edit, half, still. Each step has a shorter base or leads from a video to a picture, so it ends. */
function follow(relations: Map<Media, Relation>, media: Media) {
  let certain = true
  for (let at: Media | null = media; at; ) {
    if (at.own) return { sidecar: at.own.sidecar, certain: certain && at.own.certain }
    const relation = relations.get(at) as Relation
    certain &&= relation.certain
    if (relation.sidecar) return { sidecar: relation.sidecar, certain }
    at = relation.of
  }
  return { sidecar: null, certain }
}

function relate(folder: Folder, media: Media, words: Set<string>): Relation {
  const { own, contested } = media
  const none = { role: 'original', of: null } as const
  const motion = motionOf(folder, media)
  if (motion) return { ...motion, role: 'motion' }
  if (own) return { ...none, certain: own.certain, why: own.why }
  const found = editOf(folder, media) ?? wordOf(folder, media, words)
  if (found) return { ...found, role: 'edited' }
  if (contested) return { ...none, certain: false, why: 'its sidecar fits several files' }
  const lent = stillMissing(folder, media) ?? copyOf(folder, media)
  return lent ? { ...none, ...lent } : { ...none, certain: true, why: 'no sidecar' }
}

const isPhone = (media: Media) => /^\.(hei[cf]|jpe?g)$/.test(extensionOf(media))
const apple = (media: Media) => /^\.hei[cf]$/.test(extensionOf(media))

/** A half of a live or motion photo: `IMG_1.MOV` of `IMG_1.HEIC`, `PXL_1.MP` of `PXL_1.MP.jpg`, `MVIMG_1` of `MVIMG_1.jpg`. */
function motionOf(folder: Folder, half: Media): Omit<Relation, 'role'> | null {
  const { isHalf, isWhole } = shape(half)
  if (!isHalf || (half.own && half.kind === 'unknown')) return null
  const { byBase } = folder
  const stillsAt = (base: string) => byBase.get(`image/${base}`) ?? []
  const [whole, ...others] = isWhole
    ? half.spellings.map((s) => stillsAt(numberedAtEnd(s))).filter((s) => s.length > 0)
    : []
  const beside = whole ?? stillsAt(splitName(half.key).base).filter(isPhone)
  // At the limit the longer extension of a HEIC leaves the still one letter less than its half has.
  const [first] = half.spellings as [Spelling]
  const shorter = beside.length === 0 && !isWhole && shorterBase(first.name)
  const stills = shorter
    ? stillsAt(numberedAtEnd({ ...first, name: shorter })).filter((m) =>
        /^\.(heic|heif|jpeg)$/.test(extensionOf(m)),
      )
    : beside
  const heic = stills.filter(apple)
  // A JPEG of the same name beside a HEIC and its video is another photo.
  const still = stills.length === 1 ? stills[0] : heic.length === 1 ? heic[0] : undefined
  if (!still) return null
  const halves = (byBase.get(`video/${splitName(half.key).base}`) ?? []).filter((m) => !m.own)
  const isSure = isWhole
    ? others.every((other) => other === whole)
    : !shorter && halves.length === 1
  const certain = isSure && !half.contested
  if (!half.own) return { of: still, certain, why: 'motion' }
  const [a, b] = [still.own?.sidecar.file.taken, half.own.sidecar.file.taken]
  // A sidecar of its own makes it a video in its own right, unless it was taken with the still.
  const together =
    a !== undefined && b !== undefined ? Math.abs(a - b) <= 3 : isWhole || apple(still)
  return together ? { of: still, certain: half.own.certain, why: 'motion, own sidecar' } : null
}

/** `isWhole`: the half's whole name is the still's without its extension. */
function shape({ kind, key }: Media) {
  if (kind === 'image') return { isHalf: false, isWhole: false }
  const extension = splitName(key).extension.toLowerCase()
  const isWhole = kind === 'unknown' || /^\.(mp|mv|cover)([~(]|$)/.test(extension)
  return { isHalf: isWhole || extension === '.mp4' || extension === '.mov', isWhole }
}

function numberedAtEnd({ name, number }: Spelling): string {
  return number ? `${name}(${number})` : name
}

/** A video without a sidecar, and a sidecar of the still that it would be the half of, were that here. */
function stillMissing(folder: Folder, half: Media) {
  const { isHalf, isWhole } = shape(half)
  if (!isHalf) return null
  const stills = extensions.slice(0, 8)
  for (const spelling of half.spellings) {
    const whole =
      isWhole && only(folder, { ...spelling, name: `${spelling.name}.` }, stills, 'still missing')
    const found =
      whole || (half.kind !== 'unknown' && only(folder, spelling, stills, 'still missing'))
    if (found) return found
  }
  return null
}

/**
 * A numbered file whose own sidecar is missing: most likely an edited copy that lost its suffix to the limit, perhaps another photo.
 * And the copies that phones make (`x~2.jpg`). Identical bytes leave no doubt.
 */
function copyOf({ byKey }: Folder, media: Media) {
  const { base, extension } = splitName(media.key)
  const [{ name, number }] = media.spellings as [Spelling]
  const tilde = /^(.+)~\d{1,2}$/s.exec(base)
  // An edited copy is numbered after its original, so behind one with a sidecar of its own it is not the first one's.
  const before = writeNumber({ name, number: String(Number(number) - 1) })
  if (Number(number) > 1 && byKey.get(before)?.own) return null
  const first = byKey.get(number ? name : `${tilde?.[1]}${extension}`)
  if (!first?.own?.certain || first.kind !== media.kind || !(number || tilde)) return null
  const [a, b] = [first.files[0], media.files[0]]
  const same = !!a?.crc && a.crc === b?.crc && a.size !== undefined && a.size === b.size
  const why = same ? 'same bytes' : number ? 'no sidecar of this number' : 'no sidecar of this copy'
  return { sidecar: first.own.sidecar, certain: same, why }
}
