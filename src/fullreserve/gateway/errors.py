"""Every refusal a client can meet, as a table: code, HTTP status, what was wrong, what is allowed.

`{name}` is the parameter, `{allowed}` what would have been accepted. A code's HTTP status is that
of a refused request; inside the rows of order entry every code travels with status 200.
"""

from __future__ import annotations

from typing import NamedTuple


class Error(NamedTuple):
    """A row of the table."""

    http: int
    message: str
    hint: str = ""  # what is allowed; added where the one who refuses knows it


TABLE: dict[int, Error] = {
    1: Error(200, "All operations failed"),
    2: Error(200, "Bulk operation partially succeeded"),
    # --- the request as such
    50000: Error(400, "The body of a POST request cannot be empty"),
    50001: Error(503, "The exchange takes no changes now", ": {allowed}"),
    50002: Error(400, "The body cannot be read", ": {allowed}"),
    50004: Error(400, "The outcome is not known yet; ask for the order before sending it again"),
    50005: Error(410, "This endpoint is not offered"),
    50006: Error(400, "The content type must be application/json"),
    50007: Error(200, "The account is blocked"),
    50008: Error(200, "The account does not exist"),
    50011: Error(429, "Rate limit reached", "; {allowed}"),
    50013: Error(429, "The exchange is busy; try again in a moment"),
    50014: Error(400, "Parameter {name} cannot be empty"),
    50015: Error(400, "Either parameter {name} is required"),
    50024: Error(200, "Parameters {name} exclude each other"),
    50025: Error(200, "Parameter {name} takes at most {allowed} values"),
    50026: Error(500, "Internal error; it was recorded"),
    50030: Error(200, "You have no right to this endpoint"),
    50035: Error(403, "This endpoint needs an API key that is bound to IP addresses"),
    50036: Error(200, "expTime is in the past", "; the exchange's time is {allowed}"),
    50037: Error(200, "The order expired before it was processed"),
    50039: Error(200, "before is not possible when pages are by time"),
    50046: Error(200, "{name} is not available now", "; {allowed}"),
    50053: Error(200, "Available in demo trading alone"),
    50061: Error(200, "Too many new and amended orders of this account", "; {allowed}"),
    50071: Error(200, "{name} already exists"),
    # --- who asks
    50100: Error(400, "The API key is frozen"),
    50102: Error(
        401, "The timestamp is more than 30 seconds from the exchange's time", " {allowed}"
    ),
    50103: Error(401, "Request header OK-ACCESS-KEY cannot be empty"),
    50104: Error(401, "Request header OK-ACCESS-PASSPHRASE cannot be empty"),
    50105: Error(401, "Request header OK-ACCESS-PASSPHRASE is wrong"),
    50106: Error(401, "Request header OK-ACCESS-SIGN cannot be empty"),
    50107: Error(401, "Request header OK-ACCESS-TIMESTAMP cannot be empty"),
    50110: Error(401, "Your IP {name} is not on the API key's list"),
    50111: Error(401, "The API key is not known, was deleted, or has expired"),
    50112: Error(401, "OK-ACCESS-TIMESTAMP must look like", " {allowed}"),
    50113: Error(
        401,
        "Invalid sign: it must be Base64(HMAC-SHA256(secret, timestamp + method + path + body))",
        "; {allowed}",
    ),
    50115: Error(405, "Invalid request method", "; allowed is {allowed}"),
    50120: Error(200, "The API key lacks the permission {name}"),
    # --- order entry
    51000: Error(400, "Parameter {name} error", "; allowed is {allowed}"),
    51001: Error(200, "Instrument {name} does not exist"),
    51003: Error(200, "Either ordId or clOrdId is required"),
    51005: Error(200, "The order size is over the maximum", " of {allowed}"),
    51006: Error(200, "The price is outside the price limit", "; the limit now is {allowed}"),
    51008: Error(200, "Insufficient balance", "; it is enough for {allowed}"),
    51010: Error(200, "{name} is not possible in this account mode; it has spot, tdMode cash"),
    51012: Error(200, "Currency {name} does not exist"),
    51014: Error(200, "Index {name} does not exist"),
    51016: Error(200, "clOrdId is already used by a pending order"),
    51020: Error(200, "The order size is under the minimum", " of {allowed}"),
    51021: Error(200, "The instrument is not open for trading yet"),
    51022: Error(200, "Trading is suspended"),
    51023: Error(200, "There is no such position"),
    51024: Error(200, "The account is blocked"),
    51025: Error(200, "Too many orders"),
    51071: Error(200, "Too many cancel-all-after tags", "; allowed are {allowed}"),
    51102: Error(200, "Too many pending orders on this instrument", "; allowed are {allowed}"),
    51103: Error(200, "Too many pending orders", "; allowed are {allowed}"),
    51111: Error(200, "Too many orders in one request", "; allowed are {allowed}"),
    51116: Error(200, "The price is over the maximum", " of {allowed}"),
    51121: Error(200, "The order size must be a multiple of the lot size", " {allowed}"),
    51122: Error(200, "The price is under the minimum", " of {allowed}"),
    51147: Error(200, "Options are not activated for this account"),
    51201: Error(200, "The size of a market order is over the maximum", " of {allowed}"),
    51202: Error(200, "The amount of a market order is over the maximum", " of {allowed}"),
    51204: Error(200, "Parameter px cannot be empty for this order type"),
    51205: Error(200, "reduceOnly is not available for spot"),
    51400: Error(200, "Cancellation failed: the order is filled, canceled or does not exist"),
    51405: Error(200, "Nothing is pending"),
    51407: Error(200, "Either ordId or clOrdId is required"),
    51500: Error(200, "Nothing to amend: newSz or newPx must differ from the order's"),
    51501: Error(400, "Too many amendments in one request", "; allowed are {allowed}"),
    51502: Error(200, "Amendment failed: insufficient balance", "; it is enough for {allowed}"),
    51503: Error(200, "Amendment failed: the order is filled, canceled or does not exist"),
    51506: Error(200, "This order type cannot be amended"),
    51511: Error(200, "Amendment failed: the price of the post-only order would take"),
    51512: Error(200, "The same order stands twice in this batch"),
    51603: Error(200, "The order does not exist"),
    52901: Error(200, "This pair cannot be converted"),
    52905: Error(200, "Invalid quote"),
    52927: Error(200, "There is no quote for this pair"),
    54036: Error(200, "stpMode cancel_both is not possible with fok"),
    54070: Error(200, "Take-profit and stop-loss must be in attachAlgoOrds"),
    54085: Error(200, "slippagePct is outside what is possible here", ": {allowed}"),
    # --- transfers
    58004: Error(200, "The account is blocked"),
    58013: Error(200, "Withdrawals of {name} are not offered"),
    58014: Error(200, "Deposits of {name} are not offered"),
    58110: Error(200, "Transfers are suspended"),
    58114: Error(400, "The amount must be more than 0"),
    58115: Error(200, "Sub-account {name} does not exist"),
    58119: Error(200, "The sub-account may not transfer out; its master account sets that"),
    58123: Error(200, "from cannot equal to"),
    58124: Error(
        200, "The transfer {name} is under way; ask asset/transfer-state what became of it"
    ),
    58127: Error(
        200, "A master account's key makes no transfer of this type", "; its are {allowed}"
    ),
    58128: Error(200, "A sub-account's key makes no transfer of this type", "; its are {allowed}"),
    58203: Error(200, "Insufficient balance", "; available is {allowed}"),
    # --- deposits and withdrawals
    58200: Error(200, "There is no such way for {name}"),
    58201: Error(200, "The amount is over what is left of the daily limit", "; left are {allowed}"),
    58204: Error(200, "Withdrawals of this account are stopped by risk control"),
    58205: Error(200, "The amount is over the maximum", " of {allowed}"),
    58206: Error(200, "The amount is under the minimum", " of {allowed}"),
    58207: Error(200, "The address is not a verified one", "; {allowed}"),
    58209: Error(200, "Sub-accounts cannot withdraw"),
    58213: Error(200, "The receiver's id is not valid", "; it must be {allowed}"),
    58214: Error(200, "Withdrawals are suspended due to {name} maintenance"),
    58215: Error(200, "The withdrawal does not exist"),
    58218: Error(200, "The internal withdrawal failed", ": {allowed}"),
    58219: Error(
        200,
        "Withdrawals are stopped for 24 hours after a change of password, authenticator or passkey",
        ": until {allowed}",
    ),
    58220: Error(200, "The withdrawal is canceled already"),
    58221: Error(200, "The address needs its memo", ": {allowed}"),
    58222: Error(200, "The address is not valid", ": {allowed}"),
    58224: Error(
        200,
        "The address is one of the exchange itself, which no chain pays",
        "; allowed is {allowed}",
    ),
    58226: Error(200, "{name} is delisted and not available for crypto withdrawal"),
    58231: Error(200, "The receiving user has not verified an identity"),
    58405: Error(200, "Withdrawals are suspended"),
    58350: Error(200, "Insufficient balance", "; available is {allowed}"),
    59000: Error(200, "Setting not possible", ": {allowed}"),
    59262: Error(200, "You are not a lead trader"),
    59273: Error(200, "You are not a copy trader"),
    59280: Error(200, "There is no such copy relation"),
    59285: Error(200, "You have neither led nor copied trades"),
    59300: Error(200, "There is no such position"),
    59401: Error(200, "The holding would be over its cap"),
    59410: Error(200, "Borrowing is not enabled for this account"),
    59413: Error(200, "There is nothing to repay"),
    59500: Error(200, "Only an API key of the master account may do this"),
    59501: Error(200, "Too many API keys", "; allowed are {allowed}"),
    59503: Error(200, "The IP list is not possible", "; allowed are {allowed}"),
    59504: Error(200, "An API key of a sub-account cannot withdraw"),
    59505: Error(200, "The passphrase is not possible", "; it must have {allowed}"),
    59506: Error(200, "The API key does not exist"),
    59507: Error(200, "The accounts must be two different sub-accounts of yours"),
    59509: Error(200, "Market maker protection is not enabled for this account"),
    59510: Error(200, "Sub-account {name} does not exist"),
    59520: Error(200, "The strategy type is not possible in spot mode"),
    59601: Error(200, "The sub-account name {name} is taken"),
    59603: Error(200, "Too many sub-accounts", "; allowed are {allowed}"),
    59608: Error(200, "Only broker accounts may call this"),
    59686: Error(200, "Settlement currencies do not apply to spot mode"),
    59691: Error(
        200, "Balances were increased often enough today", "; allowed are {allowed} times"
    ),
    59692: Error(200, "The balance of {name} would be below 0"),
    59693: Error(200, "Not enough of {name} is free; cancel orders and try again"),
    # --- WebSocket alone
    60004: Error(400, "Invalid timestamp; it must be the UTC time in seconds"),
    60005: Error(400, "Invalid apiKey"),
    60006: Error(400, "The timestamp is more than 30 seconds from the exchange's time"),
    60007: Error(400, "Invalid sign"),
    60009: Error(400, "Login failed"),
    60011: Error(400, "Please log in"),
    60012: Error(400, "Illegal request: {name}"),
    60013: Error(400, "Invalid args", ": {allowed}"),
    60014: Error(400, "Requests too frequent"),
    60018: Error(400, "Wrong URL or {name} does not exist"),
    60019: Error(400, "Invalid op: {name}"),
    60024: Error(400, "Wrong passphrase"),
    60026: Error(400, "Log in with an API key or with a token, not with both"),
    60027: Error(400, "Parameter {name} cannot be empty"),
    60028: Error(400, "Operation {name} is not taken on this URL"),
    60031: Error(400, "This connection is logged in; use a new one for another account"),
    60032: Error(400, "The API key does not exist"),
    60033: Error(400, "Parameter {name} error", "; allowed is {allowed}"),
    63999: Error(400, "Login failed by an internal error"),
    64000: Error(400, "Parameter uly is not taken here any more"),
    64001: Error(400, "Channel {name} is served on /ws/v5/business; use that URL"),
    64002: Error(400, "Channel {name} is not served on /ws/v5/business; use public or private"),
    64003: Error(400, "Your fee tier does not include channel {name}"),
    64004: Error(400, "{name}: this and the subscribed channel {allowed} exclude each other"),
    64007: Error(400, "The operation failed by an internal error"),
    64008: Error(400, "The connection will be closed soon for a service upgrade; reconnect"),
    # --- people: OKX has no codes for its own web site, so these are ours
    90001: Error(401, "The e-mail address or the password is wrong"),
    90002: Error(401, "The session has ended; sign in"),
    90003: Error(403, "The header X-CSRF-Token is missing or not this session's"),
    90004: Error(429, "Too many attempts", "; try again in {allowed}"),
    90005: Error(400, "The code or the ticket is wrong, was used, or has expired"),
    90006: Error(403, "Confirm first that it is you: password or passkey, and the second factor"),
    90007: Error(503, "The identity vault is locked", "; {allowed}"),
    90008: Error(400, "The password is not possible", ": {allowed}"),
    90009: Error(400, "Not possible now", ": {allowed}"),
    90010: Error(401, "The passkey is not known or could not be verified"),
    90011: Error(403, "This needs a session of the web app", ", or {allowed}"),
    90012: Error(400, "The request cannot be read as HTTP", ": {allowed}"),
    # --- operators: the first twelve are the approvals fold's own
    92010: Error(
        200, "The withdrawal is on its way, or people decide it, and can no longer be canceled"
    ),
    92011: Error(
        200, "Too many withdrawals of this account are under way", "; allowed are {allowed}"
    ),
    92012: Error(200, "The withdrawal waits for no confirmation, or no longer"),
    # No answer says it: it is the `xReason` of a withdrawal that failed.
    92013: Error(
        200,
        "The token's contract refused the receiver, or the receiver's own the payment; refunded",
    ),
    91001: Error(403, "You are not a member of the approval group"),
    91002: Error(
        409, "The exchange is in set-up mode: approvals need more operators", "; {allowed}"
    ),
    91003: Error(404, "There is no such proposal"),
    91004: Error(409, "The proposal is closed already"),
    91005: Error(409, "The proposal has expired; propose it again"),
    91006: Error(403, "Proposer and approver must be two operators"),
    91007: Error(403, "The proposal favours you or an account of yours; others decide on it"),
    91008: Error(409, "You have approved this already"),
    91009: Error(409, "Too many are open", "; allowed are {allowed}"),
    91010: Error(409, "A balance would be below 0", ": {allowed}"),
    91011: Error(409, "The trade was taken back already"),
    91012: Error(409, "Nothing would change"),
    91013: Error(409, "What was approved cannot be done any more"),
    91014: Error(409, "Proposer and approver must be of two teams; ask an operator of another"),
    91015: Error(409, "Approvals would hang on each of the operators", ": {allowed}"),
    91020: Error(403, "This needs the role of an operator", ": {allowed}"),
    91021: Error(403, "Operators need an authenticator; set one up and sign in again"),
    91022: Error(409, "This lets more happen than now; propose it, so that another approves"),
    91023: Error(404, "There is no such {name}"),
    91024: Error(409, "A replay is under way; wait until it is done"),
    91025: Error(403, "Your passkey is needed: it signs exactly what you approve"),
    91026: Error(
        403, "An operator's new passkey opens and approves nothing yet", "; it does from {allowed}"
    ),
    91027: Error(403, "What you approve with has changed", "; you approve again from {allowed}"),
    # --- suspensions
    93001: Error(403, "You are not a member of the group that decides this"),
    93002: Error(409, "The exchange is in set-up mode: this needs more operators", "; {allowed}"),
    93003: Error(404, "There is no such suspension"),
    93004: Error(409, "The suspension's state does not allow this now", ": {allowed}"),
    93005: Error(403, "This needs another operator than the one who began it"),
    93006: Error(409, "You have agreed to this already"),
    93007: Error(409, "Not every gate is passed, or too few have signed off", ": {allowed}"),
    93008: Error(409, "Reserves do not cover all claims: RESERVE_SHORTFALL"),
    93009: Error(409, "Withdrawals are still waiting, or this one is not"),
    93010: Error(409, "Too many suspensions are open"),
    93011: Error(409, "The queue has to be read again first"),
    93012: Error(
        409,
        "The coins were not measured yet on each chain that the ledger has any on",
        ": {allowed}",
    ),
    93013: Error(409, "Signers were not challenged yet for this gate, since it was opened"),
    93014: Error(
        409,
        "Say in `document` what was looked at, in 12 letters or more, 6 of them different: "
        "gates 6 to 8 rest on it",
    ),
    93015: Error(409, "No quorum of hot holders is defined: name them in the file of `quorums`"),
    93016: Error(409, "Something was shown that you did not look at; agree to it as it is now"),
    93017: Error(409, "Each line of the scope needs a budget, also where nobody waits now"),
    93018: Error(409, "The drain has paid as fast as its plan allows", "; it pays again {allowed}"),
    93019: Error(
        409, "The drain of this suspension has begun with another maxWaitTicks", ": {allowed}"
    ),
    93020: Error(409, "The count is not that of a recent reading of the queue", ": {allowed}"),
    # --- the policy of what leaves
    95001: Error(403, "You are not a member of the group that decides this"),
    95002: Error(404, "There is no such change or request"),
    95003: Error(409, "It is decided already"),
    95004: Error(403, "This needs another than who began it"),
    95005: Error(409, "You have agreed to this already"),
    95006: Error(409, "Something has happened since that replay; look at a new one"),
    95007: Error(409, "The exchange is in set-up mode: this needs more operators", "; {allowed}"),
    95010: Error(409, "Under these rules nothing leaves: suspend withdrawals instead, in public"),
    95011: Error(409, "That holds already"),
    95012: Error(
        409,
        "A rule wants more approvals than people can give of whom any one is gone",
        ": {allowed}",
    ),
    95013: Error(
        409,
        "You alone have tightened the policy, or dropped another's change, within the last week; "
        "others may drop this, and who proposed it",
    ),
}

_FALLBACK = Error(200, "Refused")


class Problem(Exception):
    """A refusal on its way to a client."""

    def __init__(self, code: int, name: str = "", allowed: str = "", http: int = 0) -> None:
        row = TABLE.get(code, _FALLBACK)
        self.code = code
        self.http = http or row.http
        self.message = sentence(code, name, allowed)
        super().__init__(f"{code} {self.message}")


def sentence(code: int, name: str = "", allowed: str = "") -> str:
    """The table's message with its values."""
    row = TABLE.get(code, _FALLBACK)
    text = row.message + row.hint if allowed else row.message
    return text.replace("{name}", name).replace("{allowed}", allowed)
