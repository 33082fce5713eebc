import { afterEach, expect, test, vi } from 'vitest'
import type { Listener } from '~/stream/connection'
import type { Streams } from '~/stream/streams'
import { TickerFeed } from './feeds'

afterEach(() => vi.unstubAllGlobals())

test('a picture shows the newest ticker of those that came for it', () => {
  const frames: FrameRequestCallback[] = []
  vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => frames.push(run))
  const listeners: Listener[] = []
  const subscribe = (_topic: unknown, listener: Listener) => {
    listeners.push(listener)
    return () => {}
  }
  const feed = new TickerFeed({ subscribe } as unknown as Streams, 'BTC-USDT')
  feed.use()
  for (const bidPx of ['', '39998']) {
    listeners[0]?.onPush({ arg: { channel: 'tickers', instId: 'BTC-USDT' }, data: [{ bidPx }] })
  }
  for (const frame of frames) frame(0)
  expect(feed.get()?.bidPx).toBe('39998')
})
