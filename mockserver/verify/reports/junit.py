"""A result as JUnit XML. The cases are the operations, so they are the same in every run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from mockserver.verify.model import Finding, Result

# What XML 1.0 can't hold.
_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ELSEWHERE = "requests outside the operations"
RUN = "the run"


def write(result: Result, path: Path) -> None:
    """A case for each operation, one for findings elsewhere, and one for the run itself."""
    suite = Xml.Element("testsuite", name=clean(result.title), time=f"{result.seconds:.3f}")
    found: dict[str, list[Finding]] = {name: [] for name in (*result.documented, ELSEWHERE)}
    for finding in result.findings:
        example = finding.example
        operation = example.operation if example is not None else ""
        found[operation if operation in found else ELSEWHERE].append(finding)
    for name, findings in found.items():
        _case(suite, name, findings)
    case = Xml.SubElement(suite, "testcase", classname="contract", name=RUN, time="0")
    for error in result.errors:
        Xml.SubElement(case, "error", message=clean(error))
    for attribute, tag in (("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
        suite.set(attribute, str(sum(1 for each in suite if each.find(tag) is not None)))
    suite.set("tests", str(len(suite)))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: Xml.Element, name: str, findings: Sequence[Finding]) -> None:
    """Most readers show only one failure per case, so it contains all findings."""
    case = Xml.SubElement(suite, "testcase", classname="contract", name=clean(name), time="0")
    broken = [finding for finding in findings if not finding.accepted]
    if broken:
        titles = "; ".join(dict.fromkeys(finding.title for finding in broken))
        rules = ", ".join(dict.fromkeys(finding.rule for finding in broken))
        failure = Xml.SubElement(case, "failure", type=rules, message=clean(titles))
        failure.text = clean("\n\n".join(map(_text, broken)))
    elif findings:
        reasons = "; ".join(dict.fromkeys(finding.accepted for finding in findings))
        Xml.SubElement(case, "skipped", message=clean(reasons))


def _text(finding: Finding) -> str:
    steps = "\n".join(step.curl() for step in finding.steps)
    return f"{finding.rule}: {finding.title}\n{finding.where}\n{finding.message}\n\n{steps}"


def clean(text: str) -> str:
    return _CONTROL.sub("�", text)
