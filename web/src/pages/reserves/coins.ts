import { trimmed } from '~/market/numbers'
import { decimal } from '~/reserves/verifier'

/** An amount of the smallest units in whole coins, with separators and every digit. */
export function coins(units: string | bigint, decimals: number): string {
  return trimmed(decimal(BigInt(units), decimals), decimals)
}
