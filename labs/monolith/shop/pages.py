"""The pages for people, put together from every corner of the shop."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from redis.asyncio import Redis, RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from shop import dashboard, orders, products, schemas, stock
from shop.db import session_for

router = APIRouter(include_in_schema=False)
Session = Annotated[AsyncSession, Depends(session_for("pages"))]


@router.get("/")
async def home(session: Session) -> HTMLResponse:
    """Show what there is to buy, what sells best on top."""
    best = await _bestsellers(session)
    everything = {product.sku: product for product in await products.list_products(session)}
    return _page("home.html", products=everything.values(), best=[everything[sku] for sku in best])


@router.get("/pages/products/{sku}")
async def product_page(sku: schemas.Sku, session: Session) -> HTMLResponse:
    """Show one product, and whether it can be had."""
    product = products.view(await products.find(session, sku))
    return _page("product.html", product=product, available=await stock.available(session, sku))


@router.get("/pages/users/{user_id}")
async def user_page(user_id: schemas.Id, session: Session) -> HTMLResponse:
    """Show a customer's points, orders and addresses."""
    shown = await dashboard.everything(session, user_id)
    return _page("user.html", user=shown.user, points=shown.points, orders=shown.orders, addresses=shown.addresses)


@router.get("/pages/orders/{order_id}")
async def order_page(order_id: schemas.Id, session: Session) -> HTMLResponse:
    """Show one order with the names of what was bought."""
    order = orders.view(await orders.find(session, order_id))
    bought = await products.list_products(session, [line.sku for line in order.lines])
    return _page("order.html", order=order, names={product.sku: product.name for product in bought})


async def _bestsellers(session: AsyncSession) -> list[str]:
    redis = _redis()
    if redis is None:
        return await orders.bestsellers(session)
    try:
        if known := await redis.get("bestsellers"):
            return [str(sku) for sku in json.loads(known)]
        best = await orders.bestsellers(session)
        await redis.set("bestsellers", json.dumps(best), ex=60)
    except RedisError as lost:
        print(f"no cache today: {lost!r}", flush=True)
        return await orders.bestsellers(session)
    return best


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
