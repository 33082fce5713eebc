"""What SQLite's planner is told of the tables: the sizes of a busy exchange, the same for ever.

Without statistics it takes every index for as good as any other and walks an account's whole past
for the few rows of one kind. Statistics that are written by hand make its plans stable.
https://sqlite.org/lang_analyze.html
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# Of each index, and of the key under the table's own name: rows of the table, and how many of them
# share the first column, the first two, and so on.
_ROWS = 10_000_000
_SHARED: dict[str, dict[str, tuple[int, ...]]] = {
    "orders": {
        "orders": (500_000, 100_000, 1),
        "orders_of_owner": (500_000, 1),
        "orders_by_state": (500_000, 5_000, 1),
        "orders_by_instrument_state": (500_000, 100_000, 1_000, 1),
        "orders_by_client_order_id": (500_000, 2, 1),
        "orders_to_forget": (10,),
    },
    "fills": {
        "fills": (500_000, 100_000, 1),
        "fills_of_owner": (500_000, 1),
        "fills_of_order": (500_000, 2, 1),
    },
    "bills": {
        "bills": (1_000_000, 900_000, 1),
        "bills_of_movements": (1_000, 500, 1),
    },
}


def tell(connection: Connection) -> None:
    """Writes the statistics into a new database; whoever opens it from then on plans by them."""
    connection.execute(text("ANALYZE"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    row = text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :index, :shared)")
    for table, indexes in _SHARED.items():
        for index, shared in indexes.items():
            numbers = " ".join(map(str, (_ROWS, *shared)))
            connection.execute(row, {"table": table, "index": index, "shared": numbers})
    connection.execute(text("ANALYZE sqlite_schema"))  # this connection plans by them too
