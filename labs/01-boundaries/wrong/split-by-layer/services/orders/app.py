"""The interface of orders; the data lives with the shop."""

import os

import httpx
from fastapi import FastAPI, Request, Response

from services.orders.problems import Problem, install

app = FastAPI(title="Orders")
install(app)
shop = httpx.AsyncClient(base_url=os.environ["SHOP_URL"], timeout=5.0)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}


@app.api_route("/orders{rest:path}", methods=["GET", "POST", "PATCH"])
async def forward(rest: str, request: Request) -> Response:
    """Hand the request to the layer below."""
    asked = f"/data{request.scope['raw_path'].decode()}"  # as it came: who forwards decodes nothing
    headers = {"content-type": request.headers.get("content-type", "application/json")}
    try:
        reply = await shop.request(
            request.method, asked, params=request.url.query, content=await request.body(), headers=headers
        )
    except httpx.HTTPError as lost:
        raise Problem(503, "the shop does not answer") from lost
    return Response(reply.content, reply.status_code, media_type=reply.headers.get("content-type"))
