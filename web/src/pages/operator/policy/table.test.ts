import { expect, test } from 'vitest'
import type { RiskTable } from './rows'
import { fieldOf, movedFrom, placesOf, tableOf } from './table'

const TABLE: RiskTable = {
  points: { by_api: 5, share: 5 },
  bounds: { window_hours: 24 },
  thresholds: { step_up: 60 },
}

// Criterion: WEB-OP-RISK-2
test('a table goes through its form unchanged', () => {
  const typed = Object.fromEntries(placesOf(TABLE).map((one) => [fieldOf(one), ` ${one.value} `]))
  expect(tableOf(typed)).toEqual(TABLE)
})

test('what is no whole number is left to the exchange to refuse', () => {
  expect(tableOf({ 'points.by_api': '1.5', 'bounds.share': '-2' })).toEqual({
    points: { by_api: '1.5' },
    bounds: { share: '-2' },
  })
})

test('only what differs is shown', () => {
  expect(movedFrom(TABLE, TABLE)).toEqual([])
  const other = { ...TABLE, points: { by_api: 5, share: 7 } }
  expect(movedFrom(TABLE, other)).toEqual([{ group: 'points', name: 'share', value: 7, before: 5 }])
})
