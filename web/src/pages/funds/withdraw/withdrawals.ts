import { useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import type { MessageKey } from '~/i18n'
import { type Live, useLive } from '../live'

/** A row of `asset/withdrawal-history` and of the channel `withdrawal-info`. */
export interface Withdrawal {
  wdId: string
  ccy: string
  chain: string
  amt: string
  fee: string
  /** What it costs now, where that rose while it waited and its owner has to agree; '' else. */
  xFeeNow: string
  /** What is held for that; of one in parts both are of all that one agreement is for. */
  xFeeHeld: string
  to: string
  /** The memo, where the chain has memos. */
  tag?: string
  /** 2: to a user of the exchange. */
  toAddrType: string
  state: string
  ts: string
  txId: string
  xChangedTs: string
  xConfirm: string
  /** Of the block that holds it; '' while none does. */
  xHeight: string
  /** Of one that its risk score holds: what it waits for; '' of others. */
  xWait: 'confirm' | 'delay' | 'check' | ''
  /** Until when, ms; '' where that is not said. */
  xUntilTs: string
  /** Of one that may be paid in parts, and of these, what was asked for; '' of others. */
  xAskedAmt: string
  /** What was sent of it, or is about to be; `amt` is its last payment. */
  xPaidAmt: string
  /** What is to be sent still of it and its parts. */
  xLeftAmt: string
  /** The withdrawal that it is a part of; '' of none. */
  xParentWdId: string
  xTranches: string[]
  /** Of one that failed: the code of what refused it; left out of others. */
  xReason?: string
}

/** A row of `x/withdrawal-queue`: where a withdrawal stands that waits for a suspension's end. */
export interface Place {
  suspension: string
  /** S is for users whose queue is small, first in first out; L is shared fairly by user. */
  lane: 'S' | 'L'
  position: string
  aheadAmt: string
  etaFromTs: string
  etaToTs: string
}

const QUEUED = '0'
/** Refused by the policy, or since its owner owes of its currency: what came back pays that. */
const STOPPED = '58204'
/** The chain has the payment, as one that a contract refused. */
const BY_CONTRACT = '92013'
const CANCELABLE: ReadonlySet<string> = new Set([QUEUED, '17', '19'])
const PLACE_EVERY_MS = 5_000
const STATES: Record<string, MessageKey> = {
  '-2': 'withdraw.state.canceled',
  '-1': 'withdraw.state.failed',
  '0': 'withdraw.state.queued',
  '1': 'withdraw.state.sent',
  '2': 'withdraw.state.done',
  '5': 'withdraw.state.review2',
  '7': 'withdraw.state.approved',
  '10': 'withdraw.state.waiting',
  '12': 'withdraw.state.compliance',
  '15': 'withdraw.state.inBlock',
  '17': 'withdraw.state.travelRule',
  '19': 'withdraw.state.short',
}

/** One's own withdrawals, live. */
export function useWithdrawals(): Live<Withdrawal> {
  return useLive('withdrawal-info', load, idOf)
}

const load = () => rest.get<Withdrawal, 'asset/withdrawal-history'>('asset/withdrawal-history')
const idOf = ({ wdId }: Withdrawal) => wdId

const HELD: Record<string, MessageKey> = {
  confirm: 'withdraw.state.confirm',
  delay: 'withdraw.state.delay',
  check: 'withdraw.state.judged',
}

export function stateKey(row: Withdrawal): MessageKey {
  const { state, xFeeNow, xWait, xParentWdId, xReason } = row
  if (state === '-1' && xReason === STOPPED) return 'withdraw.state.stopped'
  if (state === '-1' && xReason === BY_CONTRACT) return 'withdraw.state.byContract'
  if (state === '-2' && xParentWdId) return 'withdraw.state.cameBack'
  if (xFeeNow) return 'withdraw.state.feeRose'
  return (xWait ? HELD[xWait] : STATES[state]) ?? 'withdraw.state.review'
}

export const isQueued = ({ state, xFeeNow, xWait }: Withdrawal) =>
  state === QUEUED && !xFeeNow && !xWait
/** Whether it waits for its user to say once more that it is meant. */
export const isToConfirm = ({ xWait }: Withdrawal) => xWait === 'confirm'
/** Whether it waits for a moment that is still to come. */
export const isHeld = ({ xUntilTs }: Pick<Withdrawal, 'xUntilTs'>, nowMs: number) =>
  Number(xUntilTs) > nowMs
export const isCancelable = ({ state }: Withdrawal) => CANCELABLE.has(state)
/** Whether it went to a user of the exchange. */
export const isInside = ({ toAddrType }: Withdrawal) => toAddrType === '2'
/** Whether nothing of one that is paid in parts is to be sent any more. */
export const isAllSent = (row: Withdrawal) => isOver(row) || Number(row.xLeftAmt) === 0
export const isOver = ({ state }: Withdrawal) => state === '2' || state.startsWith('-')

/** Where a queued withdrawal stands now; undefined for others. */
export function usePlace(row: Withdrawal): Place | undefined {
  const { wdId } = row
  return useQuery({
    queryKey: ['withdrawal-queue', wdId],
    queryFn: async () => {
      const [place] = await rest.get<Place, 'x/withdrawal-queue'>('x/withdrawal-queue', { wdId })
      return place ?? null
    },
    enabled: isQueued(row),
    refetchInterval: PLACE_EVERY_MS,
  }).data as Place | undefined
}

/** An address with its memo, as the address book writes it. */
export const whole = ({ to, tag }: Withdrawal) => (tag ? `${to}:${tag}` : to)
