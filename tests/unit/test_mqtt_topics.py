"""Topic filters: the examples of MQTT 3.1.1, clause 4.7, and subscribers found by them."""

import pytest

from api.mqtt.resources import destination, target
from api.mqtt.topics import Subscriptions, is_filter, matches
from api.sensorthings.paths import Form
from twin.errors import TwinError
from twin.observations.model import DATASTREAM, MULTI_DATASTREAM


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/monitor", False),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False),
        ("$SYS/#", "$SYS/monitor", True),
        ("a/b", "a/B", False),
        ("v1.1/+/Observations", "v1.1/Datastreams(1)/Observations", True),
    ],
)
def test_matches(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


@pytest.mark.parametrize(
    "text", ["#", "+", "a/#", "+/a/+", "/", "v1.1/Datastreams(1)/Observations?$select=result"]
)
def test_sound_filters(text: str) -> None:
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+"])
def test_unsound_filters(text: str) -> None:
    assert not is_filter(text)


def test_a_subscriber_of_several_filters_is_found_once_with_the_highest_qos() -> None:
    table: Subscriptions[str] = Subscriptions()
    for topic_filter, qos in (("a/b", 0), ("a/+", 2), ("#", 1)):
        table.add(topic_filter, "one", qos)
    table.add("a/b", "two", 1)
    assert table.match("a/b") == {"one": 2, "two": 1}
    assert table.wild("a/b") == {"one": 2}
    assert table.exact("a/b") == {"one": 0, "two": 1}


def test_the_first_and_the_last_subscriber_of_a_filter_are_noticed() -> None:
    table: Subscriptions[str] = Subscriptions()
    assert table.add("a", "one", 0)
    assert not table.add("a", "two", 0)
    assert not table.remove("a", "one")
    assert table.remove("a", "two")
    assert not table.remove("a", "two")


@pytest.mark.parametrize("prefix", ["v1.1/", "sta/v1.1/"])
def test_where_observations_can_be_published(prefix: str) -> None:
    assert destination(f"{prefix}Datastreams(7)/Observations").datastream == (DATASTREAM, 7)
    assert destination(f"{prefix}MultiDatastreams(8)/Observations").datastream == (MULTI_DATASTREAM, 8)
    assert destination(f"{prefix}FeaturesOfInterest(9)/Observations").feature == 9
    assert destination(f"{prefix}Observations").datastream is None


@pytest.mark.parametrize(
    "path",
    [
        "Things",
        "Datastreams(1)",
        "Observations(1)",
        "Observations?$top=1",
        "Nothing",
        "Things(1)/Locations",
        "",
    ],
)
def test_where_they_cannot(path: str) -> None:
    with pytest.raises(TwinError):
        destination(f"v1.1/{path}")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("Things(1)/Datastreams", Form.collection),
        ("Datastreams(1)", Form.entity),
        ("Things(1)/name", Form.property),
        ("Datastreams(1)/Observations?$select=phenomenonTime,result", Form.collection),
    ],
)
def test_the_four_patterns_can_be_watched(path: str, form: Form) -> None:
    assert target(f"v1.1/{path}").resource.form is form


@pytest.mark.parametrize(
    "path",
    [
        "Things(1)/nothing",
        "Things(1)/name/$value",
        "Things/$ref",
        "$batch",
        "Observations?$filter=id eq 1",
        "",
    ]
    + ["Things(1)/name?$select=name", "Observations?$select=nothing"],
)
def test_other_paths_cannot_be_watched(path: str) -> None:
    with pytest.raises(TwinError):
        target(f"v1.1/{path}")
