"""Keys in a PKCS#11 token: made inside, not extractable, used through the vendor's module.

The standard knows no hierarchical keys, so that each is a single one. ECDSA over the digest as it
is (CKM_ECDSA): https://docs.oasis-open.org/pkcs11/pkcs11-spec/v3.1/. Needs the `pkcs11` extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coincurve import PublicKey

from fullreserve.custody.keys.device import Device, DeviceProblem, NoSuchKey, checked, no_path
from fullreserve.custody.keys.signature import HALF, BadSignature, recoverable

CURVE = "secp256k1"
_POINT = 65


class TokenDevice(Device):
    """One session of one token."""

    def __init__(self, session: Any, label: str) -> None:
        self._session = session
        self._label = label
        self._public: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"TokenDevice({self._label})"

    @classmethod
    def open(cls, module: Path, label: str, pin: str) -> TokenDevice:
        """DeviceProblem: no such module or token, with what is allowed, or a wrong PIN."""
        try:
            import pkcs11
        except ImportError:
            raise DeviceProblem("tokens need the package's `pkcs11` extra") from None
        try:
            library = pkcs11.lib(str(module))
        except (pkcs11.PKCS11Error, RuntimeError) as problem:
            raise DeviceProblem(
                f"module {module}: {problem}; --module is the PKCS#11 library of the token's "
                "vendor, a shared object"
            ) from None
        try:
            token = library.get_token(token_label=label)
            return cls(token.open(user_pin=pin, rw=True), label)
        except pkcs11.NoSuchToken:
            labels = sorted(one.label for one in library.get_tokens())
            there = ", ".join(map(repr, labels)) or "none"
            raise DeviceProblem(
                f"module {module} has no token {label!r}; --token is one of: {there}"
            ) from None
        except (pkcs11.PKCS11Error, RuntimeError) as problem:
            raise DeviceProblem(f"token {label!r}: {type(problem).__name__}") from None

    def make(self, name: str) -> bytes:
        """Makes a key inside; its public part. DeviceProblem when the name is taken."""
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters

        if name in self.names():
            raise DeviceProblem(f"token {self._label!r} has a key {name!r} already")
        try:
            curve = self._session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)},
                local=True,
            )
            kept = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
            curve.generate_keypair(label=name, store=True, private_template=kept)
        except pkcs11.PKCS11Error as problem:
            raise DeviceProblem(f"token {self._label!r}: {type(problem).__name__}") from None
        return self.public(name)

    def names(self) -> Sequence[str]:
        import pkcs11

        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC,
        }
        return tuple(sorted(one.label for one in self._session.get_objects(wanted)))

    def public(self, name: str, path: Sequence[int] = ()) -> bytes:
        import pkcs11

        no_path(path)
        if name not in self._public:
            found = self._object(name, pkcs11.ObjectClass.PUBLIC_KEY)
            # An octet string of DER around the point.
            point = bytes(found[pkcs11.Attribute.EC_POINT])[-_POINT:]
            self._public[name] = PublicKey(point).format()
        return self._public[name]

    def branch(self, name: str) -> None:
        self.public(name)

    def sign(self, name: str, digest: bytes, path: Sequence[int] = ()) -> bytes:
        import pkcs11

        no_path(path)
        key = self.public(name)
        found = self._object(name, pkcs11.ObjectClass.PRIVATE_KEY)
        try:
            made = bytes(found.sign(checked(digest), mechanism=pkcs11.Mechanism.ECDSA))
            r, s = int.from_bytes(made[:HALF], "big"), int.from_bytes(made[HALF:], "big")
            return recoverable(r, s, digest, key)
        except (pkcs11.PKCS11Error, BadSignature) as problem:
            raise DeviceProblem(f"token {self._label!r}: {type(problem).__name__}") from None

    def close(self) -> None:
        self._session.close()

    def _object(self, name: str, kind: Any) -> Any:
        import pkcs11

        wanted = {pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.LABEL: name}
        found = next(iter(self._session.get_objects(wanted)), None)
        if found is None:
            raise NoSuchKey(f"token {self._label!r} holds no key {name!r}")
        return found
