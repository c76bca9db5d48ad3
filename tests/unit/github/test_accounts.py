"""Who an account is, and whom a commit thanks."""

import pytest

from edgeops.github.accounts import Account, account_of, co_authors


@pytest.mark.parametrize("user", [None, {}, "ada", {"login": ""}, {"id": 4}])
def test_what_is_not_an_account(user):
    assert account_of(user) is None


def test_apps_are_not_persons():
    assert account_of({"login": "ada", "id": 4, "type": "User"}) == Account("ada", 4)
    for kind in ("Bot", "Organization", "Mannequin", None):
        account = account_of({"login": "x", "id": 4, "type": kind})
        assert account is not None
        assert not account.person


def test_trailers_name_those_who_have_an_address_of_github():
    message = (
        "Change\n\nCo-authored-by: Ada L <4+ada@users.noreply.github.com>\n"
        "co-authored-by: x <grace-h@users.noreply.github.com>\n"
        "Co-Authored-By: y <5+eve@users.noreply.github.contoso.com>\n"
        "Co-authored-by: Bob <bob@contoso.com>\n"
        "so it was Co-authored-by: z <6+zoe@users.noreply.github.com>\n"
    )
    assert list(co_authors(message)) == [
        Account("ada", 4),
        Account("grace-h", None),
        Account("eve", 5),
    ]
