import { expect, test } from 'vitest'
import { mayRest, OpenOrders, type Order, type OrderType } from './orders'

function order(over: Partial<Order>): Order {
  return {
    instId: 'BTC-USDT',
    ordId: '1',
    clOrdId: '',
    side: 'buy',
    ordType: 'limit',
    state: 'live',
    px: '100',
    sz: '1',
    tgtCcy: '',
    accFillSz: '0',
    avgPx: '',
    fillPx: '',
    fillSz: '',
    tradeId: '',
    cancelSource: '',
    fee: '',
    feeCcy: '',
    cTime: '1',
    uTime: '1',
    ...over,
  }
}

const ids = (orders: OpenOrders) => orders.list().map(({ ordId }) => ordId)

// Criterion: WEB-ORDERS-1
test('open orders come and go, newest first', () => {
  const orders = new OpenOrders()
  orders.apply(order({ ordId: '1', cTime: '1' }))
  orders.apply(order({ ordId: '2', cTime: '2' }))
  expect(ids(orders)).toEqual(['2', '1'])
  orders.apply(order({ ordId: '2', cTime: '2', uTime: '3', state: 'filled' }))
  expect(ids(orders)).toEqual(['1'])
})

// Criterion: WEB-ORDERS-1
test('a list that was asked for earlier brings nothing back and undoes nothing', () => {
  const orders = new OpenOrders()
  orders.apply(order({ ordId: '1', uTime: '5', px: '101' }))
  orders.apply(order({ ordId: '2', uTime: '6', state: 'canceled' }))
  orders.fill([order({ ordId: '1', uTime: '2' }), order({ ordId: '2' }), order({ ordId: '3' })])
  expect(ids(orders).sort()).toEqual(['1', '3'])
  expect(orders.list().find(({ ordId }) => ordId === '1')?.px).toBe('101')
})

// Criterion: WEB-ORDERS-1
test('an older push does not undo a newer one', () => {
  const orders = new OpenOrders()
  orders.apply(order({ uTime: '5', px: '101' }))
  orders.apply(order({ uTime: '4', px: '100' }))
  expect(orders.list()[0]?.px).toBe('101')
})

// Criterion: WEB-ORDERS-4
test('what is filled or cancelled at once is never said to be placed', () => {
  const types: OrderType[] = ['limit', 'market', 'post_only', 'ioc', 'fok', 'optimal_limit_ioc']
  expect(types.filter(mayRest)).toEqual(['limit', 'post_only'])
})
