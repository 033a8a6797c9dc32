"""The orders service over HTTP, with Flask, and a thread for each request."""

import re
from typing import Annotated, TypeVar

from flask import Flask, Response, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.orders import calls, db, orders, problems, users
from services.orders.problems import Problem
from services.orders.schemas import MAX_INT, Id, NewOrder, OrderPage, PaymentResult, StatusChange

Body = TypeVar("Body", bound=BaseModel)

app = Flask(__name__)
problems.install(app)
app.before_request(calls.begin)


class Listing(BaseModel):
    """What the query of a listing may say."""

    model_config = ConfigDict(extra="ignore")

    user_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=MAX_INT)] = 0


@app.get("/health")
def health() -> Response:
    """Say that the process is there."""
    return Response('{"status":"ok"}', mimetype="application/json")


@app.post("/orders")
def create_order() -> Response:
    """Turn a basket into an order. With a key, once, however often."""
    key, basket = _key(), _body(NewOrder)
    with db.session() as session:
        answer = orders.answered(session, basket, key)
    return _json(answer or _created(basket, key), 201)


@app.get("/orders/<number>")
def read_order(number: str) -> Response:
    """Return one order."""
    with db.session() as session:
        order = orders.find(session, _id(number))
    return _json(orders.view(order, users.nickname(order.user_id)).model_dump_json())


@app.get("/orders")
def list_orders() -> Response:
    """Return orders, newest first, of one customer or of all."""
    try:
        wanted = Listing.model_validate(request.args.to_dict())
    except ValidationError as invalid:
        raise problems.invalid(invalid) from invalid
    with db.session() as session:
        found, total = orders.some(session, wanted.user_id, wanted.limit, wanted.offset)
    nicknames = users.nicknames(order.user_id for order in found)
    items = [orders.view(order, nicknames.get(order.user_id)) for order in found]
    return _json(OrderPage(items=items, total=total).model_dump_json())


@app.patch("/orders/<number>/status")
def change_status(number: str) -> Response:
    """Move an order on; what the rules do not allow is a 409."""
    order_id, change = _id(number), _body(StatusChange)
    with db.session() as session, session.begin():
        order = orders.find(session, order_id, lock=True)
        orders.move(session, order, change.status)
    return _json(orders.view(order, users.nickname(order.user_id)).model_dump_json())


@app.post("/orders/<number>/payment")
def settle(number: str) -> Response:
    """Hear how the payment of an order went."""
    order_id, told = _id(number), _body(PaymentResult)
    with db.session() as session, session.begin():
        order = orders.find(session, order_id, lock=True)
        orders.settle(session, order, told)
    return _json(orders.view(order, users.nickname(order.user_id)).model_dump_json())


def _created(basket: NewOrder, key: str | None) -> str:
    buyer = users.find(basket.user_id)
    if buyer is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    lines = orders.priced(basket)
    with db.session() as session, session.begin():
        if answer := orders.claim(session, basket, key):
            return answer
        order = orders.place(session, basket, lines)
        answer = orders.view(order, buyer.nickname).model_dump_json()
        orders.keep(session, basket, key, answer)
        # Last: when users does not take the points, nothing of the order stays either.
        orders.give_points(order, 1, "order_created")
    return answer


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[!-~]{1,255}", key):
        raise Problem(422, "Idempotency-Key: 1 to 255 visible characters")
    return key


def _id(text: str) -> int:
    try:
        return TypeAdapter(Id).validate_python(text)
    except ValidationError as invalid:
        raise problems.invalid(invalid, "id") from invalid


def _body(kind: type[Body]) -> Body:
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as invalid:
        raise problems.invalid(invalid) from invalid


def _json(said: str, status: int = 200) -> Response:
    return Response(said, status, mimetype="application/json")
