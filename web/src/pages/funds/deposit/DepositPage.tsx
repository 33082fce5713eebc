import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { StandingNote } from '~/pages/account/StandingNote'
import { useChosen } from '../chosen'
import { useLines } from '../currencies'
import { LineChoice } from '../layout/LineChoice'
import { DepositsTable } from './DepositsTable'
import { MissingDeposits } from './MissingDeposits'
import { Receive } from './Receive'

/** Where to pay in, and what was paid in. */
export function DepositPage(): ReactNode {
  const { t } = useTranslation()
  const lines = useLines()
  const chosen = useChosen(lines ?? [])
  return (
    <>
      <PageHead title={t('deposit.title')} about={t('deposit.about')} />
      <StandingNote />
      <Section title={t('deposit.where')}>
        {lines ? (
          <LineChoice lines={lines} chosen={chosen} />
        ) : (
          <p className="muted">{t('loading')}</p>
        )}
        {lines?.length === 0 ? <p className="muted">{t('funds.noChains')}</p> : null}
        {chosen.line ? <Receive key={chosen.line.chain} line={chosen.line} /> : null}
      </Section>
      <Section title={t('deposit.list')} flush>
        <DepositsTable lines={lines ?? []} />
      </Section>
      <MissingDeposits />
    </>
  )
}
