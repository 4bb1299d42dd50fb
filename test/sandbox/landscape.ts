import jpeg from 'jpeg-js'

/** A small seeded generator (mulberry32): the same seed gives the same numbers, 0 <= x < 1. */
export function random(seed: number) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

type Colour = [number, number, number]
const mix = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
]

// Top of the sky, its lower end, the sun, the land in front.
const LIGHTS: [Colour, Colour, Colour, Colour][] = [
  [
    [58, 120, 200],
    [190, 220, 240],
    [255, 250, 225],
    [52, 92, 44],
  ], // noon
  [
    [70, 60, 120],
    [250, 160, 105],
    [255, 225, 160],
    [42, 40, 52],
  ], // dusk
  [
    [120, 150, 190],
    [250, 225, 205],
    [255, 240, 210],
    [70, 86, 66],
  ], // dawn
  [
    [110, 122, 136],
    [205, 210, 214],
    [232, 234, 236],
    [60, 72, 60],
  ], // overcast
  [
    [12, 18, 48],
    [60, 72, 120],
    [240, 240, 228],
    [12, 18, 26],
  ], // night
  [
    [40, 140, 190],
    [235, 240, 215],
    [255, 252, 220],
    [140, 112, 62],
  ], // autumn
]

export type Scene = {
  seed: number
  width?: number
  height?: number
  /** An edit: warmer and brighter, the same scene. */
  warm?: boolean
  /** 0..1, moves the sun and the clouds: frames of a movie. */
  time?: number
}

/** RGBA of a landscape with sky, sun, clouds, hills and sometimes a lake. The same scene in any size. */
export function paint({ seed, width = 640, height = 480, warm = false, time = 0 }: Scene) {
  const next = random(seed)
  const [top, low, sun, land] = LIGHTS[Math.floor(next() * LIGHTS.length)] as (typeof LIGHTS)[0]
  const tint = (next() - 0.5) * 40
  const [sunX, sunY, sunR] = [0.15 + next() * 0.7, 0.12 + next() * 0.3, 0.025 + next() * 0.03]
  const horizon = 0.5 + next() * 0.12
  const lake = next() < 0.5 ? horizon + 0.18 : 2
  const cloudy = next()
  const cloudAt = next() * 1000
  const ridges = Array.from({ length: 4 }, (_, n) => ({
    base: horizon + (n - 2) * 0.055 + next() * 0.02,
    tall: 0.09 - n * 0.014,
    waves: Array.from({ length: 5 }, (_, k) => [
      (1.1 + next()) * 1.9 ** k * Math.PI,
      next() * 7,
      0.55 ** k,
    ]) as Colour[],
    colour: mix(mix(low, land, 0.35 + n * 0.21), [land[0] + tint, land[1], land[2] - tint], 0.4),
  }))
  const aspect = width / height
  const grain = random(seed ^ 0x9e3779b9)
  const heights = ridges.map(({ base, tall, waves }) =>
    Float64Array.from({ length: width }, (_, x) => {
      let sum = 0
      for (const [step, phase, weight] of waves)
        sum += Math.sin((x / width) * step + phase) * weight
      return base - sum * tall * 0.6
    }),
  )

  const colourAt = (column: number, x: number, y: number): Colour => {
    let land: Colour | undefined
    for (let n = ridges.length - 1; n >= 0 && !land; n--) {
      const ridge = heights[n]?.[column] ?? 1
      if (y < ridge) continue
      const rough = noise(x * 60 * aspect + n * 31, y * 90, seed) - 0.5
      const depth = Math.max(0.55, 1 - (y - ridge) * 0.9) + rough * 0.22
      land = (ridges[n]?.colour ?? top).map((part) => part * depth) as Colour
    }
    if (land) return land
    const far = Math.hypot((x - sunX - time * 0.1) * aspect, y - sunY + time * 0.05)
    let sky = mix(top, low, Math.min(1, y / horizon) ** 1.3)
    sky = mix(sky, sun, Math.exp(-far * 7) * 0.75)
    if (far < sunR) return sun
    const at = x * 5 * aspect + cloudAt + time
    const cloud = noise(at, y * 13, seed) * 0.6 + noise(at * 2.3, y * 30, seed + 1) * 0.4
    return mix(sky, mix(sun, [255, 255, 255], 0.4), Math.max(0, cloud - 0.72 + cloudy * 0.28) * 1.6)
  }

  const data = new Uint8Array(width * height * 4)
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const [x, y] = [column / width, row / height]
      let colour: Colour
      if (y > lake) {
        // Water: the upper part mirrored, with ripples and the light of the sky on it.
        const ripple = (noise(x * 26 * aspect, y * 190 + time * 9, seed) - 0.5) * 0.035
        colour = mix(colourAt(column, x, Math.max(0, 2 * lake - y - 0.1 + ripple)), low, 0.25)
        colour = mix(colour, top, Math.min(0.5, (y - lake) * 1.2))
      } else {
        colour = colourAt(column, x, y)
      }
      const speck = (grain() - 0.5) * 9
      data[at] = clamp(colour[0] * (warm ? 1.18 : 1) + speck + (warm ? 12 : 0))
      data[at + 1] = clamp(colour[1] * (warm ? 1.07 : 1) + speck + (warm ? 6 : 0))
      data[at + 2] = clamp(colour[2] * (warm ? 0.9 : 1) + speck)
      data[at + 3] = 255
    }
  }
  return { data, width, height }
}

/** The same as a JPEG without metadata. */
export const landscape = (scene: Scene, quality = 80) => jpeg.encode(paint(scene), quality).data

const clamp = (value: number) => Math.max(0, Math.min(255, value))

/** Smooth value noise, 0..1. */
function noise(x: number, y: number, seed: number) {
  const [x0, y0] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [ease(x - x0), ease(y - y0)]
  const upper = lattice(x0, y0, seed) * (1 - u) + lattice(x0 + 1, y0, seed) * u
  const lower = lattice(x0, y0 + 1, seed) * (1 - u) + lattice(x0 + 1, y0 + 1, seed) * u
  return upper * (1 - v) + lower * v
}
const ease = (t: number) => t * t * (3 - 2 * t)
function lattice(x: number, y: number, seed: number) {
  let hash = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 974634551)
  hash = Math.imul(hash ^ (hash >>> 13), 1274126177)
  return ((hash ^ (hash >>> 16)) >>> 0) / 4294967296
}
