"""deploy/kubernetes: parts that refer to each other, and options that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.cli.serve import serve
from mockserver.server.settings import duration

FOLDER = Path(__file__).parent.parent / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    found
    for name in KUSTOMIZATION["resources"]
    for found in yaml.safe_load_all((FOLDER / name).read_text())
]
WORKLOADS = [found for found in OBJECTS if found["kind"] in ("Deployment", "StatefulSet")]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [o for o in OBJECTS if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def test_every_object_has_a_kind_and_a_name_of_its_own() -> None:
    names = [(o["apiVersion"], o["kind"], o["metadata"]["name"]) for o in OBJECTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda o: o["metadata"]["name"])
def test_labels_ports_and_volumes_fit(workload: dict[str, Any]) -> None:
    template = workload["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    service = named("Service", workload["metadata"]["name"])
    assert service["spec"]["selector"].items() <= labels.items()
    (container,) = template["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    claims = workload["spec"].get("volumeClaimTemplates", ())
    volumes = {v["name"] for v in template["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in claims}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert template["spec"]["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_the_options_are_those_of_serve() -> None:
    (container,) = named("Deployment", "mockserver")["spec"]["template"]["spec"]["containers"]
    command, *words = container["args"]
    assert command == "serve"
    found = serve.make_context("serve", list(words)).params
    assert found["port"] == container["ports"][0]["containerPort"]
    host = found["store"].removeprefix("redis://").partition(":")[0]
    assert named("Service", host)["spec"]["ports"][0]["port"] == 6379
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(found["keys"].parent) in mounted


def test_it_ends_after_it_has_drained() -> None:
    spec = named("Deployment", "mockserver")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    drain = next(w.partition("=")[2] for w in container["args"] if w.startswith("--drain="))
    assert duration(drain) + 10 <= spec["terminationGracePeriodSeconds"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_files_and_images_that_are_named_are_there() -> None:
    for generator in KUSTOMIZATION["configMapGenerator"]:
        for line in generator["files"]:
            assert (FOLDER / line.partition("=")[2]).is_file()
    images = {image["name"] for image in KUSTOMIZATION["images"]}
    (container,) = named("Deployment", "mockserver")["spec"]["template"]["spec"]["containers"]
    assert container["image"] in images
    same = (FOLDER.parent / "redis.conf").read_text()
    assert (FOLDER / "redis.conf").read_text() == same
