// Written by `python -m scripts.web_types` from the OpenAPI document; do not edit.

/** Parameters by method and path below /api/v5/; numbers may be sent as text. */
export interface Endpoints {
  'GET account/account-position-risk': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
  }
  'GET account/balance': { ccy?: string[] }
  'GET account/bills': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    ccy?: string
    mgnMode?: string
    ctType?: string
    type?: number | string
    subType?: number | string
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
  }
  'GET account/bills-archive': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    ccy?: string
    mgnMode?: string
    ctType?: string
    type?: number | string
    subType?: number | string
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
  }
  'GET account/config': Record<string, never>
  'POST account/demo-adjust-balance': { type: 'increase' | 'reduce'; adjustments: unknown[] }
  'GET account/instruments': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    instFamily?: string
    uly?: string
  }
  'GET account/leverage-info': { mgnMode: 'cross' | 'isolated'; instId?: string[]; ccy?: string }
  'GET account/max-avail-size': {
    instId: string[]
    tdMode: 'cash' | 'cross' | 'isolated' | 'spot_isolated'
    ccy?: string
    reduceOnly?: boolean
    px?: string
    tradeQuoteCcy?: string
  }
  'GET account/max-loan': {
    mgnMode: 'cross' | 'isolated'
    instId?: string[]
    ccy?: string
    mgnCcy?: string
  }
  'GET account/max-size': {
    instId: string[]
    tdMode: 'cash' | 'cross' | 'isolated' | 'spot_isolated'
    ccy?: string
    px?: string
    tradeQuoteCcy?: string
  }
  'GET account/max-withdrawal': { ccy?: string[] }
  'GET account/positions': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    posId?: string
  }
  'GET account/positions-history': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    posId?: string
  }
  'GET account/risk-state': Record<string, never>
  'POST account/set-account-level': { acctLv: '1' | '2' | '3' | '4' }
  'POST account/set-auto-loan': { autoLoan?: boolean }
  'POST account/set-auto-repay': { autoRepay: boolean }
  'POST account/set-fee-type': { feeType: '0' | '1' }
  'POST account/set-greeks': { greeksType: 'BS' | 'PA' }
  'POST account/set-isolated-mode': { isoMode: string; type: 'CONTRACTS' | 'MARGIN' }
  'POST account/set-leverage': {
    lever: string
    mgnMode: 'cross' | 'isolated'
    instId?: string
    ccy?: string
    posSide?: string
  }
  'POST account/set-position-mode': { posMode: 'long_short_mode' | 'net_mode' }
  'GET account/subaccount/balances': { subAcct: string }
  'GET account/subaccount/max-withdrawal': { subAcct: string; ccy?: string[] }
  'GET account/subtypes': { type?: string[] }
  'GET account/trade-fee': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    instFamily?: string
    uly?: string
  }
  'GET asset/asset-valuation': { ccy?: string }
  'GET asset/balances': { ccy?: string[] }
  'GET asset/bills': {
    ccy?: string
    type?: number | string
    clientId?: string
    after?: number | string
    before?: number | string
    limit?: number | string
  }
  'GET asset/bills-history': {
    ccy?: string
    type?: number | string
    clientId?: string
    after?: number | string
    before?: number | string
    limit?: number | string
    pagingType?: '1' | '2'
  }
  'POST asset/cancel-withdrawal': { wdId: string }
  'GET asset/currencies': { ccy?: string[] }
  'GET asset/deposit-address': { ccy: string; xAckNoWithdraw?: boolean }
  'GET asset/deposit-history': {
    after?: number | string
    before?: number | string
    limit?: number | string
    ccy?: string
    depId?: string
    fromWdId?: string
    txId?: string
    type?: string
    state?: string
  }
  'GET asset/deposit-withdraw-status': {
    wdId?: string
    txId?: string
    ccy?: string
    to?: string
    chain?: string
  }
  'GET asset/non-tradable-assets': { ccy?: string[] }
  'GET asset/subaccount/balances': { subAcct: string; ccy?: string[] }
  'GET asset/subaccount/bills': {
    after?: number | string
    before?: number | string
    limit?: number | string
    ccy?: string
    type?: '0' | '1'
    subAcct?: string
  }
  'GET asset/subaccount/managed-subaccount-bills': Record<string, never>
  'POST asset/subaccount/transfer': {
    ccy: string
    amt: string
    from: '18' | '6'
    to: '18' | '6'
    fromSubAccount: string
    toSubAccount: string
  }
  'POST asset/transfer': {
    ccy: string
    amt: string
    from: '18' | '6'
    to: '18' | '6'
    type?: '0' | '1' | '2' | '3' | '4'
    subAcct?: string
    clientId?: string
  }
  'GET asset/transfer-state': {
    transId?: string
    clientId?: string
    type?: '0' | '1' | '2' | '3' | '4'
  }
  'POST asset/withdrawal': {
    ccy: string
    amt: string
    dest: '3' | '4'
    toAddr: string
    toAddrType?: '' | '1' | '2'
    chain?: string
    fee?: string
    clientId?: string
    xAllowSplit?: boolean
  }
  'GET asset/withdrawal-history': {
    after?: number | string
    before?: number | string
    limit?: number | string
    ccy?: string
    wdId?: string
    clientId?: string
    txId?: string
    type?: string
    state?: string
  }
  'GET market/books': { instId: string; sz?: number | string }
  'GET market/books-full': { instId: string; sz?: number | string }
  'GET market/books-rpi': { instId: string; sz?: number | string }
  'GET market/candles': {
    instId: string
    bar?:
      | '1s'
      | '1m'
      | '3m'
      | '5m'
      | '15m'
      | '30m'
      | '1H'
      | '2H'
      | '4H'
      | '6H'
      | '8H'
      | '12H'
      | '1D'
      | '2D'
      | '3D'
      | '5D'
      | '1W'
      | '1M'
      | '3M'
      | '6M'
      | '1Y'
      | '6Hutc'
      | '8Hutc'
      | '12Hutc'
      | '1Dutc'
      | '2Dutc'
      | '3Dutc'
      | '5Dutc'
      | '1Wutc'
      | '1Mutc'
      | '3Mutc'
      | '6Mutc'
      | '1Yutc'
    after?: number | string
    before?: number | string
    limit?: number | string
  }
  'GET market/exchange-rate': Record<string, never>
  'GET market/history-candles': {
    instId: string
    bar?:
      | '1s'
      | '1m'
      | '3m'
      | '5m'
      | '15m'
      | '30m'
      | '1H'
      | '2H'
      | '4H'
      | '6H'
      | '8H'
      | '12H'
      | '1D'
      | '2D'
      | '3D'
      | '5D'
      | '1W'
      | '1M'
      | '3M'
      | '6M'
      | '1Y'
      | '6Hutc'
      | '8Hutc'
      | '12Hutc'
      | '1Dutc'
      | '2Dutc'
      | '3Dutc'
      | '5Dutc'
      | '1Wutc'
      | '1Mutc'
      | '3Mutc'
      | '6Mutc'
      | '1Yutc'
    after?: number | string
    before?: number | string
    limit?: number | string
  }
  'GET market/history-index-candles': {
    after?: number | string
    before?: number | string
    limit?: number | string
    instId: string
    bar?:
      | '1s'
      | '1m'
      | '3m'
      | '5m'
      | '15m'
      | '30m'
      | '1H'
      | '2H'
      | '4H'
      | '6H'
      | '8H'
      | '12H'
      | '1D'
      | '2D'
      | '3D'
      | '5D'
      | '1W'
      | '1M'
      | '3M'
      | '6M'
      | '1Y'
      | '6Hutc'
      | '8Hutc'
      | '12Hutc'
      | '1Dutc'
      | '2Dutc'
      | '3Dutc'
      | '5Dutc'
      | '1Wutc'
      | '1Mutc'
      | '3Mutc'
      | '6Mutc'
      | '1Yutc'
  }
  'GET market/history-trades': {
    instId: string
    type?: '1' | '2'
    after?: number | string
    before?: number | string
    limit?: number | string
  }
  'GET market/index-candles': {
    after?: number | string
    before?: number | string
    limit?: number | string
    instId: string
    bar?:
      | '1s'
      | '1m'
      | '3m'
      | '5m'
      | '15m'
      | '30m'
      | '1H'
      | '2H'
      | '4H'
      | '6H'
      | '8H'
      | '12H'
      | '1D'
      | '2D'
      | '3D'
      | '5D'
      | '1W'
      | '1M'
      | '3M'
      | '6M'
      | '1Y'
      | '6Hutc'
      | '8Hutc'
      | '12Hutc'
      | '1Dutc'
      | '2Dutc'
      | '3Dutc'
      | '5Dutc'
      | '1Wutc'
      | '1Mutc'
      | '3Mutc'
      | '6Mutc'
      | '1Yutc'
  }
  'GET market/index-components': { index: string }
  'GET market/index-tickers': { instId?: string; quoteCcy?: string }
  'GET market/platform-24-volume': Record<string, never>
  'GET market/ticker': { instId: string }
  'GET market/tickers': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
  }
  'GET market/trades': { instId: string; limit?: number | string }
  'GET public/instruments': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instId?: string
    instFamily?: string
    uly?: string
  }
  'GET public/price-limit': { instId: string }
  'GET public/time': Record<string, never>
  'GET support/announcement-types': Record<string, never>
  'GET support/announcements': { annType?: string; page?: number | string }
  'GET support/announcements-types': Record<string, never>
  'GET system/status': { state?: 'canceled' | 'completed' | 'ongoing' | 'pre_open' | 'scheduled' }
  'GET trade/account-rate-limit': Record<string, never>
  'POST trade/amend-batch-orders': {
    instId: string
    ordId?: string
    clOrdId?: string
    newSz?: string
    newPx?: string
    cxlOnFail?: string
    reqId?: string
    pxAmendType?: '' | '0' | '1'
    instIdCode?: number | string | string
    attachAlgoOrds?: string
  }[]
  'POST trade/amend-order': {
    instId: string
    ordId?: string
    clOrdId?: string
    newSz?: string
    newPx?: string
    cxlOnFail?: string
    reqId?: string
    pxAmendType?: '' | '0' | '1'
    instIdCode?: number | string | string
    attachAlgoOrds?: string
  }
  'POST trade/batch-orders': {
    instId: string
    tdMode: 'cash'
    side: 'buy' | 'sell'
    ordType: 'limit' | 'market' | 'post_only' | 'ioc' | 'fok' | 'optimal_limit_ioc'
    sz: string
    px?: string
    clOrdId?: string
    tag?: string
    tgtCcy?: '' | 'base_ccy' | 'quote_ccy'
    instIdCode?: number | string | string
    posSide?: string
    reduceOnly?: string
    banAmend?: string
    pxAmendType?: '' | '0' | '1'
    stpMode?: '' | 'cancel_maker' | 'cancel_taker' | 'cancel_both'
    tradeQuoteCcy?: string
    slippagePct?: string
    attachAlgoOrds?: string
    tpTriggerPx?: string
    slTriggerPx?: string
  }[]
  'POST trade/cancel-all-after': { timeOut: number | string; tag?: string }
  'POST trade/cancel-batch-orders': {
    instId: string
    ordId?: string
    clOrdId?: string
    instIdCode?: number | string | string
  }[]
  'POST trade/cancel-order': {
    instId: string
    ordId?: string
    clOrdId?: string
    instIdCode?: number | string | string
  }
  'POST trade/close-position': { instId: string; mgnMode: string; posSide?: string; ccy?: string }
  'GET trade/fills': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
    instId?: string
    ordId?: string
    subType?: string
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
  }
  'GET trade/fills-history': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
    instId?: string
    ordId?: string
    subType?: string
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
  }
  'GET trade/order': { instId: string; ordId?: string; clOrdId?: string }
  'POST trade/order': {
    instId: string
    tdMode: 'cash'
    side: 'buy' | 'sell'
    ordType: 'limit' | 'market' | 'post_only' | 'ioc' | 'fok' | 'optimal_limit_ioc'
    sz: string
    px?: string
    clOrdId?: string
    tag?: string
    tgtCcy?: '' | 'base_ccy' | 'quote_ccy'
    instIdCode?: number | string | string
    posSide?: string
    reduceOnly?: string
    banAmend?: string
    pxAmendType?: '' | '0' | '1'
    stpMode?: '' | 'cancel_maker' | 'cancel_taker' | 'cancel_both'
    tradeQuoteCcy?: string
    slippagePct?: string
    attachAlgoOrds?: string
    tpTriggerPx?: string
    slTriggerPx?: string
  }
  'POST trade/order-precheck': {
    instId: string
    tdMode: string
    side: string
    ordType: string
    sz: string
    px?: string
  }
  'GET trade/orders-history': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
    instId?: string
    ordType?: string[]
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
    state?: 'canceled' | 'filled' | 'mmp_canceled'
    category?: string
  }
  'GET trade/orders-history-archive': {
    instType: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
    instId?: string
    ordType?: string[]
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
    state?: 'canceled' | 'filled' | 'mmp_canceled'
    category?: string
  }
  'GET trade/orders-pending': {
    instType?: 'EVENTS' | 'FUTURES' | 'MARGIN' | 'OPTION' | 'SPOT' | 'SWAP'
    instFamily?: string
    uly?: string
    instId?: string
    ordType?: string[]
    after?: number | string
    before?: number | string
    begin?: number | string
    end?: number | string
    limit?: number | string
    state?: 'live' | 'partially_filled'
  }
  'GET users/entrust-subaccount-list': Record<string, never>
  'GET users/subaccount/apikey': { subAcct: string; apiKey?: string }
  'POST users/subaccount/apikey': {
    subAcct: string
    label: string
    passphrase: string
    perm?: string
    ip?: string
  }
  'POST users/subaccount/create-subaccount': { subAcct: string; type?: '1'; label?: string }
  'POST users/subaccount/delete-apikey': { subAcct: string; apiKey: string }
  'GET users/subaccount/list': {
    after?: number | string
    before?: number | string
    limit?: number | string
    enable?: boolean
    subAcct?: string
  }
  'POST users/subaccount/modify-apikey': {
    subAcct: string
    apiKey: string
    label?: string
    perm?: string
    ip?: string
  }
  'POST users/subaccount/set-transfer-out': { subAcct: string[]; canTransOut?: boolean }
  'POST x/account/close': Record<string, never>
  'GET x/api-keys': Record<string, never>
  'POST x/api-keys/create': { label: string; passphrase: string; perm?: string; ip?: string }
  'POST x/api-keys/delete': { apiKey: string }
  'POST x/api-keys/edit': { apiKey: string; label?: string; perm?: string; ip?: string }
  'POST x/api-keys/switch-off': Record<string, never>
  'POST x/api-keys/switch-on': Record<string, never>
  'POST x/cancel-all': { instId?: string }
  'GET x/deposit-claims': Record<string, never>
  'POST x/deposit-claims/file': {
    kind: 'chain' | 'memo' | 'missing' | 'token'
    ccy: string
    chain: string
    txId: string
    amt?: string
    memo?: string
    note?: string
  }
  'POST x/deposit-claims/withdraw': { claimId: string }
  'GET x/drain': { suspension: number | string }
  'GET x/liveness': Record<string, never>
  'GET x/operator/accounts': { uid: number | string }
  'POST x/operator/approve': { proposal: number | string }
  'GET x/operator/audit': {
    actor?: number | string
    subject?: number | string
    action?: string
    result?: '' | 'denied' | 'done' | 'unknown'
    begin?: number | string
    end?: number | string
    after?: number | string
    limit?: number | string
  }
  'GET x/operator/audit/verify': Record<string, never>
  'GET x/operator/bills': {
    uid: number | string
    account: string
    ccy?: string
    after?: number | string
    before?: number | string
    limit?: number | string
  }
  'GET x/operator/calendar': Record<string, never>
  'POST x/operator/calendar/call-off': { note: string; plan: number | string }
  'GET x/operator/command': { sequence: number | string }
  'GET x/operator/custody': Record<string, never>
  'GET x/operator/custody/allotted': { limit?: number | string }
  'GET x/operator/custody/losses': { limit?: number | string }
  'GET x/operator/custody/reconciliation': Record<string, never>
  'GET x/operator/custody/unallotted': { limit?: number | string }
  'GET x/operator/deposits/claims': {
    state?: 'all' | 'declined' | 'open' | 'settled' | 'withdrawn'
    after?: number | string
    limit?: number | string
  }
  'POST x/operator/deposits/claims/decide': {
    note: string
    claim: number | string
    verdict: 'decline' | 'settle'
    answer: string
    proposal?: number | string
  }
  'GET x/operator/deposits/kept': { limit?: number | string }
  'GET x/operator/deposits/owed': { limit?: number | string }
  'POST x/operator/deposits/stop': {
    note: string
    depId: string
    reason: 'blacklisted' | 'intercepted' | 'kyc'
  }
  'GET x/operator/deposits/unclaimed': { limit?: number | string }
  'GET x/operator/deposits/under-way': { limit?: number | string }
  'GET x/operator/fees': Record<string, never>
  'GET x/operator/instruments': Record<string, never>
  'POST x/operator/instruments/state': {
    note: string
    instId: string
    state: 'cancel_only' | 'live' | 'post_only' | 'preopen' | 'suspend'
  }
  'GET x/operator/journal': Record<string, never>
  'GET x/operator/journal/replay': Record<string, never>
  'POST x/operator/journal/replay': { sequence: number | string }
  'GET x/operator/journal/rows': { from?: number | string; limit?: number | string }
  'GET x/operator/liveness': Record<string, never>
  'POST x/operator/liveness/away': {
    note: string
    person: number | string
    fromTs?: number | string
    untilTs?: number | string
  }
  'GET x/operator/maintenance': Record<string, never>
  'POST x/operator/maintenance/cancel': { note: string }
  'POST x/operator/maintenance/plan': {
    note: string
    beginTs: number | string
    endTs?: number | string
  }
  'GET x/operator/operators': Record<string, never>
  'POST x/operator/operators/dismiss': { note: string; uid: number | string; anyway?: boolean }
  'POST x/operator/operators/revoke': {
    note: string
    uid: number | string
    role: 'admin' | 'auditor' | 'support' | 'trading'
    anyway?: boolean
  }
  'GET x/operator/overview': Record<string, never>
  'GET x/operator/parameters': Record<string, never>
  'POST x/operator/passkey-options': { action: string; terms: string }
  'GET x/operator/policy': Record<string, never>
  'POST x/operator/policy/agree': { note: string; change: number | string; replay: string }
  'POST x/operator/policy/approve': { note: string; wdId: string }
  'GET x/operator/policy/chain': { behind?: number | string; limit?: number | string }
  'GET x/operator/policy/decision': { wdId: string }
  'GET x/operator/policy/decisions': {
    state?:
      | ''
      | 'allowed'
      | 'blocked'
      | 'canceled'
      | 'confirmed'
      | 'confirming'
      | 'delayed'
      | 'expired'
      | 'rejected'
      | 'waiting'
    limit?: number | string
  }
  'POST x/operator/policy/propose': { note: string; rules: string }
  'POST x/operator/policy/propose-risk': { note: string; table: string }
  'POST x/operator/policy/reject': { note: string; wdId: string }
  'GET x/operator/policy/replay': { change: number | string }
  'POST x/operator/policy/withdraw': { note: string; change: number | string }
  'GET x/operator/proposal': { proposal: number | string }
  'GET x/operator/proposals': {
    state?: 'all' | 'closed' | 'open'
    after?: number | string
    limit?: number | string
  }
  'POST x/operator/propose/allot': {
    note: string
    coins: number | string
    uid: number | string
    amount?: string
    lastsMs?: number | string
  }
  'POST x/operator/propose/announce-move': {
    note: string
    chain: string
    source: 'cold' | 'hot' | 'warm'
    target: 'cold' | 'hot' | 'warm'
    amount: string
    feeLeast?: string
    feeMost?: string
    withinH?: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/bust': {
    note: string
    instId: string
    tradeId: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/claim': {
    note: string
    uid: number | string
    depId: string
    lastsMs?: number | string
  }
  'POST x/operator/propose/correction': {
    note: string
    uid: number | string
    account: 'funding' | 'trading'
    ccy: string
    amount: string
    house: 'fees' | 'insurance' | 'rounding' | 'treasury'
    reason: 'compensation' | 'deposit' | 'error' | 'fee' | 'other' | 'settlement'
    lastsMs?: number | string
  }
  'POST x/operator/propose/delisting': {
    note: string
    ccy: string
    tradingTs: number | string
    depositsTs?: number | string
    withdrawalsTs?: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/end-move': {
    note: string
    move: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/fee-tier': {
    note: string
    tier: number | string
    maker: string
    taker: string
    lastsMs?: number | string
  }
  'POST x/operator/propose/free-deposit': { note: string; depId: string; lastsMs?: number | string }
  'POST x/operator/propose/grant': {
    note: string
    uid: number | string
    role: 'admin' | 'auditor' | 'support' | 'trading'
    lastsMs?: number | string
  }
  'POST x/operator/propose/identity': {
    note: string
    uid: number | string
    kyc: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/instrument': {
    note: string
    lastsMs?: number | string
    instId: string
    ticks?: string
    lotSz?: string
    minSz?: string
    maxLmtSz?: string
    maxMktSz?: string
    maxMktAmt?: string
    maxPx?: string
    band?: string
  }
  'POST x/operator/propose/listing': {
    note: string
    lastsMs?: number | string
    instId: string
    tickSz: string
    lotSz: string
    minSz: string
    maxLmtSz: string
    maxMktSz: string
    maxMktAmt: string
    maxPx: string
    band?: string
    state?: 'cancel_only' | 'live' | 'post_only' | 'preopen' | 'suspend'
  }
  'POST x/operator/propose/loss': {
    note: string
    chain: string
    tier: 'cold' | 'deposit' | 'hot' | 'warm'
    amount: string
    transaction: string
    account?: 'insurance' | 'loss' | 'treasury'
    lastsMs?: number | string
  }
  'POST x/operator/propose/maintenance': {
    note: string
    beginTs: number | string
    endTs: number | string
    preopenTs?: number | string
    instIds?: string[]
    lastsMs?: number | string
  }
  'POST x/operator/propose/member': {
    note: string
    uid: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/network-maintenance': {
    note: string
    chain: string
    beginTs: number | string
    endTs: number | string
    preopenTs?: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/parameter': {
    note: string
    parameter: string
    value: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/release': {
    note: string
    uid: number | string
    flags?: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/state': {
    note: string
    instId: string
    state: 'cancel_only' | 'live' | 'post_only' | 'preopen' | 'suspend'
    lastsMs?: number | string
  }
  'POST x/operator/propose/suspension': {
    note: string
    suspension: number | string
    actions: string
    level: 'asset' | 'global' | 'instrument' | 'owner' | 'segment'
    key?: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/team': {
    note: string
    uid: number | string
    team: 'compliance' | 'engineering' | 'markets' | 'none' | 'risk' | 'support' | 'treasury'
    lastsMs?: number | string
  }
  'POST x/operator/propose/threshold': {
    note: string
    threshold: number | string
    lastsMs?: number | string
  }
  'POST x/operator/propose/unbind': { note: string; wdIds: string; lastsMs?: number | string }
  'POST x/operator/propose/user-tier': {
    note: string
    uid: number | string
    tier: number | string
    lastsMs?: number | string
  }
  'POST x/operator/reject': { proposal: number | string; note: string }
  'GET x/operator/series': { after?: number | string }
  'GET x/operator/suspending': Record<string, never>
  'POST x/operator/suspending/canary': { note: string; suspension: number | string; wdId: string }
  'POST x/operator/suspending/check': { note: string; suspension: number | string }
  'GET x/operator/suspending/detail': { suspension: number | string }
  'POST x/operator/suspending/discard': { note: string; suspension: number | string }
  'POST x/operator/suspending/draft': {
    note: string
    actions: number | string
    level: 'ccy' | 'ccy_chain' | 'chain' | 'global' | 'segment' | 'user'
    reason: string
    chain?: string
    ccy?: string
    key?: number | string
    mode?: 'cap' | 'queue' | 'reject' | 'review'
    estOpenTs?: number | string
    capUsd?: number | string
    capAmt?: string
    incident?: number | string
  }
  'POST x/operator/suspending/extend': {
    note: string
    suspension: number | string
    estOpenTs?: number | string
  }
  'POST x/operator/suspending/fall': { note: string; suspension: number | string }
  'POST x/operator/suspending/lift': { note: string; suspension: number | string }
  'POST x/operator/suspending/open-drain': { note: string; suspension: number | string }
  'POST x/operator/suspending/plan': {
    note: string
    suspension: number | string
    estOpenTs?: number | string
    budgets?: string
    intervalMs?: number | string
    maxWaitTicks?: number | string
  }
  'POST x/operator/suspending/ratify': { note: string; suspension: number | string }
  'POST x/operator/suspending/report': { note: string; suspension: number | string; digest: string }
  'POST x/operator/suspending/show': {
    note: string
    suspension: number | string
    gate: '1' | '2' | '3' | '5' | '6' | '7' | '8'
    document?: string
    public?: boolean
    passed?: boolean
    figures?: string
    count?: number | string
    upTo?: number | string
  }
  'POST x/operator/suspending/sign-off': {
    note: string
    suspension: number | string
    plannedTs: number | string
    shown: number | string
  }
  'POST x/operator/suspending/survey': { suspension: number | string }
  'POST x/operator/suspending/suspend': {
    note: string
    actions: number | string
    level: 'ccy' | 'ccy_chain' | 'chain' | 'global' | 'segment' | 'user'
    reason: string
    chain?: string
    ccy?: string
    key?: number | string
    mode?: 'cap' | 'queue' | 'reject' | 'review'
    estOpenTs?: number | string
    capUsd?: number | string
    capAmt?: string
    incident?: number | string
  }
  'POST x/operator/suspending/tick': { note: string; suspension: number | string }
  'GET x/operator/suspensions': Record<string, never>
  'GET x/operator/tiers': Record<string, never>
  'GET x/operator/tiers/announced': { limit?: number | string }
  'POST x/operator/tiers/end-announced': { note: string; move: number | string }
  'GET x/operator/tiers/moves': { limit?: number | string }
  'GET x/operator/user': { uid: number | string }
  'GET x/operator/users': { query?: string; after?: number | string; limit?: number | string }
  'POST x/operator/users/end-sessions': { note: string; uid: number | string }
  'POST x/operator/users/freeze': {
    note: string
    uid: number | string
    flags?: number | string
    subAccounts?: boolean
    cancelOrders?: boolean
  }
  'POST x/operator/users/revoke-keys': { note: string; uid: number | string; apiKey?: string }
  'GET x/operator/withdrawal': { wdId: string }
  'GET x/operator/withdrawals': {
    queue?: '' | 'held' | 'queued' | 'ready' | 'review' | 'sent' | 'short'
    after?: string
    limit?: number | string
  }
  'POST x/operator/withdrawals/decide': {
    note: string
    wdId: string
    verdict: 'approve' | 'refuse'
  }
  'GET x/operator/withdrawals/queues': Record<string, never>
  'GET x/operator/withdrawals/unsigned': Record<string, never>
  'GET x/passkeys': Record<string, never>
  'POST x/passkeys/begin': Record<string, never>
  'POST x/passkeys/finish': { ticket: string; credential: string; name?: string }
  'POST x/passkeys/remove': { id: string }
  'POST x/passkeys/rename': { id: string; name: string }
  'POST x/password/change': { password: string }
  'POST x/password/forgotten': { email: string }
  'POST x/password/reset': { ticket: string; code: string; password: string }
  'GET x/reserves/latest': Record<string, never>
  'GET x/reserves/proof': { epoch?: string }
  'GET x/reserves/receipt': Record<string, never>
  'GET x/session': Record<string, never>
  'GET x/sessions': Record<string, never>
  'POST x/sessions/revoke': { id: string }
  'POST x/sessions/revoke-all': { current?: boolean }
  'POST x/sign-in': { email: string; password: string }
  'POST x/sign-in/code': { ticket: string; code: string }
  'POST x/sign-in/passkey': { ticket: string; credential: string }
  'POST x/sign-in/passkey-options': Record<string, never>
  'POST x/sign-out': Record<string, never>
  'POST x/sign-up': { email: string; password: string }
  'POST x/sign-up/confirm': { ticket: string; code: string }
  'GET x/standing': Record<string, never>
  'POST x/step-up': { password: string; code?: string }
  'POST x/step-up/passkey': { ticket: string; credential: string }
  'POST x/step-up/passkey-options': Record<string, never>
  'GET x/sub-accounts': Record<string, never>
  'POST x/sub-accounts/freeze': { subAcct: string; cancelOrders?: boolean }
  'POST x/sub-accounts/unfreeze': { subAcct: string }
  'GET x/suspension': { suspension: number | string }
  'GET x/suspensions': { state?: 'all' | 'closed' | 'open' }
  'POST x/totp/begin': Record<string, never>
  'POST x/totp/confirm': { ticket: string; code: string }
  'POST x/totp/recovery-codes': Record<string, never>
  'POST x/totp/remove': Record<string, never>
  'GET x/withdrawal-addresses': Record<string, never>
  'POST x/withdrawal-addresses/add': { chain: string; addr: string; label: string }
  'POST x/withdrawal-addresses/remove': { addrId: string }
  'POST x/withdrawal-fee/agree': { wdId: string; fee: string }
  'GET x/withdrawal-queue': { wdId: string }
  'GET x/withdrawal-settings': Record<string, never>
  'POST x/withdrawal-settings/lock': { days: number | string }
  'POST x/withdrawal-settings/set': { bookOnly?: boolean; quota?: number | string }
  'POST x/withdrawals/confirm': { wdId: string }
  'GET x/withdrawals/decisions': { wdId: string }
  'POST x/ws-token': Record<string, never>
}
