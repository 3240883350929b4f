"""A result as JUnit XML: a case for each operation and each rule that it breaks."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

from mockserver.verify.model import Finding, Result

# What XML 1.0 can't hold.
_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(result: Result, path: Path) -> None:
    suite = Xml.Element(
        "testsuite",
        name=clean(f"{result.title} at {result.url}"),
        time=f"{result.seconds:.3f}",
        failures=str(len(result.open_findings)),
        skipped=str(len(result.findings) - len(result.open_findings)),
        errors=str(len(result.errors)),
    )
    for name in result.documented:
        if not any(f.where and name in _operations(f) for f in result.findings):
            Xml.SubElement(suite, "testcase", classname="contract", name=clean(name), time="0")
    for finding in result.findings:
        _case(suite, finding)
    for error in result.errors:
        case = Xml.SubElement(suite, "testcase", classname="contract", name="judged", time="0")
        Xml.SubElement(case, "error", message=clean(error))
    suite.set("tests", str(len(suite)))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _operations(finding: Finding) -> set[str]:
    return {step.operation for step in finding.steps[-1:]}


def _case(suite: Xml.Element, finding: Finding) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=clean(finding.where or finding.origin),
        name=clean(f"{finding.rule}: {finding.title}"),
        time="0",
    )
    if finding.accepted:
        Xml.SubElement(case, "skipped", message=clean(finding.accepted))
        return
    failure = Xml.SubElement(
        case, "failure", type=finding.rule, message=clean(finding.message.split("\n")[0])
    )
    failure.text = clean(
        finding.message + "\n\n" + "\n".join(step.curl() for step in finding.steps)
    )


def clean(text: str) -> str:
    return _CONTROL.sub("�", text)
