import type { Place } from '../state/records.ts'

type Box = { type: string; body: Buffer }

/**
 * The boxes of an ISO base media file (MP4, MOV, HEIC, AVIF) side by side in `bytes`. A box that
 * reaches past the end comes with what is there of it; nonsense ends the walk.
 */
function* boxes(bytes: Buffer): Generator<Box> {
  let at = 0
  while (at + 8 <= bytes.length) {
    let size = bytes.readUInt32BE(at)
    let head = 8
    if (size === 1 && at + 16 <= bytes.length) {
      size = Number(bytes.readBigUInt64BE(at + 8))
      head = 16
    } else if (size === 0) {
      size = bytes.length - at
    }
    if (size < head) return
    yield {
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + head, at + size),
    }
    at += size
  }
}

const inside = (bytes: Buffer, ...types: string[]) =>
  [...boxes(bytes)].filter(({ type }) => types.includes(type)).map(({ body }) => body)

/** Pixel size of a HEIC or AVIF: the largest of its items, since tiles and thumbnails are items too. */
export function stillSize(bytes: Buffer) {
  let best = { width: 0, height: 0 }
  for (const meta of inside(bytes, 'meta')) {
    for (const iprp of inside(meta.subarray(4), 'iprp')) {
      for (const ipco of inside(iprp, 'ipco')) {
        for (const ispe of inside(ipco, 'ispe')) {
          if (ispe.length >= 12) best = larger(best, ispe.readUInt32BE(4), ispe.readUInt32BE(8))
        }
      }
    }
  }
  return best.width ? best : {}
}

/** What the moov box of a movie says; nothing where it lies behind the bytes given. */
export function movieFacts(bytes: Buffer) {
  const facts: {
    width?: number
    height?: number
    /** UTC seconds. */
    instant?: number
    seconds?: number
    place?: Place
    local?: string
    description?: string
    contentId?: string
    camera?: string
  } = {}
  let size = { width: 0, height: 0 }
  for (const moov of inside(bytes, 'moov')) {
    for (const mvhd of inside(moov, 'mvhd')) Object.assign(facts, movieTime(mvhd))
    for (const trak of inside(moov, 'trak')) {
      for (const tkhd of inside(trak, 'tkhd')) {
        // 16.16 fixed point, the last 8 bytes of either version of the box.
        const at = tkhd[0] === 1 ? 88 : 76
        if (tkhd.length >= at + 8)
          size = larger(size, tkhd.readUInt16BE(at), tkhd.readUInt16BE(at + 4))
      }
    }
    const udtas = inside(moov, 'udta')
    for (const xyz of udtas.flatMap((udta) => inside(udta, '\xa9xyz'))) {
      facts.place ??= isoPlace(xyz.toString('latin1', 4))
    }
    for (const meta of [moov, ...udtas].flatMap((holder) => inside(holder, 'meta'))) {
      const said = appleKeys(meta)
      facts.place ??= isoPlace(said.get('com.apple.quicktime.location.ISO6709') ?? '')
      facts.local ??= said.get('com.apple.quicktime.creationdate')
      facts.description ??= said.get('com.apple.quicktime.description')
      facts.contentId ??= said.get('com.apple.quicktime.content.identifier')
      facts.camera ??= said.get('com.apple.quicktime.model')
    }
  }
  return size.width ? { ...facts, ...size } : facts
}

function larger(best: { width: number; height: number }, width: number, height: number) {
  return width * height > best.width * best.height ? { width, height } : best
}

// Box times count from 1904. 0, and what lies before 1970, is a writer that had no clock.
const EPOCH_1904 = 2_082_844_800

function movieTime(mvhd: Buffer) {
  const long = mvhd[0] === 1
  if (mvhd.length < (long ? 32 : 20)) return {}
  const made = long ? Number(mvhd.readBigUInt64BE(4)) : mvhd.readUInt32BE(4)
  const scale = mvhd.readUInt32BE(long ? 20 : 12)
  const length = long ? Number(mvhd.readBigUInt64BE(24)) : mvhd.readUInt32BE(16)
  return {
    ...(made > EPOCH_1904 && made < EPOCH_1904 * 4 && { instant: made - EPOCH_1904 }),
    ...(scale > 0 && { seconds: length / scale }),
  }
}

/** QuickTime's own metadata: a list of key names, and values by the number of their key. */
function appleKeys(meta: Buffer) {
  // A QuickTime `meta` holds boxes at once, an MP4 one has four bytes of version before them.
  const body = meta.toString('latin1', 4, 8) === 'hdlr' ? meta : meta.subarray(4)
  const names: string[] = []
  for (const keys of inside(body, 'keys')) {
    for (const { body: name } of boxes(keys.subarray(8))) names.push(name.toString('latin1'))
  }
  const said = new Map<string, string>()
  for (const list of inside(body, 'ilst')) {
    for (const { type, body: item } of boxes(list)) {
      const name = names[Buffer.from(type, 'latin1').readUInt32BE() - 1]
      const [value] = inside(item, 'data')
      if (name && value && value.readUInt32BE(0) === 1) said.set(name, value.toString('utf8', 8))
    }
  }
  return said
}

/** `+48.1000+011.5000+520.000/` (ISO 6709) as a place. */
function isoPlace(text: string): Place | undefined {
  const found = /^([+-]\d{1,2}\.\d+)([+-]\d{1,3}\.\d+)([+-]\d+(?:\.\d+)?)?/.exec(text)
  if (!found) return
  const [latitude, longitude, altitude] = [found[1], found[2], found[3]].map(Number)
  if (latitude === undefined || longitude === undefined) return
  return altitude ? [latitude, longitude, altitude] : [latitude, longitude]
}
