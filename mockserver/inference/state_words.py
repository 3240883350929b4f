"""Vocabulary of states, as data.

A word of another trade or language is added to a list here and is then known everywhere. Words are
lower case without accents, parts joined by `_`.
"""

from __future__ import annotations

from mockserver.inference.words import bag, listed

# Each list is in the usual order of states. It applies where a document lists its
# values in no meaningful order (alphabetically).

INITIAL = listed(
    """
    draft idle unsubmitted not_submitted open opened new nuevo nouveau neu nuovo novo nieuw
    created creado cree erstellt angelegt original initial init initialized initialised
    initiated registered received empfangen eingegangen recibido recu requested angefragt
    beantragt solicitado demande submitted uploaded eingereicht placed booked proposed suggested
    planned geplant todo to_do backlog unstarted not_started notstarted unprocessed
    not_processed not_analyzed unverified unconfirmed not_confirmed unpaid unsent unassigned
    unclaimed requires_payment_method requires_confirmation requires_input requires_action
    requires_capture action_required user_action_required input_required user_input_required
    needs_input needs_review review in_review under_review pending pendiente pendente en_attente
    ausstehend in_attesa wachtend outstanding waiting wartend awaiting esperando deferred
    delayed scheduled programado planifie queued enqueued runnable in_queue waiting_in_queue en_cola
    en_file warteschlange in_warteschlange ready_for_processing unscheduled unknown_yet
    """
)
"""Nothing has been done yet."""
WAITS = bag(
    """
    draft unsubmitted not_submitted open opened unpaid unclaimed unassigned unconfirmed
    not_confirmed proposed suggested idle requires_payment_method requires_confirmation
    requires_input requires_action requires_capture action_required user_action_required
    input_required user_input_required needs_input needs_review review in_review under_review
    waiting awaiting wartend esperando in_attesa
    """
)
"""Of these the ones that somebody else has to end."""
BY_PERSONS = bag(
    """
    draft unsubmitted open opened todo to_do backlog unclaimed unassigned idle proposed
    suggested in_review new_lead
    """
)
"""Of these the ones of which time alone never leads out."""
RESTING = bag("idle draft new created not_started unsubmitted unverified")
"""Those of these states in which an entity certainly begins."""
WAITS_FOR = bag(
    """
    awaiting waiting requires require required needs need pending requested
    """
)
"""Words that say so beside others: `awaiting_approval`, `approval_required`."""
MADE_READY = bag("pending creating provisioning initializing preparing")
"""Words of what the server alone makes ready."""
MAKING = MADE_READY - {"pending"}
"""Of these the ones of what is being made."""
JOINED_BY_PERSONS = bag(
    "membership member invitation invite collaborator friendship friend follower ownership request "
    "application agreement contract participant participation"
)
"""Nouns of what is pending until somebody accepts it."""
ASKS = bag("requires require required needs need awaiting")
"""Of these the ones that ask for something, also in the middle of work."""
DECIDED = bag(
    "approved verified accepted passed clear clean confirmed validated authorised authorized "
    "issued compliant granted"
)
"""What something is once others have looked at it."""
UNDECIDED = bag("pending review submitted requested received awaiting unverified uploaded")
"""What it is until then."""
IN_REVIEW = bag("in_review under_review reviewing reviewed in_verification")
"""Of the states that somebody else has to end the ones that follow an earlier wait."""
QUEUES = bag("queued enqueued in_queue waiting_in_queue en_cola en_file in_warteschlange")
"""Of the states in which nothing has been done yet those of work that has been ordered."""
REVIEWS = bag("review waiting")
"""Those that do so where work begins without them."""
UNKNOWN = bag("unknown unspecified undefined none unset")
"""What a status is called that nothing is known of: nothing begins like that."""

ACTIVE = listed(
    """
    validating verifying checking moderating moderated screening preprocessing claimed assigned
    allocating initializing initialising creating provisioning preparing booting starting
    launching spinning_up acquiring planning warming_up mounting joining connecting fetching
    downloading uploading receiving ingesting importing loading reading extracting copying
    unpacking parsing configuring installing compiling building converting transcoding encoding
    running ejecutando en_ejecucion en_cours started begun executing in_progress inprogress
    in_process inprocess in_arbeit in_bearbeitung en_proceso en_curso en_progreso em_andamento
    em_processamento en_cours_de_traitement in_corso in_lavorazione wird_verarbeitet processing
    verarbeitung working ongoing active training is_fine_tuning rendering generating
    transcribing translating analyzing analysing evaluating scoring scanning searching crawling
    indexing syncing synchronizing calculating counting computing playing broadcasting recording
    streaming charging ringing calling dialing answered investigating mobilizing packing picking
    cooking approving settling signing publishing deploying exporting saving writing storing
    registering enabling activating finalizing finalising finishing completing advancing
    postprocessing post_processing sending delivering shipping in_transit ontheway on_the_way
    onitsway unterwegs out_for_delivery polling listening
    """
)
"""Work is being done."""
USUAL_OF = {"provisioning": ("Creating", "Updating", "Succeeded", "Failed", "Canceled")}
"""The states of a status by what it is called after, where it is any text."""
BUSY = bag("in_progress inprogress in_process inprocess ongoing active live open started working")
"""Those of these that say as much of what people do."""
ENDINGS: dict[str, tuple[str, ...]] = {
    "aborting": ("aborted", "cancelled", "canceled", "failed"),
    "archiving": ("archived",),
    "backing_up": (),
    "cancelling": ("cancelled", "canceled"),
    "canceling": ("canceled", "cancelled"),
    "cancel_in_progress": ("canceled", "cancelled"),
    "cancel_requested": ("canceled", "cancelled"),
    "cancellation_requested": ("cancelled", "canceled"),
    "cancel_pending": ("cancelled", "canceled"),
    "cancel_started": ("cancelled", "canceled"),
    "cancellation_pending": ("cancelled", "canceled"),
    "pending_cancellation": ("cancelled", "canceled"),
    "cloning": (),
    "closing": ("closed", "completed", "ended"),
    "deactivating": ("inactive", "deactivated", "disabled"),
    "decommissioning": ("decommissioned", "retired"),
    "deleting": ("deleted", "removed"),
    "delete_pending": ("deleted", "removed"),
    "delete_requested": ("deleted", "removed"),
    "pending_deletion": ("deleted", "removed"),
    "deprovisioning": ("deprovisioned", "deleted", "terminated"),
    "destroying": ("destroyed", "deleted"),
    "disabling": ("disabled", "inactive"),
    "disconnecting": ("disconnected",),
    "draining": ("drained", "stopped"),
    "ending": ("ended", "completed", "finished"),
    "expiring": ("expired",),
    "failing_over": (),
    "killing": ("killed", "terminated"),
    "migrating": (),
    "modifying": (),
    "pausing": ("paused",),
    "powering_off": ("off", "stopped", "powered_off"),
    "purging": ("purged", "deleted"),
    "rebooting": (),
    "rebuilding": (),
    "releasing": ("released",),
    "removing": ("removed", "deleted"),
    "repairing": (),
    "resetting": (),
    "resizing": (),
    "restarting": (),
    "restoring": ("restored",),
    "resuming": (),
    "retrying": (),
    "rolling_back": ("rolled_back",),
    "scaling": (),
    "shutting_down": ("offline", "off", "shut_down", "stopped", "terminated"),
    "stopping": ("stopped", "off", "cancelled", "canceled"),
    "stop_pending": ("stopped", "off", "cancelled", "canceled"),
    "stop_requested": ("stopped", "off", "cancelled", "canceled"),
    "suspending": ("suspended",),
    "terminating": ("terminated", "deleted", "stopped", "completed", "ended", "closed"),
    "undeploying": ("undeployed", "inactive"),
    "uninstalling": ("uninstalled",),
    "unmounting": ("unmounted",),
    "unlocking": ("unlocked",),
    "pending_unlock": ("unlocked",),
    "unpublishing": ("unpublished", "draft"),
    "updating": (),
    "upgrading": (),
    "voiding": ("voided", "void"),
    "withdrawing": ("withdrawn",),
}
"""States during work on an existing entity, with the states that can follow; none for the state
that it had before."""
CHANGES = bag("update modify delete terminate rollback import replace upgrade")
"""What is done to an existing entity: `UPDATE_IN_PROGRESS`."""
HALTING = bag("aborting canceling cancelling halting killing stopping terminating")
"""Of these states the ones in which work is broken off."""
CHANGING = bag("updating modifying upgrading migrating")
"""Of these the ones that make anything of what there is."""
STANDING = listed(
    """
    active running started live online up on available disponible verfuegbar verfugbar
    operational healthy ready bereit listo pret enabled connected in_use
    """
)
"""States after work on an entity has ended. For a job, some of them mean that it is running."""
WORKS_TOO = bag("active running started up on live")
"""Those of these states that mean work, if another state is the end."""
ENABLED = bag("enabled connected in_use on up")
"""Of these the ones that are also set by somebody, so that they are no end by themselves."""
SERVICES = bag("running active started online on up live")
"""Those of these states in which a service is."""
MILESTONES = listed(
    """
    validated accepted acknowledged confirmed uploaded imported ingested indexed compiled
    built rendered encoded transcribed processed approved paid packed ready_to_ship sent
    shipped dispatched mailed in_transit
    """
)
"""Successes after which there may be a greater one."""
DONE = listed(
    """
    completed complete completo succeeded success successful successfully erfolgreich exitoso
    reussi successo done finished ready passed pass ok resolved solved fixed merged sold
    delivered zugestellt entregado livre processed fulfilled closed ended released issued
    ausgestellt verified settled cleared posted available live compiled indexed ingested
    deployed published exported imported synced synchronized built rendered encoded transcribed
    translated transcoded converted generated analyzed analysed trained fine_tuned extracted
    archived_ok clean valid validated scanned paid fulfiled approved accepted confirmed sent
    shipped dispatched mailed geliefert uploaded signed executed calculated captured refunded
    activated provisioned created_ok partially_succeeded partial_success partially_completed
    viewable
    """
)
"""It went well. The first that a document has is the usual end."""
JOB_DONE = bag(
    """
    completed complete completo succeeded success successful erfolgreich exitoso done finished
    processed compiled indexed ingested deployed exported imported passed synced rendered
    encoded transcribed translated transcoded converted generated analyzed analysed trained
    fine_tuned extracted executed delivered built scanned partial_success
    """
)
"""Successes that only work has."""
FAILURE = bag(
    """
    failed failure fail failing error errored errors timeout timed_out timedout rejected expired
    abgelaufen caducado expire crashed incomplete exceeded budget_exceeded declined denied
    refused invalid unsuccessful unsuccessfull undelivered undeliverable bounced fehler
    fehlerhaft echec erreur errore infected unhealthy broken corrupt corrupted faulty exception
    lost disputed unreachable missed no_answer busy returned reversed not_delivered not_found
    killed_by_oom stale
    """
)
"""It went wrong."""
FAILS = bag(
    """
    failed failure fail failures error errored errors timeout rejected expired crashed declined
    denied refused invalid unsuccessful undeliverable bounced exceeded exception fehler erreur
    """
)
"""Words that say so wherever they stand among others: `IMPORT_FAILED`."""
TIMED_OUT = bag("expired timed_out timeout timedout abgelaufen caducado expire lapsed")
CANCELLED = bag(
    """
    cancelled canceled cancel aborted user_aborted stopped terminated killed skipped revoked
    void voided withdrawn discontinued superseded abandoned canceled_by_user interrupted
    """
)
"""Somebody has ended it."""
ASIDE = bag(
    """
    paused suspended on_hold onhold hold held stopped inactive disabled deactivated offline off
    idle archived deleted removed discarded hidden locked blocked unavailable degraded retired
    decommissioned deprecated maintenance disconnected trashed geloescht geloscht unknown
    unspecified none undefined other
    """
)
"""States off the usual path: an entity gets there only by a request."""
PAUSED = bag(
    """
    paused suspended on_hold onhold hold held stopped idle
    """
)
OFF = bag("stopped off offline inactive halted powered_off shut_down")
"""How something is that is started and stopped."""
REMOVED = bag(
    """
    deleted removed discarded trashed destroyed purged terminated deprovisioned geloescht
    geloscht
    """
)
NO_WORK = bag(
    """
    pending missing warning outstanding existing incoming upcoming trialing nothing string
    thing spring king ring wing paying billing marketing inning setting pricing listing
    testing staging recruiting remaining ping roaming sharing opening being parking booking
    meeting mailing rating
    """
)
"""Words that end in -ing and are no work."""
IRREGULAR_PARTICIPLES = {
    "building": "built",
    "sending": "sent",
    "running": "run",
    "paying": "paid",
    "making": "made",
    "writing": "written",
    "reading": "read",
    "drawing": "drawn",
    "selling": "sold",
    "finding": "found",
    "doing": "done",
    "taking": "taken",
    "shipping": "shipped",
    "preparing": "ready",
    "creating": "available",
    "provisioning": "provisioned",
    "freezing": "frozen",
    "withdrawing": "withdrawn",
}
JOBS = bag(
    """
    job run task export import sync batch execution build deployment operation render
    transcription transcode conversion crawl scan backup migration ingestion indexing report
    pipeline workflow transfer payout refund training inference prediction generation
    simulation evaluation auftrag upload download scrape invocation analysis transaction
    message extraction translation rendering encoding snapshot restore tarea trabajo tache
    lauf ejecucion process request command
    """
)
"""Nouns of work."""
REMOVALS = bag("delete deletion removal destruction cancel cancellation termination destroy")
"""Nouns of an end: what is pending with one of these is no longer new."""
TO_COME = bag("pending scheduled awaiting waiting")
JOINED = ("job", "run", "task")
"""What nouns of work written as one word end with: `pipelinerun`."""
RUNS = bag("job run task build execution operation")
"""What the moments of work may begin with: `run_start`."""
SURE_JOBS = bag(
    "job export import backup restore crawl scan render rendering transcription transcode "
    "conversion migration sync ingestion indexing extraction encoding scrape"
)
"""Nouns of nothing but work, even where the status is any text."""
JOBS_FIRST = bag("export import")
"""Nouns of work even before what it is done to: `export_channels`."""
ANY_WORK = bag("job task operation request process execution work command action")
"""Nouns of work of any kind."""
FAILED = ("error", "failed", "failure", "errored", "fail")
"""What has failed for no reason that the word says."""
DONE_FLAGS = bag("done finished completed complete processed ready ended")
"""Names of flags that are true once the work is done."""
WORK_FLAGS = bag("processing running in_progress inprogress working importing exporting indexing")
"""Names of flags that are true while it is."""
STOPPED = bag("stopped exited dead terminated halted off shutdown crashed killed")
"""States of what ran until it was stopped."""

_TRANSLATED = {
    "active": "aktiv activo actif ativo attivo actief freigeschaltet",
    "approved": "genehmigt freigegeben bewilligt aprobado aprobada aprovado approuve approuvee "
    "valide validee approvato goedgekeurd",
    "archived": "archiviert archivado archive archivee archiviato arquivado gearchiveerd",
    "blocked": "gesperrt blockiert bloqueado bloque bloquee bloccato geblokkeerd",
    "cancelled": "storniert abgebrochen widerrufen cancelado cancelada anulado anulada annule "
    "annulee annullato geannuleerd",
    "closed": "geschlossen cerrado cerrada ferme fermee chiuso fechado gesloten",
    "completed": "abgeschlossen erledigt beendet fertig completado completada terminado terminada "
    "finalizado finalizada concluido concluida termine terminee completato voltooid",
    "confirmed": "bestaetigt bestatigt confirmado confirmada confirme confirmee confermato "
    "bevestigd",
    "draft": "entwurf borrador brouillon rascunho bozza",
    "failed": "fehlgeschlagen gescheitert fallido fallida echoue fallito falhou mislukt",
    "inactive": "inaktiv deaktiviert inactivo inactif inativo inattivo inactief",
    "open": "offen abierto abierta ouvert ouverte aperto aberto",
    "paid": "bezahlt pagado pagada paye pagato pago betaald",
    "paused": "pausiert angehalten pausado pausada en_pause sospeso gepauzeerd",
    "published": "veroffentlicht veroeffentlicht publicado publicada publie publiee pubblicato "
    "gepubliceerd",
    "rejected": "abgelehnt zurueckgewiesen zuruckgewiesen rechazado rechazada rejete rejetee "
    "refuse refusee rejeitado rifiutato afgewezen",
    "running": "laufend laeuft gestartet iniciado iniciada demarre demarree avviato gestart",
    "sent": "gesendet versendet verschickt enviado enviada envoye envoyee inviato verzonden",
    "stopped": "gestoppt detenido detenida arrete arretee fermato parado gestopt",
}
IN_ENGLISH = {word: state for state, words in _TRANSLATED.items() for word in words.split()}
"""States in other languages, without accents, by what they are in English."""


def participle_of(working: str) -> tuple[str, ...]:
    """The past participle: `rendering` -> `rendered`."""
    stem = working[:-3]
    found = [stem + "ed", stem + "d" if stem.endswith("e") else stem + "e" + "d"]
    if len(stem) > 3 and stem[-1] == stem[-2]:
        found.append(stem[:-1] + "ed")
    special = IRREGULAR_PARTICIPLES.get(working)
    return (*((special,) if special else ()), *found)


def as_work(word: str) -> str:
    """Work that is called after its verb or noun, as a participle: `reboot_in_progress` and
    `deletion_in_process` are `rebooting` and `deleting`."""
    head, _, rest = word.partition("_in_pro")
    if rest not in ("gress", "cess"):
        return word
    stem = head.removesuffix("ion").removesuffix("al").removesuffix("e")
    forms = (stem + "ing", stem + stem[-1:] + "ing")
    return next((form for form in forms if form in ENDINGS or form in MAKING), word)
