import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Checkbox'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { toast } from '~/ui/toasts'
import { faults, LOCK_DAYS_MAX, lockDaysFault, quotaFault } from '../form/checks'
import { Form } from '../form/Form'
import { Problem } from '../form/Problem'
import { useAction, useForm } from '../form/useForm'
import { Badge } from '../layout/Badge'
import { useDates } from '../layout/dates'
import { Section } from '../layout/Section'
import css from './Security.module.css'
import { SETTINGS, type Settings, settingsQuery } from './settings'

/** What one does not allow oneself, and the lock on it that nobody opens before its time. */
export function WithdrawalSettings(): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const session = useSession()
  const { data, error } = useQuery({
    ...settingsQuery(session?.uid ?? ''),
    enabled: Boolean(session),
  })
  const [isLocking, setLocking] = useState(false)
  const settings = data?.[0]
  const until = settings?.lockedUntilTs ?? ''
  return (
    <Section
      title={t('wdSettings.title')}
      about={t('wdSettings.about')}
      action={
        settings ? (
          <Button onClick={() => setLocking(true)}>
            {t(until ? 'wdSettings.lockLonger' : 'wdSettings.lock')}
          </Button>
        ) : null
      }
    >
      <Problem problem={error} />
      {settings ? (
        <div className={css.setUp}>
          <p>
            <Badge look={until ? 'good' : 'plain'}>
              {t(until ? 'wdSettings.locked' : 'wdSettings.open')}
            </Badge>{' '}
            {until ? (
              <span className="muted">
                {t('wdSettings.until')} {date(until)}
              </span>
            ) : null}
          </p>
          <BookOnly settings={settings} />
          <OwnLimit settings={settings} />
        </div>
      ) : null}
      {isLocking ? <Locking onClose={() => setLocking(false)} /> : null}
    </Section>
  )
}

function BookOnly({ settings }: { settings: Settings }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { run, busy, problem } = useAction(async (bookOnly: boolean) => {
    await rest.post('x/withdrawal-settings/set', { bookOnly })
    await client.invalidateQueries({ queryKey: SETTINGS })
  })
  return (
    <>
      <Checkbox
        label={t('wdSettings.bookOnly')}
        hint={t('wdSettings.bookOnly.hint')}
        checked={settings.bookOnly}
        disabled={busy || (settings.bookOnly && settings.lockedUntilTs !== '')}
        onChange={(event) => void run(event.target.checked)}
      />
      <Problem problem={problem} />
    </>
  )
}

function OwnLimit({ settings }: { settings: Settings }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initial: { quota: settings.quota },
    check: ({ quota }) => faults({ quota: quotaFault(quota) }),
    send: async ({ quota }) => {
      await rest.post('x/withdrawal-settings/set', { quota: quota.trim() || '0' })
      await client.invalidateQueries({ queryKey: SETTINGS })
      toast(t('wdSettings.saved'), 'good')
    },
    codes: { 59000: 'quota' },
  })
  return (
    <div className={css.narrow}>
      <Form form={form} submit={t('wdSettings.save')} look="plain">
        <Field
          {...form.bind('quota')}
          label={t('wdSettings.quota')}
          hint={t('wdSettings.quota.hint')}
          inputMode="numeric"
          after="USD"
        />
      </Form>
    </div>
  )
}

function Locking({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initial: { days: '' },
    check: ({ days }) => faults({ days: lockDaysFault(days) }),
    send: async ({ days }) => {
      await rest.post('x/withdrawal-settings/lock', { days: days.trim() })
      await client.invalidateQueries({ queryKey: SETTINGS })
      toast(t('wdSettings.lockedToast'), 'good')
      onClose()
    },
  })
  return (
    <Dialog open title={t('wdSettings.lock')} about={t('wdSettings.lock.about')} onClose={onClose}>
      <Form
        form={form}
        submit={t('wdSettings.lock')}
        look="danger"
        beside={<Button onClick={onClose}>{t('cancel')}</Button>}
      >
        <Field
          {...form.bind('days')}
          label={t('wdSettings.days')}
          hint={t('wdSettings.days.hint', { most: LOCK_DAYS_MAX })}
          inputMode="numeric"
        />
      </Form>
    </Dialog>
  )
}
