import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExifTool } from 'exiftool-vendored'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { embedded, endMetadata, putSidecar } from '../lib/folders/metadata.ts'
import { changesOf, type Said } from '../lib/folders/said.ts'
import { lookAt } from '../lib/folders/writing.ts'
import { landscape } from './sandbox/landscape.ts'
import { metadataOf, realExiftool } from './sandbox/library.ts'

let tool: ExifTool | undefined
let dir: string
beforeAll(async () => {
  tool = await realExiftool()
})
afterAll(async () => {
  await endMetadata()
  await tool?.end()
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'metadata-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const said: Said = {
  instant: '2024-06-01T14:05:06+02:00',
  place: [-33.8688, 151.2093, -12.5],
  description: 'Tom & "Ann" <3 &amp; zwei\nZeilen 🌊',
  tags: ['People/Ann & Bo', 'From partner'],
  rating: 5,
}

type Row = [what: string, now: Said, before: Said, is: Said, change: object]
test.each<Row>([
  ['new and empty', { description: 'a' }, {}, {}, { description: 'a' }],
  ['there already', { description: 'a' }, {}, { description: 'a' }, {}],
  ["there and the owner's", { description: 'a' }, {}, { description: 'mine' }, {}],
  [
    'as we gave it',
    { description: 'b' },
    { description: 'a' },
    { description: 'a' },
    { description: 'b' },
  ],
  ['changed since', { description: 'b' }, { description: 'a' }, { description: 'mine' }, {}],
  ['emptied by its owner', { description: 'a' }, { description: 'a' }, {}, {}],
  [
    'emptied by its owner, and Google says more',
    { description: 'b' },
    { description: 'a' },
    {},
    {},
  ],
  ['emptied in Google', {}, { description: 'a' }, { description: 'a' }, { description: null }],
  ['emptied in Google, changed here', {}, { description: 'a' }, { description: 'mine' }, {}],
  ['never ours', {}, {}, { description: 'mine' }, {}],
  ['no more stars in Google', {}, { rating: 5 }, { rating: 5 }, { rating: null }],
  ["stars, and the owner's", { rating: 5 }, {}, { rating: 3 }, {}],
  ['a place to the metre', { place: [1, 2] }, {}, { place: [1.000001, 2] }, {}],
  [
    'the same instant',
    { instant: '2024-01-01T00:00:00Z' },
    {},
    { instant: '2024-01-01T00:00:00.00+00:00' },
    {},
  ],
  ['a tag more', { tags: ['a', 'b'] }, { tags: ['a'] }, { tags: ['a', 'mine'] }, { tag: ['b'] }],
  ['a tag that its owner took', { tags: ['a'] }, { tags: ['a'] }, { tags: ['mine'] }, {}],
  ['a tag less', { tags: [] }, { tags: ['a'] }, { tags: ['a', 'mine'] }, { untag: ['a'] }],
])('what goes into what is there: %s', (_, now, before, is, change) => {
  expect(changesOf(now, before, is)).toEqual({ tag: [], untag: [], ...change })
})

test('a new sidecar is read by exiftool as it was meant', async ({ skip }) => {
  if (!tool) return skip()
  await putSidecar(join(dir, 'a.jpg'), said)
  expect(await metadataOf(tool, join(dir, 'a.jpg.xmp'))).toMatchObject({
    'XMP-dc:Description': said.description,
    'XMP-exif:DateTimeOriginal': '2024:06:01 14:05:06+02:00',
    'XMP-photoshop:DateCreated': '2024:06:01 14:05:06+02:00',
    'XMP-exif:GPSLatitude': -33.8688,
    'XMP-exif:GPSLongitude': 151.2093,
    'XMP-exif:GPSAltitude': 12.5,
    'XMP-exif:GPSAltitudeRef': 1,
    'XMP-xmp:Rating': 5,
    'XMP-digiKam:TagsList': ['People/Ann & Bo', 'From partner'],
    'XMP-lr:HierarchicalSubject': ['People|Ann & Bo', 'From partner'],
    'XMP-dc:Subject': ['Ann & Bo', 'From partner'],
  })
})

/** As digiKam writes one: faces, a rating, a caption in two languages, its own fields, and those of a program of tomorrow. */
const foreign = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmlns:tomorrow="http://example.com/tomorrow/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmp:Rating="3" digiKam:PickLabel="2" crs:Exposure2012="+0.35" tomorrow:Mood="calm">
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="4000" stDim:h="3000" stDim:unit="pixel"/>
    <mwg-rs:RegionList><rdf:Bag><rdf:li>
      <rdf:Description mwg-rs:Name="Mira" mwg-rs:Type="Face">
       <mwg-rs:Area stArea:x="0.25" stArea:y="0.5" stArea:w="0.1" stArea:h="0.2" stArea:unit="normalized"/>
      </rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>
   <MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
     <rdf:li MPReg:PersonDisplayName="Mira" MPReg:Rectangle="0.2, 0.4, 0.1, 0.2"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>
   <digiKam:TagsList><rdf:Seq><rdf:li>Places/Home</rdf:li></rdf:Seq></digiKam:TagsList>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Home</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <dc:subject><rdf:Bag><rdf:li>Home</rdf:li></rdf:Bag></dc:subject>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Mine</rdf:li><rdf:li xml:lang="de">Meins</rdf:li></rdf:Alt></dc:description>
   <tomorrow:Steps><rdf:Seq><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Seq></tomorrow:Steps>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`
const survivors = {
  'XMP-mwg-rs:RegionInfo': {
    AppliedToDimensions: { H: 3000, Unit: 'pixel', W: 4000 },
    RegionList: [
      { Area: { H: 0.2, Unit: 'normalized', W: 0.1, X: 0.25, Y: 0.5 }, Name: 'Mira', Type: 'Face' },
    ],
  },
  'XMP-MP:RegionInfoMP': {
    Regions: [{ PersonDisplayName: 'Mira', Rectangle: '0.2, 0.4, 0.1, 0.2' }],
  },
  'XMP-xmp:Rating': 3,
  'XMP-digiKam:PickLabel': 2,
  'XMP-crs:Exposure2012': '+0.35',
  'XMP-tomorrow:Mood': 'calm',
  'XMP-tomorrow:Steps': ['one', 'two'],
  'XMP-dc:Description': 'Mine',
  'XMP-dc:Description-de': 'Meins',
}

test('a sidecar of another program keeps its faces, stars, caption and strange fields, and gets what it lacks', async ({
  skip,
}) => {
  if (!tool) return skip()
  const path = join(dir, 'a.jpg.xmp')
  writeFileSync(path, foreign)
  expect(await putSidecar(join(dir, 'a.jpg'), said)).toBe('merged')
  const now = await metadataOf(tool, path)
  expect(now).toMatchObject(survivors)
  expect(now).toMatchObject({
    'XMP-exif:DateTimeOriginal': '2024:06:01 14:05:06+02:00',
    'XMP-exif:GPSLatitude': -33.8688,
    'XMP-exif:GPSAltitude': 12.5,
    'XMP-exif:GPSAltitudeRef': 1,
    'XMP-digiKam:TagsList': ['Places/Home', 'People/Ann & Bo', 'From partner'],
    'XMP-lr:HierarchicalSubject': ['Places|Home', 'People|Ann & Bo', 'From partner'],
    'XMP-dc:Subject': ['Home', 'Ann & Bo', 'From partner'],
  })
  // Again, with nothing new: not a byte changes.
  const bytes = readFileSync(path)
  expect(await putSidecar(join(dir, 'a.jpg'), said, { said, sidecar: 'merged' })).toBe('merged')
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('ours that its owner went on with: what Google says anew goes in where it still was ours', async ({
  skip,
}) => {
  if (!tool) return skip()
  const path = join(dir, 'a.jpg.xmp')
  const sidecar = await putSidecar(join(dir, 'a.jpg'), said)
  await tool.write(
    path,
    { 'XMP-dc:Description': 'my own words', 'XMP-dc:Creator': 'me' } as never,
    { writeArgs: ['-overwrite_original'] },
  )
  const { rating: _, ...rest } = said
  const now: Said = {
    ...rest,
    description: 'new in Google',
    instant: '2024-06-02T10:00:00+02:00',
    tags: ['People/Cy', 'From partner'],
  }
  expect(await putSidecar(join(dir, 'a.jpg'), now, { said, sidecar })).toBe('merged')
  const is = await metadataOf(tool, path)
  expect(is).toMatchObject({
    'XMP-dc:Description': 'my own words',
    'XMP-dc:Creator': ['me'],
    'XMP-exif:DateTimeOriginal': '2024:06:02 10:00:00+02:00',
    'XMP-digiKam:TagsList': ['From partner', 'People/Cy'],
  })
  expect(is['XMP-xmp:Rating']).toBeUndefined()
})

test('one that is wholly ours is written anew, and one that nobody can read is left alone', async () => {
  const sidecar = await putSidecar(join(dir, 'a.jpg'), said)
  const again = await putSidecar(join(dir, 'a.jpg'), { description: 'b' }, { said, sidecar })
  expect(again).toBe((await lookAt(join(dir, 'a.jpg.xmp')))?.sha1)
  expect(readFileSync(join(dir, 'a.jpg.xmp'), 'utf8')).not.toContain('Ann')
  writeFileSync(join(dir, 'b.jpg.xmp'), '<x:xmpmeta <<< broken')
  expect(await putSidecar(join(dir, 'b.jpg'), said)).toBe('kept')
  expect(readFileSync(join(dir, 'b.jpg.xmp'), 'utf8')).toBe('<x:xmpmeta <<< broken')
})

const samples = join(import.meta.dirname, 'fixtures/samples')
const exif = {
  'ExifIFD:DateTimeOriginal': '2024:06:01 14:05:06',
  'ExifIFD:OffsetTimeOriginal': '+02:00',
  'IFD0:ImageDescription': said.description,
  'Composite:GPSLatitude': expect.closeTo(-33.8688, 5),
  'Composite:GPSLongitude': expect.closeTo(151.2093, 5),
  'XMP-digiKam:TagsList': said.tags,
  'XMP-xmp:Rating': 5,
}
const movie = {
  'QuickTime:CreateDate': '2024:06:01 12:05:06',
  'Track1:MediaCreateDate': '2024:06:01 12:05:06',
  'Keys:CreationDate': '2024:06:01 14:05:06+02:00',
  'Keys:Description': said.description,
  'Keys:GPSCoordinates': expect.stringMatching(/^-33\.8688 151\.2093/),
  'XMP-digiKam:TagsList': said.tags,
}
test.each<[string, string, object]>([
  ['plain.jpg', 'jpg', exif],
  ['live.heic', 'heic', exif],
  ['screenshot.png', 'png', exif],
  ['night.webp', 'webp', exif],
  ['lake.mp4', 'mp4', movie],
  ['live.mov', 'mov', movie],
])('what is said goes into %s, whose picture stays what it was', async (name, type, wanted) => {
  if (!tool) return
  const path = join(dir, `.${name}.photoferry-part`)
  if (name === 'plain.jpg') writeFileSync(path, landscape({ seed: 7, width: 64, height: 48 }))
  else cpSync(join(samples, name), path)
  const before = readFileSync(path)
  const source = { path, ...(await lookAt(path)) } as { path: string; size: number; sha1: string }
  const modified = -86_400
  const made = await embedded(source, type, said, { name, modified })
  expect(made).toEqual({
    path: expect.stringContaining('.photoferry-part'),
    ...(await lookAt(made?.path ?? '')),
  })
  expect(made?.path).not.toBe(path)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(await metadataOf(tool, made?.path ?? '')).toMatchObject(wanted)
  // The same again gives the same bytes, and into what says it already nothing goes.
  const second = await embedded(source, type, said, { name: `${name}2`, modified })
  expect(second?.sha1).toBe(made?.sha1)
  expect(await embedded(made as never, type, said, { name: 'three', modified })).toBe(made)
})

test('a file that cannot be written is left as it is', async () => {
  const path = join(dir, '.x.jpg.photoferry-part')
  writeFileSync(path, Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(300, 1)]))
  const source = { path, ...(await lookAt(path)) } as never
  expect(await embedded(source, 'jpg', said, { name: 'x.jpg' })).toBeUndefined()
})
