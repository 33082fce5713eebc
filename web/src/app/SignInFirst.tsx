import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from './AccountMenu.module.css'
import { Notice } from './Notice'

/** In the place of a page that only its owner can see. */
export function SignInFirst(): ReactNode {
  const { t } = useTranslation()
  return (
    <Notice title={t('signInFirst.title')}>
      <p>{t('signInFirst.about')}</p>
      <span className={css.entries}>
        <Link to="/sign-in" className={css.link}>
          {t('signIn')}
        </Link>
        <Link to="/sign-up" className={css.main}>
          {t('signUp')}
        </Link>
      </span>
    </Notice>
  )
}
