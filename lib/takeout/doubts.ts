import { dirname } from 'node:path'
import { push } from '../pairing/folder.ts'
import { halfOrNot, LONG_BYTES } from '../pairing/halves.ts'
import { splitName } from '../pairing/media.ts'
import { fold, namesOfTitle, readMediaName, withoutExtension } from '../pairing/naming.ts'
import { plausibleOffset } from '../time.ts'
import { type Account, enter } from './account.ts'
import { yearIn } from './export.ts'
import type { Folder, Media, Sidecar } from './exported.ts'
import type { ExportFile } from './takeout.ts'

/** Reads the heads of files and puts what they say into their `head`; what cannot be read stays without. */
export type Heads = (files: ExportFile[]) => Promise<void>

/**
 * What names and sidecars leave open and the head of a file may tell: whether a video is a still's motion half, whether an
 * uncertain sidecar is the file's, and whether one that lies in another folder is. Changes the media in place. `waiting`
 * holds the exports of which a part is missing.
 */
export async function settleDoubts(
  folders: Folder[],
  heads: Heads,
  account: Account,
  waiting: Set<string> = new Set(),
) {
  const media = folders.flatMap((folder) => folder.media)
  const halves = media.filter(isDoubtfulHalf)
  const uncertain = media.filter((one) => isUncertain(one) && !agreesByTitle(one))
  const strays = straysOf(folders)
  await heads(
    [
      ...halves.flatMap((one) => [one, one.of as Media]),
      ...uncertain,
      ...strays.map(({ one }) => one),
    ].map(({ file }) => file),
  )
  for (const half of halves) settleHalf(half)
  settleRivals(media)
  for (const one of media)
    if (isUncertain(one))
      // Where the right sidecar may lie in a part that is still to come, a year is too little.
      one.trusted =
        agreesByTitle(one) || agreesByClock(one) || (!waiting.has(one.export) && agreesByYear(one))
  const home = adopt(strays, account)
  if (home.size === 0) return
  for (const folder of folders)
    folder.orphans = folder.orphans.filter((orphan) => !home.has(orphan))
}

const isUncertain = ({ pair, sidecar }: Media) =>
  !pair.certain && pair.role === 'original' && sidecar !== undefined

function isDoubtfulHalf({ pair, of, file }: Media) {
  return (
    of !== undefined &&
    pair.role === 'motion' &&
    (hasOwn({ pair, of }) || !pair.certain || file.size > LONG_BYTES)
  )
}

const hasOwn = ({ pair, of }: Pick<Media, 'pair' | 'of'>) =>
  pair.sidecar !== null && pair.sidecar !== of?.pair.sidecar

/** Rule 4 of design section 5: what is not shown to be a half is a photo of its own. */
function settleHalf(half: Media) {
  const answer = halfOrNot(half.file, (half.of as Media).file)
  if (answer === 'sure') half.pair = { ...half.pair, certain: true }
  else if (answer !== 'likely') split(half, answer.not)
}

/** A still has one half; the biggest, and any other video of its name is one of its own. */
function settleRivals(media: Media[]) {
  const byStill = new Map<Media, Media[]>()
  for (const one of media) if (one.of && one.pair.role === 'motion') push(byStill, one.of, one)
  for (const halves of byStill.values()) {
    const best = halves.reduce((a, b) => (b.file.size > a.file.size ? b : a))
    for (const half of halves)
      if (half.name !== best.name) split(half, 'a second video of one still')
  }
}

function split(half: Media, why: string) {
  const own = hasOwn(half)
  half.pair = { ...half.pair, role: 'original', of: null, why, ...(!own && { sidecar: null }) }
  if (!own) delete half.sidecar
  delete half.of
}

// Second facts for an uncertain pair: the sidecar's title is this very name; the file's own clock agrees; or the year
// of the folder does, which says little, so a clock that says otherwise outweighs it.

function agreesByTitle({ name, sidecar }: Media): boolean {
  const title = sidecar?.json.facts.title
  return !!title && namesOfTitle(title, splitName(name).extension).includes(fold(name))
}

function agreesByYear({ file, kind, folder, sidecar }: Media): boolean {
  const taken = sidecar?.json.facts.taken
  if (kind !== 'year' || taken === undefined || file.head?.local) return false
  return yearIn(folder) === new Date(taken * 1000).getUTCFullYear()
}

function agreesByClock({ file, sidecar }: Media, facts = sidecar?.json.facts): boolean {
  return facts?.taken !== undefined && plausibleOffset(facts.taken, file.head?.local) !== null
}

/** Media without a sidecar, and those of other folders of the export, left alone there, whose title is their name. */
function straysOf(folders: Folder[]) {
  const byTitle = new Map<string, Sidecar[]>()
  for (const { export: name, orphans } of folders) {
    for (const orphan of orphans) {
      const { title, taken } = orphan.json.facts
      if (!title || taken === undefined) continue
      for (const key of new Set(namesOfTitle(title, ''))) push(byTitle, `${name}\0${key}`, orphan)
    }
  }
  const strays: { one: Media; sidecars: Sidecar[] }[] = []
  if (byTitle.size === 0) return strays
  for (const one of folders.flatMap(({ media }) => media)) {
    if (one.sidecar || one.of || one.pair.role !== 'original') continue
    const { plain, numbered } = readMediaName(one.name)
    const names = [plain, numbered]
      .flatMap((spelling) => (spelling ? [spelling.name] : []))
      .flatMap((name) => [name, withoutExtension(name) ?? name])
    const sidecars = [...new Set(names)].flatMap(
      (name) => byTitle.get(`${one.export}\0${fold(name)}`) ?? [],
    )
    if (sidecars.length > 0) strays.push({ one, sidecars })
  }
  return strays
}

/**
 * A name alone says nothing: the file's clock has to agree, with one sidecar only, and no other photo's with that. Gives
 * the sidecars that lie beside their file: no orphans any more.
 */
function adopt(strays: ReturnType<typeof straysOf>, account: Account): Set<Sidecar> {
  const home = new Set<Sidecar>()
  const claims = new Map<string, { one: Media; sidecar: Sidecar }[]>()
  for (const { one, sidecars } of strays) {
    const fitting = sidecars.filter(({ json }) => agreesByClock(one, json.facts))
    const identities = new Set(fitting.map(identity))
    const [sidecar] = fitting
    if (sidecar && identities.size === 1) push(claims, identity(sidecar), { one, sidecar })
  }
  for (const claimants of claims.values()) {
    if (new Set(claimants.map(({ one }) => `${one.file.crc}-${one.file.size}`)).size > 1) continue
    for (const { one, sidecar } of claimants) {
      const isHere = dirname(sidecar.path) === dirname(one.file.path)
      if (isHere) home.add(sidecar)
      const why = `sidecar ${isHere ? 'that fits several' : 'in another folder'}, same name and time`
      one.sidecar = sidecar
      one.pair = { ...one.pair, certain: true, why }
      enter(account, sidecar, { role: 'sidecar', why })
    }
  }
  return home
}

const identity = ({ json: { facts } }: Sidecar) => facts.url ?? `${facts.title}\0${facts.taken}`
