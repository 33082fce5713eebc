import { expect, test } from 'vitest'
import { type ActField, asked, initialOf, localOf, msOf, sentOf, toggled } from './actFields'

const FIELDS: ActField[] = [
  {
    name: 'level',
    label: '',
    options: [
      ['global', ''],
      ['ccy', ''],
    ],
  },
  { name: 'ccy', label: '', when: ({ level }) => level === 'ccy' },
  { name: 'actions', label: '', kind: 'many', options: [['withdraw', '']] },
  { name: 'opens', label: '', kind: 'moment' },
]

// Criterion: WEB-OP-SUS-1
test('what was not asked for is not sent', () => {
  const typed = { ...initialOf(FIELDS), ccy: 'BTC', opens: '2026-01-02T03:04' }
  expect(typed).toMatchObject({ level: 'global', actions: '' })
  expect(Object.keys(sentOf(asked(FIELDS, typed), typed))).toEqual(['level', 'actions', 'opens'])
  const narrow = { ...typed, level: 'ccy' }
  expect(sentOf(asked(FIELDS, narrow), narrow)).toMatchObject({ level: 'ccy', ccy: 'BTC' })
})

test('a moment is local in its field and in ms when it is sent', () => {
  const ms = msOf('2026-03-04T05:06')
  expect(localOf(ms)).toBe('2026-03-04T05:06')
  expect([msOf(''), msOf('soon'), localOf('')]).toEqual(['', '', ''])
})

test('words of a list keep their order', () => {
  const all = ['withdraw', 'transfer', 'bot']
  expect(toggled('', 'bot', all)).toBe('bot')
  expect(toggled('bot', 'withdraw', all)).toBe('withdraw,bot')
  expect(toggled('withdraw,bot', 'withdraw', all)).toBe('bot')
})

test('seconds are sent in ms, and what is no number as it is', () => {
  const field: ActField = { name: 'every', label: '', kind: 'seconds' }
  const sent = ['60', '1.5', 'soon'].map((every) => sentOf([field], { every }).every)
  expect(sent).toEqual(['60000', '1500', 'soon'])
})
