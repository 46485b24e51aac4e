"""The `lab` command."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from lablib.errors import LabError

if TYPE_CHECKING:
    from lablib.online_retail import OnlineRetail
    from lablib.producer import Producer, Report
    from lablib.stack import Stack
    from lablib.synthetic import SyntheticSales
    from lablib.verification import Verification

app = typer.Typer(
    help="Run, feed and check the lab's streaming stack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True, highlight=False)

# Packages whose errors come from a server that is away, rather than from a mistake of ours.
CLIENTS = ("psycopg", "cimpl", "confluent_kafka", "sqlite3", "httpx")

bundle = typer.Typer(
    help="Carry the kit's downloads into a room without a network.", no_args_is_help=True
)
app.add_typer(bundle, name="bundle")

Name = Annotated[str, typer.Argument(help="A service, as lab status lists them.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def main() -> None:
    """Run the command; an error becomes a message and exit code 1, Ctrl-C exit code 130."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app(standalone_mode=True)
    except LabError as error:
        err.print(f"[bold red]Error[/] {_plain(error.what)}")
        if error.seen:
            err.print(f"[bold]Seen[/]  {_plain(error.seen)}")
        if error.next:
            err.print(f"[bold]Try[/]   {_plain(error.next)}")
        sys.exit(1)
    except OSError as error:
        err.print(f"[bold red]Error[/] The system refuses: {_plain(str(error))}")
        err.print("[bold]Try[/]   lab doctor")
        sys.exit(1)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in CLIENTS:
            raise
        err.print(f"[bold red]Error[/] A server did not answer as it should: {_plain(str(error))}")
        err.print("[bold]Try[/]   lab status, then lab up")
        sys.exit(1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _stack() -> Stack:
    from lablib.stack import Stack

    return Stack()


@app.command()
def doctor() -> None:
    """Tell what this machine has and lacks, with the remedy for each."""
    from lablib.doctor import examine, problems
    from lablib.settings import load_settings

    table = Table("", "needed", "seen", "remedy")
    findings = list(examine(load_settings()))
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missing[/]" if finding.needed else "-"
        remedy = "" if finding.ok else finding.remedy
        table.add_row(mark, finding.what, _plain(finding.seen), _plain(remedy))
    out.print(table)
    if problems(findings):
        raise typer.Exit(1)


@app.command()
def up(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="What starts only when asked for: ksql (stream SQL), metrics (Prometheus)."
        ),
    ] = None,
) -> None:
    """Start whatever is down and make topics, tables and the sink. Safe to repeat."""
    from lablib.pipeline import install

    stack = _stack()
    with _interruptible("lab up goes on from here, lab down ends what has started"):
        out.print(f"Backend: {stack.backend.name} (LAB_STACK={stack.settings.stack})")
        stack.up(*names or (), tell=lambda line: out.print(f"  {line}"))
        with out.status("Making topics, tables and the sink ..."):
            status = install(stack)
    out.print(f"  {_plain(str(status))}")
    out.print("[green]The stack is up.[/] Next: lab produce --count 1000, then lab verify")


@app.command()
def status(as_json: Json = False) -> None:
    """Show every service: state, readiness, pid, port. Exit code 1 if one is not ready."""
    stack = _stack()
    statuses = stack.status()
    if as_json:
        print(json.dumps([s.as_dict() for s in statuses], indent=2))
    else:
        table = Table("service", "state", "ready", "pid", "port", "seen")
        for s in statuses:
            ready = "[green]yes[/]" if s.ready else "[red]no[/]"
            table.add_row(s.name, s.state, ready, s.pid, str(s.port), _plain(s.seen))
        out.print(table)
        there = {s.name for s in statuses}
        for profile in sorted({s.profile for s in stack.services if s.name not in there}):
            out.print(f"Not asked for: {profile} (lab up {profile})")
        if all(s.ready for s in statuses):
            _show_connectors(stack)  # without Kafka, Connect repeats what it knew before
    if not all(s.ready for s in statuses):
        if not as_json:
            err.print("Something is down. [bold]Try[/] lab up, or lab logs NAME")
        raise typer.Exit(1)


def _show_connectors(stack: Stack) -> None:
    from lablib.connect import Connect

    try:
        connect = Connect(stack.env["CONNECT_URL"])
        for name in connect.connectors():
            out.print(f"connector {_plain(str(connect.status(name)))}")
    except LabError:
        return


@app.command()
def logs(
    name: Name,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many lines.")] = 50,
) -> None:
    """Show the last lines of a service's log."""
    stack = _stack()
    for line in stack.follow(name, lines) if follow else stack.logs(name, lines):
        print(line, flush=follow)


@app.command()
def down(
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Delete all data, too: topics, tables, ledger.")
    ] = False,
) -> None:
    """End all services. Data stays unless --volumes is given."""
    stack = _stack()
    with out.status("Stopping ..."):
        if volumes:
            stack.wipe()
        else:
            stack.down()
    out.print("The stack is down." + (" Its data is gone." if volumes else " Its data stays."))


@app.command()
def reset(
    lab: Annotated[
        str | None, typer.Argument(help="A lab, e.g. 04_kraft: gives a fresh copy of it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Empty topics, tables and the ledger; or begin one lab anew (your copy is kept aside)."""
    if lab is not None:
        from lablib.settings import load_settings
        from lablib.workbook import reset_lab

        fresh, kept = reset_lab(lab, load_settings())
        out.print(f"A fresh copy: {fresh}" + (f"\nYours is kept: {kept}" if kept else ""))
        return
    from lablib.reset import reset_pipeline

    if not yes:
        typer.confirm("This deletes all sales in topic, table and ledger. Go on?", abort=True)
    with out.status("Emptying the pipeline ..."):
        reset_pipeline(_stack())
    out.print("Topic, table and ledger are empty.")


@app.command()
def notebook(
    browser: Annotated[bool, typer.Option(help="Open a browser, too.")] = True,
) -> None:
    """Copy new labs to work/ (your own copies stay as they are) and open JupyterLab there."""
    from lablib.jupyter import jupyter_command, jupyter_environment
    from lablib.settings import load_settings
    from lablib.workbook import copy_labs

    settings = load_settings()
    for copy in copy_labs(settings):
        if copy.state == "older":
            out.print(
                f"{copy.stem} has a newer edition; lab reset {copy.stem} takes it and keeps yours."
            )
    command = jupyter_command(settings, browser=browser)
    os.execve(command[0], command, jupyter_environment(settings))  # noqa: S606 - no shell wanted


@app.command()
def env(as_json: Json = False) -> None:
    """Print addresses and the password as NAME=value. In a shell: set -a; eval "$(lab env)"."""
    values = _stack().env
    if as_json:
        print(json.dumps(values, indent=2))
        return
    for key, value in values.items():
        print(f"{key}={shlex.quote(value)}")


@app.command()
def produce(
    source: Annotated[
        str, typer.Option(help="synthetic (a made-up chain) or online-retail (a real shop).")
    ] = "synthetic",
    path: Annotated[
        Path | None, typer.Option(help="Online Retail as xlsx, csv or csv.gz; default: download.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Events per second; 0: as fast as allowed. Default 100.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="So many events. Default: 1000, or the whole real shop.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Which synthetic chain. Default: a new one each time.")
    ] = None,
    speedup: Annotated[
        float | None, typer.Option(help="Instead of a rate: event time, so many times faster.")
    ] = None,
    duplicates: Annotated[float, typer.Option(help="Fraction sent twice (synthetic).")] = 0.0,
    late: Annotated[float, typer.Option(help="Fraction that comes late (synthetic).")] = 0.0,
    invalid: Annotated[float, typer.Option(help="Fraction of broken events (synthetic).")] = 0.0,
) -> None:
    """Send sales to Kafka. Ctrl-C ends it in order: what was sent is waited for."""
    from lablib.online_retail import OnlineRetail
    from lablib.producer import Producer
    from lablib.synthetic import SyntheticSales

    if rate is None and speedup is None:
        rate = 100.0
    stack = _stack()
    events: SyntheticSales | OnlineRetail
    if source == "synthetic":
        seed = secrets.randbelow(1_000_000) if seed is None else seed
        events = SyntheticSales(seed, duplicates=duplicates, late=late, invalid=invalid)
        count = 1000 if count is None else count
        out.print(f"{count:,} sales of the synthetic chain, seed {seed}")
    elif source == "online-retail":
        events = OnlineRetail(path)
        out.print("Sales of the real shop, UCI Online Retail")
    else:
        raise LabError(
            f"There is no source {source!r}.", next="--source synthetic or --source online-retail"
        )
    _send(Producer(stack), events, count, rate, speedup)


def _send(
    producer: Producer,
    events: SyntheticSales | OnlineRetail,
    count: int | None,
    rate: float | None,
    speedup: float | None,
) -> None:
    interrupted = False

    def stop(signum: int, _: object) -> None:
        """End the run in order; a second Ctrl-C ends it at once."""
        nonlocal interrupted
        interrupted = True
        producer.stop()
        signal.signal(signum, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    with out.status("Sending ...") as line:

        def watch(report: Report) -> None:
            line.update(f"Sending: {report}")

        producer.send(events, count=count, rate=rate, speedup=speedup, watch=watch)
    out.print(f"Interrupted. {producer.report}" if interrupted else str(producer.report))
    if interrupted:
        raise typer.Exit(130)


@app.command()
def verify(
    within: Annotated[float, typer.Option(help="Seconds to wait for the sink.")] = 120.0,
) -> None:
    """Compare topic, dead letters and table with the ledger. Exit code 1 if anything differs."""
    from lablib.verification import verify as compare

    with out.status("Comparing with the ledger ...") as line:
        result = compare(
            _stack(),
            within=within,
            watch=lambda n: line.update(f"The sink still has {n:,} records to read ..."),
        )
    _show_verification(result)
    if not result:
        raise typer.Exit(1)


@app.command()
def smoke(
    within: Annotated[float, typer.Option(help="Seconds to wait until all is well.")] = 30.0,
) -> None:
    """Send ten sales and look whether all is well: rows, connectors, targets, alerts. Exit code 1 if not."""
    from lablib.smoke import smoke as look

    table = Table("", "checked", Column("seen", overflow="fold"), Column("try", overflow="fold"))
    well = True
    with out.status("Looking ...") as line:
        for check in look(
            _stack(), within, lambda what: line.update(f"Looking whether {what} ...")
        ):
            mark = "[green]ok[/]" if check.ok else "[red]no[/]"
            table.add_row(mark, check.what, _plain(check.seen), "" if check.ok else check.remedy)
            well = well and check.ok
    out.print(table)
    if not well:
        raise typer.Exit(1)


@app.command()
def dashboard(
    name: Annotated[str, typer.Argument(help="sales or servers.")] = "sales",
    minutes: Annotated[float, typer.Option(min=0.5, help="How far back.")] = 15.0,
    html: Annotated[
        Path | None, typer.Option(help="The file to write; default: one in .lab/dashboards.")
    ] = None,
) -> None:
    """Draw a dashboard from what Prometheus has seen, as one page for a browser."""
    from lablib.dashboards import report

    with out.status("Drawing ..."):
        path = report(_stack(), name, minutes, html)
    out.print(f"Open it in a browser: {_plain(str(path.absolute()))}")


def _show_verification(result: Verification) -> None:
    numbers = ("expected", "found", "missing", "doubled", "different", "unexpected")
    titles = ("sent", "found", "missing", "doubled", "differ", "extra")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("place", no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for c in result.comparisons:
        mark = "[green]exact[/]" if c.exact else "[red]differs[/]"
        table.add_row(c.place, *(f"{getattr(c, n):,}" for n in numbers), mark)
    out.print(table)
    for c in result.comparisons:
        if c.note:
            out.print(f"  {c.place}: {c.note}")
        for example in c.examples:
            out.print(f"  {c.place}: {_plain(example)}")
    if result.sending:
        err.print(
            "[bold]Not yet[/]: a producer is sending. [bold]Try[/] lab verify when it is done"
        )
    if result.waiting:
        err.print(
            f"[bold]Not yet[/]: the sink still has {result.waiting:,} records to read.\n"
            "[bold]Try[/] lab verify again; lab status shows whether the sink runs"
        )


@bundle.command("save")
def bundle_save(
    file: Annotated[Path, typer.Argument(help="The file to write, some 2 GB.")],
    wheels: Annotated[bool, typer.Option(help="Python packages, too.")] = True,
) -> None:
    """Write images, Java archives, Python packages and data into one file. Needs the network."""
    from lablib.bundle import save
    from lablib.settings import load_settings

    with out.status("Saving ...") as line:
        save(load_settings(), file, line.update, wheels=wheels)
    out.print(
        f"{file}: {file.stat().st_size / 1e9:.1f} GB. Elsewhere, in a clone of the same commit:"
    )
    out.print(f"  make setup BUNDLE={file}\n  .venv/bin/lab bundle load {file}\n  make lab")


@bundle.command("load")
def bundle_load(file: Annotated[Path, typer.Argument(help="A file of `lab bundle save`.")]) -> None:
    """Take images and Java archives out of a bundle: lab up then needs no network."""
    from lablib.bundle import load
    from lablib.settings import load_settings

    with out.status("Loading ...") as line:
        load(load_settings(), file, line.update)
    out.print("Loaded. Next: lab up")


@app.command()
def kill(name: Name) -> None:
    """End a service the hard way (SIGKILL). It stays down until lab restart or lab up."""
    _stack().kill(name)
    out.print(f"{name} is killed. lab restart {name} brings it back.")


@app.command()
def pause(name: Name) -> None:
    """Freeze a service: its port stays open, nobody answers."""
    _stack().pause(name)
    out.print(f"{name} is paused. lab resume {name} lets it go on.")


@app.command()
def resume(name: Name) -> None:
    """Let a paused service go on."""
    _stack().resume(name)
    out.print(f"{name} goes on.")


@app.command()
def stop(name: Name) -> None:
    """End one service in an orderly way. It stays down until lab restart or lab up."""
    _stack().stop(name)
    out.print(f"{name} is stopped.")


@app.command()
def restart(name: Name) -> None:
    """Stop a service if it is up, start it, and wait until it answers."""
    with _interruptible("lab up finishes what was begun"), out.status(f"Restarting {name} ..."):
        _stack().restart(name)
    out.print(f"{name} answers.")


@contextmanager
def _interruptible(hint: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        err.print(f"\nInterrupted: {hint}.")
        raise typer.Exit(130) from None


if __name__ == "__main__":
    main()
