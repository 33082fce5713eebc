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
