"""Words for people: titles of suspensions and their public reasons, in each language."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import LEAVING, Action, Mode, Reason

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
LIMITED = ("limited", "ограничено", "限额")
REVIEWED = ("looked at by people first", "сначала проверяют люди", "先由人工审核")
# What a cap leaves of 24 hours: to each user, and to all of them.
EACH = ("at most {} a user", "не больше {} на пользователя", "每位用户最多 {}")
ALL = (
    "at most {} of all users on each chain",
    "не больше {} на всех в каждой сети",
    "所有用户在每条链上合计最多 {}",
)
IN_A_DAY = (" in 24 hours", " за 24 часа", "（24 小时内）")
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


class Caps(NamedTuple):
    """What a suspension in mode `cap` leaves of 24 hours, with units; "" for no such cap."""

    each: str
    all: str


def titles(one: Suspension, where: str, caps: Caps) -> dict[str, str]:
    """One sentence in each language: what is suspended or limited, where and why."""
    found = {}
    for at, language in enumerate(LANGUAGES):
        comma, colon = POINTS[at]
        place = f" ({where})" if where else ""
        parts = []
        for actions, how in _hows(one, caps, at):
            what = comma.join(ACTIONS[action][at] for action in actions)
            parts.append(f"{what}{place}{colon}{how}")
        found[language] = f"{'; '.join(parts)} – {REASONS[one.terms.reason][at]}"
    return found


def _hows(one: Suspension, caps: Caps, at: int) -> list[tuple[list[Action], str]]:
    """What becomes of which actions, in a language: of withdrawals as the mode says."""
    stopped, how = actions_of(one), ""
    if one.terms.mode == Mode.REVIEW:
        how = REVIEWED[at]
    elif one.terms.mode == Mode.CAP:
        named = ((EACH, caps.each), (ALL, caps.all))
        bounds = [words[at].format(cap) for words, cap in named if cap]
        how = POINTS[at][0].join([LIMITED[at], *bounds]) + IN_A_DAY[at]
    leaving = [action for action in stopped if how and action & LEAVING]
    rest = [action for action in stopped if action not in leaving]
    return [each for each in ((leaving, how), (rest, SUSPENDED[at])) if each[0]]


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
