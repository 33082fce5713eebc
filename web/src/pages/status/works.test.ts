import { expect, test } from 'vitest'
import { type Suspension, stoppingOrders } from './suspensions'
import { worksOf } from './works'

const ALL = ['trade_open', 'trade_all', 'withdraw', 'transfer', 'internal_transfer']
const PAIR = { baseCcy: 'FRT', quoteCcy: 'USDT' }

function stop(actions: string[], level = 'global', ccy = ''): Suspension {
  return { actions, level, ccy, reason: 'NODE_DOWN' } as Suspension
}

// Criterion: WEB-STATUS-4
test.each([
  [['trade_all', 'transfer', 'internal_transfer'], ['withdraw']],
  [['withdraw', 'transfer', 'internal_transfer'], ['trade_open']],
  [
    ['withdraw', 'transfer', 'internal_transfer'],
    ['trade_all', 'trade_open'],
  ],
  [['trade_all', 'withdraw', 'transfer'], ['sub_transfer']],
])('%j goes on as usual while %j is stopped', (works, actions) => {
  const found = worksOf({ suspensions: [stop(actions, 'ccy', 'FRT')], works: ALL })
  expect(found.filter((name) => name !== 'trade_open')).toEqual(works)
})

// Criterion: WEB-STATUS-4
test.each([
  [true, stop(['trade_open'])],
  [true, stop(['withdraw', 'trade_all'], 'ccy', 'FRT')],
  [true, stop(['trade_open'], 'ccy', 'USDT')],
  [false, stop(['trade_open'], 'ccy', 'BTC')],
  [false, stop(['trade_open'], 'segment')],
  [false, stop(['withdraw'])],
])('it is %s that orders of a pair are stopped', (is, row) => {
  expect(stoppingOrders([row], PAIR) !== undefined).toBe(is)
})
