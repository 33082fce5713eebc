import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import type { StatusNotice } from './notices'
import css from './StatusPage.module.css'
import { WindowFacts } from './WindowFacts'
import { isOfNetwork, networkIn, pairsOf, useWindows } from './windows'

/** Windows of maintenance that are to come or under way, for everybody. */
export function Windows(): ReactNode {
  return useWindows().map((window) =>
    isOfNetwork(window) ? (
      <NetworkWindow key={window.href} {...window} />
    ) : (
      <PairsWindow key={window.href} {...window} />
    ),
  )
}

function PairsWindow(window: StatusNotice): ReactNode {
  const { t } = useTranslation()
  return (
    <Section
      title={t('status.window')}
      action={
        <span>
          <Badge look={window.state === 'scheduled' ? 'plain' : 'bad'}>
            {t(`status.window.${window.state}`)}
          </Badge>
        </span>
      }
    >
      <WindowFacts {...window} {...pairsOf(window.title)} />
    </Section>
  )
}

/** Deposits and withdrawals on a network wait: since when, and until when each of them. */
function NetworkWindow({ title, state, begin, preOpenBegin, end }: StatusNotice): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const isPreOpened = Boolean(preOpenBegin) && preOpenBegin !== end
  const facts = [
    [t('status.network.stops'), date(begin)],
    ...(isPreOpened ? [[t('status.network.preopens'), date(preOpenBegin)] as const] : []),
    [t('status.network.opens'), date(end)],
  ] as const
  return (
    <Section
      title={t('status.network', { chain: networkIn(title) })}
      action={
        <span>
          <Badge look={state === 'scheduled' ? 'plain' : 'bad'}>
            {t(state === 'scheduled' ? 'status.window.scheduled' : `status.network.${state}`)}
          </Badge>
        </span>
      }
    >
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={css.after}>{t('status.network.about')}</p>
    </Section>
  )
}
