"""Reads the tokens of a query in order."""

from __future__ import annotations

from edgeops.localhub.query.ast import QueryError
from edgeops.localhub.query.tokens import Token, TokenKind, tokens


class TokenReader:
    """The position of the parser in a text. Words are keywords (in upper case) and symbols."""

    def __init__(self, text: str) -> None:
        self._tokens = tuple(tokens(text))
        self._index = 0

    @property
    def token(self) -> Token:
        """The next token; after the last token it is always END."""
        return self._tokens[self._index]

    @property
    def word(self) -> str:
        """The next token if it is a keyword or symbol, else an empty string."""
        token = self.token
        return str(token.value) if token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL) else ""

    @property
    def function(self) -> str:
        """The name of a function call that comes next, in upper case, else an empty string."""
        token = self.token
        if token.kind is TokenKind.NAME and self._tokens[self._index + 1].value == "(":
            return token.text.upper()
        return ""

    def next(self) -> Token:
        """Read the next token."""
        token = self.token
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def accept(self, word: str) -> bool:
        """Read the word if it comes next; gives whether it did."""
        if self.word != word:
            return False
        self._index += 1
        return True

    def expect(self, word: str) -> None:
        """Read the word. Raises `QueryError` when it does not come next."""
        if not self.accept(word):
            raise QueryError(f"expected {word}, found {self.token.text}", self.token.position)

    def expect_end(self) -> None:
        """Raise `QueryError` unless all tokens are read."""
        if self.token.kind is not TokenKind.END:
            raise QueryError(f"expected the end, found {self.token.text}", self.token.position)

    def name(self) -> str:
        """Read a name, plain or `[[quoted]]`. Raises `QueryError` when there is none."""
        token = self.next()
        if token.kind is TokenKind.KEYWORD:
            message = f"{token.text} is a keyword; as a name write [[{token.text}]]"
            raise QueryError(message, token.position)
        if token.kind not in (TokenKind.NAME, TokenKind.QUOTED_NAME):
            raise QueryError(f"expected a name, found {token.text}", token.position)
        return str(token.value)

    def names(self) -> list[str]:
        """Read names that are separated by dots."""
        names = [self.name()]
        while self.accept("."):
            names.append(self.name())
        return names
