"""Write web/src/api/endpoints.ts: what each endpoint takes, from the server's OpenAPI document.

`python -m scripts.web_types` writes the file; a test fails when it is not up to date. Endpoints of
products that are not offered are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.app import routes
from fullreserve.gateway.rest.openapi import NOT_OFFERED, document
from fullreserve.gateway.rest.route import API
from scripts.endpoints import Nobody
from scripts.source import ROOT

FILE = ROOT / "web" / "src" / "api" / "endpoints.ts"
HEAD = """// Written by `python -m scripts.web_types` from the OpenAPI document; do not edit.

/** Parameters by method and path below /api/v5/; numbers may be sent as text. */
export interface Endpoints {
"""
COLUMNS = 100


def text() -> str:
    """The whole file."""
    described = json.loads(document(routes(cast(Context, Nobody()))))
    schemas = described["components"]["schemas"]
    lines: list[str] = []
    for path, operations in sorted(described["paths"].items()):
        for method, operation in sorted(operations.items()):
            if NOT_OFFERED not in operation["tags"]:
                name = f"{method.upper()} {path.removeprefix(API)}"
                lines += _entry(name, operation, schemas)
    return HEAD + "\n".join(lines) + "\n}\n"


def _entry(name: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    rows = operation.get("parameters")
    is_list = False
    if rows is None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        is_list = schema.get("type") == "array"
        rows = _fields(schema.get("items", schema), schemas)
    fields = [
        f"{_key(row['name'])}{'' if row['required'] else '?'}: {_kind(row['schema'], schemas)}"
        for row in rows
    ]
    end = "[]" if is_list else ""
    one = f"  '{name}': {{ {'; '.join(fields)} }}{end}"
    if not fields:
        yield f"  '{name}': Record<string, never>"
    elif len(one) <= COLUMNS:
        yield one
    else:
        yield f"  '{name}': {{"
        for field in fields:
            yield from _wrapped(field)
        yield f"  }}{end}"


def _wrapped(field: str) -> Iterator[str]:
    if len(field) + 4 <= COLUMNS:
        yield f"    {field}"
        return
    name, _, kind = field.partition(": ")
    yield f"    {name}:"
    for word in kind.split(" | "):
        yield f"      | {word}"


def _key(name: str) -> str:
    return name if name.isidentifier() else f"'{name}'"


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found = _resolved(schema, schemas)
    required = found.get("required", [])
    return [
        {"name": name, "required": name in required, "schema": field}
        for name, field in found.get("properties", {}).items()
    ]


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return cast(dict[str, Any], schemas[schema["$ref"].rpartition("/")[2]])
    return schema


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema as a type; order entry reads its fields as text, whatever they look like."""
    schema = _resolved(schema, schemas)
    if "anyOf" in schema:
        kinds = [_kind(each, schemas) for each in schema["anyOf"] if each.get("type") != "null"]
        return " | ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " | ".join(f"'{word}'" for word in schema["enum"] if word is not None)
    match schema.get("type"):
        case "boolean":
            return "boolean"
        case "integer" | "number":
            return "number | string"
        case "array":
            kind = _kind(schema.get("items", {}), schemas)
            return f"({kind})[]" if " | " in kind else f"{kind}[]"
        case "string":
            return "string"
        case _:
            return "unknown"


def main() -> None:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
