import type { ConsoleKey } from '../texts'

/** One thing to do: said in words, and run where it says. */
export interface Step {
  about: ConsoleKey
  /** Words in capitals for what differs; `EACH` is run once by each; '' where nothing is run. */
  command: string
}

/** What is done where keys are, in order; nothing of it passes through the exchange's pages. */
export interface Ceremony {
  id: string
  title: ConsoleKey
  about: ConsoleKey
  steps: readonly Step[]
}

/** What tells a step from all others of its ceremony, whatever comes before or after it later. */
export function nameOf({ about, command }: Step): string {
  return `${about} ${command}`
}

const RUN = 'fullreserve custody'
const JOB = 'job-NETWORK-TIER.json'
const SIGN = `${RUN} sign JOB EACH --keys EACH.keys --out EACH.part`
// Each holder has the card from who is new, not from who brings the job.
const NEWCOMER = '--card NEW.json'
const NEWCOMERS = '--card COMERS.json'
// Who pays the gas of a Safe's job; where coins are moved nobody does, and the file is not read.
const PAYS = '--payer payer.keys'
const MOVE = '--network NETWORK --source SOURCE --target TARGET --asset ASSET --amount AMOUNT'

const BY = '--proposer PROPOSER --keys PROPOSER.keys'
const PROPOSE = `${RUN} propose-move policy.toml ${MOVE} ${BY} --out move.json`
const SAFE = '--network NETWORK --tier TIER'
const DEPLOY = `${RUN} deploy-safe plan.toml ${SAFE} ${PAYS}`
const CEREMONY = `${RUN} ceremony plan.toml`
const TAKE = `${RUN} take-record custody-keys.jsonl EACH`
const HOT = `${RUN} rotate-hot NETWORK cards/ALL.json cards/NEW.json --signers ALL.sock NEW.sock`
const PAIR = '--signers ALL.sock NEW.sock SECOND.sock'
const BRANCH = `${RUN} rotate-hot NETWORK cards/NEW.json ${PAIR}`
const LANES = `${RUN} rotate-lanes NETWORK`
const REPLACE_LANE = `${LANES} --add NEWLANE --leave OLDLANE ${PAIR}`
const FORGET = `${LANES} --forget OLDLANE`
const MOVE_COLD = `${RUN} move-cold NETWORK ALL.keys`
const DECIDED = 'custody-moves/MOVE'
const SHARED = `${RUN} signer-key NETWORK SECOND keys --of keys/NEW.keys`

function step(about: ConsoleKey, command = ''): Step {
  return { about, command }
}

/** A dry run, and the same in earnest. */
function tried(dry: ConsoleKey, command: string, about: ConsoleKey): Step[] {
  return [step(dry, `${command} --dry-run`), step(about, command)]
}

/** A signer as a process, in the folder that has `custody.json`. */
function started(about: ConsoleKey, name: string, more = ''): Step {
  const words = `"name": "${name}", "keys": "keys/${name}.keys", "socket": "${name}.sock"`
  return step(about, `python -m fullreserve.custody.signer '{${words}, "data": "."${more}}'`)
}

function signed(job: string, given = '', about: ConsoleKey = 'op.ceremony.does.sign'): Step[] {
  const finish = `${RUN} finish ${job} ALL.part ${PAYS}`
  return [
    step(about, `${SIGN.replace('JOB', job)}${given && ` ${given}`}`),
    ...tried('op.ceremony.does.dryFinish', finish, 'op.ceremony.does.finish'),
  ]
}

/** A tier under other keys: looked at, prepared, signed, finished and told to all. */
function changed(command: string, job: string, given: string, about?: ConsoleKey): Step[] {
  return [
    ...tried('op.ceremony.does.dryRun', command, 'op.ceremony.does.prepare'),
    ...signed(job, given, about),
    step('op.ceremony.does.takeChange', `${TAKE} ${given}`),
    step('op.ceremony.does.charge', `${RUN} charge-tier NETWORK TIER TRANSACTION`),
    step('op.ceremony.does.quorum'),
    step('op.ceremony.does.show', `${RUN} show`),
  ]
}

const GATHER = `${RUN} gather NETWORK TIER --out job.json`

const OF_HOLDERS: readonly Ceremony[] = [
  {
    id: 'keys',
    title: 'op.ceremony.keys',
    about: 'op.ceremony.keys.about',
    steps: [
      step('op.ceremony.does.card', `${RUN} holder-key EACH cards`),
      step('op.ceremony.does.identity', `${RUN} identity payer cards`),
      step('op.ceremony.does.identityExchange', `${RUN} identity exchange cards`),
      step('op.ceremony.does.plan'),
      ...tried('op.ceremony.does.compare', CEREMONY, 'op.ceremony.does.record'),
      step('op.ceremony.does.putKeys'),
      step('op.ceremony.does.takeFirst', TAKE),
      step('op.ceremony.does.quorum'),
      step('op.ceremony.does.show', `${RUN} show`),
    ],
  },
  {
    id: 'take',
    title: 'op.ceremony.take',
    about: 'op.ceremony.take.about',
    steps: [
      ...tried('op.ceremony.does.dryTake', TAKE, 'op.ceremony.does.take'),
      step('op.ceremony.does.takeCards', `${TAKE} ${NEWCOMERS}`),
      step('op.ceremony.does.takeKey', `${TAKE} --WHO FINGERPRINT`),
    ],
  },
  {
    id: 'replace',
    title: 'op.ceremony.replace',
    about: 'op.ceremony.replace.about',
    steps: [
      step('op.ceremony.does.newCard', `${RUN} holder-key NEW cards`),
      ...changed(
        `${RUN} replace-holder GONE cards/NEW.json --person PERSON --out job.json`,
        JOB,
        NEWCOMER,
      ),
      step(
        'op.ceremony.does.serveHolder',
        `${RUN} serve-holder policy.toml NEW --keys NEW.keys --socket holder-NEW.sock`,
      ),
      step('op.ceremony.does.policy'),
    ],
  },
  {
    id: 'rotate',
    title: 'op.ceremony.rotate',
    about: 'op.ceremony.rotate.about',
    steps: [
      step('op.ceremony.does.newCards', `${RUN} holder-key COMER cards`),
      step('op.ceremony.does.planTier'),
      ...changed(`${RUN} rotate NETWORK TIER plan.toml --out job.json`, 'job.json', NEWCOMERS),
    ],
  },
  {
    id: 'gather',
    title: 'op.ceremony.gather',
    about: 'op.ceremony.gather.about',
    steps: [
      ...tried('op.ceremony.does.dryRun', GATHER, 'op.ceremony.does.prepareEach'),
      step('op.ceremony.does.gatherLate', `${GATHER} --recovery`),
      ...signed('job-1.json', '', 'op.ceremony.does.signLeft'),
      step('op.ceremony.does.charge', `${RUN} charge-tier NETWORK TIER TRANSACTION`),
      step('op.ceremony.does.show', `${RUN} show`),
    ],
  },
  {
    id: 'recover',
    title: 'op.ceremony.recover',
    about: 'op.ceremony.recover.about',
    steps: [
      step('op.ceremony.does.newCards', `${RUN} holder-key COMER cards`),
      step('op.ceremony.does.planTier'),
      ...changed(
        `${RUN} recover NETWORK TIER plan.toml --out job.json`,
        'job.json',
        NEWCOMERS,
        'op.ceremony.does.signRecovery',
      ),
    ],
  },
  {
    id: 'safe',
    title: 'op.ceremony.safe',
    about: 'op.ceremony.safe.about',
    steps: [
      ...tried('op.ceremony.does.dryDeploy', DEPLOY, 'op.ceremony.does.deploy'),
      ...tried('op.ceremony.does.compare', CEREMONY, 'op.ceremony.does.record'),
      step('op.ceremony.does.takeSafe', TAKE),
      ...tried(
        'op.ceremony.does.dryRun',
        `${RUN} install-guard ${SAFE} --out job.json`,
        'op.ceremony.does.prepareGuard',
      ),
      ...signed('job.json'),
      step('op.ceremony.does.quorum'),
      step('op.ceremony.does.show', `${RUN} show`),
    ],
  },
  {
    id: 'presence',
    title: 'op.ceremony.presence',
    about: 'op.ceremony.presence.about',
    steps: [
      step('op.ceremony.does.challenge', `${RUN} challenge QUORUM`),
      step('op.ceremony.does.answer', `${RUN} answer QUORUM CHALLENGE HOLDER --keys HOLDER.keys`),
      step('op.ceremony.does.answered', `${RUN} answered QUORUM CHALLENGE HOLDER ANSWER`),
    ],
  },
]

const OF_SIGNERS: readonly Ceremony[] = [
  {
    id: 'hot',
    title: 'op.ceremony.hot',
    about: 'op.ceremony.hot.about',
    steps: [
      step('op.ceremony.does.newSigner', `${RUN} signer-key NETWORK NEW keys`),
      step('op.ceremony.does.signerCard', `${RUN} signer-key NETWORK SIGNER keys`),
      started('op.ceremony.does.startSigner', 'NEW'),
      ...tried('op.ceremony.does.dryRunHot', HOT, 'op.ceremony.does.addHot'),
      step('op.ceremony.does.nameSigner'),
      step('op.ceremony.does.restart'),
      step('op.ceremony.does.askKeys', `${RUN} hot-keys NETWORK`),
      step('op.ceremony.does.namedHot'),
    ],
  },
  {
    id: 'branch',
    title: 'op.ceremony.branch',
    about: 'op.ceremony.branch.about',
    steps: [
      step('op.ceremony.does.newBranch', `${RUN} signer-key NETWORK NEW keys`),
      step('op.ceremony.does.sameKeys', SHARED),
      started('op.ceremony.does.startSigner', 'NEW'),
      started('op.ceremony.does.startSecond', 'SECOND'),
      ...tried('op.ceremony.does.dryRunBranch', BRANCH, 'op.ceremony.does.addBranch'),
      step('op.ceremony.does.nameSigners'),
      step('op.ceremony.does.restart'),
      step('op.ceremony.does.askKeys', `${RUN} hot-keys NETWORK`),
    ],
  },
  {
    id: 'lane',
    title: 'op.ceremony.lane',
    about: 'op.ceremony.lane.about',
    steps: [
      step('op.ceremony.does.newLane', `${RUN} signer-key NETWORK NEW keys --lane`),
      step('op.ceremony.does.sameKeys', SHARED),
      started('op.ceremony.does.startSigner', 'NEW'),
      started('op.ceremony.does.startSecond', 'SECOND'),
      ...tried('op.ceremony.does.dryRunLanes', REPLACE_LANE, 'op.ceremony.does.replaceLane'),
      step('op.ceremony.does.nameSigners'),
      step('op.ceremony.does.restart'),
      step('op.ceremony.does.askKeys', `${RUN} hot-keys NETWORK`),
      step('op.ceremony.does.namedLane'),
      step('op.ceremony.does.oldLane'),
      step('op.ceremony.does.letGo'),
      ...tried('op.ceremony.does.dryForget', FORGET, 'op.ceremony.does.forget'),
      step('op.ceremony.does.bookLane'),
    ],
  },
  {
    id: 'elsewhere',
    title: 'op.ceremony.elsewhere',
    about: 'op.ceremony.elsewhere.about',
    steps: [
      step('op.ceremony.does.newElsewhere', `${RUN} signer-key NETWORK NEW keys`),
      step('op.ceremony.does.identitySigner', `${RUN} identity NEW keys --sealed`),
      step('op.ceremony.does.identityOnce', `${RUN} identity payer cards`),
      step('op.ceremony.does.identityExchange', `${RUN} identity exchange cards`),
      step('op.ceremony.does.planSigner'),
      ...tried('op.ceremony.does.dryCertificates', CEREMONY, 'op.ceremony.does.certificates'),
      step('op.ceremony.does.putKeys'),
      step('op.ceremony.does.nameElsewhere'),
      step('op.ceremony.does.carry'),
      step('op.ceremony.does.takeSigner', `${RUN} take-record custody-keys.jsonl NEW`),
      started(
        'op.ceremony.does.startElsewhere',
        'NEW',
        ', "listen": "LISTEN", "exchange": "tls:exchange@EXCHANGE"',
      ),
      step('op.ceremony.does.askKeys', `${RUN} hot-keys NETWORK`),
    ],
  },
  {
    id: 'known',
    title: 'op.ceremony.known',
    about: 'op.ceremony.known.about',
    steps: [
      step('op.ceremony.does.identityNew', `${RUN} identity WHO cards`),
      step('op.ceremony.does.planKnown'),
      ...tried('op.ceremony.does.dryCertificates', CEREMONY, 'op.ceremony.does.certificates'),
      step('op.ceremony.does.putKeyAfter'),
      step('op.ceremony.does.takeProven', TAKE),
      step('op.ceremony.does.takeKey', `${TAKE} --WHO FINGERPRINT`),
    ],
  },
  {
    id: 'renew',
    title: 'op.ceremony.renew',
    about: 'op.ceremony.renew.about',
    steps: [
      ...tried('op.ceremony.does.dryRenew', `${RUN} renew NAMES`, 'op.ceremony.does.renew'),
      step('op.ceremony.does.takeRenewed', TAKE),
      step('op.ceremony.does.putRenewed'),
    ],
  },
]

const OF_MOVES: readonly Ceremony[] = [
  {
    id: 'move',
    title: 'op.ceremony.move',
    about: 'op.ceremony.move.about',
    steps: [
      ...tried('op.ceremony.does.dryRun', PROPOSE, 'op.ceremony.does.propose'),
      step('op.ceremony.does.announce'),
      step(
        'op.ceremony.does.approve',
        `${RUN} approve-move move.json APPROVER --keys APPROVER.keys --out APPROVER.approval`,
      ),
      step(
        'op.ceremony.does.sign',
        `${RUN} sign-move policy.toml move.json EACH ALL.approval --keys EACH.keys --out EACH.part`,
      ),
      ...tried(
        'op.ceremony.does.dryFinish',
        `${RUN} finish-move move.json ALL.part ${PAYS}`,
        'op.ceremony.does.finish',
      ),
      step('op.ceremony.does.post', `${RUN} post-move move.json TRANSACTION`),
    ],
  },
  {
    id: 'decided',
    title: 'op.ceremony.decided',
    about: 'op.ceremony.decided.about',
    steps: [
      step('op.ceremony.does.list', `${RUN} list-moves`),
      step(
        'op.ceremony.does.approveDecided',
        `${RUN} approve-move ${DECIDED}.move APPROVER --keys APPROVER.keys ` +
          `--out ${DECIDED}-APPROVER.approval`,
      ),
      step(
        'op.ceremony.does.vouch',
        `${RUN} vouch-move ${DECIDED}.move PROPOSER --keys PROPOSER.keys --out MOVE-PROPOSER.move`,
      ),
      step(
        'op.ceremony.does.signDecided',
        `${RUN} sign-move policy.toml MOVE-PROPOSER.move EACH ${DECIDED}-ALL.approval ` +
          `--keys EACH.keys --out ${DECIDED}-EACH.part`,
      ),
    ],
  },
  {
    id: 'end',
    title: 'op.ceremony.end',
    about: 'op.ceremony.end.about',
    steps: [
      step('op.ceremony.does.list', `${RUN} list-moves`),
      step('op.ceremony.does.agreeEnd'),
      ...tried('op.ceremony.does.dryEnd', `${RUN} end-move MOVE`, 'op.ceremony.does.end'),
    ],
  },
  {
    id: 'moveCold',
    title: 'op.ceremony.moveCold',
    about: 'op.ceremony.moveCold.about',
    steps: [
      ...tried('op.ceremony.does.dryRun', MOVE_COLD, 'op.ceremony.does.moveCold'),
      step('op.ceremony.does.chargeCold', `${RUN} charge-tier NETWORK cold TRANSACTION`),
      step('op.ceremony.does.noCold'),
    ],
  },
]

export const CEREMONIES: readonly Ceremony[] = [...OF_HOLDERS, ...OF_SIGNERS, ...OF_MOVES]
