"""Small documents in the style of two vendors, as far as their client libraries need."""

from __future__ import annotations

from typing import Any

from tests.support.documents import FLAG, TEXT, WHOLE, ref

Json = dict[str, Any]
SIZE: Json = {**WHOLE, "description": "The size of the file, in bytes."}
JSON, FORM, FILE = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)


def nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def thing(required: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def ok(schema: Json, media_type: str = JSON, **more: Json) -> Json:
    content = {media_type: {"schema": schema}}
    content.update({f"text/{name}": {"schema": each} for name, each in more.items()})
    return {
        "200": {"description": "ok", "content": content},
        "404": {"description": "there is none", "content": {JSON: {"schema": ERROR}}},
        "409": {"description": "in the way", "content": {JSON: {"schema": ERROR}}},
    }


ERROR = thing({"error": thing({"message": TEXT}, {"type": TEXT, "code": nullable(TEXT)})})


def body(schema: Json, media_type: str = JSON) -> Json:
    return {"required": True, "content": {media_type: {"schema": schema}}}


def path(*names: str) -> list[Json]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def query(**schemas: Json) -> list[Json]:
    return [{"name": name, "in": "query", "schema": each} for name, each in schemas.items()]


def page(name: str) -> Json:
    return thing(
        {"object": one_of("list"), "data": {"type": "array", "items": ref(name)}, "has_more": FLAG},
        {"first_id": nullable(TEXT), "last_id": nullable(TEXT)},
    )


PAGING = query(limit={**WHOLE, "default": 20, "minimum": 1, "maximum": 100}, after=TEXT)
COUNTS = thing(dict.fromkeys(("in_progress", "completed", "failed", "cancelled", "total"), WHOLE))
PARTS: Json = {
    "type": "array",
    "items": thing({"type": one_of("text"), "text": thing({"value": TEXT})}),
}
TEXT_OR_PARTS: Json = {"oneOf": [TEXT, {"type": "array", "items": thing({"type": TEXT})}]}
MODELS: Json = {
    "info": {"title": "Models", "version": "1"},
    "openapi": "3.1.0",
    "security": [{"key": []}],
    "paths": {
        "/files": {
            "get": {"parameters": PAGING, "responses": ok(page("File"))},
            "post": {
                "requestBody": body(
                    thing({"file": {"type": "string", "format": "binary"}, "purpose": TEXT}), FILE
                ),
                "responses": ok(ref("File")),
            },
        },
        "/files/{file_id}": {
            "parameters": path("file_id"),
            "get": {"responses": ok(ref("File"))},
            "delete": {
                "responses": ok(thing({"id": TEXT, "object": one_of("file"), "deleted": FLAG}))
            },
        },
        "/files/{file_id}/content": {
            "parameters": path("file_id"),
            "get": {
                "responses": ok({"type": "string", "format": "binary"}, "application/octet-stream")
            },
        },
        "/vector_stores": {
            "post": {
                "requestBody": body(thing({}, {"name": TEXT})),
                "responses": ok(ref("VectorStore")),
            },
        },
        "/vector_stores/{vector_store_id}/file_batches": {
            "parameters": path("vector_store_id"),
            "post": {
                "requestBody": body(thing({"file_ids": {"type": "array", "items": TEXT}})),
                "responses": ok(ref("FileBatch")),
            },
        },
        "/vector_stores/{vector_store_id}/file_batches/{batch_id}": {
            "parameters": path("vector_store_id", "batch_id"),
            "get": {"responses": ok(ref("FileBatch"))},
        },
        "/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel": {
            "parameters": path("vector_store_id", "batch_id"),
            "post": {"responses": ok(ref("FileBatch"))},
        },
        "/uploads": {
            "post": {
                "requestBody": body(
                    thing({"bytes": SIZE, "filename": TEXT, "mime_type": TEXT, "purpose": TEXT})
                ),
                "responses": ok(ref("Upload")),
            },
        },
        "/uploads/{upload_id}/parts": {
            "parameters": path("upload_id"),
            "post": {
                "requestBody": body(thing({"data": {"type": "string", "format": "binary"}}), FILE),
                "responses": ok(ref("Part")),
            },
        },
        "/uploads/{upload_id}/complete": {
            "parameters": path("upload_id"),
            "post": {
                "requestBody": body(thing({"part_ids": {"type": "array", "items": TEXT}})),
                "responses": ok(ref("Upload")),
            },
        },
        "/assistants": {
            "post": {
                "requestBody": body(thing({"model": TEXT})),
                "responses": ok(ref("Assistant")),
            },
        },
        "/threads": {"post": {"requestBody": body(thing({})), "responses": ok(ref("Thread"))}},
        "/threads/{thread_id}": {
            "parameters": path("thread_id"),
            "get": {"responses": ok(ref("Thread"))},
        },
        "/threads/{thread_id}/messages": {
            "parameters": path("thread_id"),
            "get": {"parameters": PAGING, "responses": ok(page("Message"))},
            "post": {
                "requestBody": body(
                    thing({"role": one_of("user", "assistant"), "content": TEXT_OR_PARTS})
                ),
                "responses": ok(ref("Message")),
            },
        },
        "/threads/{thread_id}/runs": {
            "parameters": path("thread_id"),
            "post": {
                "requestBody": body(thing({"assistant_id": TEXT})),
                "responses": ok(ref("Run")),
            },
        },
        "/threads/{thread_id}/runs/{run_id}": {
            "parameters": path("thread_id", "run_id"),
            "get": {"responses": ok(ref("Run"))},
        },
        "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs": {
            "parameters": path("thread_id", "run_id"),
            "post": {
                "requestBody": body(thing({"tool_outputs": {"type": "array", "items": thing({})}})),
                "responses": ok(ref("Run")),
            },
        },
        "/batches": {
            "get": {"parameters": PAGING, "responses": ok(page("Batch"))},
            "post": {
                "requestBody": body(
                    thing({"input_file_id": TEXT, "endpoint": TEXT, "completion_window": TEXT})
                ),
                "responses": ok(ref("Batch")),
            },
        },
        "/batches/{batch_id}": {
            "parameters": path("batch_id"),
            "get": {"responses": ok(ref("Batch"))},
        },
        "/batches/{batch_id}/cancel": {
            "parameters": path("batch_id"),
            "post": {"responses": ok(ref("Batch"))},
        },
        "/fine_tuning/jobs": {
            "get": {"parameters": PAGING, "responses": ok(page("FineTuningJob"))},
            "post": {
                "requestBody": body(thing({"model": TEXT, "training_file": TEXT})),
                "responses": ok(ref("FineTuningJob")),
            },
        },
        "/fine_tuning/jobs/{fine_tuning_job_id}": {
            "parameters": path("fine_tuning_job_id"),
            "get": {"responses": ok(ref("FineTuningJob"))},
        },
        "/fine_tuning/jobs/{fine_tuning_job_id}/cancel": {
            "parameters": path("fine_tuning_job_id"),
            "post": {"responses": ok(ref("FineTuningJob"))},
        },
        "/chat/completions": {
            "post": {
                "requestBody": body(
                    thing(
                        {"model": TEXT, "messages": {"type": "array", "items": thing({})}},
                        {"stream": nullable(FLAG)},
                    )
                ),
                "responses": ok(ref("Completion"), **{"event-stream": ref("Chunk")}),
            },
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "File": thing(
                {"id": TEXT, "object": one_of("file"), "bytes": SIZE, "created_at": WHOLE},
                {
                    "filename": TEXT,
                    "purpose": TEXT,
                    "status": one_of("uploaded", "processed", "error"),
                },
            ),
            "Upload": thing(
                {
                    "id": TEXT,
                    "object": one_of("upload"),
                    "bytes": SIZE,
                    "created_at": WHOLE,
                    "expires_at": WHOLE,
                    "filename": TEXT,
                    "purpose": TEXT,
                    "status": one_of("pending", "completed", "cancelled", "expired"),
                },
                {"file": {"allOf": [ref("File"), {"nullable": True, "description": "Ready."}]}},
            ),
            "Part": thing(
                {"id": TEXT, "object": one_of("upload.part"), "created_at": WHOLE}
                | {"upload_id": TEXT}
            ),
            "Assistant": thing(
                {"id": TEXT, "object": one_of("assistant"), "created_at": WHOLE, "model": TEXT}
            ),
            "Thread": thing({"id": TEXT, "object": one_of("thread"), "created_at": WHOLE}),
            "Message": thing(
                {
                    "id": TEXT,
                    "object": one_of("thread.message"),
                    "created_at": WHOLE,
                    "thread_id": TEXT,
                    "role": one_of("user", "assistant"),
                    "content": PARTS,
                }
            ),
            "Run": thing(
                {
                    "id": TEXT,
                    "object": one_of("thread.run"),
                    "created_at": WHOLE,
                    "thread_id": TEXT,
                    "assistant_id": TEXT,
                    "status": one_of(
                        *("queued", "in_progress", "requires_action", "cancelling", "cancelled"),
                        *("failed", "completed", "incomplete", "expired"),
                    ),
                    "model": TEXT,
                }
            ),
            "VectorStore": thing(
                {
                    "id": TEXT,
                    "object": one_of("vector_store"),
                    "created_at": WHOLE,
                    "name": TEXT,
                    "status": one_of("expired", "in_progress", "completed"),
                }
            ),
            "FileBatch": thing(
                {
                    "id": TEXT,
                    "object": one_of("vector_store.files_batch"),
                    "created_at": WHOLE,
                    "vector_store_id": TEXT,
                    "status": one_of("in_progress", "completed", "cancelled", "failed"),
                    "file_counts": COUNTS,
                }
            ),
            "Batch": thing(
                {
                    "id": TEXT,
                    "object": one_of("batch"),
                    "endpoint": TEXT,
                    "input_file_id": TEXT,
                    "completion_window": TEXT,
                    "created_at": WHOLE,
                    "status": one_of(
                        *("validating", "failed", "in_progress", "finalizing"),
                        *("completed", "expired", "cancelling", "cancelled"),
                    ),
                },
                {"output_file_id": TEXT},
            ),
            "FineTuningJob": thing(
                {
                    "id": TEXT,
                    "object": one_of("fine_tuning.job"),
                    "created_at": WHOLE,
                    "model": TEXT,
                    "training_file": TEXT,
                    "fine_tuned_model": nullable(TEXT),
                    "status": one_of(
                        *("validating_files", "queued", "running"),
                        *("succeeded", "failed", "cancelled"),
                    ),
                }
            ),
            "Completion": thing(
                {
                    "id": TEXT,
                    "object": one_of("chat.completion"),
                    "created": WHOLE,
                    "model": TEXT,
                    "choices": {
                        "type": "array",
                        "minItems": 1,
                        "items": thing(
                            {
                                "index": WHOLE,
                                "finish_reason": one_of("stop", "length"),
                                "message": thing({"role": one_of("assistant"), "content": TEXT}),
                            }
                        ),
                    },
                }
            ),
            "Chunk": thing(
                {
                    "id": TEXT,
                    "object": one_of("chat.completion.chunk"),
                    "created": WHOLE,
                    "model": TEXT,
                    "choices": {
                        "type": "array",
                        "minItems": 1,
                        "items": thing({"index": WHOLE, "delta": thing({}, {"content": TEXT})}),
                    },
                }
            ),
        },
    },
}

CURSORS = query(
    limit={**WHOLE, "default": 10, "minimum": 1, "maximum": 100},
    starting_after=TEXT,
    ending_before=TEXT,
)


def payments_page(name: str, url: str) -> Json:
    return thing(
        {
            "object": one_of("list"),
            "data": {"type": "array", "items": ref(name)},
            "has_more": FLAG,
            "url": {"type": "string", "pattern": f"^{url}"},
        }
    )


PAYMENTS: Json = {
    "info": {"title": "Payments", "version": "1"},
    "openapi": "3.0.3",
    "security": [{"key": []}],
    "paths": {
        "/v1/customers": {
            "get": {
                "parameters": [*CURSORS, *query(email=TEXT)],
                "responses": ok(payments_page("Customer", "/v1/customers")),
            },
            "post": {
                "requestBody": body(
                    thing(
                        {},
                        {
                            "email": TEXT,
                            "name": TEXT,
                            "metadata": {"type": "object", "additionalProperties": TEXT},
                        },
                    ),
                    FORM,
                ),
                "responses": ok(ref("Customer")),
            },
        },
        "/v1/customers/{customer}": {
            "parameters": path("customer"),
            "get": {"responses": ok(ref("Customer"))},
            "post": {
                "requestBody": body(thing({}, {"email": TEXT, "name": TEXT}), FORM),
                "responses": ok(ref("Customer")),
            },
            "delete": {
                "responses": ok(thing({"id": TEXT, "object": one_of("customer"), "deleted": FLAG}))
            },
        },
        "/v1/payment_intents": {
            "post": {
                "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": TEXT}],
                "requestBody": body(thing({"amount": WHOLE, "currency": TEXT}), FORM),
                "responses": ok(ref("PaymentIntent")),
            },
        },
        "/v1/payment_intents/{intent}": {
            "parameters": path("intent"),
            "get": {"responses": ok(ref("PaymentIntent"))},
        },
        "/v1/payment_intents/{intent}/cancel": {
            "parameters": path("intent"),
            "post": {"responses": ok(ref("PaymentIntent"))},
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Customer": thing(
                {"id": TEXT, "object": one_of("customer"), "created": WHOLE},
                {
                    "email": {**TEXT, "nullable": True},
                    "name": {**TEXT, "nullable": True},
                    "metadata": {"type": "object", "additionalProperties": TEXT},
                },
            ),
            "PaymentIntent": thing(
                {
                    "id": TEXT,
                    "object": one_of("payment_intent"),
                    "amount": WHOLE,
                    "currency": TEXT,
                    "created": WHOLE,
                    "status": one_of("processing", "succeeded", "canceled"),
                }
            ),
        },
    },
}
