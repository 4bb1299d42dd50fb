// Shows only the rows that hold every typed word, and says how many. Without it the page is whole, too.
const input = document.querySelector('#filter')
const told = document.querySelector('#found')
const groups = [...document.querySelectorAll('#unfit details')]
const weights = [...document.querySelectorAll('#unfit .weight')]
const wasOpen = new Map(groups.map((group) => [group, group.open]))

input.addEventListener('input', () => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
  let found = 0
  for (const group of groups) {
    const title = group.querySelector('.what').textContent
    let here = 0
    for (const row of group.querySelectorAll('tbody tr')) {
      const text = `${title} ${row.textContent}`.toLowerCase()
      row.hidden = !words.every((word) => text.includes(word))
      if (!row.hidden) here++
    }
    found += here
    group.hidden = here === 0
    group.open = words.length > 0 ? here > 0 : wasOpen.get(group)
  }
  for (const weight of weights) weight.hidden = !weight.querySelector('details:not([hidden])')
  const one = found === 1 ? 'row' : 'rows'
  told.value = words.length > 0 ? `${found} ${one} shown here` : ''
})
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  input.value = ''
  input.dispatchEvent(new Event('input'))
})
document.querySelector('.filter').hidden = false
