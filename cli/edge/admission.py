"""How many publishes may be under way at a time: Envoy refuses more, before the application hears of them.

What waits in front of a busy application costs memory, and delays everybody. The callers are divided into a few groups
by a hash of their tokens, each with a bound of its own: whoever publishes more than there is room for is refused alone,
or with few others.
"""

from typing import Any

from cli.edge.settings import Bounds
from cli.edge.typed import Config, extension

_BEFORE_IT_COUNTS = "3600s"
"""The filter can follow how long answers take, and is kept from it: a slow disk is no reason to let fewer through."""


def publishes_at_a_time(path: str, prefix: str, bounds: Bounds) -> Config:
    """Return the filter for requests to `path`, and for POSTs below `prefix`; all others pass.

    One matcher for both, so that a caller has one bound, however it publishes.
    """
    posted = {"and_matcher": {"predicate": [_is(":method", exact="POST"), _is(":path", prefix=prefix)]}}
    publish = {"or_matcher": {"predicate": [_is(":path", exact=path), posted]}}
    by_token = {"matcher": _by_token(bounds)}
    return extension(
        "tidings.publishes",
        "extensions.common.matching.v3.ExtensionWithMatcher",
        extension_config=extension("composite", "extensions.filters.http.composite.v3.Composite"),
        xds_matcher={"matcher_list": {"matchers": [{"predicate": publish, "on_match": by_token}]}},
    )


def _by_token(bounds: Bounds) -> Config:
    """Return what to do for each group; who shows no header, but perhaps a token in the query, is in one more."""
    matchers = [
        {
            "predicate": {"single_predicate": _from(group, bounds.caller_groups)},
            "on_match": {"action": _bounded(bounds)},
        }
        for group in reversed(range(bounds.caller_groups))
    ]
    return {"matcher_list": {"matchers": matchers}, "on_no_match": {"action": _bounded(bounds)}}


def _is(name: str, **value: str) -> Config:
    return {"single_predicate": {"input": _header(name), "value_match": value}}


def _header(name: str) -> Config:
    return extension(name, "type.matcher.v3.HttpRequestHeaderMatchInput", header_name=name)


def _from(group: int, groups: int) -> Config:
    """Match the tokens of this group and of all later ones, which were looked at before."""
    hashed = "extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing"
    return {
        "input": _header("authorization"),
        "custom_match": extension("hash", hashed, threshold=group, modulo=groups),
    }


def _bounded(bounds: Bounds) -> Config:
    most = bounds.publishes_at_a_time
    controller: dict[str, Any] = {
        "concurrency_limit_params": {"max_concurrency_limit": most, "concurrency_update_interval": "1s"},
        "min_rtt_calc_params": {"fixed_value": _BEFORE_IT_COUNTS, "min_concurrency": most},
    }
    bound = "extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency"
    return extension(
        "bounded",
        "extensions.filters.http.composite.v3.ExecuteFilterAction",
        typed_config=extension("tidings.at_a_time", bound, gradient_controller_config=controller),
    )
