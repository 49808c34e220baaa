"""The command line: ``plumbline`` and ``python -m plumbline``; the Makefile calls nothing else."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from plumbline import custody, progress, reading, rebuilding, restoring
from plumbline.core import events
from plumbline.core.arguments import Parser, add_options, config_of
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError, Unfit, UsageError
from plumbline.core.paths import Paths


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (0 good, 1 a control failed, 2 usage, 3 environment, 4 bring-up)."""
    try:
        with _ended_by_signals():
            return _parser().answered(argv)
    except PlumblineError as error:
        return _said(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read our output has enough of it
        return 0
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:  # of a connection, not of a file
            return _said(
                f'{error}: try again, or replace the stack ("make all-local FRESH=1")', PlumblineError.exit_code
            )
        return _said(_refused(error), Unfit.exit_code)
    except Exception:  # noqa: BLE001  (a mistake of ours must not look like a failed control)
        traceback.print_exc()
        return _said(
            "this is a mistake in Plumbline, not in what you did: please report it with the lines above", os.EX_SOFTWARE
        )
    except KeyboardInterrupt as interrupt:
        sign = interrupt.args[0] if interrupt.args else signal.SIGINT
        return _said("interrupted; run the same command again to go on", 128 + sign)


def _said(text: str, code: int) -> int:
    """Say why a command failed, on one line, and return its exit code."""
    print(f"plumbline: {' '.join(text.split())}", file=sys.stderr)
    return code


def _refused(error: OSError) -> str:
    """Say what the system refused, and what to do about it."""
    where = f"{error.filename}: " if error.filename else ""
    fix = {errno.ENOSPC: "free some room", errno.EACCES: "make it yours, or run this as its owner"}
    advice = fix.get(error.errno or 0, "see what is wrong with it")
    return f"{where}{error.strerror or error}: {advice}, and run the same command again to go on"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Treat being told to end (SIGTERM, SIGHUP) as an interruption: what we started ends too, and we say how to go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> Parser:
    parser = Parser(prog="plumbline", description="Stand the stack up, prove it, take it down.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(answer=run)
        return sub

    def about_a_stack(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = command(name, run, text)
        add_options(sub)
        return sub

    about_a_stack("doctor", _doctor, "check what this machine needs, each with its fix")
    plan = about_a_stack("plan", _plan, "what a run would do: components, images, controls, minutes; touches nothing")
    plan.add_argument("--airgap", action="store_true", help="list every package to carry to a machine without network")
    engine = command("engine", _engine, "the container engine: use the running one, or install a private one")
    engine.add_argument("action", choices=("ensure", "up", "down", "status"))
    _add_images(command("images", _images, "the images and tools that the stack is made of"))
    up = about_a_stack("up", _up, "bring up components and all that they need (default: everything)")
    up.add_argument("components", nargs="*", metavar="COMPONENT")
    about_a_stack("down", _down, "delete the cluster and all local resources")
    shown = about_a_stack("summary", _summary, "hosts, addresses, ports, and where credentials are")
    shown.add_argument(
        "--show-credentials", action="store_true", help="print the local credentials (to a terminal only)"
    )
    about_a_stack("query", _query, "peers and a rising block number, through the ingress")
    report = command("report", _report, "what finished runs left: show one, compare two, check that one is untouched")
    report.add_argument("rest", nargs=argparse.REMAINDER, metavar="show|diff|verify ...")
    logs = about_a_stack("logs", _logs, "the logs of a component's pods, or of one pod")
    logs.add_argument("name", metavar="COMPONENT|POD")
    secrets = command("secrets", _secrets, "seal secrets; renew, back up, restore and report the keys that open them")
    custody.add_actions(secrets)
    control = command("control", _control, "make a new control: its row in the catalogue, and a test that fails")
    control.add_argument("action", choices=("new",))
    control.add_argument("id", metavar="ID", help="such as ING-010")
    control.add_argument("claim", metavar="CLAIM", help="what is claimed, in one sentence")
    existing = command(
        "existing", _existing, "a cluster that others run: propose a map of it, check that it is only read"
    )
    reading.add_actions(existing)
    restore = about_a_stack(
        "restore", _restore, "a node from a snapshot, judged, in the place of the node that it is of"
    )
    restoring.add_options(restore)
    rehearse = about_a_stack("rehearse", _rehearse, "an upgrade of Geth, on a clone of a node, with a verdict")
    restoring.add_rehearsal(rehearse)
    export = about_a_stack("export", _export, "what a lost cluster is rebuilt from, into a folder outside of it")
    rebuilding.add_options(export)
    rebuild = about_a_stack("rebuild", _rebuild, "replace the cluster by a new one that serves the chain of an export")
    rebuilding.add_options(rebuild)
    faults = command("faults", _faults, "break the stack on purpose and demand that the right control goes red")
    faults.add_argument("rest", nargs=argparse.REMAINDER, metavar="list|run|heal ...")
    bench = command("bench", _bench, "measure: how fast, beside what, and whether it can be relied on")
    bench.add_argument("rest", nargs=argparse.REMAINDER, metavar="bringup|wait|profile|interruptions|cycles ...")
    return parser


def _add_images(parser: argparse.ArgumentParser) -> None:
    """Add the actions on images; without one they are built."""
    parser.set_defaults(names=[], drop_caches=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=Parser)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text)

    build = action("build", "build every image and the tools of the bring-up (the default), or some images")
    build.add_argument("names", nargs="*", metavar="IMAGE", help="build these only; some are built in no other way")
    build.add_argument("--drop-caches", action="store_true", help="remove what was compiled on the way afterwards")
    action("list", "every image, and whether it is built")
    lock = action("lock", "renew the pins: images, Debian packages, Go modules")
    lock.add_argument("--registry-mirror", metavar="URL", help="record the digests that this registry has")
    push = action("push", "push every image to a registry, so that it can be pulled from there")
    push.add_argument("url", metavar="URL", help="where the registry answers")
    verify = action("verify", "check what is stored against what was recorded")
    verify.add_argument("--rebuild", nargs="+", metavar="NAME", default=[], help="build these anew and compare them")
    action("tools", "have pinned tools").add_argument("names", nargs="*", metavar="TOOL", help="default: all")


def _stack(options: argparse.Namespace) -> Any:
    from plumbline.stack import Stack  # noqa: PLC0415  (nothing else needs the components)

    paths = Paths.of()
    return Stack.open(config_of(options, paths.root), paths)


def _standing(options: argparse.Namespace) -> Any:
    stack = _stack(options)
    stack.require()
    return stack


def _doctor(options: argparse.Namespace) -> int:
    from plumbline import doctor  # noqa: PLC0415

    paths = Paths.of()
    checks = doctor.checks(paths, config_of(options, paths.root))
    print(doctor.render(checks))
    return 0 if all(check.ok for check in checks) else Unfit.exit_code


def _plan(options: argparse.Namespace) -> int:
    if options.airgap:
        from plumbline.images import luggage, workshop  # noqa: PLC0415

        print("\n".join(luggage.packages(workshop.of(Paths.of()))))
        return 0
    from plumbline import plan  # noqa: PLC0415

    print(plan.render(_stack(options)), end="")
    return 0


def _engine(options: argparse.Namespace) -> int:
    from plumbline.images import engine  # noqa: PLC0415

    with progress.shown():
        return engine.command(options.action)


def _images(options: argparse.Namespace) -> int:
    from plumbline import images  # noqa: PLC0415
    from plumbline.images import commands, pinning  # noqa: PLC0415

    paths = Paths.of()
    actions: dict[str, Callable[[], object]] = {
        "build": lambda: commands.build(paths, options.names, drop_caches=options.drop_caches),
        "list": lambda: commands.show(paths),
        "lock": lambda: pinning.renew(paths, options.registry_mirror),
        "push": lambda: commands.push(paths, options.url),
        "verify": lambda: commands.verify(paths, options.rebuild),
        "tools": lambda: print(images.ensure(paths, *options.names)),
    }
    events.open_run(paths.runs)
    with progress.shown():
        actions[options.action or "build"]()
    return 0


def _up(options: argparse.Namespace) -> int:
    from plumbline import doctor  # noqa: PLC0415
    from plumbline.dag import closure  # noqa: PLC0415
    from plumbline.faults.injuries import undo  # noqa: PLC0415

    stack = _stack(options)
    events.open_run(stack.site.paths.runs)
    with progress.shown():
        closure(stack.components, options.components)
        doctor.require(stack.site.paths, stack.site.config)
        undo.heal_leftovers(stack)
        stack.up(options.components or None)
    return 0


def _down(options: argparse.Namespace) -> int:
    stack = _stack(options)
    with progress.shown():
        stood = stack.down()
    print("all of it is gone" if stood else "no stack of this checkout stands: nothing to do")
    return 0


def _summary(options: argparse.Namespace) -> int:
    from plumbline import summary  # noqa: PLC0415

    if options.show_credentials and not sys.stdout.isatty():
        raise UsageError("--show-credentials prints to a terminal only; read the Secrets with kubectl otherwise")
    print(summary.render(_standing(options), show_credentials=options.show_credentials), end="")
    return 0


def _query(options: argparse.Namespace) -> int:
    from plumbline import query  # noqa: PLC0415

    for answer in query.ask(_standing(options)):
        print(f"{answer.host}  {answer.method:<16} {answer.value}", flush=True)
    return 0


def _logs(options: argparse.Namespace) -> int:
    stack = _standing(options)
    for pod in stack.pods_of(options.name):
        for status in pod["spec"]["containers"]:
            where = pod["metadata"]["namespace"], pod["metadata"]["name"]
            print(f"==> {where[0]}/{where[1]} {status['name']}")
            print(stack.site.kube.logs(*where, container=status["name"]))
    return 0


def _secrets(options: argparse.Namespace) -> int:
    return custody.command(options, lambda: _standing(options).sealed_secrets)


def _restore(options: argparse.Namespace) -> int:
    from plumbline.components.recovery.restore import Restore  # noqa: PLC0415

    with _recovering(options) as site:
        return restoring.command(options, Restore(site, into=options.into))


def _rehearse(options: argparse.Namespace) -> int:
    with _recovering(options) as site:
        return restoring.rehearse(options, site)


def _export(options: argparse.Namespace) -> int:
    with _recovering(options) as site:
        return rebuilding.export(options, site)


def _rebuild(options: argparse.Namespace) -> int:
    from plumbline import doctor  # noqa: PLC0415

    paths = Paths.of()
    doctor.require(paths, _recoverable(config_of(options, paths.root)))
    events.open_run(paths.runs)
    with progress.shown():
        return rebuilding.rebuild(options, lambda: _stack(options))


@contextmanager
def _recovering(options: argparse.Namespace) -> Iterator[Any]:
    """Show what is done, and lend the place of the standing stack."""
    site = _standing(options).site
    _recoverable(site.config)
    events.open_run(site.paths.runs)
    with progress.shown():
        yield site


def _recoverable(config: Config) -> Config:
    if config.network != "devnet":
        raise UsageError(
            "nodes of a public network are restored by their chart (persistence.fromSnapshot): see docs/backup.md"
        )
    return config


def _existing(options: argparse.Namespace) -> int:
    return reading.command(options, Paths.of())


def _report(options: argparse.Namespace) -> int:
    from plumbline.evidence import cli  # noqa: PLC0415

    return cli.main(options.rest)


def _control(options: argparse.Namespace) -> int:
    from plumbline import controls  # noqa: PLC0415

    paths = Paths.of()
    made = controls.new(paths, options.id, options.claim)
    print("\n".join(controls.told(options.id, made, paths.root)))
    return 0


def _faults(options: argparse.Namespace) -> int:
    from plumbline.faults import cli  # noqa: PLC0415

    return cli.main(options.rest)


def _bench(options: argparse.Namespace) -> int:
    from plumbline.bench import cli  # noqa: PLC0415

    return cli.main(options.rest)
