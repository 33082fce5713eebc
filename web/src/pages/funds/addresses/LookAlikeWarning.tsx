import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from '../layout/Funds.module.css'
import { lookAlike } from './lookAlike'

/** Warns of an address that one could mistake for another that is known. */
export function LookAlikeWarning(props: { address: string; known: readonly string[] }): ReactNode {
  const { t } = useTranslation()
  const other = lookAlike(props.address, props.known)
  if (!other) return null
  return (
    <p className={css.warning} role="alert">
      {t('addresses.lookAlike')} <code className={css.code}>{other}</code>
    </p>
  )
}
