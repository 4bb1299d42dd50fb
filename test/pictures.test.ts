import sharp from 'sharp'
import { afterEach, expect, test } from 'vitest'
import { archivePictures } from '../lib/review/pictures.ts'
import type { Part, Photo } from '../lib/state/records.ts'
import { landscape } from './sandbox/landscape.ts'
import { picture, type World, world } from './sandbox/run.ts'

let w: World
afterEach(() => w?.end())
const still = Buffer.from(landscape({ seed: 3, width: 60, height: 40 }))
const tiff = await sharp(still).tiff().toBuffer()

/** What is shown of each photo of a Takeout: type and size in pixels, or why nothing is. */
async function shownOf(format: 'zip' | 'tgz' | 'folder') {
  w = await world({
    shots: [
      picture('sea.jpg', 1, { bytes: still }),
      picture('scan.tif', 2, { bytes: tiff }),
      picture('torn.heic', 3, { bytes: Buffer.from('no picture at all') }),
      picture('walk.mp4', 4, { bytes: Buffer.from('no film either') }),
    ],
    takeout: { format },
  })
  await w.stages('index-gphotos')
  const { photos, parts } = w.load()
  const archives = archivePictures()
  const shown: Record<string, unknown> = {}
  for (const { title, files } of Object.values(photos) as Photo[]) {
    const [file] = files
    if (!file) continue
    const one = await archives.picture(parts[file.part] as Part, file)
    if ('none' in one) shown[title] = one.none
    else {
      const chunks: Buffer[] = []
      for await (const chunk of one.bytes) chunks.push(chunk)
      const { format, width } = await sharp(Buffer.concat(chunks)).metadata()
      shown[title] = [one.type, format, width]
    }
  }
  await archives.close()
  return shown
}

test.each(['zip', 'folder'] as const)(
  'a %s gives the picture as it is, or one that browsers show',
  async (format) => {
    expect(await shownOf(format)).toEqual({
      'sea.jpg': ['image/jpeg', 'jpeg', 60],
      'scan.tif': ['image/jpeg', 'jpeg', 60],
      'torn.heic': 'No browser shows HEIC',
      'walk.mp4': 'It is a film',
    })
  },
)

test('a tgz is not read through for one picture', async () => {
  expect((await shownOf('tgz'))['sea.jpg']).toMatch(/\.tgz/)
})
