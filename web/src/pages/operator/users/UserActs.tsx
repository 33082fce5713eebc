import type { ReactNode } from 'react'
import { toast } from '~/ui/toasts'
import { CorrectionDialog } from '../approvals/CorrectionDialog'
import { TierDialog } from '../fees/TierDialog'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import type { User, WholeUser } from '../rows'
import { useTranslation } from '../texts'

const FLAGS = ['frozen', 'no_trade', 'no_transfer_out', 'no_withdraw'] as const

/** What an operator can do to a user, by the operator's role. */
export function UserActs({ user }: { user: WholeUser }): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <>
      {may('support') ? (
        <>
          <Act label={t('op.freeze')} look="caution">
            {(close) => <FreezeDialog user={user} onClose={close} />}
          </Act>
          {releasable(user).length > 0 ? (
            <Act label={t('op.release')}>
              {(close) => <ReleaseDialog user={user} onClose={close} />}
            </Act>
          ) : null}
          <Act label={t('op.kind.correction')}>
            {(close) => <CorrectionDialog uid={user.uid} onClose={close} />}
          </Act>
          {user.mainUid === user.uid ? (
            <Act label={t('op.kind.identity')}>
              {(close) => <IdentityDialog user={user} onClose={close} />}
            </Act>
          ) : null}
        </>
      ) : null}
      {may('trading') ? (
        <Act label={t('op.kind.user-tier')}>
          {(close) => <TierDialog uid={user.uid} tier={user.tier} onClose={close} />}
        </Act>
      ) : null}
    </>
  )
}

interface DialogProps {
  user: WholeUser
  onClose(): void
}

/** Stops a user at once. */
function FreezeDialog({ user, onClose }: DialogProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const yesNo = [
    ['true', t('op.yes')],
    ['false', t('op.no')],
  ] as const
  const hasSubs = Number(user.subAccounts) > 0
  return (
    <ActDialog<User>
      title={t('op.freeze.title', { uid: user.uid })}
      about={t('op.freeze.about')}
      path="x/operator/users/freeze"
      fixed={{ uid: user.uid }}
      fields={[
        {
          name: 'flags',
          label: t('op.freeze.what'),
          options: FLAGS.map((flag) => [flag, word('flagLong', flag)] as const),
        },
        ...(hasSubs
          ? [{ name: 'subAccounts', label: t('op.freeze.subs'), options: yesNo, initial: 'true' }]
          : []),
        {
          name: 'cancelOrders',
          label: t('op.freeze.orders'),
          options: yesNo,
          initial: 'false',
        },
      ]}
      deed={t('op.freeze')}
      look="danger"
      onClose={onClose}
      onDone={() => toast(t('op.freeze.done', { uid: user.uid }), 'good')}
    />
  )
}

/** Lets a user act again: another operator has to agree. */
function ReleaseDialog({ user, onClose }: DialogProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const flags = releasable(user)
  const all = flags.join(',')
  const each = flags.map((flag) => [flag, word('flag', flag)] as const)
  const options = each.length > 1 ? [[all, t('op.release.all')] as const, ...each] : each
  return (
    <ProposeDialog
      kind="release"
      title={t('op.release.title', { uid: user.uid })}
      fixed={{ uid: user.uid }}
      fields={[{ name: 'flags', label: t('op.release.what'), options }]}
      onClose={onClose}
    />
  )
}

/** Says who a user has shown to be: another team has to agree. */
function IdentityDialog({ user, onClose }: DialogProps): ReactNode {
  const { t } = useTranslation()
  return (
    <ProposeDialog
      kind="identity"
      title={t('op.kind.identity')}
      fixed={{ uid: user.uid }}
      fields={[
        {
          name: 'kyc',
          label: t('op.term.kyc'),
          initial: user.kyc,
          hint: t('op.user.kyc.hint'),
        },
      ]}
      onClose={onClose}
    />
  )
}

/** What operators set, and not the user's own master. */
function releasable({ flags }: WholeUser): string[] {
  return flags.filter((flag) => (FLAGS as readonly string[]).includes(flag))
}
