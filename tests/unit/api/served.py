"""What the tests of the HTTP door ask for: nine boxes of awkward ids, and what a problem looks like."""

from __future__ import annotations

from typing import Any

BOXES = {
    "a": (0.0, 0.0, 5.0),
    "b/with/slashes": (30.0, 0.0, 9.0),
    "with space": (60.0, 0.0, 20.0),
    "건물_1": (90.0, 0.0, 20.0),
    "100%": (120.0, 0.0, 7.0),
    'it\'s "quoted"': (150.0, 0.0, 7.0),
    "history": (180.0, 0.0, 7.0),
    "back\\slash": (210.0, 0.0, 7.0),
    "question?mark#hash": (240.0, 0.0, 7.0),
}
ATTRIBUTES = {
    "a": {"name": "부산시청", "note": 'he said "50% & more"', "year": 1998},
    "with space": {"name": "100 percent"},
    "건물_1": {"tags": ["x_y", "xzy"]},
}


def is_problem(response: Any, status: int) -> bool:
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == body["status"] == status
    assert set(body) <= {"type", "title", "status", "detail"}
    return True
