import { createStore } from '~/app/store'

/** Which currency the transfer dialog is open for; null while it is closed. */
export const transferStore = createStore<string | null>(null)

/** Opens the transfer dialog for a currency. */
export function useTransfer(): (currency: string) => void {
  return transferStore.set
}
