"""Counts how often each name was greeted. So far it only says that it is well."""

from web import serve

if __name__ == "__main__":
    serve({})
