import { expect, test } from 'vitest'
import { asked, linesOfEntries, NO_FILTER } from './entries'

// Criterion: WEB-OP-AUDIT-1
test('a filter sends what is set, and days from midnight to midnight', () => {
  expect(asked(NO_FILTER)).toEqual({})
  const filter = {
    ...NO_FILTER,
    actor: ' 7 ',
    result: 'denied',
    from: '2030-01-02',
    to: '2030-01-02',
  }
  const { begin, end, ...rest } = asked(filter)
  expect(rest).toEqual({ actor: '7', result: 'denied' })
  expect(new Date(Number(begin)).getHours()).toBe(0)
  expect(Number(end) - Number(begin)).toBe(86_399_999)
})

// Criterion: WEB-OP-AUDIT-1
test('an export has an entry a line, each of them whole', () => {
  const entries = [{ entry: '2', note: 'two\nlines' }, { entry: '1' }] as never[]
  const lines = linesOfEntries(entries).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(entries)
})
