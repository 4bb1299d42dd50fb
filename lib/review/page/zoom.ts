import type { Side } from '../items.ts'
import { make } from './element.ts'

/**
 * The pictures as large as they are, side by side, all at the same place: moving one moves all. A smaller copy is drawn up to
 * the size of the largest, so that what it lost is seen.
 */
export function zoom(sides: Side[]) {
  const images = sides.map(({ name }) => make('img', { alt: name, draggable: 'false' }))
  const panes = sides.map(({ name }, n) =>
    make(
      'figure',
      { class: 'pane' },
      images[n],
      make('figcaption', {}, make('b', {}, String(n + 1)), ` ${name}`, make('span')),
    ),
  )
  const hint = make('p', {}, 'Move the pointer or the arrow keys; z or Esc closes')
  const dialog = make('dialog', { class: 'zoom', 'aria-label': 'Closely' }, ...panes, hint)
  // Parts of what does not fit: 0.5 is the middle.
  let [x, y] = [0.5, 0.5]

  function draw() {
    const width = Math.max(...images.map(({ naturalWidth }) => naturalWidth))
    images.forEach((image, n) => {
      const { naturalWidth: own, naturalHeight: high } = image
      const pane = panes[n] as HTMLElement
      if (own === 0) return
      const height = (high * width) / own
      image.style.width = `${width}px`
      image.style.height = `${height}px`
      const left = (pane.clientWidth - width) * (width > pane.clientWidth ? x : 0.5)
      const top = (pane.clientHeight - height) * (height > pane.clientHeight ? y : 0.5)
      image.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
      const times = width / own
      const drawn = times > 1.01 ? `, drawn ${times.toFixed(1)} times as large` : ''
      const said = pane.querySelector('figcaption span') as HTMLElement
      said.textContent = ` ${own} × ${high}${drawn}`
    })
  }
  function move(event: PointerEvent) {
    const pane = (event.target as HTMLElement).closest('.pane')
    if (!pane) return
    const { left, top, width, height } = pane.getBoundingClientRect()
    x = Math.min(1, Math.max(0, (event.clientX - left) / width))
    y = Math.min(1, Math.max(0, (event.clientY - top) / height))
    draw()
  }
  function press(event: KeyboardEvent) {
    const step = STEPS[event.key]
    event.stopPropagation()
    if (event.key === 'z') dialog.close()
    if (!step) return
    event.preventDefault()
    x = Math.min(1, Math.max(0, x + step[0]))
    y = Math.min(1, Math.max(0, y + step[1]))
    draw()
  }
  const resized = () => draw()
  images.forEach((image, n) => {
    const { picture = '' } = sides[n] as Side
    image.onload = draw
    image.onerror = () => {
      if (!image.src.endsWith('preview')) image.src = `${picture}?size=preview`
    }
    image.src = `${picture}?size=large`
  })
  dialog.addEventListener('pointermove', move)
  dialog.addEventListener('keydown', press)
  dialog.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => {
    removeEventListener('resize', resized)
    dialog.remove()
  })
  addEventListener('resize', resized)
  document.body.append(dialog)
  dialog.showModal()
}

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [-0.08, 0],
  ArrowRight: [0.08, 0],
  ArrowUp: [0, -0.08],
  ArrowDown: [0, 0.08],
}
