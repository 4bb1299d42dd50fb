import { Fail } from '../stage.ts'
import type { Asset, Decided, Link, Photo, State } from '../state/records.ts'
import { openState } from '../state/state.ts'
import { assetFacts, photoFacts, table } from './facts.ts'
import type { Class, Item, Kind, Side, Status } from './items.ts'

const PREFIX = 'link:'
export type Linked = Pick<State, 'photos' | 'assets' | 'links' | 'parts' | 'albums' | 'assetAlbums'>

/** Whether link left a photo to a person, or a person has spoken of it. */
export function isLeft(
  id: string,
  links: Record<string, Link>,
  decisions: Record<string, Decided>,
) {
  const { how } = links[id] ?? {}
  return how === 'several' || how === 'disputed' || decisions[PREFIX + id] !== undefined
}

/** What is needed to show these photos of `left` that are not sent yet: of the library that alone is kept. */
export async function readPairs(
  path: string,
  left: string[],
  links: Readonly<Record<string, Link>>,
  decisions: Record<string, Decided>,
): Promise<Linked> {
  const { data } = await openState(path, {
    read: ['photos', 'assets', 'parts', 'albums', 'assetAlbums', 'transfers'],
  })
  const ids = left.filter((id) => !data.transfers[id]?.asset)
  const candidates = ids.flatMap((id) => candidatesOf(links[id], decisions[PREFIX + id]))
  const wanted = new Set([...ids, ...candidates])
  const some = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries([...wanted].flatMap((id) => (all[id] ? [[id, all[id]]] : [])))
  const holding = <T>(all: Readonly<Record<string, T>>, membersOf: (one: T) => string[]) =>
    Object.fromEntries(
      Object.entries(all).filter(([, one]) => membersOf(one).some((id) => wanted.has(id))),
    )
  return {
    photos: some(data.photos),
    assets: some(data.assets),
    links: some(links),
    parts: data.parts,
    albums: holding(data.albums, ({ photos }) => photos),
    assetAlbums: holding(data.assetAlbums, ({ assets }) => assets),
  }
}

/** Those that link found, and those that a person chose from. */
function candidatesOf(link: Link | undefined, decided: Decided | undefined) {
  const { of = [], asset } = decided ?? {}
  return [...new Set([...(link?.candidates ?? []), ...of, ...(asset ? [asset] : [])])]
}

/** Photos as pairs: what Google has, and the assets that it could be. */
export function pairsToDecide(
  { photos, assets, links, parts, albums, assetAlbums }: Linked,
  decisions: Record<string, Decided>,
  server: string,
): Kind {
  const known = new Map<string, { photo: Photo; link: Link; of: string[] }>()
  for (const [id, photo] of Object.entries(photos)) {
    const link = links[id] ?? { asset: null, how: 'none' }
    const of = candidatesOf(link, decisions[PREFIX + id]).filter((one) => assets[one])
    if (of.length > 0) known.set(PREFIX + id, { photo, link, of })
  }
  const inAlbums = (list: [string, string[]][], id: string) =>
    list.filter(([, members]) => members.includes(id)).map(([title]) => title)
  const ours = Object.values(albums).map(({ title, photos }): [string, string[]] => [title, photos])
  const theirs = Object.values(assetAlbums).map(({ title, assets }): [string, string[]] => [
    title,
    assets,
  ])

  function status(key: string): Status {
    const decided = decisions[key]
    return !decided ? 'open' : decided.accept ? 'yes' : 'left'
  }

  function item(key: string): Item {
    const { photo, link, of } = get(key)
    const [file] = photo.files
    const part = parts[file?.part ?? '']?.name ?? 'Google Photos'
    const google: Side = {
      id: key,
      name: photo.title,
      what: 'Google Photos',
      picture: `photo/${encodeURIComponent(key)}`,
      ...(photo.url?.startsWith('https://photos.google.com/') && { page: photo.url }),
      canBeChosen: false,
    }
    const candidates = of.map(
      (id): Side => ({
        id,
        name: (assets[id] as Asset).name,
        what: 'Immich',
        picture: `asset/${id}`,
        ...(server && { page: `${server}/photos/${id}` }),
        canBeChosen: true,
      }),
    )
    const decided = decisions[key]
    const facts = table([
      photoFacts(photo, inAlbums(ours, key.slice(PREFIX.length)), `${part}: ${file?.path ?? ''}`),
      ...of.map((id) => assetFacts(assets[id] as Asset, inAlbums(theirs, id))),
    ])
    const [only, second] = of
    return {
      key,
      kind: 'link',
      class: classOf(link),
      why: [],
      sides: [google, ...candidates],
      facts,
      ...(only && !second && { proposed: only }),
      outcomes: Object.fromEntries(
        of.map((id) => [
          id,
          [key, ...of].map((one) => ({ is: one === id || one === key ? 'linked' : 'other' })),
        ]),
      ),
      ...(decided && { decided }),
    }
  }

  const get = (key: string) => {
    const found = known.get(key)
    if (!found) throw new Fail(`Cannot decide ${key}: that photo does not wait any more`)
    return found
  }

  function check(key: string, { accept, asset, at }: Decided): Decided {
    const { of } = get(key)
    if (!accept) return { accept, of, at }
    if (!asset || !of.includes(asset))
      throw new Fail('Cannot link this photo: it is none of those: choose one of the assets')
    return { accept, asset, of, at }
  }

  const byClass = Map.groupBy(known.keys(), (key) => classOf(get(key).link))
  const classes = [...byClass].map(([name, keys]): Class => {
    const [title = '', does = ''] = CLASSES[name] ?? []
    return { title, why: ['only you can tell'], does, kind: 'link', keys }
  })
  const candidates = [...known.values()].flatMap(({ of }) => of)
  return { classes, status, item, check, assets: new Set(candidates) }
}

/** Each is its own decision: the class only tells what the question is. */
const classOf = ({ how }: Link) => (how === 'disputed' || how === 'several' ? how : 'decided')

const CLASSES: Record<string, [title: string, does: string]> = {
  several: [
    'Photos that could be several assets',
    'Immich has more than one of that name and time. Say which it is, or that it is none: then the photo is sent.',
  ],
  disputed: [
    'Photos that claim the same asset',
    'Two photos of Google’s look like one asset of Immich’s. Say for each whether it is that one; what is not is sent.',
  ],
  decided: [
    'Photos that you have decided',
    'They wait to be linked or sent, and can be decided otherwise.',
  ],
}
