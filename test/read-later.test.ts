import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { picture, type World, world } from './sandbox/run.ts'
import { makeTakeout, type Shot } from './sandbox/takeout.ts'

let w: World
afterEach(() => w?.end())

const live = picture('IMG_5.HEIC', 5, { sample: 'live.heic' })
const half: Shot = { ...live, name: 'IMG_5.MOV', sample: 'live.mov', role: 'motion', of: live.name }
const edited = picture('E.jpg', 9)
const copy: Shot = { ...edited, name: 'E-edited.jpg', warm: true, role: 'edited', of: 'E.jpg' }
const shots = [live, half, edited, copy]

test('a file of an unpacked export that the index reads only later does not go over again', async () => {
  w = await world({ shots, takeout: { format: 'folder' } })
  await w.stages('index-gphotos', 'index-immich', 'link', 'transfer', 'index-immich')
  const uploads = () => w.server.count('POST', /^\/api\/assets$/)
  expect(uploads()).toBe(4)
  // Its owner does not want the edited copy.
  w.server.db.assets.delete(w.asset('E-edited.jpg').id)
  // Its twins have the sizes of the first: now bytes are read.
  await makeTakeout(join(w.dir, 'takeout/second'), { shots }, { format: 'folder' })
  await w.stages('index-gphotos')
  const { photos } = w.load()
  expect(Object.values(photos)).toHaveLength(2)
  const sums = Object.values(photos).flatMap(({ files }) => files.map(({ crc }) => crc))
  expect(sums).not.toContain(null)
  const again = await w.stages('index-immich', 'link', 'transfer')
  expect(again).toMatchObject({ code: 0, err: expect.stringMatching(/nothing to send/) })
  expect(uploads()).toBe(4)
})
