"""What all reports have in common: made from JSON without loss, and turned back into it."""

from __future__ import annotations

import base64
import html
import math
from typing import Any, Callable, ClassVar, Dict, Iterator, Optional, Tuple, Type, TypeVar

R = TypeVar("R", bound="Report")
Convert = Callable[[Any], Any]


class Report:
    """A report of the library.

    Members that the library has and this version of the package does not know are kept: as attributes, and in `extra`.
    """

    _convert: ClassVar[Tuple[Tuple[str, Convert], ...]] = ()
    _renamed: ClassVar[Tuple[Tuple[str, str], ...]] = ()
    _known: ClassVar[Tuple[str, ...]] = ()

    @classmethod
    def _read(cls: Type[R], document: Dict[str, Any]) -> R:
        """Makes a report of a parsed document, which it takes over."""
        for key, convert in cls._convert:
            value = document.get(key)
            if value is not None:
                document[key] = convert(value)
        for key, name in cls._renamed:
            if key in document:
                document[name] = document.pop(key)
        self = cls.__new__(cls)
        # The generated __init__ of a frozen class sets each field by itself, which for a report of `health` takes longer than health.
        self.__dict__.update(document)
        return self

    @classmethod
    def _describe(
        cls, known: Tuple[str, ...], convert: Tuple[Tuple[str, Convert], ...] = (), renamed: Tuple[Tuple[str, str], ...] = ()
    ) -> None:
        cls._known, cls._convert, cls._renamed = known, convert, renamed
        for name in known:
            if not hasattr(cls, name):
                setattr(cls, name, None)  # what an older library does not tell

    @property
    def extra(self) -> Dict[str, Any]:
        """Members that this version of the package does not know."""
        return {name: value for name, value in self.__dict__.items() if name not in self._known}

    def to_dict(self) -> Dict[str, Any]:
        """The document as the library handed it out."""
        names = {name: key for key, name in self._renamed}
        return {names.get(name, name): to_json(value) for name, value in self.__dict__.items()}


def to_json(value: Any) -> Any:
    """What stands for `value` in a document."""
    if isinstance(value, Report):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: to_json(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(member) for member in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and math.isinf(value):
        return {"real": "inf" if value > 0 else "-inf"}
    return value


def each(convert: Convert) -> Convert:
    """Converts the elements of an array."""
    return lambda values: tuple([convert(value) for value in values])


def members(convert: Convert) -> Convert:
    """Converts the members of an object."""
    return lambda values: {key: convert(value) for key, value in values.items()}


def first_of(*candidates: Type[Report]) -> Convert:
    """Reads the first of several reports whose members are all there."""

    def read(document: Dict[str, Any]) -> Report:
        for candidate in candidates:
            names = dict((name, key) for key, name in candidate._renamed)
            if all(names.get(name, name) in document for name in candidate._known):
                return candidate._read(document)
        return candidates[0]._read(document)

    return read


def cell(value: Dict[str, Any]) -> Any:
    """A value of a row that JSON has no other way to write; anything else as it is."""
    if len(value) == 1:
        if "base64" in value:
            return base64.b64decode(value["base64"])
        if "real" in value:
            return float(value["real"])
    return value


class Table(Report):
    """A report with columns and rows: shows itself as a table, and is a sequence of its rows."""

    columns: Tuple[str, ...]
    rows: Tuple[Tuple[Any, ...], ...]

    _SHOWN: ClassVar[int] = 20

    def __iter__(self) -> Iterator[Tuple[Any, ...]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return True  # a report without rows is a report

    def __getitem__(self, index: int) -> Tuple[Any, ...]:
        return self.rows[index]

    def dicts(self) -> Iterator[Dict[str, Any]]:
        """The rows as dictionaries; of columns with the same name the last one counts."""
        return (dict(zip(self.columns, row)) for row in self.rows)

    def _summary(self) -> Optional[str]:
        if not self.columns:
            return None
        count = len(self.rows)
        said = f"{count} row" if count == 1 else f"{count} rows"
        return said if count <= self._SHOWN else f"{said}, the first {self._SHOWN} shown"

    def __repr__(self) -> str:
        summary = self._summary()
        if summary is None:
            changes = self.__dict__.get("changes")
            return f"<rpmadb {type(self).__name__}: {changes} changed, last rowid {self.__dict__.get('last_insert_rowid')}>"
        lines = [self.columns] + [tuple(_shown(value) for value in row) for row in self.rows[: self._SHOWN]]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        texts = ["  ".join(value.ljust(width) for value, width in zip(line, widths)).rstrip() for line in lines]
        texts.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(texts) + f"\n({summary})"

    def _repr_html_(self) -> str:
        summary = self._summary()
        if summary is None:
            return f"<p>{html.escape(repr(self))}</p>"
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row) + "</tr>"
            for row in self.rows[: self._SHOWN]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(summary)}</p>"


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value[:16].hex()}'" + ("..." if len(value) > 16 else "")
    text = str(value)
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:200])
    return text if len(str(value)) <= 200 else text + "..."
