import { expect, test } from 'vitest'
import { spanOf } from './span'

// Criterion: WEB-CLOCK-1
test.each([
  [-90_000, 'en', '1 minute'],
  [3 * 3_600_000, 'en', '3 hours'],
  [-26 * 3_600_000, 'ru', '1 день'],
  [5 * 60_000, 'ru', '5 минут'],
])('%d ms in %s is %s', (ms, language, words) => {
  expect(spanOf(ms, language)).toBe(words)
})
