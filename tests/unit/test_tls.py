"""Goal: a certificate is made, taken, renewed, and never lost to a bad file.

Method: handshakes in memory between a server's context and a client's.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from fullreserve.app.localhost_certificate import write
from fullreserve.app.running import _rules
from fullreserve.app.tls import LOOK_MS, ServerTls, UnusableCertificate, client_context
from fullreserve.clock import ManualClock, SystemClock
from fullreserve.config import SettingError, Settings, TlsSettings
from tests.memory_folder import memory_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made / "tls"


def written(folder: Path) -> TlsSettings:
    certificate, key = write(folder, SystemClock())
    return TlsSettings(str(certificate), str(key))


def served(tls: ServerTls, client: ssl.SSLContext, host: str = "localhost") -> bytes:
    """The certificate that a client gets in a whole handshake, as DER."""
    pipes = [ssl.MemoryBIO() for _ in range(2)]
    ends = [
        client.wrap_bio(pipes[0], pipes[1], server_hostname=host),
        tls.context.wrap_bio(pipes[1], pipes[0], server_side=True),
    ]
    waiting = list(ends)
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    assert ends[0].version() in ("TLSv1.2", "TLSv1.3")
    found = ends[0].getpeercert(binary_form=True)
    assert found is not None
    return found


def test_the_localhost_certificate_is_for_this_machine_alone(folder: Path) -> None:
    """Criterion: TLS-3."""
    settings = written(folder)
    tls = ServerTls(settings, SystemClock())
    client = ssl.create_default_context(cafile=settings.certificate)
    for host in ("localhost", "127.0.0.1", "::1"):
        served(tls, client, host)
    with pytest.raises(ssl.SSLCertVerificationError):
        served(tls, client, "exchange.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        served(tls, ssl.create_default_context())
    certificate = x509.load_pem_x509_certificate(Path(settings.certificate).read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not constraints.value.ca
    assert Path(settings.key).stat().st_mode & 0o077 == 0


def test_the_exchanges_own_clients_trust_its_certificate_under_any_name(folder: Path) -> None:
    """Criterion: TLS-5."""
    settings = written(folder)
    tls = ServerTls(settings, SystemClock())
    served(tls, client_context(settings.certificate), "10.0.0.1")
    other = written(folder.with_name("other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        served(tls, client_context(other.certificate))


def test_a_renewed_certificate_is_served_and_a_bad_one_is_not(folder: Path) -> None:
    """Criterion: TLS-2."""
    settings = written(folder)
    tls = ServerTls(settings, SystemClock())
    context, first = tls.context, served(tls, client_context(settings.certificate))
    written(folder)
    assert tls.reload()
    second = served(tls, client_context(settings.certificate))
    assert second != first
    assert tls.context is context
    # A certificate whose key has not come yet, no certificate, none at all.
    trusting = client_context(settings.certificate)
    for breakage in ("other", "nonsense", "missing"):
        if breakage == "other":
            other = written(folder.with_name("other"))
            Path(settings.certificate).write_bytes(Path(other.certificate).read_bytes())
        elif breakage == "nonsense":
            Path(settings.key).write_text("-----BEGIN NOTHING-----\n")
        else:
            Path(settings.certificate).unlink()
        assert not tls.reload()
        assert served(tls, trusting) == second


async def test_changed_files_are_noticed(folder: Path) -> None:
    """Criterion: TLS-2."""
    settings, clock = written(folder), ManualClock()
    tls = ServerTls(settings, clock)
    first = served(tls, client_context(settings.certificate))
    reloads: list[bool] = []
    reload = tls.reload
    tls.__dict__["reload"] = lambda: reloads.append(reload())
    tls.start()
    await clock_passes(clock)
    assert reloads == []
    written(folder)
    await clock_passes(clock)
    assert reloads == [True]
    assert served(tls, client_context(settings.certificate)) != first
    await clock_passes(clock)
    assert reloads == [True]
    await tls.close()


async def clock_passes(clock: ManualClock) -> None:
    """One look at the files; what waits on the clock runs before this returns."""
    import asyncio

    await asyncio.sleep(0)
    clock.advance(LOOK_MS)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_a_start_with_unusable_files_says_what_is_wrong(folder: Path) -> None:
    """Criterion: TLS-4."""
    settings = written(folder)
    for wrong, word in (
        (TlsSettings(str(folder / "none.pem"), settings.key), "none.pem is not there"),
        (TlsSettings(settings.key, settings.key), "cannot be used"),
        (TlsSettings(settings.certificate, settings.certificate), "cannot be used"),
    ):
        with pytest.raises(UnusableCertificate, match=word):
            ServerTls(wrong, SystemClock())


def test_certificate_and_key_are_set_together() -> None:
    """Criterion: TLS-4."""
    for name in ("FULLRESERVE_TLS_CERTIFICATE", "FULLRESERVE_TLS_KEY"):
        with pytest.raises(SettingError, match="set together"):
            Settings.load({name: "a.pem"})


def test_cookies_are_secure_under_tls() -> None:
    """Criterion: TLS-6."""
    assert not _rules(Settings()).is_secure
    tls = TlsSettings("a.pem", "a.key")
    assert _rules(Settings(tls=tls)).is_secure
    assert _rules(Settings(tls=tls)).session_cookie.startswith(b"__Host-")
