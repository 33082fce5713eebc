import { expect, test } from 'vitest'
import type { Instrument } from '../rows'
import { currenciesOf, pairsIn } from './scope'

const PAIRS = [
  { instId: 'ETH-BTC', number: '12', baseCcy: 'ETH', quoteCcy: 'BTC' },
  { instId: 'BTC-USDT', number: '3', baseCcy: 'BTC', quoteCcy: 'USDT' },
  { instId: 'SOL-USDT', number: '4', baseCcy: 'SOL', quoteCcy: 'USDT' },
] as Instrument[]

// Criterion: WEB-OP-CAL-1
test('a window is of all pairs, of those with a currency on either side, or of some', () => {
  const none = { ccy: '', some: '' }
  expect(pairsIn(PAIRS, { ...none, scope: 'all' })).toEqual(['BTC-USDT', 'SOL-USDT', 'ETH-BTC'])
  expect(pairsIn(PAIRS, { ...none, scope: 'ccy', ccy: 'BTC' })).toEqual(['BTC-USDT', 'ETH-BTC'])
  expect(pairsIn(PAIRS, { ...none, scope: 'some', some: 'SOL-USDT' })).toEqual(['SOL-USDT'])
  expect(currenciesOf(PAIRS)).toEqual(['BTC', 'ETH', 'SOL', 'USDT'])
})
