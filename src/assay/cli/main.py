"""``assay``: the command line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from assay.cli.access import audit, keys
from assay.cli.completion import completion, prepare
from assay.cli.drift import drift
from assay.cli.estimate import estimate
from assay.cli.importing import import_files
from assay.cli.moving import backfill, export
from assay.errors import AssayError

__all__ = ["app", "main"]

app = typer.Typer(
    name="assay",
    help="Know whether your models' predictions can still be trusted.",
    epilog="Start with: assay demo · then: assay serve, and assay.open() in Python.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="WHERE", help="A data folder, or a server's address. [default: ./assay-data]"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Period = Annotated[
    str | None,
    typer.Option(help="The last such stretch before the newest prediction, such as 24h or 30d."),
]
Version = Annotated[str | None, typer.Option("--version", help="Only this version of the model.")]
Start = Annotated[
    str | None, typer.Option(help="Begin of the window, such as 2024-01-31 or 2024-01-31T12:00Z.")
]
End = Annotated[str | None, typer.Option(help="End of the window.")]
Step = Annotated[str | None, typer.Option(help="Cut the window into steps, such as 1d.")]
SliceOption = Annotated[
    str | None, typer.Option("--slice", metavar="TAG:VALUE", help="Only rows with this tag.")
]
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on. [default: 8004]")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Data folder. [default: ./assay-data]")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell the address as a line of JSON.")] = False,
) -> None:
    """Start the server: the HTTP API and the pages."""
    import contextlib
    import json
    import signal

    from assay.runtime.settings import Settings
    from assay.server.run import serve as run

    def end(*_: object) -> None:
        raise SystemExit(0)

    def told(address: str) -> None:
        line = json.dumps({"address": address}) if as_json else f"Assay is at {address} (Ctrl-C ends it)"
        print(line, flush=True)

    # Once it has stopped, the server raises the signal again; the stores are still to be closed then.
    signal.signal(signal.SIGTERM, end)
    settings = Settings.load(host=host, port=port, data_dir=data, log_level=log_level)
    with contextlib.suppress(KeyboardInterrupt):
        run(settings, on_ready=told)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the demo's server.")] = 8004,
    data: Annotated[str | None, typer.Option(help="Keep the data in this folder, which must be new.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End after the replay instead of serving on.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Replay three months instead of ten.")] = False,
) -> None:
    """Replay a year of flights and watch a model go wrong."""
    from assay.cli.demo.run import Demo, run

    run(Demo(port=port, folder=data, once=once, fast=fast))


@app.command()
def models(
    search: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="Only models that have this in their name.")
    ] = None,
    at: At = None,
    limit: Annotated[int, typer.Option(min=1, help="The most models to look up for the table.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the models."""
    from assay.cli.looking import list_models

    list_models(at, search=search, limit=limit, as_json=as_json)


@app.command()
def metrics(
    model: ModelName,
    at: At = None,
    period: Period = None,
    start: Start = None,
    end: End = None,
    step: Step = None,
    version: Version = None,
    slice_: SliceOption = None,
    as_json: AsJson = False,
) -> None:
    """Show a model's metrics, in one window or step by step."""
    from assay.cli.looking import show_metrics

    show_metrics(
        at,
        model,
        as_json=as_json,
        period=period,
        start=start,
        end=end,
        step=step,
        version=version,
        slice_=slice_,
    )


@app.command()
def report(
    model: ModelName,
    at: At = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the model's page as one HTML file."),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="The last such stretch before the newest prediction. [default: 7d]")
    ] = None,
    start: Start = None,
    end: End = None,
    step: Step = None,
    version: Version = None,
    slice_: SliceOption = None,
    as_json: AsJson = False,
) -> None:
    """Show a model's last days, or write them as a page."""
    from assay.cli.report import Chosen
    from assay.cli.report import report as show_report

    chosen = Chosen(period=period, start=start, end=end, step=step, version=version, slice=slice_)
    show_report(at, model, chosen, output=output, as_json=as_json)


@app.command()
def predictions(
    model: ModelName,
    prediction_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this one alone.")] = None,
    at: At = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only these: right, wrong, labelled, unlabelled or error.")
    ] = None,
    low_confidence: Annotated[
        float | None, typer.Option(metavar="BELOW", help="Only those less sure than this, such as 0.6.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG:VALUE", help="Only those with this tag.")
    ] = None,
    version: Version = None,
    predicted: Annotated[str | None, typer.Option(help="Only of this predicted class.")] = None,
    actual: Annotated[str | None, typer.Option(help="Only of this true class.")] = None,
    id_contains: Annotated[str | None, typer.Option(help="Only those whose id contains this.")] = None,
    period: Period = None,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(help="Go on after the page before, as it said.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest predictions that meet conditions, or one."""
    from assay.cli.predictions import Wanted, show_prediction, show_predictions

    if prediction_id is not None:
        show_prediction(at, model, prediction_id, as_json=as_json)
        return
    wanted = Wanted(
        period=period,
        start=start,
        end=end,
        limit=limit,
        after=after,
        version=version,
        slice=tag,
        outcome=outcome,
        below_confidence=low_confidence,
        predicted=predicted,
        actual=actual,
        contains=id_contains,
    )
    show_predictions(at, model, wanted, as_json=as_json)


@app.command()
def doctor(at: At = None, as_json: AsJson = False) -> None:
    """Check installation, data folder, port and clock."""
    from assay.cli.doctor.examine import examine

    raise typer.Exit(examine(at, as_json=as_json))


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version."""
    from assay import __version__
    from assay.cli.output import print_json

    if as_json:
        print_json({"version": __version__})
    else:
        print(f"assay {__version__}")


app.add_typer(keys)
app.command()(audit)
app.command()(backfill)
app.command()(export)
app.command()(drift)
app.command()(estimate)
app.command()(completion)
app.command("import")(import_files)


def main() -> None:
    """Run the command line; errors are one sentence on standard error, never a trace back."""
    from assay.cli.output import EXIT_INTERRUPTED, Interrupted, fail, leave_quietly
    from assay.cli.usage import is_usage_error, usage_code, usage_sentence

    prepare()
    try:
        code = app(prog_name="assay", standalone_mode=False) or 0
    except AssayError as error:
        fail(str(error))
    except Interrupted as stop:
        fail(str(stop), code=EXIT_INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted", code=EXIT_INTERRUPTED)
    except BrokenPipeError:
        leave_quietly()
    except Exception as error:
        if is_usage_error(error):
            if str(error).startswith("Usage:"):  # a command without its subcommand: here they are
                print(error, file=sys.stderr)
                raise SystemExit(usage_code(sys.argv[1:])) from None
            fail(usage_sentence(error, sys.argv[1:]), code=usage_code(sys.argv[1:]))
        # Whatever happened, the user gets a sentence.
        if os.environ.get("ASSAY_LOG_LEVEL", "").upper() == "DEBUG":
            raise
        fail(
            f"this should not have happened: {type(error).__name__}: {error}; "
            "see where with ASSAY_LOG_LEVEL=DEBUG, and please report it"
        )
    if code == EXIT_INTERRUPTED:  # the framework says nothing on Ctrl-C
        fail("interrupted", code=EXIT_INTERRUPTED)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
