import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'

const HOUSE = '1'

/** A user by number, with the way to what is known of them; the house by name. */
export function Uid({ uid }: { uid: string }): ReactNode {
  const { t } = useTranslation()
  if (!uid) return '–'
  if (uid === HOUSE) return t('op.house')
  return <Link to={`/operator/users/${uid}`}>{uid}</Link>
}
