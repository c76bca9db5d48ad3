"""The writers of a pull request, who cannot approve it.

Only a push proves an identity, since it needs a login. The author of a commit
is set freely by whoever makes the commit, so it can only add writers here. An
unknown commit author adds none: the account that pushed the commit is known.

A workflow pushes as an app, which any workflow of any branch can use. The
person behind it is known only if a run of the protected branch left its mark:
an artifact named after the commit, which only that run can create.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeops.commit import short_commit
from edgeops.github.accounts import Account
from edgeops.github.facts import Facts, Push
from edgeops.github.workflow import BOT

CREATED = "branch_creation"
_PUSHES = {"push", "force_push", CREATED}
MARK = "proposal-"  # followed by the commit: the artifact of the run that made the commit


@dataclass(frozen=True, slots=True)
class Writers:
    """The people who wrote any part; `unknown` is the reason if that list is not complete."""

    people: tuple[Account, ...] = ()
    unknown: str = ""

    def includes(self, account: Account) -> bool:
        """Whether the account is one of them."""
        return any(account.is_same(person) for person in self.people)


def writers(facts: Facts) -> Writers:
    """The accounts that opened the pull request, pushed to its branch, or are in its commits."""
    history = history_of(facts.pushes, facts.pull.head)
    if not history:
        return Writers(unknown="GitHub does not list all pushes to its branch")
    if history[-1].at > facts.pull.opened_at:
        return Writers(unknown="its branch was recreated after it was opened")
    people = [person for commit in facts.commits for person in commit]
    by_runs = False
    for push in history:
        if push.kind not in _PUSHES:
            return Writers(unknown="another pull request was merged into its branch")
        if push.by is not None and push.by.person:
            people.append(push.by)
            continue
        starters = _behind(push, facts)
        if isinstance(starters, str):
            return Writers(unknown=starters)
        people += starters
        by_runs = True
    opener = facts.pull.opener
    if opener is not None and not opener.person and not (opener.login == BOT and by_runs):
        return Writers(
            unknown=f"it was opened by the app {opener.login}: the person behind it is unknown"
        )
    if opener is not None:
        people.append(opener)
    return Writers(tuple(people))


def history_of(pushes: Sequence[Push], head: str) -> tuple[Push, ...]:
    """The pushes that led to the head of a branch, since its creation; empty if any is missing."""
    history: list[Push] = []
    wanted = head
    for push in pushes:
        if push.after == wanted:
            history.append(push)
            if push.kind == CREATED:
                return tuple(history)
            wanted = push.before
        elif history:
            break  # pushes after the head do not matter; a gap before it does
    return ()


def _behind(push: Push, facts: Facts) -> list[Account] | str:
    """The accounts that started the run that pushed, or the reason why they are unknown."""
    commit = short_commit(push.after)
    if push.by is None or push.by.login != BOT:
        who = f"the app {push.by.login}" if push.by else "an unknown account"
        return f"{commit} was pushed by {who}: the person behind it is unknown"
    runs = [run for run in facts.runs.get(push.after, ()) if run.trusted]
    if not runs:
        return (
            f"{commit} was pushed by a workflow, but no run of the base branch marked it as its own"
        )
    starters = [starter for run in runs for starter in run.started_by]
    people = [starter for starter in starters if starter is not None and starter.person]
    if len(people) < len(starters):
        return f"the workflow run that pushed {commit} was started by a workflow"
    return people
