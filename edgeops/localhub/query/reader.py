"""A query's words, read one after the other."""

from __future__ import annotations

from edgeops.localhub.query.ast import QueryError
from edgeops.localhub.query.tokens import Token, TokenKind, tokens


class TokenReader:
    """Where the parser is in a text. Words are keywords (in upper case) and symbols."""

    def __init__(self, text: str) -> None:
        self._tokens = tuple(tokens(text))
        self._index = 0

    @property
    def token(self) -> Token:
        """The next token; END stays the next one for ever."""
        return self._tokens[self._index]

    @property
    def word(self) -> str:
        """The next token if it is a keyword or symbol, else an empty text."""
        token = self.token
        return str(token.value) if token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL) else ""

    @property
    def function(self) -> str:
        """The name of the function that is called next, in upper case, else an empty text."""
        token = self.token
        if token.kind is TokenKind.NAME and self._tokens[self._index + 1].value == "(":
            return token.text.upper()
        return ""

    def next(self) -> Token:
        """The next token, which is now read."""
        token = self.token
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def accept(self, word: str) -> bool:
        """Whether the word comes next; if so it is read."""
        if self.word != word:
            return False
        self._index += 1
        return True

    def expect(self, word: str) -> None:
        """Read the word. Raises QueryError when another comes next."""
        if not self.accept(word):
            raise QueryError(f"expected {word}, found {self.token.text}", self.token.position)

    def expect_end(self) -> None:
        """Raises QueryError when anything is left."""
        if self.word == "GROUP":
            raise QueryError("GROUP BY is not supported yet", self.token.position)
        if self.token.kind is not TokenKind.END:
            raise QueryError(f"expected the end, found {self.token.text}", self.token.position)

    def name(self) -> str:
        """Read a name, plain or `[[quoted]]`. Raises QueryError when there is none."""
        token = self.next()
        if token.kind is TokenKind.KEYWORD:
            message = f"{token.text} is a keyword; as a name write [[{token.text}]]"
            raise QueryError(message, token.position)
        if token.kind not in (TokenKind.NAME, TokenKind.QUOTED_NAME):
            raise QueryError(f"expected a name, found {token.text}", token.position)
        return str(token.value)

    def names(self) -> list[str]:
        """Read names with dots between them."""
        found = [self.name()]
        while self.accept("."):
            found.append(self.name())
        return found
