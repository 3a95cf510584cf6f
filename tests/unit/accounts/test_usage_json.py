"""The JSON of `GET /v1/usage`, which is made without its model, is what the model would make."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from accounts.usage.reports import Report, Row
from accounts.usage.repository import Counts
from accounts.usage.schemas import UsageReport, UsageRow, report_json

VIENNA = ZoneInfo("Europe/Vienna")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(0, 2**70)
counts = st.builds(Counts, numbers, numbers, numbers, numbers, numbers)
times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(VIENNA))  # noqa: DTZ001 - as it asks
rows = st.builds(Row, times, texts, texts, texts, texts, texts, counts)


@given(times, times, st.lists(rows, max_size=5))
def test_it_is_the_json_of_the_model(start: datetime, end: datetime, rows: list[Row]) -> None:
    model = UsageReport(
        start=start.isoformat(),
        end=end.isoformat(),
        time_zone="Europe/Vienna",
        usage=[
            UsageRow(
                start=row.start.isoformat(),
                meter=row.meter,
                cache=row.cache or None,
                cache_id=row.cache_id or None,
                api_key=row.api_key or None,
                token_id=row.token_id or None,
                messages=row.counts.messages,
                bytes=row.counts.bytes,
                operations=row.counts.operations,
                subscription_seconds=row.counts.seconds,
                peak_subscriptions=row.counts.peak,
            )
            for row in rows
        ],
    )
    assert report_json(Report(start, end, "Europe/Vienna", rows)) == model.model_dump_json().encode()
