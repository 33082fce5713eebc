"""`x/withdrawal-addresses`: the address book; API keys withdraw to nothing else."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.chain_addresses import written
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.own_addresses import OwnAddresses
from fullreserve.gateway.rest.params import Params, whole
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, proven, signed_in
from fullreserve.gateway.withdrawal_lock import is_locked, own_settings, require_unlocked
from fullreserve.identity.address_book import Address


class NewAddressParams(Params):
    """An address on a chain."""

    chain: Annotated[str, Meta(description="Chain, for example USDT-ERC20; the network counts")]
    addr: Annotated[str, Meta(description="The address, address:memo where the chain has memos")]
    label: Annotated[str, Meta(description="A name, at most 50 characters")]


class AddressParams(Params):
    """One entry."""

    addr_id: Annotated[str, Meta(description="The entry's id")]


def routes(context: Context) -> Routes:
    """Endpoints by method and path; adding wants a proven session, removing does under a lock."""
    book = _Book(context)
    return {
        ("GET", "x/withdrawal-addresses"): in_session(Params, book.listed),
        ("POST", "x/withdrawal-addresses/add"): in_session(NewAddressParams, book.add, 2),
        ("POST", "x/withdrawal-addresses/remove"): in_session(AddressParams, book.remove),
    }


class _Book:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk
        self._own = OwnAddresses(context)

    async def listed(self, request: Request, _params: Params) -> bytes:
        """The user's addresses, oldest first."""
        session = signed_in(request)
        found = await self._desk.act(self._desk.rooms.addresses.of, session.uid)
        known = await lines(self._context)
        return wire.envelope([_row(known, one) for one in found])

    async def add(self, request: Request, params: NewAddressParams) -> bytes:
        """Add an address; it can be withdrawn to after 24 hours. Not while settings are locked."""
        session = proven(request)
        await require_unlocked(self._context, session.uid)
        known = await lines(self._context)
        network = next((one.network for one in known if one.chain == params.chain), None)
        addresses = self._context.addresses.get(network.network) if network else None
        if network is None or addresses is None:
            offered = [one.chain for one in known if one.network.network in self._context.addresses]
            allowed = "one of " + ", ".join(offered) if offered else "none: no chain is connected"
            raise Problem(51000, "chain", allowed)
        if network.needs_memo and not params.addr.partition(":")[2]:
            raise Problem(58221, allowed="address:memo")
        try:
            text = written(addresses, params.addr)
        except ValueError as problem:
            raise Problem(58222, allowed=str(problem)) from None
        await self._own.require_not_house(network.network, text)
        book = self._desk.rooms.addresses
        made = await self._desk.act(book.add, session.uid, network.network, text, params.label)
        return wire.envelope([_row(known, made)])

    async def remove(self, request: Request, params: AddressParams) -> bytes:
        """Take an address out at once; while settings are locked, in a proven session."""
        session = signed_in(request)
        if is_locked(self._context, await own_settings(self._context, session.uid)):
            # It could not be put back before the lock ends.
            session = proven(request)
        number = whole("addrId", params.addr_id, 1, 2**62)
        await self._desk.act(self._desk.rooms.addresses.remove, session.uid, number)
        return wire.envelope([])


def _row(known: list[Line], one: Address) -> dict[str, object]:
    chains = [line.chain for line in known if line.network.network == one.network]
    return {
        "addrId": str(one.number),
        "addr": one.text,
        "chains": chains,
        "label": one.label,
        "addedTime": str(one.added_ms),
        "usableTime": str(one.usable_ms),
    }
