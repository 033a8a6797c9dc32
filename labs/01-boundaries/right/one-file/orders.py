"""The orders service, all of it: Starlette for HTTP, asyncpg and plain SQL for the tables, httpx to ask the shop.

From top to bottom: what comes in, what the rules are, the endpoints, the tables, the shop, errors, the application.
"""

import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import asyncpg
import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

# ---------------------------------------------------------------------------------------------- what comes in

MAX_INT = 2**31 - 1

Id = Annotated[int, Field(ge=1, le=MAX_INT)]
Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]  # PostgreSQL cannot store a NUL


class Strict(BaseModel):
    """The body of a request, where a number is a number: "1" is none."""

    model_config = ConfigDict(strict=True)


class Wanted(Strict):
    sku: Annotated[str, Field(max_length=32, pattern=r"^[A-Z0-9][A-Z0-9-]*$")]
    quantity: Annotated[int, Field(ge=1, le=99)]


class Address(Strict):
    recipient: Text
    street: Text
    city: Text
    postcode: Annotated[Text, Field(max_length=16)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Basket(Strict):
    user_id: Id
    lines: Annotated[list[Wanted], Field(min_length=1, max_length=20)]
    address: Address
    discount_code: Annotated[str, Field(max_length=32, pattern=r"^[A-Z0-9]+$")] | None = None


class StatusChange(Strict):
    status: Literal["created", "paid", "shipped", "delivered", "cancelled"]


class PaymentResult(Strict):
    payment_id: Id
    result: Literal["captured", "failed"]


class Listing(BaseModel):
    """The query of a listing, where everything is text at first."""

    user_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=MAX_INT)] = 0


# ---------------------------------------------------------------------------------------------- the rules

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


def discount_cents(discount: Mapping[str, Any], subtotal: int) -> int:
    """Return what a discount takes off: at most all of it."""
    off: int = subtotal * discount["value"] // 100 if discount["kind"] == "percent" else discount["value"]
    return min(off, subtotal)


def points_for(total_cents: int) -> int:
    """Return one point for each full euro."""
    return total_cents // 100


# ---------------------------------------------------------------------------------------------- the endpoints


async def health(_request: Request) -> Response:
    """Say that the process is there."""
    return JSONResponse({"status": "ok"})


async def create_order(request: Request) -> Response:
    """Turn a basket into an order: all of it, or nothing."""
    basket = Basket.model_validate_json(await request.body())
    shop = request.state.shop
    nickname = await nickname_of(shop, basket.user_id)
    if nickname is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    prices = await prices_of(shop, basket)
    subtotal = sum(line.quantity * prices[line.sku] for line in basket.lines)
    async with transaction(request) as db:
        off = await discount(db, basket.discount_code, subtotal)
        await reserve(db, [(line.sku, line.quantity) for line in basket.lines])
        order = await insert(db, basket, prices, subtotal, off)
        await give_points(shop, order, points_for(order["total_cents"]), "order_created")
    return shown(order, nickname, status=201)


async def list_orders(request: Request) -> Response:
    """Return orders, newest first, of one customer or of all."""
    wanted = Listing.model_validate(dict(request.query_params))
    async with transaction(request) as db:
        orders = await db.fetch(
            f"{ORDER} WHERE $1::integer IS NULL OR o.user_id = $1 ORDER BY o.id DESC LIMIT $2 OFFSET $3",
            wanted.user_id,
            wanted.limit,
            wanted.offset,
        )
        total = await db.fetchval(
            "SELECT count(*) FROM orders WHERE $1::integer IS NULL OR user_id = $1", wanted.user_id
        )
    nicknames = await nicknames_of(request.state.shop, {order["user_id"] for order in orders})
    items = [view(order, nicknames.get(order["user_id"])) for order in orders]
    return JSONResponse({"items": items, "total": total})


async def read_order(request: Request) -> Response:
    """Return one order."""
    async with transaction(request) as db:
        order = await find(db, order_id(request))
    return shown(order, await nickname_of(request.state.shop, order["user_id"]))


async def change_status(request: Request) -> Response:
    """Move an order on; what the rules do not allow is a 409."""
    change = StatusChange.model_validate_json(await request.body())
    async with transaction(request) as db:
        order = await find(db, order_id(request), lock=True)
        nickname = await nickname_of(request.state.shop, order["user_id"])
        moved = await move(db, request.state.shop, order, change.status)
    return shown(moved, nickname)


async def settle(request: Request) -> Response:
    """Hear how the payment of an order went. Told twice is as good as once."""
    told = PaymentResult.model_validate_json(await request.body())
    async with transaction(request) as db:
        order = await find(db, order_id(request), lock=True)
        nickname = await nickname_of(request.state.shop, order["user_id"])
        if order["payment_id"] == told.payment_id and (order["status"] == "cancelled") == (told.result == "failed"):
            return shown(order, nickname)
        if order["status"] != "created":
            raise Problem(409, f"order {order['id']} is {order['status']}, it waits for no payment")
        await db.execute("UPDATE orders SET payment_id = $2 WHERE id = $1", order["id"], told.payment_id)
        moved = await move(db, request.state.shop, order, "paid" if told.result == "captured" else "cancelled")
    return shown(moved, nickname)


def order_id(request: Request) -> int:
    """Return the id in the path; a ValidationError if it cannot be one."""
    return TypeAdapter(Id).validate_python(request.path_params["id"])


def shown(order: Mapping[str, Any], nickname: str | None, status: int = 200) -> Response:
    """Answer with an order."""
    return JSONResponse(view(order, nickname), status)


def view(order: Mapping[str, Any], nickname: str | None) -> dict[str, Any]:
    """Show an order the way everybody sees it: with the buyer's name, without the payment."""
    seen = {**order, "nickname": nickname, "created_at": order["created_at"].isoformat()}
    del seen["payment_id"]
    return seen


# ---------------------------------------------------------------------------------------------- the tables

ORDER = """
SELECT o.id, o.user_id, o.status, o.subtotal_cents, o.discount_cents, o.total_cents, o.discount_code, o.payment_id,
       o.created_at, to_jsonb(a) - 'id' AS address,
       (SELECT jsonb_agg(to_jsonb(l) - 'order_id' - 'position' ORDER BY l.position)
          FROM order_lines l WHERE l.order_id = o.id) AS lines
  FROM orders o JOIN addresses a ON a.id = o.address_id
"""


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection for one transaction: an error inside takes everything back."""
    async with request.state.pool.acquire() as db, db.transaction():
        yield db


async def find(db: asyncpg.Connection, number: int, *, lock: bool = False) -> asyncpg.Record:
    """Return one order; a Problem 404 if there is none. ``lock`` it to change it."""
    order = await db.fetchrow(f"{ORDER} WHERE o.id = $1 {'FOR UPDATE OF o' if lock else ''}", number)
    if order is None:
        raise Problem(404, f"no order {number}")
    return order


async def insert(
    db: asyncpg.Connection, basket: Basket, prices: Mapping[str, int], subtotal: int, off: int
) -> asyncpg.Record:
    """Store a new order with its address and its lines."""
    address_id = await db.fetchval(
        "INSERT INTO addresses (recipient, street, city, postcode, country) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        *basket.address.model_dump().values(),
    )
    number = await db.fetchval(
        """INSERT INTO orders (user_id, address_id, status, subtotal_cents, discount_cents, total_cents, discount_code,
                               created_at)
           VALUES ($1, $2, 'created', $3, $4, $5, $6, $7) RETURNING id""",
        basket.user_id,
        address_id,
        subtotal,
        off,
        subtotal - off,
        basket.discount_code,
        datetime.now(UTC),
    )
    await db.executemany(
        "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price_cents) VALUES ($1, $2, $3, $4, $5)",
        [(number, at, line.sku, line.quantity, prices[line.sku]) for at, line in enumerate(basket.lines)],
    )
    return await find(db, number)


async def move(db: asyncpg.Connection, shop: httpx.AsyncClient, order: asyncpg.Record, status: str) -> asyncpg.Record:
    """Move a locked order on; a cancelled one gives back its pieces and its points."""
    if status not in MOVES.get(order["status"], ()):
        raise Problem(409, f"order {order['id']} is {order['status']}, it cannot become {status}")
    await db.execute("UPDATE orders SET status = $2 WHERE id = $1", order["id"], status)
    if status == "cancelled":
        await release(db, [(line["sku"], line["quantity"]) for line in order["lines"]])
        await give_points(shop, order, -points_for(order["total_cents"]), "order_cancelled")
    return await find(db, order["id"])


async def reserve(db: asyncpg.Connection, pieces: Iterable[tuple[str, int]]) -> None:
    """Take pieces out of stock, or a Problem 409; sorted, so that two orders never wait for each other."""
    for sku, quantity in sorted(pieces):
        taken = await db.fetchval(
            "UPDATE stock SET available = available - $2 WHERE sku = $1 AND available >= $2 RETURNING sku",
            sku,
            quantity,
        )
        if taken is None:
            raise Problem(409, f"not enough of {sku!r} in stock for {quantity}")


async def release(db: asyncpg.Connection, pieces: Iterable[tuple[str, int]]) -> None:
    """Put pieces back into stock."""
    await db.executemany("UPDATE stock SET available = available + $2 WHERE sku = $1", sorted(pieces))


async def discount(db: asyncpg.Connection, code: str | None, subtotal: int) -> int:
    """Return what a code takes off; a Problem 422 if it is unknown or has expired."""
    if code is None:
        return 0
    found = await db.fetchrow("SELECT kind, value, valid_until FROM discounts WHERE code = $1", code)
    if found is None:
        raise Problem(422, f"discount_code: no code {code!r}")
    if found["valid_until"] is not None and found["valid_until"] < datetime.now(UTC).date():
        raise Problem(422, f"discount_code: {code!r} expired on {found['valid_until']}")
    return discount_cents(found, subtotal)


# ---------------------------------------------------------------------------------------------- the shop


async def nickname_of(shop: httpx.AsyncClient, user_id: int) -> str | None:
    """Return a customer's nickname, or None if there is no such customer."""
    user = await ask(shop, "GET", f"/users/{user_id}")
    return user and user["nickname"]


async def nicknames_of(shop: httpx.AsyncClient, user_ids: set[int]) -> dict[int, str]:
    """Return nickname by customer: one question, however many they are."""
    users = await ask(shop, "GET", "/users", params={"id": sorted(user_ids)}) if user_ids else []
    return {user["id"]: user["nickname"] for user in users or ()}


async def prices_of(shop: httpx.AsyncClient, basket: Basket) -> dict[str, int]:
    """Return price in cents by SKU, of all in the basket, by one question; a Problem 422 if one does not exist."""
    products = await ask(shop, "GET", "/products", params={"sku": sorted({line.sku for line in basket.lines})})
    prices = {product["sku"]: product["price_cents"] for product in products or ()}
    for at, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{at}.sku: no product {line.sku!r}")
    return prices


async def give_points(shop: httpx.AsyncClient, order: Mapping[str, Any], points: int, reason: str) -> None:
    """Give points, or take them back; the shop does it once for each order and reason."""
    change = {"order_id": order["id"], "points": points, "reason": reason}
    await ask(shop, "POST", f"/users/{order['user_id']}/points", json=change)


async def ask(shop: httpx.AsyncClient, method: str, path: str, **how: Any) -> Any:
    """Return what the shop answers, None for a 404; a Problem 503 if there is no answer to be had."""
    try:
        reply = await shop.request(method, path, **how)
        return None if reply.status_code == HTTPStatus.NOT_FOUND else reply.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as lost:
        raise Problem(503, "the shop does not answer") from lost


# ---------------------------------------------------------------------------------------------- errors


class Problem(Exception):
    """Raise it anywhere: the client gets it as application/problem+json (RFC 9457)."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


async def on_problem(_request: Request, problem: Problem) -> Response:
    """Say what is wrong in the words of the RFC."""
    title = HTTPStatus(problem.status).phrase
    body = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
    return JSONResponse(body, problem.status, problem.headers, media_type="application/problem+json")


async def on_invalid(request: Request, invalid: ValidationError) -> Response:
    """Name each field that is not what it should be."""
    said = (f"{'.'.join(map(str, error['loc'])) or invalid.title}: {error['msg']}" for error in invalid.errors())
    return await on_problem(request, Problem(422, "; ".join(said)))


async def on_http(request: Request, error: HTTPException) -> Response:
    """Turn what Starlette says of a path or a method into a problem."""
    return await on_problem(request, Problem(error.status_code, error.detail, error.headers))


async def on_lost_database(request: Request, _lost: Exception) -> Response:
    """Say that it is not the client's fault."""
    return await on_problem(request, Problem(503, "the database does not answer"))


# ---------------------------------------------------------------------------------------------- the application


async def as_json(db: asyncpg.Connection) -> None:
    """Let a connection read jsonb as Python values."""
    await db.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """Open what all requests share, and close it again."""
    # Idle connections are given up sooner than the shop gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    async with (
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=0, init=as_json) as pool,
        httpx.AsyncClient(base_url=os.environ["SHOP_URL"], timeout=5.0, limits=limits) as shop,
    ):
        yield {"pool": pool, "shop": shop}


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/health", health),
        Route("/orders", create_order, methods=["POST"]),
        Route("/orders", list_orders),
        Route("/orders/{id}", read_order),
        Route("/orders/{id}/status", change_status, methods=["PATCH"]),
        Route("/orders/{id}/payment", settle, methods=["POST"]),
    ],
    exception_handlers={
        Problem: on_problem,
        ValidationError: on_invalid,
        HTTPException: on_http,
        OSError: on_lost_database,
        asyncpg.InterfaceError: on_lost_database,
        asyncpg.PostgresConnectionError: on_lost_database,
    },
)
app.router.redirect_slashes = False
