"""What the host gives, as the library takes it: UTF-8 that ends with a NUL, and JSON."""

from __future__ import annotations

import json
import operator
import os
from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Union

from ._capi import StrPath
from ._report import to_json
from .errors import InvalidArgument

#: Values for the `?` of a statement, or for its `:name`. bytes are a BLOB.
Parameters = Union[Sequence[Any], Mapping[str, Any], None]


def _ended(encoded: bytes) -> bytes:
    # What stands behind a NUL would be cut off without a word.
    if b"\0" in encoded:
        raise invalid("a text has a NUL character inside", "only values of statements may have one")
    return encoded


def invalid(message: str, hint: Optional[str] = None) -> InvalidArgument:
    """What the library says of an argument that cannot be handed to it."""
    return InvalidArgument({"status": InvalidArgument.STATUS, "name": "INVALID_ARGUMENT", "message": message, "hint": hint})


def text(value: str) -> bytes:
    # A lone surrogate goes down as it is: that it is no UTF-8 is for the library to say.
    return _ended(value.encode("utf-8", "surrogatepass"))


def text_or_none(value: Optional[str]) -> Optional[bytes]:
    return None if value is None else text(value)


def path_text(value: StrPath) -> bytes:
    return _ended(os.fsencode(value))


def path_text_or_none(value: Optional[StrPath]) -> Optional[bytes]:
    return None if value is None else path_text(value)


def integer(value: int) -> int:
    number = operator.index(value)
    # ctypes would take the lowest 64 bits of it.
    if not -(2**63) <= number < 2**63:
        raise invalid(f"{number} is no integer of 64 bits")
    return number


def unsigned(value: int) -> int:
    number = operator.index(value)
    if not 0 <= number < 2**64:
        raise invalid(f"{number} is no unsigned integer of 64 bits")
    return number


def _other(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__index__"):
        return integer(value)  # the integers of numpy
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return list(value)
    raise TypeError(f"a {type(value).__name__} has no place in a document")


def _value(value: Any) -> Any:
    return to_json(value) if isinstance(value, (bytes, bytearray, memoryview)) else _other(value)


_options = json.JSONEncoder(default=_other, separators=(",", ":"), check_circular=True).encode
_parameters = json.JSONEncoder(default=_value, separators=(",", ":"), check_circular=True).encode


def options_text(given: Optional[Mapping[str, Any]], more: Optional[Mapping[str, Any]]) -> Optional[bytes]:
    """The options that were given a value, as a document; None when none was."""
    chosen: Dict[str, Any] = {}
    if given is not None:
        for name, value in given.items():
            if value is not None:
                chosen[name] = value
    if more:
        chosen.update(more)
    return _options(chosen).encode("ascii") if chosen else None


def parameters(values: Parameters) -> Optional[bytes]:
    if values is None:
        return None
    each: Iterable[Any] = values if isinstance(values, (list, tuple, Sequence)) else ()
    for value in values.values() if isinstance(values, Mapping) else each:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            integer(value)  # JSON would make a REAL of it
    encoded = _parameters(values)
    if "Infinity" in encoded:  # JSON has no such number
        encoded = _parameters(to_json(values if isinstance(values, (dict, list, tuple)) else _other(values)))
    return encoded.encode("ascii")
