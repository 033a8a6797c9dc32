"""Lab 03: `orders` asks its neighbours in time, not too often, not in vain; and what is sent to it twice is done once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from checker import OTHERS, Reply, Role, eventually

PATIENT = {"CALL_BUDGET_MS": "8000", "BREAKER_FAILURES": "1000"}
"""A budget that is never short, and a breaker that does not open: what they do is another check's matter."""


def alone(**variables: str) -> pytest.MarkDecorator:
    """Only `orders` runs, and is told these; its neighbours are stand-ins."""
    return pytest.mark.system(only=["orders"], standins=[OTHERS], variables={**PATIENT, **variables})


@alone(CALL_BUDGET_MS="500")
@pytest.mark.usefixtures("neighbours")
def test_an_order_is_read_whatever_users_does(read_while_users: Callable[[], dict[str, object]]) -> None:
    """Whatever users does wrong, an order is read, listed and moved on within the budget, without the nickname."""
    found = read_while_users()

    assert found == dict.fromkeys(found, (200, None))


@alone(CALL_BUDGET_MS="1000")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_all_questions_share_one_budget(refused: Callable[[], dict[str, object]]) -> None:
    """When users is slow, and the shop says nothing at all, an order is refused within the budget."""
    found = refused()

    assert found == {"answers": [503, 503], "later where users was slow": False}


@alone(CALL_BUDGET_MS="600")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_one_slow_call_costs_nothing_else(orders: Role, users: Role, order: int, buyer: int) -> None:
    """When one call to users gets no answer, the next one brings the nickname, within the same budget."""
    users.hangs(only=1)
    reply = orders.get(f"/orders/{order}", timeout=1.1)

    assert (reply.status_code, reply["nickname"]) == (200, f"nick-{buyer}")


@alone()
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_attempts_stay_few(hits: Callable[[], dict[str, int]]) -> None:
    """While users answers 503, a request asks it again, and three times at the most."""
    found = hits()

    assert {request: number for request, number in found.items() if not 2 <= number <= 3} == {}


@alone(BREAKER_FAILURES="2", BREAKER_RESET_MS="60000")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours", "order")
def test_a_refusal_is_an_answer(users: Role, place: Callable[..., Reply], nobody: int) -> None:
    """That there is no such customer is asked once for each order, and keeps nobody else from ordering."""
    before = len(users.calls)
    refused = [place(user_id=nobody).status_code for _ in range(3)]
    asked = len(users.calls) - before

    assert (refused, asked) == ([422] * 3, 3)
    assert place().status_code == 201


@alone()
@pytest.mark.usefixtures("neighbours")
def test_a_long_list_costs_as_much_as_a_short_one(cost_of_listing: Callable[[int], tuple[int, list[str]]]) -> None:
    """Listing 50 orders asks users as often as listing 5, and each has its customer's nickname."""
    short, long = cost_of_listing(5), cost_of_listing(50)

    assert (short[1], long[1]) == ([], [])
    assert 1 <= short[0] == long[0]


@alone(CALL_BUDGET_MS="10000", CALLS_AT_ONCE="25")
@pytest.mark.fresh
@pytest.mark.timing
@pytest.mark.usefixtures("neighbours")
def test_others_are_served_meanwhile(slowdown: Callable[[], dict[str, float]]) -> None:
    """While 25 wait for users, which hangs, whoever does not need users is answered as fast as before."""
    times = slowdown()

    assert {name: f"{times[name]:.0f} times as long" for name in times if times[name] > 10} == {}


@alone(CALLS_AT_ONCE="4")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_only_so_many_call_at_once(at_a_time: Callable[[], tuple[int, list[object]]], buyer: int) -> None:
    """No more than CALLS_AT_ONCE calls to users are under way at once; the others wait for their turn."""
    most, got = at_a_time()

    assert 1 <= most <= 4
    assert got == [(200, f"nick-{buyer}")] * len(got)


@alone(CALL_BUDGET_MS="500", CALLS_AT_ONCE="1")
@pytest.mark.after("test_others_are_served_meanwhile")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_a_turn_is_waited_for_within_the_budget(read_in_line: Callable[[], list[object]]) -> None:
    """Who waits for a turn while users hangs waits no longer than the budget, and reads the order without the nickname."""
    got = read_in_line()

    assert got == [(200, None)] * len(got)


@alone(BREAKER_FAILURES="4", BREAKER_RESET_MS="60000")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_calls_stop_after_failures(orders: Role, users: Role, order: int) -> None:
    """After BREAKER_FAILURES failures in a row nobody asks users any more, and orders are read without it."""
    users.answers(503)
    read = [orders.get(f"/orders/{order}", timeout=5.0).status_code for _ in range(8)]
    before = len(users.calls)
    read += [orders.get(f"/orders/{order}", timeout=5.0).status_code for _ in range(4)]

    assert read == [200] * 12
    assert len(users.calls) - before == 0


@alone(BREAKER_FAILURES="2", BREAKER_RESET_MS="60000")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_only_failures_in_a_row_count(orders: Role, users: Role, order: int, buyer: int) -> None:
    """While every other call to users fails, it is asked all the same, and orders have their nicknames."""
    users.answers(503, calls=range(1, 20, 2))
    read = [orders.get(f"/orders/{order}")["nickname"] for _ in range(6)]

    assert read == [f"nick-{buyer}"] * 6


@alone(BREAKER_FAILURES="2", BREAKER_RESET_MS="200")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_one_tries_first(who_tries: Callable[[], tuple[int, list[int]]]) -> None:
    """When users was left alone long enough, one call tries; until it is answered nobody else calls, and orders are read."""
    tried, got = who_tries()

    assert (tried, got) == (1, [200] * len(got))


@alone(BREAKER_FAILURES="2", BREAKER_RESET_MS="200")
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_calls_come_back_by_themselves(orders: Role, users: Role, order: int, buyer: int) -> None:
    """Once users is well again, the nicknames are back, and nobody had to start anything anew."""
    path = f"/orders/{order}"
    users.answers(503)
    lost = [orders.get(path, timeout=5.0)["nickname"] for _ in range(3)]
    users.heals()

    assert lost == [None, None, None]
    assert eventually(lambda: orders.get(path)["nickname"], within=3.0, what="a nickname") == f"nick-{buyer}"


@alone()
@pytest.mark.usefixtures("neighbours")
def test_one_key_makes_one_order(place: Callable[..., Reply], key: str, total: Callable[[], int]) -> None:
    """An order that is sent three times with one Idempotency-Key is made once, and answered the same each time."""
    before = total()
    answers = [place(key) for _ in range(3)]

    assert [(reply.status_code, reply.json) for reply in answers] == [(201, answers[0].json)] * 3
    assert total() - before == 1


@alone()
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_an_answer_is_kept_as_it_was(
    orders: Role, place: Callable[..., Reply], key: str, start_anew: Callable[[], None]
) -> None:
    """Sent again when it is paid, and orders has been killed and started again, an order gets the answer it got first."""
    first = place(key)
    orders.patch(f"/orders/{first['id']}/status", json={"status": "paid"})
    start_anew()
    again = place(key)

    assert (again.status_code, again.json) == (201, first.json)


@alone()
@pytest.mark.usefixtures("neighbours")
def test_a_lost_answer_is_given_again(lost_answer: Callable[[], Reply], users: Role, total: Callable[[], int]) -> None:
    """Who hangs up before the answer is there, and sends the order again with the same key, has ordered once."""
    before = total()
    answer = lost_answer()
    rewarded = {json.loads(call.sent)["order_id"] for call in users.calls if call.request.startswith("POST ")}

    assert (answer.status_code, rewarded - {answer["id"]}) == (201, set())
    assert total() - before == 1


@alone()
@pytest.mark.usefixtures("neighbours")
def test_twins_are_one_order(twins: Callable[[], list[Reply]], total: Callable[[], int]) -> None:
    """Of two that arrive at the same moment with one key, there is one order, and both are told of it."""
    before = total()
    one, other = twins()

    assert (one.status_code, other.status_code, one["id"] == other["id"]) == (201, 201, True)
    assert total() - before == 1


@alone()
@pytest.mark.usefixtures("neighbours")
def test_a_key_is_good_for_one_thing(place: Callable[..., Reply], key: str, buyer: int) -> None:
    """With a key that has been used, another order is refused with 422, and another customer's is made."""
    first, changed, stranger = place(key), place(key, discount_code="WELCOME10"), place(key, user_id=buyer + 1)

    assert (first.status_code, changed.status_code, stranger.status_code) == (201, 422, 201)
    assert stranger["id"] != first["id"]


@alone()
@pytest.mark.usefixtures("neighbours", "order")
def test_a_refused_order_may_come_again(
    users: Role, place: Callable[..., Reply], key: str, total: Callable[[], int]
) -> None:
    """An order that gets no points is refused, and nothing of it is kept: sent again with its key, it is made."""
    before = total()
    users.answers(503, when="POST /users/")
    refused, kept = place(key), total() - before
    users.heals()
    again = place(key)

    assert (refused.status_code, kept, again.status_code) == (503, 0, 201)


@alone()
@pytest.mark.usefixtures("neighbours")
def test_a_new_field_harms_nobody(users_grow: Callable[[], None], place: Callable[..., Reply], buyer: int) -> None:
    """When users answers with a field that nobody knows yet, everything goes on as before."""
    users_grow()
    reply = place()

    assert (reply.status_code, reply["nickname"]) == (201, f"nick-{buyer}")


@alone()
@pytest.mark.usefixtures("neighbours")
def test_a_broken_promise_is_named(orders: Role, order: int, users_lose_a_field: Callable[[], None]) -> None:
    """When users leaves out the nickname that it promised, orders are read, and the log says which field it was."""
    users_lose_a_field()
    reply = orders.get(f"/orders/{order}")

    assert (reply.status_code, reply["nickname"]) == (200, None)
    assert eventually(lambda: [line for line in orders.log if "nickname" in line], within=2.0, what="such a line")


@alone(CALL_BUDGET_MS="500")
@pytest.mark.usefixtures("neighbours", "order")
def test_what_cannot_be_known_is_not_made_up(
    users: Role, place: Callable[..., Reply], total: Callable[[], int]
) -> None:
    """While users hangs, an order is refused within the budget, with 503 and a Retry-After, and nothing of it is kept."""
    before = total()
    users.hangs()
    refused = place(timeout=1.4)
    users.heals()

    assert (refused.status_code, refused.headers.get("retry-after", "").isdigit()) == (503, True)
    assert total() == before


@pytest.mark.system(variables=PATIENT)
@pytest.mark.fresh
def test_points_are_given_once(buyer_of_theirs: int, users: Role, spend: Callable[[], Any]) -> None:
    """When users gives the points but its answer is lost, the order is made, and the points are there once."""
    users.drops_the_answer(when="POST /users/", only=1)
    order = spend()
    users.heals()

    assert order.status_code == 201
    assert users.get(f"/users/{buyer_of_theirs}/points")["points"] == order["total_cents"] // 100
