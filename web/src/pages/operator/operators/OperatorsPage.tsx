import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { OpenProposals } from '../approvals/OpenProposals'
import { Act } from '../layout/Act'
import { ActDialog, type ActField } from '../layout/ActDialog'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { Member, Operators } from '../rows'
import { useTranslation } from '../texts'
import { TeamsSection } from './TeamsSection'

/** Red where nobody may be away. */
function Spare({ count }: { count: string }): ReactNode {
  return <Badge look={count === '0' ? 'bad' : 'good'}>{count}</Badge>
}

/** Approvals begin with m + 1 who count; the exchange is founded once there were m + 2. */
function modeOf({ setUp, founded }: Operators): 'setUp' | 'founding' | 'normal' {
  if (setUp) return 'setUp'
  return founded ? 'normal' : 'founding'
}

// What changes who decides.
const KINDS = ['team', 'member', 'grant', 'threshold']
const ROLES = ['admin', 'trading', 'support', 'auditor']

/** Who runs the exchange, whose word counts, and how many have to agree. */
export function OperatorsPage(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const columns = useColumns(may('admin'))
  const { data, error } = useReading<Operators, 'x/operator/operators'>('x/operator/operators', {})
  const group = data?.[0]
  const mode = group ? modeOf(group) : 'normal'
  return (
    <>
      <PageHead title={t('op.operators')} about={t('op.operators.about')} />
      <ReadingProblem problem={error} />
      {group ? (
        <Section title={t('op.group')} action={may('admin') ? <GroupActs group={group} /> : null}>
          <Facts
            facts={[
              [t('op.threshold'), group.threshold],
              [t('op.enabled'), group.enabled],
              [t('op.spare'), <Spare key="spare" count={group.spare} />],
              [t('op.spareAdmins'), <Spare key="admins" count={group.spareAdmins} />],
              [
                t('op.mode'),
                <Badge key="mode" look={mode === 'normal' ? 'good' : 'bad'}>
                  {t(`op.mode.${mode}`)}
                </Badge>,
              ],
            ]}
          />
        </Section>
      ) : null}
      <OpenProposals kinds={KINDS} />
      {group ? <TeamsSection members={group.members} /> : null}
      <Section title={t('op.members')} flush>
        <Table
          label={t('op.members')}
          columns={columns}
          rows={group?.members ?? []}
          keyOf={({ uid }) => uid}
          empty={t(group ? 'op.none' : 'loading')}
          cards
        />
      </Section>
    </>
  )
}

function GroupActs({ group }: { group: Operators }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <Act label={t('op.kind.member')}>
        {(close) => (
          <ProposeDialog
            kind="member"
            title={t('op.kind.member')}
            about={t('op.member.about')}
            fields={[{ name: 'uid', label: 'UID' }]}
            onClose={close}
          />
        )}
      </Act>
      <Act label={t('op.kind.grant')}>{(close) => <GrantDialog onClose={close} />}</Act>
      <Act label={t('op.kind.threshold')}>
        {(close) => (
          <ProposeDialog
            kind="threshold"
            title={t('op.kind.threshold')}
            about={t('op.threshold.about')}
            fields={[{ name: 'threshold', label: t('op.threshold'), initial: group.threshold }]}
            onClose={close}
          />
        )}
      </Act>
    </>
  )
}

/** Proposes a role; its holder counts when another has approved it. */
function GrantDialog({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const roles = ROLES.map((each) => [each, word('role', each)] as const)
  return (
    <ProposeDialog
      kind="grant"
      title={t('op.kind.grant')}
      about={t('op.grant.about')}
      fields={[
        { name: 'uid', label: 'UID' },
        { name: 'role', label: t('op.roles'), options: roles },
      ]}
      onClose={onClose}
    />
  )
}

function useColumns(mayDismiss: boolean): Column<Member>[] {
  const { t } = useTranslation()
  const word = useWords()
  const { uid: own } = useOperator()
  const yesNo = (is: boolean) => (
    <Badge look={is ? 'good' : 'bad'}>{t(is ? 'op.yes' : 'op.no')}</Badge>
  )
  const columns: Column<Member>[] = [
    { id: 'uid', title: 'UID', cell: ({ uid }) => <Uid uid={uid} /> },
    {
      id: 'email',
      title: t('form.email'),
      cell: ({ email }) => <span className={css.long}>{email || '–'}</span>,
    },
    {
      id: 'roles',
      title: t('op.roles'),
      cell: ({ roles }) => roles.map((role) => word('role', role)).join(', ') || '–',
    },
    { id: 'team', title: t('op.team'), cell: ({ team }) => word('team', team) },
    { id: 'totp', title: t('op.user.totp'), cell: ({ totp }) => yesNo(totp) },
    {
      id: 'passkey',
      title: t('op.passkey'),
      cell: ({ passkey }) => (
        <Badge look={passkey ? 'good' : 'plain'}>{t(passkey ? 'op.yes' : 'op.no')}</Badge>
      ),
    },
    { id: 'counts', title: t('op.counts'), cell: ({ enabled }) => yesNo(enabled) },
  ]
  if (!mayDismiss) return columns
  const acts: Column<Member> = {
    id: 'acts',
    title: <span className="unseen">{t('account.actions')}</span>,
    number: true,
    cell: ({ uid, email, roles }) =>
      uid === own ? null : (
        <span className={css.acts}>
          {roles.length > 1 ? (
            <Act label={t('op.revokeRole')} about={email || uid} size="small">
              {(close) => <RevokeDialog uid={uid} roles={roles} onClose={close} />}
            </Act>
          ) : null}
          <Act label={t('op.dismiss')} about={email || uid} size="small">
            {(close) => <DismissDialog uid={uid} onClose={close} />}
          </Act>
        </span>
      ),
  }
  return [...columns, acts]
}

interface RevokeProps {
  uid: string
  roles: readonly string[]
  onClose(): void
}

/** Takes one of several roles, at once. */
function RevokeDialog({ uid, roles, onClose }: RevokeProps): ReactNode {
  const { t } = useTranslation()
  const anyway = useAnyway()
  const word = useWords()
  return (
    <ActDialog
      title={t('op.revokeRole.title', { uid })}
      about={t('op.revokeRole.about')}
      path="x/operator/operators/revoke"
      fixed={{ uid }}
      fields={[
        {
          name: 'role',
          label: t('op.roles'),
          options: roles.map((each) => [each, word('role', each)] as const),
        },
        anyway,
      ]}
      deed={t('op.revokeRole')}
      look="danger"
      onClose={onClose}
      onDone={() => toast(t('op.revokeRole.done'), 'good')}
    />
  )
}

/** Whether it is to be so though approvals then hang on each of those who are left. */
function useAnyway(): ActField {
  const { t } = useTranslation()
  return {
    name: 'anyway',
    label: t('op.anyway'),
    hint: t('op.anyway.hint'),
    options: [
      ['false', t('op.no')],
      ['true', t('op.yes')],
    ],
  }
}

function DismissDialog({ uid, onClose }: { uid: string; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const anyway = useAnyway()
  return (
    <ActDialog
      title={t('op.dismiss.title', { uid })}
      about={t('op.dismiss.about')}
      path="x/operator/operators/dismiss"
      fixed={{ uid }}
      fields={[anyway]}
      deed={t('op.dismiss')}
      look="danger"
      onClose={onClose}
      onDone={() => toast(t('op.dismiss.done', { uid }), 'good')}
    />
  )
}
