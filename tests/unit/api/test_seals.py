"""A seal is of one text, one purpose and one of the keys."""

import base64
import itertools

import pytest

from api.seals import InvalidSealKey, Seals

OLD, NEW, OTHER = (bytes([byte]) * 32 for byte in b"onx")


def test_a_key_is_changed_without_a_moment_in_which_one_side_does_not_believe_the_other() -> None:
    steps = [Seals(keys, "usage") for keys in ([OLD], [OLD, NEW], [NEW, OLD], [NEW])]
    for before, after in itertools.pairwise(steps):
        for one, other in ((before, after), (after, before)):
            assert other.is_genuine(b"batch", one.seal(b"batch"))
    assert not steps[-1].is_genuine(b"batch", steps[0].seal(b"batch"))


@pytest.mark.parametrize(
    ("data", "seal"),
    [
        (b"batch", b""),
        (b"batch", Seals([OTHER], "usage").seal(b"batch")),
        (b"batch", Seals([OLD], "marks").seal(b"batch")),
        (b"batches", Seals([OLD], "usage").seal(b"batch")),
        (b"batch", Seals([OLD], "usage").seal(b"batch")[:16]),
    ],
)
def test_whatever_else_is_no_seal(data: bytes, seal: bytes) -> None:
    assert not Seals([OLD, NEW], "usage").is_genuine(data, seal)


@pytest.mark.parametrize("text", ["", " , ", "s3cret", base64.b64encode(bytes(range(31))).decode()])
def test_what_is_no_key_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(InvalidSealKey, match=r"openssl rand -base64 32$") as refused:
        Seals.of_text(text, "usage")
    assert not text.strip(" ,") or text not in str(refused.value)


def test_keys_are_read_from_text() -> None:
    text = ",".join(base64.b64encode(key).decode() for key in (OLD, NEW))
    assert Seals.of_text(text, "usage").is_genuine(b"batch", Seals([NEW], "usage").seal(b"batch"))
