import { expect, test } from 'vitest'
import en from '~/i18n/messages/console/en.json'
import ru from '~/i18n/messages/console/ru.json'
import zh from '~/i18n/messages/console/zh.json'
import { lookOf } from './state'
import { textOf } from './termText'

// Criterion: WEB-OP-APP-1
test('terms are text, whatever their shape', () => {
  const ticks = [
    { fromPx: '0', tickSz: '0.1' },
    { fromPx: '100000', tickSz: '0.5' },
  ]
  expect(textOf(ticks)).toBe('0:0.1, 100000:0.5')
  expect([textOf(''), textOf([]), textOf('<b>'), textOf(7)]).toEqual(['–', '–', '<b>', '7'])
})

// Criterion: WEB-OP-APP-1
test('what ended badly does not look well', () => {
  expect(['open', 'done', 'failed', 'expired'].map(lookOf)).toEqual(['plain', 'good', 'bad', 'bad'])
})

// Criterion: WEB-OP-APP-1
test.each(['move', 'chain', 'source', 'target', 'amt', 'transaction', 'memo'])(
  'the term %s has a name',
  (name) => {
    for (const words of [en, ru, zh]) expect(words).toHaveProperty([`op.term.${name}`])
  },
)
