import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { ACCOUNT_LINKS } from '../links'
import { SignedInPages } from './SignedInPages'

/** The account's pages. */
export function AccountLayout(): ReactNode {
  const { t } = useTranslation()
  const ways = ACCOUNT_LINKS.map(([to, name]) => ({ to, name: t(name) }))
  return <SignedInPages label={t('account')} ways={ways} />
}
