import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openState } from '../../lib/state/state.ts'

// Appending to a state of many records: microseconds a record, beside so many that are there.
const records = Number(process.argv[2])
const folder = mkdtempSync(join(tmpdir(), 'bench-state-'))
const state = await openState(join(folder, 'state.json'), { write: ['transfers'], stage: 'bench' })
const put = (n: number) =>
  state.put('transfers', `${n}`.padStart(8, 'x'), {
    asset: '0c89b126-ca8b-4067-b59d-cc1cdc9907fd',
    sha1: 'ec9060dd67d4d9f70ef59f81952cee6bac480f51',
    at: '2026-01-15T10:15:00.000Z',
    want: { name: `IMG_${n}.jpg`, instant: '2024-08-14T18:31:07.000Z', place: [47.5596, 10.7498] },
  })
for (let n = 0; n < records; n++) put(n)
await state.flush()
// The cost of one more, without the folds that a long run spreads over all.
const started = performance.now()
for (let n = records; n < records + 5000; n++) put(n)
await state.flush()
console.log(((performance.now() - started) / 5000) * 1000)
await state.close()
rmSync(folder, { recursive: true })
