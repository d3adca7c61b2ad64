"""Counts and spans of the real libraries: what happened, in bounded words, never a number."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from opentelemetry import metrics as otel_metrics
from opentelemetry import trace as otel_trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY, generate_latest
from web_steps import PHONE, ask, entry, wrong

from flask_phoneauth import events
from flask_phoneauth.settings import SettingError
from flask_phoneauth.telemetry.labels import labels_of

EXPECTED = {
    ("asked", "login"): 1,
    ("sent", "console"): 1,
    ("delivery", "sent"): 1,
    ("wrong", "login"): 1,
    ("refused", "cooldown"): 1,
    ("signed_up", ""): 1,
    ("signed_in", "new_user"): 1,
}


def one_login(app, phoneauth_code) -> str:
    """A login with a wrong code and a hasty resend; its code."""
    client = app.test_client()
    asked = ask(client)
    code = phoneauth_code(PHONE)
    client.post("/auth/verify", json=entry(asked, wrong(code)))
    assert client.post("/auth/resend", json=entry(asked, code)).status_code == 429
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    return code


def counted() -> dict[tuple[str, str], float]:
    """Prometheus' counter, by event and detail."""
    return {
        (sample.labels["event"], sample.labels["detail"]): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "phoneauth_events_total"
    }


def test_prometheus_counts_a_login_without_number_or_code(make_app, phoneauth_code):
    app = make_app(METRICS="prometheus")
    assert app.extensions["phoneauth"].live
    before = counted()
    sent = REGISTRY.get_sample_value("phoneauth_delivery_seconds_count")
    code = one_login(app, phoneauth_code)
    after = counted()
    assert {key: after[key] - before.get(key, 0) for key in EXPECTED} == EXPECTED
    assert REGISTRY.get_sample_value("phoneauth_delivery_seconds_count") == sent + 1
    shown = generate_latest().decode()
    ours = [line for line in shown.splitlines() if "phoneauth" in line]
    labels = " ".join(re.findall(r'"([^"]*)"', "\n".join(ours)))
    tag = app.extensions["phoneauth"].live.parts.keys.phone_tag(PHONE)
    for secret in (PHONE, PHONE[-9:], code, tag):
        assert secret not in labels


@pytest.fixture(scope="module")
def collected():
    """OpenTelemetry's own collectors, in memory; a process may be given them once."""
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    otel_metrics.set_meter_provider(MeterProvider([reader]))
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    otel_trace.set_tracer_provider(tracers)
    yield reader, spans
    tracers.shutdown()


def test_opentelemetry_counts_a_login_and_spans_its_message(make_app, phoneauth_code, collected):
    reader, spans = collected
    spans.clear()
    code = one_login(make_app(METRICS="opentelemetry"), phoneauth_code)
    points = [
        point
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "phoneauth.events"
        for point in metric.data.data_points
    ]
    seen = {(p.attributes["event"], p.attributes["detail"]): p.value for p in points}
    assert seen == EXPECTED
    (span,) = spans.get_finished_spans()
    assert span.name == "phoneauth.deliver"
    assert [event.name for event in span.events] == ["phoneauth.delivery", "phoneauth.sent"]
    told = span.to_json() + str(points)
    assert PHONE[-9:] not in told
    assert f'"{code}"' not in told


@pytest.mark.parametrize("reason", ["+447400123456", "gone to 447400123456", "A" * 9, "x" * 40])
def test_a_word_that_is_no_word_is_counted_as_other(reason):
    event = events.CodeFailed("t.x", "login", "+44 •••• ••3456", reason)
    assert labels_of(event) == ("failed", "other")


def test_a_budgets_mark_is_told(app):
    assert labels_of(events.BudgetWarning("country", 80, "country:GB:hour")) == (
        "budget",
        "country_80",
    )


def test_every_event_is_counted():
    kinds = [
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, events.Event) and kind is not events.Event
    ]
    for kind in kinds:
        values = dict.fromkeys(kind.__dataclass_fields__, "word")
        assert labels_of(kind(**values)), kind


def test_an_unknown_collector_is_refused_with_the_known_names(make_app):
    app = make_app(METRICS="statsd")
    with pytest.raises(SettingError, match=r"PHONEAUTH_METRICS.*opentelemetry, prometheus"):
        _ = app.extensions["phoneauth"].live


def test_nothing_is_loaded_unless_it_is_chosen():
    program = """
import sys, flask, flask_phoneauth
app = flask.Flask("app"); app.testing, app.secret_key = True, "long enough for this test"
app.config["PHONEAUTH_STORE_URL"] = "memory://"
app.config["PHONEAUTH_SESSION_STORE_URL"] = "memory://"
app.config["PHONEAUTH_AUDIT_URL"] = "off"
users = flask_phoneauth.CallableUsers(get={}.get, by_phone={}.get, create=str)
flask_phoneauth.PhoneAuth(app, users=users)
app.extensions["phoneauth"].live
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"prometheus_client", "opentelemetry"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
