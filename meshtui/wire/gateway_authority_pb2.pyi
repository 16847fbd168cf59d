from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SignServerCertificateRequest(_message.Message):
    __slots__ = ("authority", "csr", "hosts", "validity_duration_seconds", "target", "actor")
    AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    authority: str
    csr: str
    hosts: _containers.RepeatedScalarFieldContainer[str]
    validity_duration_seconds: int
    target: str
    actor: str
    def __init__(self, authority: _Optional[str] = ..., csr: _Optional[str] = ..., hosts: _Optional[_Iterable[str]] = ..., validity_duration_seconds: _Optional[int] = ..., target: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class SignServerCertificateResponse(_message.Message):
    __slots__ = ("cert_chain",)
    CERT_CHAIN_FIELD_NUMBER: _ClassVar[int]
    cert_chain: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cert_chain: _Optional[_Iterable[str]] = ...) -> None: ...
