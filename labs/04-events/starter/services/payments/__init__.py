"""Payments: attempts to pay for an order, and what the provider says of them.

It knows an order by its number, asks what it comes to, and tells everybody how its payment went. Who listens, and what
they make of it, it does not know.
"""
