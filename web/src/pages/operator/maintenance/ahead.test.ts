import { expect, test } from 'vitest'
import { aheadText } from './ahead'

const HOUR_MS = 3_600_000

// Criterion: WEB-OP-MAINT-1
test.each([
  [1, 'en', 'in 1 minute'],
  [2 * HOUR_MS - 1, 'en', 'in 120 minutes'],
  [5.5 * HOUR_MS, 'ru', 'через 5 часов'],
  [72 * HOUR_MS, 'zh', '3天后'],
  [0, 'en', ''],
  [-1, 'en', ''],
])('%i ms ahead in %s is %s', (ahead, language, text) => {
  expect(aheadText(1_000 + ahead, 1_000, language)).toBe(text)
})
