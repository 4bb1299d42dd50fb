import type { Member } from './deciding.ts'

/** Names of what the loser has and the winner lacks: what consolidating brings over. */
export function lackOf(winner: Member, loser: Member): string[] {
  const more = <T>(of: (one: Member) => T[] | undefined) => {
    const known = new Set(of(winner))
    return (of(loser) ?? []).some((value) => !known.has(value))
  }
  const order = ['timeline', 'archive', 'locked']
  return [
    ...(loser.place && !winner.place ? ['gps'] : []),
    ...(loser.taken && !winner.taken ? ['capture_time'] : []),
    ...(loser.zone && !winner.zone ? ['timezone'] : []),
    ...(linesLacking(winner.description, loser.description).length > 0 ? ['description'] : []),
    ...((loser.rating ?? -1) > (winner.rating ?? -1) && (loser.rating ?? 0) > 0 ? ['rating'] : []),
    ...(loser.favorite && !winner.favorite ? ['favorite'] : []),
    ...(order.indexOf(loser.visibility) > order.indexOf(winner.visibility) ? ['visibility'] : []),
    ...(more((one) => one.albums) ? ['albums'] : []),
    ...(more((one) => one.tags) ? ['tags'] : []),
    ...(more((one) => one.people?.map(({ id }) => id)) ? ['people'] : []),
    ...(loser.stack && !winner.stack ? ['stack'] : []),
  ]
}

/** The lines of a caption that another does not have. */
export function linesLacking(has = '', given = ''): string[] {
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
  const known = new Set(lines(has))
  return [...new Set(lines(given))].filter((line) => !known.has(line))
}
