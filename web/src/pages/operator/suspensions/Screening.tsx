import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { Problem } from '~/pages/account/form/Problem'
import { useAction } from '~/pages/account/form/useForm'
import { useDates } from '~/pages/account/layout/dates'
import { Button } from '~/ui/Button'
import { OPERATOR } from '../layout/reading'
import { useTranslation } from '../texts'
import type { WholeStop } from './rows'

interface ScreeningProps {
  stop: WholeStop
}

/** Who waited when the queue was read last: of these gate 5 is shown, and of no others. */
export function Screening({ stop }: ScreeningProps): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const [read] = stop.screening
  if (!read) return t('op.screening.none')
  const { count, stopped, upTo, ts } = read
  return (
    <>
      {t('op.screening', { count, stopped, upTo })} {date(ts)}
    </>
  )
}

/** Has the queue read anew; whoever asks after that is behind those whom it finds. */
export function ReadQueue({ stop }: ScreeningProps): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { run, busy, problem } = useAction(async () => {
    await rest.post('x/operator/suspending/survey', { suspension: stop.suspension })
    await client.invalidateQueries({ queryKey: [OPERATOR] })
  })
  return (
    <>
      <Problem problem={problem} />
      <Button size="small" busy={busy} onClick={() => void run()}>
        {t('op.screening.read')}
      </Button>
    </>
  )
}
