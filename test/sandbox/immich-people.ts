import { randomUUID } from 'node:crypto'
import { asset, type Call, flag, text } from './immich-call.ts'
import { check, Problem, type Rule, type Rules } from './immich-check.ts'
import type { Face } from './immich-db.ts'
import { personJson } from './immich-json.ts'

export function createPerson({ db, major, body }: Call) {
  const { name = '', isHidden = false } = check(
    major,
    { name: text, isHidden: flag },
    body,
    'json',
  ) as { name?: string; isHidden?: boolean }
  const person = { id: randomUUID(), name, isHidden }
  db.people.set(person.id, person)
  return personJson(person)
}

export function deletePeople({ db, major, body }: Call) {
  const rules: Rules = { ids: { kind: 'uuid', list: true, required: true } }
  const given = check(major, rules, body, 'json') as { ids: string[] }
  for (const id of given.ids) {
    if (!db.people.delete(id)) throw new Problem(400, 'Not found or no person.delete access')
    for (const face of db.faces.values()) if (face.personId === id) db.faces.delete(face.id)
  }
}

export function listFaces({ db, major, query }: Call) {
  const { id } = check(major, { id: { kind: 'uuid', required: true } }, query, 'text') as {
    id: string
  }
  const found = asset(db, id, 'read')
  return [...db.faces.values()]
    .filter(({ assetId }) => assetId === found.id)
    .map(({ id, personId, imageWidth, imageHeight, x, y, width, height }) => {
      const person = db.people.get(personId)
      return {
        id,
        imageWidth,
        imageHeight,
        boundingBoxX1: x,
        boundingBoxY1: y,
        boundingBoxX2: x + width,
        boundingBoxY2: y + height,
        sourceType: 'manual',
        person: person ? personJson(person) : null,
      }
    })
}

export function createFace({ db, major, body }: Call) {
  const whole: Rule = { kind: 'int', required: true }
  const rules: Rules = {
    assetId: { kind: 'uuid', required: true },
    personId: { kind: 'uuid', required: true },
    ...Object.fromEntries(
      ['imageWidth', 'imageHeight', 'x', 'y', 'width', 'height'].map((name) => [name, whole]),
    ),
  }
  const face = check(major, rules, body, 'json') as Omit<Face, 'id'>
  asset(db, face.assetId, 'update')
  if (!db.people.has(face.personId)) throw new Problem(400, 'Not found or no person.read access')
  const id = randomUUID()
  db.faces.set(id, { id, ...face })
}

export function deleteFace({ db, major, params, body }: Call) {
  check(major, { force: { ...flag, required: true } }, body, 'json')
  if (!db.faces.delete(params[0] ?? ''))
    throw new Problem(400, 'Not found or no face.delete access')
}
