"""The orders service as a Flask application: what comes in over HTTP, and what goes out."""

from typing import Annotated, TypeVar

from flask import Flask, Response, request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.orders import orders, problems, shop
from services.orders.database import engine
from services.orders.models import Order
from services.orders.problems import Problem
from services.orders.schemas import MAX_INT, Id, NewOrder, OrderPage, PaymentResult, StatusChange
from services.orders.schemas import Order as OrderView

Body = TypeVar("Body", bound=BaseModel)

app = Flask(__name__)
app.url_map.merge_slashes = False
problems.install(app)


class Listing(BaseModel):
    """Which orders are wanted, as the query says it."""

    user_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=MAX_INT)] = 0


@app.get("/health")
def health() -> Response:
    """Say that the process is there."""
    return Response('{"status":"ok"}', mimetype="application/json")


@app.post("/orders")
def create_order() -> Response:
    """Turn a basket into an order."""
    basket = _body(NewOrder)
    nickname = shop.nickname(basket.user_id)
    if nickname is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    with Session(engine(), expire_on_commit=False) as session:
        order = orders.place(session, basket)
        session.commit()
        return _json(_view(order, nickname), 201)


@app.get("/orders/<number>")
def read_order(number: str) -> Response:
    """Return one order."""
    with Session(engine()) as session:
        order = orders.find(session, _id(number))
        return _json(_view(order, shop.nickname(order.user_id)))


@app.get("/orders")
def list_orders() -> Response:
    """Return orders, newest first, of one customer or of all."""
    try:
        wanted = Listing.model_validate(request.args.to_dict())
    except ValidationError as invalid:
        raise problems.invalid(invalid) from invalid
    with Session(engine()) as session:
        found, total = orders.some(session, wanted.user_id, wanted.limit, wanted.offset)
        nicknames = shop.nicknames(order.user_id for order in found)
        items = [_view(order, nicknames.get(order.user_id)) for order in found]
    return _json(OrderPage(items=items, total=total))


@app.patch("/orders/<number>/status")
def change_status(number: str) -> Response:
    """Move an order on; what the rules do not allow is a 409."""
    order_id, change = _id(number), _body(StatusChange)
    with Session(engine(), expire_on_commit=False) as session:
        order = orders.find(session, order_id, lock=True)
        nickname = shop.nickname(order.user_id)
        orders.move(session, order, change.status)
        session.commit()
        return _json(_view(order, nickname))


@app.post("/orders/<number>/payment")
def settle(number: str) -> Response:
    """Hear how the payment of an order went."""
    order_id, told = _id(number), _body(PaymentResult)
    with Session(engine(), expire_on_commit=False) as session:
        order = orders.find(session, order_id, lock=True)
        nickname = shop.nickname(order.user_id)
        orders.settle(session, order, told)
        session.commit()
        return _json(_view(order, nickname))


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


def _view(order: Order, nickname: str | None) -> OrderView:
    return OrderView.model_validate(order).model_copy(update={"nickname": nickname})


def _json(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")
