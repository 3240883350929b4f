"""Draws docs/images/terminal.svg: the README's own API, as it runs. `make screenshots` calls it."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]


def main() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (document,) = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", readme, re.DOTALL)
    (script,) = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", readme, re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    console = Console(record=True, width=100, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "renders.yaml").write_text(document)
        shell = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=folder,
        )  # fmt: skip
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(f'mockserver() {{ exec {sys.executable} -m mockserver "$@"; }}\n')
        for line in script.splitlines():
            shell.stdin.write(line.replace("8000", port) + "\necho; echo END\n")
            shell.stdin.flush()
            said = ""
            while not said.endswith("\nEND\n"):
                said += shell.stdout.readline()
            if line.startswith(("new()", "id()", "until")):
                continue
            command, mark, remark = line.partition("  #")
            told = Text("$ ", style="bold green") + Text(command.rstrip(), style="bold white")
            console.print(told + Text(f"   #{remark}" if mark else "", style="yellow"))
            for printed in said.removesuffix("END\n").strip().splitlines():
                if printed.startswith("{"):
                    console.print(Text(printed.replace(port, "8000"), style="cyan"))
        shell.stdin.write("kill %1; exit\n")
        shell.stdin.close()
        shell.wait(20)
    # No fonts from elsewhere: the reader's own will do.
    drawn = re.sub(
        r"@font-face \{.*?\}", "", console.export_svg(title="mockserver"), flags=re.DOTALL
    )
    (ROOT / "docs/images/terminal.svg").write_text(drawn, "utf-8")


if __name__ == "__main__":
    main()
