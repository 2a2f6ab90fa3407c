"""An authority of this host's own, which vouches for this host alone.

Browsers give the camera to safe addresses only, and nobody sells certificates for a name in a home.
The authority's certificate says by itself (name constraints, RFC 5280 section 4.2.1.10) that it is
good for this host's names and addresses and for nothing else: whoever gets hold of its key can
pretend to be this host, not somebody's bank.
"""

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from livevision.errors import UsageError
from livevision.server import traces

AUTHORITY_DAYS = 365
"""How long devices may trust the authority before they are asked anew."""
SERVER_DAYS = 30
"""How long a server's certificate is good; a new one is made at every start."""
EARLY = timedelta(days=30)
"""Before its end an authority is made anew."""
_SKEW = timedelta(days=1)
"""Clocks of phones go wrong."""


@dataclass(frozen=True, slots=True)
class Names:
    """By what this host may be called in its network."""

    names: tuple[str, ...]
    """Lower case: "desk", "desk.local"."""
    addresses: tuple[str, ...]
    """Of its network, not of the loopback."""

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.names, *self.addresses)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in pairs, as phones show it."""
        digest = self.certificate.fingerprint(hashes.SHA256()).hex().upper()
        return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def vouches_for(self, names: Names, now: datetime) -> bool:
        """Whether it is good for all `names` and for a while yet."""
        if now > self.certificate.not_valid_after_utc - EARLY:
            return False
        found = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        return set(_general(names, constraint=True)) == set(found.value.permitted_subtrees or ())

    def server(self, names: Names, now: datetime) -> tuple[bytes, bytes]:
        """A certificate for `names` and its key, in PEM form."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(names.all[0]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + timedelta(days=SERVER_DAYS))
            .add_extension(
                x509.SubjectAlternativeName(_general(names, constraint=False)), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        chain = certificate.public_bytes(serialization.Encoding.PEM)
        return chain, _private(key)


def host_names() -> Names:
    """What this host is called in its network. Raises UsageError if it is in none."""
    name = socket.gethostname().split(".")[0].lower()
    names = (name, f"{name}.local") if name.isascii() and name not in ("", "localhost") else ()
    addresses = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # nothing is sent: connecting a datagram socket only chooses the address it would send from
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))
                addresses.append(str(probe.getsockname()[0]).partition("%")[0])
            except OSError:
                continue
    found = tuple(each for each in addresses if not ipaddress.ip_address(each).is_loopback)
    if not found:
        raise UsageError("This computer is in no network. Connect it, or leave --lan out.")
    return Names(names, found)


def make(names: Names, now: datetime) -> Authority:
    """A new authority that is good for `names` alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(f"livevision on {names.all[0]}, {now:%Y-%m-%d}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.NameConstraints(_general(names, constraint=True), None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def kept(
    names: Names, *, renew: bool = False, now: datetime | None = None
) -> tuple[Authority, bool]:
    """The authority of earlier times, and whether it is a new one.

    It is made anew if asked for, if this host is called otherwise now, or if it ends soon. Raises
    OutputError if it cannot be written.
    """
    now = now or datetime.now(UTC)
    if not renew:
        try:
            authority = _read()
            if authority.vouches_for(names, now):
                return authority, False
        except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
            pass  # none, or damaged: a new one does no harm but that devices have to trust it
    authority = make(names, now)
    traces.write(traces.authority_key(), _private(authority.key))
    traces.write(traces.authority(), authority.pem)
    return authority, True


def write_server(authority: Authority, names: Names) -> tuple[Path, Path]:
    """A server's certificate and key as files, for its owner alone; their paths. OutputError."""
    chain, key = authority.server(names, datetime.now(UTC))
    traces.write(traces.certificate(), chain)
    traces.write(traces.certificate_key(), key)
    return traces.certificate(), traces.certificate_key()


def _read() -> Authority:
    certificate = x509.load_pem_x509_certificate(traces.authority().read_bytes())
    key = serialization.load_pem_private_key(traces.authority_key().read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("another kind of key")
    if key.public_key() != certificate.public_key():
        raise ValueError("certificate and key do not belong together")
    return Authority(certificate, key)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general(names: Names, *, constraint: bool) -> Sequence[x509.GeneralName]:
    """The names as certificates write them; as a constraint an address is a network of one."""
    found: list[x509.GeneralName] = [x509.DNSName(each) for each in names.names]
    for each in names.addresses:
        address = ipaddress.ip_address(each)
        found.append(x509.IPAddress(ipaddress.ip_network(each) if constraint else address))
    return found


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
