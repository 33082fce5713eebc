"""Words for people: titles of suspensions and their public reasons, in each language."""

from __future__ import annotations

from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Action, Reason

REASONS: dict[int, tuple[str, str, str]] = {
    Reason.KEY_HOLDER_UNREACHABLE: (
        "a key holder cannot be reached", "держатель ключа недоступен", "密钥持有人无法联系"),
    Reason.SIGNER_DEVICE_LOST: (
        "a signing device is lost", "устройство подписи утрачено", "签名设备丢失"),
    Reason.CHAIN_HALT: ("the chain has stopped", "сеть остановилась", "链已停止出块"),
    Reason.CHAIN_FORK: ("the chain has split", "сеть разделилась", "链发生分叉"),
    Reason.CHAIN_REORG: (
        "the chain took blocks back", "сеть отменила блоки", "链回滚了区块"),
    Reason.NODE_DOWN: ("our node is down", "наш узел не работает", "我们的节点故障"),
    Reason.WALLET_MAINT: (
        "wallet maintenance", "обслуживание кошелька", "钱包维护"),
    Reason.TOKEN_CONTRACT_UPGRADE: (
        "the token's contract is upgraded", "контракт токена обновляется", "代币合约升级"),
    Reason.HOT_WALLET_LOW: (
        "the hot wallet is being refilled", "горячий кошелёк пополняется", "热钱包正在补充"),
    Reason.SECURITY_INCIDENT: (
        "a security incident", "инцидент безопасности", "安全事件"),
    Reason.RECONCILIATION_BREAK: (
        "chain and ledger do not agree", "сеть и книга учёта расходятся", "链上与账本不一致"),
    Reason.RESERVE_SHORTFALL: (
        "reserves do not cover all claims", "резервы не покрывают обязательств",
        "储备不足以覆盖负债"),
    Reason.REGULATORY_ORDER: (
        "an order of a regulator", "предписание регулятора", "监管要求"),
    Reason.SANCTIONS: ("sanctions", "санкции", "制裁"),
    Reason.MARKET_DISLOCATION: (
        "prices are not reliable", "цены ненадёжны", "价格不可靠"),
    Reason.VENDOR_DOWN: (
        "a checking service is down", "служба проверки не работает", "核查服务不可用"),
}  # fmt: skip
ACTIONS: dict[int, tuple[str, str, str]] = {
    Action.WITHDRAW: ("Withdrawals", "Вывод", "提币"),
    Action.DEPOSIT_CREDIT: ("Deposits", "Пополнение", "充币"),
    Action.INTERNAL_TRANSFER: ("Internal transfers", "Внутренние переводы", "内部转账"),
    Action.TRANSFER: ("Own transfers", "Переводы между счетами", "账户划转"),
    Action.SUB_TRANSFER: ("Sub-account transfers", "Переводы субсчетов", "子账户划转"),
    Action.TRADE_OPEN: ("New orders", "Новые ордера", "新订单"),
    Action.TRADE_ALL: ("Trading", "Торговля", "交易"),
    Action.EARN_SUBSCRIBE: ("Earn subscriptions", "Подписка на Earn", "赚币申购"),
    Action.EARN_REDEEM: ("Earn redemptions", "Выкуп Earn", "赚币赎回"),
    Action.API_WITHDRAW: ("Withdrawals by API", "Вывод через API", "API 提币"),
    Action.CONVERT: ("Convert", "Обмен", "闪兑"),
    Action.BOT: ("Bots", "Боты", "策略机器人"),
    Action.LOAN_OUT: ("Loans", "Займы", "借币"),
    Action.FIAT: ("Fiat", "Фиат", "法币"),
}
# A suspension may name them, so that it holds on the day they come: nobody can use them now.
NOT_OFFERED = (
    *(Action.EARN_SUBSCRIBE, Action.EARN_REDEEM, Action.CONVERT, Action.BOT, Action.LOAN_OUT),
    Action.FIAT,
)
LANGUAGES = ("en", "ru", "zh")
# Between two of a list, and before what is said of them.
POINTS = ((", ", ": "), (", ", ": "), ("、", "："))
SUSPENDED = ("suspended", "приостановлено", "暂停")
STATES = {
    SuspensionState.DRAFT: "draft",
    SuspensionState.ACTIVE: "active",
    SuspensionState.REOPEN_PLANNED: "reopen_planned",
    SuspensionState.GATE_CHECK: "gate_check",
    SuspensionState.CANARY: "canary",
    SuspensionState.DRAINING: "draining",
    SuspensionState.LIFTED: "lifted",
    SuspensionState.REPORTED: "reported",
    SuspensionState.DISCARDED: "discarded",
}


def actions_of(one: Suspension) -> list[Action]:
    """The single actions that it stops."""
    return [action for action in Action if one.terms.actions & action]


def titles(one: Suspension, where: str) -> dict[str, str]:
    """One sentence in each language: what is suspended, where and why."""
    found = {}
    for at, language in enumerate(LANGUAGES):
        comma, colon = POINTS[at]
        what = comma.join(ACTIONS[action][at] for action in actions_of(one))
        place = f" ({where})" if where else ""
        found[language] = f"{what}{place}{colon}{SUSPENDED[at]} – {REASONS[one.terms.reason][at]}"
    return found


def works(suspensions: list[Suspension]) -> list[str]:
    """Actions that this exchange offers and nothing stops everywhere."""
    stopped = 0
    for one in suspensions:
        if one.is_in_force and not (
            one.terms.scope.network or one.terms.scope.asset or one.terms.scope.key
        ):
            stopped |= one.terms.actions
    if stopped & Action.WITHDRAW:
        stopped |= Action.API_WITHDRAW  # which is one way to withdraw
    offered = [action for action in Action if action not in NOT_OFFERED and not stopped & action]
    return [action.name.lower() for action in offered if action.name]
