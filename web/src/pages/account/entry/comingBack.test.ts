import { beforeEach, expect, test, vi } from 'vitest'
import { placeToReturn, rememberPlace } from './comingBack'

const kept = new Map<string, string>()

beforeEach(() => {
  kept.clear()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  })
})

// Criterion: WEB-ACCT-ENTRY-4
test('one goes back to where one was, which is never a page of signing in', () => {
  expect(placeToReturn('/trade/BTC-USDT')).toBe('/trade/BTC-USDT')
  rememberPlace('/orders?tab=fills')
  rememberPlace('/sign-in')
  expect(placeToReturn('/trade/BTC-USDT')).toBe('/orders?tab=fills')
  expect(placeToReturn('/trade/BTC-USDT', ['/orders?tab=fills'])).toBe('/trade/BTC-USDT')
})

// Criterion: WEB-ACCT-ENTRY-4
test.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)'])(
  '%s is no place to return to',
  (place) => {
    rememberPlace(place)
    expect(placeToReturn('/trade/BTC-USDT')).toBe('/trade/BTC-USDT')
  },
)
