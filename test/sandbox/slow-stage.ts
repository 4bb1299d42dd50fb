import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from '../../lib/progress.ts'
import { say } from '../../lib/stage.ts'

// A stage that takes a second, among warnings of its own and of others; names as they come from anywhere.
const names = [
  '家族旅行で撮った写真の長い長いファイル名.jpg',
  'Grüße vom Strand 🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊.jpg',
  'two\nlines\x1b[31m.jpg',
  `${'x'.repeat(300)}.jpg`,
]
const shown = progress(24, 'photos', { totalBytes: 24_000_000, quiet: process.argv[2] === '-q' })
for (let n = 0; n < 24; n++) {
  shown.tick({ sent: 1_000_000, now: names[n % 4] ?? '' })
  await sleep(60)
  if (n === 10) say('a warning')
  if (n === 14) process.emitWarning('of somebody else')
  if (n === 18) console.log('data')
}
shown.end()
say('24 photos = 24 sent')
