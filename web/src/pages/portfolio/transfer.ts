import { createStore } from '~/app/store'

export interface TransferWish {
  ccy: string
  /** Whether it is wanted on the funding account, from which money leaves; else where it is. */
  toFunding?: boolean
}

/** What the transfer dialog is open for; null while it is closed. */
export const transferStore = createStore<TransferWish | null>(null)

/** Opens the transfer dialog for a currency. */
export function useTransfer(): (ccy: string, toFunding?: boolean) => void {
  return openTransfer
}

function openTransfer(ccy: string, toFunding?: boolean): void {
  transferStore.set(toFunding === undefined ? { ccy } : { ccy, toFunding })
}

/** Whether it goes out of the trading account: from where there is something; null is unknown. */
export function outwards(inFunding: string | null, inTrading: string | null): boolean | null {
  if (inFunding === null || inTrading === null) return null
  return Number(inFunding) === 0 && Number(inTrading) > 0
}

/** The way that was settled for a currency. */
export interface Way {
  ccy: string
  isOut: boolean
}

/**
 * The way once it can be told: it stays whatever arrives later, so that nothing turns around
 * under a finger; another currency has its own. Null while it is unknown and nothing was typed.
 */
export function settled(
  way: Way | null,
  ccy: string,
  isOut: boolean | null,
  isTyping: boolean,
): Way | null {
  if (way?.ccy === ccy) return way
  if (isOut === null && !isTyping) return null
  return { ccy, isOut: isOut ?? false }
}
