"""Start the shop: ``PORT=8000 python start.py``."""

import os

import uvicorn

from shop.app import app

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False)
