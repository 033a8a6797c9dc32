"""Start the orders service: ``python -m services.orders``."""

import os

from services.orders.web import app

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
