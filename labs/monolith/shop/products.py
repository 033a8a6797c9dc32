"""Products and what they cost."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from shop import models, schemas
from shop.db import session_for
from shop.problems import Problem

router = APIRouter(tags=["products"])
Session = Annotated[AsyncSession, Depends(session_for("products"))]
Skus = Annotated[list[schemas.Sku] | None, Query(alias="sku", max_length=100)]


@router.get("/products")
async def list_products(session: Session, skus: Skus = None) -> list[schemas.Product]:
    """Return the products with these SKUs, or all; what does not exist is left out."""
    rows = await session.scalars(_some(skus))
    return [view(product) for product in rows]


@router.get("/products/{sku}")
async def read_product(sku: schemas.Sku, session: Session) -> schemas.Product:
    """Return one product."""
    return view(await find(session, sku))


async def find(session: AsyncSession, sku: str) -> models.Product:
    """Return one product; a Problem 404 if there is none."""
    product = await session.get(models.Product, sku)
    if product is None:
        raise Problem(404, f"no product {sku!r}")
    return product


async def prices(session: AsyncSession, skus: Iterable[str]) -> dict[str, int]:
    """Return price in cents by SKU, of those that exist."""
    return {product.sku: product.price.price_cents for product in await session.scalars(_some(skus))}


def view(product: models.Product) -> schemas.Product:
    """Show a product, price and all."""
    return schemas.Product(
        sku=product.sku,
        name=product.name,
        description=product.description,
        price_cents=product.price.price_cents,
    )


def _some(skus: Iterable[str] | None) -> Select[tuple[models.Product]]:
    query = select(models.Product).order_by(models.Product.sku)
    return query if skus is None else query.where(models.Product.sku.in_(skus))
