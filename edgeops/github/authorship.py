"""Who wrote a pull request: none of them can approve it.

Only a push tells who somebody is, since one has to sign in for it. What a
commit says of its author is what its author says: it can only add people here.
A commit whose author GitHub does not know adds nobody, and need not: whoever
put it on the branch is known.

A workflow pushes as an app, whose name any workflow of any branch can use. It
tells who is behind it only where a run of the protected branch left its mark:
an artifact that is named after the commit, which nothing but that run can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeops.github.accounts import Account
from edgeops.github.facts import Facts, Push
from edgeops.github.workflow import BOT

CREATED = "branch_creation"
_PUSHES = {"push", "force_push", CREATED}
MARK = "proposal-"  # and the commit: the artifact by which a run says that it made it


@dataclass(frozen=True, slots=True)
class Writers:
    """Whoever wrote any of it; `unknown` says why that is not all, where it is not."""

    people: tuple[Account, ...] = ()
    unknown: str = ""

    def includes(self, account: Account) -> bool:
        """Whether the account is one of them."""
        return any(account.is_same(person) for person in self.people)


def writers(facts: Facts) -> Writers:
    """Who opened the pull request, pushed to its branch, or is named by its commits."""
    history = history_of(facts.pushes, facts.pull.head)
    if not history:
        return Writers(unknown="GitHub does not tell all pushes to its branch")
    if history[-1].at > facts.pull.opened_at:
        return Writers(unknown="its branch was created again after it was opened")
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
            unknown=f"it was opened by the app {opener.login}: on whose behalf is not known"
        )
    if opener is not None:
        people.append(opener)
    return Writers(tuple(people))


def history_of(pushes: Sequence[Push], head: str) -> tuple[Push, ...]:
    """The pushes that made a branch what it is, back to its creation; empty if any is missing."""
    history: list[Push] = []
    wanted = head
    for push in pushes:
        if push.after == wanted:
            history.append(push)
            if push.kind == CREATED:
                return tuple(history)
            wanted = push.before
        elif history:
            break  # what came after the head does not matter; a gap before it does
    return ()


def _behind(push: Push, facts: Facts) -> list[Account] | str:
    """Who started the run that pushed, or why that is not known."""
    commit = push.after[:7]
    if push.by is None or push.by.login != BOT:
        who = f"the app {push.by.login}" if push.by else "an account that is not told"
        return f"{commit} was pushed by {who}: on whose behalf is not known"
    runs = [run for run in facts.runs.get(push.after, ()) if run.trusted]
    if not runs:
        return f"{commit} was pushed by a workflow, and no run of the base branch says it was it"
    starters = [starter for run in runs for starter in run.started_by]
    people = [starter for starter in starters if starter is not None and starter.person]
    if len(people) < len(starters):
        return f"the workflow run that pushed {commit} was started by a workflow"
    return people
