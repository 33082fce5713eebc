import { useRef } from 'react'

export type Direction = 'up' | 'down' | 'same'

/** Which way a price moved last. */
export function useDirection(price: string | undefined): Direction {
  const seen = useRef<{ price: string | undefined; direction: Direction }>({
    price: undefined,
    direction: 'same',
  })
  const { current } = seen
  if (price !== current.price) {
    const before = current.price
    if (before !== undefined && price !== undefined) {
      current.direction = Number(price) < Number(before) ? 'down' : 'up'
    }
    current.price = price
  }
  return current.direction
}
