"""`openapi.json`: the API described by the types that read its requests (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from fullreserve import __version__
from fullreserve.gateway.order_entry import SELF_TRADES, SIDES, TYPES, UNITS
from fullreserve.gateway.rest.absent import Absent
from fullreserve.gateway.rest.route import API, Route, Routes

REFERENCE = "#/components/schemas/{name}"
NOT_OFFERED = "not offered"
HEADERS = ("OK-ACCESS-KEY", "OK-ACCESS-SIGN", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE")

ABOUT = """The OKX v5 API for spot and funding. Every answer is an envelope with `code`, `msg` and
`data`; `code` is "0" for success. Numbers are strings. A private request carries the four
`OK-ACCESS-` headers; the signature is Base64(HMAC-SHA256(secret, timestamp + METHOD + path and
query + body)). An operation on orders gives each of its rows a code of its own, `sCode`."""

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["code", "msg", "data"],
    "properties": {
        "code": {"type": "string", "pattern": "^[0-9]+$"},
        "msg": {"type": "string"},
        "data": {"type": ["array", "object"]},
        "inTime": {"type": "string", "description": "Arrival in microseconds, of order entry"},
        "outTime": {"type": "string", "description": "Answer in microseconds, of order entry"},
    },
}
ENVELOPED = {"application/json": {"schema": {"$ref": REFERENCE.format(name="Envelope")}}}
# The words that order entry takes, by field: it reads them from these tables.
ORDER_WORDS: dict[str, list[str]] = {
    "side": list(SIDES),
    "ordType": list(TYPES),
    "tdMode": ["cash"],
    "tgtCcy": ["", *UNITS],
    "stpMode": list(SELF_TRADES),
    "pxAmendType": ["", "0", "1"],
}
ORDER_REQUIRED = {
    "PlaceParams": ["instId", "tdMode", "side", "ordType", "sz"],
    "CancelParams": ["instId"],
    "AmendParams": ["instId"],
}


def document(routes: Routes) -> bytes:
    """The description of a table of routes, as JSON."""
    shapes = [route.shape for route in routes.values() if route.shape is not None]
    structs = list(dict.fromkeys(_struct(shape) for shape in shapes))
    made, components = msgspec.json.schema_components(structs, ref_template=REFERENCE)
    for name, required in ORDER_REQUIRED.items():
        _describe_order(components, name, required)
    found = dict(zip(structs, made, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), route in routes.items():
        operation = _operation(method, path, route, found, components)
        paths.setdefault(path, {})[method.lower()] = operation
    content = {
        "openapi": "3.1.0",
        "info": {"title": "Fullreserve", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Envelope": ENVELOPE},
            "responses": {"Answer": {"description": "The envelope", "content": ENVELOPED}},
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name} for name in HEADERS
            },
        },
    }
    return msgspec.json.encode(content)


def _struct(shape: Any) -> Any:
    """A shape itself, or that of its elements."""
    return get_args(shape)[0] if get_args(shape) else shape


def _describe_order(components: dict[str, Any], name: str, required: list[str]) -> None:
    # Another struct of the same name makes msgspec name both by their module.
    for full, schema in components.items():
        if full.rpartition(".")[2] == name and "instId" in schema["properties"]:
            schema["required"] = required
            for field, words in ORDER_WORDS.items():
                if field in schema["properties"]:
                    schema["properties"][field]["enum"] = words


def _operation(
    method: str, path: str, route: Route, found: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    group = path.removeprefix(API).partition("/")[0]
    answer = {"$ref": "#/components/responses/Answer"}
    summary, _, rest = route.about.strip().partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{path.removeprefix(API)}".replace("/", "_"),
        "tags": [NOT_OFFERED if isinstance(route.handler, Absent) else group],
        "summary": summary,
        "description": " ".join(rest.split()),
        "responses": {"200": answer, "default": answer},
    }
    if route.permission:
        operation["security"] = [{name: [] for name in HEADERS}]
    if route.allowance is not None:
        calls, window_ms, by = route.allowance
        operation["x-rate-limit"] = f"{calls}/{window_ms / 1000:g}s" + (f" by {by}" if by else "")
    if method == "GET":
        operation["parameters"] = _parameters(route.shape, found, components)
    else:
        schema = _body(route.shape, found)
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _body(shape: Any, found: dict[Any, Any]) -> dict[str, Any]:
    if shape is None:
        return {"type": ["object", "array"]}
    schema: dict[str, Any] = found[_struct(shape)]
    return {"type": "array", "items": schema, "maxItems": 20} if get_args(shape) else schema


def _parameters(
    shape: Any, found: dict[Any, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    if shape is None:
        return []
    schema = components[found[shape]["$ref"].removeprefix(REFERENCE.format(name=""))]
    required = schema.get("required", [])
    rows = []
    for name, field in schema["properties"].items():
        kind = _without_null(field)
        about = kind.pop("description", "")
        row = {"name": name, "in": "query", "required": name in required, "schema": kind}
        # A list is one text with commas.
        style = {"style": "form", "explode": False} if kind.get("type") == "array" else {}
        rows.append({**row, **style, "description": about})
    return rows


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out, not null."""
    if None in schema.get("enum", ()):
        return {**schema, "enum": [word for word in schema["enum"] if word is not None]}
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        if len(kinds) == 1:
            rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
            return {**kinds[0], **rest}
    return dict(schema)
