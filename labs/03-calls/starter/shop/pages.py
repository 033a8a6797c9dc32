"""The pages for people, put together from narrow answers."""

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from redis.asyncio import Redis, RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from shop import products, schemas
from shop.clients import orders, users
from shop.db import session_for
from shop.problems import Problem

router = APIRouter(include_in_schema=False)
Session = Annotated[AsyncSession, Depends(session_for("pages"))]


@router.get("/")
async def home(session: Session) -> HTMLResponse:
    """Show what there is to buy, what sells best on top."""
    best = await _bestsellers()
    everything = {product.sku: product for product in await products.list_products(session)}
    return _page("home.html", products=everything.values(), best=[everything[sku] for sku in best])


@router.get("/pages/products/{sku}")
async def product_page(sku: schemas.Sku, session: Session) -> HTMLResponse:
    """Show one product."""
    return _page("product.html", product=products.view(await products.find(session, sku)))


@router.get("/pages/users/{user_id}")
async def user_page(user_id: schemas.Id) -> HTMLResponse:
    """Show a customer's points, orders and addresses."""
    user = await users.find(user_id)
    if user is None:
        raise Problem(404, f"no user {user_id}")
    balance = await users.balance(user_id)
    history = await orders.latest(user_id=user_id)
    addresses = {order.address.model_dump_json(): order.address for order in history}
    return _page("user.html", user=user, points=balance, orders=history, addresses=addresses.values())


@router.get("/pages/orders/{order_id}")
async def order_page(order_id: schemas.Id, session: Session) -> HTMLResponse:
    """Show one order with the names of what was bought."""
    order = await orders.find(order_id)
    if order is None:
        raise Problem(404, f"no order {order_id}")
    bought = await products.list_products(session, [line.sku for line in order.lines])
    return _page("order.html", order=order, names={product.sku: product.name for product in bought})


async def _bestsellers() -> list[str]:
    redis = _redis()
    if redis is None:
        return await _sold_best()
    try:
        if known := await redis.get("bestsellers"):
            return [str(sku) for sku in json.loads(known)]
        best = await _sold_best()
        await redis.set("bestsellers", json.dumps(best), ex=60)
    except RedisError as lost:
        print(f"no cache today: {lost!r}", flush=True)
        return await _sold_best()
    return best


async def _sold_best() -> list[str]:
    sold = Counter[str]()
    for line in (line for order in await orders.latest() for line in order.lines):
        sold[line.sku] += line.quantity
    return [sku for sku, _ in sold.most_common(int(os.environ.get("BESTSELLERS", "6")))]


@cache
def _redis() -> Redis | None:
    url = os.environ.get("REDIS_URL")
    return Redis.from_url(url) if url else None


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    made.filters["euro"] = lambda cents: f"{cents / 100:,.2f} €"
    made.globals["shop_name"] = os.environ.get("SHOP_NAME", "The Bazaar")
    return made


def _page(name: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(_templates().get_template(name).render(values))
