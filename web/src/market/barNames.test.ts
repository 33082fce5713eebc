import { expect, test } from 'vitest'
import en from '~/i18n/messages/en.json'
import ru from '~/i18n/messages/ru.json'
import zh from '~/i18n/messages/zh.json'
import { Translator } from '~/i18n/translator'
import { BARS } from '~/pages/trade/chart/bars'
import { partsOf } from './barNames'

const translators = [
  new Translator('en', en),
  new Translator('ru', ru),
  new Translator('zh', zh),
] as const

// Criterion: WEB-CHART-3
test.each([
  ['15m', '15m', '15м', '15分'],
  ['4H', '4H', '4ч', '4时'],
  ['1W', '1W', '1Н', '1周'],
  ['3M', '3M', '3М', '3月'],
])('the bar %s is %s, %s and %s', (bar, ...names) => {
  const parts = partsOf(bar)
  expect(
    parts && translators.map(({ t }) => t(`bar.${parts.unit}`, { count: parts.count })),
  ).toEqual(names)
})

// Criterion: WEB-CHART-3
test('every bar has a name, and what is none has not', () => {
  expect(BARS.filter((bar) => partsOf(bar) === null)).toEqual([])
  expect([partsOf('other'), partsOf('m'), partsOf('')]).toEqual([null, null, null])
})
