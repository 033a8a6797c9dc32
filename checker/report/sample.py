"""A run to look at: every outcome, a hanging neighbour, a crash with its log. ``python -m checker.report.sample DIR``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from checker.ledger import Exchange, Fault
from checker.outcome import BlockedBy, CheckResult, Message, Outcome, Results

__all__ = ["sample"]

_LAB = "03-calls"
_ORDER = '{"id":1,"user_id":7,"nickname":"mei","status":"created","total_cents":4590}'
_TIMEOUT = {
    "en": "a caller that waits for ever spreads one outage to all",
    "zh": "没完没了地等下去，一处故障就会拖垮所有服务",
}


def sample() -> Results:
    """Return a believable run of lab 03: four passed, two failed, two blocked, one broken."""
    return Results(
        lab=_LAB,
        seed=20261,
        started="2026-11-23T09:41:07Z",
        duration=2.314,
        workspace="/home/mei/bazaar",
        environment={"python": "3.11.7", "backing": "embedded PostgreSQL 18.6", "start": "forked"},
        checks=[*_passed(), _hanging(), _crashed(), *_blocked(), _broken()],
    )


def _passed() -> list[CheckResult]:
    claims = {
        "test_order_shows_the_nickname": ("An order shows its buyer's nickname.", "订单会显示买家的昵称。"),
        "test_listing_asks_users_once": (
            "A listing of fifty orders asks users once.",
            "列出五十张订单，只问 users 一次。",
        ),
        "test_reset_is_retried": ("A connection that users resets is tried again.", "users 重置连接后，会再试一次。"),
        "test_price_needs_the_catalogue": (
            "An order is refused with 503 and Retry-After while no price can be had.",
            "拿不到价格时，以 503 和 Retry-After 拒绝下单。",
        ),
    }
    return [
        CheckResult(name, _LAB, {"en": en, "zh": zh}, Outcome.PASSED, wire=_calm(), seconds=0.021)
        for name, (en, zh) in claims.items()
    ]


def _calm() -> list[Exchange]:
    return [
        Exchange("orders", "users", "GET /users/7", 0.004, 200, 0.003, received='{"id":7,"nickname":"mei"}'),
        Exchange("you", "orders", "GET /orders/1", 0.001, 200, 0.009, received=_ORDER),
    ]


def _hanging() -> CheckResult:
    return CheckResult(
        name="test_a_hanging_users_service_is_survived",
        lab=_LAB,
        claim={
            "en": "An order can be read within a second while users hangs.",
            "zh": "users 挂起时，一秒之内仍能读到订单。",
        },
        outcome=Outcome.FAILED,
        assertion="assert 504 == 200",
        expression="reply.status_code",
        wire=[
            Exchange(
                "you", "orders", "GET /orders/1", 0.112, 504, 1.002, received='{"title":"Gateway Timeout","status":504}'
            ),
            Exchange("orders", "users", "GET /users/7", 0.115, None, None, "hangs"),
        ],
        faults=[Fault("users", "hangs", 0.1), Fault("users", "healed", 1.13)],
        why=_TIMEOUT,
        read="labs/03-calls#timeouts",
        place={
            "en": 'notebooks/03-calls.ipynb, "A budget, not a timeout"',
            "zh": "notebooks/03-calls.zh.ipynb，“是预算，不是超时”",
        },
        again="curl -i 127.0.0.1:41233/orders/1",
        seconds=1.04,
    )


def _crashed() -> CheckResult:
    calls = [
        Exchange("orders", "shop", f"GET /products/{sku}", 0.02 + n / 100, 200, 0.004)
        for n, sku in enumerate(f"TEA-{n:02}" for n in range(1, 22))
    ]
    return CheckResult(
        name="test_orders_survives_a_reset",
        lab=_LAB,
        claim={
            "en": "Twenty-one lines are priced in one call to the shop.",
            "zh": "二十一行商品，只向 shop 询价一次。",
        },
        outcome=Outcome.FAILED,
        message=Message(
            "{service} ended with exit code {code} while it was asked {request}.",
            values={"service": "orders", "code": 1, "request": "POST /orders"},
        ),
        wire=[Exchange("you", "orders", "POST /orders", 0.01, None, 0.245, note="closed before a reply"), *calls],
        logs={
            "orders": [
                'File "services/orders/pricing.py", line 31, in price',
                "    return sum(lines[sku] * quantity for sku, quantity in wanted)",
                "KeyError: 'TEA-21'",
            ],
        },
        why={
            "en": "calls that grow with the basket make a full basket slow",
            "zh": "调用次数随购物篮增长，篮子越满越慢",
        },
        read="labs/03-calls#batch",
        place={
            "en": 'notebooks/03-calls.ipynb, "Asking again multiplies"',
            "zh": "notebooks/03-calls.zh.ipynb，“重试会相乘”",
        },
        again="curl -i 127.0.0.1:41233/orders -H 'content-type: application/json' -d @basket.json",
        seconds=0.31,
    )


def _blocked() -> list[CheckResult]:
    stale = {"en": "A breaker that has opened closes again by itself.", "zh": "断路器打开后会自行闭合。"}
    behind = {
        "en": "An order can be read within a second while users hangs.",
        "zh": "users 挂起时，一秒之内仍能读到订单。",
    }
    absent = {"en": "Two replicas share one idempotency key.", "zh": "两个副本共用一个幂等键。"}
    return [
        CheckResult(
            "test_breaker_closes",
            _LAB,
            stale,
            Outcome.BLOCKED,
            Message("It builds on “{claim}”, which did not pass.", values={"claim": behind}),
            blocked_by=BlockedBy.WORK,
        ),
        CheckResult(
            "test_replicas_share_a_key",
            _LAB,
            absent,
            Outcome.BLOCKED,
            Message(
                "Docker does not answer on {socket!r}.",
                "Start it: sudo systemctl start docker",
                {"socket": "/var/run/docker.sock"},
            ),
            blocked_by=BlockedBy.OURS,
        ),
    ]


def _broken() -> CheckResult:
    return CheckResult(
        name="test_half_a_body_is_refused",
        lab=_LAB,
        claim={
            "en": "Half an answer from users is not taken for a whole one.",
            "zh": "users 只回了半截，不会被当成完整的回答。",
        },
        outcome=Outcome.BROKEN,
        message=Message("{kind}: {what}", values={"kind": "KeyError", "what": "'content-length'"}),
        detail="Traceback (most recent call last):\n  File \"checker/evidence/http.py\", line 88, in half\n    length = headers['content-length']\nKeyError: 'content-length'\n",
        seconds=0.05,
    )


def _write(folder: Path) -> None:
    from checker.report.html import render_html  # noqa: PLC0415
    from checker.report.json import results_json  # noqa: PLC0415
    from checker.report.notebook import render_fragment  # noqa: PLC0415
    from checker.report.text import render_text  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    then = "seamwork check 03"
    for lang in ("en", "zh"):
        (folder / f"report.{lang}.html").write_text(render_html(sample(), lang=lang, then=then), "utf-8")
        (folder / f"fragment.{lang}.html").write_text(render_fragment(sample(), lang=lang, then=then), "utf-8")
        (folder / f"report.{lang}.txt").write_text(render_text(sample(), lang=lang, then=then), "utf-8")
        (folder / f"results.{lang}.json").write_text(json.dumps(results_json(sample(), lang), indent=2), "utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
