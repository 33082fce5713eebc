import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '../texts'
import css from './Cells.module.css'

const HOUSE = '1'

/** A user by number, with the way to what is known of them; the house by name. */
export function Uid({ uid }: { uid: string }): ReactNode {
  const { t } = useTranslation()
  if (!uid) return '–'
  if (uid === HOUSE) return t('op.house')
  return <Link to={`/operator/users/${uid}`}>{uid}</Link>
}

/** Several, each with the way to what is known of them. */
export function People({ voices }: { voices: readonly { uid: string }[] }): ReactNode {
  if (voices.length === 0) return '–'
  return (
    <span className={css.words}>
      {voices.map(({ uid }) => (
        <Uid key={uid} uid={uid} />
      ))}
    </span>
  )
}
