import { type ReactNode, useState } from 'react'
import { useAhead } from '~/api/time'
import { useTranslation } from '~/i18n'
import { Banner } from '~/ui/Banner'
import { Button } from '~/ui/Button'
import { spanOf } from './span'

const TOLERATED_MS = 60_000

/** Says once that this device's clock is wrong; nothing here is reckoned by it. */
export function ClockNotice(): ReactNode {
  const { t, language } = useTranslation()
  const ahead = useAhead() ?? 0
  const [isRead, setRead] = useState(false)
  if (isRead || Math.abs(ahead) < TOLERATED_MS) return null
  return (
    <Banner role="status">
      <span>{t('clock.wrong', { span: spanOf(ahead, language) })}</span>
      <Button onClick={() => setRead(true)}>{t('close')}</Button>
    </Banner>
  )
}
