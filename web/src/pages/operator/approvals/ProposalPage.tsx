import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { Postings } from '../ledger/Postings'
import type { WholeProposal } from '../rows'
import { useTranslation } from '../texts'
import { Decision } from './Decision'
import { lookOf } from './state'
import { TermsTable } from './Terms'
import termsCss from './Terms.module.css'
import { Voices } from './Voices'

const EVERY_MS = 2_000

/** One proposal: what it changes, who said what, and what the reader may do. */
export function ProposalPage(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { proposal: number } = useParams({ strict: false }) as { proposal: string }
  const { data, error } = useReading<WholeProposal, 'x/operator/proposal'>(
    'x/operator/proposal',
    { proposal: number },
    EVERY_MS,
  )
  const proposal = data?.[0]
  return (
    <>
      <Link to="/operator/approvals" className={css.back}>
        ‹ {t('op.approvals')}
      </Link>
      <PageHead
        title={t('op.proposal', { number })}
        about={proposal ? word('kind', proposal.kind) : null}
        action={
          proposal ? (
            <span className={css.onGround}>
              <Badge look={lookOf(proposal.state)}>{word('proposal', proposal.state)}</Badge>
            </span>
          ) : null
        }
      />
      <ReadingProblem problem={error} />
      {!proposal && !error ? <p className="muted">{t('loading')}</p> : null}
      {proposal ? <Whole proposal={proposal} /> : null}
    </>
  )
}

function Whole({ proposal }: { proposal: WholeProposal }): ReactNode {
  const { t } = useTranslation()
  const isOpen = ['open', 'carrying'].includes(proposal.state)
  return (
    <>
      {isOpen ? <Decision proposal={proposal} /> : null}
      {isOpen ? <Voices voices={proposal.voices} /> : null}
      <Section title={t('op.changes')}>
        <TermsTable kind={proposal.kind} terms={proposal.terms} isOpen={isOpen} />
      </Section>
      {proposal.postings.length > 0 ? (
        <Section title={t('op.postings')} about={t('op.postings.about')} flush>
          <Postings rows={proposal.postings} />
        </Section>
      ) : null}
      <Failure proposal={proposal} />
      <Section title={t('op.proposal.course')}>
        <Course proposal={proposal} />
      </Section>
    </>
  )
}

/** Why it could not be carried out. */
function Failure({ proposal }: { proposal: WholeProposal }): ReactNode {
  const { t, has } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  if (proposal.code === '0') return null
  const key = `refusal.${proposal.code}`
  return (
    <Section title={t('op.proposal.failed.title')}>
      <p>{has(key) ? t(key, { number: 0, detail: 'none' }) : proposal.message}</p>
      <ul>
        {proposal.shortages.map(({ uid, account, ccy, missing }) => (
          <li key={`${uid}/${account}/${ccy}`}>
            <Uid uid={uid} /> · {word('side', account)} ·{' '}
            {t('op.shortage', { amount: amount(missing), ccy })}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Course({ proposal }: { proposal: WholeProposal }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const people = (uids: readonly string[]) =>
    uids.length === 0 ? '–' : <People uids={uids} key="people" />
  return (
    <Facts
      facts={[
        [t('op.proposer'), <Uid key="proposer" uid={proposal.proposer} />],
        [t('account.created'), date(proposal.createdTs)],
        [t('op.expires'), date(proposal.expiresTs)],
        [t('op.note'), <Text key="note" text={proposal.note} />],
        [t('op.beneficiaries'), people(proposal.beneficiaries)],
        [
          t('op.given'),
          t('op.given.of', { given: proposal.approvals.length, needed: proposal.needed }),
        ],
        [t('op.approvedBy'), people(proposal.approvals.map(({ uid }) => uid))],
        [t('op.closed'), date(proposal.closedTs)],
        [t('op.closedBy'), <Uid key="closedBy" uid={proposal.closedBy} />],
        [t('op.closingNote'), <Text key="closing" text={proposal.closingNote} />],
        [
          t('op.carriedOut'),
          proposal.carriedOut ? (
            <Link key="command" to={`/operator/commands/${proposal.carriedOut}`}>
              {t('op.command.one', { sequence: proposal.carriedOut })}
            </Link>
          ) : (
            '–'
          ),
        ],
      ]}
    />
  )
}

function People({ uids }: { uids: readonly string[] }): ReactNode {
  return (
    <span className={termsCss.people}>
      {uids.map((uid) => (
        <Uid key={uid} uid={uid} />
      ))}
    </span>
  )
}

function Text({ text }: { text: string }): ReactNode {
  return <span className={termsCss.text}>{text || '–'}</span>
}
