"""Runs the checks side by side, each in a thread, and cleans up after them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import click
import grpc
import httpx

from cli.compatibility import caches, tokens, topics, untried, web, webhooks
from cli.compatibility.check import Check, NotChecked, Outcome, Row, Wrong, told
from cli.compatibility.deployment import Deployment

CHECKS: Sequence[Check] = sorted(
    (*caches.CHECKS, *topics.CHECKS, *tokens.CHECKS, *web.CHECKS, *webhooks.CHECKS, *untried.CHECKS),
    key=lambda check: check.point,
)
SIDE_BY_SIDE = 8


def rows_of(endpoint: str, key: str) -> list[Row]:
    """Try what is at an endpoint.

    Raises:
        click.ClickException: nobody answers there, or the key makes no cache.
    """
    deployment = Deployment(endpoint, key)
    try:
        return run(deployment)
    except grpc.RpcError as error:
        raise click.ClickException(f"no cache can be made at {endpoint} to try things in: {told(error)}") from error
    finally:
        deployment.close()


def run(deployment: Deployment, checks: Sequence[Check] = CHECKS) -> list[Row]:
    """Try a deployment. Each call is bounded in time, so this is: about 10 s, and two minutes where nothing answers.

    Raises:
        grpc.RpcError: no cache could be made to try things in.
    """
    deployment.cache = deployment.new_cache()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(partial(_row, deployment), checks))


def _row(deployment: Deployment, check: Check) -> Row:
    began = time.monotonic()
    outcome, text = ("not checked", check.why_not) if check.run is None else _tried(check.run, deployment)
    return Row(check.point, check.promise, outcome, text, round(time.monotonic() - began, 3))


def _tried(run: Callable[[Deployment], None], deployment: Deployment) -> tuple[Outcome, str]:
    try:
        run(deployment)
    except NotChecked as reason:
        return "not checked", str(reason)
    except Wrong as wrong:
        return "failed", str(wrong)
    except grpc.RpcError as error:
        return "failed", f"a call that should go well was refused: {told(error)}"
    except httpx.HTTPError as error:
        return "failed", f"HTTP does not answer: {error!r}"
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        return "failed", f"an answer has another form: {error!r}"
    return "ok", ""
