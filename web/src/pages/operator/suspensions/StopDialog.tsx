import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { toast } from '~/ui/toasts'
import type { Line } from '../custody/rows'
import { ActDialog, type ActField } from '../layout/ActDialog'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { stopsLeaving } from './course'
import type { Stop } from './rows'

const ACTIONS = [
  'withdraw',
  'deposit_credit',
  'internal_transfer',
  'transfer',
  'sub_transfer',
  'trade_open',
  'trade_all',
  'earn_subscribe',
  'earn_redeem',
  'api_withdraw',
  'convert',
  'bot',
  'loan_out',
  'fiat',
]
const LEVELS = ['global', 'chain', 'ccy', 'ccy_chain', 'segment', 'user']
const MODES = ['queue', 'reject', 'review', 'cap']
const REASONS = [
  'KEY_HOLDER_UNREACHABLE',
  'SIGNER_DEVICE_LOST',
  'CHAIN_HALT',
  'CHAIN_FORK',
  'CHAIN_REORG',
  'NODE_DOWN',
  'WALLET_MAINT',
  'TOKEN_CONTRACT_UPGRADE',
  'HOT_WALLET_LOW',
  'SECURITY_INCIDENT',
  'RECONCILIATION_BREAK',
  'RESERVE_SHORTFALL',
  'REGULATORY_ORDER',
  'SANCTIONS',
  'MARKET_DISLOCATION',
  'VENDOR_DOWN',
]

type Typed = Record<string, string>

const leaves = ({ actions = '' }: Typed) => stopsLeaving({ actions: actions.split(',') })

/** Stops something at once, or drafts a stop for others to put into force. */
export function StopDialog(props: { isDraft?: boolean; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const kind = props.isDraft ? 'draft' : 'stop'
  return (
    <ActDialog<Stop>
      title={t(`op.sus.${kind}`)}
      about={t(`op.sus.${kind}.about`)}
      path={props.isDraft ? 'x/operator/suspending/draft' : 'x/operator/suspending/suspend'}
      fields={useFields()}
      sent={({ network, line, segmentKey, userKey, ...typed }) => ({
        ...typed,
        chain: network ?? line ?? '',
        key: segmentKey ?? userKey ?? '',
      })}
      deed={t(`op.sus.${kind}.deed`)}
      look={props.isDraft ? 'primary' : 'danger'}
      onClose={props.onClose}
      onDone={(row) => {
        if (!row) return
        toast(t(`op.sus.${kind}.done`), 'good')
        void navigate({ to: `/operator/suspensions/${row.suspension}` })
      }}
    />
  )
}

function useFields(): ActField[] {
  const { t } = useTranslation()
  const word = useWords()
  const options = (group: string, words: readonly string[]) =>
    words.map((each) => [each, word(group, each)] as const)
  return [
    {
      name: 'actions',
      label: t('op.sus.actions'),
      kind: 'many',
      options: options('action', ACTIONS),
      initial: 'withdraw',
    },
    { name: 'level', label: t('op.level'), options: options('sus.level', LEVELS) },
    ...useScope(),
    {
      name: 'mode',
      label: t('op.sus.mode'),
      options: options('sus.modeLong', MODES),
      when: leaves,
    },
    {
      name: 'capUsd',
      label: t('op.sus.capUsd'),
      after: 'USD',
      when: (typed) => leaves(typed) && typed.mode === 'cap',
    },
    { name: 'reason', label: t('op.sus.reason'), options: options('sus.reason', REASONS) },
    {
      name: 'estOpenTs',
      label: t('op.sus.expected'),
      hint: t('op.sus.expected.hint'),
      kind: 'moment',
      isOptional: true,
    },
  ]
}

/** Where, by the level that was chosen. */
function useScope(): ActField[] {
  const { t } = useTranslation()
  const { data } = useReading<Line, 'x/operator/custody'>('x/operator/custody', {})
  const lines = data ?? []
  const each = (values: readonly string[]) => [...new Set(values)].map((one) => [one, one] as const)
  const at = (level: string) => (typed: Typed) => typed.level === level
  return [
    {
      name: 'network',
      label: t('op.sus.network'),
      options: each(lines.map(({ network }) => network)),
      when: at('chain'),
    },
    { name: 'ccy', label: t('currency'), hint: 'BTC', when: at('ccy') },
    {
      name: 'line',
      label: t('op.sus.line'),
      options: each(lines.map(({ chain }) => chain)),
      when: at('ccy_chain'),
    },
    { name: 'segmentKey', label: t('op.user.segment'), when: at('segment') },
    { name: 'userKey', label: 'UID', when: at('user') },
  ]
}
