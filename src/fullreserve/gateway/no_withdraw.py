"""What the address of a line says while withdrawals of it are suspended."""

from __future__ import annotations

from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import Reason
from fullreserve.gateway.custody_desk import Line
from fullreserve.gateway.rest.x.suspension_rows import expected, is_public
from fullreserve.gateway.rest.x.suspension_words import LANGUAGES, REASONS
from fullreserve.gateway.stopped import Stopped

MAINTENANCE = ("maintenance of the network", "обслуживание сети", "网络维护")
# Nobody is told why a single user is stopped.
OPERATOR = ("the operator stopped them", "остановлено оператором", "由运营方暂停")
MSG = "Withdrawals are suspended: {why}. What is paid in cannot leave until they go on"


def no_withdraw(line: Line, stopped: Stopped, now_ms: int) -> dict[str, object]:
    """`xNoWithdraw`, and where it is true what stops withdrawals, since when and why.

    Times are in ms: `xSinceTs` is "" where it is not known, `xEstOpenTs` where nobody can say or
    the time has passed. `xSuspId` and `xReason` are "" of what is no public suspension.
    """
    stop, hold = stopped.withdrawals(line), line.withdrawals
    if stop is None and hold is None:
        return {"xNoWithdraw": False}
    told = stop if stop is not None and is_public(stop) else None
    times = [hold.until_ms] if hold is not None else []
    times += [stop.terms.est_open_ms] if stop is not None else []
    why = _why(stop, told)
    return {
        "xNoWithdraw": True,
        "xSuspId": str(told.number) if told is not None else "",
        "xReason": Reason(told.terms.reason).name if told is not None else "",
        "xSinceTs": str(told.created_ms) if told is not None else "",
        "xEstOpenTs": expected(max(times), now_ms) if all(times) else "",
        "xMsg": MSG.format(why=why[0]),
        "xWhy": dict(zip(LANGUAGES, why, strict=True)),
    }


def _why(stop: Suspension | None, told: Suspension | None) -> tuple[str, str, str]:
    if told is not None:
        return REASONS[told.terms.reason]
    return OPERATOR if stop is not None else MAINTENANCE
