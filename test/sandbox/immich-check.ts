/** A refusal in the words of either version. */
export class Problem extends Error {
  status: number
  messages: string | string[]
  errors: { path: (string | number)[]; message: string; code: string }[] | undefined
  constructor(status: number, messages: string | string[], errors?: Problem['errors']) {
    super(String(messages))
    this.status = status
    this.messages = messages
    this.errors = errors
  }
}

export type Major = 2 | 3
type Kind = 'uuid' | 'string' | 'bool' | 'int' | 'rating' | 'number' | 'date' | 'any' | string[]
export type Rule = {
  kind: Kind
  required?: true
  list?: true
  nullable?: true
  min?: number
  max?: number
  least?: number
}
export type Rules = Record<string, Rule>

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/**
 * `input` by `rules`, unknown names dropped. v2 coerces what comes (strings to numbers and booleans, any date that parses),
 * v3 does so in queries and forms alone, and there only `true` and `false`.
 */
export function check<T>(major: Major, rules: Rules, input: unknown, where: 'json' | 'text'): T {
  const wrong: { path: (string | number)[]; v2: string; v3: string; code: string }[] = []
  if (major === 3 && (typeof input !== 'object' || input === null || Array.isArray(input))) {
    const found = input === undefined ? 'undefined' : Array.isArray(input) ? 'array' : typeof input
    const message = `Invalid input: expected object, received ${found}`
    throw new Problem(400, 'Validation failed', [{ path: [], message, code: 'invalid_type' }])
  }
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<
    string,
    unknown
  >
  const made: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name]
    if (
      value === undefined ||
      (value === null && (rule.nullable || major === 2) && !rule.required)
    ) {
      if (rule.required) {
        const what = rule.list ? 'array' : kindName(rule.kind)
        const v2 = rule.list ? `${name} must be an array` : v2Text(name, rule)
        wrong.push({
          path: [name],
          v2,
          v3: `Invalid input: expected ${what}, received undefined`,
          code: 'invalid_type',
        })
      } else if (value === null) made[name] = null
      continue
    }
    if (rule.list) {
      const list = Array.isArray(value)
        ? value
        : where === 'text' || major === 2
          ? [value]
          : undefined
      if (!list) {
        wrong.push({
          path: [name],
          v2: '',
          v3: `Invalid input: expected array, received ${typeof value}`,
          code: 'invalid_type',
        })
        continue
      }
      if (list.length < (rule.least ?? 0)) {
        wrong.push({
          path: [name],
          v2: `${name} must contain at least ${rule.least} elements`,
          v3: `Too small: expected array to have >=${rule.least} items`,
          code: 'too_small',
        })
      }
      made[name] = list.map((item, n) => one(item, rule, [name, n]))
    } else made[name] = one(value, rule, [name])
  }
  if (wrong.length === 0) return made as T
  if (major === 3) {
    throw new Problem(
      400,
      'Validation failed',
      wrong.map(({ path, v3, code }) => ({ path, message: v3, code })),
    )
  }
  // v2 words a bad date in another way than all the rest.
  const texts = wrong.map(({ v2 }) => v2)
  throw new Problem(400, texts[0]?.endsWith('date string') ? texts[0] : texts)

  function one(value: unknown, rule: Rule, path: (string | number)[]): unknown {
    const name = String(path[0])
    const fail = (v3: string, code = 'invalid_type') => {
      const low = code === 'too_small'
      const v2 = path.length > 1 ? `each value in ${v2Text(name, rule)}` : v2Text(name, rule, low)
      wrong.push({ path, v2, v3, code })
    }
    const received = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
    const { kind } = rule
    const lax = major === 2 || where === 'text'
    if (kind === 'any') return value
    if (kind === 'string') {
      if (typeof value !== 'string')
        return fail(`Invalid input: expected string, received ${received}`)
      return value
    }
    if (kind === 'uuid') {
      if (typeof value !== 'string' || !uuid.test(value))
        return fail('Invalid UUID', 'invalid_format')
      return value
    }
    if (kind === 'bool') {
      if (typeof value === 'boolean') return value
      if (lax && (value === 'true' || value === 'false')) return value === 'true'
      if (where === 'text')
        return fail('Invalid option: expected one of "true"|"false"', 'invalid_value')
      return fail(`Invalid input: expected boolean, received ${received}`)
    }
    if (kind === 'date') {
      const text = String(value)
      const good = major === 3 ? typeof value === 'string' && isoDate.test(text) : true
      if (!good || Number.isNaN(Date.parse(text))) {
        return fail(
          `Invalid input: expected ISO 8601 datetime string, received ${received}`,
          'invalid_format',
        )
      }
      return Date.parse(text)
    }
    if (Array.isArray(kind)) {
      if (!kind.includes(value as string)) {
        return fail(
          `Invalid option: expected one of ${kind.map((word) => `"${word}"`).join('|')}`,
          'invalid_value',
        )
      }
      return value
    }
    if (kind === 'rating' && major === 3 && value === 0) {
      return fail(
        'Rating must be -1 (rejected), 1–5 (starred), or null (unrated); 0 is not valid',
        'custom',
      )
    }
    const number = lax && typeof value === 'string' ? Number(value) : value
    if (typeof number !== 'number' || Number.isNaN(number)) {
      return fail(`Invalid input: expected number, received ${received}`)
    }
    if (kind !== 'number' && !Number.isInteger(number))
      return fail('Invalid input: expected int, received number')
    const [min, max] = kind === 'rating' ? [-1, 5] : [rule.min, rule.max]
    if (min !== undefined && number < min)
      return fail(`Too small: expected number to be >=${min}`, 'too_small')
    if (max !== undefined && number > max)
      return fail(`Too big: expected number to be <=${max}`, 'too_big')
    return number
  }
}

const kindName = (kind: Kind) =>
  kind === 'date'
    ? 'ISO 8601 datetime string'
    : kind === 'bool'
      ? 'boolean'
      : kind === 'uuid'
        ? 'string'
        : kind

function v2Text(name: string, { kind, min, max }: Rule, low = false) {
  if (Array.isArray(kind)) return `${name} must be one of the following values: ${kind.join(', ')}`
  if (kind === 'uuid') return `${name} must be a UUID`
  if (kind === 'bool') return `${name} must be a boolean value`
  if (kind === 'date') return `${name} must be a date string`
  if (kind === 'string') return `${name} must be a string`
  if (max === 90 || max === 180) return `${name} must be a ${name} string or number`
  if (max !== undefined && !low) return `${name} must not be greater than ${max}`
  return min === undefined ? `${name} must be a number` : `${name} must not be less than ${min}`
}
