import { useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { Problem } from '~/pages/account/form/Problem'
import { useAction } from '~/pages/account/form/useForm'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { PagedTable } from '~/pages/trade/orders/PagedTable'
import { PAGE_ROWS, usePages } from '~/pages/trade/orders/pages'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import type { AuditChain, AuditEntry } from '../rows'
import { useTranslation } from '../texts'
import { AuditFilters } from './AuditFilters'
import { useAuditColumns } from './columns'
import { type AuditFilter, allEntries, linesOfEntries, loadEntries, NO_FILTER } from './entries'

/** Everything that operators did and were denied. */
export function AuditPage(): ReactNode {
  const { t } = useTranslation()
  const { subject } = useSearch({ strict: false }) as { subject?: unknown }
  const [filter, setFilter] = useState<AuditFilter>({
    ...NO_FILTER,
    subject: subject === undefined ? '' : String(subject),
  })
  const pages = usePages<AuditEntry>(
    ['operator', 'audit', filter],
    (after) => loadEntries(filter, after, PAGE_ROWS),
    ({ entry }) => entry,
  )
  const save = useAction(async () => download(linesOfEntries(await allEntries(filter))))
  const verify = useAction(async () => {
    const [chain] = await rest.get<AuditChain, 'x/operator/audit/verify'>(
      'x/operator/audit/verify',
      {},
    )
    if (!chain) return
    if (chain.whole) toast(t('op.audit.whole', { count: Number(chain.entries) }), 'good')
    else toast(t('op.audit.broken', { entry: chain.brokenAt }), 'bad')
  })
  return (
    <>
      <PageHead title={t('op.audit')} about={t('op.audit.about')} />
      <AuditFilters filter={filter} onChange={setFilter} />
      <Problem problem={save.problem ?? verify.problem} />
      <Section
        title={t('op.audit.entries')}
        flush
        action={
          <>
            <Button busy={verify.busy} onClick={() => void verify.run()}>
              {t('op.audit.verify')}
            </Button>
            <Button busy={save.busy} onClick={() => void save.run()}>
              {t('op.audit.export')}
            </Button>
          </>
        }
      >
        <PagedTable
          label={t('op.audit.entries')}
          columns={useAuditColumns()}
          pages={pages}
          keyOf={({ entry }) => entry}
          empty={t('op.audit.none')}
        />
      </Section>
    </>
  )
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'audit.jsonl'
  link.click()
  URL.revokeObjectURL(url)
}
