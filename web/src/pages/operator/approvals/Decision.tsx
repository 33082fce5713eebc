import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Refusal } from '~/api/refusal'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { Confirm } from '~/pages/account/layout/Confirm'
import { Section } from '~/pages/account/layout/Section'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { OPERATOR } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import type { WholeProposal } from '../rows'
import { useTranslation } from '../texts'

const OWN = '91006'
const NO_ROLE = '91020'

/** What the reader may do about an open proposal; where nothing, why. */
export function Decision({ proposal }: { proposal: WholeProposal }): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const { uid } = useOperator()
  const { mayApprove: code } = proposal
  const isOwn = proposal.proposer === uid
  const why = code ? refusal(new Refusal(code, '', 403)) : t('op.decide.may')
  const action = (
    <>
      {code ? null : (
        <Act label={t('op.approve')} look="primary">
          {(close) => <ApproveDialog proposal={proposal} onClose={close} />}
        </Act>
      )}
      {code === NO_ROLE ? null : (
        <Act label={t(isOwn ? 'op.withdraw' : 'op.reject')}>
          {(close) => (
            <ActDialog
              title={t(isOwn ? 'op.withdraw' : 'op.reject')}
              about={t('op.reject.about')}
              path="x/operator/reject"
              fixed={{ proposal: proposal.proposal }}
              deed={t(isOwn ? 'op.withdraw' : 'op.reject')}
              look="danger"
              onClose={close}
              onDone={() => toast(t(isOwn ? 'op.withdrawn' : 'op.rejected'), 'good')}
            />
          )}
        </Act>
      )}
    </>
  )
  return (
    <Section
      title={t('op.decide')}
      about={code === OWN ? `${why} ${t('op.decide.own')}` : why}
      action={action}
    >
      {code ? null : <Signing />}
    </Section>
  )
}

/** How an approval is signed: by the reader's passkey, or from when on, or how to have one. */
function Signing(): ReactNode {
  const { t, language } = useTranslation()
  const session = useSession()
  const { approvesBy: by, approvesTs: ts } = session ?? {}
  if (by === 'passkey') return <p className="muted">{t('op.consent.signs')}</p>
  if (ts) {
    const said = by === 'nothing' ? 'op.consent.removed' : 'op.consent.waits'
    const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
    return <p className="muted">{t(said, { time: format.format(Number(ts)) })}</p>
  }
  return (
    <p className="muted">
      {t('op.consent.none')} <Link to="/account/security">{t('op.consent.add')}</Link>
    </p>
  )
}

interface ApproveProps {
  proposal: WholeProposal
  onClose(): void
}

function ApproveDialog({ proposal, onClose }: ApproveProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const client = useQueryClient()
  const left = Number(proposal.needed) - proposal.approvals.length
  return (
    <Confirm
      title={t('op.approve.title', { number: proposal.proposal })}
      about={`${word('kind', proposal.kind)}. ${t('op.approve.about', { left })}`}
      deed={t('op.approve')}
      onClose={onClose}
      onConfirm={async () => {
        try {
          await rest.post('x/operator/approve', { proposal: proposal.proposal })
          toast(t('op.approved'), 'good')
        } finally {
          // Refused or not: it may have failed for good, and says so then.
          void client.invalidateQueries({ queryKey: [OPERATOR] })
          void client.invalidateQueries({ queryKey: ['past'] })
        }
      }}
    />
  )
}
