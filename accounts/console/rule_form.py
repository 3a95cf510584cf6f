"""The permission builder: rules as rows of a form, the same rules as sentences, and a try-out of what they allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from accounts.console.forms import MOST_FIELDS
from accounts.console.pages import Trouble, sentence
from accounts.permissions.rules import MOST_RULES, PermissionRule, read
from accounts.rest.faults import in_words
from api.permissions import Grant
from api.rules import Action, Rule, Selector

ACCESS = (("read", "Subscribe"), ("write", "Publish"), ("read write", "Publish and subscribe"))
MATCHES = (("all", "every topic"), ("name", "the topic"), ("prefix", "topics beginning with"))
_NAMES = ("access", "cache", "match", "topic", "networks")
_NEW = {"access": "read", "cache": "", "match": "all", "topic": "", "networks": ""}
_RULES: TypeAdapter[list[PermissionRule]] = TypeAdapter(list[PermissionRule])
_ACTIONS: tuple[Action, ...] = ("publish", "subscribe")


@dataclass(slots=True)
class RuleForm:
    """What was filled in.

    Attributes:
        rows: By the names of the fields; a cache that is left empty stands for all.
        trial: Cache, topic and address that are to be tried.
        verdicts: What came of it: what is tried, whether it is allowed, and why.
        kept: Rules of the role that no row shows, since they are of no effect: they stay, after those of the rows.
    """

    rows: list[dict[str, str]] = field(default_factory=lambda: [dict(_NEW)])
    trial: dict[str, str] = field(default_factory=lambda: {"cache": "", "topic": "", "address": ""})
    verdicts: Sequence[tuple[str, bool, str]] = ()
    kept: Sequence[Rule] = ()
    access: Sequence[tuple[str, str]] = ACCESS
    matches: Sequence[tuple[str, str]] = MATCHES

    @classmethod
    async def sent(cls, request: Request, stored: Sequence[Rule] = ()) -> "RuleForm":
        """Return what a form sent for a role with the `stored` rules. A button may want a row more or less."""
        form = await request.form(max_fields=MOST_FIELDS, max_files=0)
        texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        count = sum(1 for place in range(MOST_RULES) if f"access-{place}" in texts)
        rows = [{name: texts.get(f"{name}-{place}", "") for name in _NAMES} for place in range(count)]
        trial = {name: texts.get(f"try-{name}", "") for name in ("cache", "topic", "address")}
        kept = _without_rows(stored)
        shown = cls(rows if rows or kept else [dict(_NEW)], trial, kept=kept)
        wanted = texts.get("do", "")
        if wanted == "add" and shown.may_grow:
            shown.rows.append(dict(_NEW))
        elif wanted.startswith("remove-") and shown.may_shrink:
            shown.rows = [row for place, row in enumerate(shown.rows) if f"remove-{place}" != wanted]
        return shown

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "RuleForm":
        """Return the rules of a role as they are filled in."""
        return cls([_row(rule) for rule in rules if rule.type == "topic"], kept=_without_rows(rules))

    @property
    def may_grow(self) -> bool:
        """Whether a role may have one rule more."""
        return len(self.rows) + len(self.kept) < MOST_RULES

    @property
    def may_shrink(self) -> bool:
        """Whether a rule is left where one row is removed."""
        return len(self.rows) + len(self.kept) > 1

    @property
    def kept_in_words(self) -> Sequence[str]:
        """Return what is kept, as a person says it."""
        return [sentence_of(rule) for rule in self.kept]

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules.

        Raises:
            Mistake: a row cannot be one.
        """
        try:
            return (*read(_RULES.validate_python([_body(row) for row in self.rows])), *self.kept)
        except ValidationError as error:
            raise Mistake({_field(each["loc"]): sentence(in_words(each)) for each in error.errors()}) from error

    def decide(self, grant: Grant) -> None:
        """Find out what a grant says of the trial."""
        cache, topic, address = self.trial["cache"], self.trial["topic"], self.trial["address"]
        verdicts: list[tuple[str, bool, str]] = []
        for action in _ACTIONS:
            rule = grant.allowing(action, cache, topic, address)
            why = "no rule allows it" if rule is None else sentence_of(rule)
            verdicts.append((f"{action} to '{topic}' in cache '{cache}'", rule is not None, why))
        self.verdicts = verdicts


class Mistake(Exception):
    """A row of the form that cannot be a rule; `trouble` tells it beside its field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("the rules are not right yet")
        self.trouble = Trouble("The rules are not right yet.", fields)


def sentence_of(rule: Rule) -> str:
    """Return a rule as a person says it."""
    may = {(True, True): "publish and subscribe", (True, False): "subscribe", (False, True): "publish"}
    done = may.get((rule.read, rule.write), "nothing")
    topics = {"name": f"the topic '{rule.topics.text}'", "prefix": f"topics that begin with '{rule.topics.text}'"}
    caches = f"the cache '{rule.caches.text}'" if rule.caches.match == "name" else "every cache"
    where = f", from {', '.join(map(str, rule.networks))}" if rule.networks else ""
    if rule.type == "cache":
        return f"items of {caches}, of which there are none here"
    return f"{done}: {topics.get(rule.topics.match, 'every topic')} of {caches}{where}"


def _without_rows(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.type != "topic")


def _row(rule: Rule) -> dict[str, str]:
    return {
        "access": " ".join(word for word, has in (("read", rule.read), ("write", rule.write)) if has),
        "cache": rule.caches.text,
        "match": rule.topics.match,
        "topic": rule.topics.text,
        "networks": ", ".join(map(str, rule.networks)),
    }


def _body(row: Mapping[str, str]) -> dict[str, object]:
    names = {"name": "name", "prefix": "name_prefix"}
    match = names.get(row["match"])
    return {
        "type": "topic",
        "permissions": row["access"].split(),
        "caches": {"name": row["cache"]} if row["cache"].strip() else "*",
        "topics": {match: row["topic"]} if match else "*",
        "allowed_cidrs": [text.strip() for text in row["networks"].split(",") if text.strip()],
    }


def _field(place: Sequence[int | str]) -> str:
    """Return the field that a fault is about, from where it lies: `[0, 'topic', 'topics', …]`."""
    names = {"permissions": "access", "caches": "cache", "topics": "topic", "allowed_cidrs": "networks"}
    name = next((names[part] for part in place if isinstance(part, str) and part in names), "access")
    return f"{name}-{place[0]}"


def names_cache(name: str, *, topic: str = "", reads_only: bool = False) -> Rule:
    """Return the rule for one cache, or one topic of it."""
    topics = Selector("name", topic) if topic else Selector("all")
    return Rule("topic", read=True, write=not reads_only, caches=Selector("name", name), topics=topics)
