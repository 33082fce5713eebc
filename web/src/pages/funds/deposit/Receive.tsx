import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Copyable } from '~/pages/account/layout/Copyable'
import { QrCode } from '~/pages/account/security/QrCode'
import { Expected } from '~/pages/status/Expected'
import { Checkbox } from '~/ui/Checkbox'
import { LINES, type Line, networkOf } from '../currencies'
import { FactList } from '../layout/FactList'
import css from '../layout/Funds.module.css'
import { NoWithdraw, type NoWithdrawRow } from './NoWithdraw'

/** A row of `asset/deposit-address`; `tag` is the memo, where the chain has memos. */
interface AddressRow extends NoWithdrawRow {
  /** '' until the user knows that withdrawals are suspended. */
  addr: string
  chain: string
  tag?: string
  xNoWithdraw: boolean
}

/** The address to pay to, as a code and as text, and what to know before. */
export function Receive({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const [knows, setKnows] = useState(false)
  const { ccy, chain, canWd } = line
  const { data, error } = useQuery({
    // A stop that begins or ends while the page is open asks anew.
    queryKey: [...LINES, 'address', ccy, canWd, knows],
    queryFn: () =>
      rest.get<AddressRow, 'asset/deposit-address'>('asset/deposit-address', {
        ccy,
        ...(knows ? { xAckNoWithdraw: true } : {}),
      }),
  })
  const row = data?.find((each) => each.chain === chain)
  if (!row) {
    if (error) return <Problem problem={error} />
    return <p className="muted">{t(data ? 'deposit.noAddress' : 'loading')}</p>
  }
  const stopped = row.xNoWithdraw ? <NoWithdraw line={line} row={row} /> : null
  if (!row.addr) {
    return (
      <div className={css.ask}>
        {stopped}
        <Checkbox
          label={t('deposit.noWithdraw.know')}
          checked={knows}
          onChange={() => setKnows(true)}
        />
      </div>
    )
  }
  return <Shown line={line} row={row} stopped={stopped} />
}

function Shown({
  line,
  row,
  stopped,
}: {
  line: Line
  row: AddressRow
  stopped: ReactNode
}): ReactNode {
  const { t } = useTranslation()
  const { ccy, chain } = line
  const network = networkOf(chain)
  return (
    <div className={css.receive}>
      <div className={css.qr}>
        <QrCode text={row.addr} label={t('deposit.qr', { ccy, network })} />
      </div>
      <div className={css.details}>
        <Copyable label={t('deposit.address', { ccy, network })} text={row.addr} />
        {row.tag ? (
          <>
            <Copyable label={t('deposit.memo')} text={row.tag} />
            <p className={css.warning}>{t('deposit.memo.warning')}</p>
          </>
        ) : null}
        <Terms line={line} />
        {line.canDep ? null : <Suspended line={line} />}
        {stopped}
        <p className="muted">{t('deposit.only', { ccy, network })}</p>
      </div>
    </div>
  )
}

function Terms({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const after = (count: string) => t('deposit.after', { count: Number(count) })
  return (
    <FactList
      facts={[
        [t('deposit.minimum'), `${amount(line.minDep)} ${line.ccy}`],
        [t('deposit.credited'), after(line.minDepArrivalConfirm)],
        [t('deposit.unlocked'), after(line.minWdUnlockConfirm)],
        [t('deposit.account'), t('transfer.funding')],
      ]}
    />
  )
}

function Suspended({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const { ccy, chain, depEstOpenTime } = line
  return (
    <p className={css.warning} role="status">
      {t('deposit.suspended', { ccy, network: networkOf(chain) })} <Expected ts={depEstOpenTime} />
    </p>
  )
}
