import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '~/api/session'
import { exchangeNow } from '~/api/time'
import { useTranslation } from '~/i18n'
import { activeOf, keysQuery } from '../apiKeys/keys'
import { Faucet } from '../faucet/Faucet'
import { Badge } from '../layout/Badge'
import { useDates } from '../layout/dates'
import { PageHead, Section } from '../layout/Section'
import css from './OverviewPage.module.css'

/** Who one is here, how safe that is, and in the demo more money. */
export function OverviewPage(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const date = useDates()
  return (
    <>
      <PageHead title={t('overview.title')} />
      <Faucet />
      <Section title={t('overview.you')}>
        <dl className={css.facts}>
          <Fact name={t('form.email')}>{session?.email}</Fact>
          <Fact name="UID">{session?.uid}</Fact>
          <Fact name={t('overview.sessionEnds')}>{date(session?.endsTs ?? '')}</Fact>
        </dl>
      </Section>
      <Section title={t('security.title')}>
        <dl className={css.facts}>
          <Fact name={t('totp.title')} to="/account/security">
            <Badge look={session?.totp ? 'good' : 'bad'}>
              {t(session?.totp ? 'totp.on' : 'totp.off')}
            </Badge>
          </Fact>
          {session?.totp ? (
            <Fact name={t('totp.codesTitle')} to="/account/security">
              {t('totp.codesLeft', { count: Number(session.recoveryCodesLeft) })}
            </Fact>
          ) : null}
          <Fact name={t('passkeys.title')} to="/account/security">
            {t('passkeys.count', { count: Number(session?.passkeys ?? 0) })}
          </Fact>
          <Fact name={t('apiKeys.title')} to="/account/api-keys">
            {session?.keysOff ? <Badge look="bad">{t('apiKeys.off')}</Badge> : <KeyCount />}
          </Fact>
        </dl>
      </Section>
    </>
  )
}

function KeyCount(): ReactNode {
  const { t } = useTranslation()
  const { data } = useQuery(keysQuery)
  return data ? t('apiKeys.count', { count: activeOf(data, exchangeNow()).length }) : null
}

function Fact(props: { name: string; to?: string; children: ReactNode }): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={css.fact}>
      <dt>{props.name}</dt>
      <dd>
        <span>{props.children}</span>
        {props.to ? (
          <Link to={props.to} aria-label={t('overview.change.of', { name: props.name })}>
            {t('overview.change')}
          </Link>
        ) : null}
      </dd>
    </div>
  )
}
