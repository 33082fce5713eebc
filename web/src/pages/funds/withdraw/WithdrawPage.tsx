import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { StandingNote } from '~/pages/account/StandingNote'
import { StoppedNote } from '~/pages/account/security/StoppedNote'
import { ByThemselves } from '~/pages/status/ByThemselves'
import { ButtonLink } from '~/ui/ButtonLink'
import { Tabs } from '~/ui/Tabs'
import { useBook } from '../addresses/book'
import { useChosen } from '../chosen'
import { type Line, networkOf, useLines } from '../currencies'
import css from '../layout/Funds.module.css'
import { LineChoice } from '../layout/LineChoice'
import { Limited } from './Limited'
import { Suspended } from './Suspended'
import { UserForm } from './UserForm'
import { WithdrawalsTable } from './WithdrawalsTable'
import { WithdrawForm } from './WithdrawForm'
import { type Asked, turned, WAYS, type Way, wayOf } from './way'

/** Taking money out, and what was taken out. */
export function WithdrawPage(): ReactNode {
  const { t } = useTranslation()
  const [way, choose] = useWay()
  const contents: Record<Way, ReactNode> = { chain: <ToAddress />, user: <UserForm /> }
  return (
    <>
      <PageHead title={t('withdraw.title')} about={t('withdraw.about')} />
      <StoppedNote />
      <StandingNote />
      <Section title={t('withdraw.where')} flush>
        <Tabs
          label={t('withdraw.way')}
          value={way}
          onChange={choose}
          tabs={WAYS.map((id) => ({
            id,
            title: t(`withdraw.way.${id}`),
            content: <div className={css.panel}>{contents[id]}</div>,
          }))}
        />
      </Section>
      <Section title={t('withdraw.list')} flush>
        <WithdrawalsTable />
      </Section>
    </>
  )
}

/** Kept in the page's address, so that a link leads to either. */
function useWay(): [Way, (way: Way) => void] {
  const asked = useSearch({ strict: false }) as Asked
  const navigate = useNavigate()
  const choose = (way: Way) => {
    void navigate({ to: '.', search: turned(way, asked) as never, replace: true })
  }
  return [wayOf(asked), choose]
}

function ToAddress(): ReactNode {
  const { t } = useTranslation()
  const lines = useLines()
  const { book } = useBook()
  const chosen = useChosen(lines ?? [])
  const { line } = chosen
  return (
    <div className={css.details}>
      {lines ? (
        <LineChoice lines={lines} chosen={chosen} />
      ) : (
        <p className="muted">{t('loading')}</p>
      )}
      {lines?.length === 0 ? <p className="muted">{t('funds.noChains')}</p> : null}
      {line && !line.canWd ? <Suspended line={line} /> : null}
      {line?.canWd ? <Limited line={line} /> : null}
      {line && book ? <Ready key={line.chain} line={line} /> : null}
      {line ? <ByThemselves /> : null}
    </div>
  )
}

/** The form, once there is an address on the network that it could fill in. */
function Ready({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const { book } = useBook()
  const here = (book ?? []).filter(({ chains }) => chains.includes(line.chain))
  if (here.length > 0) return <WithdrawForm line={line} addresses={here} all={book ?? []} />
  return (
    <div className={css.missing}>
      <p>{t('withdraw.noAddress', { network: networkOf(line.chain) })}</p>
      <ButtonLink to="/addresses">{t('addresses.add')}</ButtonLink>
    </div>
  )
}
