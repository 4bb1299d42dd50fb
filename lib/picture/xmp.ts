import { DOMImplementation, XMLSerializer } from '@xmldom/xmldom'
import type { Place } from '../state/records.ts'

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
const SPACES = {
  dc: 'http://purl.org/dc/elements/1.1/',
  tiff: 'http://ns.adobe.com/tiff/1.0/',
  exif: 'http://ns.adobe.com/exif/1.0/',
  digiKam: 'http://www.digikam.org/ns/1.0/',
}
const MORE = {
  lr: 'http://ns.adobe.com/lightroom/1.0/',
  photoshop: 'http://ns.adobe.com/photoshop/1.0/',
}
const XMP = 'http://ns.adobe.com/xap/1.0/'

export type XmpFields = {
  /** ISO with an offset or Z. */
  instant?: string
  /** Besides that, where a server is to keep it though it would take the zone of the place. */
  offset?: string
  place?: Place
  description?: string
  /** A `/` makes levels. */
  tags?: string[]
  /** 1 to 5. */
  rating?: number
}

/**
 * An XMP sidecar with the fields that Immich reads from one, in a fixed order: the same fields give the same text. With
 * `forAll` also under the names by which Lightroom, darktable and the like know them.
 */
export function xmp(fields: XmpFields, { forAll = false } = {}): string {
  const document = new DOMImplementation().createDocument('adobe:ns:meta/', 'x:xmpmeta')
  const element = (parent: Node, space: string, name: string, content?: string) => {
    const made = document.createElementNS(space, name)
    if (content !== undefined) made.appendChild(document.createTextNode(content))
    parent.appendChild(made)
    return made
  }
  type Node = NonNullable<typeof document.documentElement>
  const rdf = element(document.documentElement as Node, RDF, 'rdf:RDF')
  const about = element(rdf, RDF, 'rdf:Description')
  about.setAttributeNS(RDF, 'rdf:about', '')
  for (const [prefix, space] of Object.entries({ ...SPACES, ...(forAll && MORE) })) {
    about.setAttributeNS('http://www.w3.org/2000/xmlns/', `xmlns:${prefix}`, space)
  }
  const spaces = { ...SPACES, ...MORE }
  const property = (name: keyof typeof spaces, local: string, content?: string) =>
    element(about, spaces[name], `${name}:${local}`, content)
  const list = (parent: Node, kind: 'Alt' | 'Bag' | 'Seq', items: string[]) => {
    const holder = element(parent, RDF, `rdf:${kind}`)
    for (const item of items) {
      const li = element(holder, RDF, 'rdf:li', item)
      if (kind === 'Alt') li.setAttribute('xml:lang', 'x-default')
    }
  }

  const description = clean(fields.description ?? '')
  if (description) {
    list(property('dc', 'description'), 'Alt', [description])
    // A caption inside the file beats dc:description on the server, but not this one.
    list(property('tiff', 'ImageDescription'), 'Alt', [description])
  }
  if (fields.instant) property('exif', 'DateTimeOriginal', clean(fields.instant))
  if (fields.instant && forAll) property('photoshop', 'DateCreated', clean(fields.instant))
  if (fields.offset) property('exif', 'OffsetTimeOriginal', clean(fields.offset))
  if (fields.place) {
    const [latitude, longitude, altitude] = fields.place
    property('exif', 'GPSLatitude', decimal(latitude))
    property('exif', 'GPSLongitude', decimal(longitude))
    if (altitude) {
      property('exif', 'GPSAltitude', `${Math.round(Math.abs(altitude) * 1000)}/1000`)
      property('exif', 'GPSAltitudeRef', altitude < 0 ? '1' : '0')
    }
  }
  if (fields.rating) element(about, XMP, 'xmp:Rating', String(fields.rating))
  const tags = [...new Set(fields.tags?.map(clean).filter(Boolean))]
  if (tags.length > 0) list(property('digiKam', 'TagsList'), 'Seq', tags)
  if (tags.length > 0 && forAll) {
    list(property('lr', 'hierarchicalSubject'), 'Bag', tags.map(hierarchical))
    list(property('dc', 'subject'), 'Bag', [...new Set(tags.map(leaf))])
  }
  return `${new XMLSerializer().serializeToString(document)}\n`
}

/** A tag with its levels as Lightroom writes them. */
export const hierarchical = (tag: string) => tag.replaceAll('/', '|')

/** The last level of a tag, by which programs know it that have none. */
export const leaf = (tag: string) => tag.slice(tag.lastIndexOf('/') + 1)

/** Signed degrees, never in the 1e-7 notation that readers of XMP do not expect. */
const decimal = (degrees: number) => degrees.toFixed(8).replace(/\.?0+$/, '')

/** Without what XML 1.0 cannot hold, escaped or not: control characters, lone surrogates, U+FFFE and U+FFFF. */
function clean(text: string) {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
}
