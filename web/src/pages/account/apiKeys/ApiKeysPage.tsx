import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { PageHead } from '../layout/Section'
import type { MadeKey } from './KeySecret'
import { KeySection } from './KeySection'
import { KeySwitch } from './KeySwitch'
import { keysQuery } from './keys'

const ANYWHERE = '*'

/** The keys of the user, and the switch that stops them all. */
export function ApiKeysPage(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error } = useQuery(keysQuery)
  const again = () => client.invalidateQueries({ queryKey: keysQuery.queryKey })
  return (
    <>
      <PageHead title={t('apiKeys.title')} about={t('apiKeys.about')} />
      <KeySwitch />
      <KeySection
        rows={data}
        error={error}
        mayWithdraw
        withUse
        onCreate={async (values) => {
          const [made] = await rest.post<MadeKey>('x/api-keys/create', values)
          void again()
          return made
        }}
        onEdit={async ({ apiKey }, { label, perm, ip }) => {
          await rest.post('x/api-keys/edit', { apiKey, label, perm, ip: ip || ANYWHERE })
          void again()
        }}
        onDelete={async ({ apiKey }) => {
          await rest.post('x/api-keys/delete', { apiKey })
          void again()
        }}
      />
    </>
  )
}
