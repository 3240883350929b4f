"""Words for what is done to things, and the states that they lead to."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.inference.words import bag, tokens

# What a verb leads to, if that is not simply its participle.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "abort": ("aborted", "cancelled", "canceled", "stopped"),
    "accept": ("accepted", "active"),
    "activate": ("active", "activated", "enabled"),
    "approve": ("approved", "accepted"),
    "archive": ("archived", "inactive"),
    "begin": ("running", "in_progress", "started", "active"),
    "block": ("blocked", "suspended"),
    "cancel": ("cancelled", "canceled", "cancelling", "canceling", "aborted", "stopped"),
    "close": ("closed", "resolved", "ended", "completed", "done"),
    "complete": ("completed", "complete", "done", "succeeded", "finished", "closed"),
    "deactivate": ("inactive", "deactivated", "disabled"),
    "decline": ("declined", "rejected"),
    "deny": ("denied", "rejected"),
    "disable": ("disabled", "inactive"),
    "enable": ("enabled", "active"),
    "end": ("ended", "completed", "finished", "closed", "stopped"),
    "fail": ("failed", "error"),
    "finalize": ("finalized", "open", "active", "completed"),
    "finish": ("finished", "completed", "done"),
    "hold": ("on_hold", "held", "paused"),
    "kill": ("killed", "terminated", "stopped", "cancelled", "canceled"),
    "pause": ("paused", "suspended"),
    "pay": ("paid", "completed"),
    "publish": ("published", "live", "active"),
    "reactivate": ("active", "enabled"),
    "refund": ("refunded",),
    "reject": ("rejected", "declined", "denied"),
    "reopen": ("open", "reopened", "opened", "active"),
    "rerun": ("queued", "pending", "running", "scheduled"),
    "resolve": ("resolved", "closed", "completed", "done"),
    "restart": ("restarting", "running", "pending", "queued"),
    "restore": ("active", "restored", "available"),
    "resume": ("running", "active", "in_progress", "resumed"),
    "retry": ("queued", "pending", "retrying", "running", "in_progress", "scheduled"),
    "revoke": ("revoked", "inactive"),
    "run": ("running", "queued", "pending", "in_progress"),
    "send": ("sent", "sending", "queued", "pending"),
    "ship": ("shipped",),
    "start": ("running", "in_progress", "started", "starting", "active", "queued"),
    "stop": ("stopped", "stopping", "cancelled", "canceled", "terminated"),
    "submit": ("submitted", "pending", "in_review"),
    "suspend": ("suspended", "paused", "inactive"),
    "terminate": ("terminated", "cancelled", "canceled", "stopped"),
    "unarchive": ("active", "available"),
    "unblock": ("active", "unblocked"),
    "unpublish": ("draft", "unpublished", "inactive"),
    "unsuspend": ("active",),
    "void": ("void", "voided"),
    "withdraw": ("withdrawn", "cancelled"),
}
CLONING = bag("clone copy duplicate fork replicate")
_OTHERS = bag(
    "acknowledge add apply assign attach authorize backup ban bind build calculate capture change "
    "check claim compile compute confirm connect convert cleanup decide delegate delete deploy "
    "detach disconnect discover dispatch download draft encrypt decrypt enroll escalate estimate "
    "evaluate execute expire export extend favorite fetch find flag follow force generate get "
    "grant handle ignore import ingest initiate insert install inspect invalidate invite invoke "
    "join launch leave like link list lock login logout map mark merge migrate move mute notify "
    "optimize patch pin play poll post predict preflight preview process promote provision purge "
    "push put query read rebuild recalculate recompile record redeem reevaluate refresh register "
    "regenerate reindex release reload remove rename render renew reorder replace reply reprocess "
    "reprovision request resend reset resync return revert review rollback rotate save scale scan "
    "schedule search set share sign simulate skip snapshot star subscribe suggest swap switch "
    "sync synthesize tag test track transfer transform translate transition trigger unassign "
    "unban unenroll unfavorite unfollow uninstall unlink unlike unlock unmute unpin unregister "
    "unshare unstar unsubscribe unwatch update upgrade upload upsert use validate verify view "
    "vote watch write withdraw opt"
)
VERBS = frozenset(OUTCOMES) | CLONING | _OTHERS
# What a verb makes true or false: `lock` makes `locked`, `is_locked`, `locked_at`.
_UNDO = {
    "un": 2, "de": 2,
}  # fmt: skip
_OPPOSITES = {
    "disable": "enable", "deactivate": "activate", "close": "open", "reopen": "close",
    "restore": "archive", "resume": "pause", "unarchive": "archive", "leave": "join",
    "reactivate": "deactivate",
}  # fmt: skip
_ADJECTIVES = {
    "activate": ("active", "activated", "enabled"),
    "enable": ("enabled", "active"),
    "complete": ("completed", "complete", "done"),
    "open": ("open", "opened"),
    "read": ("read", "seen"),
    "star": ("starred",),
}


def verb_of(step: str) -> str:
    """The verb that a step of a path begins with (`retry-failed` -> `retry`), or ""."""
    words = tokens(step)
    return words[0] if words and words[0] in VERBS else ""


def participles(verb: str) -> tuple[str, ...]:
    """`archive` -> `archived`, `tag` -> `tagged`, `retry` -> `retried`."""
    if verb.endswith("e"):
        return (verb + "d",)
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return (verb[:-1] + "ied",)
    return (verb + "ed", verb + verb[-1] + "ed")


def outcome(verb: str, values: Iterable[str]) -> str | None:
    """The value of a status that a verb leads to, if one of them reads like it."""
    spelled = {"_".join(tokens(value)): value for value in values}
    for word in (*OUTCOMES.get(verb, ()), *participles(verb)):
        if word in spelled:
            return spelled[word]
    return next((value for word, value in spelled.items() if word.startswith(verb)), None)


def flags(verb: str) -> dict[str, bool]:
    """The names of properties that a verb makes true or false."""
    found: dict[str, bool] = {}
    opposite = _OPPOSITES.get(verb)
    if opposite is None:
        opposite = next(
            (
                verb[n:]
                for start, n in _UNDO.items()
                if verb.startswith(start) and verb[n:] in VERBS
            ),
            None,
        )
    for word, holds in ((opposite, False), (verb, True)):
        if word is not None:
            for adjective in _ADJECTIVES.get(word, participles(word)):
                found[adjective] = holds
                found["is_" + adjective] = holds
    return found
