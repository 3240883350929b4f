"""OpenAI's client: it polls, pages, streams and uploads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver import MockServer
from tests.clients.documents import MODELS

openai = pytest.importorskip("openai")
SOON = 10


@pytest.fixture(params=[False, True], ids=["strict", "lenient"], scope="module")
def mock(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with MockServer(MODELS, clock="real", pace=0.02, lenient=request.param) as server:
        yield server


@pytest.fixture
def client(mock: MockServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    with mock.tenant(request.node.nodeid) as tenant:
        made = openai.OpenAI(base_url=tenant.url, api_key=tenant.key, max_retries=0)
        yield made
        made.close()


def until(look: Callable[[], Any], *states: str) -> Any:
    """The job, once it is in one of these states."""
    end = time.monotonic() + SOON
    while (job := look()).status not in states:
        assert time.monotonic() < end, job
        time.sleep(0.01)
    return job


def uploaded(client: Any, content: bytes = b"hello") -> Any:
    return client.files.create(file=("a.txt", content), purpose="batch")


def test_files_go_up_and_come_down(client: Any) -> None:
    made = uploaded(client, b"some words")
    assert (made.filename, made.purpose) == ("a.txt", "batch")
    assert made.bytes == len(b"some words")
    done = client.files.wait_for_processing(made.id, poll_interval=0.01, max_wait_seconds=SOON)
    assert done.id == made.id
    assert client.files.content(made.id).read() == b"some words"
    assert client.files.delete(made.id).deleted


def test_batches_of_files_are_created_and_polled(client: Any) -> None:
    store = client.vector_stores.create(name="docs")
    assert store.name == "docs"
    files = [uploaded(client).id, uploaded(client).id]
    batch = client.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=files, poll_interval_ms=10
    )
    assert batch.status == "completed"
    assert batch.vector_store_id == store.id


def test_batches_run_and_are_cancelled(client: Any) -> None:
    asked = {
        "input_file_id": uploaded(client).id,
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    made = client.batches.create(**asked)
    assert made.input_file_id == asked["input_file_id"]
    done = until(lambda: client.batches.retrieve(made.id), "completed", "failed", "cancelled")
    assert done.status == "completed"
    other = client.batches.cancel(client.batches.create(**asked).id)
    assert other.status in ("cancelling", "cancelled")
    assert until(lambda: client.batches.retrieve(other.id), "cancelled")


def test_a_model_is_tuned(client: Any) -> None:
    job = client.fine_tuning.jobs.create(model="small", training_file=uploaded(client).id)
    done = until(lambda: client.fine_tuning.jobs.retrieve(job.id), "succeeded", "failed")
    assert (done.status, done.model) == ("succeeded", "small")


def test_a_big_file_goes_up_in_parts(client: Any) -> None:
    content = b"0123456789" * 3
    done = client.uploads.upload_file_chunked(
        file=content, filename="big.jsonl", bytes=len(content), mime_type="text/jsonl",
        purpose="fine-tune", part_size=len(content) // 3,
    )  # fmt: skip
    assert done.status == "completed"
    file = client.files.retrieve(done.file.id)
    assert (file.filename, file.purpose, file.bytes) == ("big.jsonl", "fine-tune", len(content))
    job = client.fine_tuning.jobs.create(model="small", training_file=file.id)
    assert job.training_file == file.id


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_runs_are_created_and_polled(client: Any) -> None:
    assistant, thread = client.beta.assistants.create(model="m"), client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="hi")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=10
    )
    assert (run.status, run.thread_id) == ("completed", thread.id)
    assert run.assistant_id == assistant.id
    assert len(list(client.beta.threads.messages.list(thread.id))) == 1


def test_all_pages_are_turned(client: Any) -> None:
    made = [uploaded(client).id for _ in range(7)]
    seen = [file.id for file in client.files.list(limit=3)]
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


def test_streams_end(client: Any) -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content
    assert whole.model == "m"
    chunks = list(client.chat.completions.create(**asked, stream=True))
    assert chunks
    assert all(chunk.choices for chunk in chunks)


def test_what_is_not_there(client: Any, mock: MockServer) -> None:
    if mock.mock.options.leniency.knows_any_id:
        assert client.files.retrieve("file-abc123").id == "file-abc123"
    else:
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve("file-abc123")
