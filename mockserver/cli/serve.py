"""`mockserver serve`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from mockserver.cli.options import CONTEXT, collector_paused, complete_spec, say

if TYPE_CHECKING:
    from mockserver.server.settings import Setting

_F = TypeVar("_F", bound=Callable[..., Any])


def serve_options(command: _F) -> _F:
    """Add every setting as an option. A missing one has no value, so that the file can
    supply it."""
    from mockserver.server.settings import SETTINGS

    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


def _option(setting: Setting) -> Callable[[_F], _F]:
    default = setting.shown
    shown = f"  [default: {default}]" if default not in (None, "", (), False) else ""
    variable = f"MOCKSERVER_{setting.key.upper()}"
    if setting.flag:
        return click.option(
            f"--{setting.name}", is_flag=True, default=None, envvar=variable, help=setting.help
        )
    return click.option(
        f"--{setting.name}",
        *([f"--{setting.alias}"] if setting.alias else []),
        setting.key,
        envvar=variable,
        type=setting.type,
        multiple=setting.many,
        metavar=setting.metavar,
        help=setting.help + shown,
    )


THEMES = {
    "Address": ("host", "port", "prefix", "strict-base-path", "cors", "control-token"),
    "Data and time": ("seed", "seeds", "data", "har", "clock", "pace", "state"),
    "Behaviour": ("handlers", "calibration", "webhook-host", "config", "reload", "no-cache"),
    "A real server": ("upstream", "from-upstream"),
    "Credentials": ("api-key", "key-file", "keys", "any-key", "tenant-by"),
    "Leniency": (*("lenient", "unknown-ids", "unknown-cursors", "conflicts", "validate", "fill"),),
    "Scale and limits": ("store", "workers", "max-worlds", "max-bytes", "ttl", "max-body", "drain"),
    "Output": ("quiet", "log"),
}


class Themed(click.Command):
    """A command whose help lists the options by theme, what has none last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            option.opts[0].lstrip("-"): record
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            and (record := option.get_help_record(ctx)) is not None
        }
        for theme, names in THEMES.items():
            with formatter.section(theme):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        if records:
            with formatter.section("Options"):
                formatter.write_dl([*records.values()])


@click.command(
    cls=Themed,
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver serve
      mockserver serve openapi.yaml --port 8080 --reload
      mockserver serve --clock manual --seed 7
      mockserver serve feather speechify truestate --prefix
      mockserver serve --state worlds.json --api-key "$STAGING_KEY"
    """,
)
@click.argument("specs", metavar="[SPEC]...", nargs=-1, shell_complete=complete_spec)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Defaults for these options, and corrections.  [default: ./mockserver.toml, if it exists]",
)
@serve_options
@click.pass_context
def serve(
    ctx: click.Context, /, specs: tuple[str, ...], config: Path | None, **values: Any
) -> None:
    """Serve a stateful mock of SPEC.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document in JSON or YAML. Each key that begins with mock- has its own world, with its own data
    and clock. The admin API is at /__mock__/. With several SPECs, each is served on its own port,
    counting up from --port, or with --prefix below its own path, such as /feather.
    """
    with collector_paused():
        from mockserver.server.config_file import read_config
        from mockserver.server.multi import serve_all
        from mockserver.server.service import Serving, serving_of

    given = {
        name: value
        for name, value in values.items()
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
    }

    def resolve() -> list[Serving]:
        found = read_config(config, specs[0] if len(specs) == 1 else None)
        return [serving_of({**given, **spec}, found) for spec in given_specs]

    given_specs = [{"spec": spec} for spec in specs] or [{}]
    serve_all(resolve, say)
