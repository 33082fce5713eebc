import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Section } from '~/pages/account/layout/Section'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { Facts } from '../layout/Facts'
import { useTranslation } from '../texts'
import css from './Policy.module.css'
import { hasTable, type Policy, type RiskTable } from './rows'
import { fieldOf, movedFrom, placesOf, tableOf } from './table'
import { usePlaces } from './usePlaces'

/** The table of risk scores in force, and the way to another one. */
export function RiskTableSection({ policy }: { policy: Policy }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { name, unit } = usePlaces()
  const { risk } = policy
  if (!hasTable(risk)) return null
  return (
    <Section
      title={t('op.table')}
      about={t('op.table.about')}
      action={
        <Act label={t('op.table.edit')}>
          {(close) => <ProposeTable table={risk} onClose={close} />}
        </Act>
      }
    >
      <Facts
        facts={placesOf(risk).map((place) => [
          name(place),
          `${amount(String(place.value))} ${unit(place)}`.trim(),
        ])}
      />
    </Section>
  )
}

interface ProposeProps {
  /** What the form begins with. */
  table: RiskTable
  onClose(): void
}

/** Proposes another table: every value of it. */
export function ProposeTable({ table, onClose }: ProposeProps): ReactNode {
  const { t } = useTranslation()
  const { name, unit } = usePlaces()
  return (
    <ActDialog<Policy>
      title={t('op.table.edit')}
      about={t('op.rules.propose.about')}
      path="x/operator/policy/propose-risk"
      fields={placesOf(table).map((place) => ({
        name: fieldOf(place),
        label: name(place),
        initial: String(place.value),
        after: unit(place),
      }))}
      sent={(typed) => ({ table: JSON.stringify(tableOf(typed)) })}
      deed={t('op.propose')}
      onClose={onClose}
      onDone={(row) => {
        const isInForce = row?.changes[0]?.over
        toast(t(isInForce ? 'op.rules.inForce' : 'op.rules.proposed'), 'good')
      }}
    />
  )
}

interface ChangesProps {
  before: RiskTable
  table: RiskTable
}

/** What a change makes another in the table. */
export function TableChanges({ before, table }: ChangesProps): ReactNode {
  const { t } = useTranslation()
  const { name } = usePlaces()
  const moved = movedFrom(before, table)
  return (
    <div>
      <p>{t(moved.length > 0 ? 'op.table.changes' : 'op.table.same')}</p>
      <ul className={css.trace}>
        {moved.map((place) => (
          <li key={fieldOf(place)}>
            {t('op.table.from', { name: name(place), before: place.before, after: place.value })}
          </li>
        ))}
      </ul>
    </div>
  )
}
