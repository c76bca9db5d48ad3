"""Parses routes: `FROM source [WHERE condition] INTO sink`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
    Call,
    Constant,
    Expression,
    FirstDefined,
    ItemPath,
    Logical,
    Negate,
    Not,
    PropertyPath,
    children,
)
from edgeops.localhub.query.numbers import literal_number
from edgeops.localhub.routing.functions import FUNCTIONS
from edgeops.localhub.routing.tokens import Kind, RouteError, RouteToken, route_tokens

MAX_CHARACTERS = 8192
_MAX_DEPTH = 64
_PRECEDENCE = {
    "??": 1,
    "OR": 2,
    "AND": 3,
    **dict.fromkeys(("=", "!="), 4),
    **dict.fromkeys(("<", ">", "<=", ">="), 5),
    **dict.fromkeys(("+", "-", "||"), 6),
    **dict.fromkeys(("*", "/", "%"), 7),
}
_UNARY = 8
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_BODY = "$body."
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]|\[['\"]([^\[\]]+)['\"]\]")


@dataclass(frozen=True, slots=True)
class MessageRoute:
    """A route: the beginning of the sources' paths, a condition, and where messages go.

    `source` is in lower case, with a slash at its end. `module` and `input` are
    None for `$upstream`. `calls` is how many functions the condition calls,
    `size` how many characters the route has.
    """

    source: str
    condition: Expression | None
    module: str | None
    input: str | None
    calls: int = 0
    size: int = 0


def parse_route(text: str) -> MessageRoute:
    """Parse a route. Raises `RouteError`."""
    if len(text) > MAX_CHARACTERS:
        raise RouteError(f"the route has more than {MAX_CHARACTERS} characters", 0)
    reader = _Reader(text)
    if reader.accept("SELECT"):
        reader.expect("*")
    reader.expect("FROM")
    source = _source(reader)
    condition = _expression(reader, 0, 0) if reader.accept("WHERE") else None
    reader.expect("INTO")
    module, name = _sink(reader)
    if reader.token.kind is not Kind.END:
        raise RouteError(f"expected the end, found {reader.token.text}", reader.token.position)
    calls = _calls(condition) if condition else 0
    return MessageRoute(source, condition, module, name, calls, len(text))


def _calls(expression: Expression) -> int:
    return isinstance(expression, Call) + sum(map(_calls, children(expression)))


class _Reader:
    """The position of the parser in a route. Words are compared in upper case."""

    def __init__(self, text: str) -> None:
        self._tokens = tuple(route_tokens(text))
        self._index = 0

    @property
    def token(self) -> RouteToken:
        return self._tokens[self._index]

    @property
    def word(self) -> str:
        token = self.token
        return token.text.upper() if token.kind in (Kind.NAME, Kind.SYMBOL) else ""

    @property
    def calls(self) -> bool:
        """Whether a name with an opening parenthesis comes next."""
        if self.token.kind is not Kind.NAME:
            return False
        following = self._tokens[self._index + 1]
        return following.kind is Kind.SYMBOL and following.text == "("

    def next(self) -> RouteToken:
        token = self.token
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def accept(self, word: str) -> bool:
        if self.word != word:
            return False
        self._index += 1
        return True

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise RouteError(f"expected {word}, found {self.token.text}", self.token.position)


def _source(reader: _Reader) -> str:
    position = reader.token.position
    parts: list[str] = []
    while reader.accept("/"):
        token = reader.next()
        if token.kind not in (Kind.NAME, Kind.NUMBER) and token.text != "*":
            raise RouteError(f"expected a part of the source, found {token.text}", token.position)
        parts.append(token.text)
    if not parts:
        raise RouteError("expected a source such as /messages/*", position)
    path = "/" + "/".join(parts).rstrip("*").rstrip("/")
    return path.rstrip("/").lower() + "/"


def _sink(reader: _Reader) -> tuple[str | None, str | None]:
    token = reader.next()
    if token.kind is Kind.SYSTEM_NAME and token.text.lower() == "$upstream":
        return None, None
    if token.kind is not Kind.NAME or token.text.upper() != "BROKEREDENDPOINT":
        message = f'expected $upstream or BrokeredEndpoint("..."), found {token.text}'
        raise RouteError(message, token.position)
    reader.expect("(")
    path = reader.next()
    parts = path.text.strip().removeprefix("/").removesuffix("/").split("/")
    if path.kind is not Kind.STRING or len(parts) != 4 or not all(parts):
        message = f'expected "/modules/name/inputs/name", found {path.text}'
        raise RouteError(message, path.position)
    reader.expect(")")
    return parts[1], parts[3]


def _expression(reader: _Reader, precedence: int, depth: int) -> Expression:
    """Read an expression whose operators all have a higher precedence than this one."""
    if depth > _MAX_DEPTH:
        message = f"the condition is nested deeper than {_MAX_DEPTH} levels"
        raise RouteError(message, reader.token.position)
    left = _operand(reader, depth)
    height = depth
    while _PRECEDENCE.get(reader.word, 0) > precedence:
        operator = reader.word
        reader.next()
        operands = [left, _expression(reader, _PRECEDENCE[operator], depth + 1)]
        while operator in ("AND", "OR", "??", "||") and reader.accept(operator):
            operands.append(_expression(reader, _PRECEDENCE[operator], depth + 1))
        left = _combined(operator, tuple(operands))
        height += 1
        if height > _MAX_DEPTH:
            raise RouteError("the condition has too many operators", reader.token.position)
    return left


def _combined(operator: str, operands: tuple[Expression, ...]) -> Expression:
    match operator:
        case "AND" | "OR":
            return Logical(operator, operands)
        case "??":
            return FirstDefined(operands)
        case "||":
            return Call("CONCAT", FUNCTIONS["CONCAT"].compute, operands)
    return Binary(operator, *operands)


def _operand(reader: _Reader, depth: int) -> Expression:
    if reader.calls and reader.word != "NOT":
        return _call(reader, depth)
    token = reader.next()
    match token.kind:
        case Kind.STRING:
            return Constant(token.text)
        case Kind.NUMBER:
            return Constant(_number(token))
        case Kind.SYSTEM_NAME:
            # a property that the sender named so comes first
            return FirstDefined((PropertyPath(("properties", token.text)), _system(token)))
        case Kind.NAME if token.text.upper() == "NOT":
            return Not(_expression(reader, _UNARY, depth + 1))
        case Kind.NAME:
            if token.text in _CONSTANTS:
                return Constant(_CONSTANTS[token.text])
            return PropertyPath(("properties", token.text))
    match token.text if token.kind is Kind.SYMBOL else "":
        case "-":
            return Negate(_expression(reader, _UNARY, depth + 1))
        case "(":
            inner = _expression(reader, 0, depth + 1)
            reader.expect(")")
            return inner
        case "{":
            name = reader.next()
            if name.kind is not Kind.SYSTEM_NAME:
                raise RouteError(f"expected a name with $, found {name.text}", name.position)
            reader.expect("}")
            return _system(name)
    raise RouteError(f"expected a value, found {token.text}", token.position)


def _call(reader: _Reader, depth: int) -> Expression:
    name = reader.next()
    function = FUNCTIONS.get(name.text.upper())
    if function is None:
        message = f"{name.text}() is not known; there are {', '.join(sorted(FUNCTIONS)).lower()}"
        raise RouteError(message, name.position)
    reader.expect("(")
    arguments: list[Expression] = []
    while not reader.accept(")"):
        if arguments:
            reader.expect(",")
        arguments.append(_expression(reader, 0, depth + 1))
    if not function.least <= len(arguments) <= function.most:
        message = f"{name.text}() does not take {len(arguments)} arguments"
        raise RouteError(message, name.position)
    return Call(name.text.upper(), function.compute, tuple(arguments))


def _system(token: RouteToken) -> ItemPath:
    """A system property, or a part of the body: `$body.list[0].name`."""
    if not token.text.lower().startswith(_BODY):
        return ItemPath(("system", token.text[1:]))
    path = token.text[len(_BODY) :]
    keys = tuple(int(m[2]) if m[2] else m[1] or m[3] for m in _STEP.finditer(path))
    if _STEP.sub("", path).strip(".") or not keys:
        raise RouteError(f"cannot read the path {token.text}", token.position)
    return ItemPath(("body", *keys))


def _number(token: RouteToken) -> int | float:
    text = token.text
    try:
        if text.lstrip("-")[:2] in ("0x", "0X"):
            return literal_number(int(text, 16))
        return literal_number(float(text) if not text.lstrip("-").isdecimal() else _whole(text))
    except (OverflowError, ValueError) as error:
        raise RouteError("the number is too large", token.position) from error


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= 20 else float(text)
