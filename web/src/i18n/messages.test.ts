import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { chosenLanguage, LANGUAGES, type Language } from './catalog'
import consoleEn from './messages/console/en.json'
import consoleRu from './messages/console/ru.json'
import consoleZh from './messages/console/zh.json'
import en from './messages/en.json'
import ru from './messages/ru.json'
import zh from './messages/zh.json'
import { Translator } from './translator'

const EVERYBODY: Record<Language, Record<string, string>> = { en, ru, zh }
const CONSOLE: Record<Language, Record<string, string>> = {
  en: consoleEn,
  ru: consoleRu,
  zh: consoleZh,
}
const SETS = [
  ['everybody', EVERYBODY],
  ['the console', CONSOLE],
] as const
const CATEGORIES: Record<Language, string[]> = {
  en: ['one', 'other'],
  ru: ['few', 'many', 'one', 'other'],
  zh: ['other'],
}

interface Element {
  type: number
  value?: string
  options?: Record<string, { value: Element[] }>
}

/** The names of a message's values and the categories of its plurals. */
function shape(elements: Element[]): { names: Set<string>; plurals: string[][] } {
  const names = new Set<string>()
  const plurals: string[][] = []
  for (const element of elements) {
    if (element.type >= 1 && element.type <= 6 && element.value) names.add(element.value)
    if (element.type === 6) plurals.push(Object.keys(element.options ?? {}).sort())
    for (const option of Object.values(element.options ?? {})) {
      const inner = shape(option.value)
      for (const name of inner.names) names.add(name)
      plurals.push(...inner.plurals)
    }
  }
  return { names, plurals }
}

function shapeOf(text: string, language: Language) {
  return shape(new IntlMessageFormat(text, language).getAst() as Element[])
}

const EACH = SETS.flatMap(([name, all]) =>
  (Object.keys(LANGUAGES) as Language[]).map((language) => ({ name, all, language })),
)

describe.each(EACH)('$language of $name', ({ all, language }) => {
  const messages = all[language]

  // Criterion: WEB-I18N-1
  test('has every key and no other', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(all.en).sort())
    expect(Object.entries(messages).filter(([, text]) => !text.trim())).toEqual([])
  })

  // Criterion: WEB-I18N-2
  test('fills in the same values', () => {
    for (const [key, text] of Object.entries(messages)) {
      const english = shapeOf(all.en[key] ?? '', 'en').names
      expect([key, [...shapeOf(text, language).names].sort()]).toEqual([key, [...english].sort()])
    }
  })

  // Criterion: WEB-I18N-3
  test('has each plural form that the language has', () => {
    for (const [key, text] of Object.entries(messages)) {
      for (const forms of shapeOf(text, language).plurals) {
        const named = forms.filter((form) => !form.startsWith('='))
        expect([key, named]).toEqual([key, CATEGORIES[language]])
      }
    }
  })
})

// Criterion: WEB-I18N-3
test.each([
  [1, '1 ордер'],
  [2, '2 ордера'],
  [5, '5 ордеров'],
  [21, '21 ордер'],
  [112, '112 ордеров'],
])('Russian counts %d as "%s"', (count, shown) => {
  expect(new Translator('ru', ru).t('orders.count', { count })).toBe(shown)
})

// Criterion: WEB-I18N-4
test.each([
  ['zh', ['ru'], 'zh'],
  [undefined, ['de-DE', 'ru-RU', 'en'], 'ru'],
  [undefined, ['zh-TW'], 'zh'],
  ['xx', ['fr'], 'en'],
])('kept %s and wanted %s gives %s', (kept, wanted, language) => {
  expect(chosenLanguage(kept, wanted)).toBe(language)
})

// Criterion: WEB-I18N-1
test('the console says nothing that everybody says already', () => {
  expect(Object.keys(consoleEn).filter((key) => key in en)).toEqual([])
})

test('a page with texts of its own speaks with both', () => {
  const both = new Translator('en', en).and(consoleEn)
  expect([both.t('cancel'), both.t('op.overview')]).toEqual([en.cancel, consoleEn['op.overview']])
  expect([both.has('op.overview'), new Translator('en', en).has('op.overview')]).toEqual([
    true,
    false,
  ])
})
