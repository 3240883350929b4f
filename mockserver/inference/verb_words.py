"""Vocabulary of verbs, as data, like `state_words.py`."""

from __future__ import annotations

from mockserver.inference.words import bag


def ordered(words: str) -> tuple[str, ...]:
    """The words of a text, the best first."""
    return tuple(words.split())


OUTCOMES: dict[str, tuple[str, ...]] = {
    "abandon": ("abandoned", "cancelled", "canceled"),
    "abort": ("aborted", "cancelled", "canceled", "stopped", "interrupted"),
    "accept": ("accepted", "active", "approved", "confirmed"),
    "acknowledge": ("acknowledged", "acked", "confirmed"),
    "activate": ("active", "activated", "enabled"),
    "allocate": ("allocated",),
    "answer": ("answered", "in_progress"),
    "approve": ("approved", "accepted", "confirmed"),
    "archive": ("archived", "inactive"),
    "assign": ("assigned",),
    "authorize": ("authorized",),
    "ban": ("banned", "blocked"),
    "begin": ("running", "in_progress", "started", "active"),
    "block": ("blocked", "suspended"),
    "boot": ("running", "booted"),
    "cancel": ordered(
        "cancelled canceled cancel aborted stopped terminated interrupted void voided"
    ),
    "capture": ("captured", "succeeded", "paid", "completed"),
    "check": ("checked",),
    "claim": ("claimed", "assigned", "in_progress"),
    "close": ("closed", "resolved", "ended", "completed", "done"),
    "commit": ("committed", "completed", "processing"),
    "complete": ("completed", "complete", "done", "succeeded", "finished", "closed", "uploaded"),
    "confirm": ("confirmed", "accepted", "processing", "succeeded", "active"),
    "deactivate": ("inactive", "deactivated", "disabled"),
    "decline": ("declined", "rejected", "refused"),
    "decommission": ("decommissioned", "retired"),
    "deliver": ("delivered",),
    "deny": ("denied", "rejected", "declined"),
    "deploy": ("deployed", "live", "active"),
    "deprecate": ("deprecated",),
    "deprovision": ("deprovisioned", "terminated", "deleted"),
    "disable": ("disabled", "inactive"),
    "discard": ("discarded", "deleted", "cancelled"),
    "dismiss": ("dismissed", "closed"),
    "dispatch": ("dispatched", "shipped", "in_transit"),
    "enable": ("enabled", "active"),
    "end": ("ended", "completed", "finished", "closed", "stopped"),
    "execute": ("executed", "running", "executing", "in_progress", "completed"),
    "expire": ("expired",),
    "fail": ("failed", "error"),
    "finalize": ("finalized", "final", "open", "active", "completed"),
    "finish": ("finished", "completed", "done"),
    "fulfill": ("fulfilled", "completed", "delivered"),
    "freeze": ("frozen", "suspended", "blocked"),
    "hangup": ("completed", "ended", "hangup"),
    "hide": ("hidden",),
    "hold": ("on_hold", "held", "hold", "paused"),
    "ignore": ("ignored",),
    "interrupt": ("interrupted", "cancelled", "canceled", "stopped"),
    "issue": ("issued",),
    "kill": ordered("killed exited terminated stopped cancelled canceled interrupted"),
    "launch": ("running", "launched", "live", "active", "started", "in_progress"),
    "lock": ("locked",),
    "merge": ("merged", "closed"),
    "mute": ("muted",),
    "open": ("open", "opened", "active"),
    "pause": ("paused", "suspended", "on_hold"),
    "pay": ("paid", "completed", "succeeded"),
    "play": ("playing", "running"),
    "post": ("posted",),
    "process": ("processing", "processed"),
    "promote": ("promoted", "live", "active"),
    "publish": ("published", "live", "active"),
    "quarantine": ("quarantined",),
    "reactivate": ("active", "enabled", "activated"),
    "reboot": ("running", "active", "online"),
    "receive": ("received", "arrived"),
    "refund": ("refunded",),
    "reject": ("rejected", "declined", "denied", "refused"),
    "release": ("released",),
    "remove": ("removed", "deleted"),
    "renew": ("active", "renewed"),
    "reopen": ("open", "reopened", "opened", "active", "in_progress"),
    "replay": ("queued", "pending", "running"),
    "rerun": ("queued", "pending", "running", "scheduled"),
    "reset": ("new", "pending", "idle", "draft"),
    "resolve": ("resolved", "closed", "solved", "fixed", "completed", "done"),
    "restart": ("running", "active", "online", "started", "pending", "queued"),
    "restore": ("active", "restored", "available", "published"),
    "resubmit": ("submitted", "pending", "queued"),
    "resume": ordered("running active in_progress resumed processing started queued pending"),
    "retire": ("retired", "decommissioned"),
    "retry": ("queued", "pending", "running", "in_progress", "processing", "scheduled", "created"),
    "return": ("returned",),
    "reverse": ("reversed",),
    "revoke": ("revoked", "inactive", "cancelled", "canceled"),
    "rollback": ("rolled_back", "reverted"),
    "run": ("running", "queued", "pending", "in_progress", "processing"),
    "schedule": ("scheduled",),
    "send": ("sent", "queued", "pending", "delivered"),
    "settle": ("settled",),
    "ship": ("shipped", "sent", "in_transit"),
    "shutdown": ("offline", "stopped", "off", "shut_down", "shutdown"),
    "sign": ("signed", "completed"),
    "skip": ("skipped",),
    "snooze": ("snoozed",),
    "solve": ("solved", "resolved"),
    "start": ordered("running in_progress started active online processing queued live"),
    "stop": ordered(
        "stopped exited halted cancelled canceled terminated aborted interrupted off inactive "
        "ended completed paused suspended"
    ),
    "submit": ordered(
        "submitted pending in_review pending_approval pending_review under_review "
        "awaiting_approval awaiting_review processing queued"
    ),
    "succeed": ("succeeded", "success", "successful", "completed", "done"),
    "suspend": ("suspended", "paused", "inactive"),
    "terminate": ordered(
        "terminated cancelled canceled stopped interrupted ended completed finished closed"
    ),
    "trash": ("trashed", "deleted"),
    "trigger": ("running", "queued", "pending", "triggered"),
    "unarchive": ("active", "available", "published"),
    "unban": ("active",),
    "unblock": ("active", "unblocked"),
    "unfreeze": ("active",),
    "unlock": ("unlocked", "active"),
    "unpause": ("running", "active", "in_progress"),
    "unpublish": ("draft", "unpublished", "inactive"),
    "unsubscribe": ("unsubscribed",),
    "unsuspend": ("active",),
    "subscribe": ("subscribed", "active"),
    "validate": ("validated", "valid"),
    "verify": ("verified", "active"),
    "void": ("void", "voided", "cancelled", "canceled"),
    "withdraw": ("withdrawn", "cancelled", "canceled"),
    "write_off": ("written_off", "uncollectible"),
}
"""What a verb leads to, the best first, if that is not simply its participle."""
OTHER_NAMES = {
    "allow": "approve",
    "cancelation": "cancel",
    "cancellation": "cancel",
    "activation": "activate",
    "deactivation": "deactivate",
    "approval": "approve",
    "rejection": "reject",
    "publication": "publish",
    "suspension": "suspend",
    "completion": "complete",
    "termination": "terminate",
    "confirmation": "confirm",
    "revocation": "revoke",
    "acceptance": "accept",
    "restoration": "restore",
    "finalise": "finalize",
    "authorise": "authorize",
    "fulfil": "fulfill",
    "continue": "resume",
    "done": "complete",
    "proceed": "resume",
    **dict.fromkeys(("duplication", "duplications", "duplicates"), "duplicate"),
    **dict.fromkeys(("clones", "forks"), "clone"),
    **dict.fromkeys(("copies", "make_copy", "create_copy", "save_copy", "save_as"), "copy"),
    "poweroff": "shutdown",
    "poweron": "start",
    "unhold": "resume",
    "undelete": "restore",
    "untrash": "restore",
    "recover": "restore",
    "halt": "stop",
    "redo": "rerun",
    "reexecute": "rerun",
    "reprocess": "rerun",
    "relaunch": "rerun",
    "rebuild": "rerun",
    "undo": "rollback",
    "hang": "hangup",
    "ack": "acknowledge",
    "disapprove": "reject",
    "stornieren": "cancel",
    "storno": "cancel",
    "abbrechen": "cancel",
    "cancelar": "cancel",
    "anular": "cancel",
    "annuler": "cancel",
    "annulla": "cancel",
    "annullare": "cancel",
    "annuleren": "cancel",
    "genehmigen": "approve",
    "freigeben": "approve",
    "aprobar": "approve",
    "aprovar": "approve",
    "approuver": "approve",
    "valider": "approve",
    "ablehnen": "reject",
    "rechazar": "reject",
    "rejeter": "reject",
    "refuser": "reject",
    "starten": "start",
    "iniciar": "start",
    "demarrer": "start",
    "stoppen": "stop",
    "detener": "stop",
    "arreter": "stop",
    "anhalten": "pause",
    "pausieren": "pause",
    "pausar": "pause",
    "fortsetzen": "resume",
    "reanudar": "resume",
    "reprendre": "resume",
    "abschliessen": "complete",
    "beenden": "complete",
    "finalizar": "complete",
    "completar": "complete",
    "terminer": "complete",
    "archivieren": "archive",
    "archivar": "archive",
    "archiver": "archive",
    "kopieren": "copy",
    "duplizieren": "copy",
    "duplicar": "copy",
    "dupliquer": "copy",
    "aktivieren": "activate",
    "activar": "activate",
    "activer": "activate",
    "deaktivieren": "deactivate",
    "desactivar": "deactivate",
    "desactiver": "deactivate",
    "veroeffentlichen": "publish",
    "publicar": "publish",
    "publier": "publish",
    "senden": "send",
    "versenden": "send",
    "enviar": "send",
    "envoyer": "send",
    "bestaetigen": "confirm",
    "bestatigen": "confirm",
    "confirmar": "confirm",
    "confirmer": "confirm",
    "sperren": "block",
    "bloquear": "block",
    "bloquer": "block",
    "entsperren": "unblock",
    "wiederholen": "retry",
    "reintentar": "retry",
    "schliessen": "close",
    "cerrar": "close",
    "fermer": "close",
    "bezahlen": "pay",
    "pagar": "pay",
    "payer": "pay",
}
"""Other words for verbs: nouns, spellings, and other languages."""
CLONING = bag("clone copy duplicate fork replicate replay")
"""A new one is made that is like it."""
MAKING_OTHERS = CLONING | bag("save instantiate export generate snapshot backup convert print")
"""Something else is made from it, which the body describes."""
TRYING_AGAIN = bag("retry rerun restart redo run replay")
AGAIN = TRYING_AGAIN | bag("refresh regenerate recreate")
"""It is tried again: the same one, or a new one where the document says so."""
MAKING = bag("create add register insert make claim provision anlegen erstellen crear creer")
"""What is said of making an entity."""
STARTING_ELSEWHERE = bag(
    "submit start launch initiate request generate issue enqueue order schedule"
)
"""What is said of having something done that has an id of its own."""
IMPORTING = bag("import insert load")
"""What is said of making an entity as it was elsewhere."""
BRINGING = bag("upload attach store save set submit put write import")  # also what is there
CRUD = bag(
    """
    get list fetch find read create add make update edit modify change put patch post delete
    remove set show retrieve search query save insert upsert replace describe view head new
    destroy check download
    """
)
NOUNS = bag(
    """
    issue order release process run check test report match post map pin star tag review schedule
    transfer return refund export import link list log feature lock hold move file
    """
)
"""Verbs that are nouns as well."""
ADVERBS = bag(
    """
    force soft hard async bulk batch auto manually immediately request do try then now
    """
)
"""Words that stand before a verb and change nothing of what it says."""
PREPOSITIONS = bag("for to from by as with in on at into until of")
ARTICLES = bag("a an all the this that these those existing specific specified given")
ANY_ENTITY = bag("it resource entity item object record one this all the a an existing")
"""What any entity is called after a verb."""
OTHER_VERBS = bag(
    """
    add apply attach backup bind build calculate capture change compile compute connect
    convert cleanup decide delegate delete detach disconnect discover download draft encrypt
    decrypt enroll erase escalate estimate evaluate export extend favorite favourite feature fetch
    find flag follow force generate get grant handle import ingest initiate insert install
    inspect invalidate invite invoke join leave like link list log login logout map mark
    migrate move notify optimize patch pin poll predict preflight preview prolong protect provision
    purge push put query read rebuild recalculate recompile record redeem reevaluate refresh
    register regenerate reindex reload rename render reorder replace reply reprocess
    reprovision request resend resync resize revert review rotate save scale scan search set
    share simulate snapshot star suggest swap switch sync synthesize tag test track transfer
    transform translate transition transcribe reschedule reassign unassign unenroll unfavorite
    unfavourite unfeature unfollow unhide uninstall unlike unlink unmute unpin unregister unshare
    unstar unwatch unmark unread moderate unmoderate silence waive certify toggle update upgrade
    upload upsert use lose win view vote watch write opt upvote downvote repost clap bookmark react
    dislike
    """
)
ENDING_EARLY = bag("cancel abort stop terminate kill interrupt")
"""What ends a job before it is done."""
OPPOSITES = {
    "disable": "enable",
    "deactivate": "activate",
    "close": "open",
    "reopen": "close",
    "restore": "archive",
    "resume": "pause",
    "unarchive": "archive",
    "leave": "join",
    "reactivate": "deactivate",
    "show": "hide",
    "unhide": "hide",
    "stop": "start",
    "enable": "disable",
    "activate": "deactivate",
    "unpause": "pause",
}
ALSO_UNDONE = {"reopen": ("resolve", "solve", "complete"), "restore": ("discard",)}
"""What a verb undoes besides its opposite."""
TRASHING = bag("trash soft_delete softdelete")
"""Verbs after which lists leave an entity out, until it is brought back."""
BRINGING_BACK = bag("restore undelete recover unarchive untrash")
"""What also undoes a deletion."""
ADJECTIVES = {
    "activate": ("active", "activated", "enabled"),
    "deactivate": ("inactive", "deactivated"),
    "enable": ("enabled", "active"),
    "complete": ("completed", "complete", "done", "finished"),
    "open": ("open", "opened"),
    "read": ("read", "seen"),
    "star": ("starred", "favorite", "favourite"),
    "favorite": ("favorite", "favorited", "starred"),
    "favourite": ("favourite", "favourited"),
    "hide": ("hidden",),
    "pay": ("paid",),
    "send": ("sent",),
    "hold": ("held", "on_hold"),
    "freeze": ("frozen",),
    "void": ("void", "voided"),
    "mute": ("muted",),
    "run": ("running",),
    "start": ("running", "started", "active"),
    "publish": ("published", "public", "live"),
    "default": ("default",),
    "primary": ("primary",),
    "main": ("main",),
    "preferred": ("preferred",),
    "delete": ("deleted", "removed"),
    "verify": ("verified",),
    "withdraw": ("withdrawn",),
}
"""What a verb makes true: `lock` makes `locked`, `is_locked`, `locked_at`."""
FORWARD = bag(
    """
    approve confirm accept submit start launch run send process execute finalize
    begin trigger publish deploy activate verify commit capture proceed
    """
)
"""Verbs after which an entity goes on, where no state has their name."""
SENDING_ON = bag("send start launch run submit execute begin trigger dispatch process")
"""Of these the ones that set off the work: nothing begins before."""
FINISHING = FORWARD | bag("complete finish finalise done close")
"""The same for an entity that waits for somebody at first."""
COMPLETING = bag("complete finish succeed fulfill")
"""What those say who do the work themselves: nothing completes as long as they do not."""
FOR_GOOD = bag("permanent permanently forever hard force purge destroy erase")
"""Words of a DELETE beneath an entity that removes it, whatever else only puts it away."""
BEING_DONE = {
    "shutdown": "shutting_down",
    "rollback": "rolling_back",
    "backup": "backing_up",
    "failover": "failing_over",
    "hangup": "hanging_up",
}
"""How two words in one are said of what is being done."""
AFTERWARDS = bag(
    """
    revoke void refund return reverse archive close expire reissue rekey dispute release unpublish
    retire suspend disable deactivate block lock hide rate delete remove discard renew settle pay
    ship deliver publish promote deploy
    """
)
"""Verbs for what has gone well."""
STARTING = bag("start begin enable activate resume run launch open unpause play on")
GETTING = bag("purchase buy add order grant")
"""Verbs after which one has what is got."""
ENDING = bag("stop cancel disable deactivate end abort terminate pause remove detach off close")
"""What switches something on, and what switches it off."""
REMOVING = bag("remove detach")
SWITCHING_ON = bag("enable unblock unsuspend reactivate")
"""Verbs that only allow work again."""
OFF = bag("disabled")
STANDS = bag("active live running started")
"""Where the first is a state, the others are no effect of being enabled alone."""
READING = bag("get list fetch find read describe retrieve count show view lookup")
"""Words of operations that change nothing, whatever their method."""
TRYING = bag(
    """
    preview check test validate inspect estimate calculate predict evaluate preflight
    simulate dry_run suggest explain compare quote
    """
)
"""Verbs that are about what is sent, where no id is sent: nothing has to be there."""
KEEPING = TRYING | bag(
    """
    compile discover export download query search send resend notify email remind invite print
    render follow unfollow subscribe watch unwatch like unlike vote favorite favourite star
    refund return reverse dispute scan ping
    """
)
"""Verbs that leave the properties of an entity as they are, whatever is sent."""
SETTING = bag(
    """
    set update updates edit modify change changes configure config adjust patch rename move
    replace assign associate transfer reassign switch resize
    """
)
"""Words of operations that give an entity new values."""
UPDATING = bag("update edit modify change configure config adjust patch set tune resize")
COUNTED = {
    "like": bag("like liker"),
    "favorite": bag("favorite favourite like star"),
    "favourite": bag("favorite favourite like star"),
    "star": bag("star stargazer"),
    "follow": bag("follower follow"),
    "subscribe": bag("subscriber"),
    "watch": bag("watcher watch"),
    "vote": bag("vote voter"),
    "upvote": bag("upvote vote point"),
    "join": bag("member participant attendee"),
    **{one: bag(one) for one in bag("share view repost clap bookmark dislike downvote save")},
    "react": bag("reaction"),
}
"""What a verb makes one more of, and its opposite one less."""
ONLY_ONE = bag("default primary main preferred")
"""Flags that only one of several has."""
JOINING = bag("add attach assign link include join invite put post associate bind connect enroll")
LEAVING = bag("remove delete detach unassign unlink exclude leave disassociate unbind kick")
ORDERING = bag("reorder rearrange resequence arrange sort rank order positions")
"""Verbs that give several another order."""
EMPTYING = bag("clear remove delete unset")
"""Verbs that leave nothing of a property."""
UNSETTING = {
    "detach": "attach",
    "unassign": "assign",
    "disconnect": "connect",
    "unlink": "link",
    "unbind": "bind",
}
"""Verbs that empty what another one fills."""
NEEDS_SUCCESS = bag("refund revoke return dispute reissue renew")
"""Of these the ones for which it has to have gone well."""
RENEWING = bag("reset rotate regenerate refresh renew roll recreate reissue")
"""Verbs that give a property another value: `reset-stream-key`."""
EXTENDING = bag("renew extend prolong")
"""Verbs that add time, and may be repeated."""
EXPIRY = bag("expires expire expiry expiration until deadline due end ends")
"""What the moments up to which something lasts are called."""
TELLERS = bag("type event event_type eventtype topic name action kind")
"""Properties that name the event."""
