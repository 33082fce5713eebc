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

const RUN = 'fullreserve custody'
const JOB = 'job-NETWORK-TIER.json'
const SIGN = `${RUN} sign JOB EACH --keys EACH.keys --out EACH.part`
// Each holder has the card from who is new, not from who brings the job.
const NEWCOMER = '--card NEW.json'
// Who pays the gas of a Safe's job; where coins are moved nobody does, and the file is not read.
const FINISH = `${RUN} finish JOB ALL.part --payer payer.keys`
const MOVE = '--network NETWORK --source SOURCE --target TARGET --asset ASSET --amount AMOUNT'

const BY = '--proposer PROPOSER --keys PROPOSER.keys'
const PROPOSE = `${RUN} propose-move policy.toml ${MOVE} ${BY} --out move.json`
const SAFE = '--network NETWORK --tier TIER'
const DEPLOY = `${RUN} deploy-safe plan.toml ${SAFE} --payer payer.keys`
const HOT = `${RUN} rotate-hot NETWORK ALL.json cards/NEW.json --signers ALL.sock NEW.sock`
const MOVE_COLD = `${RUN} move-cold NETWORK ALL.keys`

function step(about: ConsoleKey, command = ''): Step {
  return { about, command }
}

function signed(job: string, given: string): Step[] {
  return [
    step('op.ceremony.does.sign', `${SIGN.replace('JOB', job)}${given && ` ${given}`}`),
    step('op.ceremony.does.dryFinish', `${FINISH.replace('JOB', job)} --dry-run`),
    step('op.ceremony.does.finish', FINISH.replace('JOB', job)),
    step('op.ceremony.does.show', `${RUN} show`),
  ]
}

/** A tier under other keys: looked at, prepared, signed and finished. */
function prepared(command: string, job: string, given = NEWCOMER): Step[] {
  return [
    step('op.ceremony.does.dryRun', `${command} --dry-run`),
    step('op.ceremony.does.prepare', command),
    ...signed(job, given),
  ]
}

export const CEREMONIES: readonly Ceremony[] = [
  {
    id: 'keys',
    title: 'op.ceremony.keys',
    about: 'op.ceremony.keys.about',
    steps: [
      step('op.ceremony.does.card', `${RUN} holder-key EACH cards`),
      step('op.ceremony.does.identity', `${RUN} identity payer cards`),
      step('op.ceremony.does.compare', `${RUN} ceremony plan.toml --dry-run`),
      step('op.ceremony.does.record', `${RUN} ceremony plan.toml`),
      step('op.ceremony.does.show', `${RUN} show`),
    ],
  },
  {
    id: 'replace',
    title: 'op.ceremony.replace',
    about: 'op.ceremony.replace.about',
    steps: [
      step('op.ceremony.does.newCard', `${RUN} holder-key NEW cards`),
      ...prepared(`${RUN} replace-holder GONE cards/NEW.json --person PERSON --out job.json`, JOB),
    ],
  },
  {
    id: 'rotate',
    title: 'op.ceremony.rotate',
    about: 'op.ceremony.rotate.about',
    steps: prepared(`${RUN} rotate NETWORK TIER plan.toml --out job.json`, 'job.json'),
  },
  {
    id: 'gather',
    title: 'op.ceremony.gather',
    about: 'op.ceremony.gather.about',
    steps: prepared(`${RUN} gather NETWORK TIER --out job.json`, 'job-1.json', ''),
  },
  {
    id: 'hot',
    title: 'op.ceremony.hot',
    about: 'op.ceremony.hot.about',
    steps: [
      step('op.ceremony.does.newSigner', `${RUN} signer-key NETWORK NEW keys`),
      step('op.ceremony.does.signerCard', `${RUN} signer-key NETWORK SIGNER keys`),
      step('op.ceremony.does.startSigner'),
      step('op.ceremony.does.dryRunHot', `${HOT} --dry-run`),
      step('op.ceremony.does.addHot', HOT),
      step('op.ceremony.does.nameSigner'),
      step('op.ceremony.does.restart'),
      step('op.ceremony.does.namedHot'),
    ],
  },
  {
    id: 'lane',
    title: 'op.ceremony.lane',
    about: 'op.ceremony.lane.about',
    steps: [
      step('op.ceremony.does.newLane', `${RUN} signer-key NETWORK NEW keys --lane`),
      step('op.ceremony.does.copyLane'),
      step('op.ceremony.does.addLane'),
      step('op.ceremony.does.askKeys', `${RUN} hot-keys NETWORK`),
      step('op.ceremony.does.restart'),
      step('op.ceremony.does.oldLane'),
    ],
  },
  {
    id: 'recover',
    title: 'op.ceremony.recover',
    about: 'op.ceremony.recover.about',
    steps: prepared(`${RUN} recover NETWORK TIER plan.toml --out job.json`, 'job.json'),
  },
  {
    id: 'move',
    title: 'op.ceremony.move',
    about: 'op.ceremony.move.about',
    steps: [
      step('op.ceremony.does.dryRun', `${PROPOSE} --dry-run`),
      step('op.ceremony.does.propose', PROPOSE),
      step(
        'op.ceremony.does.approve',
        `${RUN} approve-move move.json APPROVER --keys APPROVER.keys --out APPROVER.approval`,
      ),
      step(
        'op.ceremony.does.sign',
        `${RUN} sign-move policy.toml move.json EACH ALL.approval --keys EACH.keys --out EACH.part`,
      ),
      step('op.ceremony.does.dryFinish', `${RUN} finish-move move.json ALL.part --dry-run`),
      step('op.ceremony.does.finish', `${RUN} finish-move move.json ALL.part`),
      step('op.ceremony.does.post', `${RUN} post-move move.json TRANSACTION`),
    ],
  },
  {
    id: 'moveCold',
    title: 'op.ceremony.moveCold',
    about: 'op.ceremony.moveCold.about',
    steps: [
      step('op.ceremony.does.dryRun', `${MOVE_COLD} --dry-run`),
      step('op.ceremony.does.moveCold', MOVE_COLD),
      step('op.ceremony.does.charge', `${RUN} charge-tier NETWORK cold TRANSACTION`),
    ],
  },
  {
    id: 'safe',
    title: 'op.ceremony.safe',
    about: 'op.ceremony.safe.about',
    steps: [
      step('op.ceremony.does.dryRun', `${DEPLOY} --dry-run`),
      step('op.ceremony.does.deploy', DEPLOY),
      ...prepared(`${RUN} install-guard ${SAFE} --out job.json`, 'job.json', ''),
    ],
  },
  {
    id: 'end',
    title: 'op.ceremony.end',
    about: 'op.ceremony.end.about',
    steps: [
      step('op.ceremony.does.list', `${RUN} list-moves`),
      step('op.ceremony.does.dryRun', `${RUN} end-move MOVE --dry-run`),
      step('op.ceremony.does.end', `${RUN} end-move MOVE`),
    ],
  },
  {
    id: 'presence',
    title: 'op.ceremony.presence',
    about: 'op.ceremony.presence.about',
    steps: [
      step('op.ceremony.does.challenge', `${RUN} challenge QUORUM`),
      step('op.ceremony.does.answer', `${RUN} answer QUORUM CHALLENGE EACH --keys EACH.keys`),
      step('op.ceremony.does.answered', `${RUN} answered QUORUM CHALLENGE EACH ANSWER`),
    ],
  },
]
