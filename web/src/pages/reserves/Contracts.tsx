import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Section } from '~/pages/account/layout/Section'
import type { StatedContract } from '~/reserves/verifier'
import { type Column, Table } from '~/ui/Table'
import { contractsIn, type Statement } from './published'
import css from './ReservesPage.module.css'

/** Whose coins count as which asset: whether it is the real one only the reader can know. */
export function Contracts({ statement }: { statement: Statement }): ReactNode {
  const { t } = useTranslation()
  const rows = contractsIn(statement)
  if (!rows.length) return null
  const columns: Column<StatedContract>[] = [
    {
      id: 'asset',
      title: t('currency'),
      cell: ({ symbol, changed }) => (
        <>
          <b>{symbol}</b>
          {changed ? (
            <div className={`${css.changed} ${css.away}`}>
              {t('reserves.contractChanged', { epoch: changed })}
            </div>
          ) : null}
        </>
      ),
    },
    { id: 'chain', title: t('reserves.chain'), cell: ({ chain }) => chain },
    {
      id: 'contract',
      title: t('reserves.contract'),
      detail: true,
      cell: ({ contract }) => <code className={css.address}>{`0x${contract}`}</code>,
    },
    {
      id: 'decimals',
      title: t('reserves.decimals'),
      number: true,
      detail: true,
      cell: ({ decimals }) => decimals,
    },
  ]
  return (
    <Section title={t('reserves.contracts')} about={t('reserves.contractsAbout')} flush>
      <Table
        cards
        label={t('reserves.contracts')}
        columns={columns}
        rows={rows}
        keyOf={({ network, symbol }) => `${network} ${symbol}`}
        empty={t('reserves.nothingShown')}
      />
    </Section>
  )
}
