import { trimmed } from '~/market/numbers'

const DIGITS_MOST = 20

/** Amounts as text with separators, in every language as in the market; every digit stays. */
export function useAmounts(): (text: string) => string {
  return amountText
}

function amountText(text: string): string {
  return text ? trimmed(text, DIGITS_MOST) : '–'
}
