import type { MessageKey } from '~/i18n'
import type { Order } from './orders'

/** What ends an order that its owner did not cancel, by the code of its source. */
const REASONS = {
  '0': 'ended.0',
  '13': 'ended.13',
  '14': 'ended.14',
  '15': 'ended.15',
  '20': 'ended.20',
  '31': 'ended.31',
  '32': 'ended.32',
  '33': 'ended.33',
} as const satisfies Record<string, MessageKey>

type Ended = Pick<Order, 'state' | 'cancelSource'>

/** Why the exchange cancelled an order; null where it did not, or its owner wanted it. */
export function endedBy({ state, cancelSource }: Ended): MessageKey | null {
  if (state !== 'canceled') return null
  return REASONS[cancelSource as keyof typeof REASONS] ?? null
}
