import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from './ConnectionState.module.css'
import { useLink, useServices } from './services'

/** Whether numbers are live, always in sight; changes are announced. */
export function ConnectionState(): ReactNode {
  const { t, language } = useTranslation()
  const { streams } = useServices()
  const [market, account] = [useLink(streams.market), useLink(streams.account)]
  // Pages of one's own listen to the account alone.
  const isAway = account.kind === 'reconnecting'
  // One that was never there has nothing to say of how old what is shown is.
  const hasNever = isAway && account.since === 0 && market.kind === 'reconnecting'
  const link = market.kind === 'idle' || (isAway && !hasNever) ? account : market
  let text = t('connection.connecting')
  let look = 'waiting'
  if (link.kind === 'live') {
    text = t('connection.live')
    look = 'live'
  } else if (link.kind === 'reconnecting') {
    look = 'stale'
    const time = new Date(link.since).toLocaleTimeString(language)
    text = link.since > 0 ? t('connection.stale', { time }) : t('connection.reconnecting')
  } else if (link.kind === 'idle') {
    return null
  }
  return (
    <span className={css.state} data-look={look} role="status">
      <span className={css.dot} aria-hidden="true" />
      <span className={css.text}>{text}</span>
    </span>
  )
}
