import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '~/api/session'
import { type MessageKey, useTranslation } from '~/i18n'
import { IconButton } from '~/ui/Button'
import { MoonIcon, SunIcon } from '~/ui/icons'
import { AccountMenu } from './AccountMenu'
import { ConnectionState } from './ConnectionState'
import css from './Header.module.css'
import { LanguageMenu } from './LanguageMenu'
import { prefer, usePreferences } from './preferences'

export function Header(): ReactNode {
  const { t } = useTranslation()
  return (
    <header className={css.header}>
      <a className={css.skip} href="#main">
        {t('skip')}
      </a>
      <Link to="/" className={css.brand} aria-label="Fullreserve">
        <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M8 26V6h16v4.5H13V14h8.5v4.5H13V26z" fill="currentColor" />
        </svg>
        <span className={css.name}>Fullreserve</span>
      </Link>
      <Navigation />
      <div className={css.end}>
        <ConnectionState />
        <ThemeSwitch />
        <LanguageMenu />
        <AccountMenu />
      </div>
    </header>
  )
}

function Navigation(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const { lastPair } = usePreferences()
  return (
    <nav className={css.nav} aria-label={t('nav.main')}>
      <Item to="/markets" name="nav.markets" />
      <Item to={`/trade/${lastPair}`} name="nav.trade" />
      <Item to="/portfolio" name="nav.portfolio" />
      <Item to="/orders" name="nav.orders" />
      <Item to="/reserves" name="nav.reserves" />
      {session?.roles.length ? <Item to="/operator" name="nav.operator" /> : null}
    </nav>
  )
}

function Item({ to, name }: { to: string; name: MessageKey }): ReactNode {
  const { t } = useTranslation()
  return (
    <Link to={to} className={css.item} activeProps={{ 'aria-current': 'page' }}>
      {t(name)}
    </Link>
  )
}

function ThemeSwitch(): ReactNode {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const isDark = theme === 'dark'
  return (
    <IconButton
      label={t(isDark ? 'theme.toLight' : 'theme.toDark')}
      className={css.wide}
      onClick={() => prefer({ theme: isDark ? 'light' : 'dark' })}
    >
      {isDark ? <SunIcon /> : <MoonIcon />}
    </IconButton>
  )
}
