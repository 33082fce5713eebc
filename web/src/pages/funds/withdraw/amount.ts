import Big from 'big.js'
import type { MessageKey } from '~/i18n'
import { decimalsOf, parsed, trimmed } from '~/market/numbers'
import type { Line } from '../currencies'

export interface AmountFault {
  key: MessageKey
  values: Record<string, string>
}

const DIGITS_MOST = 20

/** As amounts stand everywhere else. */
function shown(amount: string): string {
  return trimmed(amount, DIGITS_MOST)
}

/** What is left of the daily limit, in USD; one below what has left already leaves nothing. */
export function quotaLeft({ wdQuota, usedWdQuota }: Line): Big {
  const left = new Big(wdQuota).minus(usedWdQuota)
  return left.lt(0) ? new Big(0) : left
}

/** What can be withdrawn at most: what is there less the fee, or what one withdrawal may be. */
export function mostOf(line: Line, available: string): string {
  const left = new Big(available).minus(line.fee)
  const most = left.gt(line.maxWd) ? new Big(line.maxWd) : left
  if (most.lt(line.minWd)) return '0'
  return most.round(Number(line.wdTickSz), Big.roundDown).toFixed()
}

/** What is wrong with an amount as it was typed; nothing where it can be withdrawn. */
export function amountFault(
  text: string,
  line: Line,
  available: string | undefined,
): AmountFault | null {
  const { ccy, minWd, maxWd, fee, wdTickSz } = line
  const amount = parsed(text)
  if (!amount) return { key: 'form.noNumber', values: {} }
  if (decimalsOf(amount.toFixed()) > Number(wdTickSz)) {
    return { key: 'withdraw.amount.digits', values: { digits: wdTickSz } }
  }
  if (amount.lt(minWd))
    return { key: 'withdraw.amount.least', values: { least: shown(minWd), ccy } }
  if (amount.gt(maxWd)) return { key: 'withdraw.amount.most', values: { most: shown(maxWd), ccy } }
  if (quotaLeft(line).lte(0)) {
    return { key: 'withdraw.amount.quota', values: { quota: shown(line.wdQuota) } }
  }
  if (available !== undefined && amount.plus(fee).gt(available)) {
    const values = { available: shown(available), fee: shown(fee), ccy }
    return { key: 'withdraw.amount.lacking', values }
  }
  return null
}

/** What is wrong with an amount for another user; nothing where it can be sent. */
export function internalFault(
  text: string,
  { ccy, step, available }: { ccy: string; step: string; available: string },
): AmountFault | null {
  const amount = parsed(text)
  if (!amount) return { key: 'form.noNumber', values: {} }
  const digits = decimalsOf(new Big(step).toFixed())
  if (decimalsOf(amount.toFixed()) > digits) {
    return { key: 'withdraw.amount.digits', values: { digits: String(digits) } }
  }
  if (amount.lte(0)) return { key: 'withdraw.user.least', values: {} }
  if (amount.gt(available))
    return { key: 'withdraw.user.lacking', values: { available: shown(available), ccy } }
  return null
}

const UID = /^\d{8,18}$/

/** What is wrong with who is to be paid. */
export function uidFault(text: string, own: string): MessageKey | undefined {
  if (!UID.test(text)) return 'withdraw.user.uid.fault'
  return text === own ? 'withdraw.user.uid.own' : undefined
}
